//! Promises about rounds that nobody ends: their books are finished, and nobody is drawn for them again.

use std::time::Duration;

use kube_sandbox::scenario::deployment;
use macaque::failpoint::FailPoint;
use macaque::round::{JournalState, RoundResult};
use macaque_core::journal::{Denial, JournalEvent, ReservationState};
use macaque_core::report::RoundEnd;

use crate::desk::{Desk, Replica};

/// The points at which a Killer may die with a charge in the journal.
const WITH_A_CHARGE: [FailPoint; 5] = [
    FailPoint::AfterReserve,
    FailPoint::BeforeDisrupt,
    FailPoint::AfterDisrupt,
    FailPoint::BeforeResolve,
    FailPoint::AfterResolve,
];

/// Long enough for a round on a busy machine.
const LEASE: Duration = Duration::from_secs(3);

/// Waits until the lease of a dead holder has run out, and its round is closed by `other`.
async fn adopted(other: &Replica) {
    let deadline = std::time::Instant::now() + 20 * LEASE;
    while other.patrols(None).await.notices.is_empty() {
        assert!(std::time::Instant::now() < deadline, "nobody adopts the round");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn desk() -> Desk {
    Desk::with(vec![deployment("shop", "web", 4)])
}

#[actix_rt::test]
async fn the_next_life_of_a_killer_finishes_its_books_at_once_and_draws_nobody() {
    for point in WITH_A_CHARGE {
        let desk = desk();
        let dead = desk.replica("a").await;
        dead.dies_at(1, point).await;
        let losses = desk.losses();
        let patrol = desk.next_life(&dead).await.patrols(None).await;
        let [notice] = patrol.notices.as_slice() else {
            panic!("{point:?}: {patrol:#?}")
        };
        assert_eq!(notice.report.attempts.len(), 1, "{point:?}");
        let expected = if losses == 1 { "evicted" } else { "unknown" };
        assert_eq!(notice.report.attempts[0].outcome.word(), expected, "{point:?}");
        assert!(matches!(notice.report.end, RoundEnd::Failed { .. }), "{point:?}");
        assert_eq!(desk.losses(), losses, "{point:?}: nobody more");
    }
}

#[actix_rt::test]
async fn another_replica_lets_a_round_be_until_its_holder_was_silent_for_the_lease() {
    let desk = desk();
    desk.replica("a").await.dies_at(1, FailPoint::AfterReserve).await;
    let other = desk.replica("b").await;
    assert!(other.patrols(None).await.notices.is_empty());
    let played = other.plays(2).await;
    assert!(
        matches!(played, RoundResult::Skipped(Denial::StillRunning { .. })),
        "{played:?}"
    );
    assert_eq!(desk.losses(), 0);
}

#[actix_rt::test]
async fn another_replica_finishes_the_books_of_a_dead_one_and_the_next_slot_is_played() {
    let desk = desk().lease(LEASE);
    desk.replica("a").await.dies_at(1, FailPoint::AfterDisrupt).await;
    let other = desk.replica("b").await;
    adopted(&other).await;
    other.reports(2).await;
    assert_eq!(desk.losses(), 2);
}

#[actix_rt::test]
async fn a_killer_that_lost_its_round_charges_nobody_and_closes_nothing() {
    let desk = desk().lease(LEASE).count(2);
    let zombie = desk.replica("a").await;
    let other = desk.replica("b").await;
    zombie.dies_at(1, FailPoint::AfterResolve).await;
    adopted(&other).await;
    assert_eq!(desk.losses(), 1);
    // It wakes up, and goes on where it was.
    let report = desk.journal().round().unwrap().attempts();
    assert_eq!(report.len(), 1);
    let victim = macaque_core::eligibility::Candidate {
        pod: macaque_core::pod::PodRef {
            namespace: "shop".into(),
            name: "web-x".into(),
            uid: "x".into(),
        },
        owner: None,
    };
    let charge = JournalEvent::Reserve {
        victim,
        method: macaque_core::outcome::DisruptionMethod::Evict,
    };
    let setback = zombie.enters(charge).await.unwrap_err();
    assert_eq!(setback.to_string(), "the round is no longer this Killer's");
}

#[actix_rt::test]
async fn a_round_that_could_not_be_closed_is_closed_later_with_its_true_story() {
    let desk = desk();
    let replica = desk.replica("a").await;
    let good = std::sync::Mutex::new(None);
    let desk = std::sync::Arc::new(desk);
    let hand = std::sync::Arc::clone(&desk);
    let good = std::sync::Arc::new(good);
    let kept = std::sync::Arc::clone(&good);
    // The journal becomes unreadable while the victim is disrupted.
    let played = replica
        .plays_while(1, move |point| {
            if point == FailPoint::AfterDisrupt {
                let object = hand.object();
                let mut bad = object.clone();
                bad["data"]["journal.json"] = "{".into();
                hand.put(bad);
                *kept.lock().unwrap() = Some(object);
            }
        })
        .await;
    let RoundResult::Ran { report, books } = played else {
        panic!("{played:?}")
    };
    assert_eq!(books, JournalState::Open);
    assert_eq!(
        report.attempts[0].outcome.word(),
        "evicted",
        "it is told what is known"
    );
    desk.put(good.lock().unwrap().take().unwrap());
    let patrol = replica.patrols(Some(&report)).await;
    assert_eq!(patrol.notices[0].report, report);
    let journal = desk.journal();
    assert_eq!(
        journal.round().unwrap().charges[0].state,
        ReservationState::Disrupted
    );
    assert_eq!(desk.losses(), 1);
}

#[actix_rt::test]
async fn a_notice_is_told_by_another_replica_once_its_holder_is_gone_until_everybody_was_told() {
    let desk = desk().lease(Duration::ZERO);
    let first = desk.replica("a").await;
    let slot = first.slot(1);
    first.reports(1).await;
    let other = desk.replica("b").await;
    assert_eq!(other.patrols(None).await.notices.len(), 1);
    let channels = vec!["slack".to_owned()];
    let some = JournalEvent::Delivered {
        slot,
        channels: channels.clone(),
        done: false,
    };
    other.enters(some).await.unwrap();
    assert_eq!(
        desk.replica("c").await.patrols(None).await.notices[0].told,
        channels
    );
    let all = JournalEvent::Delivered {
        slot,
        channels: Vec::new(),
        done: true,
    };
    other.enters(all).await.unwrap();
    assert!(desk.replica("d").await.patrols(None).await.notices.is_empty());
}
