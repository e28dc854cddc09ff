//! The guards of an owner's pods keep their promises in every state of the siblings, counted pod by pod.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use macaque_core::guard::{GuardConfig, GuardFinding, MinReady, RolloutGuard, first_hold, judge_siblings};
use macaque_core::pod::{Pod, PodPhase};
use macaque_core::siblings::SiblingPods;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;

fn now() -> Timestamp {
    "2026-06-10T12:00:00Z".parse().unwrap()
}

/// One of an owner's pods, in the words of the API server.
fn pod() -> impl Strategy<Value = Pod> {
    let phase = prop_oneof![
        8 => Just(PodPhase::Running),
        1 => prop::sample::select(PodPhase::ALL.to_vec()),
    ];
    let label =
        prop_oneof![5 => Just("pod-template-hash"), 1 => Just("controller-revision-hash"), 1 => Just("app")];
    let revision = prop_oneof![8 => Just("a"), 1 => Just("b"), 1 => Just("c")];
    let age = prop_oneof![8 => 600..100_000_i64, 1 => 0..1200_i64];
    let ready = prop::bool::weighted(0.9);
    let terminating = prop::bool::weighted(0.05);

    (phase, ready, terminating, label, revision, age).prop_map(
        |(phase, ready, terminating, label, revision, age)| Pod {
            labels: [(label.to_owned(), revision.to_owned())].into(),
            phase,
            ready,
            created: Some(now() - SignedDuration::from_secs(age)),
            terminating,
            ..Pod::sample()
        },
    )
}

fn numbered(pods: Vec<Pod>) -> Vec<Pod> {
    let numbered = pods.into_iter().enumerate().map(|(n, mut pod)| {
        pod.id.name = format!("web-{n}");
        pod.id.uid = format!("uid-{n}");
        pod
    });
    numbered.collect()
}

fn config() -> impl Strategy<Value = GuardConfig> {
    let min_ready = prop_oneof![
        (0..6_usize).prop_map(MinReady::Count),
        prop::sample::select(vec![0, 1, 33, 34, 50, 67, 75, 100]).prop_map(MinReady::Percent),
    ];
    let rollout = prop::sample::select(RolloutGuard::ALL.to_vec());
    (any::<bool>(), rollout, min_ready).prop_map(|(whole, rollout, min_ready)| GuardConfig {
        whole,
        rollout,
        min_ready,
        ..GuardConfig::default()
    })
}

fn desired() -> impl Strategy<Value = Option<usize>> {
    prop_oneof![1 => Just(None), 3 => (0..7_usize).prop_map(Some)]
}

/// Neither deleted nor finished.
fn exists(pod: &Pod) -> bool {
    !pod.terminating && !matches!(pod.phase, PodPhase::Succeeded | PodPhase::Failed)
}

fn serves(pod: &Pod) -> bool {
    exists(pod) && pod.ready
}

fn siblings(pods: &[Pod], desired: Option<usize>) -> SiblingPods {
    let mut siblings = SiblingPods::wanting(desired);
    for pod in pods {
        siblings.add(pod);
    }
    siblings
}

/// The number that `min_ready` stands for, by another way than rounding up a quotient: the least that is no smaller than
/// the share.
fn least(min_ready: MinReady, pods: &[Pod], desired: Option<usize>) -> usize {
    match min_ready {
        MinReady::Count(count) => count,
        MinReady::Percent(percent) => {
            let whole = desired.unwrap_or_else(|| pods.iter().filter(|pod| exists(pod)).count());
            (0..).find(|count| count * 100 >= percent * whole).unwrap()
        }
    }
}

fn revisions(pods: &[Pod]) -> BTreeSet<&str> {
    let revision = |pod: &Pod| {
        let labels = &pod.labels;
        labels.contains_key("pod-template-hash") || labels.contains_key("controller-revision-hash")
    };
    let marked = pods.iter().filter(|pod| exists(pod) && revision(pod));
    marked
        .flat_map(|pod| pod.labels.values().map(String::as_str))
        .collect()
}

