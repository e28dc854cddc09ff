//! Promises about `macaque report` on a real API server: after a round it names each owner with what became of it.

use serde_json::{Value, json};

use crate::program::MacaqueCommand;
use crate::test_namespace::TestNamespace;
use crate::workload::Workload;

/// An owner that recovers, one that its budget protects, one that a guard holds back, and one that is exempt.
async fn shop() -> TestNamespace {
    let mut namespace = TestNamespace::new().await;
    for name in ["macaque-journal", "macaque-history"] {
        let config_map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}});
        namespace.create(config_map).await;
    }
    namespace.with(Workload::deployment("web", 2)).await;
    namespace.with(Workload::deployment("db", 2)).await;
    namespace
        .with_budget("db", "db", json!({"maxUnavailable": 0}))
        .await;
    namespace.with(Workload::deployment("solo", 1)).await;
    let exempt = Workload::deployment("exempt", 2).annotated("macaque/enabled", "false");
    namespace.with(exempt).await;
    namespace
}

/// A command of a macaque that lives in the namespace, and disrupts no last pod.
fn macaque(namespace: &TestNamespace, words: &str) -> MacaqueCommand {
    let command = namespace.macaque(words);
    command
        .env("MACAQUE_POD_NAMESPACE", &namespace.name)
        .env("MACAQUE_GUARDS__MIN_READY", "1")
}

/// What the report says of an owner.
fn of<'a>(report: &'a Value, name: &str) -> &'a Value {
    let mut owners = report["owners"].as_array().unwrap().iter();
    owners.find(|owner| owner["owner"]["name"] == name).unwrap()
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn after_a_round_each_owner_is_reported_with_what_became_of_it() {
    let namespace = shop().await;
    macaque(&namespace, "once --dry-run=false --wait=60s")
        .env("MACAQUE_DISRUPT__COUNT", "3")
        .exits(0)
        .await;

    let report = macaque(&namespace, "report -o json").exits(0).await.json();
    let web = of(&report, "web");
    assert_eq!(
        (&web["finding"], &web["disruptions"]),
        (&json!("recovered"), &json!(1)),
        "{report:#}"
    );
    assert_eq!(
        (&web["recovery"]["count"], &web["recovery"]["few"]),
        (&json!(1), &json!(true))
    );
    assert!(
        web["recovery"]["p50_ms"]
            .as_u64()
            .is_some_and(|millis| millis > 0),
        "{web:#}"
    );
    let refused = format!("budget {}/db", namespace.name);
    for (name, reason, by) in [
        ("db", "refused", refused.as_str()),
        ("solo", "held", "min_ready"),
        ("exempt", "exempt", "opted-out"),
    ] {
        let without_turn = json!({"reason": reason, "by": by});
        let owner = of(&report, name);
        assert_eq!(
            (&owner["finding"], &owner["without_turn"]),
            (&json!(reason), &without_turn),
            "{report:#}"
        );
        assert_eq!(owner["disruptions"], 0, "{name}");
    }
    assert_eq!(
        (&report["rounds"], &report["dry_run"]),
        (&json!(1), &json!(false))
    );

    let table = macaque(&namespace, "report").exits(0).await;
    table.says([
        "recovered in time",
        &format!("no turn: refused by {refused}"),
        "no turn: held back by min_ready",
        "no turn: exempt by opted-out",
        "4 owners: 3 without a turn, 1 recovered in time",
    ]);
}
