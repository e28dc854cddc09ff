//! Laws of the limits: no window ever holds more than it may, whatever clocks and holders do.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use macaque_core::config::DisruptionLimits;
use macaque_core::guard::{GuardHold, HoldAnswer};
use macaque_core::journal::{JournalEvent, MessageId, PauseRequest, Resolution};
use macaque_core::outcome::Outcome;
use macaque_core::pod::PodTrouble;
use macaque_core::recovery::{RecoveryBaseline, RecoveryVerdict};
use macaque_core::report::RoundReport;
use proptest::prelude::*;

use super::history::{HolderStep, JournalHistory, StepKind, steps};
use super::samples::{baseline, candidate, limits, recovery_report, report};

/// A reservation that was not released.
#[derive(Debug, Clone)]
struct SpentReservation {
    uid: String,
    owner: (bool, u8),
    at: Timestamp,
    /// Whether a clock was seen past the end of its owner's cooldown: a clock that goes back starts no cooldown anew.
    cooled: bool,
}

/// The namespace and the number of the owner of a pod.
fn owner(pod: u8) -> (bool, u8) {
    (pod < 20, pod % 10)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn no_hour_and_no_day_holds_more_than_its_limit(limits in limits(), steps in steps()) {
        let mut history = JournalHistory::new(limits.clone(), 3);
        let mut spent: Vec<SpentReservation> = Vec::new();
        for step in steps {
            let before = history.journal.clone();
            let took = history.take(&step);
            let now = history.now;
            let cooldown = SignedDuration::try_from(limits.cooldown).unwrap();
            for spent in &mut spent {
                spent.cooled |= now.duration_since(spent.at) >= cooldown;
            }
            if !took {
                continue;
            }
            match step.kind {
                StepKind::Reserve { pod } if history.journal != before => {
                    let within = |hours: i64| {
                        let since = now - SignedDuration::from_hours(hours);
                        spent.iter().filter(|spent| spent.at > since).count()
                    };
                    prop_assert!(limits.per_hour.is_none_or(|limit| within(1) < limit));
                    prop_assert!(limits.per_day.is_none_or(|limit| within(24) < limit));
                    let in_cooldown = |spent: &SpentReservation| !spent.cooled && spent.owner == owner(pod);
                    prop_assert!(!spent.iter().any(in_cooldown), "its owner is in cooldown");
                    spent.push(SpentReservation { uid: candidate(pod).pod.uid, owner: owner(pod), at: now, cooled: cooldown.is_zero() });
                }
                StepKind::Resolve { resolution: Resolution::Released } if history.journal != before => {
                    let kept: Vec<_> = history.journal.round().unwrap().reservations.iter().map(|reservation| &reservation.pod.uid).collect();
                    let undone = before.round().unwrap().reservations.iter().find(|reservation| !kept.contains(&&reservation.pod.uid));
                    let undone = undone.unwrap().pod.uid.clone();
                    let place = spent.iter().rposition(|spent| spent.uid == undone).unwrap();
                    spent.remove(place);
                }
                _ => {}
            }
        }
    }
}

#[test]
fn what_is_released_makes_room_again() {
    let limits = DisruptionLimits {
        per_hour: Some(1),
        cooldown: Duration::from_secs(60),
        ..DisruptionLimits::default()
    };
    let mut history = JournalHistory::new(limits.clone(), 3);
    let step = |kind| HolderStep::of(0, kind);

    assert!(history.take(&step(StepKind::Claim)));
    assert!(history.take(&step(StepKind::Reserve { pod: 1 })));

    let resolution = Resolution::Released;
    assert!(history.take(&step(StepKind::Resolve { resolution })));
    assert_eq!(history.journal.remaining(&limits, history.now), Some(1));
    assert!(
        history.take(&step(StepKind::Reserve { pod: 1 })),
        "its owner is not in cooldown either"
    );

    let resolution = Resolution::Unknown;
    assert!(history.take(&step(StepKind::Resolve { resolution })));
    assert_eq!(history.journal.remaining(&limits, history.now), Some(0));
}

