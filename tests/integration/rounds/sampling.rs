//! More pods than a round judges one by one: names are drawn, and only what is drawn is judged.

use std::collections::BTreeSet;
use std::sync::Arc;

use kube_sandbox::scenario::{budget, deployment, pod};
use macaque_core::config::DrawBy;
use macaque_core::report::{RoundReport, RoundStatus};
use macaque_core::selection::SAMPLING_THRESHOLD;
use serde_json::{Value, json};

use super::fixture::{EVICTION, RoundFixture};
use macaque_testkit::fault_proxy::{Fault, ProxyResponse};

/// What the requests of a list of names hold in their first line.
pub(crate) const NAMES: &str = "includeObject=None";

/// What the requests of one drawn name hold.
pub(crate) const DRAWN: &str = "metadata.name%3D";

/// A few more pods than a round judges one by one.
pub(crate) const PODS: usize = SAMPLING_THRESHOLD + 100;

/// Bare pods, of which those that `opts_out` chooses opt out.
pub(super) fn many_pods(namespace: &str, pods: usize, opts_out: impl Fn(usize) -> bool) -> Vec<Value> {
    (0..pods)
        .map(|n| {
            let mut pod = pod(namespace, &format!("web-{n:04}"), "web");
            if opts_out(n) {
                pod["metadata"]["annotations"] = json!({ "macaque/enabled": "false" });
            }
            pod
        })
        .collect()
}

pub(super) fn fixture(objects: Vec<Value>) -> RoundFixture {
    RoundFixture::with(objects).include("bare").min_age(0)
}

/// How many pages of whole pods were asked for.
pub(super) fn full_lists(fixture: &RoundFixture) -> usize {
    let pages = fixture.sent("/pods?").into_iter();
    pages.filter(|page| page.line().ends_with("limit=500")).count()
}

pub(super) fn victim(report: &RoundReport) -> &str {
    &report.attempts[0].pod.name
}

#[actix_rt::test]
async fn many_pods_are_drawn_by_name_and_only_the_drawn_are_read() {
    let fixture = fixture(many_pods("shop", PODS, |_| false));
    let report = fixture.round().await;
    assert_eq!(
        (report.listed, report.candidates, report.status()),
        (PODS, 1, RoundStatus::Disrupted)
    );
    assert_eq!(report.unchecked(), PODS - 1);
    assert_eq!(full_lists(&fixture), 1, "one glance at the full list");
    assert_eq!((fixture.sent(NAMES).len(), fixture.sent(DRAWN).len()), (1, 1));
    assert_eq!(fixture.sent(EVICTION).len(), 1);
}

#[actix_rt::test]
async fn many_pods_with_a_selector_are_counted_by_their_names() {
    let fixture = fixture(many_pods("shop", PODS, |_| false)).selector("app=web");
    let report = fixture.round().await;
    assert_eq!((report.listed, report.candidates), (PODS, 1));
    assert!(
        fixture
            .sent(NAMES)
            .iter()
            .all(|sent| sent.line().contains("labelSelector=app%3Dweb"))
    );
}

#[actix_rt::test]
async fn a_few_pods_of_a_selector_among_many_are_all_judged() {
    let mut objects = many_pods("shop", PODS, |_| false);
    objects.push(deployment("shop", "db", 3));
    let report = fixture(objects).selector("app=db").round().await;
    assert_eq!((report.listed, report.candidates, report.unchecked()), (3, 3, 0));
}

#[actix_rt::test]
async fn many_small_namespaces_together_are_sampled() {
    let names: Vec<String> = (0..7).map(|n| format!("team-{n}")).collect();
    let objects = names
        .iter()
        .flat_map(|name| many_pods(name, 301, |_| false))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let fixture = fixture(objects).namespaces(&names);
    let report = fixture.round().await;

    assert_eq!((report.listed, report.candidates), (7 * 301, 1));
    assert_eq!(full_lists(&fixture), 2, "no more is read before it is counted");
}

