//! Scenarios in which the pods or the list of them change under macaque's hands.

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use http::Method;
use macaque_core::report::RoundVerdict::{Disrupted, Refused};
use serde_json::json;

use crate::proxy::Fault;
use crate::scenario::After::{Alive, Allowed, Going};
use crate::scenario::{Scenario, delete, evict, scenario};
use crate::scene::Scene;

use super::doubts::status;
use super::objects::{budget, pod, web};

pub(super) fn table() -> Vec<Scenario> {
    let mut table = changes();
    table.extend(pages());
    table
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
                "web-1: refused by budget web: The disruption budget web needs 1 healthy pods and has 1 currently",
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
    let expired = || {
        status(
            410,
            "Expired",
            "The provided continue parameter is too old",
            json!({}),
        )
    };
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
pub(super) fn remove(scene: &Scene) -> LocalBoxFuture<'_, ()> {
    async move {
        let at_once = json!({"gracePeriodSeconds": 0});
        scene
            .send(Method::DELETE, &scene.path_of("Pod", "web-0"), &at_once)
            .await;
        scene
            .until("web-0 is gone", async || {
                scene.read("Pod", "web-0").await.is_none()
            })
            .await;
    }
    .boxed_local()
}

/// `web-0` begins to go.
fn end(scene: &Scene) -> LocalBoxFuture<'_, ()> {
    async move {
        scene
            .send(Method::DELETE, &scene.path_of("Pod", "web-0"), &json!({}))
            .await;
    }
    .boxed_local()
}
