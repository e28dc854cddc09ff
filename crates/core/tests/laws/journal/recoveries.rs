//! Laws of recoveries: each that begins ends in one message, holds its owner back while it is open, and is watched by
//! one process at a time.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use macaque_core::config::{DisruptionLimits, RecoveryPolicy};
use macaque_core::guard::RecoveredGuard;
use macaque_core::journal::{
    Denial, Journal, JournalEvent, Message, ReservationState, Resolution, StepContext,
};
use macaque_core::outcome::Outcome;
use macaque_core::recovery::{
    AcceptedBy, RecoveryBaseline, RecoveryPrecision, RecoveryReport, RecoveryVerdict,
};
use proptest::prelude::*;

use super::history::{HolderStep, JournalHistory, StepKind, steps};
use super::samples::{baseline, candidate, is_watched, limits, recovery_report, report, victim};

/// The slot of the round, and the UID of the victim.
type RecoveryKey = (Timestamp, String);

fn policy(recovered: RecoveredGuard) -> RecoveryPolicy {
    RecoveryPolicy {
        timeout: Duration::from_secs(1800),
        recovered,
        strikes: Some(3),
    }
}

fn any_guard() -> impl Strategy<Value = RecoveredGuard> {
    prop::sample::select(vec![
        RecoveredGuard::Off,
        RecoveredGuard::Owner,
        RecoveredGuard::Namespace,
        RecoveredGuard::All,
    ])
}

/// The ends of recoveries that the outbox tells of, by recovery.
fn ends(journal: &Journal) -> BTreeMap<RecoveryKey, RecoveryVerdict> {
    let ended = journal.outbox().iter().filter_map(|entry| match &entry.message {
        Message::Recovery(report) => Some(((report.slot, report.pod.uid.clone()), report.verdict?)),
        Message::Report(_) | Message::Notice(_) => None,
    });
    ended.collect()
}

fn recovering(journal: &Journal) -> Vec<RecoveryKey> {
    let records = journal.recovering().iter();
    records
        .map(|record| (record.victim.slot, record.victim.pod.uid.clone()))
        .collect()
}

/// The recovery that a step from `before` to `next` begins, and whether it is in doubt.
fn begun(before: &Journal, next: &Journal) -> Option<(RecoveryKey, AcceptedBy)> {
    let pending = before.round()?.pending_reservation()?;
    let number: u8 = pending.pod.uid.strip_prefix("uid-")?.parse().unwrap();
    let round = next.round().filter(|_| is_watched(number))?;
    let now = round
        .reservations
        .iter()
        .find(|reservation| reservation.pod == pending.pod)?;

    let origin = match now.state {
        ReservationState::Pending => return None,
        ReservationState::Disrupted => AcceptedBy::Answer,
        ReservationState::Unknown => AcceptedBy::Doubt,
    };
    Some(((round.slot, pending.pod.uid.clone()), origin))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn every_recovery_that_begins_is_watched_until_one_message_reports_its_end_and_a_doubt_is_never_recovered(
        limits in limits(), guard in any_guard(), steps in steps(),
    ) {
        let mut history = JournalHistory::new(limits, 3);
        history.recovery = policy(guard);
        let mut open: BTreeMap<RecoveryKey, AcceptedBy> = BTreeMap::new();

        for step in steps {
            let before = history.journal.clone();
            history.take(&step);
            open.extend(begun(&before, &history.journal));

            let known = ends(&before);
            for (key, verdict) in ends(&history.journal) {
                if known.contains_key(&key) {
                    continue;
                }
                let origin = open.remove(&key);
                prop_assert!(origin.is_some(), "{key:?} was reported twice, or never began");
                prop_assert!(origin != Some(AcceptedBy::Doubt) || verdict == RecoveryVerdict::Unwatched);
            }
            let mut watched = recovering(&history.journal);
            watched.sort_unstable();
            prop_assert_eq!(watched, open.keys().cloned().collect::<Vec<_>>());
        }
    }

    #[test]
    fn nobody_is_reserved_while_a_recovery_that_matters_is_open_and_nobody_held_back_for_none(
        limits in limits(), guard in any_guard(), steps in steps(),
    ) {
        let mut history = JournalHistory::new(limits.clone(), 3);
        history.recovery = policy(guard);

        for step in steps {
            let before = history.journal.clone();
            let (event, context) = history.event(&step);
            let now = context.now;
            let result = before.step(&event, &context);
            let open: Vec<_> = before.recovering().iter().filter(|record| now < record.until).collect();

            if let StepKind::Reserve { pod } = step.kind {
                let victim = candidate(pod);
                let matters = open.iter().any(|record| {
                    let same_namespace = record.victim.pod.namespace == victim.pod.namespace;
                    match guard {
                        RecoveredGuard::Off => false,
                        RecoveredGuard::Owner => same_namespace && Some(&record.victim.owner) == victim.owner.as_ref(),
                        RecoveredGuard::Namespace => same_namespace,
                        RecoveredGuard::All => true,
                    }
                });
                let is_full = limits.in_flight.is_some_and(|limit| open.len() >= limit);
                match &result {
                    Ok(next) if *next != before => prop_assert!(!matters && !is_full),
                    Err(Denial::NotRecovered(hold)) => prop_assert!(matters, "{hold}"),
                    Err(Denial::InFlightReached { .. }) => prop_assert!(is_full),
                    _ => {}
                }
            }
            history.take(&HolderStep { clock_shift: 0, ..step });
        }
    }

    #[test]
    fn no_recovery_is_watched_for_ever(limits in limits(), steps in steps()) {
        let mut history = JournalHistory::new(limits, 3);
        history.recovery = policy(RecoveredGuard::Owner);
        for step in steps {
            history.take(&step);
        }

        // Whoever watches goes on, by whatever clock.
        for holder in 0..3 {
            history.take(&HolderStep::of(holder, StepKind::TakeOver));
        }
        let open = recovering(&history.journal);
        history.take(&HolderStep::of(0, StepKind::TakeOver).after(1800 + 3600));
        prop_assert_eq!(recovering(&history.journal), Vec::new());
        let ended = ends(&history.journal);
        prop_assert!(open.iter().all(|key| ended.contains_key(key)));
    }
}

