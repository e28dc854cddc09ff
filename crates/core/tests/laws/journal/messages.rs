//! Laws of messages about recoveries: they push out no report, the Killer of the Watcher's process delivers them, and
//! they know the threads that they belong to.

use std::collections::BTreeMap;
use std::time::Duration;

use macaque_core::config::{DisruptionLimits, RecoveryPolicy};
use macaque_core::journal::{JournalEvent, LeaseHolder, Message, MessageId, OutboxEntry, StepContext};
use macaque_core::recovery::{DisruptedVictim, RecoveryReport, RecoveryVerdict, UsualRecovery};

use super::history::{HolderStep, JournalHistory, StepKind};
use super::samples::{candidate, recovery_report, report, victim};

/// A history in which a round disrupts as many pods as a test needs.
fn started() -> JournalHistory {
    let mut history = JournalHistory::new(DisruptionLimits::default(), 1000);
    history.recovery = RecoveryPolicy::off();
    history.timing.spacing = Duration::ZERO;
    assert!(history.take(&HolderStep::of(0, StepKind::Claim)));
    history
}

/// Disrupts a pod with this UID, whose recovery is watched.
fn disrupted(history: &mut JournalHistory, uid: &str) -> DisruptedVictim {
    let mut victim = victim(1, history.journal.round().unwrap().slot);
    victim.pod.uid = uid.to_owned();
    let mut candidate = candidate(1);
    candidate.pod = victim.pod.clone();
    assert!(history.disrupts_watched(candidate));
    victim
}

/// Disrupts a pod with this UID, and its recovery ends so.
fn ended(history: &mut JournalHistory, uid: &str, verdict: RecoveryVerdict) -> RecoveryReport {
    let victim = disrupted(history, uid);
    let report = recovery_report(&victim, Some(verdict));
    history.record(report.clone());
    report
}

fn recoveries(history: &JournalHistory) -> Vec<&OutboxEntry> {
    let entries = history.journal.outbox().iter();
    entries
        .filter(|entry| entry.recovery_report().is_some())
        .collect()
}

/// The report of the round of `history` is delivered, and these are the messages in the channels.
fn delivered(history: &mut JournalHistory, threads: &[(&str, &str)], done: bool) {
    let thread = |(channel, thread): &(&str, &str)| (channel.to_string(), Some(thread.to_string()));
    let delivered = JournalEvent::Delivered {
        message: MessageId::of_round(history.journal.round().unwrap().slot),
        channels: threads.iter().map(thread).collect(),
        done,
    };
    assert!(history.commit(&delivered));
}

fn threads(known: &[(&str, &str)]) -> BTreeMap<String, String> {
    let known = known.iter();
    known
        .map(|(channel, thread)| (channel.to_string(), thread.to_string()))
        .collect()
}

#[test]
fn recoveries_push_out_no_report_and_reports_no_recovery() {
    let mut history = started();
    history.close(report(history.now, 1, ""));
    assert!(history.take(&HolderStep::of(0, StepKind::Claim).after(1)));
    for n in 0..50 {
        ended(&mut history, &format!("uid-{n}"), RecoveryVerdict::Recovered);
    }
    assert_eq!(recoveries(&history).len(), 40);
    assert_eq!(history.journal.dropped(), 10);
    assert!(history.journal.outbox()[0].round_report().is_some());

    for _ in 0..30 {
        history.close(report(history.now, 1, ""));
        assert!(history.take(&HolderStep::of(0, StepKind::Claim).after(1)));
    }
    assert_eq!(recoveries(&history).len(), 40);
    assert_eq!(history.journal.outbox().len(), 60);
}

#[test]
fn of_too_many_messages_those_that_need_nobody_go_first() {
    let mut history = started();
    ended(&mut history, "bad", RecoveryVerdict::Unrecovered);
    ended(&mut history, "good", RecoveryVerdict::Recovered);
    for n in 0..39 {
        ended(&mut history, &format!("slow-{n}"), RecoveryVerdict::Slow);
    }
    let uids: Vec<_> = recoveries(&history)
        .into_iter()
        .filter_map(|entry| Some(entry.recovery_report()?.pod.uid.as_str()))
        .collect();
    assert!(uids.contains(&"bad") && !uids.contains(&"good"), "{uids:?}");
}

#[test]
fn the_killer_of_the_same_process_delivers_what_the_watcher_wrote_and_another_only_after_the_lease() {
    let mut history = started();
    let victim = disrupted(&mut history, "uid-1");
    let watcher = LeaseHolder {
        incarnation: 0,
        ..history.holders[0].clone()
    };
    let journal = history.journal.clone();
    let (_, context) = history.event(&HolderStep::of(0, StepKind::TakeOver));
    let context = StepContext {
        holder: &watcher,
        ..context
    };
    let ended = JournalEvent::ReportRecovery(Box::new(recovery_report(&victim, Some(RecoveryVerdict::Slow))));
    history.journal = journal.step(&ended, &context).unwrap();

    for (holder, clock_shift, delivers) in [(1, 300, 0), (0, 0, 1), (1, 1, 0), (1, 300, 1)] {
        history.take(&HolderStep::of(holder, StepKind::TakeOver).after(clock_shift));
        let holder = &history.holders[holder];
        assert_eq!(history.journal.outbox_of(holder).count(), delivers);
    }
}

