//! `macaque check`: each finding with its remedy, in every format, and nothing disrupted.

use kube_sandbox::scenario::deployment;
use kube_sandbox::{AccessDenial, Sandbox};
use serde_json::{Value, json};

use super::program::{Ran, cluster, macaque};

fn shop() -> Sandbox {
    cluster(vec![deployment("shop", "web", 2)])
}

/// The finding about `what` in a report as JSON.
fn finding(ran: &Ran, what: &str) -> Value {
    let findings = ran.json();
    let found = findings
        .as_array()
        .unwrap()
        .iter()
        .find(|finding| finding["what"] == what);
    found
        .unwrap_or_else(|| panic!("{what} is not in {ran:?}"))
        .clone()
}

#[test]
fn all_is_well() {
    let sandbox = shop();
    let ran = macaque("check -n shop --dry-run=false")
        .env("MACAQUE_CRONTAB", "*/5 * * * *")
        .on(&sandbox)
        .run();
    let words = [
        "armed, evict 1 a round",
        "v1.37",
        "namespace shop",
        "may create pods/eviction in namespace shop",
    ];
    ran.says(0, &words);
    assert!(
        !ran.out.contains("FAILED") && !ran.out.contains("note"),
        "{ran:?}"
    );
    let writes = sandbox
        .requests()
        .into_iter()
        .filter(|request| request.method != "GET");
    for request in writes {
        assert!(
            request.path_and_query.ends_with("/selfsubjectaccessreviews"),
            "{request:?}"
        );
    }
}

#[test]
fn a_missing_grant_is_1_with_the_rule_to_add() {
    let sandbox = shop();
    sandbox.deny(AccessDenial::new("create", "pods/eviction"));
    let rule =
        "add to macaque's Role: {apiGroups: [\"\"], resources: [\"pods/eviction\"], verbs: [\"create\"]}";
    let call = || macaque("check -n shop --dry-run=false").on(&sandbox);
    call().run().says(1, &["FAILED", "not granted", rule]);
    let found = finding(
        &call().arg("-ojson").run(),
        "may create pods/eviction in namespace shop",
    );
    assert_eq!(
        (&found["result"], &found["remedy"]),
        (&json!("failed"), &json!(rule))
    );
}

#[test]
fn a_grant_that_a_dry_run_does_not_need_is_a_note() {
    let sandbox = shop();
    sandbox.deny(AccessDenial::new("create", "pods/eviction"));
    let ran = macaque("check -n shop -o json").on(&sandbox).run();
    let found = finding(&ran, "may create pods/eviction in namespace shop");
    assert_eq!((ran.code, &found["result"]), (0, &json!("note")));
}

#[test]
fn for_all_namespaces_the_rule_belongs_in_a_cluster_role() {
    let sandbox = shop();
    sandbox.deny(AccessDenial::new("delete", "pods"));
    let ran = macaque("check -A --method delete --dry-run=false")
        .on(&sandbox)
        .run();
    ran.says(
        1,
        &[
            "may delete pods in all namespaces",
            "add to macaque's ClusterRole:",
        ],
    );
}

#[test]
fn an_absent_namespace_is_1_with_a_remedy() {
    let ran = macaque("check -n shpo").on(&shop()).run();
    ran.says(
        1,
        &[
            "FAILED",
            "namespace shpo",
            "does not exist; create it, or mend target.namespaces",
        ],
    );
}

#[test]
fn an_api_server_that_is_away_is_1_with_a_remedy() {
    let ran = macaque("check -n shop").on_nobody().run();
    ran.says(
        1,
        &[
            "FAILED  API server",
            "Connection refused",
            "see that the API server runs and can be reached",
        ],
    );
}

#[test]
fn a_schedule_that_is_not_set_is_a_note() {
    let ran = macaque("check -n shop -o json").on(&shop()).run();
    let found = finding(&ran, "schedule");
    assert_eq!((ran.code, &found["remedy"]), (0, &json!("set schedule.cron")));
}

#[test]
fn the_findings_are_printed_as_yaml_too() {
    let ran = macaque("check -n shop -o yaml").on(&shop()).run();
    ran.says(0, &["- what: configuration\n  result: ok\n", "  detail: v1.37"]);
}