#[actix_rt::test]
async fn across_all_namespaces_the_pod_of_a_name_is_found_by_its_node() {
    let mut objects = many_pods("one", PODS / 2, |_| false);
    objects.extend(many_pods("two", PODS / 2, |_| false));
    let mut victims = BTreeSet::new();

    for seed in 0..6 {
        let fixture = fixture(objects.clone()).all_namespaces().seed(seed);
        let report = fixture.round().await;
        assert_eq!(
            (report.listed, report.status()),
            (PODS / 2 * 2, RoundStatus::Disrupted)
        );
        assert!(fixture.sent(DRAWN)[0].line().contains("spec.nodeName%3Dnode-1"));
        victims.insert(report.attempts[0].pod.namespace.clone());
    }

    assert_eq!(
        victims.len(),
        2,
        "pods of one name in two namespaces are distinguished"
    );
}

#[actix_rt::test]
async fn a_pod_that_moved_is_found_without_its_node() {
    let objects = many_pods("shop", PODS, |_| false);
    let none = ProxyResponse::new(
        200,
        r#"{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[]}"#,
    );
    let fixture = fixture(objects)
        .all_namespaces()
        .always("spec.nodeName", Fault::Answer(none));
    assert_eq!(fixture.round().await.status(), RoundStatus::Disrupted);
    assert_eq!(fixture.sent(DRAWN).len(), 2);
}

#[actix_rt::test]
async fn a_server_without_tables_is_asked_for_metadata() {
    let refusal = ProxyResponse::failure(
        406,
        "only the following media types are accepted: application/json",
        json!({}),
    );
    let tables = fixture(many_pods("shop", PODS, |_| false));
    let metadata = fixture(many_pods("shop", PODS, |_| false)).always(NAMES, Fault::Answer(refusal));
    let expected = tables.round().await;
    let report = metadata.round().await;

    assert_eq!((report.listed, report.candidates), (PODS, 1));
    assert_eq!(
        victim(&report),
        victim(&expected),
        "the same seed draws the same pod"
    );
}

#[actix_rt::test]
async fn what_opted_out_is_drawn_and_left_alone() {
    let fixture = fixture(many_pods("shop", PODS, |n| n % 10 != 0)).seed(3);
    let report = fixture.round().await;
    assert_eq!((report.candidates, report.status()), (1, RoundStatus::Disrupted));
    assert!(victim(&report).ends_with('0'));
    assert_eq!(report.exempted["opted-out"].count + 1, fixture.sent(DRAWN).len());
}

#[actix_rt::test]
async fn where_few_are_eligible_each_is_as_likely_as_another() {
    // One in five, in seven groups by name.
    let groups = 7;
    let seeds = 70;
    let fixture = fixture(many_pods("shop", PODS, |n| n % 5 != 0)).dry_run();
    let mut victims = vec![0.0; groups];
    let mut fixture = fixture;

    for seed in 0..seeds {
        fixture = fixture.seed(seed);
        let report = fixture.round().await;
        let number: usize = victim(&report).trim_start_matches("web-").parse().unwrap();
        victims[number / 5 % groups] += 1.0;
    }

    let expected = seeds as f64 / groups as f64;
    let chi_square: f64 = victims.iter().map(|n| (n - expected).powi(2) / expected).sum();
    // 6 degrees of freedom: 22.5 is passed once in a thousand; the seeds are fixed, so this never flickers.
    assert!(chi_square < 22.5, "chi-square {chi_square}: {victims:?}");
}

