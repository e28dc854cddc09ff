//! Promises about PodDisruptionBudgets: an eviction honours them, a deletion does not ask.

use serde_json::json;

use crate::workload::Workload;
use crate::world::{NOBODY, World, uid};

/// Four replicas of which three are needed, and whatever replaces one of them is not up for long.
async fn shop() -> World {
    let mut world = World::new().await;
    world
        .with(Workload::deployment("web", 4).with_successors_pending())
        .await;
    world.with_budget("web", "web", json!({"minAvailable": 3})).await;
    world
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn an_eviction_spends_what_the_budget_has_left_and_the_next_is_refused_by_its_name_and_numbers() {
    let world = shop().await;
    let before = world.alive().await;
    let first = world.macaque("once --dry-run=false -o json").exits(0).await;
    let evicted = first.uids("evicted");
    let lost = world.lost(&before).await;
    assert_eq!((evicted.len(), &evicted), (1, &lost));
    assert_eq!(
        first.attempts()[0]["owner"],
        json!({"kind": "Deployment", "name": "web"})
    );

    world.until_healthy("web", 3).await;
    let before = world.alive().await;
    let numbers = "The disruption budget web needs 3 healthy pods and has 3 currently";
    let second = world.macaque("once --dry-run=false -o json").exits(3).await;
    assert_eq!(second.uids("refused").len(), 3, "each was tried, and once");
    for attempt in second.attempts() {
        let outcome = &attempt["outcome"];
        assert_eq!(
            (&outcome["by"], &outcome["name"]),
            (&json!("budget"), &json!("web"))
        );
        assert_eq!(outcome["message"], numbers);
    }
    let told = world.macaque("once --dry-run=false").exits(3).await;
    told.says(["deployment/web", "refused by budget web", numbers]);
    assert_eq!(world.lost(&before).await, NOBODY);
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn a_deletion_ignores_a_budget_that_has_nothing_left() {
    let world = shop().await;
    world.macaque("once --dry-run=false").exits(0).await;
    world.until_healthy("web", 3).await;
    world.macaque("once --dry-run=false").exits(3).await;
    let before = world.alive().await;
    let round = world
        .macaque("once --dry-run=false --method delete -o json")
        .exits(0)
        .await;
    let lost = world.lost(&before).await;
    assert_eq!((round.uids("deleted"), lost.len()), (lost.clone(), 1));
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn a_refused_owner_leaves_the_round_to_another() {
    let mut world = World::new().await;
    let held = world.with(Workload::deployment("held", 2)).await;
    let free = world.with(Workload::deployment("free", 1)).await;
    world
        .with_budget("held", "held", json!({"maxUnavailable": 0}))
        .await;
    let round = world.macaque("once --dry-run=false -o json").exits(0).await;
    assert_eq!(round.uids("evicted"), [uid(&free[0])]);
    let alive = world.alive().await;
    assert!(held.iter().all(|pod| alive.contains(&uid(pod))));
}