/// A history in which the first holder has disrupted these pods, all of them watched.
fn disrupted(pods: &[u8]) -> JournalHistory {
    let mut history = JournalHistory::new(DisruptionLimits::default(), 100);
    history.recovery = policy(RecoveredGuard::Owner);
    assert!(history.take(&HolderStep::of(0, StepKind::Claim)));
    for pod in pods {
        assert!(is_watched(*pod));
        assert!(history.take(&HolderStep::of(0, StepKind::Reserve { pod: *pod })));
        resolve(&mut history, Resolution::Disrupted);
    }
    history
}

fn resolve(history: &mut JournalHistory, resolution: Resolution) {
    assert!(history.take(&HolderStep::of(0, StepKind::Resolve { resolution })));
}

/// The pods whose recoveries this holder has to watch.
fn watched_by(history: &JournalHistory, holder: usize) -> usize {
    history.journal.recoveries_of(&history.holders[holder]).count()
}

#[test]
fn another_process_watches_once_the_lease_has_ended_and_at_once_if_it_was_released() {
    let lease = 300;
    let mut history = disrupted(&[1]);
    let take_over = |holder| HolderStep::of(holder, StepKind::TakeOver);
    history.take(&take_over(1).after(lease));
    assert_eq!((watched_by(&history, 0), watched_by(&history, 1)), (1, 0));
    history.take(&take_over(1).after(1));
    assert_eq!((watched_by(&history, 0), watched_by(&history, 1)), (0, 1));

    let mut history = disrupted(&[1]);
    history.take(&HolderStep::of(1, StepKind::Release));
    history.take(&take_over(1));
    assert_eq!(watched_by(&history, 1), 0, "nobody releases the lease of another");
    history.take(&HolderStep::of(0, StepKind::Release));
    history.take(&take_over(1));
    assert_eq!(watched_by(&history, 1), 1);
}

#[test]
fn a_process_that_ends_with_its_round_leaves_its_recoveries_to_any_other_at_once() {
    let mut history = disrupted(&[]);
    assert!(history.take(&HolderStep::of(0, StepKind::Reserve { pod: 1 })));
    let journal = history.journal.clone();
    let resolution = Resolution::Disrupted;
    let (event, context) = history.event(&HolderStep::of(0, StepKind::Resolve { resolution }));
    let leaving = StepContext {
        keeps_recoveries: false,
        ..context
    };
    history.journal = journal.step(&event, &leaving).unwrap();

    history.take(&HolderStep::of(1, StepKind::TakeOver));
    assert_eq!(watched_by(&history, 1), 1);
}

