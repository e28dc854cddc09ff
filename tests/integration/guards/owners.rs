//! Guards of a victim and its owner: they hold that owner back, and another may be tried.

use kube_sandbox::AccessDenial;
use kube_sandbox::scenario::{deployment, stateful_set};
use macaque::guards::FRESH;
use macaque_core::guard::{GuardConfig, MinReady, RolloutGuard};
use macaque_core::outcome::DisruptionMethod;
use macaque_core::report::{RoundEnd, RoundReport, RoundStatus};
use serde_json::json;

use super::cluster::{
    annotate, assert_untouched, assert_untouched_but, edit, first_pod, fixture, let_pass, pods_of,
    set_leaving, set_ready, set_terminating,
};
use crate::rounds::fixture::{EVICTION, RoundFixture, two_apps};
use crate::rounds::outcomes;
use macaque_testkit::fault_proxy::{Fault, ProxyResponse};

fn web() -> RoundFixture {
    fixture(vec![deployment("shop", "web", 3)], |guards| guards.whole = true)
}

#[actix_rt::test]
async fn an_unready_pod_holds_its_owner_back_until_it_is_ready_again() {
    let fixture = web();
    let pod = first_pod(&fixture, "web").await;
    set_ready(&fixture.sandbox, &pod, false);

    let held = fixture.round().await;
    assert_eq!(
        outcomes(&held),
        ["deployment/web: guard whole holds back: 2 of 3 pods ready, 1 not ready since 12m"]
    );
    assert_eq!(
        (held.status(), &held.end),
        (RoundStatus::Held, &RoundEnd::Complete)
    );
    assert_untouched(&fixture);

    set_ready(&fixture.sandbox, &pod, true);
    assert_eq!(outcomes(&fixture.round().await), ["deployment/web: evicted"]);
}

#[actix_rt::test]
async fn a_terminating_pod_is_no_ready_one_and_holds_its_owner_back_until_it_is_gone() {
    let fixture = web();
    let pod = first_pod(&fixture, "web").await;
    set_terminating(&fixture.sandbox, &pod);
    let held = fixture.round().await;
    assert_eq!(
        outcomes(&held),
        ["deployment/web: guard whole holds back: 2 of 2 pods ready, 1 terminating, 3 wanted"]
    );
    assert_untouched_but(&fixture, 1);

    fixture.sandbox.remove("Pod", "shop", &pod);
    edit(&fixture.sandbox, "Deployment", "web", |web| {
        web["spec"]["replicas"] = json!(2)
    });
    assert_eq!(outcomes(&fixture.round().await), ["deployment/web: evicted"]);
}

#[actix_rt::test]
async fn a_missing_pod_holds_its_owner_back_where_the_scale_may_be_read_and_only_there() {
    let missing_one = async || {
        let fixture = web();
        let pod = first_pod(&fixture, "web").await;
        fixture.sandbox.remove("Pod", "shop", &pod);
        fixture
    };

    let fixture = missing_one().await;
    assert_eq!(
        outcomes(&fixture.round().await),
        ["deployment/web: guard whole holds back: 2 of 2 pods ready, 3 wanted"]
    );
    assert_untouched_but(&fixture, 1);

    let fixture = missing_one().await;
    fixture
        .sandbox
        .deny(AccessDenial::new("get", "deployments.apps/scale"));
    assert_eq!(outcomes(&fixture.round().await), ["deployment/web: evicted"]);
}

#[actix_rt::test]
async fn two_revisions_hold_their_owner_back_until_there_is_one() {
    let fixture = fixture(vec![stateful_set("shop", "db", 3)], |guards| {
        guards.rollout = RolloutGuard::On;
    });
    let revision = |pod: &str, revision: &str| {
        edit(&fixture.sandbox, "Pod", pod, |pod| {
            pod["metadata"]["labels"]["controller-revision-hash"] = json!(revision);
        });
    };
    for pod in ["db-0", "db-1", "db-2"] {
        revision(pod, "db-1");
    }
    revision("db-2", "db-2");

    assert_eq!(
        outcomes(&fixture.round().await),
        ["statefulset/db: guard rollout holds back: 2 revisions (db-1: 2, db-2: 1)"]
    );
    assert_untouched(&fixture);

    revision("db-2", "db-1");
    assert_eq!(outcomes(&fixture.round().await), ["statefulset/db: evicted"]);
}

