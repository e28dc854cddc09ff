//! Reduces an owner's pods to the baseline of a recovery.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::RecoveryBaseline;
use crate::pod::{Pod, ReplicaState};
use crate::siblings::{SiblingPod, SiblingPods};

/// The maximum number of UIDs in a baseline, which the journal holds.
const MAX_UIDS: usize = 100;
/// The maximum number of revisions in a baseline. With more of them, none is told from another.
const MAX_REVISIONS: usize = 20;

impl RecoveryBaseline {
    /// The baseline from all pods of the victim's owner, the victim among them, as they were just before the disruption.
    pub fn of(victim: &Pod, siblings: &SiblingPods, api_version: &str, expect: Duration) -> Self {
        let node = victim.place().node;
        let of_node = victim
            .owner
            .as_ref()
            .is_some_and(|owner| owner.kind == "DaemonSet");
        let counts = |pod: &&SiblingPod| {
            let concerns = !of_node || pod.node == node;
            concerns && pod.state == ReplicaState::Ready
        };

        let ready = siblings.pods().map(|(_, pod)| pod).filter(counts).count();
        let victim_state = siblings
            .get(&victim.id.uid)
            .map_or(victim.state(), |pod| pod.state);
        let (newest, newest_uids) = newest(siblings);
        let revisions: BTreeSet<&str> = siblings.revisions().into_keys().collect();
        let revisions = if revisions.len() > MAX_REVISIONS {
            BTreeSet::new()
        } else {
            revisions
        };

        Self {
            api_version: api_version.to_owned(),
            ready,
            victim_ready: victim_state == ReplicaState::Ready,
            desired: siblings.desired().filter(|_| !of_node),
            node,
            revisions: revisions.into_iter().map(str::to_owned).collect(),
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