#[actix_rt::test]
async fn where_owners_are_drawn_among_many_pods_a_small_one_is_as_likely_as_a_large_one() {
    let objects = vec![
        deployment("shop", "db", 1),
        deployment("shop", "search", 3),
        deployment("shop", "web", PODS as u32),
    ];
    let mut fixture = fixture(objects).draw(DrawBy::Owner).dry_run();
    let mut victims = [0.0; 3];
    let seeds = 30;

    for seed in 0..seeds {
        fixture = fixture.seed(seed);
        let report = fixture.round().await;
        assert_eq!((report.candidates, report.unchecked()), (PODS + 4, 0));
        let owner = report.attempts[0].owner.as_ref().unwrap();
        let number = ["db", "search", "web"]
            .iter()
            .position(|name| *name == owner.name);
        victims[number.unwrap()] += 1.0;
    }

    assert!(fixture.sent(DRAWN).is_empty(), "everybody is known");
    let expected = seeds as f64 / 3.0;
    let chi_square: f64 = victims.iter().map(|n| (n - expected).powi(2) / expected).sum();

    // 2 degrees of freedom: 13.8 is passed once in a thousand; the seeds are fixed, so this never flickers.
    assert!(chi_square < 13.8, "chi-square {chi_square}: {victims:?}");
}

#[actix_rt::test]
async fn where_owners_are_drawn_among_many_pods_a_problem_is_reported_once() {
    let fixture = fixture(many_pods("shop", PODS, |_| false))
        .namespaces(&["shop", "nowhere"])
        .draw(DrawBy::Owner);
    let report = fixture.round().await;
    assert_eq!(report.status(), RoundStatus::Disrupted);
    assert_eq!(report.problems, ["namespace nowhere does not exist"]);
}

#[actix_rt::test]
async fn many_pods_of_which_none_is_eligible_are_all_judged_and_every_reason_reported() {
    let fixture = fixture(many_pods("shop", PODS, |_| true));
    let report = fixture.round().await;
    assert_eq!(
        (report.status(), report.listed, report.candidates),
        (RoundStatus::Idle, PODS, 0)
    );
    assert_eq!(report.exempted["opted-out"].count, PODS);
    assert_eq!(report.unchecked(), 0);
    assert_eq!(fixture.sent(DRAWN).len(), 10, "no more is drawn in vain");
    assert_eq!(full_lists(&fixture), 1, "their metadata tell enough");
}

#[actix_rt::test]
async fn many_finished_pods_are_reported_with_the_reason_why_none_is_eligible() {
    let mut objects = many_pods("shop", PODS, |_| false);
    for pod in &mut objects {
        pod["status"]["phase"] = json!("Succeeded");
    }
    objects.extend(many_pods("shop", 3, |_| true));
    let report = fixture(objects).round().await;

    assert_eq!(
        (report.status(), report.listed, report.unchecked()),
        (RoundStatus::Idle, PODS, 0)
    );
    assert_eq!(report.exempted["not-running"].count, PODS - 3);
    assert_eq!(report.exempted["opted-out"].count, 3);
}

#[actix_rt::test]
async fn who_was_put_back_among_many_pods_is_no_candidate_any_more_once_a_scan_says_so() {
    // A refused owner's other pods wait while the rest is drawn in vain, and opt out before they are judged again.
    let owned = SAMPLING_THRESHOLD / 10;
    let rest = SAMPLING_THRESHOLD;
    let mut objects = many_pods("shop", rest, |_| true);
    objects.push(deployment("shop", "worker", owned as u32));
    objects.push(budget("shop", "worker", json!({ "minAvailable": "100%" })));
    let fixture = fixture(objects);
    let sandbox = Arc::clone(&fixture.sandbox);
    let names = fixture.pods("shop").await;
    let opt_out = move || {
        let workers = names.iter().filter(|name| name.starts_with("worker"));
        let opted_out = workers.map(|name| {
            let mut pod = sandbox.object("Pod", "shop", name).unwrap();
            pod["metadata"]["annotations"] = json!({ "macaque/enabled": "false" });
            pod
        });
        sandbox.apply(&opted_out.collect::<Vec<_>>()).unwrap();
    };
    let fixture = fixture.meanwhile_after(DRAWN, 8, opt_out);
    let report = fixture.round().await;

    assert_eq!(
        (report.status(), report.attempts.len()),
        (RoundStatus::Refused, 1)
    );
    assert_eq!((report.candidates, report.unchecked()), (0, 0));
    assert_eq!(report.exempted["opted-out"].count, owned + rest);
}