#[actix_rt::test]
async fn a_deletion_too_leaves_as_many_pods_ready_as_are_required() {
    let fixture = fixture(vec![deployment("shop", "web", 3)], |guards| {
        guards.min_ready = MinReady::Count(2);
    });
    let fixture = fixture.method(DisruptionMethod::Delete);
    let pod = first_pod(&fixture, "web").await;
    set_ready(&fixture.sandbox, &pod, false);

    // Whether the victim is the unready pod or a ready one decides how many stay.
    let ready = pods_of(&fixture.sandbox, &fixture.pods("shop").await, "web").remove(1);
    edit(&fixture.sandbox, "Pod", &pod, |pod| {
        pod["metadata"]["annotations"] = json!({ "macaque/enabled": "no" });
    });
    assert_eq!(
        outcomes(&fixture.round().await),
        ["deployment/web: guard min_ready holds back: 1 would stay ready, 2 required"],
        "{ready}"
    );
    assert_untouched(&fixture);

    set_ready(&fixture.sandbox, &pod, true);
    assert_eq!(outcomes(&fixture.round().await), ["deployment/web: deleted"]);
}

#[actix_rt::test]
async fn a_frozen_namespace_or_owner_is_held_back_until_it_thaws() {
    for (kind, name, place) in [
        ("Namespace", "shop", "namespace shop"),
        ("Deployment", "web", "deployment/web"),
    ] {
        let fixture = fixture(vec![deployment("shop", "web", 3)], |guards| guards.freeze = true);
        annotate(&fixture.sandbox, kind, name, "macaque/frozen", Some("true"));
        assert_eq!(
            outcomes(&fixture.round().await),
            [format!(
                "deployment/web: guard freeze holds back: {place} is frozen by macaque/frozen=\"true\""
            )]
        );
        assert_untouched(&fixture);

        annotate(
            &fixture.sandbox,
            kind,
            name,
            "macaque/frozen-until",
            Some("2026-01-01T00:00:00Z"),
        );
        assert_eq!(
            outcomes(&fixture.round().await),
            ["deployment/web: evicted"],
            "{kind}"
        );
    }
}

#[actix_rt::test]
async fn a_frozen_namespace_is_asked_about_once_a_round() {
    let fixture = fixture(two_apps(), |guards| guards.freeze = true);
    annotate(
        &fixture.sandbox,
        "Namespace",
        "shop",
        "macaque/frozen",
        Some("true"),
    );
    assert_eq!(fixture.round().await.attempts.len(), 2);
    let namespaces = fixture.sent("GET /api/v1/namespaces/shop").into_iter();
    assert_eq!(
        namespaces.filter(|sent| sent.line().ends_with("/shop")).count(),
        1
    );
}

#[actix_rt::test]
async fn a_freeze_that_may_not_be_read_is_not_seen_and_stops_nothing() {
    let fixture = fixture(vec![deployment("shop", "web", 3)], |guards| guards.freeze = true);
    for (kind, name) in [("Namespace", "shop"), ("Deployment", "web")] {
        annotate(&fixture.sandbox, kind, name, "macaque/frozen", Some("true"));
    }
    fixture.sandbox.deny(AccessDenial::new("get", "namespaces"));
    fixture.sandbox.deny(AccessDenial::new("get", "deployments.apps"));
    assert_eq!(outcomes(&fixture.round().await), ["deployment/web: evicted"]);
}

#[actix_rt::test]
async fn an_unreadable_freeze_and_an_unknown_key_are_warnings_of_the_report() {
    let fixture = fixture(vec![deployment("shop", "web", 3)], |guards| guards.freeze = true);
    annotate(
        &fixture.sandbox,
        "Namespace",
        "shop",
        "macaque/frozen",
        Some("maybe"),
    );
    let pod = first_pod(&fixture, "web").await;
    annotate(&fixture.sandbox, "Pod", &pod, "macaque/frozn", Some("true"));

    let report = fixture.round().await;
    let words = "namespace shop is frozen by macaque/frozen=\"maybe\", which is neither yes nor no";
    assert_eq!(
        outcomes(&report),
        [format!("deployment/web: guard freeze holds back: {words}")]
    );
    let [of_namespace, of_pod] = &report.warnings[..] else {
        panic!("{report:?}")
    };
    assert!(
        of_pod.starts_with("macaque/frozn: no such key; did you mean macaque/frozen? (pod shop/web-"),
        "{of_pod}"
    );
    assert!(of_namespace.contains("on namespace shop"), "{of_namespace}");
}

#[actix_rt::test]
async fn a_held_owner_lets_the_next_one_be_picked_and_no_other_pod_of_it() {
    let fixture = fixture(two_apps(), |guards| guards.whole = true);
    let pod = first_pod(&fixture, "web").await;
    set_ready(&fixture.sandbox, &pod, false);
    let fixture = fixture.drawing_first("deployment/web").await.count(2);

    assert_eq!(
        outcomes(&fixture.round().await),
        [
            "deployment/web: guard whole holds back: 1 of 2 pods ready, 1 not ready since 12m",
            "deployment/search: evicted",
        ]
    );
    assert_eq!(fixture.sent(EVICTION).len(), 1);
}

