//! The guard `drains`: while others evict pods, for a drain or an upgrade, macaque stands by.

use std::collections::BTreeMap;

use super::{GuardAnswer, GuardConfig, GuardFinding};
use crate::pod::{Pod, PodPhase};

/// The reasons of the condition `DisruptionTarget` of a pod that others disrupt.
const REASONS: [&str; 4] = [
    "EvictionByEvictionAPI",
    "DeletionByTaintManager",
    "PreemptionByScheduler",
    "TerminationByKubelet",
];

/// How many pods a finding names.
const SHOWN: usize = 3;

/// The pods that are being disrupted, by UID, with their names. It is a hint, not a proof: only pods that a round reads
/// in full are among them, and a pod with a short grace period is gone before it is seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DisruptedPods(BTreeMap<String, String>);

impl DisruptedPods {
    /// Adds `pod` if it is being disrupted. A pod that has finished and lingers is not.
    pub fn add(&mut self, pod: &Pod) {
        let is_finished = matches!(pod.phase, PodPhase::Succeeded | PodPhase::Failed);
        let is_disrupted = pod
            .disruption
            .as_deref()
            .is_some_and(|reason| REASONS.contains(&reason));
        if is_disrupted && !is_finished {
            self.0.insert(pod.id.uid.clone(), pod.id.to_string());
        }
    }

    /// Adds the pods of `more`.
    pub fn append(&mut self, more: Self) {
        self.0.extend(more.0);
    }
}

/// Judges the pods that are being disrupted, of which `is_victim` knows macaque's own by their UID; `None` if the guard
/// is off.
pub fn judge_drains(
    disrupted: &DisruptedPods,
    is_victim: impl Fn(&str) -> bool,
    config: &GuardConfig,
) -> Option<GuardFinding> {
    let limit = config.drains;
    if limit == 0 {
        return None;
    }

    let others = disrupted.0.iter().filter(|(uid, _)| !is_victim(uid));
    let names: Vec<&str> = others.map(|(_, name)| name.as_str()).collect();
    let answer = if names.len() < limit {
        GuardAnswer::Go
    } else {
        GuardAnswer::HoldsBack
    };

    let noun = if names.len() == 1 { "pod is" } else { "pods are" };
    let mut seen = format!("{} {noun} being disrupted by others", names.len());
    if !names.is_empty() {
        let shown = &names[..names.len().min(SHOWN)];
        let more = names.len() - shown.len();
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        seen.push_str(&format!(" ({}{more})", shown.join(", ")));
    }
    let setting = format!("guards.drains = {limit}");
    Some(GuardFinding::new("drains", answer, setting, seen))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(uid: &str, disruption: Option<&str>) -> Pod {
        let mut pod = Pod::sample();
        pod.id.uid = uid.to_owned();
        pod.id.name = format!("web-{uid}");
        pod.terminating = true;
        pod.disruption = disruption.map(str::to_owned);
        pod
    }

    fn drains(limit: usize) -> GuardConfig {
        GuardConfig {
            drains: limit,
            ..GuardConfig::off()
        }
    }

    /// How many of these pods are being disrupted by others.
    fn count(pods: &[Pod]) -> usize {
        let mut disrupted = DisruptedPods::default();
        pods.iter().for_each(|pod| disrupted.add(pod));
        disrupted.0.len()
    }

    #[test]
    fn a_pod_counts_by_the_reason_of_its_disruption_until_it_has_finished() {
        for reason in REASONS {
            assert_eq!(count(&[pod("a", Some(reason))]), 1, "{reason}");
            let live = Pod {
                terminating: false,
                ..pod("a", Some(reason))
            };
            assert_eq!(count(&[live]), 1, "{reason}");
            for phase in [PodPhase::Succeeded, PodPhase::Failed] {
                let finished = Pod {
                    phase,
                    ..pod("a", Some(reason))
                };
                assert_eq!(count(&[finished]), 0, "{reason} {phase}");
            }
        }
        for other in [
            None,
            Some(""),
            Some("DeletionByPodGC"),
            Some("evictionbyevictionapi"),
        ] {
            assert_eq!(count(&[pod("a", other)]), 0, "{other:?}");
        }
        let twice = [pod("a", Some(REASONS[0])), pod("a", Some(REASONS[0]))];
        assert_eq!(count(&twice), 1, "a list may show a pod twice");
    }

    #[test]
    fn as_many_pods_as_the_limit_hold_back_and_own_victims_do_not_count() {
        let uids = ["a", "b", "c", "d", "own"];
        let rows = [
            (
                0,
                2,
                Some((GuardAnswer::Go, "0 pods are being disrupted by others")),
            ),
            (
                1,
                2,
                Some((GuardAnswer::Go, "1 pod is being disrupted by others (shop/web-a)")),
            ),
            (
                2,
                2,
                Some((
                    GuardAnswer::HoldsBack,
                    "2 pods are being disrupted by others (shop/web-a, shop/web-b)",
                )),
            ),
            (
                5,
                1,
                Some((
                    GuardAnswer::HoldsBack,
                    "4 pods are being disrupted by others (shop/web-a, shop/web-b, shop/web-c and 1 more)",
                )),
            ),
            (4, 0, None),
        ];
        for (pods, limit, expected) in rows {
            let mut disrupted = DisruptedPods::default();
            for uid in &uids[..pods] {
                let mut more = DisruptedPods::default();
                more.add(&pod(uid, Some("EvictionByEvictionAPI")));
                disrupted.append(more);
            }
            let finding = judge_drains(&disrupted, |uid| uid == "own", &drains(limit));
            let finding = finding.as_ref().map(|finding| (finding.answer, &*finding.seen));
            assert_eq!(finding, expected);
        }
    }
}
