//! Namespaces that are in scope by their labels: which are found, which are left out and named, and what happens when they
//! change.

use std::sync::Arc;

use kube_sandbox::AccessDenial;
use kube_sandbox::scenario::deployment;
use macaque::notify::RoundMessage;
use macaque_core::report::{RoundStatus, SkippedNamespace};
use serde_json::{Value, json};

use super::fixture::{EVICTION, RoundFixture};
use super::{failure, outcomes};
use macaque_testkit::fault_proxy::{Fault, ProxyResponse};

const NO_ROLE: &str = "no Role: `macaque rbac` prints it";

/// A namespace with the label `chaos`.
fn namespace(name: &str, chaos: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {"chaos": chaos}}})
}

/// Two namespaces with the label, and one without, each with the same workload.
fn three_teams() -> RoundFixture {
    let objects = vec![
        namespace("pay", "on"),
        namespace("shop", "on"),
        namespace("search", "off"),
        deployment("pay", "web", 2),
        deployment("shop", "web", 2),
        deployment("search", "web", 2),
    ];
    RoundFixture::with(objects)
        .namespace_selector("chaos=on")
        .count(9)
}

fn skipped(namespace: &str, why: &str) -> SkippedNamespace {
    SkippedNamespace {
        namespace: namespace.to_owned(),
        why: why.to_owned(),
    }
}

#[actix_rt::test]
async fn the_namespaces_whose_labels_match_are_in_scope_and_no_other() {
    let fixture = three_teams();
    let report = fixture.round().await;

    assert_eq!(outcomes(&report), ["deployment/web: evicted"; 2]);
    assert_eq!(report.namespaces, ["pay", "shop"]);
    assert_eq!(report.namespace_selector, "chaos=on");
    assert_eq!((report.listed, &report.skipped[..]), (4, &[][..]));
    assert_eq!(fixture.pods("search").await.len(), 2);
}

#[actix_rt::test]
async fn a_namespace_without_a_role_is_skipped_and_named_and_the_others_have_their_round() {
    let fixture = three_teams();
    fixture
        .sandbox
        .deny(AccessDenial::new("list", "pods").within("pay"));
    let report = fixture.round().await;

    assert_eq!(outcomes(&report), ["deployment/web: evicted"]);
    assert_eq!(report.skipped, [skipped("pay", NO_ROLE)]);
    assert_eq!(
        (report.status(), report.problems.len()),
        (RoundStatus::Disrupted, 0)
    );
    assert_eq!(
        fixture.sent("/namespaces/pay/pods").len(),
        0,
        "it is not even tried"
    );
    let message = RoundMessage::of(&report);
    assert!(
        message.notes.contains(&format!("skipped: pay ({NO_ROLE})")),
        "{message:?}"
    );
}

#[actix_rt::test]
async fn a_round_that_only_skips_is_idle_and_not_failed() {
    let fixture = three_teams();
    fixture.sandbox.deny(AccessDenial::new("list", "pods"));
    let report = fixture.round().await;

    assert_eq!(report.status(), RoundStatus::Idle, "{report:?}");
    assert_eq!(
        report.skipped,
        [skipped("pay", NO_ROLE), skipped("shop", NO_ROLE)]
    );
    let message = RoundMessage::of(&report);
    assert!(
        message
            .headline
            .contains("all 2 namespaces with chaos=on were skipped"),
        "{message:?}"
    );
}

#[actix_rt::test]
async fn a_namespace_whose_role_lacks_the_disrupting_verb_is_skipped_when_armed_and_not_in_a_dry_run() {
    let lacks = "its Role does not grant to create pods/eviction: `macaque rbac` prints it";
    let denial = || AccessDenial::new("create", "pods/eviction").within("pay");

    let armed = three_teams();
    armed.sandbox.deny(denial());
    let report = armed.round().await;
    assert_eq!(outcomes(&report), ["deployment/web: evicted"]);
    assert_eq!(report.skipped, [skipped("pay", lacks)]);

    let dry = three_teams().dry_run();
    dry.sandbox.deny(denial());
    let report = dry.round().await;
    assert_eq!((report.attempts.len(), report.skipped.len()), (2, 0));
}

