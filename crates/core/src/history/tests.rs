//! Tests of what a merge keeps, and of the bounds.

mod text;

use super::*;
use crate::outcome::DisruptionMethod;
use crate::pod::{PodOwner, PodRef};
use crate::recovery::{RecoveryTimes, RecoveryVerdict};
use crate::report::RoundStatus;

const SECOND_OF_SLOT: i64 = 1_800_000_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(SECOND_OF_SLOT + seconds).unwrap()
}

/// The victim `uid` of the round of the first slot, tried after so many seconds.
fn entry(uid: &str, seconds: i64, outcome: EntryOutcome) -> HistoryEntry {
    HistoryEntry {
        number: None,
        slot: at(0),
        at: at(seconds),
        pod: PodRef {
            namespace: "shop".to_owned(),
            name: format!("web-{uid}"),
            uid: uid.to_owned(),
        },
        owner: Some(PodOwner {
            kind: "Deployment".to_owned(),
            name: "web".to_owned(),
        }),
        team: None,
        method: DisruptionMethod::Evict,
        outcome,
        inferred: false,
        recovery: None,
    }
}

fn numbered(uid: &str, seconds: i64, number: u64, outcome: EntryOutcome) -> HistoryEntry {
    HistoryEntry {
        number: Some(number),
        ..entry(uid, seconds, outcome)
    }
}

fn recovery(accepted: i64, verdict: Option<RecoveryVerdict>) -> EntryRecovery {
    EntryRecovery {
        accepted: at(accepted),
        verdict,
        ended: verdict.map(|_| at(accepted + 10)),
        times: RecoveryTimes {
            whole_ms: verdict.map(|_| 4500),
            ..RecoveryTimes::default()
        },
        expect_ms: 60_000,
        trouble: None,
    }
}

fn round(slot: i64) -> RoundSummary {
    RoundSummary {
        slot: at(slot),
        finished: at(slot + 5),
        dry_run: false,
        status: RoundStatus::Disrupted,
        candidates: 7,
        why: None,
    }
}

/// The numbering by the journal `uid`, which began so many seconds after the slot, and whose `count` was seen at `counted`.
fn numbering(uid: &str, begun: i64, count: u64, counted: i64) -> Numbering {
    Numbering {
        journal: uid.to_owned(),
        begun: at(begun),
        since: at(begun),
        first: 1,
        count,
        counted: at(counted),
    }
}

fn history(numbering: Option<Numbering>, entries: Vec<HistoryEntry>) -> History {
    let mut history = History {
        numbering: numbering.clone(),
        ..History::new()
    };
    history.merge(&History {
        numbering,
        entries,
        ..History::new()
    });
    history
}

fn merged(one: &History, other: &History) -> History {
    let mut merged = one.clone();
    merged.merge(other);
    merged
}

#[test]
fn an_outcome_that_is_known_later_is_never_unlearnt() {
    let evicted = history(None, vec![entry("a", 20, EntryOutcome::Evicted)]);
    let pending = history(None, vec![numbered("a", 10, 3, EntryOutcome::Pending)]);

    for both in [merged(&evicted, &pending), merged(&pending, &evicted)] {
        assert_eq!(both.entries(), [numbered("a", 10, 3, EntryOutcome::Evicted)]);
    }
}

#[test]
fn a_victim_that_was_refused_has_no_number_whatever_was_noted_before() {
    let refused = EntryOutcome::Refused {
        by: "budget shop/web".to_owned(),
    };
    let pending = history(None, vec![numbered("a", 10, 3, EntryOutcome::Pending)]);
    let known = history(None, vec![entry("a", 20, refused.clone())]);

    for both in [merged(&known, &pending), merged(&pending, &known)] {
        assert_eq!(both.entries(), [entry("a", 10, refused.clone())]);
    }
}

#[test]
fn a_recovery_that_ends_after_its_victim_was_written_finds_it() {
    let stored = history(
        None,
        vec![HistoryEntry {
            recovery: Some(recovery(12, None)),
            ..numbered("a", 10, 3, EntryOutcome::Evicted)
        }],
    );
    let late = history(
        None,
        vec![HistoryEntry {
            recovery: Some(recovery(18, Some(RecoveryVerdict::Recovered))),
            ..entry("a", 18, EntryOutcome::Evicted)
        }],
    );

    let both = merged(&stored, &late);
    assert_eq!(both, merged(&late, &stored));
    let [entry] = both.entries() else {
        panic!("{:?}", both.entries());
    };
    let recovery = entry.recovery.as_ref().unwrap();
    assert_eq!((entry.number, entry.at), (Some(3), at(10)));
    assert_eq!(recovery.accepted, at(12));
    assert_eq!(recovery.verdict, Some(RecoveryVerdict::Recovered));
    assert_eq!(recovery.ended, Some(at(28)));
    assert_eq!(recovery.times.whole_ms, Some(4500));
}

