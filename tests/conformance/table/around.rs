//! Scenarios about the guards of a round, and about what freezes a victim.

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use http::Method;
use macaque_core::guard::NodesGuard;
use macaque_core::report::RoundStatus::{Disrupted, Held, Idle, Unanswered};
use macaque_testkit::fault_proxy::{Fault, ProxyResponse};
use serde_json::{Value, json};

use super::guards::db;
use super::objects::{pod, web};
use super::with;
use crate::round_proxy::response;
use crate::scenario::FinalState::{Alive, Going};
use crate::scenario::{Scenario, evict, scenario};
use crate::test_namespace::TestNamespace;

pub(super) fn table() -> Vec<Scenario> {
    let mut table = drains();
    table.extend(nodes());
    table.extend(frozen_namespaces());
    table.extend(frozen_owners());
    table
}

fn drains() -> Vec<Scenario> {
    let drains = |name, limit| {
        let pods = [pod("a", "a"), pod("b", "b"), pod("c", "c")];
        let scenario = scenario(name, &[43])
            .given(pods)
            .guards(|guards| guards.drains = limit);
        scenario.exempt(&[("terminating", 1)])
    };
    vec![
        drains("a pod that others evict is a drain, and ends the round", 1)
            .arrange(evict_b)
            .holds("guard drains holds back: 1 pod is being disrupted by others (NAMESPACE/b)")
            .after([Alive("a"), Alive("c")]),
        drains("less than the limit is no drain", 2)
            .arrange(evict_b)
            .first("a")
            .sends(evict("a"), 201)
            .reports(&["a: evicted"])
            .ends(Disrupted),
        drains("a pod that others delete is no drain", 1)
            .arrange(delete_b)
            .first("a")
            .sends(evict("a"), 201)
            .reports(&["a: evicted"])
            .ends(Disrupted),
        drains("with the guard off a drain ends no round", 0)
            .arrange(evict_b)
            .first("c")
            .sends(evict("c"), 201)
            .reports(&["c: evicted"])
            .ends(Disrupted),
        drains("two pods that others evict reach a limit of two", 2)
            .arrange(evict_b)
            .arrange(evict_c)
            .holds("guard drains holds back: 2 pods are being disrupted by others (NAMESPACE/")
            .exempt_only(&[("terminating", 2)])
            .after([Alive("a")]),
        drains("a drain of pods outside the scope is not seen", 1)
            .arrange(evict_b)
            .target(|target| target.selector = "app in (a,c)".parse().unwrap())
            .first("a")
            .exempt_only(&[])
            .sends(evict("a"), 201)
            .reports(&["a: evicted"])
            .ends(Disrupted),
        drains("its own victims are no drain", 1)
            .count(2)
            .arrange(delete_b)
            .first("a")
            .sends(evict("a"), 201)
            .sends(evict("c"), 201)
            .reports(&["a: evicted", "c: evicted"])
            .ends(Disrupted)
            .after([Going("a"), Going("c")]),
    ]
}

/// A list of two nodes, of which one is not ready.
fn unready_node() -> ProxyResponse {
    let node = |name: &str, ready: &str| {
        json!({
            "metadata": {"name": name, "uid": name, "resourceVersion": "1", "creationTimestamp": "2026-01-01T00:00:00Z"},
            "status": {"conditions": [{"type": "Ready", "status": ready}]},
        })
    };
    let list = json!({
        "kind": "NodeList", "apiVersion": "v1", "metadata": {"resourceVersion": "1"},
        "items": [node("node-a", "True"), node("node-b", "Unknown")],
    });
    response(200, "application/json", list.to_string())
}

