//! Requests that macaque never sends, put to both servers as they are: a sandbox that only answers macaque's own
//! well would be no Kubernetes API.

use std::rc::Rc;

use http::Method;
use serde_json::{Value, json};

use crate::answers::{Record, Said};
use crate::play::{Played, writes};
use crate::proxy::{Answer, Exchange};
use crate::scene::Scene;
use crate::server::Kind;
use crate::table::objects::{budget, pod};

/// One request about the pod `web-0`, whose budget spares nobody where `guarded`.
pub(crate) struct Probe {
    pub(crate) name: &'static str,
    guarded: bool,
    method: Method,
    path: &'static str,
    body: Value,
}

fn probe(name: &'static str, method: Method, path: &'static str, body: Value) -> Probe {
    Probe {
        name,
        guarded: false,
        method,
        path,
        body,
    }
}

/// An eviction with these options, to this path below the pod.
fn eviction(name: &'static str, path: &'static str, options: Value) -> Probe {
    let body = json!({
        "apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "web-0", "namespace": "NAMESPACE"},
        "deleteOptions": options,
    });
    probe(name, Method::POST, path, body)
}

fn changed(mut probe: Probe, pointer: &str, value: Value) -> Probe {
    *probe.body.pointer_mut(pointer).unwrap() = value;
    probe
}

const EVICTION: &str = "pods/web-0/eviction";
const POD: &str = "pods/web-0";

pub(crate) fn probes() -> Vec<Probe> {
    let deletion = |name, options| probe(name, Method::DELETE, POD, options);
    let uid = "00000000-0000-0000-0000-000000000000";
    let guarded = |probe| Probe {
        guarded: true,
        ..probe
    };
    vec![
        changed(
            eviction("raw: a name that is not the URL's", EVICTION, json!({})),
            "/metadata/name",
            json!("web-1"),
        ),
        changed(
            eviction("raw: no name", EVICTION, json!({})),
            "/metadata",
            json!({}),
        ),
        changed(
            eviction("raw: another namespace", EVICTION, json!({})),
            "/metadata/namespace",
            json!("else"),
        ),
        changed(
            eviction("raw: a version that is none", EVICTION, json!({})),
            "/apiVersion",
            json!("policy/v2"),
        ),
        changed(
            eviction("raw: a kind that is none", EVICTION, json!({})),
            "/kind",
            json!("Evict"),
        ),
        eviction(
            "raw: an unknown option, strictly",
            "pods/web-0/eviction?fieldValidation=Strict",
            json!({"odd": 1}),
        ),
        eviction("raw: an unknown option, by default", EVICTION, json!({"odd": 1})),
        eviction(
            "raw: an option of the wrong type",
            EVICTION,
            json!({"gracePeriodSeconds": "5"}),
        ),
        eviction(
            "raw: a propagation policy that is none",
            EVICTION,
            json!({"propagationPolicy": "Odd"}),
        ),
        eviction(
            "raw: a dry run that is none, in the query",
            "pods/web-0/eviction?dryRun=Odd",
            json!({}),
        ),
        eviction(
            "raw: a dry run that is none, in the body",
            EVICTION,
            json!({"dryRun": ["Odd"]}),
        ),
        eviction(
            "raw: two dry runs that differ",
            "pods/web-0/eviction?dryRun=All",
            json!({"dryRun": ["Odd"]}),
        ),
        eviction(
            "raw: a dry run in query and body",
            "pods/web-0/eviction?dryRun=All",
            json!({"dryRun": ["All"]}),
        ),
        guarded(eviction(
            "raw: a dry run against the budget",
            "pods/web-0/eviction?dryRun=All",
            json!({}),
        )),
        guarded(eviction(
            "raw: an eviction of another UID against the budget",
            EVICTION,
            json!({"preconditions": {"uid": uid}}),
        )),
        eviction(
            "raw: an eviction of another UID",
            EVICTION,
            json!({"preconditions": {"uid": uid}}),
        ),
        eviction(
            "raw: an eviction of another version",
            EVICTION,
            json!({"preconditions": {"resourceVersion": "1"}}),
        ),
        eviction(
            "raw: an eviction of less than no grace",
            EVICTION,
            json!({"gracePeriodSeconds": -1}),
        ),
        eviction(
            "raw: an eviction of no grace",
            EVICTION,
            json!({"gracePeriodSeconds": 0}),
        ),
        changed(
            eviction("raw: an eviction of nobody", "pods/nobody/eviction", json!({})),
            "/metadata/name",
            json!("nobody"),
        ),
        probe(
            "raw: an eviction that is read",
            Method::GET,
            EVICTION,
            Value::Null,
        ),
        deletion(
            "raw: a deletion of another UID",
            json!({"preconditions": {"uid": uid}}),
        ),
        deletion(
            "raw: a deletion of another version",
            json!({"preconditions": {"resourceVersion": "1"}}),
        ),
        deletion(
            "raw: a deletion of less than no grace",
            json!({"gracePeriodSeconds": -1}),
        ),
        deletion("raw: a deletion of no grace", json!({"gracePeriodSeconds": 0})),
        deletion(
            "raw: a deletion with a propagation policy that is none",
            json!({"propagationPolicy": "Odd"}),
        ),
        deletion(
            "raw: a deletion with a dry run in the body",
            json!({"dryRun": ["All"]}),
        ),
        deletion(
            "raw: a deletion of the wrong kind",
            json!({"kind": "Pod", "apiVersion": "v1"}),
        ),
        probe(
            "raw: a deletion whose body hides the dry run of its query",
            Method::DELETE,
            "pods/web-0?dryRun=All",
            json!({}),
        ),
        probe(
            "raw: a deletion of nobody",
            Method::DELETE,
            "pods/nobody",
            json!({}),
        ),
    ]
}

/// Sends the probe and compares what is answered with what is recorded.
pub(crate) async fn send(kind: Kind, probe: Probe, recorded: Record) -> Played {
    let scene = Rc::new(Scene::new(kind).await);
    let mut given = vec![pod("web-0", "web")];
    if probe.guarded {
        given.push(budget("web", "web", json!({"minAvailable": 1})));
    }
    scene.set(&given).await;
    let namespace = &scene.server.namespace;
    let path = format!("/api/v1/namespaces/{namespace}/{}", probe.path);
    let body = probe.body.to_string().replace("NAMESPACE", namespace);
    let answer = scene.exchange(&probe.method, &path, &body).await;
    let exchange = Exchange {
        line: format!("{} {path}", probe.method),
        body: body.into(),
        injected: false,
        answer: Some(answer),
    };
    let record = Record {
        said: vec![Said::of(&exchange, &scene)],
        pods: scene.fates().await,
    };
    let mut faults = Vec::new();
    if recorded != record && !(kind == Kind::Real && writes()) {
        let told = |record: &Record| serde_json::to_string_pretty(record).unwrap();
        faults.push(format!(
            "recorded is {}\nand now {}",
            told(&recorded),
            told(&record)
        ));
    }
    scene.clear().await;
    Played {
        name: probe.name,
        rows: &[],
        injected: Vec::new(),
        recorded: false,
        record,
        faults,
    }
}

impl Scene {
    async fn exchange(&self, method: &Method, path: &str, body: &str) -> Answer {
        let request = http::Request::builder().method(method).uri(path);
        let request = request.header(http::header::CONTENT_TYPE, "application/json");
        let body = if body == "null" { Vec::new() } else { body.into() };
        let request = request.body(kube::client::Body::from(body)).unwrap();
        Answer::read(self.server.client.send(request).await.unwrap()).await
    }
}
