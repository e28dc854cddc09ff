//! Looks up a pod by its name, or the pods of an owner.

use macaque_core::pod::{Pod, PodRef};
use macaque_core::report::RoundEnd;
use macaque_core::selector::Selector;

use super::PreviewReader;
use crate::read_retry::with_retries;

impl PreviewReader<'_> {
    /// Reads the pod `name` in `namespace`; `None` if it does not exist.
    ///
    /// # Errors
    /// The pod could not be read.
    pub async fn pod(&self, namespace: &str, name: &str) -> Result<Option<Pod>, RoundEnd> {
        let pod = PodRef {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            uid: String::new(),
        };
        let read = async || self.cluster.pod(&pod).await;
        Ok(with_retries(self.platform, self.stop, read).await?)
    }

    /// Reads the pods of an owner, which `is_owned` knows, sorted by name. The result is empty both for an owner without
    /// pods and for one that does not exist, because macaque reads no workloads.
    ///
    /// # Errors
    /// The pods of `namespace` could not be listed.
    pub async fn pods_of(
        &self,
        namespace: &str,
        is_owned: impl Fn(&Pod) -> bool,
    ) -> Result<Vec<Pod>, RoundEnd> {
        let everything = Selector::default();
        let mut pods = Vec::new();
        let mut after = None::<String>;

        loop {
            let read = async || {
                let after = after.as_deref();
                self.cluster.pods(Some(namespace), &everything, after).await
            };
            let page = with_retries(self.platform, self.stop, read).await?;
            pods.extend(page.pods.into_iter().filter(|pod| is_owned(pod)));
            after = page.next;
            if after.is_none() {
                break;
            }
        }

        // A restarted list may repeat a pod, and so may two adjacent pages.
        pods.sort_by(|a, b| a.id.cmp(&b.id));
        pods.dedup_by(|a, b| a.id == b.id);
        Ok(pods)
    }
}
