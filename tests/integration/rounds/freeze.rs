//! Frozen pods are left alone, and keys that direct nothing are warned of.

use std::sync::Arc;

use kube_sandbox::scenario::deployment;
use macaque_core::report::RoundStatus;
use serde_json::{Value, json};

use super::fixture::{EVICTION, RoundFixture};
use super::outcomes;
use super::sampling::{DRAWN, PODS, fixture, many_pods};

/// A Deployment of two pods with these annotations and labels.
fn web(annotations: &Value, labels: &Value) -> RoundFixture {
    let mut web = deployment("shop", "web", 2);
    let template = &mut web["spec"]["template"]["metadata"];
    template["annotations"] = annotations.clone();
    for (key, value) in labels.as_object().unwrap() {
        template["labels"][key] = value.clone();
    }
    RoundFixture::with(vec![web])
}

#[actix_rt::test]
async fn a_frozen_pod_is_left_alone_whatever_else_permits_it_and_whatever_is_included() {
    let permits = json!({"macaque/enabled": "true"});
    let later = "2099-12-24T15:00:00Z";
    let until = format!("frozen until {later} by macaque/frozen-until");
    let unreadable = r#"frozen by macaque/frozen-until="2020-01-01", which has no time and offset: write 2020-01-01T00:00:00Z, for example"#;
    let rows = [
        (
            json!({"macaque/frozen": "true"}),
            permits.clone(),
            r#"frozen by macaque/frozen="true""#,
        ),
        (
            permits.clone(),
            json!({"macaque/frozen": "yes"}),
            r#"frozen by macaque/frozen="yes""#,
        ),
        (
            json!({"macaque/frozen": "false", "macaque/frozen-until": later}),
            permits.clone(),
            &*until,
        ),
        (json!({"macaque/frozen-until": "2020-01-01"}), permits, unreadable),
    ];

    for (annotations, labels, detail) in rows {
        let fixture = web(&annotations, &labels).include("opted-out");
        let report = fixture.round().await;
        let tally = &report.exempted["frozen"];
        assert_eq!((tally.count, &*tally.detail), (2, detail), "{annotations}");
        assert_eq!(report.status(), RoundStatus::Idle);
        assert!(fixture.sent(EVICTION).is_empty());
    }
}

#[actix_rt::test]
async fn a_freeze_ends_by_itself_and_by_a_no() {
    let over = json!({"macaque/frozen": "no", "macaque/frozen-until": "2020-01-01T00:00:00Z"});
    let report = web(&over, &json!({})).round().await;
    assert_eq!(outcomes(&report), ["deployment/web: evicted"]);
    assert_eq!(report.warnings, [""; 0]);
}

#[actix_rt::test]
async fn a_pod_that_is_frozen_between_list_and_fetch_is_left_alone() {
    let fixture = web(&json!({}), &json!({}));
    let sandbox = Arc::clone(&fixture.sandbox);
    let names = fixture.pods("shop").await;
    let fixture = fixture.meanwhile("/pods/", move || {
        for name in &names {
            let mut pod = sandbox.object("Pod", "shop", name).unwrap();
            pod["metadata"]["annotations"] = json!({"macaque/frozen": "true"});
            sandbox.apply(&[pod]).unwrap();
        }
    });
    let report = fixture.round().await;
    assert_eq!(report.exempted["frozen"].count, 2);
    assert!(fixture.sent(EVICTION).is_empty());
}

#[actix_rt::test]
async fn unknown_keys_and_unreadable_values_are_warned_of_with_what_was_meant() {
    let annotations = json!({"macaque/enable": "false", "macaque/frozen-until": "tomorrow"});
    let report = web(&annotations, &json!({"macaque/freeze": "true"}))
        .round()
        .await;
    let pod = report.exempted["frozen"].example.to_string();
    let pods = format!("(2 pods, such as {pod})");
    assert_eq!(
        report.warnings,
        [
            format!("macaque/enable: no such key; did you mean macaque/enabled? {pods}"),
            format!("macaque/freeze: no such key; did you mean macaque/frozen? {pods}"),
            format!(
                "macaque/frozen-until=\"tomorrow\": it is not an instant such as 2026-12-24T15:00:00Z; it counts as \
                 frozen {pods}"
            ),
        ]
    );
}

#[actix_rt::test]
async fn among_many_pods_the_drawn_ones_are_left_alone_if_frozen_and_warned_of() {
    let mut pods = many_pods("shop", PODS, |_| false);
    for (number, pod) in pods.iter_mut().enumerate().filter(|(number, _)| number % 10 != 0) {
        let key = if number % 2 == 0 {
            "macaque/frozen"
        } else {
            "macaque/frozen-until"
        };
        pod["metadata"]["annotations"] = json!({key: "true", "macaque/disable": "true"});
    }
    let fixture = fixture(pods).seed(3);
    let report = fixture.round().await;

    assert_eq!(report.status(), RoundStatus::Disrupted);
    assert!(report.attempts[0].pod.name.ends_with('0'), "{report:?}");
    let frozen = report.exempted["frozen"].count;
    assert_eq!(frozen + 1, fixture.sent(DRAWN).len());
    let warned = format!("({frozen} pods, such as shop/web-");
    let is_warned = |warning: &String| warning.starts_with("macaque/disable: ") && warning.contains(&warned);
    assert!(report.warnings.iter().any(is_warned), "{report:?}");
}
