//! Reads the siblings of a victim: all pods of its owner, and how many of them the owner wants.
//!
//! The pods are listed afresh, by a list without a `resourceVersion`, which the API server answers from etcd or from a
//! cache that is as new. The selector of the owner's scale narrows the list where macaque may read it; without it the
//! whole namespace is listed, because a guess by labels would miss the other revision of a rollout. Which pods belong
//! to the owner is decided by their owner references alone.

use std::collections::BTreeMap;

use macaque_core::guard::DisruptedPods;
use macaque_core::pod::{Pod, PodOwner};
use macaque_core::selector::Selector;
use macaque_core::siblings::SiblingPods;

use crate::k8s::{ApiError, Cluster, WorkloadRef, WorkloadScale, describe_list};
use crate::list_pager::ListPager;
use crate::platform::Platform;
use crate::read_retry::with_retries;
use crate::stop::StopToken;

/// The label with the name of its Job that every pod of a Job has, from Kubernetes 1.27 on.
const JOB_NAME: &str = "batch.kubernetes.io/job-name";

/// Reads siblings.
#[derive(Clone, Copy)]
pub struct SiblingReader<'a> {
    /// The cluster.
    pub cluster: &'a Cluster,
    /// The request to stop.
    pub stop: &'a StopToken,
    /// The source of time and randomness.
    pub platform: &'a Platform,
}

/// The pods of one owner, and the object that owns them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedPods {
    /// The owner.
    pub workload: WorkloadRef,
    /// The pods.
    pub pods: SiblingPods,
}

impl SiblingReader<'_> {
    /// Reads all pods of the owner of `pod`, `pod` itself among them; `None` if nothing owns it.
    ///
    /// # Errors
    /// The pods could not be listed, or the owner's scale could not be read for another reason than a missing grant.
    pub async fn of(&self, pod: &Pod) -> Result<Option<SiblingPods>, ApiError> {
        let read = self.of_with_disrupted(pod).await?;
        Ok(read.map(|(siblings, _)| siblings))
    }

    /// Reads all pods of the owner of `pod` as [`Self::of`] does, and those of them that are being disrupted.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub async fn of_with_disrupted(
        &self,
        pod: &Pod,
    ) -> Result<Option<(SiblingPods, DisruptedPods)>, ApiError> {
        let (Some(owner), Some(workload)) = (&pod.owner, WorkloadRef::of(pod)) else {
            return Ok(None);
        };

        let scale = self.scale(&workload).await?;
        let selector = narrowing(owner, &pod.labels, scale.as_ref());
        let add = |(siblings, disrupted): &mut (SiblingPods, DisruptedPods), other: Pod| {
            if other.owner.as_ref() == Some(owner) {
                siblings.add(&other);
                disrupted.add(&other);
            }
        };
        let (mut siblings, disrupted) = self.list(&pod.id.namespace, &selector, add).await?;
        siblings.set_desired(scale.map(|scale| scale.desired));
        Ok(Some((siblings, disrupted)))
    }

    /// Reads the pods of every owner in `namespace` with one list. How many pods the owners want is left open; see
    /// [`Self::desired`].
    ///
    /// # Errors
    /// The pods could not be listed.
    pub async fn in_namespace(&self, namespace: &str) -> Result<BTreeMap<PodOwner, OwnedPods>, ApiError> {
        self.list(namespace, &Selector::default(), add_to_owner).await
    }

    /// Reads the pods of `owner` among those of `namespace` that match `selector`, and the version of that list, from which
    /// a watch can begin.
    ///
    /// # Errors
    /// The pods could not be listed.
    pub async fn of_owner(
        &self,
        namespace: &str,
        owner: &PodOwner,
        selector: &Selector,
    ) -> Result<(SiblingPods, Option<String>), ApiError> {
        let add = |siblings: &mut SiblingPods, pod: Pod| {
            if pod.owner.as_ref() == Some(owner) {
                siblings.add(&pod);
            }
        };
        self.list_with_version(namespace, selector, add).await
    }

    /// Reads how many pods a workload wants; `None` if macaque may not see that, or the workload has no number.
    ///
    /// # Errors
    /// The scale could not be read for another reason than a missing grant.
    pub async fn desired(&self, workload: &WorkloadRef) -> Result<Option<usize>, ApiError> {
        let scale = self.scale(workload).await?;
        Ok(scale.map(|scale| scale.desired))
    }

    async fn scale(&self, workload: &WorkloadRef) -> Result<Option<WorkloadScale>, ApiError> {
        let read = async || self.cluster.scale(workload).await;
        let scale = with_retries(self.platform, self.stop, read).await?;
        Ok(scale.found())
    }

    /// Lists the pods that match `selector`, and collects them by `add`. A list that restarts begins with nothing,
    /// because a pod that was seen before may be gone.
    async fn list<T: Default>(
        &self,
        namespace: &str,
        selector: &Selector,
        add: impl Fn(&mut T, Pod),
    ) -> Result<T, ApiError> {
        let (collected, _) = self.list_with_version(namespace, selector, add).await?;
        Ok(collected)
    }

    /// Lists as [`Self::list`] does, and also returns the version of the first page: what changed while the others were
    /// read comes after it.
    async fn list_with_version<T: Default>(
        &self,
        namespace: &str,
        selector: &Selector,
        add: impl Fn(&mut T, Pod),
    ) -> Result<(T, Option<String>), ApiError> {
        let mut collected = T::default();
        let mut version = None;
        let mut pager = ListPager::default();
        loop {
            let read = async || {
                let mut pods = Vec::new();
                let push = |pod| pods.push(pod);
                let cursor = self
                    .cluster
                    .each_pod(Some(namespace), selector, pager.after(), None, push)
                    .await?;
                Ok((pods, cursor))
            };
            let (pods, cursor) = with_retries(self.platform, self.stop, read).await?;
            if cursor.restarted {
                collected = T::default();
            }
            if cursor.restarted || pager.after().is_none() {
                version.clone_from(&cursor.version);
            }

            let turned = pager.turn(&cursor, pods.len());
            for pod in pods {
                add(&mut collected, pod);
            }
            turned.map_err(|why| ApiError::Unexpected {
                what: describe_list(Some(namespace)),
                why: why.to_owned(),
            })?;
            if pager.after().is_none() {
                return Ok((collected, version));
            }
        }
    }
}

