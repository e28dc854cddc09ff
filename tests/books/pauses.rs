//! Promises about pauses: no replica charges another victim, from the very moment.

use kube_sandbox::scenario::deployment;
use macaque::failpoint::FailPoint;

use crate::desk::{Desk, annotate};

#[actix_rt::test]
async fn a_pause_stops_every_replica_and_a_resumption_frees_them() {
    let desk = Desk::with(vec![deployment("shop", "web", 9)]);
    let replicas = [desk.replica("a").await, desk.replica("b").await];
    // Both have read the journal before the pause.
    replicas[0].reports(1).await;
    replicas[1].reports(2).await;
    desk.annotate(Some("true"));
    for replica in &replicas {
        let why = replica.is_denied(3).await;
        assert!(
            why.starts_with("paused by the annotation macaque/paused"),
            "{why}"
        );
    }
    assert_eq!(desk.losses(), 2);
    desk.annotate(None);
    replicas[0].reports(4).await;
    assert_eq!(desk.losses(), 3);
}

#[actix_rt::test]
async fn a_pause_in_the_middle_of_a_round_stops_it_before_the_next_victim() {
    let scene = vec![
        deployment("shop", "web", 2),
        deployment("shop", "api", 2),
        deployment("shop", "db", 2),
    ];
    let desk = std::sync::Arc::new(Desk::with(scene).count(3));
    let replica = desk.replica("a").await;
    let hand = std::sync::Arc::clone(&desk);
    let played = replica
        .plays_while(1, move |point| {
            if point == FailPoint::AfterResolve {
                annotate(&hand.sandbox, Some("true"));
            }
        })
        .await;
    assert!(crate::desk::disrupted(&played));
    assert_eq!(desk.losses(), 1);
}

#[actix_rt::test]
async fn a_pause_holds_until_its_instant_and_no_longer() {
    let desk = Desk::with(vec![deployment("shop", "web", 9)]);
    let replica = desk.replica("a").await;
    desk.annotate(Some("2099-01-01T00:00:00Z"));
    let why = replica.is_denied(1).await;
    assert!(why.starts_with("paused until 2099-01-01T00:00:00Z"), "{why}");
    desk.annotate(Some("2020-01-01T00:00:00Z"));
    replica.reports(2).await;
    assert_eq!(desk.losses(), 1);
}

#[actix_rt::test]
async fn a_pause_that_nobody_can_read_is_a_pause() {
    let desk = Desk::with(vec![deployment("shop", "web", 9)]);
    for value in ["yes", "", "2h", "TRUE"] {
        desk.annotate(Some(value));
        let why = desk.replica("a").await.is_denied(1).await;
        assert!(
            why.contains(&format!("{value:?} is neither true nor an instant")),
            "{why}"
        );
    }
    assert_eq!(desk.losses(), 0);
}
