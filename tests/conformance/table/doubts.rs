//! Scenarios in which the pod changes under macaque's hands, or no trustworthy answer comes.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use http::Method;
use macaque::chaos::report::Verdict::{Disrupted, Refused};
use serde_json::{Value, json};

use crate::proxy::{Answer, Fault};
use crate::scenario::After::{Alive, Allowed, Going, Targeted};
use crate::scenario::{Scenario, delete, evict, scenario};
use crate::scene::Scene;

use super::objects::{budget, pod, web};

const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";

pub(super) fn table() -> Vec<Scenario> {
    let mut table = changes();
    table.extend(pages());
    table.extend(throttles());
    table.extend(faults());
    table.extend(cuts());
    table
}

/// The API server's own words for a time-out, from its filter: JSON that says it is text.
fn timeout() -> Answer {
    let body = json!({
        "metadata": {}, "status": "Failure", "message": "Timeout: request did not complete within the allotted timeout",
        "reason": "Timeout", "details": {}, "code": 504,
    });
    Answer::new(504, TEXT, body.to_string())
}

fn status(code: u16, reason: &str, message: &str, details: Value) -> Answer {
    let body = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message,
        "reason": reason, "details": details, "code": code,
    });
    Answer::new(code, JSON, body.to_string())
}

fn throttle(seconds: u32) -> Answer {
    Answer::new(429, TEXT, "Too many requests, please try again later.\n").retry_after(seconds)
}

fn changes() -> Vec<Scenario> {
    vec![
        scenario("a pod replaced before macaque looks is left alone", &[11])
            .given(web(1))
            .once("/pods/web-0", Fault::Meanwhile(replace))
            .told(&["web-0: gone already"])
            .ends(Refused),
        scenario("a pod replaced between look and eviction is left alone", &[12])
            .given(web(1))
            .once("/eviction", Fault::Meanwhile(replace))
            .sends(evict("web-0"), 409)
            .told(&["web-0: gone already"])
            .ends(Refused),
        scenario("a pod replaced under its budget costs the budget a disruption all the same", &[12])
            .given(web(2))
            .given([budget("web", "web", json!({"minAvailable": 1}))])
            .first("web-0")
            .once("/eviction", Fault::Meanwhile(replace_counted))
            .sends(evict("web-0"), 409)
            .sends(evict("web-1"), 429)
            .told(&[
                "web-0: gone already",
                "web-1: refused by budget web: ?",
            ])
            .ends(Refused)
            .after([Alive("web-1"), Allowed("web", 0)]),
        scenario("a pod replaced between look and deletion is left alone", &[12, 30])
            .given(web(1))
            .delete()
            .once("DELETE ", Fault::Meanwhile(replace))
            .sends(delete("web-0"), 409)
            .told(&["web-0: gone already"])
            .ends(Refused),
        scenario("a pod that is gone when the eviction comes", &[13])
            .given(web(2))
            .first("web-0")
            .once("/eviction", Fault::Meanwhile(remove))
            .sends(evict("web-0"), 404)
            .sends(evict("web-1"), 201)
            .told(&["web-0: gone already", "web-1: evicted"])
            .ends(Disrupted),
        scenario("a pod that is gone when the deletion comes", &[13, 30])
            .given(web(1))
            .delete()
            .once("DELETE ", Fault::Meanwhile(remove))
            .sends(delete("web-0"), 404)
            .told(&["web-0: gone already"])
            .ends(Refused),
        scenario("a pod that is going already is no candidate", &[10, 40])
            .given(web(1))
            .arrange(end)
            .exempt(&[("terminating", 1)]),
        scenario("a pod that begins to go between list and look", &[10])
            .given(web(1))
            .once("/pods/web-0", Fault::Meanwhile(end))
            .exempt(&[("terminating", 1)]),
    ]
}

