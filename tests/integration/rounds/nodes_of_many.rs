//! More pods than a round reads in full, and nodes that decide: a Table tells the nodes, metadata the rest, and whole pods are
//! read only where a server offers nothing else.

use std::collections::BTreeSet;
use std::sync::Arc;

use kube_sandbox::scenario::pod;
use macaque_core::config::DrawBy;
use macaque_core::report::{RoundReport, RoundStatus};
use macaque_testkit::fault_proxy::{Fault, ProxyResponse};
use serde_json::{Value, json};

use super::fixture::RoundFixture;
use super::sampling::{DRAWN, NAMES, PODS, full_lists, victim};

/// What the requests of a list of metadata hold, and no other ones of such a round.
const METADATA: &str = "limit=500&fieldSelector=";

/// The requests for one pod in full.
const ONE_POD: &str = "/pods/web-";

/// Bare pods of a namespace on the nodes `node-a`, `node-b` and `node-c` by turns.
fn on_three_nodes(namespace: &str, pods: usize) -> Vec<Value> {
    let on_node = |n: usize| {
        let mut pod = pod(namespace, &format!("web-{n:04}"), "web");
        pod["spec"]["nodeName"] = json!(["node-a", "node-b", "node-c"][n % 3]);
        pod
    };
    (0..pods).map(on_node).collect()
}

/// A round that takes the pods of these nodes.
fn on_nodes(objects: Vec<Value>, nodes: &[&str]) -> RoundFixture {
    let nodes: BTreeSet<_> = nodes.iter().map(|node| (*node).to_owned()).collect();
    RoundFixture::with(objects)
        .include("bare")
        .min_age(0)
        .target(|target| target.nodes = nodes)
}

/// A server that takes this form of an answer for any other that is asked for.
fn answering_only(fixture: RoundFixture, accept: &'static str) -> RoundFixture {
    fixture.always(
        "/pods?",
        Fault::rewrite_request(move |request| {
            request.headers.insert("accept", accept.parse().unwrap());
        }),
    )
}

/// A server that refuses to send Tables.
fn without_tables(fixture: RoundFixture) -> RoundFixture {
    let refusal = ProxyResponse::failure(406, "only application/json is served", json!({}));
    fixture.always(NAMES, Fault::Answer(refusal))
}

/// How many pods each rule exempts.
fn reasons(report: &RoundReport) -> Vec<(&str, usize)> {
    let tallies = report.exempted.iter();
    tallies
        .map(|(rule, tally)| (rule.as_str(), tally.count))
        .collect()
}

/// The number of a pod of [`on_three_nodes`].
fn number(name: &str) -> usize {
    name.trim_start_matches("web-").parse().unwrap()
}

#[actix_rt::test]
async fn a_table_tells_the_nodes_of_many_pods_and_none_is_read_in_full_for_them() {
    let fixture = on_nodes(on_three_nodes("shop", PODS), &["node-a", "node-d"]).draw(DrawBy::Owner);
    let report = fixture.round().await;

    assert_eq!((report.listed, report.candidates), (PODS, PODS / 3));
    assert_eq!(reasons(&report), [("node", PODS - PODS / 3)]);
    assert_eq!(number(victim(&report)) % 3, 0);
    assert_eq!(report.warnings, ["target.nodes: no pod is on the node node-d"]);
    assert_eq!(full_lists(&fixture), 1, "one glance at the full list");
    assert_eq!(
        fixture.sent(ONE_POD).len(),
        3,
        "the victim, its eviction, and the victim again"
    );
    let pages = fixture.sent(METADATA);
    assert!(
        pages[0].line().contains("resourceVersionMatch=Exact"),
        "at the version of the Table: {pages:?}"
    );
}

#[actix_rt::test]
async fn the_pods_of_one_node_need_no_table() {
    let fixture = on_nodes(on_three_nodes("shop", 3 * PODS), &["node-b"]).draw(DrawBy::Owner);
    let report = fixture.round().await;
    assert_eq!((report.listed, report.candidates), (PODS, PODS));
    assert_eq!(number(victim(&report)) % 3, 1);
    let counted = 1;
    assert_eq!(fixture.sent(NAMES).len(), counted);
    assert_eq!(full_lists(&fixture), 0);
}

#[actix_rt::test]
async fn pods_of_one_name_in_many_namespaces_keep_their_nodes() {
    // The same names everywhere, each on another node.
    let mut objects = Vec::new();
    for (nth, namespace) in ["a", "b", "c", "d", "e", "f", "g"].into_iter().enumerate() {
        let mut pods = on_three_nodes(namespace, PODS / 7);
        for pod in &mut pods {
            let number = number(pod["metadata"]["name"].as_str().unwrap());
            pod["spec"]["nodeName"] = json!(["node-a", "node-b", "node-c"][(number + nth) % 3]);
        }
        objects.extend(pods);
    }
    let fixture = on_nodes(objects, &["node-a", "node-b"])
        .all_namespaces()
        .draw(DrawBy::Owner);
    let report = fixture.round().await;
    let pods = PODS / 7 * 7;
    assert_eq!((report.listed, report.candidates), (pods, pods / 3 * 2));
    assert_eq!(reasons(&report), [("node", pods / 3)]);
}