#[test]
fn a_clock_that_is_set_back_finds_the_whole_day_that_it_looks_back_on() {
    let limits = DisruptionLimits {
        per_day: Some(1),
        ..DisruptionLimits::default()
    };
    let mut history = JournalHistory::new(limits, 3);
    let step = |kind, clock_shift| HolderStep::of(0, kind).after(clock_shift);

    assert!(history.take(&step(StepKind::Claim, 0)));
    assert!(history.take(&step(StepKind::Reserve { pod: 0 }, 0)));
    let resolution = Resolution::Disrupted;
    assert!(history.take(&step(StepKind::Resolve { resolution }, 0)));
    assert!(history.take(&step(StepKind::Close, 0)));

    let day = 24 * 3600;
    assert!(
        history.take(&step(StepKind::Claim, day + 60)),
        "a day later the limit allows another round"
    );
    assert!(
        !history.take(&step(StepKind::Reserve { pod: 1 }, -120)),
        "a minute before the day is over it does not"
    );
}

#[test]
fn a_clock_that_is_set_days_ahead_makes_the_journal_forget_no_disruption() {
    let limits = DisruptionLimits {
        per_day: Some(1),
        ..DisruptionLimits::default()
    };
    let mut history = JournalHistory::new(limits.clone(), 1);
    assert!(history.take(&HolderStep::of(0, StepKind::Claim)));
    assert!(history.take(&HolderStep::of(0, StepKind::Reserve { pod: 0 })));

    let reserved = history.journal.clone();
    let resolution = Resolution::Disrupted;
    let resolve = HolderStep::of(0, StepKind::Resolve { resolution });
    assert!(history.take_ahead(&resolve, SignedDuration::from_hours(72)));
    assert_ne!(history.journal, reserved);
    assert_eq!(history.journal.remaining(&limits, history.now), Some(0));
}

#[test]
fn clocks_that_differ_by_as_much_as_they_may_shorten_no_hour() {
    let limits = DisruptionLimits {
        per_hour: Some(1),
        ..DisruptionLimits::default()
    };
    let mut history = JournalHistory::new(limits, 1);
    let apart = SignedDuration::from_secs(30);
    let step = HolderStep::of;

    assert!(history.take(&step(0, StepKind::Claim)));
    assert!(history.take_ahead(&step(0, StepKind::Reserve { pod: 0 }), -apart));
    let resolution = Resolution::Disrupted;
    assert!(history.take_ahead(&step(0, StepKind::Resolve { resolution }), -apart));
    assert!(history.take_ahead(&step(0, StepKind::Close), -apart));

    assert!(!history.take_ahead(&step(1, StepKind::Claim).after(3600 - 20), apart));
    assert!(history.take_ahead(&step(1, StepKind::Claim).after(80), apart));
}

#[test]
fn the_fullest_journal_fits_into_a_config_map() {
    let mut history = JournalHistory::new(DisruptionLimits::default(), 100);
    history.timing.spacing = Duration::ZERO;
    let step = |kind, clock_shift| HolderStep::of(0, kind).after(clock_shift);

    // Somebody wants windows and digests.
    assert!(history.take(&step(StepKind::Issue, 0)));

    // A round a minute for two days, for the usage.
    for _ in 0..2 * 1440 {
        assert!(history.take(&step(StepKind::Claim, 60)));
        assert!(history.take(&step(StepKind::Reserve { pod: 0 }, 0)));
        let resolution = Resolution::Disrupted;
        assert!(history.take(&step(StepKind::Resolve { resolution }, 0)));
        history.close(report(history.now, 0, ""));
    }

    // Then rounds of a hundred victims of as many owners with the longest names, reported in hostile words.
    history.limits.cooldown = Duration::from_secs(7 * 24 * 3600);
    let words = "\u{1}\"<&".repeat(3000);

    for minute in 0..25u32 {
        // Half of the cooldowns first, then victims that the caps count as long as there is room.
        let caps = (minute >= 5).then_some(100_000);
        history.limits.per_node = caps;
        history.limits.per_zone = caps;
        history.limits.per_owner_day = caps;

        let claimed = history.take(&step(StepKind::Claim, 60));
        assert!(claimed, "minute {minute}");
        for pod in 0..100u8 {
            let mut victim = candidate(pod);
            victim.pod.uid = format!("{minute}-{pod}-{}", "u".repeat(30));
            victim.pod.namespace = "s".repeat(63);
            victim.pod.name = "n".repeat(253);
            victim.owner.as_mut().unwrap().name = format!("{minute:03}-{pod:03}-{}", "o".repeat(245));
            if !history.disrupts_from(victim, Some(largest_baseline())) {
                break;
            }
        }
        history.close(held_in_hostile_words(
            report(history.now, 100, &words),
            minute,
            &words,
        ));
        recover_in_hostile_words(&mut history, &words);
    }
    pause_in_hostile_words(&mut history);

    let (text, _) = history.journal.write();
    assert!((900_000..1 << 20).contains(&text.len()), "{} bytes", text.len());
    assert!(history.journal.dropped() > 0);
    let notices = history
        .journal
        .outbox()
        .iter()
        .filter(|entry| entry.notice().is_some());
    assert!(notices.count() > 8 && text.contains("held"), "{text}");
    let (open, messages) = (history.journal.recovering().len(), history.journal.outbox().len());
    assert!(
        open > 5 && messages > 30,
        "{open} recoveries, {messages} messages, {} bytes",
        text.len()
    );
}

