//! Scenarios in which the pods or the list of them change during the round.

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use http::Method;
use macaque_core::report::RoundStatus::{Disrupted, Refused};
use macaque_testkit::fault_proxy::{Fault, ProxyRequest};
use serde_json::json;

use super::doubts::status;
use super::objects::{budget, pod, web};
use crate::scenario::FinalState::{Alive, Allowed, Going};
use crate::scenario::{Scenario, delete, evict, scenario};
use crate::test_namespace::TestNamespace;

pub(super) fn table() -> Vec<Scenario> {
    let mut table = changes();
    table.extend(pages());
    table
}

fn changes() -> Vec<Scenario> {
    vec![
        scenario("a pod replaced before macaque looks is left alone", &[11])
            .given(web(1))
            .meanwhile("/pods/web-0", replace)
            .reports(&["web-0: gone already"])
            .ends(Refused),
        scenario("a pod replaced between look and eviction is left alone", &[12])
            .given(web(1))
            .meanwhile("/eviction", replace)
            .sends(evict("web-0"), 409)
            .reports(&["web-0: gone already"])
            .ends(Refused),
        scenario("a pod replaced under its budget costs the budget a disruption all the same", &[12])
            .given(web(2))
            .given([budget("web", "web", json!({"minAvailable": 1}))])
            .first("web-0")
            .meanwhile("/eviction", replace_counted)
            .sends(evict("web-0"), 409)
            .sends(evict("web-1"), 429)
            .reports(&[
                "web-0: gone already",
                "web-1: refused by budget web: The disruption budget web needs 1 healthy pods and has 1 currently",
            ])
            .ends(Refused)
            .after([Alive("web-1"), Allowed("web", 0)]),
        scenario("a pod replaced between look and deletion is left alone", &[12, 30])
            .given(web(1))
            .delete()
            .meanwhile("DELETE ", replace)
            .sends(delete("web-0"), 409)
            .reports(&["web-0: gone already"])
            .ends(Refused),
        scenario("a pod that is gone when the eviction comes", &[13])
            .given(web(2))
            .first("web-0")
            .meanwhile("/eviction", remove)
            .sends(evict("web-0"), 404)
            .sends(evict("web-1"), 201)
            .reports(&["web-0: gone already", "web-1: evicted"])
            .ends(Disrupted),
        scenario("a pod that is gone when the deletion comes", &[13, 30])
            .given(web(1))
            .delete()
            .meanwhile("DELETE ", remove)
            .sends(delete("web-0"), 404)
            .reports(&["web-0: gone already"])
            .ends(Refused),
        scenario("a pod that is going already is no candidate", &[10, 40])
            .given(web(1))
            .arrange(end)
            .exempt(&[("terminating", 1)]),
        scenario("a pod that begins to go between list and look", &[10])
            .given(web(1))
            .meanwhile("/pods/web-0", end)
            .exempt(&[("terminating", 1)]),
    ]
}

fn pages() -> Vec<Scenario> {
    let expired = || {
        status(
            410,
            "Expired",
            "The provided continue parameter is too old",
            json!({}),
        )
    };
    let two_of_three = |name, requirements| {
        scenario(name, requirements)
            .given(web(3))
            .given([pod("other", "other")])
            .first("web-2")
            .sends(evict("web-2"), 201)
            .reports(&["web-2: evicted"])
            .ends(Disrupted)
    };
    vec![
        two_of_three("a list in pages is read to its end", &[34])
            .always("limit=500", pages_of(1))
            .after([Going("web-2"), Alive("web-0"), Alive("web-1"), Alive("other")]),
        two_of_three("a list that expires between two pages is read anew", &[35])
            .once("&continue=", Fault::Answer(expired()))
            .always("limit=500", pages_of(2)),
    ]
}

/// The server is asked for pages of this many pods, whatever macaque asks for.
fn pages_of(pods: usize) -> Fault {
    Fault::rewrite_request(move |request: &mut ProxyRequest| {
        request.target = request.target.replace("limit=500", &format!("limit={pods}"));
    })
}

/// `web-0` goes, and another pod takes its name.
fn replace(namespace: &TestNamespace) -> LocalBoxFuture<'_, ()> {
    async move {
        remove(namespace).await;
        namespace.create_all(&[pod("web-0", "web")]).await;
    }
    .boxed_local()
}

/// `web-0` is replaced, and the budget counts the new pod.
fn replace_counted(namespace: &TestNamespace) -> LocalBoxFuture<'_, ()> {
    async move {
        replace(namespace).await;
        namespace.until_counted(&budget("web", "web", json!({}))).await;
    }
    .boxed_local()
}

/// `web-0` goes at once.
pub(super) fn remove(namespace: &TestNamespace) -> LocalBoxFuture<'_, ()> {
    async move {
        let at_once = json!({"gracePeriodSeconds": 0});
        namespace
            .send(Method::DELETE, &namespace.path_of("Pod", "web-0"), &at_once)
            .await;
        namespace
            .until("web-0 is gone", async || {
                namespace.read("Pod", "web-0").await.is_none()
            })
            .await;
    }
    .boxed_local()
}

/// `web-0` begins to go.
fn end(namespace: &TestNamespace) -> LocalBoxFuture<'_, ()> {
    async move {
        namespace
            .send(Method::DELETE, &namespace.path_of("Pod", "web-0"), &json!({}))
            .await;
    }
    .boxed_local()
}
