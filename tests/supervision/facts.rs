//! Promises about what the actors publish: exactly what happened, also if one of them dies meanwhile.

use macaque::facts::MessageResult;
use macaque::failpoint::{FailAction, FailPoint};
use macaque_core::recovery::RecoveryVerdict;
use macaque_testkit::{FactRecorder, RecordedFact};

use crate::fail_hooks::panicking;
use crate::running_actors::RunningActors;
use crate::waiting::{await_that, side_by_side};

fn restarts(recorder: &FactRecorder) -> Vec<&'static str> {
    recorder.of(|fact| match fact {
        RecordedFact::ActorRestarted(role) => Some(*role),
        _ => None,
    })
}

fn verdicts(recorder: &FactRecorder) -> Vec<Option<RecoveryVerdict>> {
    recorder.of(|fact| match fact {
        RecordedFact::RecoveryReported(report) => Some(report.verdict),
        _ => None,
    })
}

#[test]
fn a_disruption_and_its_recovery_are_published_in_order_with_the_messages_about_them() {
    let (recorder, facts) = FactRecorder::new();
    let running = RunningActors::publishing_recovery(facts, |_| FailAction::Continue);
    let told = running.await_recovery();
    assert_eq!(running.stop_and_count_recoveries(), (0, 0));

    let course = recorder.of(|fact| match fact {
        RecordedFact::VictimTried { attempt, .. } => Some(("tried", attempt.pod.uid.clone())),
        RecordedFact::RecoveryReported(report) => Some(("recovered", report.pod.uid.clone())),
        _ => None,
    });
    let uid = told.pod.uid.clone();
    assert_eq!(course, [("tried", uid.clone()), ("recovered", uid)]);
    assert_eq!(verdicts(&recorder), [Some(RecoveryVerdict::Recovered)]);

    let slots = recorder.of(|fact| match fact {
        RecordedFact::SlotPlanned(slot) => *slot,
        _ => None,
    });
    assert!(slots.contains(&told.slot), "{} of {slots:?}", told.slot);
    let sent = recorder.of(|fact| match fact {
        RecordedFact::MessageHandled { channel, result } => Some((channel.clone(), *result)),
        _ => None,
    });
    assert!(sent.len() >= 2);
    let all_sent = sent
        .iter()
        .all(|handled| *handled == ("listener".to_owned(), MessageResult::Sent));
    assert!(all_sent, "{sent:?}");
    let waiting = recorder.of(|fact| match fact {
        RecordedFact::MessagesWaiting { count, .. } => Some(*count),
        _ => None,
    });
    assert!(waiting.contains(&1), "{waiting:?}");
    assert_eq!(waiting.last(), Some(&0), "{waiting:?}");
    assert_eq!(restarts(&recorder), [""; 0]);
}

#[test]
fn whoever_dies_when_every_disruption_and_every_round_is_published_once() {
    let points = [
        (FailPoint::BeforeReserve, "Killer"),
        (FailPoint::AfterReserve, "Killer"),
        (FailPoint::AfterDisrupt, "Killer"),
        (FailPoint::BeforeResolve, "Killer"),
        (FailPoint::AfterResolve, "Killer"),
        (FailPoint::BeforeReport, "Killer"),
        (FailPoint::BeforeNotify, "Notifier"),
        (FailPoint::BeforeDue, "Clock"),
    ];
    side_by_side(&points, |(point, role)| {
        let (recorder, facts) = FactRecorder::new();
        let running = RunningActors::publishing(facts, panicking(point, 1));
        running.await_rounds(3);
        running.await_reports_of_evictions();
        let lost = running.stop_and_name_evictions();
        assert_eq!(restarts(&recorder), [role], "{point:?}");

        let evicted = recorder.tried().into_iter();
        let evicted = evicted.filter(|tried| tried.outcome.word() == "evicted");
        let mut evicted: Vec<_> = evicted.map(|tried| tried.pod.uid).collect();
        evicted.sort();
        let mut deleted = lost.lost.clone();
        deleted.sort();
        assert_eq!(evicted, deleted, "{point:?}");

        let mut slots: Vec<_> = recorder.finished().into_iter().map(|round| round.slot).collect();
        slots.sort();
        let published = slots.len();
        slots.dedup();
        assert_eq!(slots.len(), published, "{point:?}: one round, twice");
        let missing: Vec<_> = lost
            .slots
            .iter()
            .filter(|slot| slots.binary_search(slot).is_err())
            .collect();
        assert!(
            missing.is_empty(),
            "{point:?}: told, and not published: {missing:?}"
        );
    });
}

#[test]
fn a_recovery_is_published_once_though_the_watcher_dies_before_or_after_it_is_recorded() {
    side_by_side(
        &[FailPoint::BeforeRecovered, FailPoint::AfterRecovered],
        |point| {
            let (recorder, facts) = FactRecorder::new();
            let running = RunningActors::publishing_recovery(facts, panicking(point, 1));
            let told = running.await_recovery();
            // Who dies late may be restarted only after the Killer has found the message, and had it delivered.
            await_that("a restart", || !restarts(&recorder).is_empty());
            assert_eq!(running.stop_and_count_recoveries(), (0, 0), "{point:?}");
            assert_eq!(verdicts(&recorder), [told.verdict], "{point:?}");
            assert_eq!(restarts(&recorder), ["Watcher"], "{point:?}");
        },
    );
}
