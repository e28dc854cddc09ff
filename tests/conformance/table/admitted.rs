//! Scenarios about admission: webhooks, policies, grants, and namespaces on their way out.

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use http::Method;
use macaque_core::report::RoundStatus::{Disrupted, Refused};
use serde_json::{Value, json};

use super::objects::web;
use super::with;
use crate::admission::AdmissionControl;
use crate::scenario::FinalState::{Alive, Going, Targeted};
use crate::scenario::{Scenario, delete, evict, scenario};
use crate::test_namespace::TestNamespace;

pub(super) fn table() -> Vec<Scenario> {
    let mut table = webhooks();
    table.extend(policies());
    table.extend(grants());
    table
}

/// One pod, and an admission that refuses its eviction with this code and this report.
fn refused(
    name: &'static str,
    requirements: &'static [u8],
    by: AdmissionControl,
    code: u16,
    report: &'static str,
) -> Scenario {
    scenario(name, requirements)
        .given(web(1))
        .admission(by.evictions())
        .sends(evict("web-0"), code)
        .reports(&[report])
        .ends(Refused)
        .after([Alive("web-0")])
}

fn webhooks() -> Vec<Scenario> {
    vec![
        refused(
            "a webhook denies without a word",
            &[18],
            AdmissionControl::Denial(0, ""),
            400,
            "web-0: refused by webhook NAMESPACE.guard.test: without explanation",
        ),
        refused(
            "a webhook denies without a code",
            &[18],
            AdmissionControl::Denial(0, "not on Mondays"),
            400,
            "web-0: refused by webhook NAMESPACE.guard.test: not on Mondays",
        ),
        refused(
            "a webhook denies with 403, as a missing grant does",
            &[18],
            AdmissionControl::Denial(403, "not on Mondays"),
            403,
            "web-0: refused by webhook NAMESPACE.guard.test: not on Mondays",
        ),
        refused(
            "a webhook denies with 429, having begun a migration",
            &[19],
            AdmissionControl::Denial(429, "Eviction triggered evacuation of VMI \"shop/x\""),
            429,
            "web-0: refused by webhook NAMESPACE.guard.test: Eviction triggered evacuation of VMI \"shop/x\"",
        ),
        refused(
            "a webhook denies with 500, as a failing server does",
            &[20],
            AdmissionControl::Denial(500, "The pod will be rolled by its operator"),
            500,
            "web-0: refused by webhook NAMESPACE.guard.test: The pod will be rolled by its operator",
        ),
        refused(
            "a webhook denies with 401, as an expired credential does",
            &[18, 38],
            AdmissionControl::Denial(401, "who are you?"),
            401,
            "web-0: refused by webhook NAMESPACE.guard.test: who are you?",
        ),
        refused(
            "a webhook denies with 404, as for a pod that is gone",
            &[18],
            AdmissionControl::Denial(404, "no such machine"),
            404,
            "web-0: refused by webhook NAMESPACE.guard.test: no such machine",
        ),
        refused(
            "a webhook that does not answer and must",
            &[21],
            AdmissionControl::Timeout("Fail"),
            500,
            "web-0: refused by webhook NAMESPACE.guard.test, which does not answer: Internal error occurred: \
             failed calling webhook \"NAMESPACE.guard.test\": failed to call webhook: Post \"https://127.0.0.1:PORT/?timeout=1s\": \
             context deadline exceeded",
        ),
        scenario("a webhook that does not answer and need not", &[21])
            .given(web(1))
            .admission(AdmissionControl::Timeout("Ignore").evictions())
            .sends(evict("web-0"), 201)
            .reports(&["web-0: evicted"])
            .ends(Disrupted)
            .after([Going("web-0"), Targeted("web-0", true)]),
        refused(
            "a webhook that makes the eviction a dry run",
            &[23],
            AdmissionControl::DryRun,
            201,
            "web-0: accepted, but the pod was not deleted (a webhook may have made it a dry run or delayed it)",
        ),
        scenario(
            "a webhook on deletions refuses one, and nothing is evicted instead",
            &[30],
        )
        .given(web(1))
        .delete()
        .admission(AdmissionControl::Denial(0, "keep it").deletions())
        .sends(delete("web-0"), 400)
        .reports(&["web-0: refused by webhook NAMESPACE.guard.test: keep it"])
        .ends(Refused)
        .after([Alive("web-0"), Targeted("web-0", false)]),
    ]
}

