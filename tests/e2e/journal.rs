//! Promises about the journal on a real API server: the manifest's Role suffices for it, and a pause is heeded.

use serde_json::{Value, json};

use crate::account::document;
use crate::program::Macaque;
use crate::workload::Workload;
use crate::world::{NOBODY, World};

/// A namespace with the manifest's journal in it, and pods without a budget.
async fn world() -> World {
    let mut world = World::new().await;
    world
        .create(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "macaque-journal"}}))
        .await;
    world.with(Workload::deployment("web", 4)).await;
    world
}

impl World {
    /// An armed round of a macaque that lives in this namespace.
    fn round(&self) -> Macaque {
        let round = self.macaque("once --dry-run=false");
        round.env("MACAQUE_POD_NAMESPACE", &self.namespace)
    }

    async fn journal(&self) -> Value {
        let object = self
            .read(&format!("{}/macaque-journal", self.path("ConfigMap")))
            .await;
        serde_json::from_str(object["data"]["journal.json"].as_str().unwrap()).unwrap()
    }
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn a_pause_stops_an_armed_macaque_and_a_resumption_frees_it() {
    let world = world().await;
    let before = world.alive().await;
    let switch = |words: &str| {
        Macaque::new(words)
            .arg("-n")
            .arg(&world.namespace)
            .by_environment()
    };
    switch("pause --for 1h").exits(0).await.says(["paused until 20"]);
    world.round().exits(3).await.says(["paused until 20"]);
    assert_eq!(world.lost(&before).await, NOBODY);
    switch("resume").exits(0).await.says(["resumed"]);
    world.round().exits(0).await.says(["evicted"]);
    assert_eq!(world.lost(&before).await.len(), 1);
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn the_role_of_the_manifest_suffices_to_keep_the_journal_and_what_it_says_is_so() {
    let mut world = world().await;
    let role = world.role(&document(&world, "Role")).await;
    let account = world.account(role).await;
    let before = world.alive().await;
    let ending = world.round().by(&account).arg("-ojson").exits(0).await;
    let journal = world.journal().await;
    let reservation = &journal["round"]["charges"][0];
    assert_eq!(reservation["state"], "disrupted");
    assert_eq!(
        json!(world.lost(&before).await),
        json!([reservation["pod"]["uid"]])
    );
    assert_eq!(json!(ending.uids("evicted")), json!([reservation["pod"]["uid"]]));
    assert_eq!(journal["notices"], json!([]), "everybody was told");
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn two_writers_of_one_journal_never_both_get_their_way() {
    let world = world().await;
    let before = world.alive().await;
    let rounds = (0..4).map(|_| world.round().env("MACAQUE_LIMITS__PER_HOUR", "1").ends());
    futures_util::future::join_all(rounds).await;
    assert_eq!(
        world.lost(&before).await.len(),
        1,
        "the limit is one, however many ask at once"
    );
}
