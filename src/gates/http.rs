//! The gate that asks any service over HTTP: go or no-go, or a preflight with the victims in the body.

use macaque_core::pod::PodOwner;
use serde::Serialize;
use serde_json::Value;

use super::GateQuestion;
use super::config::{HttpExpectation, HttpMethod};
use super::exchange::GateExchange;
use super::judgement::{GateJudgement, GateServer, is_html, is_success};
use crate::http_client::{BodyEnd, HttpAnswer};
use crate::text::clip;

/// How many bytes of an answer are read.
const BODY_LIMIT: usize = 64 * 1024;
/// How many characters of an expected value are shown.
const MAX_EXPECTED: usize = 60;

/// The body of a question with POST.
#[derive(Serialize)]
struct Preflight<'a> {
    /// The slot of the round; `null` where no round runs.
    slot: Option<jiff::Timestamp>,
    dry_run: bool,
    method: &'a str,
    victims: Vec<PreflightVictim<'a>>,
}

#[derive(Serialize)]
struct PreflightVictim<'a> {
    namespace: &'a str,
    pod: &'a str,
    uid: &'a str,
    owner: Option<&'a PodOwner>,
}

/// Asks the service once.
pub(super) async fn ask(
    exchange: &GateExchange<'_>,
    method: HttpMethod,
    expect_status: u16,
    expect: Option<&HttpExpectation>,
    question: &GateQuestion<'_>,
) -> GateJudgement {
    let body = match method {
        HttpMethod::Get => None,
        HttpMethod::Post => Some(("application/json", preflight(question))),
    };
    match exchange.send(exchange.url(), body, BODY_LIMIT).await {
        Ok(answer) => judge(&exchange.server, &answer, expect_status, expect),
        Err(judgement) => judgement,
    }
}

/// The question in JSON.
fn preflight(question: &GateQuestion<'_>) -> String {
    let victims = question.victims.iter().map(|victim| PreflightVictim {
        namespace: &victim.pod.namespace,
        pod: &victim.pod.name,
        uid: &victim.pod.uid,
        owner: victim.owner.as_ref(),
    });
    let preflight = Preflight {
        slot: question.slot,
        dry_run: question.dry_run,
        method: question.method.as_str(),
        victims: victims.collect(),
    };
    serde_json::json!(preflight).to_string()
}

/// Judges the answer. A complete answer that is clearly another one than the expected holds back; one that is not the
/// service's own, or not whole, is no answer.
fn judge(
    server: &GateServer,
    answer: &HttpAnswer,
    expect_status: u16,
    expect: Option<&HttpExpectation>,
) -> GateJudgement {
    if answer.status != expect_status {
        return judge_other_status(server, answer, expect_status);
    }

    match expect {
        None => GateJudgement::go(format!("it answered {expect_status}")),
        Some(HttpExpectation::Body(expected)) => judge_body(server, answer, expected),
        Some(HttpExpectation::Json { pointer, equals }) => judge_json(server, answer, pointer, equals),
    }
}

/// Judges a status that is not the expected one: another success, or a refusal because of a state of things (conflict,
/// precondition failed, locked) is a clear no.
fn judge_other_status(server: &GateServer, answer: &HttpAnswer, expected: u16) -> GateJudgement {
    let status = answer.status;
    let is_clear = is_success(status) || matches!(status, 409 | 412 | 423);
    if !is_clear {
        return server.by_status(answer, None);
    }
    if is_html(answer) {
        return page(server, status);
    }
    GateJudgement::holds_back(format!("it answered {status}, not {expected}"))
}

fn judge_body(server: &GateServer, answer: &HttpAnswer, expected: &str) -> GateJudgement {
    if answer.end != BodyEnd::Whole {
        let seen = format!(
            "the answer of {} has no length, so it may have broken off",
            server.name
        );
        return GateJudgement::cannot_answer(seen, "let the service send Content-Length");
    }
    if answer.body.trim_ascii() == expected.trim().as_bytes() {
        return GateJudgement::go("its body is the expected one");
    }
    if is_html(answer) {
        return page(server, answer.status);
    }
    GateJudgement::holds_back(format!("its body is not {:?}", clip(expected, MAX_EXPECTED)))
}

fn judge_json(server: &GateServer, answer: &HttpAnswer, pointer: &str, expected: &Value) -> GateJudgement {
    if is_html(answer) {
        return page(server, answer.status);
    }
    let Ok(body) = serde_json::from_slice::<Value>(&answer.body) else {
        let seen = format!("the body of {} is not JSON", server.name);
        return GateJudgement::cannot_answer(seen, "check url, or set expect_body instead of expect_json");
    };
    let Some(found) = body.pointer(pointer) else {
        let seen = format!("the JSON of {} has nothing at {pointer:?}", server.name);
        return GateJudgement::cannot_answer(seen, "fix expect_json");
    };

    let shown = clip(&expected.to_string(), MAX_EXPECTED);
    if is_equal(found, expected) {
        return GateJudgement::go(format!("{pointer} is {shown}"));
    }
    // A text of the service may be a secret; a truth value and a number are none.
    GateJudgement::holds_back(match found {
        Value::Bool(_) | Value::Number(_) | Value::Null => format!("{pointer} is {found}, not {shown}"),
        _ => format!("{pointer} is not {shown}"),
    })
}

/// Whether two values are equal; of two numbers the value counts, not how it is written.
fn is_equal(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::Number(found), Value::Number(expected)) => {
            found == expected || found.as_f64() == expected.as_f64()
        }
        _ => found == expected,
    }
}

/// The judgement of a page for people.
fn page(server: &GateServer, status: u16) -> GateJudgement {
    let seen = format!("{} answered {status} with a page in HTML", server.name);
    GateJudgement::cannot_answer(
        seen,
        "check url: a proxy or a sign-in page may answer in its place",
    )
}

#[cfg(test)]
mod tests;
