//! Reduces an owner's pods to the baseline of a recovery.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::RecoveryBaseline;
use super::replacement::ReplacementRule;
use crate::pod::Pod;
use crate::siblings::{SiblingPod, SiblingPods};

/// The maximum number of UIDs in a baseline, which the journal holds.
const MAX_UIDS: usize = 100;
/// The maximum number of revisions in a baseline. With more of them, none is told from another.
const MAX_REVISIONS: usize = 20;

impl RecoveryBaseline {
    /// The baseline from all pods of the victim's owner, the victim among them, as they were just before the disruption.
    pub fn of(victim: &Pod, siblings: &SiblingPods, api_version: &str, expect: Duration) -> Self {
        let node = victim.place().node;
        let owner = victim.owner.as_ref();
        let rule = owner.map(|owner| ReplacementRule::of(owner, &victim.id.name));
        let rule = rule.unwrap_or(ReplacementRule::Anywhere);
        let is_ready = |(_, pod): &(&str, &SiblingPod)| {
            pod.is_live() && rule.is_ready(pod) && rule.concerns(pod, node.as_deref())
        };

        let is_victim = |(uid, _): &(&str, &SiblingPod)| *uid == victim.id.uid;
        let revisions = siblings.revisions().into_keys().map(str::to_owned);
        let revisions: Vec<_> = revisions.take(MAX_REVISIONS + 1).collect();
        let (newest, newest_uids) = newest(siblings);
        Self {
            api_version: api_version.to_owned(),
            ready: siblings.pods().filter(is_ready).count(),
            victim_ready: siblings.pods().filter(is_ready).any(|pod| is_victim(&pod)),
            desired: siblings.desired().filter(|_| rule.has_scale()),
            node,
            revisions: if revisions.len() > MAX_REVISIONS {
                Vec::new()
            } else {
                revisions
            },
            newest,
            newest_uids,
            expect_ms: u64::try_from(expect.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

/// The second in which the newest of the pods were created, and their UIDs. If those are too many, the second after it and
/// none: a replacement is then known by its creation alone.
fn newest(siblings: &SiblingPods) -> (Option<Timestamp>, Vec<String>) {
    let Some(newest) = siblings.pods().filter_map(|(_, pod)| pod.created).max() else {
        return (None, Vec::new());
    };

    let of_newest = siblings.pods().filter(|(_, pod)| pod.created == Some(newest));
    let uids: Vec<_> = of_newest.map(|(uid, _)| uid.to_owned()).collect();
    if uids.len() > MAX_UIDS {
        let next = newest.checked_add(SignedDuration::from_secs(1));
        return (next.ok(), Vec::new());
    }
    (Some(newest), uids)
}