fn nodes() -> Vec<Scenario> {
    let nodes = |name, guard, most| {
        let pods = scenario(name, &[43]).given(web(1));
        pods.guards(|guards| {
            guards.nodes = guard;
            guards.nodes_unready = most;
        })
    };
    vec![
        nodes("ready nodes hold nobody back", NodesGuard::Nodes, 50)
            .sends(evict("web-0"), 201)
            .reports(&["web-0: evicted"])
            .ends(Disrupted),
        nodes("nodes with fresh leases hold nobody back", NodesGuard::Leases, 50)
            .sends(evict("web-0"), 201)
            .reports(&["web-0: evicted"])
            .ends(Disrupted),
        nodes("too many unready nodes end the round", NodesGuard::Nodes, 10)
            .once("/nodes?", Fault::Answer(unready_node()))
            .holds("guard nodes holds back: 1 of 2 nodes unready (50%), at most 10%; node-b")
            .after([Alive("web-0")]),
        nodes(
            "as many unready nodes as may be end no round",
            NodesGuard::Nodes,
            50,
        )
        .once("/nodes?", Fault::Answer(unready_node()))
        .sends(evict("web-0"), 201)
        .reports(&["web-0: evicted"])
        .ends(Disrupted),
        nodes(
            "nodes that may not be listed leave the guard without an answer",
            NodesGuard::Nodes,
            10,
        )
        .lacking("list", "nodes")
        .holds("guard nodes cannot answer: list nodes: forbidden: nodes is forbidden")
        .ends(Unanswered)
        .after([Alive("web-0")]),
        nodes(
            "leases that may not be listed leave the guard without an answer",
            NodesGuard::Leases,
            10,
        )
        .lacking("list", "leases.coordination.k8s.io")
        .holds("guard nodes cannot answer: list leases in kube-node-lease: forbidden")
        .ends(Unanswered)
        .after([Alive("web-0")]),
    ]
}

fn frozen_namespaces() -> Vec<Scenario> {
    let frozen = |name| {
        scenario(name, &[44])
            .given(web(1))
            .guards(|guards| guards.freeze = true)
    };
    let passes = |scenario: Scenario| {
        let scenario = scenario.sends(evict("web-0"), 201).reports(&["web-0: evicted"]);
        scenario.ends(Disrupted).after([Going("web-0")])
    };
    vec![
        frozen("a frozen namespace holds its pods back")
            .arrange(freeze)
            .reports(&[
                "web-0: guard freeze holds back: namespace NAMESPACE is frozen by macaque/frozen=\"true\"",
            ])
            .ends(Held)
            .after([Alive("web-0")]),
        frozen("a label freezes a namespace as an annotation does")
            .arrange(freeze_by_label)
            .reports(&[
                "web-0: guard freeze holds back: namespace NAMESPACE is frozen by macaque/frozen=\"true\"",
            ])
            .ends(Held),
        frozen("a namespace that is frozen until a later time")
            .arrange(freeze_for_long)
            .reports(&["web-0: guard freeze holds back: namespace NAMESPACE is frozen until 2126-01-01T00:00:00Z by \
                        macaque/frozen-until"])
            .ends(Held),
        passes(frozen("a freeze that is over holds nobody back").arrange(freeze_till_lately)),
        passes(frozen("a namespace that says it is not frozen").arrange(freeze_not)),
        frozen("a freeze that cannot be read holds back")
            .arrange(freeze_unclearly)
            .reports(&["web-0: guard freeze holds back: namespace NAMESPACE is frozen by macaque/frozen=\"perhaps\", which is \
                        neither yes nor no"])
            .warns("on namespace NAMESPACE: it is neither yes nor no; it counts as frozen")
            .ends(Held),
        passes(
            frozen("with the guard off a frozen namespace holds nobody back")
                .arrange(freeze)
                .guards(|guards| guards.freeze = false),
        ),
        passes(
            frozen("a namespace that may not be read does not freeze")
                .arrange(freeze)
                .lacking("get", "namespaces"),
        ),
        frozen("a namespace that opted out holds back just before the disruption")
            .arrange(opt_out)
            .reports(&[
                "web-0: guard freeze holds back: namespace NAMESPACE opted out by macaque/enabled=\"false\"",
            ])
            .ends(Held),
    ]
}