#[test]
fn a_message_is_found_as_it_was_recorded_until_it_is_delivered() {
    let mut history = started();
    let report = ended(&mut history, "uid-1", RecoveryVerdict::Recovered);
    let again = ended(&mut history, "uid-2", RecoveryVerdict::Slow);
    let id = |report: &RecoveryReport| Message::Recovery(report.clone()).id();
    let found = |history: &JournalHistory, report: &RecoveryReport| {
        let entry = history.journal.message(&id(report));
        entry.and_then(|entry| entry.recovery_report().cloned())
    };

    let usual = UsualRecovery {
        count: 1,
        median_ms: 4500,
        slowest_ms: 4500,
    };
    assert_eq!(found(&history, &report), Some(report.clone()));
    let recorded = RecoveryReport {
        usual: Some(usual),
        ..again.clone()
    };
    assert_eq!(found(&history, &again), Some(recorded));

    assert!(history.commit(&JournalEvent::Delivered {
        message: id(&report),
        channels: BTreeMap::new(),
        done: true,
    }));
    assert_eq!(found(&history, &report), None);
}

#[test]
fn what_is_reported_of_a_recovery_knows_the_threads_of_its_round_whenever_they_become_known() {
    let mut history = started();
    let before = disrupted(&mut history, "before");
    ended(&mut history, "waiting", RecoveryVerdict::Slow);
    history.close(report(history.now, 1, ""));

    delivered(&mut history, &[("slack", "1.2")], false);
    delivered(&mut history, &[("slack", "3.4"), ("webex", "Y2")], true);
    let known = threads(&[("slack", "1.2"), ("webex", "Y2")]);
    assert_eq!(
        recoveries(&history)[0].threads,
        known,
        "the first message stays the parent"
    );
    assert_eq!(history.journal.recovering()[0].threads, known);

    history.record(recovery_report(&before, None));
    history.record(recovery_report(&before, Some(RecoveryVerdict::Unrecovered)));
    let messages: Vec<_> = recoveries(&history)
        .into_iter()
        .map(|entry| &entry.threads)
        .collect();
    assert_eq!(messages, [&known; 3]);

    assert!(history.take(&HolderStep::of(0, StepKind::Claim).after(60)));
    ended(&mut history, "next", RecoveryVerdict::Slow);
    assert!(
        recoveries(&history)[3].threads.is_empty(),
        "another round has other threads"
    );
}

#[test]
fn usual_is_the_median_of_the_last_eight_recoveries_of_seven_days_seen_by_watch_or_poll() {
    use macaque_core::recovery::RecoveryPrecision::{Poll, Timestamps, Watch};
    let mut history = started();
    let usual = |history: &JournalHistory| {
        let owner = victim(1, history.now).owner;
        let usual = history.journal.usual_recovery("shop", &owner, history.now);
        usual.map(|usual| (usual.count, usual.median_ms, usual.slowest_ms))
    };
    let recovers = |history: &mut JournalHistory, millis: u64, precision| {
        let victim = disrupted(history, &format!("uid-{}", history.journal.sequence()));
        let mut report = recovery_report(&victim, Some(RecoveryVerdict::Recovered));
        report.times.whole_ms = Some(millis);
        report.precision = precision;
        history.record(report);
    };

    assert_eq!(usual(&history), None);
    recovers(&mut history, 90_000, Timestamps);
    assert_eq!(usual(&history), None, "too imprecise");
    recovers(&mut history, 9000, Watch);
    recovers(&mut history, 4000, Poll { interval_ms: 1000 });
    assert_eq!(usual(&history), Some((2, 6500, 9000)));
    recovers(&mut history, 5000, Watch);
    assert_eq!(usual(&history), Some((3, 5000, 9000)));
    for _ in 0..7 {
        recovers(&mut history, 1000, Watch);
    }
    assert_eq!(usual(&history), Some((8, 1000, 5000)));
    ended(&mut history, "unrecovered", RecoveryVerdict::Unrecovered);
    assert_eq!(usual(&history), Some((8, 1000, 5000)));

    history.close(report(history.now, 1, ""));
    assert!(history.take(&HolderStep::of(0, StepKind::Claim).after(7 * 24 * 3600 + 1)));
    assert_eq!(usual(&history), None);
    let (text, _) = history.journal.write();
    assert!(!text.contains("1000 ms at"), "{text}");
}

#[test]
fn of_more_than_two_hundred_owners_those_that_recovered_least_recently_are_forgotten() {
    let mut history = started();
    for n in 0..201 {
        let mut victim = disrupted(&mut history, &format!("uid-{n}"));
        victim.owner.name = format!("web-{n}");
        history.record(recovery_report(&victim, Some(RecoveryVerdict::Recovered)));
    }
    let is_known = |n: usize| {
        let mut owner = victim(1, history.now).owner;
        owner.name = format!("web-{n}");
        history
            .journal
            .usual_recovery("shop", &owner, history.now)
            .is_some()
    };
    assert_eq!([0, 1, 200].map(is_known), [false, true, true]);
}
