//! Scenarios of rare answers, which no server gives on demand: the proxy gives them.

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use macaque_core::report::RoundStatus::{Disrupted, Refused};
use macaque_testkit::fault_proxy::{Fault, ProxyResponse};
use serde_json::{Value, json};

use super::changes::remove;
use super::doubts::status;
use super::objects::{pending, web};
use crate::round_proxy::response;
use crate::scenario::FinalState::{Alive, Going};
use crate::scenario::{Scenario, evict, scenario};
use crate::test_namespace::TestNamespace;

/// One pod, whose eviction is answered with this in place of the server.
fn answered(name: &'static str, requirements: &'static [u8], answer: ProxyResponse) -> Scenario {
    let code = answer.status;
    scenario(name, requirements)
        .given(web(1))
        .once("/eviction", Fault::Answer(answer))
        .sends(evict("web-0"), code)
}

fn about(kind: &str, name: &str) -> Value {
    json!({"kind": kind, "name": name})
}

pub(super) fn table() -> Vec<Scenario> {
    let message = "namespaces \"shop\" not found";
    let no_namespace = status(404, "NotFound", message, about("namespaces", "shop"));
    let message = "poddisruptionbudgets.policy \"web\" not found";
    let no_budget = status(404, "NotFound", message, about("poddisruptionbudgets", "web"));
    let message = "Pod \"web-0\" is invalid: spec: Forbidden: too old";
    let invalid = status(422, "Invalid", message, about("Pod", "web-0"));
    let strict = status(
        400,
        "BadRequest",
        "strict decoding error: unknown field \"x\"",
        json!({}),
    );
    let options = status(
        422,
        "Invalid",
        "DeleteOptions \"\" is invalid: gracePeriodSeconds",
        about("DeleteOptions", ""),
    );
    let success = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"});

    vec![
        answered(
            "a namespace that is gone when the eviction comes",
            &[13],
            no_namespace,
        )
        .reports(&["web-0: gone already"])
        .ends(Refused),
        answered("a budget that is gone when it is to be spent", &[14], no_budget)
            .reports(&[
                "web-0: not possible right now: poddisruptionbudgets.policy \"web\" not found",
            ])
            .ends(Refused)
            .after([Alive("web-0")]),
        answered("a pod that the server itself finds invalid", &[1], invalid)
            .reports(&["web-0: refused by validation: Pod \"web-0\" is invalid: spec: Forbidden: too old"])
            .ends(Refused),
        answered(
            "a request that the server does not read is a loud failure",
            &[15],
            strict,
        )
        .fails("strict decoding error")
        .after([Alive("web-0")]),
        answered(
            "options that the server refuses are a loud failure",
            &[15],
            options,
        )
        .fails("DeleteOptions")
        .after([Alive("web-0")]),
        answered(
            "a gateway's page of HTML is asked again",
            &[25],
            response(502, "text/html", "<html>bad gateway</html>"),
        )
        .sends(evict("web-0"), 201)
        .reports(&["web-0: evicted"])
        .ends(Disrupted)
        .after([Going("web-0")]),
        scenario("any other success is verified like the usual one", &[1])
            .given(web(1))
            .once(
                "/eviction",
                Fault::AnswerAfter(response(202, "application/json", success.to_string())),
            )
            .sends(evict("web-0"), 202)
            .reports(&["web-0: evicted"])
            .ends(Disrupted),
        answered(
            "any other success without effect is no success",
            &[23],
            response(200, "application/json", success.to_string()),
        )
        .reports(&["web-0: accepted, but the pod was not deleted (a webhook may have made it a dry run or delayed it)"])
        .ends(Refused)
        .after([Alive("web-0")]),
        scenario(
            "a pod replaced by a pending one, which keeps a server busy for ten seconds",
            &[12],
        )
        .given(web(1))
        .meanwhile("/eviction", replace_by_pending)
        .sends(evict("web-0"), 409)
        .reports(&["web-0: gone already"])
        .ends(Refused),
    ]
}

/// `web-0` goes, and a pod that nobody schedules takes its name.
fn replace_by_pending(namespace: &TestNamespace) -> LocalBoxFuture<'_, ()> {
    async move {
        remove(namespace).await;
        namespace.create_all(&[pending("web-0", "web")]).await;
    }
    .boxed_local()
}