#[test]
fn a_recovery_begins_with_the_answer_or_with_the_request_if_none_came_and_is_in_doubt_after_an_unknown_outcome()
 {
    // Without an answer the server may have acted until it was looked, at 10 s: the timeout counts from then on.
    let outcomes = [
        (Resolution::Disrupted, Some(2), AcceptedBy::Answer, 2, 2),
        (Resolution::Disrupted, None, AcceptedBy::Lookup, 0, 10),
        (Resolution::Unknown, None, AcceptedBy::Doubt, 0, 10),
        (Resolution::Unknown, Some(2), AcceptedBy::Doubt, 2, 10),
    ];
    for (resolution, accepted, origin, seconds, counts_from) in outcomes {
        let mut history = disrupted(&[]);
        let began = history.now;
        let second = SignedDuration::from_secs;
        assert!(history.take(&HolderStep::of(0, StepKind::Reserve { pod: 1 })));

        let journal = history.journal.clone();
        let (_, context) = history.event(&HolderStep::of(0, StepKind::TakeOver).after(10));
        let event = JournalEvent::Resolve {
            uid: "uid-1".to_owned(),
            resolution,
            accepted: accepted.map(|seconds| began + second(seconds)),
        };
        let next = journal.step(&event, &context).unwrap();
        let [record] = next.recovering() else {
            panic!("{:?}", next.recovering())
        };
        assert_eq!(record.victim.origin, origin);
        assert_eq!(record.victim.accepted, began + second(seconds));
        assert_eq!(record.until, began + second(counts_from + 1800));
        assert_eq!(next.round().unwrap().reservations[0].baseline, None);
    }
}

#[test]
fn a_round_that_closes_over_a_pending_victim_leaves_its_recovery_in_doubt() {
    let mut history = disrupted(&[]);
    assert!(history.take(&HolderStep::of(0, StepKind::Reserve { pod: 1 })));
    assert_eq!(
        history.journal.in_flight(history.now),
        1,
        "a pending victim counts"
    );
    history.close(report(history.now, 1, ""));

    let [record] = history.journal.recovering() else {
        panic!("{:?}", history.journal.recovering())
    };
    assert_eq!(record.victim.origin, AcceptedBy::Doubt);
    assert_eq!(history.journal.in_flight(history.now), 1, "and counts once");
}

#[test]
fn a_round_that_closes_records_what_its_report_knows_of_a_pending_victim() {
    let closed = |outcome| {
        let mut history = disrupted(&[]);
        assert!(history.take(&HolderStep::of(0, StepKind::Reserve { pod: 1 })));
        let mut known = report(history.now, 0, "");
        known.attempts = report(history.now, 2, "").attempts.split_off(1);
        known.attempts[0].outcome = outcome;
        history.close(known);
        history.journal
    };

    let evicted = closed(Outcome::Evicted);
    assert_eq!(
        evicted.round().unwrap().reservations[0].state,
        ReservationState::Disrupted
    );
    assert_eq!(evicted.recovering()[0].victim.origin, AcceptedBy::Lookup);

    let refused = closed(Outcome::Gone);
    assert_eq!(refused.round().unwrap().reservations, []);
    assert_eq!(refused.recovering(), []);
}

#[test]
fn what_is_released_or_has_no_baseline_or_no_owner_is_not_watched() {
    let mut history = disrupted(&[]);
    assert!(history.take(&HolderStep::of(0, StepKind::Reserve { pod: 1 })));
    resolve(&mut history, Resolution::Released);
    assert!(history.take(&HolderStep::of(0, StepKind::Reserve { pod: 3 })));
    resolve(&mut history, Resolution::Disrupted);
    assert_eq!(history.journal.recovering(), []);
}

#[test]
fn the_forty_first_recovery_ends_the_oldest_or_one_past_its_end_and_a_message_says_so() {
    let mut history = JournalHistory::new(DisruptionLimits::default(), 100);
    history.recovery = RecoveryPolicy {
        recovered: RecoveredGuard::Off,
        ..policy(RecoveredGuard::Off)
    };
    let disrupt = |history: &mut JournalHistory, name: String| {
        let mut pod = candidate(1);
        pod.pod.uid = name;
        assert!(history.disrupts_watched(pod));
    };
    assert!(history.take(&HolderStep::of(0, StepKind::Claim)));
    for n in 0..41 {
        disrupt(&mut history, format!("uid-{n}"));
    }

    let gone = ends(&history.journal);
    assert_eq!(history.journal.recovering().len(), 40);
    assert_eq!(
        gone.keys().map(|(_, uid)| uid.as_str()).collect::<Vec<_>>(),
        ["uid-0"]
    );
    assert_eq!(gone.values().collect::<Vec<_>>(), [&RecoveryVerdict::Unwatched]);

    history.close(report(history.now, 0, ""));
    assert!(history.take(&HolderStep::of(0, StepKind::Claim).after(1801)));
    disrupt(&mut history, "uid-41".to_owned());
    let gone = ends(&history.journal);
    assert!(gone.keys().any(|(_, uid)| uid == "uid-1"), "{gone:?}");
}

