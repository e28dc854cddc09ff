//! `macaque once`: what the exit code says, and the report in every format.

use macaque::sandbox::scene::{budget, daemon_set, deployment, stateful_set};
use macaque::sandbox::{Denial, Sandbox};
use serde_json::{Value, json};

use crate::program::{Ran, cluster, macaque};

const ARMED: &str = "once -n shop --dry-run=false";

fn two_webs() -> Sandbox {
    cluster(vec![deployment("shop", "web", 2)])
}

/// The methods of the requests that were no reads.
fn writes(sandbox: &Sandbox) -> Vec<String> {
    let requests = sandbox.requests().into_iter();
    requests
        .map(|request| request.method)
        .filter(|method| method != "GET")
        .collect()
}

#[test]
fn a_pod_disrupted_is_0() {
    let sandbox = two_webs();
    let ran = macaque(ARMED).on(&sandbox).run();
    ran.says(
        0,
        &[
            "evicted shop/web-",
            "deployment/web",
            "2 pods listed, 2 candidates",
        ],
    );
    assert_eq!(writes(&sandbox), ["POST"]);
}

#[test]
fn a_dry_run_is_the_default_and_0() {
    let sandbox = two_webs();
    let ran = macaque("once -n shop").on(&sandbox).run();
    ran.says(0, &["dry run: would have evicted shop/web-"]);
    assert!(writes(&sandbox).is_empty());
}

#[test]
fn every_victim_refused_is_3_and_names_the_budget_and_its_numbers() {
    let scene = vec![
        stateful_set("shop", "db", 3),
        budget("shop", "db", json!({ "minAvailable": 3 })),
    ];
    let ran = macaque(ARMED).on(&cluster(scene)).run();
    let words = "refused by budget db: The disruption budget db needs 3 healthy pods and has 3 currently";
    ran.says(3, &["no pod disrupted: 3 refused by budget db", words]);
}

#[test]
fn no_eligible_pod_is_4_and_says_why() {
    let ran = macaque(ARMED)
        .on(&cluster(vec![daemon_set("shop", "logs")]))
        .run();
    ran.says(
        4,
        &["none of the 2 pods listed is eligible", "belongs to a DaemonSet"],
    );
}

#[test]
fn an_api_server_that_is_away_is_1() {
    let ran = macaque(ARMED).on_nobody().run();
    ran.says(
        1,
        &[
            "round failed: list pods in shop: the API server at 127.0.0.1:",
            "did not answer: Connection refused",
        ],
    );
}

#[test]
fn a_missing_grant_is_1_and_named() {
    let missing = [
        ("list", "pods", "cannot list resource \"pods\""),
        ("get", "pods", "cannot get resource \"pods\""),
        (
            "create",
            "pods/eviction",
            "cannot create resource \"pods/eviction\"",
        ),
    ];
    for (verb, resource, words) in missing {
        let sandbox = two_webs();
        sandbox.deny(Denial::new(verb, resource));
        macaque(ARMED)
            .on(&sandbox)
            .run()
            .says(1, &[words, "in the namespace \"shop\""]);
        assert!(!writes(&sandbox).contains(&"DELETE".to_owned()));
    }
}

#[test]
fn an_absent_namespace_is_1_and_named() {
    let ran = macaque("once -n shpo").on(&two_webs()).run();
    ran.says(1, &["namespace shpo does not exist"]);
}

#[test]
fn the_flags_reach_the_round() {
    let sandbox = cluster(vec![deployment("shop", "web", 2), deployment("team", "api", 2)]);
    let ran = macaque("once -n shop,team -l app!=web --method delete --count 2 --dry-run=false -o json")
        .on(&sandbox)
        .run();
    let report = ran.json();
    assert_eq!(report["namespaces"], json!(["shop", "team"]));
    assert_eq!(
        (&report["method"], &report["selector"]),
        (&json!("delete"), &json!("app!=web"))
    );
    assert_eq!(report["attempts"][0]["outcome"], json!({ "result": "deleted" }));
    assert_eq!(writes(&sandbox), ["DELETE"]);
}

#[test]
fn the_report_is_printed_as_json_and_yaml_and_nothing_else_is() {
    let sandbox = two_webs();
    let json = macaque("once -n shop --seed 7 -o json").on(&sandbox).run();
    let report = json.json();
    assert_eq!(
        (&report["seed"], &report["end"]["state"]),
        (&json!(7), &json!("complete"))
    );
    assert_eq!(report["attempts"][0]["outcome"], json!({ "result": "spared" }));
    let yaml = macaque("once -n shop --seed 7 -o yaml").on(&sandbox).run();
    for line in [
        "seed: 7\n",
        "dry_run: true\n",
        "method: evict\n",
        "    result: spared\n",
    ] {
        yaml.says(0, &[line]);
    }
    assert_eq!((json.code, json.err, yaml.err), (0, String::new(), String::new()));
}

#[test]
fn a_seed_repeats_a_choice() {
    let apps = ["a", "b", "c", "d"].map(|app| deployment("shop", app, 5));
    let sandbox = cluster(apps.to_vec());
    let choice = |seed: u64| -> Value {
        let ran: Ran = macaque(&format!("once -n shop --count 4 -o json --seed {seed}"))
            .on(&sandbox)
            .run();
        ran.json()["attempts"].clone()
    };
    assert_eq!(choice(1), choice(1));
    assert_ne!(choice(1), choice(2));
}
