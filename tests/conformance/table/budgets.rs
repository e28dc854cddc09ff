//! Scenarios about PodDisruptionBudgets.

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use macaque_core::report::RoundStatus::{Disrupted, Refused};
use serde_json::{Value, json};

use super::objects::{budget, job, pending, pod, unready, web, workload};
use super::with;
use crate::scenario::FinalState::{Alive, Allowed, Going, Targeted};
use crate::scenario::{Scenario, delete, evict, scenario};
use crate::test_namespace::TestNamespace;

/// A budget that says `minAvailable`.
fn least(name: &str, app: &str, pods: usize) -> Value {
    budget(name, app, json!({"minAvailable": pods}))
}

pub(super) fn table() -> Vec<Scenario> {
    let mut table = spent();
    table.extend(unhealthy());
    table.extend(broken());
    table
}

fn spent() -> Vec<Scenario> {
    vec![
        scenario("a budget with room lets one pod go", &[2])
            .given(web(3))
            .given([least("web", "web", 2)])
            .first("web-0")
            .sends(evict("web-0"), 201)
            .reports(&["web-0: evicted"])
            .ends(Disrupted)
            .after([Going("web-0"), Allowed("web", 0)]),
        scenario("a pod that its budget refuses gives way to one without", &[3])
            .given([pod("a", "a"), pod("b", "b"), least("none", "a", 1)])
            .first("a")
            .sends(evict("a"), 429)
            .sends(evict("b"), 201)
            .reports(&[
                "a: refused by budget none: The disruption budget none needs 1 healthy pods and has 1 currently",
                "b: evicted",
            ])
            .ends(Disrupted)
            .after([Alive("a"), Going("b")]),
        scenario("every candidate is refused, once each", &[36])
            .given(web(2))
            .given([least("web", "web", 2)])
            .first("web-0")
            .count(2)
            .sends(evict("web-0"), 429)
            .sends(evict("web-1"), 429)
            .reports(&[
                "web-0: refused by budget web: The disruption budget web needs 2 healthy pods and has 2 currently",
                "web-1: refused by budget web: The disruption budget web needs 2 healthy pods and has 2 currently",
            ])
            .ends(Refused)
            .after([Alive("web-0"), Alive("web-1")]),
        scenario("a budget in per cent over a StatefulSet", &[3])
            .given([workload("StatefulSet", "db", 2), budget("db", "db", json!({"minAvailable": "100%"}))])
            .first("db-0")
            .sends(evict("db-0"), 429)
            .sends(evict("db-1"), 429)
            .reports(&[
                "db-0: refused by budget db: The disruption budget db needs 2 healthy pods and has 2 currently",
                "db-1: refused by budget db: The disruption budget db needs 2 healthy pods and has 2 currently",
            ])
            .ends(Refused),
        scenario("a StatefulSet with one to spare", &[2])
            .given([workload("StatefulSet", "db", 2), budget("db", "db", json!({"maxUnavailable": 1}))])
            .first("db-1")
            .sends(evict("db-1"), 201)
            .reports(&["db-1: evicted"])
            .ends(Disrupted)
            .after([Going("db-1"), Alive("db-0"), Allowed("db", 0)]),
        scenario("a deletion does not check budgets", &[30])
            .given(web(1))
            .given([least("web", "web", 1)])
            .delete()
            .sends(delete("web-0"), 200)
            .reports(&["web-0: deleted"])
            .ends(Disrupted)
            .after([Going("web-0"), Targeted("web-0", false)]),
    ]
}

