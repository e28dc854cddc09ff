//! Laws of strikes: enough owners in a row that do not recover pause macaque in the same write, once, until somebody
//! lifts the pause.

use macaque_core::config::{DisruptionLimits, RecoveryPolicy};
use macaque_core::guard::RecoveredGuard;
use macaque_core::journal::{Denial, Journal, PauseEnd, PauseRequest};
use macaque_core::recovery::{AcceptedBy, RecoveryReport, RecoveryVerdict};
use proptest::prelude::*;

use super::history::{HolderStep, JournalHistory, StepKind, steps};
use super::samples::{candidate, limits, recovery_report, victim};

fn policy(strikes: Option<usize>) -> RecoveryPolicy {
    RecoveryPolicy {
        strikes,
        recovered: RecoveredGuard::Off,
        ..RecoveryPolicy::off()
    }
}

/// The pauses for strikes that the outbox tells of.
fn pauses(journal: &Journal) -> Vec<&str> {
    let reports = journal
        .outbox()
        .iter()
        .filter_map(|entry| entry.recovery_report());
    reports.filter_map(|report| report.paused.as_deref()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn macaque_is_paused_exactly_when_enough_owners_in_a_row_did_not_recover(
        limits in limits(), limit in prop::option::of(1usize..4), steps in steps(),
    ) {
        let mut history = JournalHistory::new(limits, 3);
        history.recovery = policy(limit);
        let mut row = 0;
        let mut called = false;

        for step in steps {
            let before = history.journal.clone();
            let (event, context) = history.event(&step);
            let (now, present) = (context.now, context.pause.clone());
            let Ok(next) = before.step(&event, &context) else { continue };

            if called && present.as_ref().is_none_or(|pause| pause.is_over(now)) {
                (row, called) = (0, false);
            }
            let mut pauses_now = false;
            if let (StepKind::Report { which, verdict: Some(verdict) }, true) = (&step.kind, next != before)
                && let Some(record) = before.recovering().get(usize::from(*which) % before.recovering().len().max(1))
                && record.victim.origin != AcceptedBy::Doubt
            {
                match verdict {
                    RecoveryVerdict::Recovered | RecoveryVerdict::Slow => (row, called) = (0, false),
                    RecoveryVerdict::Unrecovered => {
                        row += 1;
                        let is_enough = limit.is_some_and(|limit| row >= limit);
                        called |= is_enough;
                        pauses_now = is_enough && !present.as_ref().is_some_and(PauseRequest::is_endless);
                    }
                    _ => {}
                }
            }

            prop_assert_eq!(next.strikes().len(), row);
            let asked = next.pause_to_write(&before, present.as_ref());
            prop_assert_eq!(asked.is_some(), pauses_now, "{:?}", event);
            prop_assert_eq!(pauses(&next).len() > pauses(&before).len(), pauses_now);
            history.pause = asked.or(history.pause);
            history.journal = next;
        }
    }
}

/// A history in which a round disrupts as many pods as a test needs.
fn started(strikes: usize) -> JournalHistory {
    let mut history = JournalHistory::new(DisruptionLimits::default(), 1000);
    history.recovery = policy(Some(strikes));
    assert!(history.take(&HolderStep::of(0, StepKind::Claim)));
    history
}

/// The owner of `pod` is disrupted, and its recovery ends so.
fn ends(history: &mut JournalHistory, pod: u8, verdict: RecoveryVerdict) -> RecoveryReport {
    let mut ending = victim(pod, history.journal.round().unwrap().slot);
    ending.pod.uid = format!("uid-after-{}", history.journal.sequence());
    let mut candidate = candidate(pod);
    candidate.pod = ending.pod.clone();
    assert!(history.disrupts_watched(candidate));
    history.record(recovery_report(&ending, Some(verdict)));
    let last = history.journal.outbox().last().unwrap();
    last.recovery_report().unwrap().clone()
}

fn denial(history: &mut JournalHistory) -> Option<Denial> {
    let journal = history.journal.clone();
    let (event, context) = history.event(&HolderStep::of(0, StepKind::Reserve { pod: 30 }));
    journal.step(&event, &context).err()
}

#[test]
fn the_third_owner_in_a_row_pauses_macaque_with_the_reason_until_somebody_resumes() {
    use RecoveryVerdict::{Recovered, Rolled, Unrecovered, Unwatched};
    let mut history = started(3);
    for verdict in [
        Unrecovered,
        Unrecovered,
        Recovered,
        Unrecovered,
        Rolled,
        Unwatched,
    ] {
        assert_eq!(ends(&mut history, 1, verdict).paused, None);
    }
    assert_eq!(ends(&mut history, 22, Unrecovered).paused, None);
    assert_eq!(denial(&mut history), None);

    let last = ends(&mut history, 4, Unrecovered);
    let reason = "3 victims in a row did not recover: deployment/web-1 in shop; deployment/web-2 in team; \
                  deployment/web-4 in shop";
    assert_eq!(last.paused.as_deref(), Some(reason));
    let denied = denial(&mut history).unwrap();
    assert_eq!(
        denied.to_string(),
        format!("paused by macaque: {reason} (annotation macaque/paused); `macaque resume` lifts it")
    );

    history.take(&HolderStep::of(0, StepKind::Resume));
    assert_eq!(history.journal.strikes(), [] as [String; 0]);
    assert_eq!(denial(&mut history), None);
    assert_eq!(
        ends(&mut history, 1, Unrecovered).paused,
        None,
        "the count begins anew"
    );
}

#[test]
fn an_operators_pause_without_an_end_stays_and_one_with_an_end_is_replaced() {
    let pause = |end| PauseRequest {
        end,
        by: Some("jane".to_owned()),
        reason: None,
    };
    let later =
        JournalHistory::new(DisruptionLimits::default(), 1).now + std::time::Duration::from_secs(3600);
    let unreadable = PauseEnd::Unreadable("2h".to_owned());
    for (end, stays) in [
        (PauseEnd::Indefinite, true),
        (unreadable, true),
        (PauseEnd::Until(later), false),
    ] {
        let mut history = started(1);
        let mut ending = victim(1, history.now);
        ending.pod.uid = "uid-1".to_owned();
        assert!(history.disrupts_watched(candidate(1)));

        history.pause = Some(pause(end));
        history.record(recovery_report(&ending, Some(RecoveryVerdict::Unrecovered)));
        let by = history.pause.as_ref().unwrap().by.as_deref();
        assert_eq!(by, Some(if stays { "jane" } else { "macaque" }));
        assert_eq!(pauses(&history.journal).is_empty(), stays);

        history.take(&HolderStep::of(0, StepKind::Resume));
        assert!(history.journal.strikes().is_empty());
    }
}

#[test]
fn a_recovery_while_macaque_is_paused_lifts_nothing_and_the_next_strike_is_the_first() {
    let mut history = started(1);
    for pod in [1, 2] {
        assert!(history.disrupts_watched(candidate(pod)));
    }
    let slot = history.now;
    for (pod, verdict) in [(1, RecoveryVerdict::Unrecovered), (2, RecoveryVerdict::Recovered)] {
        history.record(recovery_report(&victim(pod, slot), Some(verdict)));
    }
    assert!(matches!(denial(&mut history), Some(Denial::Paused(_))));
    history.take(&HolderStep::of(0, StepKind::Resume));
    assert_eq!(
        ends(&mut history, 1, RecoveryVerdict::Unrecovered)
            .paused
            .as_deref(),
        Some("a victim did not recover: deployment/web-1 in shop")
    );
}

#[test]
fn the_reason_of_a_pause_names_the_last_owners_and_is_bounded() {
    let mut history = started(100);
    for _ in 0..99 {
        assert_eq!(ends(&mut history, 1, RecoveryVerdict::Unrecovered).paused, None);
    }
    let slot = history.journal.round().unwrap().slot;
    for pod in [2, 4] {
        assert!(history.disrupts_watched(candidate(pod)));
    }
    let mut unrecovered = |pod| {
        history.record(recovery_report(
            &victim(pod, slot),
            Some(RecoveryVerdict::Unrecovered),
        ));
        let last = history.journal.outbox().last().unwrap();
        last.recovery_report().unwrap().paused.clone()
    };
    let reason = unrecovered(2).unwrap();
    let (lead, named) = reason.split_once(": ").unwrap();
    assert_eq!(lead, "100 victims in a row did not recover, the last of");
    assert_eq!(named.matches("deployment/").count(), 5);

    assert_eq!(unrecovered(4), None, "it is paused already");
    assert_eq!(history.journal.strikes().len(), 100);
}
