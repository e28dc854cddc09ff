//! Scenarios about whose pods are in scope: owners, names, nodes, zones, ages, labels and namespaces.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use macaque_core::config::TargetConfig;
use macaque_core::name_patterns::{Glob, NamePattern, NamePatterns};
use macaque_core::owner_kinds::OwnerKinds;
use macaque_core::report::RoundStatus::{Disrupted, Idle};
use serde_json::{Value, json};

use super::guards::db;
use super::objects::{pod, workload};
use super::with;
use crate::scenario::FinalState::Alive;
use crate::scenario::{Scenario, evict, scenario};
use crate::server::ServerKind;
use crate::test_namespace::TestNamespace;

const REVIEW: &str = "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

pub(super) fn table() -> Vec<Scenario> {
    let mut table = kinds();
    table.extend(names());
    table.extend(places());
    table.extend(labels());
    table.extend(namespaces());
    table
}

/// A scenario with this target, in which this one pod is evicted.
fn evicts(name: &'static str, victim: &'static str, edit: impl FnOnce(&mut TargetConfig)) -> Scenario {
    let report = match victim {
        "db-0" => "db-0: evicted",
        "web-*" => "web-*: evicted",
        "a" => "a: evicted",
        _ => "b: evicted",
    };
    let scenario = scenario(name, &[45]).target(edit).sends(evict(victim), 201);
    scenario.reports(&[report]).ends(Disrupted)
}

/// A StatefulSet, a Deployment and a bare pod.
fn three_owners() -> [Value; 3] {
    [db(1), workload("Deployment", "web", 1), pod("a", "a")]
}

fn set_kinds(target: &mut TargetConfig, words: &[&str]) {
    target.owners = OwnerKinds::new(words.iter().map(|word| word.parse().unwrap()).collect());
}

fn kinds() -> Vec<Scenario> {
    vec![
        evicts("only pods of StatefulSets are in scope", "db-0", |target| {
            set_kinds(target, &["sts"])
        })
        .given(three_owners())
        .exempt(&[("owner-kind", 2)]),
        evicts("only pods of Deployments are in scope", "web-*", |target| {
            set_kinds(target, &["Deployment"])
        })
        .given(three_owners())
        .exempt(&[("owner-kind", 2)]),
        evicts("only bare pods are in scope", "a", |target| {
            set_kinds(target, &["pod"])
        })
        .given(three_owners())
        .exempt(&[("owner-kind", 2)]),
        evicts("a kind is left out", "a", |target| {
            set_kinds(target, &["!deploy", "!sts"])
        })
        .given(three_owners())
        .exempt(&[("owner-kind", 2)]),
        scenario("no pod has an owner of the kind in scope", &[45])
            .given(three_owners())
            .target(|target| set_kinds(target, &["widget.example.com"]))
            .exempt(&[("owner-kind", 3)])
            .warns("target.owners: no pod has an owner of the kind widget.example.com")
            .ends(Idle),
    ]
}

fn set_names(target: &mut TargetConfig, words: &[&str]) {
    target.names = NamePatterns::new(words.iter().map(|word| NamePattern::new(word)).collect());
}

fn names() -> Vec<Scenario> {
    vec![
        evicts("an owner is in scope by its name", "db-0", |target| {
            set_names(target, &["db"])
        })
        .given(three_owners())
        .exempt(&[("owner-name", 2)]),
        evicts("owners are in scope by a pattern", "web-*", |target| {
            set_names(target, &["w*"])
        })
        .given(three_owners())
        .exempt(&[("owner-name", 2)]),
        evicts("a bare pod is in scope by its own name", "a", |target| {
            set_names(target, &["a"])
        })
        .given(three_owners())
        .exempt(&[("owner-name", 2)]),
        evicts("the last pattern that matches decides", "a", |target| {
            set_names(target, &["*", "!*b", "!web"])
        })
        .given(three_owners())
        .exempt(&[("owner-name", 2)]),
        scenario("a name that no owner has is warned about", &[45])
            .given([pod("a", "a")])
            .target(|target| set_names(target, &["b"]))
            .exempt(&[("owner-name", 1)])
            .warns("target.names: b matches no owner's name")
            .ends(Idle),
    ]
}

/// The pods `a` and `b`, each on the node of its letter.
fn on_two_nodes() -> [Value; 2] {
    let on = |name: &str| {
        with(
            pod(name, name),
            json!({"spec": {"nodeName": format!("node-{name}")}}),
        )
    };
    [on("a"), on("b")]
}

/// The pods `a` and `b` in two zones.
fn in_two_zones() -> [Value; 2] {
    let zone = "topology.kubernetes.io/zone";
    let of = |name: &str| {
        with(
            pod(name, name),
            json!({"metadata": {"labels": {zone: format!("zone-{name}")}}}),
        )
    };
    [of("a"), of("b")]
}

