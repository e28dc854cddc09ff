//! What teams wish by annotations: how many of their pods must stay ready, and how long a recovery may take.

use kube_sandbox::scenario::deployment;
use macaque_core::guard::MinReady;
use macaque_core::report::RoundReport;
use serde_json::json;

use super::cluster::{annotate, assert_untouched, first_pod, fixture, set_ready};
use crate::rounds::fixture::RoundFixture;
use crate::rounds::outcomes;

const MIN_READY: &str = "macaque/min-ready";

/// Three pods of which this one is not ready, and a round that asks for one that stays ready.
async fn with_an_unready_pod() -> RoundFixture {
    let fixture = fixture(vec![deployment("shop", "web", 3)], |guards| {
        guards.min_ready = MinReady::Count(1);
        guards.freeze = true;
    });
    let pod = first_pod(&fixture, "web").await;
    set_ready(&fixture.sandbox, &pod, false);
    fixture
}

/// A round that disrupts nothing.
async fn held(fixture: &RoundFixture) -> RoundReport {
    let report = fixture.round().await;
    assert_untouched(fixture);
    report
}

#[actix_rt::test]
async fn a_wish_of_an_owner_or_a_namespace_raises_min_ready_and_is_named() {
    for (kind, name, place) in [
        ("Deployment", "web", "deployment/web"),
        ("Namespace", "shop", "namespace shop"),
    ] {
        let fixture = with_an_unready_pod().await;
        annotate(&fixture.sandbox, kind, name, MIN_READY, Some("100%"));
        let report = held(&fixture).await;
        let never = format!("can never pass: 3 of 3 must stay ready (macaque/min-ready = 100% on {place})");
        assert_eq!(
            outcomes(&report),
            [format!("deployment/web: guard min_ready holds back: {never}")]
        );
    }
}

#[actix_rt::test]
async fn the_nearest_wish_counts_and_a_lower_one_than_the_configuration_changes_nothing() {
    let fixture = with_an_unready_pod().await;
    annotate(&fixture.sandbox, "Namespace", "shop", MIN_READY, Some("100%"));
    annotate(&fixture.sandbox, "Deployment", "web", MIN_READY, Some("0"));
    assert_eq!(outcomes(&fixture.round().await), ["deployment/web: evicted"]);
}

#[actix_rt::test]
async fn a_wish_counts_where_the_guard_is_off_but_not_where_annotations_are() {
    let template = |count: bool| {
        let mut web = deployment("shop", "web", 2);
        web["spec"]["template"]["metadata"]["annotations"] = json!({MIN_READY: "2"});
        fixture(vec![web], |_| {}).annotations(count)
    };

    let report = held(&template(true)).await;
    assert_eq!(
        outcomes(&report),
        [
            "deployment/web: guard min_ready holds back: can never pass: 2 of 2 must stay ready (macaque/min-ready = 2)"
        ]
    );
    assert_eq!(
        outcomes(&template(false).round().await),
        ["deployment/web: evicted"]
    );
}

#[actix_rt::test]
async fn a_wish_that_cannot_be_read_is_a_warning_and_holds_nobody_back() {
    let fixture = with_an_unready_pod().await;
    annotate(&fixture.sandbox, "Deployment", "web", MIN_READY, Some("most"));
    let report = fixture.round().await;
    assert_eq!(outcomes(&report), ["deployment/web: evicted"]);
    assert_eq!(
        report.warnings,
        [
            "macaque/min-ready=\"most\" on deployment/web: it is neither a number nor a percentage: write 2 or 50%, for \
             example; it counts as if it were not there"
        ]
    );
}