fn frozen_owners() -> Vec<Scenario> {
    let key = |key: &str, value: &str| json!({"metadata": {"annotations": {key: value}}});
    let frozen = |name, object: Value| {
        let scenario = scenario(name, &[44]).given([object]);
        scenario.guards(|guards| guards.freeze = true)
    };
    vec![
        frozen(
            "a frozen owner holds its pods back",
            with(db(1), key("macaque/frozen", "true")),
        )
        .reports(&["db-0: guard freeze holds back: statefulset/db is frozen by macaque/frozen=\"true\""])
        .ends(Held)
        .after([Alive("db-0")]),
        frozen(
            "an owner that opted out holds back",
            with(db(1), key("macaque/enabled", "no")),
        )
        .reports(&["db-0: guard freeze holds back: statefulset/db opted out by macaque/enabled=\"no\""])
        .ends(Held),
        frozen(
            "an owner whose freeze is over",
            with(db(1), key("macaque/frozen-until", "2020-01-01T00:00:00Z")),
        )
        .sends(evict("db-0"), 201)
        .reports(&["db-0: evicted"])
        .ends(Disrupted),
        frozen(
            "a frozen pod is exempt",
            with(pod("web-0", "web"), key("macaque/frozen", "yes")),
        )
        .exempt(&[("frozen", 1)])
        .ends(Idle),
        frozen(
            "a pod with a frozen label is exempt",
            with(
                pod("web-0", "web"),
                json!({"metadata": {"labels": {"macaque/frozen": "true"}}}),
            ),
        )
        .exempt(&[("frozen", 1)])
        .ends(Idle),
        frozen(
            "a pod that is frozen until a time without an offset is exempt",
            with(
                pod("web-0", "web"),
                key("macaque/frozen-until", "2126-01-01T00:00"),
            ),
        )
        .exempt(&[("frozen", 1)])
        .warns("it has no offset from UTC: write 2126-01-01T00:00:00Z, for example; it counts as frozen")
        .ends(Idle),
        frozen(
            "a pod is frozen whether the guard is on or off",
            with(pod("web-0", "web"), key("macaque/frozen", "true")),
        )
        .guards(|guards| guards.freeze = false)
        .exempt(&[("frozen", 1)])
        .ends(Idle),
    ]
}

fn annotate<'a>(
    namespace: &'a TestNamespace,
    key: &'static str,
    value: &'static str,
) -> LocalBoxFuture<'a, ()> {
    async move {
        let change = json!({"metadata": {"annotations": {key: value}}});
        namespace.patch_itself(&change).await;
    }
    .boxed_local()
}

fn freeze(namespace: &TestNamespace) -> LocalBoxFuture<'_, ()> {
    annotate(namespace, "macaque/frozen", "true")
}

fn freeze_not(namespace: &TestNamespace) -> LocalBoxFuture<'_, ()> {
    annotate(namespace, "macaque/frozen", "false")
}

fn freeze_unclearly(namespace: &TestNamespace) -> LocalBoxFuture<'_, ()> {
    annotate(namespace, "macaque/frozen", "perhaps")
}

fn freeze_for_long(namespace: &TestNamespace) -> LocalBoxFuture<'_, ()> {
    annotate(namespace, "macaque/frozen-until", "2126-01-01T00:00:00Z")
}

fn freeze_till_lately(namespace: &TestNamespace) -> LocalBoxFuture<'_, ()> {
    annotate(namespace, "macaque/frozen-until", "2020-01-01T00:00:00Z")
}

fn opt_out(namespace: &TestNamespace) -> LocalBoxFuture<'_, ()> {
    annotate(namespace, "macaque/enabled", "false")
}

fn freeze_by_label(namespace: &TestNamespace) -> LocalBoxFuture<'_, ()> {
    async move {
        let change = json!({"metadata": {"labels": {"macaque/frozen": "true"}}});
        namespace.patch_itself(&change).await;
    }
    .boxed_local()
}

/// Somebody else evicts a pod, which stays.
async fn evict_pod(namespace: &TestNamespace, name: &str) {
    let metadata = json!({"name": name, "namespace": namespace.name()});
    let eviction = json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata});
    let path = format!("{}/eviction", namespace.path_of("Pod", name));
    let (code, answer) = namespace.send(Method::POST, &path, &eviction).await;
    assert_eq!(code, 201, "{answer}");
}

fn evict_b(namespace: &TestNamespace) -> LocalBoxFuture<'_, ()> {
    evict_pod(namespace, "b").boxed_local()
}

fn evict_c(namespace: &TestNamespace) -> LocalBoxFuture<'_, ()> {
    evict_pod(namespace, "c").boxed_local()
}

fn delete_b(namespace: &TestNamespace) -> LocalBoxFuture<'_, ()> {
    async move { namespace.delete("Pod", "b").await }.boxed_local()
}