/// The selector that narrows the list for the siblings of a pod with these labels. One that does not select the pod
/// itself is not used.
fn narrowing(owner: &PodOwner, labels: &BTreeMap<String, String>, scale: Option<&WorkloadScale>) -> Selector {
    let selector = selector_of(owner, scale);
    if selector.matches(labels) {
        selector
    } else {
        Selector::default()
    }
}

/// The selector of the pods of `owner`, which its scale tells; empty if nothing does.
pub(crate) fn selector_of(owner: &PodOwner, scale: Option<&WorkloadScale>) -> Selector {
    let text = match scale {
        Some(scale) => scale.selector.clone(),
        None if owner.kind == "Job" => format!("{JOB_NAME}={}", owner.name),
        None => String::new(),
    };
    text.parse().unwrap_or_default()
}

fn add_to_owner(owners: &mut BTreeMap<PodOwner, OwnedPods>, pod: Pod) {
    let (Some(owner), Some(workload)) = (&pod.owner, WorkloadRef::of(&pod)) else {
        return;
    };
    let owned = owners.entry(owner.clone()).or_insert_with(|| OwnedPods {
        workload,
        pods: SiblingPods::default(),
    });
    owned.pods.add(&pod);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_narrowed_only_by_a_selector_that_selects_the_pod_itself() {
        let label = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let web = BTreeMap::from([label("app", "web"), label("tier", "front")]);
        let job = BTreeMap::from([label(JOB_NAME, "sums")]);
        let rows = [
            ("Deployment", "web", &web, Some("app=web"), "app=web"),
            (
                "Widget",
                "web",
                &web,
                Some("!old,app in (web,api)"),
                "app in (api,web),!old",
            ),
            ("Deployment", "web", &web, Some("app=api"), ""),
            ("Deployment", "web", &web, Some(""), ""),
            ("Deployment", "web", &web, Some("app=web,,"), ""),
            ("Deployment", "web", &web, Some("<html>"), ""),
            ("Deployment", "web", &web, None, ""),
            ("Job", "sums", &job, None, "batch.kubernetes.io/job-name=sums"),
            ("Job", "other", &job, None, ""),
            ("Job", "su ms", &job, None, ""),
            ("Job", "sums", &web, None, ""),
        ];

        for (kind, name, labels, selector, expected) in rows {
            let owner = PodOwner {
                kind: kind.to_owned(),
                name: name.to_owned(),
            };
            let scale = selector.map(|selector| WorkloadScale {
                uid: "u".to_owned(),
                desired: 3,
                selector: selector.to_owned(),
            });
            let narrowing = narrowing(&owner, labels, scale.as_ref());
            assert_eq!(narrowing.to_string(), expected, "{kind} {name} {selector:?}");
        }
    }
}
