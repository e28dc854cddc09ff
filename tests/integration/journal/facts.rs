//! Promises about what a round publishes: exactly what happened, in order, and each victim and each round once, whoever
//! records them in the end.

use std::sync::{Arc, Mutex};

use kube_sandbox::AccessDenial;
use kube_sandbox::scenario::{budget, deployment, stateful_set};
use macaque::facts::{Fact, FactListener};
use macaque::failpoint::FailPoint;
use macaque::round::{ClaimState, RoundResult};
use macaque_core::journal::ReservationState;
use macaque_core::outcome::Outcome;
use macaque_core::report::{RoundEnd, RoundReport};
use macaque_testkit::{FactRecorder, RecordedFact};
use serde_json::{Value, json};

use super::fixture::JournalFixture;

/// The points at which a Killer may die in a round, and how often its victim was tried then.
const POINTS: [(FailPoint, usize); 6] = [
    (FailPoint::BeforeReserve, 0),
    (FailPoint::AfterReserve, 1),
    (FailPoint::BeforeDisrupt, 1),
    (FailPoint::AfterDisrupt, 1),
    (FailPoint::BeforeResolve, 1),
    (FailPoint::AfterResolve, 1),
];

/// Repairs the journal as soon as it is known to be unusable.
struct Repair {
    fixture: Arc<JournalFixture>,
    good: Mutex<Option<Value>>,
    recorder: FactRecorder,
}

impl FactListener for Repair {
    fn note(&self, fact: Fact<'_>) {
        self.recorder.note(fact);
        if matches!(fact, Fact::JournalUnusable)
            && let Some(good) = self.good.lock().unwrap().take()
        {
            self.fixture.put(good);
        }
    }
}

fn one_workload() -> JournalFixture {
    JournalFixture::with(vec![deployment("shop", "web", 4)])
}

/// Makes the journal unreadable; returns what it was.
fn damage(fixture: &JournalFixture) -> Value {
    let good = fixture.object();
    let mut bad = good.clone();
    bad["data"]["journal.json"] = "{".into();
    fixture.put(bad);
    good
}

fn reported(result: RoundResult) -> (RoundReport, ClaimState) {
    match result {
        RoundResult::Reported {
            report, claim_state, ..
        } => (*report, claim_state),
        RoundResult::Skipped(denial) => panic!("not run here: {denial}"),
    }
}

/// What the listener recorded of a round, by the kinds of its facts.
fn course(recorder: &FactRecorder) -> Vec<&'static str> {
    recorder.of(|fact| match fact {
        RecordedFact::PodsChecked { .. } => Some("checked"),
        RecordedFact::VictimTried { .. } => Some("tried"),
        RecordedFact::RoundFinished(_) => Some("finished"),
        _ => None,
    })
}

#[actix_rt::test]
async fn a_round_with_a_disruption_and_a_refusal_publishes_exactly_what_happened_in_order() {
    let objects = vec![
        deployment("shop", "web", 2),
        stateful_set("shop", "db", 3),
        budget("shop", "db", json!({ "minAvailable": 3 })),
    ];
    let fixture = JournalFixture::with(objects).count(2);
    let (recorder, _) = FactRecorder::new();
    let replica = fixture.replica("a").await.publishing_to(&recorder);
    let report = replica.reports(1).await;

    let words: Vec<_> = report.attempts.iter().map(|tried| tried.outcome.word()).collect();
    assert!(
        words.contains(&"evicted") && words.contains(&"refused"),
        "{words:?}"
    );
    let mut expected = vec!["tried"; words.len()];
    expected.insert(0, "checked");
    expected.push("finished");
    assert_eq!(course(&recorder), expected);

    assert_eq!(recorder.tried(), report.attempts);
    assert_eq!(recorder.finished(), std::slice::from_ref(&report));
    let rounds = recorder.of(|fact| match fact {
        RecordedFact::VictimTried { slot, seed, .. } => Some((*slot, *seed)),
        _ => None,
    });
    assert!(rounds.iter().all(|round| *round == (report.slot, report.seed)));
    let candidates = recorder.of(|fact| match fact {
        RecordedFact::PodsChecked { candidates, .. } => Some(candidates.clone()),
        _ => None,
    });
    assert_eq!(candidates, [[("shop".to_owned(), 5)].into()]);
}

