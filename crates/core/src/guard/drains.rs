//! The guard `drains`: pods that leave by other hands show that somebody drains nodes or upgrades the cluster.

use std::collections::BTreeMap;

use super::{GuardAnswer, GuardFinding};
use crate::pod::{Pod, ReplicaState};
use crate::words::first_of;

/// The reasons of the condition `DisruptionTarget` that show a pod leaving by the hands of somebody: a drain, a taint, a
/// preemption, or a node that shuts down.
const REASONS: [&str; 4] = [
    "EvictionByEvictionAPI",
    "DeletionByTaintManager",
    "PreemptionByScheduler",
    "TerminationByKubelet",
];

/// How many pods the finding names.
const NAMED: usize = 3;

/// The pods that are leaving, whoever caused it, by UID. Everything else about the pods seen is forgotten.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeavingPods {
    by_uid: BTreeMap<String, LeavingPod>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct LeavingPod {
    /// `namespace/name`.
    pod: String,
    reason: &'static str,
}

impl LeavingPods {
    /// Notes `pod` if it is leaving. A pod may be seen several times: its last state counts.
    pub fn note(&mut self, pod: &Pod) {
        match reason(pod) {
            Some(reason) => {
                let leaving = LeavingPod {
                    pod: pod.id.to_string(),
                    reason,
                };
                self.by_uid.insert(pod.id.uid.clone(), leaving);
            }
            None => {
                self.by_uid.remove(&pod.id.uid);
            }
        }
    }

    /// Adds the pods of `more`, which were seen later.
    pub fn append(&mut self, more: Self) {
        self.by_uid.extend(more.by_uid);
    }

    /// Judges the pods apart from those that macaque disrupted itself, by UID: `limit` or more of them hold back.
    /// `None` if the guard is off, with a limit of zero.
    pub fn judge(&self, limit: usize, is_own: impl Fn(&str) -> bool) -> Option<GuardFinding> {
        if limit == 0 {
            return None;
        }
        let others = self.by_uid.iter().filter(|(uid, _)| !is_own(uid));
        let others: Vec<&LeavingPod> = others.map(|(_, pod)| pod).collect();

        let answer = if others.len() >= limit {
            GuardAnswer::HoldsBack
        } else {
            GuardAnswer::Go
        };
        Some(GuardFinding::new(
            "drains",
            answer,
            format!("guards.drains = {limit}"),
            seen(&others),
        ))
    }
}

/// Why `pod` is leaving, if it is. A finished pod has left, and its condition lingers.
fn reason(pod: &Pod) -> Option<&'static str> {
    let reason = pod.disruption.as_deref()?;
    let has_left = pod.state() == ReplicaState::Finished;
    REASONS.into_iter().find(|known| *known == reason && !has_left)
}

/// The numbers: `2 pods are leaving by other hands (EvictionByEvictionAPI): shop/a, shop/b`.
fn seen(others: &[&LeavingPod]) -> String {
    let number = match others.len() {
        0 => return "no pod is leaving by other hands".to_owned(),
        1 => "1 pod is".to_owned(),
        many => format!("{many} pods are"),
    };
    let mut reasons: Vec<&str> = others.iter().map(|other| other.reason).collect();
    reasons.sort_unstable();
    reasons.dedup();
    let pods: Vec<&str> = others.iter().map(|other| other.pod.as_str()).collect();

    format!(
        "{number} leaving by other hands ({}): {}",
        reasons.join(", "),
        first_of(&pods, NAMED)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pod::{PodPhase, PodRef};

    fn pod(name: &str, reason: Option<&str>) -> Pod {
        Pod {
            id: PodRef {
                namespace: "shop".to_owned(),
                name: name.to_owned(),
                uid: format!("uid-{name}"),
            },
            disruption: reason.map(str::to_owned),
            ..Pod::sample()
        }
    }

    fn drained(name: &str) -> Pod {
        pod(name, Some("EvictionByEvictionAPI"))
    }

    fn leaving(pods: &[Pod]) -> LeavingPods {
        let mut leaving = LeavingPods::default();
        for pod in pods {
            leaving.note(pod);
        }
        leaving
    }

    fn seen_of(pods: &[Pod]) -> (GuardAnswer, String) {
        let finding = leaving(pods).judge(2, |uid| uid == "uid-own").unwrap();
        (finding.answer, finding.seen)
    }

    #[test]
    fn as_many_pods_as_the_limit_hold_back_and_one_less_does_not() {
        assert_eq!(
            seen_of(&[drained("a"), pod("b", None)]),
            (
                GuardAnswer::Go,
                "1 pod is leaving by other hands (EvictionByEvictionAPI): shop/a".to_owned()
            )
        );
        assert_eq!(
            seen_of(&[drained("b"), pod("a", Some("PreemptionByScheduler"))]),
            (
                GuardAnswer::HoldsBack,
                "2 pods are leaving by other hands (EvictionByEvictionAPI, PreemptionByScheduler): shop/a, shop/b"
                    .to_owned()
            )
        );
        let many: Vec<Pod> = (0..9).map(|n| drained(&format!("web-{n}"))).collect();
        let (_, seen) = seen_of(&many);
        assert_eq!(
            seen,
            "9 pods are leaving by other hands (EvictionByEvictionAPI): shop/web-0, shop/web-1, shop/web-2 and 6 more"
        );
    }

    #[test]
    fn every_reason_of_a_drain_counts_and_no_other() {
        for reason in REASONS {
            let pods = [pod("a", Some(reason)), pod("b", Some(reason))];
            assert_eq!(seen_of(&pods).0, GuardAnswer::HoldsBack, "{reason}");
        }
        for reason in [Some("DeletionByPodGC"), Some(""), None] {
            let pods = [pod("a", reason), pod("b", reason)];
            let nothing = "no pod is leaving by other hands".to_owned();
            assert_eq!(seen_of(&pods), (GuardAnswer::Go, nothing), "{reason:?}");
        }
    }

    #[test]
    fn own_victims_and_pods_that_have_left_do_not_count() {
        assert_eq!(seen_of(&[drained("a"), drained("own")]).0, GuardAnswer::Go);

        for phase in [PodPhase::Succeeded, PodPhase::Failed] {
            let left = Pod {
                phase,
                ..drained("b")
            };
            assert_eq!(seen_of(&[drained("a"), left]).0, GuardAnswer::Go, "{phase}");
        }
        let terminating = Pod {
            terminating: true,
            ..drained("b")
        };
        assert_eq!(seen_of(&[drained("a"), terminating]).0, GuardAnswer::HoldsBack);
    }

    #[test]
    fn a_pod_that_is_seen_again_counts_once_and_by_its_last_state() {
        assert_eq!(seen_of(&[drained("a"), drained("a")]).0, GuardAnswer::Go);
        assert_eq!(
            seen_of(&[drained("a"), drained("b"), pod("a", None)]).0,
            GuardAnswer::Go
        );

        let mut first = leaving(&[drained("a")]);
        first.append(leaving(&[drained("b")]));
        assert_eq!(first, leaving(&[drained("a"), drained("b")]));
    }

    #[test]
    fn a_limit_of_zero_switches_the_guard_off() {
        let drained = leaving(&[pod("a", Some("EvictionByEvictionAPI"))]);
        assert_eq!(drained.judge(0, |_| false), None);
    }
}
