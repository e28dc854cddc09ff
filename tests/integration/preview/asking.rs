//! What `macaque plan --server` asks, and what it makes of the answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kube_sandbox::{AccessDenial, scenario};
use macaque_testkit::fault_proxy::{Fault, FaultProxy, ProxyRequest, ProxyResponse, RequestMatch};
use serde_json::{Value, json};
use tokio::sync::Barrier;

use super::fixture::ShopFixture;
use crate::answering_proxy;

const YES: &str = "the API server was asked about every candidate, with server-side dry runs";

#[test]
fn every_candidate_is_asked_about_by_a_dry_run_that_changes_nothing() {
    let shop = ShopFixture::open();
    let before = shop.macaque(&["plan", "-o", "json"]).json();
    let plan = shop.macaque(&["plan", "--server", "--dry-run=false"]);

    assert!(plan.out.contains(YES), "{plan:?}");
    assert!(
        plan.line("deployment/web")
            .ends_with("44% ok allowed: the API server allows it")
    );
    assert!(
        plan.line("statefulset/db")
            .contains("0% ok refused by budget db: The disruption budget db needs 3")
    );

    let writes = shop.cluster.writes();
    assert_eq!(writes.len(), 12);

    for write in &writes {
        assert!(write.starts_with("POST ") && write.ends_with("/eviction?fieldValidation=Strict&dryRun=All"));
    }
    let asked = shop
        .sandbox()
        .requests()
        .into_iter()
        .filter(|request| request.method == "POST");

    for request in asked {
        assert!(request.body.contains(r#""dryRun":["All"]"#), "{request:?}");
    }
    let after = shop.macaque(&["plan", "-o", "json"]).json();

    assert_eq!(after["candidates"], before["candidates"]);
}

#[test]
fn deletions_are_asked_about_in_the_body_and_delete_nothing() {
    let shop = ShopFixture::open();
    let plan = shop.macaque(&["plan", "--server", "--method", "delete", "--dry-run=false"]);
    let line = plan.line("statefulset/db");

    assert!(
        line.ends_with("allowed: the API server allows it; a deletion does not check budgets"),
        "{line}"
    );

    let requests = shop.sandbox().requests();
    let asked: Vec<_> = requests
        .iter()
        .filter(|request| request.method == "DELETE")
        .collect();

    assert_eq!(asked.len(), 12);
    for request in asked {
        assert!(!request.path_and_query.contains('?') && request.body.contains(r#""dryRun":["All"]"#));
    }

    assert_eq!(shop.macaque(&["plan"]).line("listed"), "14 listed");
}

#[test]
fn fifty_are_asked_about_at_most_and_that_is_said() {
    let shop = ShopFixture::with(vec![scenario::deployment("shop", "web", 60)]);
    let plan = shop.macaque(&["plan", "--server"]);
    let expected = "the API server was asked about 50 of 60 candidates, with server-side dry runs; for the \
                others, webhooks and policies were not asked";
    assert!(plan.out.contains(expected), "{plan:?}");
    assert_eq!(shop.cluster.writes().len(), 50);
}

#[test]
fn asking_needs_the_grant_of_the_disruption_and_says_which() {
    for (method, verb, resource) in [("evict", "create", "pods/eviction"), ("delete", "delete", "pods")] {
        let shop = ShopFixture::open();
        shop.sandbox().deny(AccessDenial::new(verb, resource));
        let plan = shop.macaque(&["plan", "--server", "--method", method]);
        assert_eq!(plan.code, 0, "{plan:?}");
        assert_eq!(
            shop.cluster.writes().len(),
            1,
            "the rest of the namespace is left alone"
        );
        let grant = format!(r#"{{apiGroups: [""], resources: ["{resource}"], verbs: ["{verb}"]}}"#);
        let problem = plan.line("problem");
        assert!(problem.ends_with(&grant), "{problem}");
        assert!(
            plan.line("deployment/web").contains("allowed:"),
            "the forecast stands"
        );
    }
}

#[test]
fn a_webhook_that_cannot_be_asked_leaves_the_verdict_open() {
    let shop = ShopFixture::open();
    let body = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","code":400,
        "message":"admission webhook \"guard.example\" does not support dry run"}"#;
    let proxy = answering_proxy(shop.sandbox(), "/eviction", 400, body);
    shop.cluster.reach_at(&proxy.url());
    let plan = shop.macaque(&["plan", "--server"]);
    let line = plan.line("deployment/web");

    assert!(
        line.ends_with("unknown: webhook guard.example cannot be asked: it does not support dry run"),
        "{line}"
    );
}

#[test]
fn a_server_that_answers_nonsense_is_left_alone() {
    let shop = ShopFixture::open();
    let proxy = answering_proxy(shop.sandbox(), "/eviction", 502, "<html>");
    shop.cluster.reach_at(&proxy.url());
    let plan = shop.macaque(&["plan", "--server"]);
    let problem = "problem: stopped asking the API server after 3 requests without a useful answer";

    assert_eq!(plan.line("problem"), problem);
    assert!(
        plan.line("deployment/cart")
            .ends_with("unknown: HTTP 502: <html>"),
        "{plan:?}"
    );
}

/// Counts the dry runs that are in flight, and holds them until eight are: the first, which comes alone, is not held.
struct DryRunGate {
    server: FaultProxy,
    arrived: AtomicUsize,
    in_flight: AtomicUsize,
    most: AtomicUsize,
    eight: Barrier,
}

impl DryRunGate {
    async fn pass(&self, request: ProxyRequest) -> Option<ProxyResponse> {
        if !request.target.contains("dryRun=All") {
            return self.server.ask_server(request).await;
        }
        let number = self.arrived.fetch_add(1, Ordering::SeqCst);
        let in_flight = self.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(in_flight, Ordering::SeqCst);
        if (1..=8).contains(&number) {
            self.eight.wait().await;
        }

        let answer = self.server.ask_server(request).await;
        self.in_flight.fetch_sub(1, Ordering::SeqCst);
        answer
    }
}

#[test]
fn eight_are_asked_about_at_once_and_no_more_and_the_answers_keep_their_pods() {
    let shop = ShopFixture::with(vec![
        scenario::deployment("shop", "web", 40),
        scenario::budget("shop", "web", json!({ "minAvailable": 40 })),
        scenario::deployment("shop", "api", 5),
    ]);
    let alone = shop.macaque(&["plan", "-o", "json"]).json();
    let gate = Arc::new(DryRunGate {
        server: FaultProxy::start(&shop.sandbox().url()),
        arrived: AtomicUsize::new(0),
        in_flight: AtomicUsize::new(0),
        most: AtomicUsize::new(0),
        eight: Barrier::new(8),
    });
    let passed = Arc::clone(&gate);
    let proxy = FaultProxy::with_upstream(move |request| {
        let gate = Arc::clone(&passed);
        Box::pin(async move { gate.pass(request).await })
    });
    shop.cluster.reach_at(&proxy.url());

    let plan = shop.macaque(&["plan", "--server", "-o", "json"]).json();
    assert_eq!(gate.arrived.load(Ordering::SeqCst), 45);
    assert_eq!(gate.most.load(Ordering::SeqCst), 8);
    let candidates = |plan: &Value| plan["candidates"].as_array().unwrap().clone();
    let pods =
        |plan: &Value| -> Vec<Value> { candidates(plan).iter().map(|row| row["pod"].clone()).collect() };
    assert_eq!(pods(&plan), pods(&alone));
    for row in candidates(&plan) {
        let is_web = row["pod"]["name"].as_str().unwrap().starts_with("web");
        assert_eq!(
            row["verdict"],
            if is_web { "refused" } else { "allowed" },
            "{row}"
        );
    }
}

#[test]
fn a_server_that_throttles_gets_no_more_than_was_in_flight() {
    let shop = ShopFixture::with(vec![scenario::deployment("shop", "web", 20)]);
    let proxy = FaultProxy::start(&shop.sandbox().url());
    let throttled = ProxyResponse::new(429, "Too many requests, please try again later.\n").retry_after(1);
    let all_but_the_first = RequestMatch::containing("/eviction").skipping(1);
    proxy.inject(all_but_the_first, Fault::Answer(throttled));
    shop.cluster.reach_at(&proxy.url());

    let plan = shop.macaque(&["plan", "--server"]);
    assert_eq!(
        plan.line("problem"),
        "problem: stopped asking the API server after 3 requests without a useful answer"
    );
    let requests = proxy.requests().into_iter();
    let asked = requests.filter(|request| request.target.contains("/eviction"));
    // The first, then eight at once.
    assert!(asked.count() <= 9);
}

#[test]
fn a_server_that_throttles_once_is_asked_about_the_others_all_the_same() {
    let shop = ShopFixture::with(vec![scenario::deployment("shop", "web", 20)]);
    let proxy = FaultProxy::start(&shop.sandbox().url());
    let throttled = ProxyResponse::new(429, "Too many requests, please try again later.\n").retry_after(1);
    proxy.inject(
        RequestMatch::containing("/eviction").once(),
        Fault::Answer(throttled),
    );
    shop.cluster.reach_at(&proxy.url());

    let plan = shop.macaque(&["plan", "--server"]);
    assert!(plan.out.contains(YES), "{plan:?}");
    let requests = proxy.requests().into_iter();
    let asked = requests.filter(|request| request.target.contains("/eviction"));
    assert_eq!(asked.count(), 20);
}