#[actix_rt::test]
async fn a_round_that_judges_a_sample_publishes_the_sample() {
    let fixture = JournalFixture::with(vec![deployment("shop", "web", 2_500)]);
    let (recorder, _) = FactRecorder::new();
    let replica = fixture.replica("a").await.publishing_to(&recorder);
    let report = replica.reports(1).await;

    assert_eq!(report.listed, 2_500);
    assert!(report.candidates < 100, "{} candidates", report.candidates);
    assert_eq!(course(&recorder), ["tried", "checked", "finished"]);
    let candidates = recorder.of(|fact| match fact {
        RecordedFact::PodsChecked { candidates, .. } => Some(candidates.clone()),
        _ => None,
    });
    assert_eq!(candidates, [[("shop".to_owned(), report.candidates)].into()]);
}

#[actix_rt::test]
async fn every_request_of_a_round_is_published_with_its_verb_its_resource_and_its_code() {
    let objects = vec![
        deployment("shop", "web", 1),
        stateful_set("shop", "db", 1),
        budget("shop", "db", json!({ "minAvailable": 1 })),
    ];
    let fixture = JournalFixture::with(objects).count(2);
    let (recorder, _) = FactRecorder::new();
    let replica = fixture.replica("a").await.publishing_to(&recorder);
    let before = fixture.cluster.requests().len();
    replica.reports(1).await;

    let ended = recorder.of(|fact| match fact {
        RecordedFact::RequestEnded {
            verb,
            resource,
            code: Some(code),
            ..
        } => Some((*verb, *resource, *code)),
        _ => None,
    });
    assert_eq!(ended.len(), fixture.cluster.requests().len() - before);
    for expected in [
        ("list", "pods", 200),
        ("get", "pods", 200),
        ("get", "configmaps", 200),
        ("update", "configmaps", 200),
        ("create", "pods/eviction", 201),
        ("create", "pods/eviction", 429),
    ] {
        assert!(ended.contains(&expected), "{expected:?} of {ended:?}");
    }
}

#[actix_rt::test]
async fn a_namespace_without_the_grant_to_evict_is_published_once_and_its_victim_was_not_tried() {
    let fixture = one_workload();
    let denial = AccessDenial::new("create", "pods/eviction");
    fixture.cluster.sandbox.deny(denial.within("shop"));
    let (recorder, _) = FactRecorder::new();
    fixture
        .replica("a")
        .await
        .publishing_to(&recorder)
        .reports(1)
        .await;

    let forbidden = recorder.of(|fact| match fact {
        RecordedFact::NamespaceForbidden(namespace) => Some(namespace.clone()),
        _ => None,
    });
    assert_eq!(forbidden, ["shop"]);
    assert_eq!(course(&recorder), ["checked", "finished"]);
}

#[actix_rt::test]
async fn a_dry_run_publishes_whom_it_would_have_disrupted() {
    let fixture = one_workload();
    let (recorder, _) = FactRecorder::new();
    let mut replica = fixture.replica("a").await.publishing_to(&recorder);
    replica.makes_dry_runs();
    let report = replica.reports(1).await;

    assert_eq!(report.attempts[0].outcome, Outcome::DryRun);
    assert_eq!(course(&recorder), ["checked", "tried", "finished"]);
    assert_eq!(recorder.tried(), report.attempts);
}

#[actix_rt::test]
async fn a_round_that_is_withheld_is_published_with_the_pause_and_nothing_is_checked() {
    let fixture = one_workload();
    fixture.annotate(Some("true"));
    let (recorder, _) = FactRecorder::new();
    let replica = fixture.replica("a").await.publishing_to(&recorder);
    let report = replica.reports(1).await;

    assert!(matches!(report.end, RoundEnd::Withheld { .. }));
    assert_eq!(course(&recorder), ["finished"]);
    let reads = recorder.of(|fact| match fact {
        RecordedFact::JournalRead { is_paused, .. } => Some(*is_paused),
        _ => None,
    });
    assert!(
        !reads.is_empty() && reads.iter().all(|is_paused| *is_paused),
        "{reads:?}"
    );
}

