//! Promises of `macaque budgets`.

use std::collections::BTreeSet;

use kube_sandbox::{AccessDenial, scenario};
use macaque_testkit::TestCluster;
use serde_json::{Value, json};

use super::{json_on, run_on};
use crate::{answering_proxy, macaque};

/// `SEVERITY REASON OBJECT` of each finding.
fn findings(examination: &Value) -> Vec<String> {
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    let findings = examination["findings"].as_array().unwrap().iter();
    findings
        .map(|finding| {
            let severity = word(&finding["severity"]);
            let reason = word(&finding["reason"]);
            assert!(!word(&finding["says"]).is_empty() && !word(&finding["remedy"]).is_empty());
            format!("{severity} {reason} {}", word(&finding["object"]["name"]))
        })
        .collect()
}

/// The findings of `macaque budgets -n shop` over these objects, and the exit code.
fn examined(objects: Vec<Value>) -> (i32, Vec<String>) {
    let (code, examination) = json_on(&TestCluster::with(objects), &["budgets", "-n", "shop"]);
    (code, findings(&examination))
}

#[test]
fn the_shops_database_is_never_evictable_and_its_search_has_no_budget() {
    let (code, findings) = examined(scenario::shop());
    assert_eq!(findings, ["error never db", "note no-budget search"]);
    assert_eq!(code, 3);
}

#[test]
fn a_budget_that_never_allows_an_eviction_stays_an_error_while_a_pod_terminates() {
    let cluster = TestCluster::with(vec![
        scenario::deployment("shop", "web", 3),
        scenario::budget("shop", "web", json!({ "minAvailable": 3 })),
    ]);
    let sandbox = &cluster.sandbox;
    let mut pod = scenario::pod("shop", "web-7d4b9-x7k2p", "web");
    pod["metadata"]["labels"]["pod-template-hash"] = json!("7d4b9");
    pod["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    pod["metadata"]["ownerReferences"] = json!([{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-7d4b9", "uid": "u", "controller": true}]);
    // The disruption controller counts the pod as expected.
    let mut budget = sandbox.object("PodDisruptionBudget", "shop", "web").unwrap();
    budget["status"]["expectedPods"] = json!(4);
    sandbox.apply(&[pod, budget]).unwrap();

    let (code, examination) = json_on(&cluster, &["budgets", "-n", "shop"]);
    assert_eq!(
        (code, findings(&examination)),
        (3, vec!["error never web".to_owned()])
    );
    assert_eq!(
        examination["budgets"][0]["covers"],
        json!({ "deployment/web": 3 })
    );
}

#[test]
fn budgets_with_room_are_found_no_fault_with_and_notes_do_not_fail() {
    let objects = vec![
        scenario::deployment("shop", "cart", 3),
        scenario::budget("shop", "cart", json!({ "maxUnavailable": 1 })),
        scenario::deployment("shop", "search", 2),
    ];
    assert_eq!(examined(objects), (0, vec!["note no-budget search".to_owned()]));
}

#[test]
fn an_examination_only_reads() {
    let cluster = TestCluster::with(scenario::shop());
    run_on(&cluster, &["budgets", "-n", "shop"]);
    run_on(&cluster, &["budgets", "-A"]);
    let asked = BTreeSet::from_iter(cluster.requests());
    assert_eq!(asked.len(), 4, "{asked:?}");
    for request in asked {
        assert!(request.starts_with("GET "), "{request}");
    }
}

#[test]
fn a_single_replica_and_limits_that_spare_none_are_errors() {
    for (replicas, limit) in [
        (1, json!({ "minAvailable": 1 })),
        (3, json!({ "maxUnavailable": 0 })),
        (3, json!({ "maxUnavailable": "0%" })),
        (3, json!({ "minAvailable": "100%" })),
        (3, json!({ "minAvailable": 3 })),
    ] {
        let objects = vec![
            scenario::deployment("shop", "web", replicas),
            scenario::budget("shop", "web", limit.clone()),
        ];
        assert_eq!(
            examined(objects),
            (3, vec!["error never web".to_owned()]),
            "{limit}"
        );
    }
}

#[test]
fn two_budgets_over_one_pod_are_an_error_that_names_both() {
    let mut all = scenario::budget("shop", "all", json!({ "maxUnavailable": 1 }));
    all["spec"]["selector"] = json!({});
    let cluster = TestCluster::with(vec![
        scenario::deployment("shop", "web", 4),
        scenario::budget("shop", "web", json!({ "minAvailable": 3 })),
        all,
    ]);
    let (code, examination) = json_on(&cluster, &["budgets", "-n", "shop"]);

    assert_eq!(
        (code, findings(&examination)),
        (3, vec!["error several-budgets web".to_owned()])
    );
    assert_eq!(examination["findings"][0]["budgets"], json!(["all", "web"]));

    for budget in examination["budgets"].as_array().unwrap() {
        assert_eq!(budget["findings"], json!(["several-budgets"]), "{budget}");
    }
}

