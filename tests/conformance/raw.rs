//! Requests that macaque never sends, sent to both servers as they are: a sandbox that only answers macaque's own would
//! be no Kubernetes API.

use std::rc::Rc;

use http::Method;
use macaque_testkit::fault_proxy::{Exchange, ProxyRequest, ProxyResponse};
use serde_json::{Value, json};

use crate::answers::{RecordedAnswer, ServerRecord};
use crate::round_proxy;
use crate::run_scenario::{ScenarioResult, differs_from_record};
use crate::server::ServerKind;
use crate::table::objects::{budget, pod};
use crate::test_namespace::TestNamespace;

/// One request about the pod `web-0`, whose budget allows no disruption where `guarded`.
pub(crate) struct RawRequest {
    pub(crate) name: &'static str,
    guarded: bool,
    method: Method,
    path: &'static str,
    body: Value,
}

fn raw_request(name: &'static str, method: Method, path: &'static str, body: Value) -> RawRequest {
    RawRequest {
        name,
        guarded: false,
        method,
        path,
        body,
    }
}

/// An eviction with these options, to this path below the pod.
fn eviction(name: &'static str, path: &'static str, options: Value) -> RawRequest {
    let body = json!({
        "apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "web-0", "namespace": "NAMESPACE"},
        "deleteOptions": options,
    });
    raw_request(name, Method::POST, path, body)
}

fn changed(mut raw_request: RawRequest, pointer: &str, value: Value) -> RawRequest {
    *raw_request.body.pointer_mut(pointer).unwrap() = value;
    raw_request
}

const EVICTION: &str = "pods/web-0/eviction";
const POD: &str = "pods/web-0";

pub(crate) fn raw_requests() -> Vec<RawRequest> {
    let deletion = |name, options| raw_request(name, Method::DELETE, POD, options);
    let uid = "00000000-0000-0000-0000-000000000000";
    let guarded = |raw_request| RawRequest {
        guarded: true,
        ..raw_request
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
            eviction(
                "raw: an eviction of a missing pod",
                "pods/nobody/eviction",
                json!({}),
            ),
            "/metadata/name",
            json!("nobody"),
        ),
        raw_request(
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
        raw_request(
            "raw: a deletion whose body hides the dry run of its query",
            Method::DELETE,
            "pods/web-0?dryRun=All",
            json!({}),
        ),
        raw_request(
            "raw: a deletion of a missing pod",
            Method::DELETE,
            "pods/nobody",
            json!({}),
        ),
    ]
}

/// Sends the request and compares what is answered with what is recorded.
pub(crate) async fn send(
    kind: ServerKind,
    raw_request: RawRequest,
    recorded: ServerRecord,
) -> ScenarioResult {
    let namespace = Rc::new(TestNamespace::new(kind).await);
    let mut given = vec![pod("web-0", "web")];

    if raw_request.guarded {
        given.push(budget("web", "web", json!({"minAvailable": 1})));
    }

    namespace.create_all(&given).await;
    let name = namespace.name();
    let path = format!("/api/v1/namespaces/{name}/{}", raw_request.path);
    let body = raw_request.body.to_string().replace("NAMESPACE", name);
    let answer = namespace.exchange(&raw_request.method, &path, &body).await;
    let exchange = Exchange {
        request: ProxyRequest {
            method: raw_request.method.to_string(),
            target: path,
            body: body.into(),
            ..ProxyRequest::default()
        },
        response: Some(answer),
        injected: false,
    };
    let record = ServerRecord {
        answers: vec![RecordedAnswer::of(&exchange, &namespace)],
        pods: namespace.fates().await,
    };
    let differences = differs_from_record(kind, &recorded, &record)
        .into_iter()
        .collect();
    namespace.clear().await;
    ScenarioResult {
        name: raw_request.name,
        requirements: &[],
        injected: Vec::new(),
        is_replayed: false,
        record,
        differences,
    }
}

impl TestNamespace {
    async fn exchange(&self, method: &Method, path: &str, body: &str) -> ProxyResponse {
        let request = http::Request::builder().method(method).uri(path);
        let request = request.header(http::header::CONTENT_TYPE, "application/json");
        let body = if body == "null" { Vec::new() } else { body.into() };
        let request = request.body(kube::client::Body::from(body)).unwrap();
        round_proxy::read(self.server.client.send(request).await.unwrap()).await
    }
}
