//! The scope by labels, asked about again just before a disruption.

use kube_sandbox::AccessDenial;
use kube_sandbox::scenario::stateful_set;
use macaque::guards::{FRESH, RoundGuards};
use macaque_core::config::NamespaceScope;
use macaque_core::guard::{GuardAnswer, GuardFinding};
use macaque_core::pod::Pod;
use serde_json::{Value, json};

use super::asked::GuardFixture;
use super::cluster::let_pass;

/// The namespace `shop` with the label `chaos`.
fn shop(chaos: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "labels": {"chaos": chaos}}})
}

/// A workload of the namespace `shop`, which is in scope by its label.
async fn selected() -> GuardFixture {
    let objects = vec![shop("on"), stateful_set("shop", "db", 2)];
    let mut fixture = GuardFixture::with(objects, &[]).await;
    fixture.eligibility.target.namespaces = NamespaceScope::Selected("chaos=on".parse().unwrap());
    fixture
}

async fn ask(guards: &mut RoundGuards<'_>, victim: &Pod) -> Option<GuardFinding> {
    guards.ask_victim(victim).await.pop()
}

/// How often namespaces were listed.
fn lists(fixture: &GuardFixture) -> usize {
    let requests = fixture.proxy.requests().into_iter();
    requests
        .filter(|request| request.line().contains("/namespaces?"))
        .count()
}

#[actix_rt::test]
async fn a_namespace_that_lost_its_label_is_held_back_by_what_the_freeze_reads_anyway() {
    let mut fixture = selected().await;
    fixture.config.freeze = true;
    let db = fixture.pod("db-0").await;
    let mut guards = fixture.guards();
    guards.note_selected("shop");
    let found = ask(&mut guards, &db).await.unwrap();
    assert_eq!(found.answer, GuardAnswer::Go, "{found:?}");

    fixture.sandbox.sandbox.apply(&[shop("off")]).unwrap();
    let_pass(FRESH).await;
    let left = ask(&mut guards, &db).await.unwrap();
    assert_eq!(left.answer, GuardAnswer::HoldsBack);
    assert_eq!(left.setting, "target.namespace_selector = chaos=on");
    assert_eq!(left.seen, "namespace shop does not match chaos=on any more");
    assert_eq!(lists(&fixture), 0);
}

#[actix_rt::test]
async fn without_the_freeze_the_labels_are_asked_for_again_once_what_the_round_found_is_ten_seconds_old() {
    let fixture = selected().await;
    let db = fixture.pod("db-0").await;
    let mut guards = fixture.guards();
    assert_eq!(
        ask(&mut guards, &db).await,
        None,
        "no round found it by its labels"
    );
    guards.note_selected("shop");

    for (passed, requests) in [(FRESH / 2, 0), (FRESH / 2, 1), (FRESH / 2, 1)] {
        let_pass(passed).await;
        assert_eq!(ask(&mut guards, &db).await, None);
        assert_eq!(lists(&fixture), requests);
    }

    fixture.sandbox.sandbox.apply(&[shop("off")]).unwrap();
    let_pass(FRESH).await;
    let left = ask(&mut guards, &db).await.unwrap();
    assert_eq!(left.answer, GuardAnswer::HoldsBack);
    assert_eq!(left.seen, "namespace shop does not match chaos=on any more");
}

#[actix_rt::test]
async fn labels_that_cannot_be_read_again_are_no_answer() {
    let fixture = selected().await;
    let db = fixture.pod("db-0").await;
    let mut guards = fixture.guards();
    guards.note_selected("shop");

    fixture
        .sandbox
        .sandbox
        .deny(AccessDenial::new("list", "namespaces"));
    let_pass(FRESH).await;
    let unknown = ask(&mut guards, &db).await.unwrap();
    assert_eq!(unknown.answer, GuardAnswer::CannotAnswer);
    assert!(
        unknown.seen.contains("list namespaces with chaos=on: forbidden"),
        "{unknown:?}"
    );
}