#[test]
fn a_budget_over_daemons_has_failed_to_sync_and_says_why() {
    let cluster = TestCluster::with(vec![
        scenario::daemon_set("shop", "logs"),
        scenario::budget("shop", "logs", json!({ "maxUnavailable": 1 })),
    ]);
    let said = run_on(&cluster, &["budgets", "-n", "shop"]);

    assert_eq!(said.code, 3);
    assert!(
        said.out
            .contains("daemonsets.apps does not implement the scale subresource"),
        "{}",
        said.out
    );
    assert!(
        said.out.contains("set minAvailable to a whole number"),
        "{}",
        said.out
    );
}

#[test]
fn selectors_that_cover_nothing_are_warnings_and_do_not_fail() {
    let mut nothing = scenario::budget("shop", "nothing", json!({ "maxUnavailable": 1 }));
    nothing["spec"].as_object_mut().unwrap().remove("selector");
    let objects = vec![
        scenario::deployment("shop", "web", 1),
        scenario::budget("shop", "gone", json!({ "maxUnavailable": 1 })),
        nothing,
    ];
    let words = ["warning matches-nothing gone", "warning no-selector nothing"].map(str::to_owned);

    assert_eq!(examined(objects), (0, words.to_vec()));
}

#[test]
fn never_is_distinguished_from_not_now_and_from_not_yet() {
    let cluster = TestCluster::with(vec![
        scenario::deployment("shop", "web", 4),
        scenario::budget("shop", "web", json!({ "minAvailable": 3 })),
    ]);
    cluster.sandbox.pause();
    let mut budget = scenario::budget("shop", "web", json!({ "minAvailable": 3 }));
    budget["metadata"]["generation"] = json!(2);
    budget["status"] = json!({
        "observedGeneration": 2, "disruptionsAllowed": 0, "currentHealthy": 3, "desiredHealthy": 3, "expectedPods": 4,
    });
    cluster.sandbox.apply(std::slice::from_ref(&budget)).unwrap();
    let (code, now) = json_on(&cluster, &["budgets", "-n", "shop"]);

    assert_eq!((code, findings(&now)), (0, vec!["note exhausted web".to_owned()]));
    budget["status"]["observedGeneration"] = json!(1);
    cluster.sandbox.apply(&[budget]).unwrap();
    let (code, yet) = json_on(&cluster, &["budgets", "-n", "shop"]);

    assert_eq!(
        (code, findings(&yet)),
        (0, vec!["warning unsynced web".to_owned()])
    );
}

#[test]
fn unready_pods_that_block_are_reported_with_the_remedy() {
    let mut sick = scenario::pod("shop", "web-0", "web");
    sick["status"]["conditions"] = json!([{ "type": "Ready", "status": "False" }]);
    let cluster = TestCluster::with(vec![
        sick,
        scenario::pod("shop", "web-1", "web"),
        scenario::pod("shop", "web-2", "web"),
        scenario::budget("shop", "web", json!({ "minAvailable": 2 })),
    ]);
    cluster.sandbox.pause();
    let mut second = scenario::pod("shop", "web-1", "web");
    second["status"]["conditions"] = json!([{ "type": "Ready", "status": "False" }]);
    let mut budget = scenario::budget("shop", "web", json!({ "minAvailable": 2 }));
    budget["status"] = json!({
        "observedGeneration": 1, "disruptionsAllowed": 0, "currentHealthy": 1, "desiredHealthy": 2, "expectedPods": 3,
    });
    cluster.sandbox.apply(&[second, budget]).unwrap();
    let said = run_on(&cluster, &["budgets", "-n", "shop"]);

    assert!(
        said.out.contains("unhealthy-pods") && said.out.contains("AlwaysAllow"),
        "{}",
        said.out
    );
    assert_eq!(said.code, 0);
}

#[test]
fn a_namespace_that_may_not_be_read_is_reported_and_the_others_are_examined() {
    let cluster = TestCluster::with(scenario::shop());
    let denial = AccessDenial::new("list", "poddisruptionbudgets.policy").within("bank");
    cluster.sandbox.deny(denial);
    let (code, examination) = json_on(&cluster, &["budgets", "-n", "bank,shop"]);

    assert_eq!(code, 3, "the shop's error is found all the same");
    assert_eq!(findings(&examination).len(), 2);

    let problem = examination["problems"][0].as_str().unwrap();
    assert!(problem.contains("list poddisruptionbudgets in bank"), "{problem}");

    let rule = "add to macaque's Role: {apiGroups: [\"policy\"], resources: [\"poddisruptionbudgets\"], verbs: [\"list\"]}";
    assert!(problem.ends_with(rule), "{problem}");
}

