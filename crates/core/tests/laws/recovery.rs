//! Recoveries end as they should whatever is seen of the pods: no owner is called recovered that was not seen whole, and
//! none is watched for ever.

mod scene;
mod sight;
mod stuck;
mod tables;

use std::time::Duration;

use macaque_core::recovery::{AcceptedBy, DesiredReplicas, RecoveryReport, RecoveryVerdict, WatchedSince};
use proptest::prelude::*;

use self::scene::{Opening, Scene};

/// The longest time that a recovery goes on: its timeout, and as long as nothing can be read.
const LONGEST: Duration = Duration::from_secs(600);

/// Something that happens to an owner's pods, or to macaque's sight of them.
#[derive(Debug, Clone)]
enum Event {
    /// The next pod is created.
    Create,
    /// A pod becomes this, if there is one of this number.
    Become(usize, &'static str),
    /// A pod is gone.
    Vanish(usize),
    Scale(DesiredReplicas),
    Interrupt,
    Look,
}

fn event() -> impl Strategy<Value = Event> {
    let state = prop_oneof![
        8 => Just("ready"),
        2 => prop::sample::select(vec!["pending", "running", "leaving", "unschedulable", "failed", "succeeded"]),
    ];
    let desired = prop_oneof![
        6 => (2..5_usize).prop_map(DesiredReplicas::Known),
        2 => Just(DesiredReplicas::Unknown),
        1 => Just(DesiredReplicas::Gone),
    ];
    prop_oneof![
        4 => Just(Event::Create),
        10 => (0..8_usize, state).prop_map(|(pod, state)| Event::Become(pod, state)),
        2 => (0..8_usize).prop_map(Event::Vanish),
        1 => desired.prop_map(Event::Scale),
        1 => Just(Event::Interrupt),
        2 => Just(Event::Look),
    ]
}

/// What happens, each after so many milliseconds since the last.
fn history() -> impl Strategy<Value = Vec<(u64, Event)>> {
    let pause = prop_oneof![6 => 0..3000_u64, 3 => 0..20_000_u64, 1 => 0..150_000_u64];
    prop::collection::vec((pause, event()), 0..30)
}

fn opening() -> impl Strategy<Value = Opening> {
    let kind = prop::sample::select(vec![
        "Deployment",
        "ReplicaSet",
        "StatefulSet",
        "DaemonSet",
        "Cache",
    ]);
    let desired = prop_oneof![3 => Just(Some(3)), 1 => Just(Some(2)), 1 => Just(None)];
    let since = prop_oneof![4 => Just(WatchedSince::Acceptance), 1 => Just(WatchedSince::Adoption)];
    (kind, desired, since).prop_map(|(kind, desired, since)| Opening {
        desired,
        since,
        ..Opening::of(kind)
    })
}

/// What was seen of the pods: when, how many were ready apart from the victim, and whether nothing was missed since before.
struct SeenPods {
    at: Duration,
    ready: usize,
    is_continuous: bool,
}

/// Plays a history to its end. With `looks`, the pods are observed that often in between.
fn play(opening: &Opening, history: &[(u64, Event)], looks: u32) -> (Scene, Vec<SeenPods>) {
    let mut scene = opening.begin();
    let mut pods: Vec<(String, &str)> = ["b", "c"].map(|name| (name.to_owned(), "ready")).into();
    let mut sights = Vec::new();
    let mut created = 0;
    let mut at = Duration::ZERO;
    let mut is_interrupted = false;

    for (pause, event) in history {
        let before = at;
        at += Duration::from_millis(*pause);
        if at > LONGEST {
            // Nobody looks any more.
            break;
        }
        for look in 1..=looks {
            let between = before + (at - before) * look / (looks + 1);
            if !is_interrupted && !sights.is_empty() {
                scene.pass(between);
                scene.look(between);
            }
        }

        let was_interrupted = is_interrupted;
        match event {
            Event::Create => {
                created += 1;
                // The victim's own name, for those whose replacement has it.
                pods.push((format!("a#{created}"), "pending"));
            }
            Event::Become(pod, state) => {
                if let Some(pod) = pods.get_mut(*pod) {
                    pod.1 = state;
                }
            }
            Event::Vanish(pod) if *pod < pods.len() => drop(pods.remove(*pod)),
            Event::Vanish(_) => {}
            Event::Scale(desired) => scene.scale(at, *desired),
            Event::Interrupt => {
                scene.interrupt(at);
                is_interrupted = true;
            }
            Event::Look => is_interrupted = false,
        }
        let words: Vec<_> = pods.iter().map(|(uid, state)| format!("{uid}:{state}")).collect();
        scene.change(at, &words.join(" "));
        if was_interrupted && !is_interrupted {
            scene.look(at);
        }
        if !is_interrupted {
            let ready = pods.iter().filter(|(_, state)| *state == "ready").count();
            let is_continuous = !was_interrupted && !sights.is_empty();
            sights.push(SeenPods {
                at,
                ready,
                is_continuous,
            });
        }
    }
    scene.pass(LONGEST);
    (scene, sights)
}

/// Whether `ready` pods or more were seen throughout the five seconds before `end`.
fn was_whole(sights: &[SeenPods], ready: usize, end: Duration) -> bool {
    let begin = end.saturating_sub(Duration::from_secs(5));
    let until = sights.partition_point(|sight| sight.at <= end);
    let from = sights.partition_point(|sight| sight.at <= begin);
    let Some(first) = from.checked_sub(1) else {
        return false;
    };
    let within = &sights[first..until];
    within.iter().all(|sight| sight.ready >= ready) && within[1..].iter().all(|sight| sight.is_continuous)
}

fn are_in_order(report: &RecoveryReport) -> bool {
    let times = report.times;
    let of_replacement = [
        times.created_ms,
        times.scheduled_ms,
        times.containers_ready_ms,
        times.ready_ms,
        times.whole_ms,
    ];
    of_replacement.into_iter().flatten().is_sorted()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_owner_is_called_recovered_that_was_not_seen_whole_for_five_seconds(
        opening in opening(),
        history in history(),
    ) {
        let (scene, sights) = play(&opening, &history, 0);
        let (at, report) = scene.verdict.unwrap();
        if report.verdict.unwrap().is_recovered() {
            let before = if opening.kind == "DaemonSet" { 3 } else { opening.desired.unwrap_or(3).min(3) };
            prop_assert!(was_whole(&sights, before, at), "{report:?} at {at:?}");
        }
    }

    #[test]
    fn every_recovery_has_one_verdict_which_stays_and_comes_in_time(
        opening in opening(),
        history in history(),
        late in 0..1000_u64,
    ) {
        let (scene, _) = play(&opening, &history, 0);
        let (at, report) = scene.verdict.unwrap();
        prop_assert!(at <= LONGEST, "{report:?} at {at:?}");
        let first = history.first().map_or(Duration::ZERO, |(pause, _)| Duration::from_millis(*pause));
        prop_assert!(at >= first.min(LONGEST), "a verdict before anything was seen");

        let later = scene.tracker.report(at + Duration::from_millis(late));
        prop_assert_eq!(later, report);
    }

    #[test]
    fn the_times_are_in_order_and_none_is_after_the_verdict(opening in opening(), history in history()) {
        let (scene, _) = play(&opening, &history, 0);
        let (at, report) = scene.verdict.unwrap();
        prop_assert!(are_in_order(&report), "{report:?}");
        for time in [report.times.gone_ms, report.times.ready_ms, report.times.whole_ms].into_iter().flatten() {
            prop_assert!(u128::from(time) <= at.as_millis(), "{report:?} at {at:?}");
        }
    }

    #[test]
    fn how_often_the_same_pods_are_seen_changes_nothing(
        opening in opening(),
        history in history(),
        looks in 1..5_u32,
    ) {
        let (seldom, _) = play(&opening, &history, 0);
        let (often, _) = play(&opening, &history, looks);
        prop_assert_eq!(seldom.verdict, often.verdict);
        prop_assert_eq!(seldom.stuck, often.stuck);
    }

    #[test]
    fn a_doubt_only_ends_as_unwatched(opening in opening(), history in history()) {
        let (scene, _) = play(&Opening { origin: AcceptedBy::Doubt, ..opening }, &history, 0);
        prop_assert_eq!(scene.verdict.unwrap().1.verdict, Some(RecoveryVerdict::Unwatched));
        prop_assert!(scene.stuck.is_empty());
    }
}
