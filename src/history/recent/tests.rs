//! What is kept until it is written, and how much of it.

use jiff::Timestamp;
use macaque_core::outcome::{DisruptionMethod, Outcome};
use macaque_core::pod::{PodOwner, PodRef};
use macaque_core::recovery::{
    AcceptedBy, DisruptedVictim, RecoveryBaseline, RecoveryPrecision, RecoveryReport, RecoveryVerdict,
};
use macaque_core::report::AttemptReport;

use super::*;

const METHOD: DisruptionMethod = DisruptionMethod::Evict;

fn recent() -> RecentHistory {
    RecentHistory::new(true, false, &Platform::system())
}

fn pod(number: usize) -> PodRef {
    PodRef {
        namespace: "shop".to_owned(),
        name: format!("web-{number}"),
        uid: format!("u{number}"),
    }
}

fn try_victim(recent: &RecentHistory, number: usize, outcome: Outcome) {
    let attempt = AttemptReport {
        pod: pod(number),
        owner: None,
        team: None,
        outcome,
        warnings: Vec::new(),
    };
    recent.note(Fact::VictimTried {
        slot: Timestamp::UNIX_EPOCH,
        seed: 1,
        method: METHOD,
        attempt: &attempt,
        controller: None,
    });
}

fn recover(recent: &RecentHistory, number: usize) {
    let victim = DisruptedVictim {
        slot: Timestamp::UNIX_EPOCH,
        pod: pod(number),
        owner: PodOwner {
            kind: "Deployment".to_owned(),
            name: "web".to_owned(),
        },
        team: None,
        method: METHOD,
        accepted: Timestamp::UNIX_EPOCH,
        origin: AcceptedBy::Answer,
        baseline: RecoveryBaseline::default(),
    };
    let mut report = RecoveryReport::unseen(&victim, RecoveryPrecision::Watch);
    report.verdict = Some(RecoveryVerdict::Recovered);
    recent.note(Fact::RecoveryReported(&report));
}

#[test]
fn what_is_written_is_not_written_again_and_what_happens_during_a_write_waits_for_the_next() {
    let recent = recent();
    assert!(!recent.is_unwritten());
    try_victim(&recent, 1, Outcome::Evicted);
    let copy = recent.copy();
    try_victim(&recent, 2, Outcome::Evicted);
    recent.note_written(&copy);
    assert!(recent.is_unwritten());

    recent.note_written(&recent.copy());
    assert!(!recent.is_unwritten());
    recent.note(Fact::SlotPlanned(None));
    assert!(!recent.is_unwritten());
    recover(&recent, 1);
    assert!(recent.is_unwritten());
    assert_eq!(recent.copy().history.entries().len(), 2);
}

#[test]
fn nothing_of_a_dry_run_is_kept_but_how_the_recoveries_before_it_end() {
    let recent = recent();
    recent.set_dry_run(true);
    try_victim(&recent, 1, Outcome::DryRun);
    assert!(!recent.is_unwritten());
    recover(&recent, 2);
    assert!(recent.is_unwritten());
    assert_eq!(recent.copy().history.entries().len(), 1);
}

#[test]
fn the_newest_are_kept_if_nothing_can_be_written_and_fewer_once_all_are() {
    let recent = recent();
    for number in 0..MOST_UNWRITTEN + 5 {
        try_victim(&recent, number, Outcome::Gone);
    }
    let copy = recent.copy();
    let kept = copy.history.entries();
    assert!(
        kept.len() <= MOST_UNWRITTEN && kept.len() > MOST_UNWRITTEN / 2,
        "{}",
        kept.len()
    );
    assert!(
        copy.history
            .entry(Timestamp::UNIX_EPOCH, &pod(MOST_UNWRITTEN + 4).uid)
            .is_some()
    );

    recent.note_written(&copy);
    let left = recent.copy().history.entries().len();
    assert!(left <= MOST_WRITTEN && left > 0, "{left}");
}

#[test]
fn a_fault_is_news_once_until_it_is_over() {
    let recent = recent();
    let news = [
        recent.note_fault("missing"),
        recent.note_fault("missing"),
        recent.note_fault("newer"),
    ];
    assert_eq!(news, [true, false, true]);
    recent.forget_faults();
    assert!(recent.note_fault("missing"));
}