#[test]
fn a_namespace_that_is_excluded_is_not_examined() {
    let cluster = TestCluster::with(vec![
        scenario::deployment("shop", "web", 2),
        scenario::budget("shop", "web", json!({ "maxUnavailable": 1 })),
        scenario::deployment("billing", "bank", 2),
        scenario::budget("billing", "bank", json!({ "maxUnavailable": 0 })),
    ]);
    for scope in ["-A", "-n shop,billing"] {
        let words = format!("budgets {scope} -o json");
        let all = macaque(&words).on(&cluster).run();
        assert_eq!(all.code, 3);

        let output = macaque(&words)
            .on(&cluster)
            .env("MACAQUE_TARGET__EXCLUDE_NAMESPACES", "bill*")
            .run();
        let budgets = output.json()["budgets"].as_array().unwrap().len();
        assert_eq!((output.code, budgets), (0, 1), "{}", output.out);
    }
}

#[test]
fn what_was_not_examined_is_not_said_to_be_well() {
    let cluster = TestCluster::with(vec![scenario::deployment("shop", "web", 1)]);
    assert_eq!(run_on(&cluster, &["budgets", "-n", "shop"]).code, 0);
    assert_eq!(run_on(&cluster, &["budgets", "-n", "shop,absent"]).code, 1);

    cluster.sandbox.deny(AccessDenial::new("list", "pods"));
    let said = run_on(&cluster, &["budgets", "-n", "shop"]);
    assert_eq!(said.code, 1);
    assert!(
        said.out.contains("resources: [\"pods\"], verbs: [\"list\"]"),
        "{}",
        said.out
    );
}

#[test]
fn an_absent_namespace_is_said_to_be_absent() {
    let said = run_on(&TestCluster::with(scenario::shop()), &["budgets", "-n", "absent"]);
    assert!(
        said.out.contains("namespace absent does not exist"),
        "{}",
        said.out
    );
    assert_eq!(said.code, 1);
}

#[test]
fn many_pods_are_read_page_by_page_and_counted_once() {
    let cluster = TestCluster::with(vec![
        scenario::deployment("shop", "web", 1100),
        scenario::budget("shop", "web", json!({ "maxUnavailable": 1 })),
    ]);
    let (code, examination) = json_on(&cluster, &["budgets", "-n", "shop"]);

    assert_eq!(code, 0);
    assert_eq!(
        examination["budgets"][0]["covers"],
        json!({ "deployment/web": 1100 })
    );

    let pages = cluster.sandbox.requests().into_iter();
    let pages = pages.filter(|request| request.path_and_query.contains("/pods?"));
    assert_eq!(pages.count(), 3, "of 500 each");
}

#[test]
fn a_selector_narrows_the_budgets_and_not_what_they_count() {
    let cluster = TestCluster::with(scenario::shop());
    let (code, examination) = json_on(&cluster, &["budgets", "-n", "shop", "-l", "app=web"]);
    assert_eq!(code, 0);
    assert_eq!(examination["budgets"].as_array().unwrap().len(), 1);
    assert_eq!(
        examination["budgets"][0]["covers"],
        json!({ "deployment/web": 4 })
    );
}

#[test]
fn a_server_without_policy_v1_is_named_as_such() {
    let cluster = TestCluster::with(Vec::new());
    let body = r#"{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}"#;
    let proxy = answering_proxy(&cluster.sandbox, "", 404, body);
    cluster.reach_at(&proxy.url());
    let said = run_on(&cluster, &["budgets", "-n", "shop"]);
    assert_eq!(said.code, 1, "{}", said.out);
    assert!(said.out.contains("knows no policy/v1"), "{}", said.out);
}

#[test]
fn neither_a_schedule_nor_the_files_of_secrets_are_needed_to_look() {
    let cluster = TestCluster::with(scenario::shop());
    let text = "[target]\nnamespaces = [\"shop\"]\n[notify.slack]\ntoken_file = \"/absent/token\"\nchannel = \"C1\"\n";
    let file = cluster.file("macaque.toml", text);
    assert_eq!(run_on(&cluster, &["budgets", "--config", &file]).code, 3);
    let rbac = run_on(&cluster, &["rbac", "--config", &file]);
    assert_eq!(rbac.code, 0, "{}", rbac.err);
}
