//! In the mode opt-in a pod is taken only if somebody says yes: on the pod, its owner or its namespace, still just before
//! the disruption.

use std::sync::Arc;
use std::time::Duration;

use kube_sandbox::scenario::{deployment, stateful_set};
use kube_sandbox::{AccessDenial, Sandbox};
use macaque_core::config::DisruptionPace;
use macaque_core::report::{RoundEnd, RoundStatus};
use serde_json::{Value, json};

use super::fixture::{EVICTION, RoundFixture, two_apps};
use super::{failure, outcomes};
use macaque_testkit::fault_proxy::{Fault, ProxyRequest, ProxyResponse};

/// The list of deployments in the shop, and of the namespaces.
const DEPLOYMENTS: &str = "/namespaces/shop/deployments?";
const NAMESPACES: &str = "GET /api/v1/namespaces?";

/// The value of `macaque/enabled` as a label of an object, which nobody else changes meanwhile.
fn say(sandbox: &Sandbox, kind: &str, name: &str, value: Option<&str>) {
    let namespace = if kind == "Namespace" { "" } else { "shop" };
    let mut object = sandbox.object(kind, namespace, name).unwrap();
    let labels = &mut object["metadata"]["labels"];
    if labels.is_null() {
        *labels = json!({});
    }
    let labels = labels.as_object_mut().unwrap();
    match value {
        Some(value) => drop(labels.insert("macaque/enabled".to_owned(), json!(value))),
        None => drop(labels.remove("macaque/enabled")),
    }
    sandbox.apply(&[object]).unwrap();
}

/// A Deployment of two pods, and a round in the mode opt-in.
fn web() -> RoundFixture {
    RoundFixture::with(vec![deployment("shop", "web", 2)]).opt_in()
}

/// A Deployment whose pods say this by an annotation.
fn saying(app: &str, value: &str) -> Value {
    let mut deployment = deployment("shop", app, 2);
    deployment["spec"]["template"]["metadata"]["annotations"] = json!({"macaque/enabled": value});
    deployment
}

/// How many pods each rule exempted.
async fn exempted(fixture: &RoundFixture) -> Vec<(String, usize)> {
    let report = fixture.round().await;
    let tallies = report.exempted.iter();
    tallies
        .map(|(rule, tally)| (rule.to_string(), tally.count))
        .collect()
}

#[actix_rt::test]
async fn nobody_is_taken_where_nobody_opted_in() {
    let fixture = web();
    let report = fixture.round().await;
    assert_eq!(report.status(), RoundStatus::Idle);
    let tally = &report.exempted["not-opted-in"];
    assert_eq!(
        (tally.count, &*tally.detail),
        (
            2,
            "nobody opted in: neither the pod nor its owner nor its namespace has macaque/enabled=\"true\""
        )
    );
    assert_eq!(report.warnings, [""; 0]);
    assert!(fixture.sent(EVICTION).is_empty());
}

#[actix_rt::test]
async fn a_yes_of_the_pod_its_owner_or_its_namespace_opts_in() {
    let of_pods = RoundFixture::with(vec![saying("web", "yes"), deployment("shop", "search", 2)]).opt_in();
    assert_eq!(outcomes(&of_pods.round().await), ["deployment/web: evicted"]);

    for (kind, name) in [("Namespace", "shop"), ("Deployment", "web")] {
        let fixture = web();
        say(&fixture.sandbox, kind, name, Some("Enabled"));
        assert_eq!(
            outcomes(&fixture.round().await),
            ["deployment/web: evicted"],
            "{kind}"
        );
    }

    let set = RoundFixture::with(vec![stateful_set("shop", "db", 2)]).opt_in();
    say(&set.sandbox, "StatefulSet", "db", Some("1"));
    assert_eq!(outcomes(&set.round().await), ["statefulset/db: evicted"]);
}

#[actix_rt::test]
async fn a_namespace_opts_in_where_the_scope_is_the_whole_cluster() {
    let objects = vec![deployment("shop", "web", 1), deployment("cellar", "wine", 1)];
    let fixture = RoundFixture::with(objects).all_namespaces().opt_in();
    say(&fixture.sandbox, "Namespace", "cellar", Some("true"));
    let report = fixture.round().await;
    assert_eq!(outcomes(&report), ["deployment/wine: evicted"]);
    assert_eq!(report.exempted["not-opted-in"].count, 1);
    assert_eq!(fixture.sent(NAMESPACES).len(), 1);
    assert_eq!(fixture.sent("GET /apis/apps/v1/deployments?").len(), 1);
}

