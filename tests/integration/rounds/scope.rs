//! Whom a round leaves alone: by namespace, by selector, by rule, for want of a grant.

use kube_sandbox::AccessDenial;
use kube_sandbox::scenario::{daemon_set, deployment, pod, shop};
use macaque::notify::RoundMessage;
use macaque_core::report::{RoundEnd, RoundStatus};
use serde_json::{Value, json};

use super::fixture::{EVICTION, RoundFixture, two_apps};
use super::outcomes;

/// The same workload in two namespaces.
fn two_teams() -> Vec<Value> {
    vec![deployment("one", "web", 2), deployment("two", "web", 2)]
}

#[actix_rt::test]
async fn no_pod_outside_the_selector_is_drawn() {
    let fixture = RoundFixture::with(shop()).selector("app in (search)").count(9);
    assert_eq!(outcomes(&fixture.round().await), ["deployment/search: evicted"]);
    let [list] = &fixture.sent("/pods?")[..] else {
        panic!()
    };
    assert!(list.line().contains("labelSelector=app%3Dsearch"), "{list:?}");
}

#[actix_rt::test]
async fn no_pod_outside_the_namespaces_is_drawn() {
    let fixture = RoundFixture::with(two_teams()).namespaces(&["two"]).count(9);
    assert_eq!(fixture.round().await.attempts.len(), 1);
    assert_eq!(
        (fixture.pods("one").await.len(), fixture.pods("two").await.len()),
        (2, 1)
    );
}

#[actix_rt::test]
async fn owners_of_one_name_in_two_namespaces_are_two() {
    let fixture = RoundFixture::with(two_teams())
        .namespaces(&["one", "two"])
        .count(9);
    assert_eq!(outcomes(&fixture.round().await), ["deployment/web: evicted"; 2]);
}

#[actix_rt::test]
async fn all_namespaces_leave_out_the_systems_own() {
    let objects = vec![deployment("shop", "web", 1), deployment("kube-system", "dns", 2)];
    let fixture = RoundFixture::with(objects).all_namespaces().count(9);
    let report = fixture.round().await;
    assert_eq!(outcomes(&report), ["deployment/web: evicted"]);
    assert_eq!(report.exempted["system-namespaces"].count, 2);
    assert_eq!(fixture.pods("kube-system").await.len(), 2);
}

#[actix_rt::test]
async fn a_system_namespace_that_is_opened_is_in_scope() {
    let objects = vec![deployment("kube-system", "dns", 2)];
    let fixture = RoundFixture::with(objects)
        .all_namespaces()
        .include("system-namespaces");
    assert_eq!(outcomes(&fixture.round().await), ["deployment/dns: evicted"]);
}

