//! The name of the kubeconfig's context in use, by which people know the cluster.

use super::ClusterAccess;
use super::kubeconfig::KubeconfigSearch;
use super::service_account::PodEnvironment;

impl ClusterAccess {
    /// The name of the context in use; `None` with the service account of a pod, which names no cluster, and where no
    /// kubeconfig can be read, which connecting reports.
    pub fn context_name(&self) -> Option<String> {
        if self.context.is_some() {
            return self.context.clone();
        }

        let search = KubeconfigSearch::new(self.kubeconfig.as_deref());
        if PodEnvironment::detect().is_some() && !search.is_chosen() {
            return None;
        }
        search.load().ok()??.content.current_context
    }
}