#[actix_rt::test]
async fn names_on_other_nodes_are_passed_over_and_what_is_drawn_is_read_once() {
    for namespaces in [true, false] {
        let mut fixture = on_nodes(on_three_nodes("shop", PODS), &["node-a", "node-b"]);
        if namespaces {
            fixture = fixture.all_namespaces();
        }
        let report = fixture.round().await;
        assert_eq!((report.status(), report.candidates), (RoundStatus::Disrupted, 1));
        assert_eq!((report.listed, report.unchecked()), (PODS, PODS - 1));
        let drawn = fixture.sent(DRAWN);
        assert_eq!(drawn.len(), 1);
        assert!(drawn[0].line().contains("spec.nodeName%3Dnode-"), "{drawn:?}");
        assert!(!drawn[0].line().contains("spec.nodeName%3Dnode-c"), "{drawn:?}");
    }
}

/// Pods in every phase, some of which opted out, on three nodes and on none.
fn mixed() -> Vec<Value> {
    let mut pods = on_three_nodes("shop", PODS + 200);
    for (n, pod) in pods.iter_mut().enumerate() {
        if n % 5 == 0 {
            pod["metadata"]["annotations"] = json!({ "macaque/enabled": "false" });
        }
        if n >= PODS {
            pod["status"]["phase"] = json!(["Pending", "Succeeded", "Failed", "Unknown"][n % 4]);
        }
        if n >= PODS && n % 8 == 0 {
            pod["spec"]["nodeName"] = Value::Null;
        }
    }
    pods
}

#[actix_rt::test]
async fn the_reasons_of_many_pods_are_the_same_in_whatever_form_a_server_tells_them() {
    // Nobody is eligible, so that every pod is judged.
    let nobody = || on_nodes(mixed(), &["node-a", "node-b"]).min_age(100_000_000);
    for draw_by in DrawBy::ALL {
        let tables = nobody().draw(draw_by);
        let report = tables.round().await;
        assert_eq!((report.status(), report.unchecked()), (RoundStatus::Idle, 0));
        assert_eq!(report.listed, PODS + 200);
        assert!(full_lists(&tables) <= 1, "a glance at the full list");

        for (fixture, form) in [
            (without_tables(nobody()), "no Tables"),
            (answering_only(nobody(), "application/json"), "whole pods alone"),
        ] {
            let other = fixture.draw(draw_by).round().await;
            assert_eq!(reasons(&other), reasons(&report), "{form}");
            assert_eq!((other.listed, other.candidates), (report.listed, 0), "{form}");
        }
    }
}

#[actix_rt::test]
async fn a_server_that_answers_in_json_alone_gets_the_same_victims() {
    for draw_by in DrawBy::ALL {
        for seed in 0..3 {
            let round = || {
                on_nodes(mixed(), &["node-a", "node-b"])
                    .draw(draw_by)
                    .seed(seed)
                    .dry_run()
            };
            let expected = round().round().await;
            let json = answering_only(round(), "application/json").round().await;
            let none = without_tables(round()).round().await;
            assert_eq!(json.attempts, expected.attempts, "{draw_by:?} {seed}");
            assert_eq!(none.attempts, expected.attempts, "{draw_by:?} {seed}");
        }
    }
}

#[actix_rt::test]
async fn a_pod_that_moved_between_the_lists_is_judged_by_its_node_when_it_is_read() {
    let fixture = on_nodes(on_three_nodes("shop", PODS), &["node-a", "node-b"]).draw(DrawBy::Owner);
    let sandbox = Arc::clone(&fixture.sandbox);
    // All but one are on another node by the time they are read.
    let move_away = move || {
        let moved = (0..PODS).filter(|n| n % 3 != 2 && *n != 42).map(|n| {
            let mut pod = sandbox.object("Pod", "shop", &format!("web-{n:04}")).unwrap();
            pod["spec"]["nodeName"] = json!("node-c");
            pod
        });
        sandbox.apply(&moved.collect::<Vec<_>>()).unwrap();
    };
    let fixture = fixture.meanwhile(METADATA, move_away);
    let report = fixture.round().await;
    assert_eq!(victim(&report), "web-0042");
    assert_eq!(report.attempts.len(), 1);
}

#[actix_rt::test]
async fn a_pod_of_which_the_table_shows_nothing_is_no_less_a_candidate() {
    let fixture = on_nodes(on_three_nodes("shop", PODS), &["node-a", "node-b"]).draw(DrawBy::Owner);
    let sandbox = Arc::clone(&fixture.sandbox);
    let create = move || {
        let mut pods = on_three_nodes("shop", PODS + 3);
        sandbox.apply(&pods.split_off(PODS)).unwrap();
    };
    // The names are listed once to count them, and once more for their nodes.
    let fixture = fixture.meanwhile(METADATA, create);
    let report = fixture.round().await;
    let new = report.listed - PODS;
    assert_eq!(
        new, 3,
        "the sandbox lists what is there now, whatever version is asked for"
    );
    assert_eq!(report.candidates, PODS / 3 * 2 + new);
}

#[actix_rt::test]
async fn of_many_pods_on_the_nodes_in_scope_each_is_as_likely_as_another() {
    let seeds = 42;
    let groups = 7;
    let mut victims = vec![0.0; groups];
    let mut fixture = on_nodes(on_three_nodes("shop", PODS), &["node-a", "node-c"]).dry_run();
    for seed in 0..seeds {
        fixture = fixture.seed(seed);
        let report = fixture.round().await;
        let number = number(victim(&report));
        assert_ne!(number % 3, 1);
        victims[number / 3 % groups] += 1.0;
    }

    let expected = seeds as f64 / groups as f64;
    let chi_square: f64 = victims.iter().map(|n| (n - expected).powi(2) / expected).sum();
    // 6 degrees of freedom: 22.5 is passed once in a thousand; the seeds are fixed, so this never flickers.
    assert!(chi_square < 22.5, "chi-square {chi_square}: {victims:?}");
}
