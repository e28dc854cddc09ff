//! Scenarios about who said yes or no to chaos, and about how many victims a round takes.

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use macaque_core::config::{DrawBy, TargetMode, VictimCount};
use macaque_core::report::RoundStatus::{Disrupted, Idle};
use serde_json::{Value, json};

use super::guards::db;
use super::objects::{pod, web};
use super::with;
use crate::scenario::FinalState::Alive;
use crate::scenario::{Scenario, evict, scenario};
use crate::test_namespace::TestNamespace;

pub(super) fn table() -> Vec<Scenario> {
    let mut table = opted_out();
    table.extend(opted_in());
    table.extend(counts());
    table
}

/// A pod with an annotation.
fn annotated(name: &str, key: &str, value: &str) -> Value {
    with(
        pod(name, name),
        json!({"metadata": {"annotations": {key: value}}}),
    )
}

/// A pod with a label.
fn labelled(name: &str, key: &str, value: &str) -> Value {
    with(pod(name, name), json!({"metadata": {"labels": {key: value}}}))
}

fn opted_out() -> Vec<Scenario> {
    let out = |name, object: Value| {
        let scenario = scenario(name, &[33]).given([object]);
        scenario
            .exempt(&[("opted-out", 1)])
            .ends(Idle)
            .after([Alive("a")])
    };
    let not_out = |name, object: Value| {
        let scenario = scenario(name, &[33]).given([object]);
        scenario
            .sends(evict("a"), 201)
            .reports(&["a: evicted"])
            .ends(Disrupted)
    };
    let safe = "cluster-autoscaler.kubernetes.io/safe-to-evict";
    let soft = "descheduler.alpha.kubernetes.io/prefer-no-eviction";
    vec![
        out(
            "a pod opts out by macaque's own annotation",
            annotated("a", "macaque/enabled", "false"),
        ),
        out(
            "a pod opts out by a label",
            labelled("a", "macaque/enabled", "off"),
        ),
        out(
            "an opt-out that is neither yes nor no counts",
            annotated("a", "macaque/enabled", "maybe"),
        )
        .warns("macaque/enabled"),
        out(
            "the cluster autoscaler must not evict a pod",
            annotated("a", safe, "false"),
        ),
        not_out(
            "the cluster autoscaler may evict a pod",
            annotated("a", safe, "true"),
        ),
        out(
            "karpenter must not disrupt a pod",
            annotated("a", "karpenter.sh/do-not-disrupt", "true"),
        ),
        not_out(
            "karpenter may disrupt a pod",
            annotated("a", "karpenter.sh/do-not-disrupt", "false"),
        ),
        out(
            "karpenter must not disrupt a young pod",
            annotated("a", "karpenter.sh/do-not-disrupt", "1h"),
        ),
        out(
            "the descheduler prefers not to evict a pod",
            annotated("a", soft, "true"),
        ),
        scenario("an opt-out of the pod alone may be overruled", &[33])
            .given([annotated("a", "macaque/enabled", "false")])
            .include(&["bare", "opted-out"])
            .sends(evict("a"), 201)
            .reports(&["a: evicted"])
            .ends(Disrupted),
    ]
}

fn opted_in() -> Vec<Scenario> {
    let mode = |name| scenario(name, &[46]).target(|target| target.mode = TargetMode::OptIn);
    let yes = || json!({"metadata": {"annotations": {"macaque/enabled": "true"}}});
    let evicts_db = |scenario: Scenario| {
        scenario
            .sends(evict("db-0"), 201)
            .reports(&["db-0: evicted"])
            .ends(Disrupted)
    };
    vec![
        mode("without a yes nobody is in scope")
            .given([db(2)])
            .exempt(&[("not-opted-in", 2)])
            .ends(Idle),
        mode("a pod says yes for itself")
            .given([annotated("a", "macaque/enabled", "true"), pod("b", "b")])
            .sends(evict("a"), 201)
            .reports(&["a: evicted"])
            .exempt(&[("not-opted-in", 1)])
            .ends(Disrupted),
        evicts_db(mode("an owner says yes for its pods").given([with(db(1), yes())])),
        evicts_db(
            mode("a namespace says yes for all")
                .given([db(1)])
                .arrange(opt_in),
        ),
        mode("a pod says no where its namespace says yes")
            .given([annotated("a", "macaque/enabled", "false")])
            .arrange(opt_in)
            .exempt(&[("opted-out", 1)])
            .ends(Idle),
        mode("a namespace says no where an owner says yes")
            .given([with(db(1), yes())])
            .arrange(opt_out)
            .exempt(&[("opted-out", 1)])
            .ends(Idle),
        mode("a yes that cannot be read is none")
            .given([annotated("a", "macaque/enabled", "perhaps")])
            .exempt(&[("opted-out", 1)])
            .warns("macaque/enabled")
            .ends(Idle),
    ]
}

fn counts() -> Vec<Scenario> {
    let count = |name, count| {
        let scenario = scenario(name, &[47]).given(web(2)).first("web-0").ends(Disrupted);
        let scenario = scenario.config(|config| config.disrupt.count = count);
        scenario.sends(evict("web-0"), 201)
    };
    let one = |name, configured| count(name, configured).reports(&["web-0: evicted"]);
    let both = |name, configured| {
        let scenario = count(name, configured).sends(evict("web-1"), 201);
        scenario.reports(&["web-0: evicted", "web-1: evicted"])
    };
    let of_owners = |name| {
        let scenario = scenario(name, &[47]).given([db(2), pod("a", "a")]);
        scenario.config(|config| config.disrupt.draw = DrawBy::Owner)
    };
    vec![
        one("a share of the owners is rounded down", VictimCount::Percent(99)),
        one("the least share is one", VictimCount::Percent(1)),
        both("all owners are a hundred per cent", VictimCount::Percent(100)),
        both("a range of one number", VictimCount::Range { from: 2, to: 2 }),
        both("more victims than there are pods", VictimCount::Fixed(9)),
        of_owners("each owner loses one pod where owners are drawn")
            .count(9)
            .first("db-0")
            .sends(evict("db-0"), 201)
            .sends(evict("a"), 201)
            .reports(&["db-0: evicted", "a: evicted"])
            .ends(Disrupted)
            .after([Alive("db-1")]),
        scenario("no more victims are tried than may be", &[36, 47])
            .given([pod("a", "a"), pod("b", "a"), super::objects::budget("none", "a", json!({"minAvailable": 2}))])
            .config(|config| config.disrupt.attempts = 1)
            .first("a")
            .sends(evict("a"), 429)
            .reports(&["a: refused by budget none: The disruption budget none needs 2 healthy pods and has 2 currently"])
            .ends(macaque_core::report::RoundStatus::Refused)
            .after([Alive("b")]),
    ]
}

fn enable<'a>(namespace: &'a TestNamespace, value: &'static str) -> LocalBoxFuture<'a, ()> {
    async move {
        let change = json!({"metadata": {"annotations": {"macaque/enabled": value}}});
        namespace.patch_itself(&change).await;
    }
    .boxed_local()
}

fn opt_in(namespace: &TestNamespace) -> LocalBoxFuture<'_, ()> {
    enable(namespace, "true")
}

fn opt_out(namespace: &TestNamespace) -> LocalBoxFuture<'_, ()> {
    enable(namespace, "false")
}