#[actix_rt::test]
async fn a_dry_run_asks_the_guards_too() {
    let fixture = web().dry_run();
    let pod = first_pod(&fixture, "web").await;
    set_ready(&fixture.sandbox, &pod, false);
    let held = fixture.round().await;
    assert_eq!(
        outcomes(&held),
        ["deployment/web: guard whole holds back: 2 of 3 pods ready, 1 not ready since 12m"]
    );
    assert_eq!(held.status(), RoundStatus::Held);

    set_ready(&fixture.sandbox, &pod, true);
    assert_eq!(fixture.round().await.status(), RoundStatus::DryRun);
}

#[actix_rt::test]
async fn the_guards_are_asked_after_the_draw_so_that_what_broke_meanwhile_is_seen() {
    let fixture = web();
    let pod = first_pod(&fixture, "web").await;
    let sandbox = std::sync::Arc::clone(&fixture.sandbox);
    let fixture = fixture.meanwhile("GET /api/v1/namespaces/shop/pods/", move || {
        set_ready(&sandbox, &pod, false);
    });
    let held = fixture.round().await;
    assert_eq!(held.status(), RoundStatus::Held, "{held:?}");
    assert_untouched(&fixture);
}

#[actix_rt::test]
async fn pods_of_a_sibling_list_that_others_disrupt_end_the_round() {
    let fixture = fixture(vec![deployment("shop", "web", 5)], |guards| {
        *guards = GuardConfig {
            rollout: RolloutGuard::On,
            drains: 2,
            ..GuardConfig::off()
        };
    });
    let pods = fixture.pods("shop").await;
    let sandbox = std::sync::Arc::clone(&fixture.sandbox);
    let fixture = fixture.meanwhile("GET /api/v1/namespaces/shop/pods/", move || {
        for pod in &pods[..2] {
            set_leaving(&sandbox, pod, "EvictionByEvictionAPI");
        }
    });
    let why = super::end(&fixture.round().await);
    assert!(
        why.starts_with("guard drains holds back: 2 pods are being disrupted by others"),
        "{why}"
    );
    assert_untouched(&fixture);
}

#[actix_rt::test]
async fn a_request_that_is_sent_again_within_ten_seconds_asks_no_guard_again() {
    let fixture = web().once(EVICTION, Fault::DropBefore);
    assert_eq!(outcomes(&fixture.round().await), ["deployment/web: evicted"]);
    assert_eq!(fixture.sent(EVICTION).len(), 2);
    assert_eq!(
        fixture.sent("labelSelector=app%3Dweb").len(),
        1,
        "the siblings are read once"
    );
}

/// Runs a round in which the first eviction suffers `fault`; before it is sent again, ten seconds pass, and a pod of
/// the owner becomes unready.
async fn round_that_sends_again(fault: Fault) -> (RoundFixture, RoundReport) {
    let fixture = web();
    let pod = first_pod(&fixture, "web").await;
    let fixture = fixture.once(EVICTION, fault);

    let time_passes = async {
        while fixture.sent(EVICTION).is_empty() {
            tokio::task::yield_now().await;
        }
        set_ready(&fixture.sandbox, &pod, false);
        let_pass(FRESH).await;
    };
    let (report, ()) = tokio::join!(fixture.round(), time_passes);
    (fixture, report)
}

#[actix_rt::test]
async fn a_request_that_is_sent_again_after_ten_seconds_asks_the_guards_again() {
    let throttled = ProxyResponse::new(429, "Too many requests\n").retry_after(10);
    let why = "guard whole holds back: 2 of 3 pods ready, 1 not ready since 12m";

    let (fixture, report) = round_that_sends_again(Fault::Answer(throttled)).await;
    assert_eq!(outcomes(&report), [format!("deployment/web: {why}")]);
    assert_eq!(fixture.sent(EVICTION).len(), 1);
    assert_eq!(fixture.sandbox.deletions().len(), 0);

    let (fixture, report) = round_that_sends_again(Fault::DropBefore).await;
    let [outcome] = &outcomes(&report)[..] else {
        panic!("{report:?}")
    };
    assert!(
        outcome.ends_with(&format!(", and the request was not repeated: {why}")),
        "{outcome}"
    );
    assert_eq!(fixture.sent(EVICTION).len(), 1);
    assert_eq!(fixture.sandbox.deletions().len(), 0);
}

#[actix_rt::test]
async fn without_guards_a_round_sends_what_it_needs_and_nothing_else() {
    let fixture = fixture(vec![stateful_set("shop", "db", 1)], |_| {});
    assert_eq!(outcomes(&fixture.round().await), ["statefulset/db: evicted"]);

    let sent: Vec<_> = fixture
        .sent("")
        .iter()
        .map(|sent| sent.line().to_owned())
        .collect();
    assert_eq!(
        sent,
        [
            "GET /api/v1/namespaces/shop/pods?limit=500",
            "GET /api/v1/namespaces/shop/pods/db-0",
            "POST /api/v1/namespaces/shop/pods/db-0/eviction?fieldValidation=Strict",
            "GET /api/v1/namespaces/shop/pods/db-0",
        ]
    );
}