#[actix_rt::test]
async fn a_pod_whose_opt_out_is_no_clear_permission_is_exempt_and_its_value_is_reported() {
    for (value, detail) in [
        ("No", r#"opted out by macaque/enabled="No""#),
        ("0", r#"opted out by macaque/enabled="0""#),
        (
            "",
            r#"opted out by macaque/enabled="", which is neither yes nor no"#,
        ),
        (
            "ture",
            r#"opted out by macaque/enabled="ture", which is neither yes nor no"#,
        ),
    ] {
        let mut shy = deployment("shop", "shy", 2);
        shy["spec"]["template"]["metadata"]["annotations"] = json!({ "macaque/enabled": value });
        let fixture = RoundFixture::with(vec![shy]);
        let report = fixture.round().await;

        let tally = &report.exempted["opted-out"];
        assert_eq!((tally.count, &*tally.detail), (2, detail));
        assert_eq!(fixture.pods("shop").await.len(), 2);
    }

    let mut bold = deployment("shop", "bold", 2);
    bold["spec"]["template"]["metadata"]["annotations"] = json!({ "macaque/enabled": "Yes" });
    let report = RoundFixture::with(vec![bold]).round().await;
    assert_eq!(outcomes(&report), ["deployment/bold: evicted"]);
}

#[actix_rt::test]
async fn every_exempted_pod_is_counted_by_reason_with_an_example() {
    let mut pending = pod("shop", "late", "late");
    pending["status"]["phase"] = json!("Pending");
    let mut shy = deployment("shop", "shy", 2);
    shy["spec"]["template"]["metadata"]["annotations"] = json!({ "macaque/enabled": "false" });
    let fixture = RoundFixture::with(vec![
        daemon_set("shop", "logs"),
        pod("shop", "lonely", "lonely"),
        shy,
    ]);
    fixture.sandbox.apply(&[pending]).unwrap();
    let report = fixture.round().await;
    let counts: Vec<_> = report
        .exempted
        .iter()
        .map(|(word, tally)| (word.as_str(), tally.count))
        .collect();

    assert_eq!(
        counts,
        [("bare", 1), ("daemonset", 2), ("opted-out", 2), ("pending", 1)]
    );

    let bare = &report.exempted["bare"];
    assert_eq!(bare.example.to_string(), "shop/lonely");
    assert_eq!(bare.detail, "no controller to replace it");
    assert_eq!((report.status(), report.listed), (RoundStatus::Idle, 6));

    let notes = RoundMessage::of(&report).notes;
    assert!(
        notes.contains(&"1 exempt, pending: shop/late (in the phase Pending)".to_owned()),
        "{notes:?}"
    );
}

#[actix_rt::test]
async fn pods_younger_than_the_age_are_exempt_and_say_how_young() {
    // The sandbox's first pods are an hour old.
    let report = RoundFixture::with(two_apps()).min_age(7200).round().await;
    assert_eq!(report.exempted["too-young"].count, 4);
    let detail = &report.exempted["too-young"].detail;
    assert!(detail.starts_with("younger than 2h (1h"), "{detail}");
}

#[actix_rt::test]
async fn macaque_never_picks_itself_nor_its_siblings() {
    let fixture = RoundFixture::with(vec![deployment("shop", "macaque", 2)]);
    let own = fixture.pods("shop").await.remove(0);
    let fixture = fixture.own_pod("shop", &own);
    let report = fixture.round().await;
    assert_eq!(report.exempted["self"].count, 2);
    assert!(report.attempts.is_empty());
}

#[actix_rt::test]
async fn a_namespace_that_may_not_be_read_is_a_problem_and_the_others_go_on() {
    let fixture = RoundFixture::with(two_teams())
        .namespaces(&["one", "two"])
        .count(9);
    fixture
        .sandbox
        .deny(AccessDenial::new("list", "pods").within("one"));
    let report = fixture.round().await;
    let [problem] = &report.problems[..] else {
        panic!("{report:?}")
    };

    assert!(
        problem.starts_with("list pods in one: forbidden:")
            && problem.contains("cannot list resource \"pods\"")
    );

    let [eviction] = &fixture.sent(EVICTION)[..] else {
        panic!("{report:?}")
    };

    assert!(eviction.line().contains("/namespaces/two/"), "{eviction:?}");
    assert_eq!(
        (report.status(), report.end),
        (RoundStatus::Disrupted, RoundEnd::Complete)
    );
}

#[actix_rt::test]
async fn without_the_grant_to_evict_a_namespace_is_left_after_one_try_and_the_grant_is_named() {
    let fixture = RoundFixture::with(two_teams())
        .namespaces(&["one", "two"])
        .count(9);
    fixture
        .sandbox
        .deny(AccessDenial::new("create", "pods/eviction").within("one"));
    let report = fixture.round().await;
    let [problem] = &report.problems[..] else {
        panic!("{report:?}")
    };

    for word in [
        "cannot create resource \"pods/eviction\"",
        "in the namespace \"one\"",
    ] {
        assert!(problem.contains(word), "{problem}");
    }

    assert_eq!(fixture.sent(EVICTION).len(), 2, "one of each namespace");
    assert!(fixture.sent("DELETE").is_empty());
    assert_eq!(
        (fixture.pods("one").await.len(), fixture.pods("two").await.len()),
        (2, 1)
    );
}

#[actix_rt::test]
async fn without_the_grant_to_evict_anywhere_the_round_fails_and_nothing_is_deleted() {
    let fixture = RoundFixture::with(two_apps());
    fixture.sandbox.deny(AccessDenial::new("create", "pods/eviction"));
    let report = fixture.round().await;

    assert_eq!((report.status(), report.problems.len()), (RoundStatus::Failed, 1));
    assert!(fixture.sent("DELETE").is_empty());
    assert_eq!(fixture.pods("shop").await.len(), 4);
}

#[actix_rt::test]
async fn an_absent_namespace_is_named() {
    let report = RoundFixture::with(two_apps()).namespaces(&["shpo"]).round().await;
    assert_eq!(report.problems, ["namespace shpo does not exist"]);
    assert_eq!(report.status(), RoundStatus::Failed);
    let headline = RoundMessage::of(&report).headline;
    assert_eq!(headline, "no pod disrupted: namespace shpo does not exist");
}

#[actix_rt::test]
async fn an_absent_namespace_does_not_keep_the_others_from_their_round() {
    let report = RoundFixture::with(two_apps())
        .namespaces(&["shpo", "shop"])
        .round()
        .await;
    assert_eq!(report.problems, ["namespace shpo does not exist"]);
    assert_eq!(report.status(), RoundStatus::Disrupted);
}