#[actix_rt::test]
async fn a_role_that_is_withdrawn_in_mid_round_skips_its_namespace_without_a_failure() {
    for (request, verb, resource) in [
        ("/namespaces/pay/pods?", "list", "pods"),
        ("/namespaces/pay/pods/", "get", "pods"),
        (EVICTION, "create", "pods/eviction"),
    ] {
        let fixture = three_teams();
        let sandbox = Arc::clone(&fixture.sandbox);
        let withdraw = move || sandbox.deny(AccessDenial::new(verb, resource).within("pay"));
        let report = fixture.meanwhile(request, withdraw).round().await;

        let names: Vec<_> = report.skipped.iter().map(|skipped| &*skipped.namespace).collect();
        let is_evicted_first = outcomes(&report).len() == 2;
        assert!(
            names == ["pay"] || request == EVICTION && is_evicted_first,
            "{request}: {report:?}"
        );
        assert_eq!(
            (report.status(), report.problems.len()),
            (RoundStatus::Disrupted, 0),
            "{request}"
        );
    }
}

#[actix_rt::test]
async fn a_victim_whose_namespace_loses_its_label_in_mid_round_is_exempt() {
    let fixture = three_teams();
    let sandbox = Arc::clone(&fixture.sandbox);
    let flip = move || {
        sandbox
            .apply(&[namespace("pay", "off"), namespace("shop", "off")])
            .unwrap()
    };
    let fixture = fixture.meanwhile("fieldSelector=metadata.name", flip);
    let report = fixture.round().await;

    assert_eq!(outcomes(&report), [""; 0]);
    let tally = &report.exempted["namespace"];
    assert_eq!(tally.detail, "its namespace does not match chaos=on any more");
    assert_eq!(fixture.sent(EVICTION).len(), 0);
}

#[actix_rt::test]
async fn a_namespace_that_gains_the_label_is_in_the_next_round() {
    let fixture = three_teams();
    assert_eq!(fixture.round().await.namespaces, ["pay", "shop"]);
    fixture.sandbox.apply(&[namespace("search", "on")]).unwrap();
    assert_eq!(fixture.round().await.namespaces, ["pay", "search", "shop"]);
}

#[actix_rt::test]
async fn no_namespace_with_the_label_is_an_idle_round_with_a_warning() {
    let fixture = three_teams().namespace_selector("chaos=never");
    let report = fixture.round().await;

    assert_eq!(report.status(), RoundStatus::Idle);
    assert_eq!(report.warnings, ["no namespace matches chaos=never"]);
    assert_eq!(fixture.sent("/pods").len(), 0);
    let message = RoundMessage::of(&report);
    assert!(
        message.headline.contains("no namespace matches chaos=never"),
        "{message:?}"
    );
}

#[actix_rt::test]
async fn a_round_that_may_not_list_namespaces_fails_with_the_rule_that_is_missing() {
    let fixture = three_teams();
    fixture.sandbox.deny(AccessDenial::new("list", "namespaces"));
    let report = fixture.round().await;

    assert_eq!(report.status(), RoundStatus::Failed);
    let why = failure(&report);
    assert!(why.contains("list namespaces with chaos=on: forbidden"), "{why}");
    let rule = "{apiGroups: [\"\"], resources: [\"namespaces\"], verbs: [\"list\"]}";
    assert!(
        why.ends_with(&format!("add to macaque's ClusterRole: {rule}")),
        "{why}"
    );
    assert_eq!(fixture.sent("/pods").len(), 0, "nothing is guessed");
}

#[actix_rt::test]
async fn a_review_that_is_not_answered_fails_the_round_and_guesses_nothing() {
    let refusal = ProxyResponse::failure(500, "etcdserver: request timed out", json!({}));
    let fixture = three_teams().always("/selfsubjectaccessreviews", Fault::Answer(refusal));
    let report = fixture.round().await;
    assert_eq!((report.status(), report.attempts.len()), (RoundStatus::Failed, 0));
}

#[actix_rt::test]
async fn a_namespace_that_is_being_deleted_is_skipped() {
    let mut leaving = namespace("pay", "on");
    leaving["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    leaving["metadata"]["finalizers"] = json!(["example.com/slow"]);
    let fixture = three_teams();
    fixture.sandbox.apply(&[leaving]).unwrap();

    let report = fixture.round().await;
    assert_eq!(report.skipped, [skipped("pay", "it is being deleted")]);
    assert_eq!(report.namespaces, ["shop"]);
}

#[actix_rt::test]
async fn a_digest_names_the_namespaces_whose_owners_it_cannot_list() {
    let fixture = three_teams();
    fixture
        .sandbox
        .deny(AccessDenial::new("list", "pods").within("pay"));
    let owners = fixture.scope_owners().await;
    assert_eq!(owners.problems, [format!("skipped: pay ({NO_ROLE})")]);
}
