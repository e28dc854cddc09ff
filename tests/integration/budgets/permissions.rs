//! Promises of `macaque check` on permissions.

use kube_sandbox::{AccessDenial, scenario};
use macaque_testkit::TestCluster;
use serde_json::Value;

use super::{json_on, run_on};

/// A shop whose user may not do everything, but still each single thing.
fn guarded() -> TestCluster {
    let cluster = TestCluster::with(scenario::shop());
    cluster.sandbox.deny(AccessDenial::new("*", "*.*"));
    cluster
}

/// Takes away whatever a least Role does not grant.
fn least() -> TestCluster {
    let cluster = guarded();
    let rights = [
        "delete pods",
        "deletecollection pods",
        "create pods/exec",
        "create pods",
        "patch pods",
        "get secrets",
        "list secrets",
        "delete deployments.apps",
        "patch deployments.apps",
        "patch poddisruptionbudgets.policy",
        "delete poddisruptionbudgets.policy",
        "create serviceaccounts/token",
        "create rolebindings.rbac.authorization.k8s.io",
        "create clusterrolebindings.rbac.authorization.k8s.io",
        "delete nodes",
        "delete namespaces",
    ];

    for right in rights {
        let (verb, resource) = right.split_once(' ').unwrap();
        cluster.sandbox.deny(AccessDenial::new(verb, resource));
    }

    let beyond = AccessDenial::new("create", "pods/eviction");
    cluster.sandbox.deny(beyond.within(""));
    cluster
}

/// The `what` of every finding with this result.
fn those(findings: &Value, result: &str) -> Vec<String> {
    let findings = findings.as_array().unwrap().iter();
    let of = findings.filter(|finding| finding["result"] == result);
    of.map(|finding| finding["what"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn check_finds_the_least_role_to_be_just_right() {
    let (code, findings) = json_on(&least(), &["check", "-n", "shop", "--dry-run=false"]);
    assert_eq!(code, 0, "{findings:#}");
    assert_eq!(those(&findings, "failed"), [""; 0]);
    assert_eq!(those(&findings, "warning"), [""; 0]);
    assert!(those(&findings, "ok").contains(&"excess permissions".to_owned()));
}

#[test]
fn check_names_what_is_granted_in_excess_and_does_not_fail() {
    let (code, findings) = json_on(&guarded(), &["check", "-n", "shop", "--dry-run=false"]);
    assert_eq!(code, 0);

    let excess = those(&findings, "warning");
    for what in [
        "may delete pods in namespace shop",
        "may create pods/exec in namespace shop",
        "may get secrets in namespace shop",
        "may create pods/eviction in all namespaces",
        "may delete nodes in the cluster",
    ] {
        assert!(excess.contains(&what.to_owned()), "{what}: {excess:?}");
    }

    assert!(!excess.contains(&"may create pods/eviction in namespace shop".to_owned()));
    let remedies = findings.to_string();
    assert!(
        remedies.contains("granted, but not needed") && remedies.contains("bind what `macaque rbac` prints")
    );
}

#[test]
fn whoever_may_do_everything_is_warned_once() {
    let (code, findings) = json_on(
        &TestCluster::with(scenario::shop()),
        &["check", "-n", "shop,default"],
    );

    assert_eq!(code, 0);
    assert_eq!(
        those(&findings, "warning"),
        ["may do everything in all namespaces"]
    );
}

#[test]
fn a_missing_grant_fails_with_the_rule_to_add() {
    let cluster = least();
    cluster.sandbox.deny(AccessDenial::new("create", "pods/eviction"));
    let said = run_on(&cluster, &["check", "-n", "shop", "--dry-run=false"]);
    assert_eq!(said.code, 1);
    let rule =
        "add to macaque's Role: {apiGroups: [\"\"], resources: [\"pods/eviction\"], verbs: [\"create\"]}";
    assert!(said.out.contains(rule), "{}", said.out);
}

#[test]
fn a_dry_run_does_not_fail_for_want_of_the_verb_that_disrupts() {
    let cluster = least();
    cluster.sandbox.deny(AccessDenial::new("create", "pods/eviction"));
    let (code, findings) = json_on(&cluster, &["check", "-n", "shop"]);
    assert_eq!(code, 0);
    assert!(those(&findings, "note").contains(&"may create pods/eviction in namespace shop".to_owned()));
    assert_eq!(those(&findings, "warning"), [""; 0]);
}

#[test]
fn in_delete_mode_deleting_is_needed_and_evicting_is_too_much() {
    let cluster = guarded();
    let words = ["check", "-n", "shop", "--dry-run=false", "--method", "delete"];
    let (code, findings) = json_on(&cluster, &words);

    assert_eq!(code, 0);
    assert!(those(&findings, "ok").contains(&"may delete pods in namespace shop".to_owned()));

    let excess = those(&findings, "warning");
    assert!(
        excess.contains(&"may create pods/eviction in namespace shop".to_owned()),
        "{excess:?}"
    );
}

#[test]
fn want_of_budgets_is_a_note_only() {
    let cluster = least();
    cluster
        .sandbox
        .deny(AccessDenial::new("list", "poddisruptionbudgets.policy"));
    let (code, findings) = json_on(&cluster, &["check", "-n", "shop", "--dry-run=false"]);
    assert_eq!(code, 0);
    let note = "may list poddisruptionbudgets.policy in namespace shop".to_owned();
    assert!(those(&findings, "note").contains(&note));
}

#[test]
fn a_check_asks_and_does_nothing() {
    let cluster = guarded();
    run_on(&cluster, &["check", "-n", "shop,default", "--dry-run=false"]);
    for request in cluster.requests() {
        let reviews = [
            "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            "POST /apis/authentication.k8s.io/v1/selfsubjectreviews",
        ];
        let asks = request.starts_with("GET ") || reviews.contains(&request.as_str());
        assert!(asks, "{request}");
    }

    let reviews = cluster
        .sandbox
        .requests()
        .into_iter()
        .filter(|request| request.method == "POST");

    assert!(reviews.count() < 60, "bounded, two namespaces as it were");
}
