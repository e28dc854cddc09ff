//! The kubeconfig's context in use: its name, by which people know the cluster, and its namespace.

use super::ClusterAccess;
use super::kubeconfig::{KubeconfigSearch, find_context};
use super::service_account::PodEnvironment;
use crate::k8s::error::AccessFault;

/// The namespace that kubectl uses where a context names none.
const DEFAULT_NAMESPACE: &str = "default";

/// The namespace that the context in use stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextNamespace {
    /// The name of the context.
    pub context: String,
    /// The namespace, which may be none that Kubernetes takes.
    pub namespace: String,
}

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

    /// The namespace of the context in use, as kubectl finds it; `None` with the service account of a pod.
    ///
    /// # Errors
    /// There is no kubeconfig, it cannot be read, or it has no such context.
    pub fn context_namespace(&self) -> Result<Option<ContextNamespace>, AccessFault> {
        let search = KubeconfigSearch::new(self.kubeconfig.as_deref());
        let is_pod = PodEnvironment::detect().is_some() && self.context.is_none();
        if is_pod && !search.is_chosen() {
            return Ok(None);
        }

        let Some(found) = search.load()? else {
            return if is_pod {
                Ok(None)
            } else {
                Err(search.nothing_found())
            };
        };
        let (name, context) = find_context(&found, self.context.as_deref())?;
        let namespace = context.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE);
        Ok(Some(ContextNamespace {
            context: name.to_owned(),
            namespace: namespace.to_owned(),
        }))
    }
}
