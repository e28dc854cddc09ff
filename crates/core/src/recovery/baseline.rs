//! Reduces an owner's pods to the baseline of a recovery.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::RecoveryBaseline;
use super::replacement_rule::ReplacementRule;
use crate::pod::Pod;
use crate::siblings::{SiblingPod, SiblingPods};

/// The maximum number of UIDs in a baseline, which the journal holds.
const MAX_UIDS: usize = 20;
/// The maximum number of revisions in a baseline. With more of them, none is distinguished from another.
const MAX_REVISIONS: usize = 8;

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
        let newest = siblings.pods().filter_map(|(_, pod)| pod.created).max();
        let of_newest = |(_, pod): &(&str, &SiblingPod)| pod.created.is_some() && pod.created == newest;
        let newest_uids = siblings.pods().filter(of_newest);
        let baseline = Self {
            api_version: api_version.to_owned(),
            ready: siblings.pods().filter(is_ready).count(),
            victim_ready: siblings.pods().filter(is_ready).any(|pod| is_victim(&pod)),
            desired: siblings.desired().filter(|_| rule.has_scale()),
            node,
            revisions: revisions.collect(),
            newest,
            newest_uids: newest_uids.map(|(uid, _)| uid.to_owned()).collect(),
            expect_ms: u64::try_from(expect.as_millis()).unwrap_or(u64::MAX),
        };
        baseline.bounded()
    }

    /// The baseline in the room that the journal has for it. Of too many pods that were created in the newest second none is
    /// named, and a replacement was created in the second after it or later; of too many revisions none counts.
    pub(crate) fn bounded(mut self) -> Self {
        if self.revisions.len() > MAX_REVISIONS {
            self.revisions.clear();
        }
        if self.newest_uids.len() > MAX_UIDS {
            let next = |newest: Timestamp| newest.checked_add(SignedDuration::from_secs(1)).ok();
            self.newest = self.newest.and_then(next);
            self.newest_uids.clear();
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pod::PodOwner;

    fn pod(number: usize, second: i64) -> Pod {
        let sample = Pod::sample();
        let mut id = sample.id.clone();
        id.uid = format!("u{number:03}");
        Pod {
            id,
            node: Some(format!("n{number}")),
            created: Timestamp::from_second(second).ok(),
            ..sample
        }
    }

    fn baseline(victim: &Pod, others: &[Pod]) -> RecoveryBaseline {
        let mut siblings = SiblingPods::wanting(Some(3));
        for pod in others.iter().chain([victim]) {
            siblings.add(pod);
        }
        RecoveryBaseline::of(victim, &siblings, "apps/v1", Duration::from_secs(60))
    }

    #[test]
    fn a_baseline_holds_what_tells_replacements_from_siblings() {
        let mut unready = pod(2, 50);
        unready.ready = false;
        unready.labels.insert("pod-template-hash".into(), "r1".into());
        let mut leaving = pod(3, 70);
        leaving.terminating = true;

        let victim = pod(0, 70);
        let taken = baseline(&victim, &[pod(1, 60), unready.clone(), leaving]);
        let expected = RecoveryBaseline {
            api_version: "apps/v1".to_owned(),
            ready: 2,
            victim_ready: true,
            desired: Some(3),
            node: Some("n0".to_owned()),
            revisions: vec!["r1".to_owned()],
            newest: Timestamp::from_second(70).ok(),
            newest_uids: vec!["u000".to_owned(), "u003".to_owned()],
            expect_ms: 60_000,
        };
        assert_eq!(taken, expected);

        let taken = baseline(&unready, &[pod(1, 60)]);
        assert!(!taken.victim_ready);
        assert_eq!(taken.ready, 1);
    }

    #[test]
    fn of_a_daemon_set_only_the_pods_of_the_victims_node_count() {
        let of_daemon_set = |number| Pod {
            owner: Some(PodOwner {
                kind: "DaemonSet".into(),
                name: "logs".into(),
            }),
            ..pod(number, 60)
        };
        let taken = baseline(&of_daemon_set(0), &[of_daemon_set(1), of_daemon_set(2)]);
        assert_eq!(taken.ready, 1);
        assert_eq!(taken.desired, None);
    }

    #[test]
    fn of_more_than_twenty_pods_of_one_second_none_is_named() {
        let twenty: Vec<_> = (1..20).map(|number| pod(number, 70)).collect();
        let taken = baseline(&pod(0, 70), &twenty);
        assert_eq!(taken.newest_uids.len(), 20);
        assert_eq!(taken.newest, Timestamp::from_second(70).ok());

        let more: Vec<_> = (1..21).map(|number| pod(number, 70)).collect();
        let taken = baseline(&pod(0, 70), &more);
        assert!(taken.newest_uids.is_empty());
        assert_eq!(taken.newest, Timestamp::from_second(71).ok());
    }

    #[test]
    fn of_too_many_revisions_none_counts() {
        let revised = |number: usize| {
            let mut pod = pod(number, 60);
            pod.labels
                .insert("pod-template-hash".into(), format!("r{number}"));
            pod
        };
        let eight: Vec<_> = (1..8).map(revised).collect();
        assert_eq!(baseline(&revised(0), &eight).revisions.len(), 8);
        let more: Vec<_> = (1..9).map(revised).collect();
        assert!(baseline(&revised(0), &more).revisions.is_empty());
    }
}
