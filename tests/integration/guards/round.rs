//! Guards of the round: they end it, whoever its victim would be.

use kube_sandbox::scenario::deployment;
use macaque_core::config::DrawBy;
use macaque_core::report::RoundStatus;
use serde_json::json;

use super::cluster::{assert_untouched, edit, first_pod, fixture, set_leaving};
use super::end;
use crate::rounds::fixture::{EVICTION, two_apps};
use crate::rounds::outcomes;

#[actix_rt::test]
async fn drains_by_other_hands_end_the_round_until_they_are_over() {
    let fixture = fixture(two_apps(), |guards| guards.drains = 2).count(2);
    for app in ["web", "search"] {
        let pod = first_pod(&fixture, app).await;
        set_leaving(&fixture.sandbox, &pod, "EvictionByEvictionAPI");
    }

    let held = fixture.round().await;
    assert!(
        end(&held).starts_with("guard drains holds back: 2 pods are being disrupted by others (shop/search-"),
        "{held:?}"
    );
    assert_eq!((held.status(), held.attempts.len()), (RoundStatus::Held, 0));
    assert_eq!(held.listed, 4, "the pods were listed before");
    assert_untouched(&fixture);

    let pod = first_pod(&fixture, "web").await;
    edit(&fixture.sandbox, "Pod", &pod, |pod| {
        let conditions = pod["status"]["conditions"].as_array_mut().unwrap();
        conditions.retain(|condition| condition["type"] != "DisruptionTarget");
    });
    assert_eq!(fixture.round().await.status(), RoundStatus::Disrupted);
}

#[actix_rt::test]
async fn the_victims_of_a_round_are_not_taken_for_a_drain() {
    let apps = ["a", "b", "c"].map(|app| deployment("shop", app, 2));
    let fixture = fixture(apps.into(), |guards| {
        guards.drains = 1;
        guards.min_ready = macaque_core::guard::MinReady::Count(1);
    });
    let fixture = fixture.count(3).draw(DrawBy::Owner);
    let report = fixture.round().await;
    assert_eq!(report.attempts.len(), 3, "{report:?}");
    assert_eq!(fixture.sent(EVICTION).len(), 3);
}

#[actix_rt::test]
async fn a_round_without_a_candidate_asks_no_guard() {
    let fixture = fixture(two_apps(), |guards| guards.drains = 1);
    for app in ["web", "search"] {
        let pod = first_pod(&fixture, app).await;
        set_leaving(&fixture.sandbox, &pod, "EvictionByEvictionAPI");
    }
    let report = fixture.selector("app=none").round().await;
    assert_eq!(report.status(), RoundStatus::Idle);
}

#[actix_rt::test]
async fn pods_that_have_left_already_are_no_drain() {
    let fixture = fixture(two_apps(), |guards| guards.drains = 1);
    let pod = first_pod(&fixture, "web").await;
    set_leaving(&fixture.sandbox, &pod, "TerminationByKubelet");
    edit(&fixture.sandbox, "Pod", &pod, |pod| {
        pod["status"]["phase"] = json!("Failed")
    });
    let report = fixture.round().await;
    assert_eq!(report.status(), RoundStatus::Disrupted, "{:?}", outcomes(&report));
}