#[actix_rt::test]
async fn a_round_that_another_replica_has_is_not_published_here() {
    let fixture = one_workload();
    fixture.replica("a").await.reports(1).await;
    let (recorder, _) = FactRecorder::new();
    let other = fixture.replica("b").await.publishing_to(&recorder);

    assert!(matches!(other.runs(1).await, RoundResult::Skipped(_)));
    assert_eq!(course(&recorder), [""; 0]);
}

#[actix_rt::test]
async fn wherever_a_killer_dies_its_victim_and_its_round_are_published_once() {
    for (point, tries) in POINTS {
        let fixture = one_workload();
        let (recorder, _) = FactRecorder::new();
        let dead = fixture.replica("a").await.publishing_to(&recorder);
        dead.dies_at(1, point).await;
        assert_eq!(recorder.finished(), [], "{point:?}");

        let next = fixture.next_incarnation(&dead).await.publishing_to(&recorder);
        let takeover = next.takes_over(None).await;
        let report = takeover.outbox[0].round_report().unwrap();
        let published: Vec<_> = recorder
            .tried()
            .into_iter()
            .map(|tried| (tried.pod, tried.outcome.word()))
            .collect();
        let recorded: Vec<_> = report
            .attempts
            .iter()
            .map(|tried| (tried.pod.clone(), tried.outcome.word()))
            .collect();
        assert_eq!(published.len(), tries, "{point:?}");
        assert_eq!(published, recorded, "{point:?}");
        assert_eq!(recorder.finished(), std::slice::from_ref(report), "{point:?}");

        next.takes_over(None).await;
        assert_eq!(recorder.tried().len(), tries, "{point:?}, a second time");
        assert_eq!(recorder.finished().len(), 1, "{point:?}, a second time");
    }
}

#[actix_rt::test]
async fn a_victim_whose_outcome_cannot_be_recorded_is_published_with_the_round_that_is_closed_later() {
    let fixture = Arc::new(one_workload());
    let (recorder, _) = FactRecorder::new();
    let replica = fixture.replica("a").await.publishing_to(&recorder);
    let good = Arc::new(Mutex::new(None));
    let (hand, kept) = (Arc::clone(&fixture), Arc::clone(&good));
    let result = replica
        .runs_while(1, move |point| {
            if point == FailPoint::AfterDisrupt {
                *kept.lock().unwrap() = Some(damage(&hand));
            }
        })
        .await;
    let (report, claim_state) = reported(result);

    assert_eq!(claim_state, ClaimState::Open);
    assert_eq!(course(&recorder), ["checked"]);
    let unusable = |fact: &RecordedFact| matches!(fact, RecordedFact::JournalUnusable).then_some(());
    assert!(!recorder.of(unusable).is_empty());

    fixture.put(good.lock().unwrap().take().unwrap());
    replica.takes_over(Some(&report)).await;
    assert_eq!(course(&recorder), ["checked", "tried", "finished"]);
    assert_eq!(recorder.tried(), report.attempts);
    assert_eq!(recorder.finished(), [report]);
}

#[actix_rt::test]
async fn a_victim_whose_outcome_is_recorded_with_the_end_of_its_round_is_published_then() {
    let fixture = Arc::new(one_workload());
    let repair = Arc::new(Repair {
        fixture: Arc::clone(&fixture),
        good: Mutex::new(None),
        recorder: FactRecorder::default(),
    });
    let replica = fixture.replica("a").await.publishing_to(&repair);
    let (hand, kept) = (Arc::clone(&fixture), Arc::clone(&repair));
    let result = replica
        .runs_while(1, move |point| {
            if point == FailPoint::AfterDisrupt {
                *kept.good.lock().unwrap() = Some(damage(&hand));
            }
        })
        .await;
    let (report, claim_state) = reported(result);

    assert_eq!(claim_state, ClaimState::Closed);
    assert_eq!(report.attempts[0].outcome.word(), "evicted");
    assert_eq!(course(&repair.recorder), ["checked", "tried", "finished"]);
    assert_eq!(repair.recorder.tried(), report.attempts);
    let journal = fixture.journal();
    let reservation = &journal.round().unwrap().reservations[0];
    assert_eq!(reservation.state, ReservationState::Disrupted);
}
