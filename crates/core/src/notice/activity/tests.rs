//! Tables of what is counted.

use jiff::Timestamp;

use super::*;
use crate::guard::{GuardHold, HoldAnswer};
use crate::outcome::DisruptionMethod;
use crate::pod::PodRef;
use crate::report::{AttemptReport, ExemptionTallies};

fn hold(guard: &str) -> GuardHold {
    GuardHold {
        guard: guard.to_owned(),
        answer: HoldAnswer::HoldsBack,
        why: "1 of 3 pods ready".to_owned(),
    }
}

fn budget(name: Option<&str>) -> Refusal {
    Refusal::Budget {
        name: name.map(str::to_owned),
        message: "needs 3 and has 3".to_owned(),
        unsynced: false,
    }
}

fn report(outcomes: Vec<Outcome>, end: RoundEnd) -> RoundReport {
    let attempt = |outcome| AttemptReport {
        pod: PodRef {
            namespace: "shop".to_owned(),
            name: "web-1".to_owned(),
            uid: "1".to_owned(),
        },
        owner: None,
        team: None,
        outcome,
        warnings: Vec::new(),
    };
    RoundReport {
        slot: Timestamp::UNIX_EPOCH,
        finished: Timestamp::UNIX_EPOCH,
        seed: 1,
        dry_run: false,
        method: DisruptionMethod::Evict,
        namespaces: Vec::new(),
        selector: String::new(),
        listed: 0,
        candidates: 0,
        exempted: ExemptionTallies::new(),
        count: None,
        turns: Vec::new(),
        turns_reported: false,
        attempts: outcomes.into_iter().map(attempt).collect(),
        problems: Vec::new(),
        namespace_selector: String::new(),
        skipped: Vec::new(),
        warnings: Vec::new(),
        end,
    }
}

fn counts<const N: usize>(pairs: [(&str, usize); N]) -> BTreeMap<String, usize> {
    pairs.map(|(name, count)| (name.to_owned(), count)).into()
}

#[test]
fn every_outcome_is_counted_once_and_by_whom() {
    let mut activity = Activity::default();
    let unknown = || Outcome::Unknown {
        why: "no answer".to_owned(),
    };
    activity.note_round(&report(
        vec![
            Outcome::Evicted,
            Outcome::Refused(budget(Some("web"))),
            Outcome::Refused(Refusal::SeveralBudgets),
            Outcome::Refused(budget(None)),
            Outcome::Held(hold("whole")),
            Outcome::Gone,
        ],
        RoundEnd::Held(hold("drains")),
    ));
    activity.note_round(&report(vec![unknown(), Outcome::Deleted], RoundEnd::Complete));
    activity.note_withheld();
    activity.note_recovery(RecoveryVerdict::Recovered);
    activity.note_recovery(RecoveryVerdict::Recovered);
    activity.note_recovery(RecoveryVerdict::Unrecovered);

    let expected = Activity {
        rounds: 2,
        withheld: 1,
        failed: 1,
        disrupted: 2,
        unknown: 1,
        namespaces: counts([("shop", 2)]),
        refusals: counts([
            ("a budget", 1),
            ("budget shop/web", 1),
            ("several budgets at once", 1),
        ]),
        holds: counts([("drains", 1), ("whole", 1)]),
        recoveries: [(RecoveryVerdict::Recovered, 2), (RecoveryVerdict::Unrecovered, 1)].into(),
        ..Activity::default()
    };
    assert_eq!(activity, expected);
    assert_eq!(activity.recoveries_with(RecoveryVerdict::is_bad), 1);
}

#[test]
fn a_dry_run_is_counted_as_one() {
    let mut activity = Activity::default();
    activity.note_round(&RoundReport {
        dry_run: true,
        ..report(vec![Outcome::DryRun], RoundEnd::Complete)
    });
    assert!(activity.dry_run);
    assert_eq!((activity.disrupted, activity.failed), (1, 0));
}

#[test]
fn names_without_end_are_counted_together_and_none_is_long() {
    let mut activity = Activity::default();
    for n in 0..100 {
        let guard = format!("{n:03}-{}\u{7}", "x".repeat(500));
        activity.note_round(&report(vec![Outcome::Held(hold(&guard))], RoundEnd::Complete));
    }
    assert_eq!(activity.holds.len(), MAX_NAMES + 1);
    assert_eq!(activity.holds[OTHERS], 100 - MAX_NAMES);
    assert!(activity.holds.keys().all(|name| name.len() <= MAX_NAME));
}