fn goes(findings: &[GuardFinding]) -> bool {
    first_hold(findings).is_none()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn a_victim_that_the_guards_let_go_leaves_the_owner_as_the_configuration_promises(
        pods in prop::collection::vec(pod(), 0..7).prop_map(numbered),
        desired in desired(),
        config in config(),
    ) {
        let siblings = siblings(&pods, desired);
        let stranger = "uid-of-a-pod-that-the-list-does-not-hold";

        for uid in pods.iter().map(|pod| &*pod.id.uid).chain([stranger]) {
            if !goes(&judge_siblings(uid, &siblings, &config, None, now())) {
                continue;
            }
            let left = pods.iter().filter(|pod| pod.id.uid != uid && serves(pod)).count();
            prop_assert!(left >= least(config.min_ready, &pods, desired));

            if config.whole {
                prop_assert!(pods.iter().all(|pod| !pod.terminating));
                prop_assert!(pods.iter().all(|pod| !exists(pod) || pod.ready));
                let existing = pods.iter().filter(|pod| exists(pod)).count();
                prop_assert!(desired.is_none_or(|desired| desired == existing));
            }
            match config.rollout {
                RolloutGuard::Off => {}
                RolloutGuard::On => prop_assert!(revisions(&pods).len() <= 1),
                RolloutGuard::Lenient if revisions(&pods).len() <= 1 => {}
                RolloutGuard::Lenient => {
                    prop_assert_eq!(revisions(&pods).len(), 2);
                    let settled = now() - SignedDuration::from_mins(10);
                    for pod in pods.iter().filter(|pod| exists(pod)) {
                        prop_assert!(pod.ready && pod.created.unwrap() <= settled);
                    }
                }
            }
        }
    }

    #[test]
    fn guards_hold_nothing_back_that_is_as_the_configuration_wants_it(
        replicas in 1..7_usize,
        victim in 0..7_usize,
        config in config(),
        is_known in any::<bool>(),
    ) {
        let whole = Pod {
            labels: [("pod-template-hash".to_owned(), "a".to_owned())].into(),
            phase: PodPhase::Running,
            ready: true,
            terminating: false,
            ..pod().new_tree(&mut Default::default()).unwrap().current()
        };
        let pods = numbered(vec![whole; replicas]);
        let desired = is_known.then_some(replicas);
        let uid = &pods[victim % replicas].id.uid;
        let required = least(config.min_ready, &pods, desired);

        let goes = goes(&judge_siblings(uid, &siblings(&pods, desired), &config, None, now()));
        prop_assert_eq!(goes, required < replicas || required == 0);
    }

    #[test]
    fn no_count_takes_a_terminating_or_finished_pod_for_a_ready_one(
        pods in prop::collection::vec(pod(), 0..9).prop_map(numbered),
        desired in desired(),
        split in 0..9_usize,
    ) {
        let (first, second) = pods.split_at(split.min(pods.len()));
        let mut paged = siblings(first, None);
        paged.append(siblings(second, desired));
        let together = siblings(&pods, desired);
        prop_assert_eq!(&paged, &together);

        let count = together.count();
        let number = |is: fn(&Pod) -> bool| pods.iter().filter(|pod| is(pod)).count();
        prop_assert_eq!(count.ready, number(serves));
        prop_assert_eq!(count.live, number(exists));
        prop_assert_eq!(count.terminating, number(|pod| pod.terminating));
        prop_assert_eq!(count.pending, number(|pod| exists(pod) && !pod.ready && pod.phase == PodPhase::Pending));
        prop_assert_eq!(count.live, count.ready + count.unready + count.pending);
        for pod in &pods {
            let others = pods.iter().filter(|other| other.id.uid != pod.id.uid && serves(other));
            prop_assert_eq!(together.ready_without(&pod.id.uid), others.count());
        }
        prop_assert_eq!(together.revisions().values().sum::<usize>(), pods.iter().filter(|pod| {
            exists(pod) && !pod.labels.contains_key("app")
        }).count());
        prop_assert_eq!(together.revisions().into_keys().collect::<BTreeSet<_>>(), revisions(&pods));
    }
}
