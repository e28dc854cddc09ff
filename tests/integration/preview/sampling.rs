//! What is predicted of more pods than a round judges one by one.

use kube_sandbox::scenario::{deployment, stateful_set};
use macaque_core::selection::SAMPLING_THRESHOLD;
use serde_json::Value;

use super::fixture::ShopFixture;

/// The pods of a list, by namespace and name.
fn pods(list: &Value) -> Vec<String> {
    let pods = list.as_array().unwrap().iter().map(|entry| &entry["pod"]);
    pods.map(|pod| format!("{}/{}", pod["namespace"], pod["name"]))
        .collect()
}

#[test]
fn among_many_pods_too_a_round_takes_the_victims_that_the_plan_of_its_seed_predicted() {
    // Pods of one name in two namespaces, which a list gives in the order of `shop-eu/` and `shop/`.
    let half = SAMPLING_THRESHOLD as u32 / 2;
    let shop = ShopFixture::with(vec![
        deployment("shop", "web", half),
        stateful_set("shop", "db", 300),
        stateful_set("shop-eu", "db", half),
        deployment("shop-eu", "search", 2),
    ]);

    for (seed, scope) in [
        ("1", "-A"),
        ("2", "-A"),
        ("3", "-A"),
        ("4", "-A"),
        ("5", "--namespace=shop,shop-eu"),
    ] {
        let words = [scope, "--seed", seed, "--count", "3", "-o", "json"];
        for among in ["pods", "owners"] {
            let file = shop
                .cluster
                .file("macaque.toml", &format!("[disrupt]\ndraw = \"{among}\"\n"));
            let words = [&words[..], &["--config", &file]].concat();
            let plan = shop.macaque(&[&["plan"], &words[..]].concat()).json();
            let report = shop.macaque(&[&["once"], &words[..]].concat()).json();
            let predicted = pods(&plan["draw"]["victims"]);
            assert_eq!(predicted.len(), 3);
            assert_eq!(pods(&report["attempts"]), predicted, "seed {seed} among {among}");
            assert!(report["listed"].as_u64() > Some(SAMPLING_THRESHOLD as u64));
        }
    }
}
