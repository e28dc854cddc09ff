//! The answers to each disruption, without the names of one run.

use std::collections::BTreeMap;

use macaque_testkit::fault_proxy::{Exchange, ProxyResponse};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::round_proxy::response;
use crate::test_namespace::{TestNamespace, condition};

/// The answer to one disruption.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct RecordedAnswer {
    /// `POST pods/web-0/eviction?fieldValidation=Strict uid`: with what counts of the body.
    pub(crate) request: String,
    /// 0 where no answer came.
    pub(crate) code: u16,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) headers: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub(crate) body: Value,
}

/// The answers of a server in one scenario, and what happened to the pods.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ServerRecord {
    pub(crate) answers: Vec<RecordedAnswer>,
    /// The fate of each pod.
    pub(crate) pods: Vec<String>,
}

/// The headers that macaque reads.
const HEADERS: [&str; 3] = ["content-type", "retry-after", "warning"];

impl TestNamespace {
    /// The fates of the pods that the scenario began with.
    pub(crate) async fn fates(&self) -> Vec<String> {
        let now = self.pods().await;
        let known = self.pods.borrow();
        let fate = |(uid, _, alias): &(String, String, String)| {
            let Some(pod) = now.iter().find(|pod| pod["metadata"]["uid"] == *uid) else {
                return format!("{alias}: gone");
            };
            let mut fate = match pod["metadata"]["deletionGracePeriodSeconds"].as_i64() {
                Some(grace) => format!("{alias}: going within {grace} s"),
                None => format!("{alias}: alive"),
            };
            if condition(pod, "DisruptionTarget") == "True" {
                fate += ", DisruptionTarget";
            }
            fate
        };
        let mut fates: Vec<_> = known.iter().map(fate).collect();
        fates.sort();

        fates
    }
}

impl RecordedAnswer {
    /// The answer of an exchange, in the words of the table.
    pub(crate) fn of(exchange: &Exchange, namespace: &TestNamespace) -> Self {
        let (code, headers, body) = match &exchange.response {
            None => (0, BTreeMap::new(), Value::Null),
            Some(answer) => {
                let text = plain(&String::from_utf8_lossy(&answer.body), namespace);
                let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
                let header = |name: &str| {
                    let value = answer.headers.get(name)?.to_str().ok()?;
                    Some((name.to_owned(), plain(value, namespace)))
                };
                let headers = HEADERS.into_iter().filter_map(header).collect();
                (answer.status, headers, essence(body))
            }
        };
        Self {
            request: request(exchange, namespace),
            code,
            headers,
            body,
        }
    }

    /// The answer as it was, with the names of this run.
    pub(crate) fn answer(&self, namespace: &TestNamespace) -> ProxyResponse {
        let kind = match self.headers.get("content-type").map(String::as_str) {
            Some("text/plain; charset=utf-8") => "text/plain; charset=utf-8",
            _ => "application/json",
        };
        let body = self
            .body
            .as_str()
            .map_or_else(|| self.body.to_string(), str::to_owned);
        let answer = response(self.code, kind, body.replace("NAMESPACE", namespace.name()));

        match self
            .headers
            .get("retry-after")
            .and_then(|seconds| seconds.parse().ok())
        {
            Some(seconds) => answer.retry_after(seconds),
            None => answer,
        }
    }

    /// The answer in a line, for the page.
    pub(crate) fn brief(&self) -> String {
        let text = |field: &str| self.body[field].as_str().unwrap_or_default();
        let mut line = match self.code {
            0 => "no answer".to_owned(),
            code => code.to_string(),
        };
        let message = self.body.as_str().unwrap_or_else(|| text("message"));
        let cause = self
            .body
            .pointer("/details/causes/0/message")
            .and_then(Value::as_str);

        for part in [text("reason"), message.trim(), cause.unwrap_or_default()] {
            if !part.is_empty() && !line.contains(part) {
                line += &format!(" · {part}");
            }
        }

        if let Some(seconds) = self.headers.get("retry-after") {
            line += &format!(" · Retry-After {seconds}");
        }

        line
    }
}

/// The request in a line: method, path within the namespace, and the parts of the body that make it safe.
fn request(exchange: &Exchange, namespace: &TestNamespace) -> String {
    let prefix = format!("/api/v1/namespaces/{}/", namespace.name());
    let line = exchange.request.line().replace(&prefix, "");
    let pods = namespace.pods.borrow();
    let target = line.split("pods/").nth(1).unwrap_or_default();
    let name = target.split(['/', '?']).next().unwrap_or_default();
    let known = pods.iter().find(|(_, known, _)| known == name);
    let mut line = match known {
        Some((_, _, alias)) => line.replacen(name, alias, 1),
        None => line.clone(),
    };
    let body: Value = serde_json::from_slice(&exchange.request.body).unwrap_or_default();
    let options = body.get("deleteOptions").unwrap_or(&body);

    match (&options["preconditions"]["uid"], known) {
        (Value::String(uid), Some((known, _, _))) if uid == known => line += " uid",
        (Value::Null, _) => {}
        (other, _) => line += &format!(" uid={other}"),
    }

    for part in ["gracePeriodSeconds", "dryRun", "propagationPolicy"] {
        if !options[part].is_null() {
            line += &format!(" {part}={}", options[part]);
        }
    }

    line
}

/// Text without what differs from one run to the next: the namespace, UIDs, generated names and ports.
pub(crate) fn plain(text: &str, namespace: &TestNamespace) -> String {
    let mut text = text.to_owned();
    for (uid, name, alias) in namespace.pods.borrow().iter() {
        text = text.replace(uid, &format!("UID of {alias}")).replace(name, alias);
    }

    let mut text = text.replace(namespace.name(), "NAMESPACE");
    if let Some((_, rest)) = text.clone().split_once("https://127.0.0.1:") {
        let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
        text = text.replace(&format!("127.0.0.1:{port}/"), "127.0.0.1:PORT/");
    }

    match text.split_once("the ResourceVersion in record (") {
        Some((before, rest)) => {
            let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            format!("{before}the ResourceVersion in record (VERSION{rest}")
        }
        None => text,
    }
}

/// Of a deleted pod, what a deletion says, of a review its answer, and of a journal its name; a Status is kept whole.
fn essence(body: Value) -> Value {
    if body["kind"] == "SelfSubjectAccessReview" {
        return serde_json::json!({"kind": body["kind"], "allowed": body["status"]["allowed"]});
    }
    if body["kind"] == "ConfigMap" {
        return serde_json::json!({"kind": "ConfigMap", "metadata": {"name": body["metadata"]["name"]}});
    }
    if body["kind"] != "Pod" {
        return body;
    }

    let mut essence = serde_json::json!({"kind": "Pod", "apiVersion": body["apiVersion"], "metadata": {}});
    for field in ["name", "namespace", "uid", "deletionGracePeriodSeconds"] {
        essence["metadata"][field] = body["metadata"][field].clone();
    }

    essence["metadata"]["deletionTimestamp"] = body["metadata"]["deletionTimestamp"].is_string().into();
    essence
}
