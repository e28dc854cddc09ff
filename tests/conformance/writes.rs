//! Writes that a server refuses, warns about or completes with defaults, sent to both servers as dry runs: the sandbox
//! must answer each as the real server did when `writes.json` was recorded.

use std::collections::BTreeMap;
use std::path::PathBuf;

use http::{Method, Request};
use http_body_util::BodyExt;
use kube::client::Body;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::task::LocalSet;

use crate::records::{self, NEWEST, VERSIONS};
use crate::run_scenario::writes as is_recording;
use crate::server::{self, ServerKind};
use crate::test_namespace::TestNamespace;

/// The fields of a pod's spec that admission plugins of the real server add, which the sandbox does not have.
const ADMITTED: [&str; 3] = ["preemptionPolicy", "priority", "tolerations"];

/// The recorded table: the objects that exist, and the writes.
#[derive(Serialize, Deserialize)]
struct WriteTable {
    objects: Vec<Value>,
    cases: Vec<WriteCase>,
}

/// One write, and the real server's answer to it.
#[derive(Serialize, Deserialize)]
struct WriteCase {
    name: String,
    /// `create`, `replace`, `merge`, `strategic` or `json` (patches), `scale`, or `delete-namespace`.
    verb: String,
    /// The kind of the object among those that exist; a namespace's name where a namespace is deleted.
    kind: String,
    /// The fields of the object that are set before it is sent.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    set: Value,
    /// The fields of the object that are removed before it is sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    unset: Vec<String>,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    patch: Value,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    query: String,
    /// Where the comparable part of the message ends: after it, the real server prints values of its own code.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    up_to: String,
    /// The part of the answered object that is compared.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    shows: String,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    answer: Value,
    /// What older versions answer, where it differs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    older: BTreeMap<String, Value>,
}

impl WriteCase {
    /// The recorded answer of a version.
    fn recorded(&self, version: &str) -> &Value {
        self.older.get(version).unwrap_or(&self.answer)
    }

    /// Records the answer of a version.
    fn record(&mut self, version: &str, answer: Value) {
        if version == NEWEST {
            self.answer = answer;
        } else if answer == self.answer {
            self.older.remove(version);
        } else {
            self.older.insert(version.to_owned(), answer);
        }
    }
}

#[test]
fn every_write_is_answered_by_the_sandbox_as_by_a_real_server() {
    run(ServerKind::Sandbox);
}

#[test]
#[ignore = "needs a real control plane: just e2e"]
fn every_write_is_answered_by_a_real_api_server_as_recorded() {
    run(ServerKind::Real);
}

fn run(kind: ServerKind) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut table = recorded();
    let local = LocalSet::new();
    let version = match kind {
        ServerKind::Sandbox => NEWEST.to_owned(),
        ServerKind::Real => records::version_of(&local.block_on(&runtime, server::release())),
    };
    let answers = local.block_on(&runtime, answers(kind, &table));

    let mut differences = Vec::new();
    for (case, answer) in table.cases.iter_mut().zip(answers) {
        if kind == ServerKind::Real && is_recording() {
            case.record(&version, answer);
        } else if *case.recorded(&version) != answer {
            differences.push(format!(
                "{}\n  recorded {}\n  answered {answer}",
                case.name,
                case.recorded(&version)
            ));
        }
    }
    assert!(
        differences.is_empty(),
        "{} writes are answered otherwise:\n{}",
        differences.len(),
        differences.join("\n")
    );

    if kind == ServerKind::Real && is_recording() {
        std::fs::write(path(), lines(&table)).unwrap();
    }
}

/// The table as text, with one object or case a line.
fn lines(table: &WriteTable) -> String {
    let objects: Vec<String> = table.objects.iter().map(Value::to_string).collect();
    let cases: Vec<String> = table
        .cases
        .iter()
        .map(|case| serde_json::to_string(case).unwrap())
        .collect();
    format!(
        "{{\"objects\": [\n{}\n], \"cases\": [\n{}\n]}}\n",
        objects.join(",\n"),
        cases.join(",\n")
    )
}

/// What the page says of the table.
pub(crate) fn paragraph() -> String {
    let cases = recorded().cases;
    let differing = |version: &str| {
        let count = cases
            .iter()
            .filter(|case| case.older.contains_key(version))
            .count();
        format!("{count} of them on {version}")
    };
    let older = VERSIONS.iter().filter(|version| **version != NEWEST);
    let older: Vec<_> = older.map(|version| differing(version)).collect();
    format!(
        "Beside these, {} writes are recorded in `tests/conformance/writes.json`: the sandbox refuses, warns about and\n\
         completes them as {NEWEST} did, with its code, reason, message and causes. Older versions answer some otherwise,\n\
         {}.\n\n",
        cases.len(),
        older.join(" and ")
    )
}

fn recorded() -> WriteTable {
    serde_json::from_str(&std::fs::read_to_string(path()).unwrap()).unwrap()
}

fn path() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests/conformance/writes.json"]
        .iter()
        .collect()
}