fn unhealthy() -> Vec<Scenario> {
    let always = json!({"spec": {"unhealthyPodEvictionPolicy": "AlwaysAllow"}});
    let two_that_always_allow = ["one", "two"].map(|name| with(least(name, "web", 0), always.clone()));
    vec![
        scenario("an unready pod whose app has too few healthy ones", &[8])
            .given([unready("sick", "web"), least("web", "web", 1)])
            .sends(evict("sick"), 429)
            .reports(&["sick: refused by budget web: The disruption budget web needs 1 healthy pods and has 0 currently"])
            .ends(Refused)
            .after([Alive("sick")]),
        scenario("an unready pod beside enough healthy ones costs no disruption", &[8])
            .given([unready("sick", "web"), pod("well", "web"), least("web", "web", 1)])
            .first("sick")
            .sends(evict("sick"), 201)
            .reports(&["sick: evicted"])
            .ends(Disrupted)
            .after([Going("sick"), Alive("well"), Targeted("sick", true)]),
        scenario("a budget of none needed keeps an unready pod for ever", &[8])
            .given([unready("sick", "web"), least("web", "web", 0)])
            .sends(evict("sick"), 429)
            .reports(&["sick: refused by budget web: The disruption budget web needs 0 healthy pods and has 0 currently"])
            .ends(Refused),
        scenario("an unready pod may always go where the budget says so, synced or not", &[9])
            .given([
                unready("sick", "web"),
                with(budget("web", "web", json!({"maxUnavailable": "50%"})), always),
            ])
            .sends(evict("sick"), 201)
            .reports(&["sick: evicted"])
            .ends(Disrupted)
            .after([Going("sick")]),
        scenario("two budgets refuse an unready pod too, whatever they say of such pods", &[6])
            .given([unready("sick", "web")])
            .given(two_that_always_allow)
            .sends(evict("sick"), 500)
            .reports(&["sick: refused by several budgets at once: evictions allow one per pod"])
            .ends(Refused)
            .after([Alive("sick")]),
        scenario("no budget is checked for a pending pod, not even two", &[7])
            .given([pending("early", "web"), least("one", "web", 1), least("two", "web", 1)])
            .include(&["bare", "pending"])
            .sends(evict("early"), 201)
            .reports(&["early: evicted"])
            .ends(Disrupted)
            .after([Going("early")]),
        scenario("a pending pod is exempt unless included", &[7])
            .given([pending("early", "web")])
            .exempt(&[("pending", 1)])
            .after([Alive("early")]),
    ]
}

