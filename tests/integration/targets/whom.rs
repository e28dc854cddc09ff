//! Owners by kind and name, and excluded namespaces.

use kube_sandbox::scenario::{daemon_set, deployment, pod, stateful_set};
use macaque_core::name_patterns::{Glob, NamePattern, NamePatterns};
use macaque_core::owner_kinds::OwnerKinds;
use macaque_testkit::TestCluster;
use serde_json::Value;

use super::{adds_up, exempted};
use crate::macaque;
use crate::rounds::fixture::RoundFixture;
use crate::rounds::outcomes;

fn workloads() -> Vec<Value> {
    vec![
        deployment("shop", "cart", 2),
        deployment("shop", "cart-canary", 1),
        stateful_set("shop", "db", 2),
        daemon_set("shop", "agent"),
        pod("shop", "lonely", "lonely"),
    ]
}

fn kinds(words: &[&str]) -> OwnerKinds {
    OwnerKinds::new(words.iter().map(|word| word.parse().unwrap()).collect())
}

fn names(words: &[&str]) -> NamePatterns {
    NamePatterns::new(words.iter().map(|word| NamePattern::new(word)).collect())
}

#[actix_rt::test]
async fn only_owners_of_the_kinds_in_scope_lose_a_pod() {
    let fixture = RoundFixture::with(workloads())
        .target(|target| target.owners = kinds(&["sts", "widget.example.com"]))
        .count(9);
    let report = fixture.round().await;
    assert_eq!(outcomes(&report), ["statefulset/db: evicted"]);
    let others = report.listed - 2;
    assert_eq!(exempted(&report), [("owner-kind", others)]);
    adds_up(&report);
    assert_eq!(
        report.warnings,
        ["target.owners: no pod has an owner of the kind widget.example.com"]
    );
}

#[actix_rt::test]
async fn a_pod_without_an_owner_is_a_kind_of_its_own() {
    let fixture = RoundFixture::with(workloads())
        .target(|target| target.owners = kinds(&["pod"]))
        .include("bare")
        .count(9);
    assert_eq!(outcomes(&fixture.round().await), ["shop/lonely: evicted"]);
}

#[actix_rt::test]
async fn the_last_pattern_that_matches_a_name_decides() {
    let fixture = RoundFixture::with(workloads())
        .target(|target| target.names = names(&["cart*", "!*-canary", "serch"]))
        .count(9);
    let report = fixture.round().await;
    assert_eq!(outcomes(&report), ["deployment/cart: evicted"]);
    assert_eq!(exempted(&report), [("owner-name", report.listed - 2)]);
    adds_up(&report);
    assert_eq!(report.warnings, ["target.names: serch matches no owner's name"]);
}

#[actix_rt::test]
async fn excluded_namespaces_are_left_out_by_the_server_where_it_can() {
    let objects = ["shop", "billing", "team-a"].map(|namespace| deployment(namespace, "web", 2));
    let fixture = RoundFixture::with(objects.into())
        .all_namespaces()
        .target(|target| target.exclude_namespaces = vec![Glob::new("billing"), Glob::new("team-*")])
        .count(9);
    let report = fixture.round().await;
    assert_eq!(outcomes(&report), ["deployment/web: evicted"]);
    assert_eq!(report.attempts[0].pod.namespace, "shop");
    assert_eq!(
        (report.listed, exempted(&report)),
        (4, vec![("excluded-namespace", 2)])
    );
    adds_up(&report);

    let [list] = &fixture.sent("/pods?")[..] else {
        panic!()
    };
    assert!(
        list.line()
            .contains("fieldSelector=metadata.namespace%21%3Dbilling"),
        "{list:?}"
    );
}

#[actix_rt::test]
async fn a_listed_namespace_that_a_glob_excludes_is_not_read() {
    let objects = ["shop", "shop-test"].map(|namespace| deployment(namespace, "web", 2));
    let fixture = RoundFixture::with(objects.into())
        .namespaces(&["shop", "shop-test"])
        .target(|target| target.exclude_namespaces = vec![Glob::new("*-test")]);
    let report = fixture.round().await;
    assert_eq!((report.listed, report.candidates), (2, 2));
    assert!(report.warnings.is_empty(), "{report:?}");
    assert!(fixture.sent("shop-test/").is_empty());
}

#[test]
fn the_funnel_of_plan_and_the_rules_of_why_show_whom_the_scope_leaves_out() {
    let cluster = TestCluster::with(workloads());
    let run = |args: &str, target: &str| {
        let text = format!("[target]\nnamespaces = [\"shop\"]\n{target}");
        macaque(args).on(&cluster).toml(&text).run()
    };

    let plan = run("plan", "owners = [\"!sts\"]\nnames = [\"cart\", \"zzz\"]");
    plan.says(0, &["owner-kind", "owner-name"]);
    assert!(
        plan.err.contains("target.names: zzz matches no owner's name")
            || plan.out.contains("target.names: zzz matches no owner's name"),
        "{plan:?}"
    );
    run("why statefulset/db", "owners = [\"!sts\"]").says(
        0,
        &[
            "target.owners = [!statefulset]",
            "its owner's kind is excluded by !statefulset",
        ],
    );
}