#[actix_rt::test]
async fn a_no_of_any_level_beats_every_yes_and_so_does_what_is_not_understood() {
    for (kind, name, value) in [
        ("Namespace", "shop", "no"),
        ("Namespace", "shop", "perhaps"),
        ("Deployment", "web", "Off"),
        ("Deployment", "web", "perhaps"),
    ] {
        let fixture = RoundFixture::with(vec![saying("web", "true")])
            .opt_in()
            .include("opted-out");
        say(&fixture.sandbox, kind, name, Some(value));
        let report = fixture.round().await;
        assert_eq!(report.exempted["opted-out"].count, 2, "{kind} {value}");
        assert!(fixture.sent(EVICTION).is_empty());

        let warned = usize::from(value == "perhaps");
        assert_eq!(report.warnings.len(), warned, "{:?}", report.warnings);
        if let Some(warning) = report.warnings.first() {
            let place = format!(
                "{}{name}",
                if kind == "Namespace" {
                    "namespace "
                } else {
                    "deployment/"
                }
            );
            assert_eq!(
                *warning,
                format!("macaque/enabled=\"perhaps\" on {place}: it is neither yes nor no; it counts as no")
            );
        }
    }
}

/// What happens to a label just before the victim is read again, and what the guard then says.
type Flip = (&'static str, &'static str, Option<&'static str>, &'static str);

const FLIPS: [Flip; 4] = [
    (
        "Namespace",
        "shop",
        None,
        "nobody opted in: neither the pod nor its owner nor its namespace has macaque/enabled=\"true\"",
    ),
    (
        "Namespace",
        "shop",
        Some("no"),
        "namespace shop opted out by macaque/enabled=\"no\"",
    ),
    (
        "Namespace",
        "shop",
        Some("perhaps"),
        "namespace shop opted out by macaque/enabled=\"perhaps\", which is neither yes nor no",
    ),
    (
        "Deployment",
        "web",
        Some("no"),
        "deployment/web opted out by macaque/enabled=\"no\"",
    ),
];

#[actix_rt::test]
async fn a_label_that_flips_after_the_list_is_seen_before_the_disruption_even_with_the_guard_off() {
    for guard in [true, false] {
        for (kind, name, value, why) in FLIPS {
            let fixture = web().guards(|guards| guards.freeze = guard);
            let sandbox = Arc::clone(&fixture.sandbox);
            say(&sandbox, "Namespace", "shop", Some("yes"));
            // The victim is read again.
            let fixture = fixture.meanwhile("/pods/", move || say(&sandbox, kind, name, value));
            assert_eq!(
                outcomes(&fixture.round().await),
                [format!("deployment/web: guard freeze holds back: {why}")],
                "guard {guard}"
            );
            assert!(fixture.sent(EVICTION).is_empty());
        }
    }
}

#[actix_rt::test]
async fn an_owner_that_takes_its_yes_back_after_the_list_is_left_alone() {
    let fixture = RoundFixture::with(two_apps()).opt_in();
    let sandbox = Arc::clone(&fixture.sandbox);
    say(&sandbox, "Deployment", "web", Some("yes"));
    let fixture = fixture.meanwhile("/pods/", move || say(&sandbox, "Deployment", "web", None));
    let report = fixture.round().await;
    assert_eq!(report.attempts.len(), 1);
    assert!(outcomes(&report)[0].contains("nobody opted in"), "{report:?}");
    assert!(fixture.sent(EVICTION).is_empty());
}

#[actix_rt::test]
async fn a_namespace_that_can_no_longer_be_read_before_the_disruption_is_left_alone() {
    let fixture = web().all_namespaces();
    say(&fixture.sandbox, "Namespace", "shop", Some("yes"));
    // The first such request reads the victim, the next ones its namespace.
    let fixture = fixture.after_the_first("GET /api/v1/namespaces/shop", failure_of_the_server());
    let report = fixture.round().await;
    assert!(
        outcomes(&report)[0].starts_with("deployment/web: guard freeze cannot answer"),
        "{report:?}"
    );
    assert!(fixture.sent(EVICTION).is_empty());

    let fixture = web();
    let sandbox = Arc::clone(&fixture.sandbox);
    say(&sandbox, "Namespace", "shop", Some("yes"));
    let fixture = fixture.meanwhile("/pods/", move || {
        sandbox.deny(AccessDenial::new("get", "namespaces"));
    });
    let report = fixture.round().await;
    assert!(
        outcomes(&report)[0].contains("; namespace shop may not be read"),
        "{report:?}"
    );
    assert!(fixture.sent(EVICTION).is_empty());
}

#[actix_rt::test]
async fn an_owner_that_may_be_listed_but_not_read_is_left_alone_and_named() {
    let fixture = web();
    say(&fixture.sandbox, "Deployment", "web", Some("yes"));
    fixture.sandbox.deny(AccessDenial::new("get", "deployments.apps"));
    let report = fixture.round().await;
    assert!(
        outcomes(&report)[0].ends_with("deployment/web may not be read"),
        "{report:?}"
    );
    assert!(fixture.sent(EVICTION).is_empty());
}

