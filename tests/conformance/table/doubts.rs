//! Scenarios in which no trustworthy answer comes: throttles, errors, time-outs and cuts.

use std::time::Duration;

use macaque_core::report::RoundStatus::{Disrupted, Refused};
use macaque_testkit::fault_proxy::{Fault, ProxyResponse};
use serde_json::{Value, json};

use super::objects::web;
use crate::round_proxy::response;
use crate::scenario::FinalState::{Alive, Going, Targeted};
use crate::scenario::{Scenario, delete, evict, scenario};

const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";

pub(super) fn table() -> Vec<Scenario> {
    let mut table = throttles();
    table.extend(faults());
    table.extend(cuts());
    table
}

/// The API server's own words for a time-out, from its filter: JSON that says it is text.
fn timeout() -> ProxyResponse {
    let body = json!({
        "metadata": {}, "status": "Failure", "message": "Timeout: request did not complete within the allotted timeout",
        "reason": "Timeout", "details": {}, "code": 504,
    });
    response(504, TEXT, body.to_string())
}

/// A Status of the API server.
pub(super) fn status(code: u16, reason: &str, message: &str, details: Value) -> ProxyResponse {
    let body = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message,
        "reason": reason, "details": details, "code": code,
    });
    response(code, JSON, body.to_string())
}

fn throttle(seconds: u32) -> ProxyResponse {
    response(429, TEXT, "Too many requests, please try again later.\n").retry_after(seconds)
}

fn throttles() -> Vec<Scenario> {
    vec![
        scenario(
            "a throttled eviction waits as long as it says and is sent again",
            &[24],
        )
        .given(web(1))
        .once("/eviction", Fault::Answer(throttle(1)))
        .sends(evict("web-0"), 429)
        .sends(evict("web-0"), 201)
        .reports(&["web-0: evicted"])
        .ends(Disrupted)
        .takes(Duration::from_secs(1))
        .after([Going("web-0")]),
        scenario(
            "a throttled list waits as long as it says and is sent again",
            &[24],
        )
        .given(web(1))
        .once("/pods?", Fault::Answer(throttle(1)))
        .sends(evict("web-0"), 201)
        .reports(&["web-0: evicted"])
        .ends(Disrupted)
        .takes(Duration::from_secs(1)),
        scenario("a credential that expired is read afresh, once", &[38])
            .given(web(1))
            .once(
                "/eviction",
                Fault::Answer(status(401, "Unauthorized", "Unauthorized", json!({}))),
            )
            .sends(evict("web-0"), 401)
            .sends(evict("web-0"), 201)
            .reports(&["web-0: evicted"])
            .ends(Disrupted),
        scenario("a credential that stays refused ends the round", &[38])
            .given(web(2))
            .first("web-0")
            .always(
                "/eviction",
                Fault::Answer(status(401, "Unauthorized", "Unauthorized", json!({}))),
            )
            .sends(evict("web-0"), 401)
            .sends(evict("web-0"), 401)
            .fails("credentials")
            .after([Alive("web-0"), Alive("web-1")]),
    ]
}

