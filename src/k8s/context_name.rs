//! The name of the kubeconfig's context in use, by which people know the cluster.

use kube::config::Kubeconfig;

use super::ClusterAccess;

impl ClusterAccess {
    /// The name of the context in use; `None` with the service account of a pod, which names no cluster, and where no
    /// kubeconfig can be read, which connecting reports.
    pub fn context_name(&self) -> Option<String> {
        if self.context.is_some() {
            return self.context.clone();
        }

        let file = match &self.kubeconfig {
            Some(path) => Kubeconfig::read_from(path),
            None if std::env::var_os("KUBERNETES_SERVICE_HOST").is_some() => return None,
            None => Kubeconfig::read(),
        };
        file.ok()?.current_context.filter(|name| !name.is_empty())
    }
}