fn policies() -> Vec<Scenario> {
    let report = "web-0: refused by policy NAMESPACE-policy (binding NAMESPACE-policy-binding): not here";
    let by = AdmissionControl::Policy;
    vec![
        refused(
            "a policy denies for no reason of its own",
            &[22],
            by(None),
            422,
            report,
        ),
        refused(
            "a policy denies as forbidden",
            &[22],
            by(Some("Forbidden")),
            403,
            report,
        ),
        refused(
            "a policy denies as too large",
            &[22],
            by(Some("RequestEntityTooLarge")),
            413,
            report,
        ),
        scenario(
            "a policy on deletions refuses one, and nothing is evicted instead",
            &[30],
        )
        .given(web(1))
        .delete()
        .admission(by(None).deletions())
        .sends(delete("web-0"), 422)
        .reports(&[report])
        .ends(Refused)
        .after([Alive("web-0"), Targeted("web-0", false)]),
    ]
}

fn grants() -> Vec<Scenario> {
    let kept = || {
        web(1).into_iter().map(|pod| {
            with(
                pod,
                json!({"metadata": {"finalizers": ["conformance.test/kept"]}}),
            )
        })
    };
    vec![
        scenario("without the grant to evict nothing is evicted, nor deleted", &[15])
            .given(web(2))
            .first("web-0")
            .lacking("create", "pods/eviction")
            .sends(evict("web-0"), 403)
            .problem(
                "User \"system:serviceaccount:NAMESPACE:macaque\" cannot create resource \"pods/eviction\" in API group \
                 \"\" in the namespace \"NAMESPACE\"",
            )
            .ends(macaque_core::report::RoundStatus::Failed)
            .after([Alive("web-0"), Alive("web-1")]),
        scenario("without the grant to delete nothing is deleted, nor evicted", &[15])
            .given(web(1))
            .delete()
            .lacking("delete", "pods")
            .sends(delete("web-0"), 403)
            .problem("cannot delete resource \"pods\" in API group \"\" in the namespace \"NAMESPACE\"")
            .ends(macaque_core::report::RoundStatus::Failed)
            .after([Alive("web-0")]),
        scenario("without the grant to list there is no round", &[15])
            .given(web(1))
            .lacking("list", "pods")
            .problem("cannot list resource \"pods\" in API group \"\" in the namespace \"NAMESPACE\"")
            .ends(macaque_core::report::RoundStatus::Failed)
            .after([Alive("web-0")]),
        scenario("with the least grants a pod is evicted", &[15])
            .given(web(1))
            .lacking("delete", "pods")
            .sends(evict("web-0"), 201)
            .reports(&["web-0: evicted"])
            .ends(Disrupted)
            .after([Going("web-0")]),
        scenario("a namespace that ends between the look and the eviction", &[17])
            .given(kept())
            .meanwhile("/eviction", end_namespace)
            .sends(evict("web-0"), 403)
            .reports(&["web-0: refused by the namespace, which is terminating"])
            .ends(Refused),
        scenario("a deletion works in a namespace that ends", &[17, 30])
            .given(kept())
            .delete()
            .meanwhile("DELETE ", end_namespace)
            .sends(delete("web-0"), 200)
            .reports(&["web-0: deleted"])
            .ends(Disrupted)
            .after([Going("web-0")]),
        scenario("a pod with a finalizer is evicted, and stays for it", &[1])
            .given(kept())
            .sends(evict("web-0"), 201)
            .reports(&["web-0: evicted"])
            .ends(Disrupted)
            .after([Going("web-0"), Targeted("web-0", true)]),
    ]
}

/// The namespace is deleted, and the server knows it: its pods are terminating, and no new object may come.
fn end_namespace(namespace: &TestNamespace) -> LocalBoxFuture<'_, ()> {
    async move {
        let path = format!("/api/v1/namespaces/{}", namespace.name());
        namespace.send(Method::DELETE, &path, &Value::Null).await;
        let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "late"}});
        namespace
            .until("the namespace takes nothing new", async || {
                let (code, _) = namespace
                    .send(Method::POST, &namespace.path("ConfigMap"), &map)
                    .await;
                code == 403
            })
            .await;
        namespace
            .until("the namespace's end has come to its pods", async || {
                let pods = namespace.pods().await;
                pods.iter()
                    .all(|pod| pod["metadata"]["deletionTimestamp"].is_string())
            })
            .await;
    }
    .boxed_local()
}