fn faults() -> Vec<Scenario> {
    let contended = || {
        let message = "Operation cannot be fulfilled on poddisruptionbudgets.policy \"web\": the object has been modified";
        status(
            409,
            "Conflict",
            message,
            json!({"name": "web", "group": "policy", "kind": "poddisruptionbudgets"}),
        )
    };
    let negative = || {
        let message = "poddisruptionbudget.policy \"web\" is forbidden: pdb disruptions allowed is negative";
        let cause = "The disruption budget web does not allow evicting pods currently: pdb disruptions allowed is negative";
        let causes = json!([{"reason": "DisruptionBudget", "message": cause}]);
        let details =
            json!({"name": "web", "group": "policy", "kind": "poddisruptionbudget", "causes": causes});
        status(403, "Forbidden", message, details)
    };
    let starting = || {
        status(
            403,
            "Forbidden",
            "pods \"web-0\" is forbidden: not yet ready to handle request",
            json!({}),
        )
    };
    let busy = || {
        status(
            500,
            "ServerTimeout",
            "etcdserver: request timed out",
            json!({"retryAfterSeconds": 2}),
        )
    };

    vec![
        scenario("a budget that many change at once is no replaced pod", &[14])
            .given(web(1))
            .once("/eviction", Fault::Answer(contended()))
            .sends(evict("web-0"), 409)
            .reports(&["web-0: not possible right now: Operation cannot be fulfilled on \
                     poddisruptionbudgets.policy \"web\": the object has been modified"])
            .ends(Refused)
            .after([Alive("web-0")]),
        scenario("a budget below nothing is no missing grant", &[16])
            .given(web(1))
            .once("/eviction", Fault::Answer(negative()))
            .sends(evict("web-0"), 403)
            .reports(&["web-0: refused by budget web: The disruption budget web does not allow evicting pods currently: \
                     pdb disruptions allowed is negative"])
            .ends(Refused),
        scenario("a server that is still starting is no missing grant", &[15])
            .given(web(1))
            .once("/eviction", Fault::Answer(starting()))
            .sends(evict("web-0"), 403)
            .reports(&["web-0: not possible right now: pods \"web-0\" is forbidden: not yet ready to handle request"])
            .ends(Refused),
        scenario("a server whose store does not answer is asked once more", &[25])
            .given(web(1))
            .once("/eviction", Fault::Answer(busy()))
            .sends(evict("web-0"), 500)
            .sends(evict("web-0"), 201)
            .reports(&["web-0: evicted"])
            .ends(Disrupted),
        scenario("a warning of the server is reported, and changes nothing", &[1])
            .given(web(1))
            .once("/eviction", Fault::header("warning", "299 - \"policy/v1 is old\""))
            .sends(evict("web-0"), 201)
            .reports(&["web-0: evicted"])
            .warns("policy/v1 is old")
            .ends(Disrupted),
        scenario("a page of HTML is no answer of the API server", &[25])
            .given(web(1))
            .always("/eviction", Fault::Answer(response(404, "text/html", "<html>not found</html>")))
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
        done(
            "a time-out after the eviction was done",
            "/eviction",
            Fault::AnswerAfter(timeout()),
        )
        .sends(evict("web-0"), 504)
        .warns("but the pod was seen gone or terminating")
        .reports(&["web-0: evicted"])
        .after([Targeted("web-0", true)]),
        done(
            "a time-out before the eviction was done",
            "/eviction",
            Fault::Answer(timeout()),
        )
        .sends(evict("web-0"), 504)
        .sends(evict("web-0"), 201)
        .reports(&["web-0: evicted"]),
        done(
            "a connection cut after the eviction was done",
            "/eviction",
            Fault::DropAfter,
        )
        .sends(evict("web-0"), 0)
        .warns("but the pod was seen gone or terminating")
        .reports(&["web-0: evicted"]),
        done(
            "a connection cut before the eviction was done",
            "/eviction",
            Fault::DropBefore,
        )
        .sends(evict("web-0"), 0)
        .sends(evict("web-0"), 201)
        .reports(&["web-0: evicted"]),
        done(
            "a connection cut after the deletion was done",
            "DELETE ",
            Fault::DropAfter,
        )
        .delete()
        .sends(delete("web-0"), 0)
        .warns("but the pod was seen gone or terminating")
        .reports(&["web-0: deleted"]),
        scenario(
            "time-outs without end leave the outcome unknown, and no second victim",
            &[25],
        )
        .given(web(2))
        .first("web-0")
        .always("/eviction", Fault::Answer(timeout()))
        .sends(evict("web-0"), 504)
        .sends(evict("web-0"), 504)
        .reports(&[
            "web-0: unknown: HTTP 504: Timeout: request did not complete within the allotted timeout; \
             sent again: HTTP 504: Timeout: request did not complete within the allotted timeout; \
             then the pod was seen alive",
        ])
        .ends(macaque_core::report::RoundStatus::Failed)
        .after([Alive("web-0"), Alive("web-1")]),
    ]
}
