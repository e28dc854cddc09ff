//! Promises about PodDisruptionBudgets: an eviction honours them, a deletion does not ask.

use serde_json::json;

use crate::program::MacaqueCommand;
use crate::test_namespace::{NO_PODS, TestNamespace, uid};
use crate::workload::Workload;

/// Four replicas of which three are needed, and whatever replaces one of them is not up for long. It takes a round without
/// the guard `whole` to see what the budget says then.
async fn shop() -> TestNamespace {
    let mut namespace = TestNamespace::new().await;
    namespace
        .with(Workload::deployment("web", 4).with_successors_pending())
        .await;
    namespace
        .with_budget("web", "web", json!({"minAvailable": 3}))
        .await;
    namespace
}

/// The program without the guard that judges whether an owner is whole.
fn unguarded(namespace: &TestNamespace, words: &str) -> MacaqueCommand {
    namespace.macaque(words).env("MACAQUE_GUARDS__WHOLE", "false")
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn an_eviction_spends_what_the_budget_has_left_and_the_next_is_refused_by_its_name_and_numbers() {
    let namespace = shop().await;
    let before = namespace.alive().await;
    let first = namespace.macaque("once --dry-run=false -o json").exits(0).await;
    let evicted = first.uids("evicted");
    let lost = namespace.lost(&before).await;
    assert_eq!((evicted.len(), &evicted), (1, &lost));
    assert_eq!(
        first.attempts()[0]["owner"],
        json!({"kind": "Deployment", "name": "web"})
    );

    namespace.until_healthy("web", 3).await;
    let before = namespace.alive().await;
    let numbers = "The disruption budget web needs 3 healthy pods and has 3 currently";
    let second = unguarded(&namespace, "once --dry-run=false -o json")
        .exits(3)
        .await;
    assert_eq!(second.uids("refused").len(), 3, "each was tried, and once");
    for attempt in second.attempts() {
        let outcome = &attempt["outcome"];
        assert_eq!(
            (&outcome["by"], &outcome["name"]),
            (&json!("budget"), &json!("web"))
        );
        assert_eq!(outcome["message"], numbers);
    }
    let printed = unguarded(&namespace, "once --dry-run=false").exits(3).await;
    printed.says(["deployment/web", "refused by budget web", numbers]);
    assert_eq!(namespace.lost(&before).await, NO_PODS);
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn a_deletion_ignores_a_budget_that_has_nothing_left() {
    let namespace = shop().await;
    namespace.macaque("once --dry-run=false").exits(0).await;
    namespace.until_healthy("web", 3).await;
    unguarded(&namespace, "once --dry-run=false").exits(3).await;
    let before = namespace.alive().await;
    let round = unguarded(&namespace, "once --dry-run=false --method delete -o json")
        .exits(0)
        .await;
    let lost = namespace.lost(&before).await;

    assert_eq!((round.uids("deleted"), lost.len()), (lost.clone(), 1));
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn a_refused_owner_leaves_the_round_to_another() {
    let mut namespace = TestNamespace::new().await;
    let held = namespace.with(Workload::deployment("held", 2)).await;
    let free = namespace.with(Workload::deployment("free", 2)).await;
    namespace
        .with_budget("held", "held", json!({"maxUnavailable": 0}))
        .await;
    let round = namespace.macaque("once --dry-run=false -o json").exits(0).await;

    let evicted = round.uids("evicted");
    assert!(free.iter().any(|pod| evicted == [uid(pod)]), "{round:#?}");

    let alive = namespace.alive().await;
    assert!(held.iter().all(|pod| alive.contains(&uid(pod))));
}
