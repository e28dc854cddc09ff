//! Who owns the fields of a ConfigMap after each of a series of writes, on both servers: by that macaque knows whether
//! it wrote its journal last.

use http::{Method, Request};
use http_body_util::BodyExt;
use kube::client::Body;
use serde_json::{Value, json};
use tokio::task::LocalSet;

use crate::server::ServerKind;
use crate::test_namespace::TestNamespace;

#[test]
fn fields_of_config_maps_have_their_owners_on_the_sandbox() {
    run(ServerKind::Sandbox);
}

#[test]
#[ignore = "needs a real control plane: just e2e"]
fn fields_of_config_maps_have_their_owners_on_a_real_api_server() {
    run(ServerKind::Real);
}

/// A write of the ConfigMap `m`, and who owns which fields afterwards.
struct OwnedWrite {
    what: &'static str,
    /// The method, and the media type of a patch.
    method: (Method, &'static str),
    query: &'static str,
    user_agent: &'static str,
    /// The object or patch, without what all have.
    body: Value,
    /// The manager, its operation and its fields, in the order of the server.
    owners: Value,
}

fn run(kind: ServerKind) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, async {
        let namespace = TestNamespace::new(kind).await;
        let mut differences = Vec::new();
        for write in writes() {
            let owners = namespace.owners_after(&write).await;
            if owners != write.owners {
                differences.push(format!(
                    "{}\n  expected {}\n  found    {owners}",
                    write.what, write.owners
                ));
            }
        }
        namespace.clear().await;
        assert!(differences.is_empty(), "{}", differences.join("\n"));
    });
}

const POST: (Method, &str) = (Method::POST, "application/json");
const PUT: (Method, &str) = (Method::PUT, "application/json");
const MERGE: (Method, &str) = (Method::PATCH, "application/merge-patch+json");
const APPLY: (Method, &str) = (Method::PATCH, "application/apply-patch+yaml");

/// The series: each write finds what the one before has left.
fn writes() -> Vec<OwnedWrite> {
    let write = |what, method, user_agent, body, owners| OwnedWrite {
        what,
        method,
        query: "",
        user_agent,
        body,
        owners,
    };
    let both = json!({"f:data": {"f:a": {}, "f:b": {}}});
    let annotated =
        json!({"f:metadata": {"f:annotations": {".": {}, "f:x": {}}, "f:labels": {".": {}, "f:l": {}}}});
    let entry = json!({
        "manager": "macaque", "operation": "Update", "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": both,
    });

    vec![
        write(
            "an object without fields has no owner",
            POST,
            "kubectl/1",
            json!({}),
            json!([]),
        ),
        write(
            "and gets none by a write that names none",
            PUT,
            "macaque/1",
            json!({"data": {"a": "0"}}),
            json!([]),
        ),
        write(
            "a write that names an owner begins the record",
            PUT,
            "macaque/1 (round 1)",
            json!({"metadata": {"managedFields": [entry]}, "data": {"a": "1", "b": "1"}}),
            json!([["macaque", "Update", both]]),
        ),
        write(
            "a value that another changes is the other's, and one that it does not change is not",
            PUT,
            "kubectl/1",
            json!({"data": {"a": "0", "b": "1"}}),
            json!([["kubectl", "Update", {"f:data": {"f:a": {}}}], ["macaque", "Update", {"f:data": {"f:b": {}}}]]),
        ),
        OwnedWrite {
            query: "?fieldManager=kubectl-replace",
            ..write(
                "the parameter counts before the User-Agent, and an owner of nothing is gone",
                PUT,
                "kubectl/1",
                json!({"data": {"a": "2", "b": "2"}}),
                json!([["kubectl-replace", "Update", both]]),
            )
        },
        write(
            "entries of the request are the owners that its changes are judged by",
            PUT,
            "kubectl/1",
            json!({"metadata": {"managedFields": [entry]}, "data": {"a": "2", "b": "3"}}),
            json!([["kubectl", "Update", {"f:data": {"f:b": {}}}], ["macaque", "Update", {"f:data": {"f:a": {}}}]]),
        ),
        write(
            "the same values change no owner",
            PUT,
            "else/1",
            json!({"data": {"a": "2", "b": "3"}}),
            json!([["kubectl", "Update", {"f:data": {"f:b": {}}}], ["macaque", "Update", {"f:data": {"f:a": {}}}]]),
        ),
        write(
            "who annotates owns annotations only",
            MERGE,
            "annotator/1",
            json!({"metadata": {"annotations": {"x": "y"}, "labels": {"l": "1"}}}),
            json!([
                ["annotator", "Update", annotated], ["kubectl", "Update", {"f:data": {"f:b": {}}}],
                ["macaque", "Update", {"f:data": {"f:a": {}}}],
            ]),
        ),
        write(
            "nobody owns what is removed",
            MERGE,
            "remover/1",
            json!({"data": {"a": null}}),
            json!([["annotator", "Update", annotated], ["kubectl", "Update", {"f:data": {"f:b": {}}}]]),
        ),
        OwnedWrite {
            query: "?fieldManager=gitops&force=true",
            ..write(
                "who applies the value that is there owns it too",
                APPLY,
                "gitops/1",
                json!({"data": {"b": "3"}}),
                json!([
                    ["gitops", "Apply", {"f:data": {"f:b": {}}}], ["annotator", "Update", annotated],
                    ["kubectl", "Update", {"f:data": {"f:b": {}}}],
                ]),
            )
        },
        OwnedWrite {
            query: "?fieldManager=gitops&force=true",
            ..write(
                "who applies another value owns it alone",
                APPLY,
                "gitops/1",
                json!({"data": {"b": "4"}}),
                json!([["gitops", "Apply", {"f:data": {"f:b": {}}}], ["annotator", "Update", annotated]]),
            )
        },
        write(
            "an empty list ends the record",
            PUT,
            "kubectl/1",
            json!({"metadata": {"managedFields": []}, "data": {"b": "5"}}),
            json!([]),
        ),
    ]
}

impl TestNamespace {
    async fn owners_after(&self, write: &OwnedWrite) -> Value {
        let OwnedWrite {
            method,
            query,
            user_agent,
            body,
            ..
        } = write;
        let mut body = body.clone();
        let is_merge = *method == MERGE;
        if !is_merge {
            body["apiVersion"] = json!("v1");
            body["kind"] = json!("ConfigMap");
            body["metadata"]["name"] = json!("m");
        }
        let path = match method.0 {
            Method::POST => self.path("ConfigMap"),
            _ => self.path_of("ConfigMap", "m"),
        };
        let request = Request::builder()
            .method(&method.0)
            .uri(format!("{path}{query}"))
            .header(http::header::CONTENT_TYPE, method.1)
            .header(http::header::USER_AGENT, *user_agent)
            .body(Body::from(body.to_string().into_bytes()))
            .unwrap();

        let response = self.server.client.send(request).await.unwrap();
        assert!(
            response.status().is_success(),
            "{}: {}",
            write.what,
            response.status()
        );
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let object: Value = serde_json::from_slice(&bytes).unwrap();
        let entries = object["metadata"]["managedFields"].as_array();
        // Written in the same second, entries are in the order of their names; a second may end in between.
        let mut owners: Vec<_> = entries
            .into_iter()
            .flatten()
            .map(|entry| json!([entry["manager"], entry["operation"], entry["fieldsV1"]]))
            .collect();
        owners.sort_by_key(|owner| (owner[1].to_string(), owner[0].to_string()));
        json!(owners)
    }
}