#[test]
fn a_clock_that_was_set_back_keeps_no_recovery_open_for_longer() {
    let mut history = disrupted(&[1]);
    history.take(&HolderStep::of(0, StepKind::TakeOver).after(-24 * 3600));
    let latest = history.now + SignedDuration::from_secs(1800);
    assert_eq!(history.journal.open_recoveries(latest).count(), 0);
}

#[test]
fn a_clock_that_is_behind_ends_no_recovery_sooner_and_one_that_is_ahead_gives_none_up() {
    for ahead in [-72, 72].map(SignedDuration::from_hours) {
        let mut history = disrupted(&[1]);
        let before = history.journal.recovering()[0].until;
        assert!(history.take_ahead(&HolderStep::of(0, StepKind::TakeOver).after(240), ahead));

        let recovering = history.journal.recovering();
        let untils: Vec<_> = recovering.iter().map(|record| record.until).collect();
        assert_eq!(untils, [before], "{ahead}");
    }
}

#[test]
fn who_looks_only_after_the_owners_next_victim_does_not_say_that_the_earlier_one_did_not_recover() {
    use RecoveryPrecision::{Approximate, Watch};
    use RecoveryVerdict::{Unrecovered, Unwatched};

    // The pods 1 and 11 are of one owner.
    for (precision, next_victim, verdict) in [
        (Approximate, 11, Unwatched),
        (Approximate, 2, Unrecovered),
        (Watch, 11, Unrecovered),
    ] {
        let mut history = disrupted(&[]);
        history.recovery.timeout = Duration::from_secs(60);
        assert!(history.disrupts_watched(candidate(1)));
        let record = history.journal.recovering()[0].clone();
        history.now = record.until;
        assert!(history.disrupts_watched(candidate(next_victim)));

        history.record(RecoveryReport {
            precision,
            ..recovery_report(&record.victim, Some(Unrecovered))
        });
        let reported = history
            .journal
            .outbox()
            .last()
            .unwrap()
            .recovery_report()
            .unwrap();
        assert_eq!(
            reported.verdict,
            Some(verdict),
            "{precision:?}, then pod {next_victim}"
        );
        assert_eq!(reported.why.is_some(), verdict == Unwatched);
        assert_eq!(history.journal.strikes().is_empty(), verdict == Unwatched);
    }
}

#[test]
fn a_replacement_that_is_stuck_is_reported_once_for_each_reason() {
    let mut history = disrupted(&[1]);
    let victim = victim(1, history.now);
    let reported = |history: &JournalHistory| {
        let entries = history.journal.outbox().iter();
        let reports = entries.filter_map(|entry| entry.recovery_report());
        let troubles = reports.filter_map(|report| report.trouble.as_ref());
        troubles.map(|trouble| trouble.reason.clone()).collect::<Vec<_>>()
    };

    for reason in [
        "ErrImagePull",
        "ImagePullBackOff",
        "ErrImagePull",
        "ImagePullBackOff",
    ] {
        for message in ["after 10s", "after 20s"] {
            let mut report = recovery_report(&victim, None);
            let trouble = report.trouble.as_mut().unwrap();
            trouble.reason = reason.to_owned();
            trouble.message = message.to_owned();
            history.record(report);
        }
    }
    assert_eq!(reported(&history), ["ErrImagePull", "ImagePullBackOff"]);

    for n in 0..10 {
        let mut report = recovery_report(&victim, None);
        report.trouble.as_mut().unwrap().reason = format!("Reason{n}");
        history.record(report);
    }
    assert_eq!(reported(&history).len(), 5, "no flood of reasons");
}

#[test]
fn a_baseline_with_too_much_for_the_journal_is_kept_so_that_no_sibling_is_taken_for_a_replacement() {
    let many = RecoveryBaseline {
        revisions: (0..30).map(|n| format!("revision-{n}")).collect(),
        newest: Some(Timestamp::UNIX_EPOCH),
        newest_uids: (0..30).map(|n| format!("sibling-{n}")).collect(),
        ..baseline()
    };
    let mut history = disrupted(&[]);
    assert!(history.disrupts_from(candidate(1), Some(many)));

    let kept = &history.journal.recovering()[0].victim.baseline;
    let expected = RecoveryBaseline {
        newest: Some(Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1)),
        ..baseline()
    };
    assert_eq!(
        *kept, expected,
        "none is named, and a replacement is younger than all"
    );
}