fn pages() -> Vec<Scenario> {
    let expired = || status(410, "Expired", "The provided continue parameter is too old", json!({}));
    let two_of_three = |name, row| {
        scenario(name, row)
            .given(web(3))
            .given([pod("other", "other")])
            .first("web-2")
            .sends(evict("web-2"), 201)
            .told(&["web-2: evicted"])
            .ends(Disrupted)
    };
    vec![
        two_of_three("a list in pages is read to its end", &[34])
            .always("limit=500", Fault::PagesOf(1))
            .after([Going("web-2"), Alive("web-0"), Alive("web-1"), Alive("other")]),
        two_of_three("a list that expires between two pages is read anew", &[35])
            .once("&continue=", Fault::Instead(expired()))
            .always("limit=500", Fault::PagesOf(2)),
    ]
}

fn throttles() -> Vec<Scenario> {
    vec![
        scenario("a throttled eviction waits as it is told and is sent again", &[24])
            .given(web(1))
            .once("/eviction", Fault::Instead(throttle(1)))
            .sends(evict("web-0"), 429)
            .sends(evict("web-0"), 201)
            .told(&["web-0: evicted"])
            .ends(Disrupted)
            .takes(Duration::from_secs(1))
            .after([Going("web-0")]),
        scenario("a throttled list waits as it is told and is sent again", &[24])
            .given(web(1))
            .once("/pods?", Fault::Instead(throttle(1)))
            .sends(evict("web-0"), 201)
            .told(&["web-0: evicted"])
            .ends(Disrupted)
            .takes(Duration::from_secs(1)),
        scenario("a credential that expired is read afresh, once", &[38])
            .given(web(1))
            .once("/eviction", Fault::Instead(status(401, "Unauthorized", "Unauthorized", json!({}))))
            .sends(evict("web-0"), 401)
            .sends(evict("web-0"), 201)
            .told(&["web-0: evicted"])
            .ends(Disrupted),
        scenario("a credential that stays refused ends the round", &[38])
            .given(web(2))
            .first("web-0")
            .always("/eviction", Fault::Instead(status(401, "Unauthorized", "Unauthorized", json!({}))))
            .sends(evict("web-0"), 401)
            .sends(evict("web-0"), 401)
            .fails("credentials")
            .after([Alive("web-0"), Alive("web-1")]),
    ]
}

fn faults() -> Vec<Scenario> {
    let contended = || {
        let message = "Operation cannot be fulfilled on poddisruptionbudgets.policy \"web\": the object has been modified";
        status(409, "Conflict", message, json!({"name": "web", "group": "policy", "kind": "poddisruptionbudgets"}))
    };
    let negative = || {
        let message = "poddisruptionbudget.policy \"web\" is forbidden: pdb disruptions allowed is negative";
        let cause = "The disruption budget web does not allow evicting pods currently: pdb disruptions allowed is negative";
        let causes = json!([{"reason": "DisruptionBudget", "message": cause}]);
        let details = json!({"name": "web", "group": "policy", "kind": "poddisruptionbudget", "causes": causes});
        status(403, "Forbidden", message, details)
    };
    let starting = || status(403, "Forbidden", "pods \"web-0\" is forbidden: not yet ready to handle request", json!({}));
    let busy = || status(500, "ServerTimeout", "etcdserver: request timed out", json!({"retryAfterSeconds": 2}));
    vec![
        scenario("a budget that many change at once is no replaced pod", &[14])
            .given(web(1))
            .once("/eviction", Fault::Instead(contended()))
            .sends(evict("web-0"), 409)
            .told(&["web-0: refused by the API server for now: Operation cannot be fulfilled on \
                     poddisruptionbudgets.policy \"web\": the object has been modified"])
            .ends(Refused)
            .after([Alive("web-0")]),
        scenario("a budget below nothing is no missing grant", &[16])
            .given(web(1))
            .once("/eviction", Fault::Instead(negative()))
            .sends(evict("web-0"), 403)
            .told(&["web-0: refused by budget web: The disruption budget web does not allow evicting pods currently: \
                     pdb disruptions allowed is negative"])
            .ends(Refused),
        scenario("a server that is still starting is no missing grant", &[15])
            .given(web(1))
            .once("/eviction", Fault::Instead(starting()))
            .sends(evict("web-0"), 403)
            .told(&["web-0: refused by the API server for now: pods \"web-0\" is forbidden: not yet ready to handle request"])
            .ends(Refused),
        scenario("a server whose store does not answer is asked once more", &[25])
            .given(web(1))
            .once("/eviction", Fault::Instead(busy()))
            .sends(evict("web-0"), 500)
            .sends(evict("web-0"), 201)
            .told(&["web-0: evicted"])
            .ends(Disrupted),
        scenario("a warning of the server changes nothing", &[28])
            .given(web(1))
            .once("/eviction", Fault::Header("warning", "299 - \"policy/v1 is old\""))
            .sends(evict("web-0"), 201)
            .told(&["web-0: evicted"])
            .ends(Disrupted),
        scenario("a page of HTML is an answer of nobody", &[25])
            .given(web(1))
            .always("/eviction", Fault::Instead(Answer::new(404, "text/html", "<html>not found</html>")))
            .sends(evict("web-0"), 404)
            .fails("HTTP 404")
            .after([Alive("web-0")]),
    ]
}

