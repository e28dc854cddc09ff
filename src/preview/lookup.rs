//! Finds the pods that somebody asks about by name.

use crate::k8s::Cluster;
use macaque_core::pod::{Pod, PodOwner, PodRef};
use macaque_core::report::RoundEnd;
use macaque_core::selector::Selector;

use crate::round::StopToken;
use crate::round::retry::patiently;

/// Reads the pod `name` of `namespace`; `None` if there is none.
///
/// # Errors
/// It could not be read.
pub async fn pod(
    cluster: &Cluster,
    namespace: &str,
    name: &str,
    stop: &StopToken,
) -> Result<Option<Pod>, RoundEnd> {
    let pod = PodRef {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        uid: String::new(),
    };
    Ok(patiently(stop, async || cluster.pod(&pod).await).await?)
}

/// Reads the pods of `owner`, by name. Whether an owner without pods exists cannot be told: macaque reads no
/// workloads.
///
/// # Errors
/// The pods of `namespace` could not be listed.
pub async fn pods_of(
    cluster: &Cluster,
    namespace: &str,
    owner: &PodOwner,
    stop: &StopToken,
) -> Result<Vec<Pod>, RoundEnd> {
    let everything = Selector::default();
    let (mut pods, mut after) = (Vec::new(), None::<String>);
    loop {
        let read = async || cluster.pods(Some(namespace), &everything, after.as_deref()).await;
        let page = patiently(stop, read).await?;
        let of_owner = page
            .pods
            .into_iter()
            .filter(|pod| pod.owner.as_ref() == Some(owner));
        pods.extend(of_owner);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    // A list that starts anew, or the edge of a page, may repeat a pod.
    pods.sort_by(|a, b| a.id.cmp(&b.id));
    pods.dedup_by(|a, b| a.id == b.id);
    Ok(pods)
}
