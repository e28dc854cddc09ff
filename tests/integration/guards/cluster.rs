//! What happens to workloads in a sandbox in which nothing moves by itself.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kube_sandbox::Sandbox;
use macaque::platform::Platform;
use macaque_core::guard::GuardConfig;
use serde_json::{Value, json};

use crate::rounds::fixture::RoundFixture;

/// Objects of the namespace `shop`, and a round with no guard on but those that `edit` switches on.
pub(crate) fn fixture(objects: Vec<Value>, edit: impl FnOnce(&mut GuardConfig)) -> RoundFixture {
    RoundFixture::with(objects).guards(edit)
}

/// Changes an object of the namespace `shop`, or one without a namespace.
pub(crate) fn edit(sandbox: &Sandbox, kind: &str, name: &str, change: impl FnOnce(&mut Value)) {
    let namespace = if kind == "Namespace" { "" } else { "shop" };
    let mut object = sandbox.object(kind, namespace, name).unwrap();
    change(&mut object);
    sandbox.apply(&[object]).unwrap();
}

/// The names of the pods of an app, in order.
pub(crate) fn pods_of(sandbox: &Sandbox, pods: &[String], app: &str) -> Vec<String> {
    let is_of = |name: &&String| {
        let pod = sandbox.object("Pod", "shop", name).unwrap();
        pod["metadata"]["labels"]["app"] == app
    };
    pods.iter().filter(is_of).cloned().collect()
}

/// The first pod of an app.
pub(crate) async fn first_pod(fixture: &RoundFixture, app: &str) -> String {
    let pods = fixture.pods("shop").await;
    pods_of(&fixture.sandbox, &pods, app).remove(0)
}

/// Time passes, and nothing else happens meanwhile.
pub(crate) async fn let_pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

/// The pod became ready, or unready, twelve and a half minutes ago.
pub(crate) fn set_ready(sandbox: &Sandbox, pod: &str, is_ready: bool) {
    let since = Platform::system().now() - SignedDuration::from_secs(750);
    edit(sandbox, "Pod", pod, |pod| {
        for condition in pod["status"]["conditions"].as_array_mut().unwrap() {
            if condition["type"] == "Ready" {
                condition["status"] = json!(if is_ready { "True" } else { "False" });
                condition["lastTransitionTime"] = json!(whole_second(since).to_string());
            }
        }
    });
}

fn whole_second(instant: Timestamp) -> Timestamp {
    Timestamp::from_second(instant.as_second()).unwrap()
}

/// The pod is leaving for this reason: `EvictionByEvictionAPI`, for example.
pub(crate) fn set_leaving(sandbox: &Sandbox, pod: &str, reason: &str) {
    edit(sandbox, "Pod", pod, |pod| {
        let conditions = pod["status"]["conditions"].as_array_mut().unwrap();
        conditions.push(json!({ "type": "DisruptionTarget", "status": "True", "reason": reason }));
    });
}

/// The pod is terminating, and a finalizer keeps it.
pub(crate) fn set_terminating(sandbox: &Sandbox, pod: &str) {
    edit(sandbox, "Pod", pod, |pod| {
        pod["metadata"]["deletionTimestamp"] = json!("2026-06-10T12:00:00Z");
        pod["metadata"]["finalizers"] = json!(["example.com/kept"]);
    });
}

/// Sets an annotation, or removes it with `None`.
pub(crate) fn annotate(sandbox: &Sandbox, kind: &str, name: &str, key: &str, value: Option<&str>) {
    edit(sandbox, kind, name, |object| {
        object["metadata"]["annotations"] = value.map_or(json!({}), |value| json!({ key: value }));
    });
}

/// No request but reads was sent, and no pod deleted but those that the test removed itself.
pub(crate) fn assert_untouched_but(fixture: &RoundFixture, removed: usize) {
    let sent = fixture.sent("").into_iter();
    let writes: Vec<_> = sent.filter(|sent| !sent.line().starts_with("GET ")).collect();
    assert_eq!(writes.len(), 0, "{writes:?}");
    assert_eq!(fixture.sandbox.deletions().len(), removed);
}

/// No request but reads was sent, and no pod deleted.
pub(crate) fn assert_untouched(fixture: &RoundFixture) {
    assert_untouched_but(fixture, 0);
}

/// A URL at which nobody listens.
pub(crate) fn nobody_listens() -> String {
    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", unused.local_addr().unwrap())
}