fn broken() -> Vec<Scenario> {
    vec![
        scenario("two budgets on one pod refuse as several", &[6])
            .given(web(1))
            .given(["one", "two"].map(|name| least(name, "web", 0)))
            .sends(evict("web-0"), 500)
            .reports(&["web-0: refused by several budgets at once: evictions allow one per pod"])
            .ends(Refused)
            .after([Alive("web-0")]),
        scenario("a budget that can never be computed, over a DaemonSet", &[4, 5])
            .given([workload("DaemonSet", "logs", 2), budget("logs", "logs", json!({"maxUnavailable": 1}))])
            .include(&["daemonset"])
            .sends(evict("logs-*"), 429)
            .sends(evict("logs-*"), 429)
            .reports(&["logs-*: refused by budget logs: The disruption budget logs is still being processed by the server."; 2])
            .ends(Refused),
        scenario("a budget that could not be computed lately", &[5])
            .given([workload("DaemonSet", "logs", 2), budget("logs", "logs", json!({"maxUnavailable": 1}))])
            .arrange(observe)
            .include(&["daemonset"])
            .sends(evict("logs-*"), 429)
            .sends(evict("logs-*"), 429)
            .reports(&["logs-*: refused by budget logs: The disruption budget logs does not allow evicting pods currently \
                     because it failed sync: daemonsets.apps does not implement the scale subresource"; 2])
            .reports_up_to("1.33", &["logs-*: refused by budget logs: The disruption budget logs needs 0 healthy pods and has 0 currently"; 2])
            .ends(Refused),
        scenario("a budget that waits for too many pods is no missing grant", &[16])
            .given([workload("DaemonSet", "logs", 2), budget("logs", "logs", json!({"maxUnavailable": 1}))])
            .arrange(overwhelm)
            .include(&["daemonset"])
            .sends(evict("logs-*"), 403)
            .sends(evict("logs-*"), 403)
            .reports(&["logs-*: refused by budget logs: The disruption budget logs does not allow evicting pods currently: \
                     too many pending evictions not confirmed by PDB controller"; 2])
            .reports_up_to("1.35", &["logs-*: refused by budget logs: poddisruptionbudget.policy \"logs\" is forbidden: \
                     DisruptedPods map too big - too many evictions not confirmed by PDB controller"; 2])
            .ends(Refused),
        scenario("a budget in per cent over bare pods expects no pod", &[5])
            .given(web(1))
            .given([budget("web", "web", json!({"minAvailable": "50%"}))])
            .sends(evict("web-0"), 429)
            .reports(&["web-0: refused by budget web: The disruption budget web does not allow evicting pods currently"])
            .reports_up_to("1.33", &["web-0: refused by budget web: The disruption budget web needs 0 healthy pods and has 1 currently"])
            .ends(Refused),
        scenario("a budget over pods whose owner is missing", &[5])
            .given([with(pod("web-0", "web"), json!({"metadata": {"ownerReferences": [{
                "apiVersion": "example.test/v1", "kind": "Thing", "name": "none", "uid": "none", "controller": true,
            }]}})), budget("web", "web", json!({"maxUnavailable": 1}))])
            .sends(evict("web-0"), 429)
            .reports(&["web-0: refused by budget web: The disruption budget web is still being processed by the server."])
            .ends(Refused),
        scenario("a budget over a Job's pod", &[5, 39])
            .given([job("batch"), budget("batch", "batch", json!({"maxUnavailable": 1}))])
            .arrange(observe_batch)
            .sends(evict("batch-*"), 429)
            .reports(&["batch-*: refused by budget batch: The disruption budget batch does not allow evicting pods currently \
                     because it failed sync: jobs.batch does not implement the scale subresource"])
            .reports_up_to("1.33", &["batch-*: refused by budget batch: The disruption budget batch needs 0 healthy pods and has 0 currently"])
            .ends(Refused),
        scenario("a budget without either number", &[5])
            .given(web(1))
            .given([budget("web", "web", json!({}))])
            .sends(evict("web-0"), 429)
            .reports(&["web-0: refused by budget web: The disruption budget web does not allow evicting pods currently"])
            .reports_up_to("1.33", &["web-0: refused by budget web: The disruption budget web needs 0 healthy pods and has 1 currently"])
            .ends(Refused),
        scenario("a budget without a selector covers no pod", &[1])
            .given(web(1))
            .given([json!({
                "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "idle"},
                "spec": {"minAvailable": 5},
            })])
            .sends(evict("web-0"), 201)
            .reports(&["web-0: evicted"])
            .ends(Disrupted),
        scenario("an empty selector covers every pod", &[2])
            .given(web(1))
            .given([json!({
                "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "all"},
                "spec": {"minAvailable": 5, "selector": {}},
            })])
            .sends(evict("web-0"), 429)
            .reports(&["web-0: refused by budget all: The disruption budget all needs 5 healthy pods and has 1 currently"])
            .ends(Refused),
    ]
}

/// The status claims to be up to date. A budget whose controller fails keeps what is written into its status.
fn observe(namespace: &TestNamespace) -> LocalBoxFuture<'_, ()> {
    async move {
        namespace
            .patch("PodDisruptionBudget", "logs/status", &observed())
            .await
    }
    .boxed_local()
}

fn observe_batch(namespace: &TestNamespace) -> LocalBoxFuture<'_, ()> {
    async move {
        namespace
            .patch("PodDisruptionBudget", "batch/status", &observed())
            .await
    }
    .boxed_local()
}

fn observed() -> Value {
    json!({"status": {"observedGeneration": 1}})
}

/// And it waits for more pods than a server has patience for.
fn overwhelm(namespace: &TestNamespace) -> LocalBoxFuture<'_, ()> {
    let pods: serde_json::Map<String, Value> = (0..2001)
        .map(|n| (format!("pod-{n}"), json!("2030-01-01T00:00:00Z")))
        .collect();
    let status = json!({"status": {"observedGeneration": 1, "disruptedPods": pods}});
    async move {
        namespace
            .patch("PodDisruptionBudget", "logs/status", &status)
            .await
    }
    .boxed_local()
}
