//! Promises about rounds that nobody ends: their store are finished, and nobody is drawn for them again.

use std::collections::BTreeMap;
use std::time::Duration;

use kube_sandbox::scenario::deployment;
use macaque::failpoint::FailPoint;
use macaque::round::{ClaimState, RoundResult};
use macaque_core::journal::{Denial, JournalEvent, MessageId, ReservationState};
use macaque_core::report::RoundEnd;

use super::fixture::{JournalFixture, TestReplica};

/// The points at which a Killer may die with a reservation in the journal.
const WITH_A_RESERVATION: [FailPoint; 5] = [
    FailPoint::AfterReserve,
    FailPoint::BeforeDisrupt,
    FailPoint::AfterDisrupt,
    FailPoint::BeforeResolve,
    FailPoint::AfterResolve,
];

/// Long enough for a round on a busy machine.
const LEASE: Duration = Duration::from_secs(3);

/// Waits until the lease of a dead holder has run out, and its round is closed by `other`.
async fn adopted(other: &TestReplica) {
    let deadline = std::time::Instant::now() + 20 * LEASE;
    while other.takes_over(None).await.outbox.is_empty() {
        assert!(std::time::Instant::now() < deadline, "nobody adopts the round");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn fixture() -> JournalFixture {
    JournalFixture::with(vec![deployment("shop", "web", 4)])
}

#[actix_rt::test]
async fn the_next_incarnation_of_a_killer_takes_over_its_round_at_once_and_picks_nobody() {
    for point in WITH_A_RESERVATION {
        let fixture = fixture();
        let dead = fixture.replica("a").await;
        dead.dies_at(1, point).await;
        let losses = fixture.losses();
        let takeover = fixture.next_incarnation(&dead).await.takes_over(None).await;
        let [entry] = takeover.outbox.as_slice() else {
            panic!("{point:?}: {takeover:#?}")
        };
        let closed = entry.round_report().unwrap();
        assert_eq!(closed.attempts.len(), 1, "{point:?}");
        let expected = if losses == 1 { "evicted" } else { "unknown" };
        assert_eq!(closed.attempts[0].outcome.word(), expected, "{point:?}");
        assert!(matches!(closed.end, RoundEnd::Failed { .. }), "{point:?}");
        assert_eq!(fixture.losses(), losses, "{point:?}: nobody more");
    }
}

#[actix_rt::test]
async fn a_replica_takes_over_what_another_left_since_it_last_looked() {
    let fixture = fixture().lease(LEASE);
    let other = fixture.replica("b").await;
    assert!(other.takes_over(None).await.outbox.is_empty());

    fixture
        .replica("a")
        .await
        .dies_at(1, FailPoint::AfterReserve)
        .await;
    adopted(&other).await;
}

#[actix_rt::test]
async fn another_replica_lets_a_round_be_until_its_holder_was_silent_for_the_lease() {
    let fixture = fixture();
    fixture
        .replica("a")
        .await
        .dies_at(1, FailPoint::AfterReserve)
        .await;
    let other = fixture.replica("b").await;

    assert!(other.takes_over(None).await.outbox.is_empty());
    let result = other.runs(2).await;
    assert!(
        matches!(result, RoundResult::Skipped(Denial::StillRunning { .. })),
        "{result:?}"
    );
    assert_eq!(fixture.losses(), 0);
}

#[actix_rt::test]
async fn another_replica_takes_over_the_round_of_a_dead_one_and_the_next_slot_is_run() {
    let fixture = fixture().lease(LEASE);
    fixture
        .replica("a")
        .await
        .dies_at(1, FailPoint::AfterDisrupt)
        .await;
    let other = fixture.replica("b").await;
    adopted(&other).await;
    other.reports(2).await;

    assert_eq!(fixture.losses(), 2);
}

#[actix_rt::test]
async fn a_killer_that_lost_its_round_reserves_nobody_and_closes_nothing() {
    let fixture = fixture().lease(LEASE).count(2);
    let zombie = fixture.replica("a").await;
    let other = fixture.replica("b").await;
    zombie.dies_at(1, FailPoint::AfterResolve).await;
    adopted(&other).await;

    assert_eq!(fixture.losses(), 1);
    // It wakes up, and goes on where it was.
    let report = fixture.journal().round().unwrap().attempts();

    assert_eq!(report.len(), 1);
    let victim = macaque_core::eligibility::Candidate {
        pod: macaque_core::pod::PodRef {
            namespace: "shop".into(),
            name: "web-x".into(),
            uid: "x".into(),
        },
        owner: None,
        team: None,
        period_end: None,
    };
    let reservation = JournalEvent::Reserve {
        victim,
        place: macaque_core::pod::PodPlace::default(),
        method: macaque_core::outcome::DisruptionMethod::Evict,
        baseline: None,
    };
    let error = zombie.commits(reservation).await.unwrap_err();

    assert_eq!(error.to_string(), "another replica took over this round");
}

#[actix_rt::test]
async fn a_round_that_could_not_be_closed_is_closed_later_with_its_true_report() {
    let fixture = fixture();
    let replica = fixture.replica("a").await;
    let good = std::sync::Mutex::new(None);
    let fixture = std::sync::Arc::new(fixture);
    let hand = std::sync::Arc::clone(&fixture);
    let good = std::sync::Arc::new(good);
    let kept = std::sync::Arc::clone(&good);
    // The journal becomes unreadable while the victim is disrupted.
    let result = replica
        .runs_while(1, move |point| {
            if point == FailPoint::AfterDisrupt {
                let object = hand.object();
                let mut bad = object.clone();
                bad["data"]["journal.json"] = "{".into();
                hand.put(bad);
                *kept.lock().unwrap() = Some(object);
            }
        })
        .await;
    let RoundResult::Reported {
        report, claim_state, ..
    } = result
    else {
        panic!("{result:?}")
    };

    assert_eq!(claim_state, ClaimState::Open);
    assert_eq!(
        report.attempts[0].outcome.word(),
        "evicted",
        "what is known is reported"
    );

    fixture.put(good.lock().unwrap().take().unwrap());
    let takeover = replica.takes_over(Some(&report)).await;
    assert_eq!(takeover.outbox[0].round_report(), Some(&*report));

    let journal = fixture.journal();
    assert_eq!(
        journal.round().unwrap().reservations[0].state,
        ReservationState::Disrupted
    );
    assert_eq!(fixture.losses(), 1);
}

#[actix_rt::test]
async fn a_report_is_delivered_by_another_replica_once_its_holder_is_gone_until_every_channel_has_it() {
    let fixture = fixture().lease(Duration::ZERO);
    let first = fixture.replica("a").await;
    let slot = first.slot(1);
    first.reports(1).await;
    let other = fixture.replica("b").await;

    assert_eq!(other.takes_over(None).await.outbox.len(), 1);
    let message = MessageId::of_round(slot);
    let some = JournalEvent::Delivered {
        message: message.clone(),
        channels: BTreeMap::from([("slack".to_owned(), None)]),
        done: false,
    };
    other.commits(some).await.unwrap();

    assert_eq!(
        fixture.replica("c").await.takes_over(None).await.outbox[0].delivered,
        ["slack"]
    );

    let all = JournalEvent::Delivered {
        message,
        channels: BTreeMap::new(),
        done: true,
    };
    other.commits(all).await.unwrap();

    assert!(
        fixture
            .replica("d")
            .await
            .takes_over(None)
            .await
            .outbox
            .is_empty()
    );
}
