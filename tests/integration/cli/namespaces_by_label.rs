//! Namespaces that are in scope by their labels, as the commands show them: which are found, and which are left out.

use kube_sandbox::AccessDenial;
use kube_sandbox::scenario::{budget, deployment};
use macaque_testkit::{ProgramOutput, TestCluster};
use serde_json::{Value, json};

use crate::macaque;

const NO_ROLE: &str = "no Role: `macaque rbac` prints it";

/// Two namespaces with the label, of which `pay` has no Role, and one without.
fn teams() -> TestCluster {
    let namespace = |name: &str, chaos: &str| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {"chaos": chaos}}});
    let cluster = TestCluster::with(vec![
        namespace("pay", "on"),
        namespace("shop", "on"),
        namespace("search", "off"),
        deployment("pay", "web", 2),
        deployment("shop", "web", 2),
        deployment("search", "web", 2),
        budget("shop", "web", json!({"minAvailable": 1})),
    ]);
    for verb in ["list", "get"] {
        cluster
            .sandbox
            .deny(AccessDenial::new(verb, "pods").within("pay"));
    }
    cluster
}

/// Runs a command with the selector `chaos=on`.
fn run(command: &str, cluster: &TestCluster) -> ProgramOutput {
    macaque(command)
        .env("MACAQUE_TARGET__NAMESPACE_SELECTOR", "chaos=on")
        .env("MACAQUE_TARGET__MIN_AGE", "0s")
        .on(cluster)
        .run()
}

/// The name of a pod in a namespace.
fn pod_of(cluster: &TestCluster, namespace: &str) -> String {
    let plan = macaque(&format!("plan --no-guards -n {namespace} -o json"))
        .env("MACAQUE_TARGET__MIN_AGE", "0s")
        .on(cluster)
        .run();
    plan.json()["candidates"][0]["pod"]["name"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn plan_once_and_budgets_skip_a_namespace_without_a_role_and_name_it() {
    let cluster = teams();
    let line = format!("skipped: pay ({NO_ROLE})");

    run("plan --no-guards", &cluster).says(0, &["every pod in namespaces with chaos=on (shop)", &line]);
    run("once", &cluster).says(0, &["dry run: would have tried to evict", &line]);
    run("budgets", &cluster).says(0, &["shop", &line]);

    let plan = run("plan --no-guards -o json", &cluster).json();
    assert_eq!(plan["skipped"], json!([{"namespace": "pay", "why": NO_ROLE}]));
    assert_eq!(plan["namespaces"], json!(["shop"]));
    assert_eq!(plan["namespace_selector"], "chaos=on");
}

#[test]
fn why_says_that_the_namespace_of_a_pod_is_skipped_whether_it_may_read_the_pod_or_not() {
    let cluster = teams();
    let line = format!("skipped: pay ({NO_ROLE})");
    run("why pay/web-1", &cluster).complains(1, &["forbidden", &line]);

    cluster.sandbox.allow_all();
    let name = pod_of(&cluster, "pay");
    cluster
        .sandbox
        .deny(AccessDenial::new("list", "pods").within("pay"));
    let answer = run(&format!("why pay/{name}"), &cluster);
    answer.says(0, &["outside the namespaces in scope", &line]);
}

#[test]
fn check_tells_which_namespaces_are_in_scope_and_that_a_missing_role_is_no_failure() {
    let cluster = teams();
    let output = run("check -o json", &cluster);
    let findings = output.json();
    let finding = |what: &str| -> Value {
        let found = findings
            .as_array()
            .unwrap()
            .iter()
            .find(|finding| finding["what"] == what);
        found
            .cloned()
            .unwrap_or_else(|| panic!("{what} is not in {output:?}"))
    };

    assert_eq!(finding("may list namespaces in the cluster")["result"], "ok");
    assert_eq!(
        finding("namespaces with chaos=on")["detail"],
        "1 of 2 in scope: shop"
    );
    let pay = finding("namespace pay");
    assert_eq!(pay["result"], "note");
    assert_eq!(pay["detail"], format!("skipped: {NO_ROLE}"));
    assert_eq!(finding("may list pods in namespace shop")["result"], "ok");
    assert!(
        !output.out.contains("may list pods in namespace pay"),
        "{output:?}"
    );
    assert!(!output.out.contains("\"failed\""), "{output:?}");
}

#[test]
fn check_fails_with_the_rule_that_is_missing_if_namespaces_or_nodes_may_not_be_listed() {
    let cluster = teams();
    for resource in ["namespaces", "nodes"] {
        cluster.sandbox.deny(AccessDenial::new("list", resource));
    }
    let output = macaque("check")
        .env("MACAQUE_TARGET__NAMESPACE_SELECTOR", "chaos=on")
        .env("MACAQUE_TARGET__NODE_SELECTOR", "pool=spot")
        .on(&cluster)
        .run();
    let rule = |resource: &str| {
        format!(
            "add to macaque's ClusterRole: {{apiGroups: [\"\"], resources: [\"{resource}\"], verbs: [\"list\"]}}"
        )
    };
    output.says(
        1,
        &[
            "may list namespaces in the cluster",
            &rule("namespaces"),
            &rule("nodes"),
        ],
    );
}

#[test]
fn a_namespace_given_by_flag_replaces_the_selector_for_one_command() {
    let cluster = teams();
    let plan = run("plan --no-guards -n search -o json", &cluster).json();
    assert_eq!(
        (plan["namespaces"].clone(), &plan["listed"]),
        (json!(["search"]), &json!(2))
    );
}

#[test]
fn rbac_prints_one_role_for_all_or_asks_the_cluster_and_prints_one_for_each() {
    let cluster = teams();
    let template = run("rbac --service-account-namespace chaos", &cluster);
    template.says(0, &["kind: ClusterRole"]);
    assert!(
        template
            .out
            .contains("# Apply this to every namespace with chaos=on, by its name in place of NAMESPACE."),
        "{template:?}"
    );
    assert_eq!(template.out.matches("\nkind: Role\n").count(), 1, "{template:?}");
    assert_eq!(
        template.out.matches("namespace: NAMESPACE").count(),
        2,
        "{template:?}"
    );

    let each = run(
        "rbac --service-account-namespace chaos --namespaces-from labels",
        &cluster,
    );
    each.says(0, &["namespace: pay", "namespace: shop"]);
    assert_eq!(each.out.matches("\nkind: Role\n").count(), 2, "{each:?}");
    for namespace in ["pay", "shop"] {
        assert_eq!(
            each.out.matches(&format!("namespace: {namespace}\n")).count(),
            2,
            "{each:?}"
        );
    }
    assert!(
        !each.out.contains("NAMESPACE") && !each.out.contains("search"),
        "{each:?}"
    );
}

#[test]
fn rbac_cannot_ask_for_labels_that_do_not_decide_and_says_if_none_matches() {
    let cluster = teams();
    let useless = macaque("rbac -n shop --namespaces-from labels")
        .on(&cluster)
        .run();
    useless.complains(2, &["--namespaces-from", "target.namespace_selector is not set"]);

    let none = macaque("rbac --service-account-namespace chaos --namespaces-from labels")
        .env("MACAQUE_TARGET__NAMESPACE_SELECTOR", "chaos=never")
        .on(&cluster)
        .run();
    none.complains(1, &["no namespace matches chaos=never"]);
}