#[test]
fn of_a_disruption_in_doubt_only_that_is_reported_whatever_was_seen_of_its_owner() {
    let mut history = disrupted(&[]);
    assert!(history.take(&HolderStep::of(0, StepKind::Reserve { pod: 1 })));
    resolve(&mut history, Resolution::Unknown);

    // Whoever watches since the answer to a repeated request does not know of the doubt.
    let watched = victim(1, history.now);
    history.record(recovery_report(&watched, None));
    history.record(recovery_report(&watched, Some(RecoveryVerdict::Recovered)));
    let reports: Vec<_> = history
        .journal
        .outbox()
        .iter()
        .filter_map(|entry| entry.recovery_report())
        .map(|report| (report.verdict, report.why.clone().unwrap_or_default()))
        .collect();
    let doubt = format!("it is not known whether {} was disrupted", watched.pod);
    assert_eq!(reports, [(Some(RecoveryVerdict::Unwatched), doubt)]);
}

#[test]
fn an_owner_that_recovered_frees_its_place_and_one_that_did_not_counts_for_ten_minutes() {
    let verdicts = RecoveryVerdict::ALL.into_iter();
    for verdict in verdicts {
        let counts = matches!(verdict, RecoveryVerdict::Unrecovered | RecoveryVerdict::Unwatched);
        let mut history = disrupted(&[]);
        history.limits.per_node = Some(1);
        assert!(history.take(&HolderStep::of(0, StepKind::Reserve { pod: 1 })));
        resolve(&mut history, Resolution::Disrupted);
        let other = || HolderStep::of(0, StepKind::Reserve { pod: 6 });
        assert!(!history.take(&other()), "pod 6 is on the same node");

        history.record(recovery_report(&victim(1, history.now), Some(verdict)));
        assert_eq!(history.take(&other()), !counts, "{verdict:?}");
    }
}

#[test]
fn a_victim_that_has_not_recovered_counts_for_its_node_beyond_ten_minutes_and_the_words_say_so() {
    let mut history = disrupted(&[]);
    history.limits.per_node = Some(1);
    assert!(history.take(&HolderStep::of(0, StepKind::Reserve { pod: 1 })));
    resolve(&mut history, Resolution::Disrupted);
    history.close(report(history.now, 1, ""));
    assert!(history.take(&HolderStep::of(0, StepKind::Claim).after(1700)));

    let journal = history.journal.clone();
    let (event, context) = history.event(&HolderStep::of(0, StepKind::Reserve { pod: 6 }));
    let denial = journal.step(&event, &context).unwrap_err();
    assert_eq!(
        denial.to_string(),
        "the limit of 1 victim that has not recovered on node node-1 is reached until 2027-01-15T08:30:00Z at the \
         latest (limits.per_node)"
    );
    assert!(history.take(&HolderStep::of(0, StepKind::Reserve { pod: 6 }).after(100)));
}

#[test]
fn a_limit_on_victims_in_flight_ends_the_round_and_withholds_the_next_until_one_has_recovered() {
    let mut history = disrupted(&[]);
    history.limits.in_flight = Some(1);
    let remaining = |history: &JournalHistory| history.journal.remaining(&history.limits, history.now);
    assert_eq!(remaining(&history), Some(1));
    assert!(history.take(&HolderStep::of(0, StepKind::Reserve { pod: 1 })));
    assert_eq!(remaining(&history), Some(0));
    resolve(&mut history, Resolution::Disrupted);
    let slot = history.now;

    let denial = |history: &mut JournalHistory, step: HolderStep| {
        let journal = history.journal.clone();
        let (event, context) = history.event(&step);
        journal.step(&event, &context).unwrap_err()
    };
    let words = "the limit of 1 victim that has not recovered yet is reached (limits.in_flight)";
    let denied = denial(&mut history, HolderStep::of(0, StepKind::Reserve { pod: 2 }));
    assert_eq!(denied.to_string(), words);
    history.close(report(history.now, 1, ""));
    let denied = denial(&mut history, HolderStep::of(1, StepKind::Claim).after(60));
    assert_eq!(denied.to_string(), words);
    assert!(denied.is_common(), "every replica gets the same answer");

    history.record(recovery_report(&victim(1, slot), Some(RecoveryVerdict::Shrunk)));
    assert_eq!(remaining(&history), Some(1));
    assert!(history.take(&HolderStep::of(1, StepKind::Claim)));
}