fn places() -> Vec<Scenario> {
    let old = |target: &mut TargetConfig| target.min_age = Duration::from_secs(3600);
    vec![
        evicts("a node is in scope by its name", "a", |target| {
            target.nodes.insert("node-a".to_owned());
        })
        .given(on_two_nodes()),
        evicts("nodes are in scope by their labels", "b", |target| {
            target.node_selector = "kubernetes.io/hostname=node-b".parse().unwrap();
        })
        .arrange(create_nodes)
        .given(on_two_nodes()),
        scenario("a label that no node has leaves nobody in scope", &[45])
            .given(on_two_nodes())
            .target(|target| target.node_selector = "pool=none".parse().unwrap())
            .exempt(&[("node", 2)])
            .warns("target.node_selector: no node has labels that match pool=none")
            .ends(Idle),
        scenario(
            "nodes that may not be listed by their labels fail the round",
            &[15, 45],
        )
        .given(on_two_nodes())
        .lacking("list", "nodes")
        .target(|target| target.node_selector = "pool=none".parse().unwrap())
        .fails("list nodes: forbidden: nodes is forbidden"),
        evicts("a zone is in scope by the label of pods", "b", |target| {
            target.zones.insert("zone-b".to_owned());
        })
        .given(in_two_zones()),
        scenario("a zone that no pod is in", &[45])
            .given(in_two_zones())
            .target(|target| {
                target.zones.insert("zone-c".to_owned());
            })
            .warns("target.zones: no pod is in the zone zone-c")
            .ends(Idle),
        scenario("a pod that is too young is exempt", &[45])
            .given([pod("a", "a")])
            .target(old)
            .exempt(&[("too-young", 1)])
            .ends(Idle)
            .after([Alive("a")]),
        scenario("an owner's pods that are too young are exempt", &[45])
            .given([db(2)])
            .target(old)
            .exempt(&[("too-young", 2)])
            .ends(Idle),
    ]
}

fn labels() -> Vec<Scenario> {
    let tier =
        |name: &str, tier: &str| with(pod(name, name), json!({"metadata": {"labels": {"tier": tier}}}));
    let selects = |name, selector: &str| {
        let selector = selector.parse().unwrap();
        evicts(name, "a", |target| target.selector = selector)
    };
    let pods = || [tier("a", "web"), tier("b", "data"), pod("c", "c")];
    vec![
        selects("a label has a value", "tier=web").given(pods()),
        selects("a label has another value", "tier!=data,app!=c").given(pods()),
        selects("a label has one of several values", "tier in (web,cache)").given(pods()),
        selects(
            "a label has none of several values",
            "tier notin (data,cache),tier",
        )
        .given(pods()),
        selects("a label is set, and another is not", "tier,!canary,app!=b").given(pods()),
        scenario("no pod has the label", &[45])
            .given(pods())
            .target(|target| target.selector = "team=none".parse().unwrap())
            .ends(Idle),
    ]
}

fn namespaces() -> Vec<Scenario> {
    let labelled = |name, labels| {
        scenario(name, &[45])
            .given([pod("a", "a")])
            .arrange(label_namespace)
            .labels(labels)
    };
    // Where labels find the namespaces, it is asked of each whether macaque may work there.
    let reviewed =
        |scenario: Scenario| (0..3).fold(scenario, |scenario, _| scenario.sends(REVIEW.to_owned(), 201));
    let evicted = |scenario: Scenario| {
        let scenario = reviewed(scenario).sends(evict("a"), 201);
        scenario.reports(&["a: evicted"]).ends(Disrupted)
    };
    vec![
        evicted(labelled("a namespace is in scope by its labels", "chaos=on")),
        evicted(labelled(
            "a namespace is in scope by a set of labels",
            "chaos in (on,yes),!frozen",
        )),
        labelled("a namespace without the label is not in scope", "chaos=off")
            .warns("no namespace matches chaos=off,kubernetes.io/metadata.name=NAMESPACE")
            .ends(Idle)
            .after([Alive("a")]),
        reviewed(labelled(
            "a namespace that loses its label just before the disruption is left alone",
            "chaos=on",
        ))
        .meanwhile("/pods/a", lose_label)
        .exempt(&[("namespace", 1)])
        .ends(Idle)
        .after([Alive("a")]),
        labelled("a namespace with the label that a pattern leaves out", "chaos=on")
            .target(|target| target.exclude_namespaces = vec![Glob::new("conformance-*")])
            .warns("target.exclude_namespaces excludes every namespace with chaos=on")
            .warns("target.exclude_namespaces: conformance-* matches no pod's namespace")
            .ends(Idle)
            .after([Alive("a")]),
        labelled(
            "namespaces that may not be listed by their labels fail the round",
            "chaos=on",
        )
        .lacking("list", "namespaces")
        .fails("list namespaces with chaos=on,kubernetes.io/metadata.name=NAMESPACE: forbidden")
        .after([Alive("a")]),
    ]
}

/// Creates the nodes of the real server, which the sandbox does not have.
fn create_nodes(namespace: &TestNamespace) -> LocalBoxFuture<'_, ()> {
    async move {
        if namespace.server.kind == ServerKind::Real {
            return;
        }
        for name in ["node-a", "node-b"] {
            let metadata = json!({"name": name, "labels": {"kubernetes.io/hostname": name}});
            let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": metadata});
            namespace.create_at("/api/v1/nodes", name, &node).await;
        }
    }
    .boxed_local()
}

fn label(namespace: &TestNamespace, value: Value) -> LocalBoxFuture<'_, ()> {
    async move {
        namespace
            .patch_itself(&json!({"metadata": {"labels": {"chaos": value}}}))
            .await
    }
    .boxed_local()
}

fn label_namespace(namespace: &TestNamespace) -> LocalBoxFuture<'_, ()> {
    label(namespace, json!("on"))
}

fn lose_label(namespace: &TestNamespace) -> LocalBoxFuture<'_, ()> {
    label(namespace, Value::Null)
}