#[test]
fn victims_that_another_journal_numbered_lose_their_numbers_in_either_order() {
    let old = history(
        Some(numbering("old", 0, 1, 20)),
        vec![numbered("a", 10, 1, EntryOutcome::Evicted)],
    );
    let new = history(
        Some(numbering("new", 100, 1, 120)),
        vec![numbered("b", 110, 1, EntryOutcome::Evicted)],
    );

    for both in [merged(&old, &new), merged(&new, &old)] {
        assert_eq!((both.journal(), both.numbered_since()), ("new", Some(at(100))));
        let numbers: Vec<_> = both.entries().iter().map(|entry| entry.number).collect();
        assert_eq!(numbers, [None, Some(1)]);
    }
}

#[test]
fn a_reservation_whose_number_another_victim_got_was_released_and_is_forgotten() {
    let known = numbering("uid", 0, 1, 20);
    let released = history(
        Some(known.clone()),
        vec![numbered("a", 10, 1, EntryOutcome::Pending)],
    );
    for outcome in [
        EntryOutcome::Pending,
        EntryOutcome::Evicted,
        EntryOutcome::Unknown,
    ] {
        let next = history(Some(known.clone()), vec![numbered("b", 30, 1, outcome.clone())]);
        for both in [merged(&released, &next), merged(&next, &released)] {
            assert_eq!(both.entries(), [numbered("b", 30, 1, outcome.clone())]);
            assert_eq!(both.numbered_since(), Some(at(0)));
        }
    }
}

#[test]
fn numbers_count_anew_from_the_moment_at_which_one_is_given_a_second_time() {
    let before = [1, 2, 3].map(|n| {
        let seconds = 10 * i64::try_from(n).unwrap();
        numbered(&format!("before-{n}"), seconds, n, EntryOutcome::Evicted)
    });
    let before = history(Some(numbering("uid", 0, 3, 30)), before.to_vec());
    // The journal was set back to the first disruption, and numbered two others since.
    let again = [2, 3].map(|n| {
        let seconds = 1000 * i64::try_from(n).unwrap();
        numbered(&format!("again-{n}"), seconds, n, EntryOutcome::Evicted)
    });
    let again = history(Some(numbering("uid", 0, 3, 3000)), again.to_vec());

    for both in [merged(&before, &again), merged(&again, &before)] {
        let numbers: Vec<_> = both.entries().iter().map(|entry| entry.number).collect();
        assert_eq!(numbers, [None, None, None, Some(2), Some(3)]);
        assert_eq!(both.numbered_since(), Some(at(2000)));
        assert_eq!(merged(&both, &before), both, "what is outdated stays so");
    }
}

#[test]
fn numbers_count_anew_from_the_moment_at_which_the_journal_is_seen_to_have_given_fewer() {
    let before = [1, 2, 3].map(|n| numbered(&format!("{n}"), 10, n, EntryOutcome::Evicted));
    let before = history(Some(numbering("uid", 0, 3, 30)), before.to_vec());
    let seen_just_before = history(Some(numbering("uid", 0, 1, 20)), Vec::new());
    let set_back = history(Some(numbering("uid", 0, 1, 3600)), Vec::new());

    for both in [
        merged(&before, &seen_just_before),
        merged(&seen_just_before, &before),
    ] {
        assert_eq!(both, before, "another replica had read it earlier");
    }
    for both in [merged(&before, &set_back), merged(&set_back, &before)] {
        assert_eq!(both.numbered_since(), Some(at(3600)));
        assert!(both.entries().iter().all(|entry| entry.number.is_none()));
    }
}

#[test]
fn the_newest_victims_and_rounds_are_kept_and_no_disruption_is_dropped_for_others() {
    let disrupted = (1..=10_003).map(|n| {
        let seconds = i64::try_from(n).unwrap();
        numbered(&format!("evicted-{n}"), seconds, n, EntryOutcome::Evicted)
    });
    let gone = (0..4002).map(|n| entry(&format!("gone-{n}"), 20_000 + n, EntryOutcome::Gone));
    let mut history = history(None, disrupted.chain(gone).collect());
    history.merge(&History {
        rounds: (0..1004).map(round).collect(),
        ..History::new()
    });

    history.bound();
    let numbers: Vec<_> = history
        .entries()
        .iter()
        .filter_map(|entry| entry.number)
        .collect();
    assert_eq!(numbers, (4..=10_003).collect::<Vec<u64>>());
    assert_eq!(history.entries().len(), 10_000 + 4000);
    assert_eq!(history.entries().last().unwrap().pod.uid, "gone-4001");
    assert_eq!(history.rounds().len(), 1000);
    assert_eq!(history.rounds().first(), Some(&round(4)));
}

#[test]
fn a_history_shrinks_by_its_oldest_tenth_until_nothing_is_left() {
    let entries = (1..=15).map(|n| entry(&format!("{n:02}"), n, EntryOutcome::Gone));
    let mut history = history(None, entries.collect());
    history.shrink();
    let uids: Vec<_> = history
        .entries()
        .iter()
        .map(|entry| entry.pod.uid.as_str())
        .collect();
    assert_eq!((uids.len(), uids.first()), (13, Some(&"03")));

    for _ in 0..13 {
        history.shrink();
    }
    assert!(history.is_empty());
}