/// What a server answers to each write of the table.
async fn answers(kind: ServerKind, table: &WriteTable) -> Vec<Value> {
    let namespace = TestNamespace::new(kind).await;
    if kind == ServerKind::Real {
        namespace
            .until("the namespace has its ServiceAccount", async || {
                namespace.read("ServiceAccount", "default").await.is_some()
            })
            .await;
    }
    for object in &table.objects {
        let (code, answer) = namespace
            .send(Method::POST, &path_of(&namespace, object), object)
            .await;
        assert_eq!(code, 201, "{answer}");
    }

    let mut answers = Vec::new();
    for case in &table.cases {
        let request = request(&namespace, &table.objects, case);
        let answer = namespace.server.client.send(request).await.unwrap();
        let (head, body) = answer.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let body: Value = serde_json::from_slice(&body).unwrap();

        let warnings = head.headers.get_all("warning").iter();
        let warnings: Vec<&str> = warnings.map(|warning| warning.to_str().unwrap()).collect();
        let uid = body["metadata"]["uid"].as_str().unwrap_or("no UID").to_owned();
        let answer = essence(case, &body, head.status.as_u16(), &warnings).to_string();
        let answer = answer.replace(namespace.name(), "NAMESPACE").replace(&uid, "UID");
        let answer = without_addresses(&answer);
        answers.push(serde_json::from_str(&answer).unwrap());
    }
    namespace.clear().await;
    answers
}

/// A text without the addresses of values, such as `(*bool)(0x22ed0e58be4e)`, which older versions print.
fn without_addresses(text: &str) -> String {
    let mut parts = text.split("(0x");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain += "(ADDRESS";
        plain += part.trim_start_matches(|c: char| c.is_ascii_hexdigit());
    }
    plain
}

/// Where the objects of a kind are.
fn path_of(namespace: &TestNamespace, object: &Value) -> String {
    let version = object["apiVersion"].as_str().unwrap();
    let prefix = if version == "v1" { "/api" } else { "/apis" };
    let plural = object["kind"].as_str().unwrap().to_lowercase();
    format!("{prefix}/{version}/namespaces/{}/{plural}s", namespace.name())
}

/// The request of a case, which changes nothing even if it is admitted.
fn request(namespace: &TestNamespace, objects: &[Value], case: &WriteCase) -> Request<Body> {
    let (method, target, media_type, body) = if case.verb == "delete-namespace" {
        let target = format!("/api/v1/namespaces/{}", case.kind);
        (Method::DELETE, target, "application/json", Value::Null)
    } else {
        object_request(namespace, objects, case)
    };

    let query = [case.query.as_str(), "dryRun=All"].join("&");
    let body = if body.is_null() {
        Vec::new()
    } else {
        body.to_string().into()
    };
    Request::builder()
        .method(method)
        .uri(format!("{target}?{}", query.trim_start_matches('&')))
        .header(http::header::CONTENT_TYPE, media_type)
        .body(Body::from(body))
        .unwrap()
}

fn object_request(
    namespace: &TestNamespace,
    objects: &[Value],
    case: &WriteCase,
) -> (Method, String, &'static str, Value) {
    let object = objects
        .iter()
        .find(|object| object["kind"] == *case.kind)
        .unwrap();
    let collection = path_of(namespace, object);
    let item = format!("{collection}/{}", object["metadata"]["name"].as_str().unwrap());
    let patch = case.patch.clone();
    match case.verb.as_str() {
        "create" => {
            let mut object = object.clone();
            object["metadata"]["name"] = json!("new");
            (
                Method::POST,
                collection,
                "application/json",
                changed(object, case),
            )
        }
        "replace" => (
            Method::PUT,
            item,
            "application/json",
            changed(object.clone(), case),
        ),
        "merge" => (Method::PATCH, item, "application/merge-patch+json", patch),
        "strategic" => (
            Method::PATCH,
            item,
            "application/strategic-merge-patch+json",
            patch,
        ),
        "json" => (Method::PATCH, item, "application/json-patch+json", patch),
        "scale" => (
            Method::PATCH,
            format!("{item}/scale"),
            "application/merge-patch+json",
            patch,
        ),
        other => panic!("no verb: {other}"),
    }
}

/// The object with the changes of a case.
fn changed(mut object: Value, case: &WriteCase) -> Value {
    for pointer in &case.unset {
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        let removed = object
            .pointer_mut(parent)
            .unwrap()
            .as_object_mut()
            .unwrap()
            .remove(field);
        assert!(removed.is_some(), "{}: nothing at {pointer}", case.name);
    }
    for (pointer, value) in case.set.as_object().into_iter().flatten() {
        let mut at = &mut object;
        for field in pointer.split('/').skip(1) {
            at = match field.parse::<usize>() {
                Ok(index) => &mut at[index],
                Err(_) => &mut at[field],
            };
        }
        *at = value.clone();
    }
    object
}

/// What is compared of an answer: of a refusal everything, of an object the part that the case names.
fn essence(case: &WriteCase, body: &Value, code: u16, warnings: &[&str]) -> Value {
    let mut essence = json!({ "code": code });
    if !warnings.is_empty() {
        essence["warnings"] = json!(warnings);
    }

    if body["kind"] == "Status" {
        essence["reason"] = body["reason"].clone();
        let message = body["message"].as_str().unwrap();
        if case.up_to.is_empty() {
            essence["message"] = json!(message);
            essence["details"] = body["details"].clone();
        } else {
            let (comparable, _) = message.split_once(&case.up_to).unwrap_or((message, ""));
            essence["message"] = json!(comparable);
        }
    } else if !case.shows.is_empty() {
        let mut part = body[&case.shows].clone();
        for field in ADMITTED {
            part.as_object_mut().unwrap().remove(field);
        }
        essence[&case.shows] = part;
    }
    essence
}