/// The baseline of an owner with many pods, and the longest names.
fn largest_baseline() -> RecoveryBaseline {
    RecoveryBaseline {
        api_version: format!("{}/v1", "g".repeat(253)),
        node: Some("n".repeat(253)),
        revisions: (0..100).map(|n| format!("{n:0>63}")).collect(),
        newest: Some(Timestamp::MAX),
        newest_uids: (0..1000).map(|n| format!("{n:0>36}")).collect(),
        ..baseline()
    }
}

/// The report with owners of the longest names, of which every other one was held back by a guard of a hostile name.
fn held_in_hostile_words(mut report: RoundReport, minute: u32, words: &str) -> RoundReport {
    for (n, attempt) in report.attempts.iter_mut().enumerate() {
        attempt.pod.namespace = "s".repeat(63);
        attempt.owner.as_mut().unwrap().name = format!("{minute:03}-{n:03}-{}", "o".repeat(245));
        if n % 2 == 0 {
            attempt.outcome = Outcome::Held(GuardHold {
                guard: format!("{n}{words}"),
                answer: HoldAnswer::HoldsBack,
                why: words.to_owned(),
            });
        }
    }
    report
}

/// Somebody pauses macaque again and again, in hostile words.
fn pause_in_hostile_words(history: &mut JournalHistory) {
    for n in 0..20 {
        history.pause = Some(PauseRequest {
            by: Some("\"".repeat(400)),
            reason: Some(format!("{n}{}", "\\".repeat(390))),
            ..PauseRequest::INDEFINITE
        });
        assert!(history.commit(&JournalEvent::Issue(Box::default())));
    }
}

/// The report of the round becomes a thread in many channels; then replacements are stuck, some owners recover, and
/// others do not.
fn recover_in_hostile_words(history: &mut JournalHistory, words: &str) {
    let channel = |n| (format!("channel-{n}"), Some(words.chars().take(150).collect()));
    assert!(history.commit(&JournalEvent::Delivered {
        message: MessageId::of_round(history.now),
        channels: (0..10).map(channel).collect(),
        done: false,
    }));

    let records = history.journal.recovering().to_vec();
    for (n, record) in records.iter().enumerate() {
        let mut stuck = recovery_report(&record.victim, None);
        for reason in 0..10 {
            stuck.trouble = Some(PodTrouble {
                reason: format!("{reason}{words}"),
                message: words.to_owned(),
            });
            history.record(stuck.clone());
        }
        let verdict = [RecoveryVerdict::Slow, RecoveryVerdict::Unrecovered][n % 2];
        // Those that are open stay until there are too many.
        if n < records.len().saturating_sub(20) {
            let mut ended = recovery_report(&record.victim, Some(verdict));
            ended.why = Some(words.to_owned());
            ended.times.whole_ms = Some(u64::MAX);
            history.record(ended);
        }
    }
}

#[test]
fn an_hour_of_the_limit_is_never_shorter_than_an_hour() {
    let limits = DisruptionLimits {
        per_hour: Some(1),
        ..DisruptionLimits::default()
    };

    // Within each second of a minute: the usage counts by minutes.
    for second in 0..60 {
        let mut history = JournalHistory::new(limits.clone(), 1);
        let step = |kind, clock_shift| HolderStep::of(0, kind).after(clock_shift);
        assert!(history.take(&step(StepKind::Claim, second)));
        assert!(history.take(&step(StepKind::Reserve { pod: 0 }, 0)));
        let resolution = Resolution::Disrupted;
        assert!(history.take(&step(StepKind::Resolve { resolution }, 0)));
        history.close(report(history.now, 0, ""));
        assert!(!history.take(&step(StepKind::Claim, 3599)), "at second {second}");
        assert!(history.take(&step(StepKind::Claim, 61)), "at second {second}");
    }
}