fn cuts() -> Vec<Scenario> {
    let done = |name, part: &'static str, fault| {
        scenario(name, &[25, 26])
            .given(web(2))
            .first("web-0")
            .once(part, fault)
            .ends(Disrupted)
            .after([Going("web-0"), Alive("web-1")])
    };
    vec![
        done("a time-out after the eviction was done", "/eviction", Fault::Acted(timeout()))
            .sends(evict("web-0"), 504)
            .told(&["web-0: evicted"])
            .after([Targeted("web-0", true)]),
        done("a time-out before the eviction was done", "/eviction", Fault::Instead(timeout()))
            .sends(evict("web-0"), 504)
            .sends(evict("web-0"), 201)
            .told(&["web-0: evicted"]),
        done("a connection cut after the eviction was done", "/eviction", Fault::CutAfter)
            .sends(evict("web-0"), 0)
            .told(&["web-0: evicted"]),
        done("a connection cut before the eviction was done", "/eviction", Fault::CutBefore)
            .sends(evict("web-0"), 0)
            .sends(evict("web-0"), 201)
            .told(&["web-0: evicted"]),
        done("a connection cut after the deletion was done", "DELETE ", Fault::CutAfter)
            .delete()
            .sends(delete("web-0"), 0)
            .told(&["web-0: deleted"]),
        scenario("time-outs without end leave the outcome unknown, and no second victim", &[25])
            .given(web(2))
            .first("web-0")
            .always("/eviction", Fault::Instead(timeout()))
            .sends(evict("web-0"), 504)
            .sends(evict("web-0"), 504)
            .told(&["web-0: unknown: HTTP 504: Timeout: request did not complete within the allotted timeout; \
                     a moment later the pod was alive"])
            .ends(macaque::chaos::report::Verdict::Failed)
            .after([Alive("web-0"), Alive("web-1")]),
    ]
}

/// `web-0` goes, and another pod takes its name.
fn replace(scene: &Scene) -> LocalBoxFuture<'_, ()> {
    async move {
        remove(scene).await;
        scene.set(&[pod("web-0", "web")]).await;
    }
    .boxed_local()
}

/// The same, and the budget counts the new pod.
fn replace_counted(scene: &Scene) -> LocalBoxFuture<'_, ()> {
    async move {
        replace(scene).await;
        scene.until_counted(&budget("web", "web", json!({}))).await;
    }
    .boxed_local()
}

/// `web-0` goes at once.
fn remove(scene: &Scene) -> LocalBoxFuture<'_, ()> {
    async move {
        let at_once = json!({"gracePeriodSeconds": 0});
        scene.send(Method::DELETE, &scene.path_of("Pod", "web-0"), &at_once).await;
        scene
            .until("web-0 is gone", async || scene.read("Pod", "web-0").await.is_none())
            .await;
    }
    .boxed_local()
}

/// `web-0` begins to go.
fn end(scene: &Scene) -> LocalBoxFuture<'_, ()> {
    async move {
        scene.send(Method::DELETE, &scene.path_of("Pod", "web-0"), &json!({})).await;
    }
    .boxed_local()
}