#[actix_rt::test]
async fn namespaces_that_may_not_be_read_are_named_and_pods_still_opt_in_themselves() {
    let fixture = RoundFixture::with(vec![saying("web", "yes"), deployment("shop", "search", 1)]).opt_in();
    say(&fixture.sandbox, "Namespace", "shop", Some("yes"));
    fixture.sandbox.deny(AccessDenial::new("get", "namespaces"));
    fixture
        .sandbox
        .deny(AccessDenial::new("list", "deployments.apps"));
    let report = fixture.round().await;
    assert_eq!(outcomes(&report), ["deployment/web: evicted"]);
    assert_eq!(report.exempted["not-opted-in"].count, 1);
    assert_eq!(
        report.warnings,
        [
            "who opts in or out by namespace is not seen, because these may not be read: shop; grant get on namespaces \
             in each, as macaque rbac prints it"
        ]
    );

    let everywhere = RoundFixture::with(vec![saying("web", "yes")])
        .all_namespaces()
        .opt_in();
    everywhere.sandbox.deny(AccessDenial::new("list", "namespaces"));
    let report = everywhere.round().await;
    assert_eq!(outcomes(&report), ["deployment/web: evicted"]);
    assert_eq!(report.warnings.len(), 1);
    assert!(
        report.warnings[0].contains("grant get and list on namespaces in the ClusterRole"),
        "{report:?}"
    );
}

/// An answer by which the server says that it failed.
fn failure_of_the_server() -> Fault {
    let status =
        json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": "etcd", "code": 500});
    Fault::Answer(ProxyResponse::new(500, status.to_string()))
}

#[actix_rt::test]
async fn a_list_that_fails_otherwise_ends_the_round_before_any_disruption() {
    for read in ["GET /api/v1/namespaces/shop", DEPLOYMENTS] {
        let fixture = RoundFixture::with(vec![saying("web", "yes")])
            .opt_in()
            .always(read, failure_of_the_server());
        let report = fixture.round().await;
        assert!(failure(&report).contains("the metadata of"), "{report:?}");
        assert!(fixture.sent(EVICTION).is_empty());
    }
}

#[actix_rt::test]
async fn the_default_configuration_asks_for_no_metadata_and_turns_do_where_annotations_count() {
    let every = Duration::from_secs(24 * 3600);
    let rows = [
        (DisruptionPace::Count, true, 0),
        (DisruptionPace::Count, false, 0),
        (DisruptionPace::Chance { every }, true, 3),
        (DisruptionPace::Chance { every }, false, 0),
        (DisruptionPace::Rota { every, seed: 0 }, true, 3),
        (DisruptionPace::Rota { every, seed: 0 }, false, 0),
    ];
    for (pace, annotations, expected) in rows {
        let name = pace.as_str();
        let fixture = RoundFixture::with(two_apps()).pace(pace).annotations(annotations);
        fixture.round().await;
        let is_metadata = |request: &ProxyRequest| {
            let line = request.line();
            line.ends_with("/namespaces/shop")
                || line.contains(DEPLOYMENTS)
                || line.contains("/statefulsets?")
        };
        let asked = fixture.sent("").into_iter().filter(is_metadata);
        assert_eq!(asked.count(), expected, "{name} {annotations}");
    }
}

#[actix_rt::test]
async fn a_round_that_nobody_can_hinder_counts_every_pod_by_one_rule_or_as_a_candidate() {
    let mut asked = saying("asked", "yes");
    asked["spec"]["replicas"] = json!(3);
    let fixture = RoundFixture::with(vec![asked, saying("loud", "no"), deployment("shop", "quiet", 2)])
        .opt_in()
        .dry_run();
    let report = fixture.round().await;
    assert_eq!(report.end, RoundEnd::Complete);
    assert_eq!((report.listed, report.candidates), (7, 3));
    let expected = [("not-opted-in".to_owned(), 2), ("opted-out".to_owned(), 2)];
    assert_eq!(exempted(&fixture).await, expected);
}

#[actix_rt::test]
async fn a_rota_says_whose_period_it_cannot_see_and_a_pace_without_turns_says_nothing() {
    let every = Duration::from_secs(24 * 3600);
    let denied = || {
        let fixture = RoundFixture::with(two_apps());
        fixture
            .sandbox
            .deny(AccessDenial::new("list", "deployments.apps"));
        fixture.sandbox.deny(AccessDenial::new("get", "namespaces"));
        fixture
    };
    let unseen = |warnings: &[String]| -> Vec<String> {
        let unseen = warnings.iter().filter(|warning| warning.contains("is not seen"));
        unseen.cloned().collect()
    };

    let report = denied()
        .pace(DisruptionPace::Rota { every, seed: 0 })
        .round()
        .await;
    assert_eq!(
        unseen(&report.warnings),
        [
            "macaque/every on namespaces is not seen, because these may not be read: shop; grant get on namespaces in \
             each, as macaque rbac prints it",
            "macaque/every on owners is not seen, because Deployments may not be listed, so those owners have turns as \
             disrupt.every says; grant list on them, as macaque rbac prints it",
        ]
    );
    let report = denied().pace(DisruptionPace::Count).round().await;
    assert!(unseen(&report.warnings).is_empty(), "{report:?}");
    let deaf = denied()
        .pace(DisruptionPace::Rota { every, seed: 0 })
        .annotations(false);
    assert!(unseen(&deaf.round().await.warnings).is_empty());
}
