//! The gate that asks Prometheus, or whatever speaks its HTTP API, a PromQL query.

mod result;

use form_urlencoded::Serializer;
use macaque_core::eligibility::Candidate;
use macaque_core::guard::GuardAnswer;

use self::result::QueryResult;
pub(super) use self::result::counted;
use super::config::QueryExpectation;
use super::exchange::GateExchange;
use super::judgement::{GateJudgement, GateServer, is_success};
use super::template;
use crate::http_client::HttpAnswer;
use crate::text::count;

/// How many bytes of a result are read: some thousand series.
const BODY_LIMIT: usize = 1024 * 1024;
/// How long a query may be in the URL; a longer one is sent in the body.
const LONGEST_IN_URL: usize = 2048;
/// The remedy of a query that does not fit what is expected of it.
const QUERY: &str = "fix query or expect: run the query in Prometheus to see its result";

/// Asks `query`, completed for each of `victims`, up to the first result that does not mean go; then `canary`, whose
/// result must not be empty.
pub(super) async fn ask(
    exchange: &GateExchange<'_>,
    query: &str,
    expect: QueryExpectation,
    canary: Option<&str>,
    victims: &[Candidate],
) -> GateJudgement {
    let mut judgement = GateJudgement::cannot_answer("nothing was asked", QUERY);
    for query in complete(query, victims) {
        judgement = match query {
            Ok(query) => match query_once(exchange, &query).await {
                Ok(answer) => judge(&exchange.server, &answer, expect),
                Err(judgement) => judgement,
            },
            Err(judgement) => judgement,
        };
        if judgement.answer != GuardAnswer::Go {
            return judgement;
        }
    }

    for canary in canary.map(|canary| complete(canary, victims)).unwrap_or_default() {
        let seen = match canary {
            Ok(canary) => match query_once(exchange, &canary).await {
                Ok(answer) => judge_canary(&exchange.server, &answer),
                Err(judgement) => judgement,
            },
            Err(judgement) => judgement,
        };
        if seen.answer != GuardAnswer::Go {
            return seen;
        }
    }
    judgement
}

/// The queries about `victims`, each once; the query as it is if it is about none of them.
fn complete(query: &str, victims: &[Candidate]) -> Vec<Result<String, GateJudgement>> {
    let complete = |victim| {
        template::complete(query, victim)
            .map_err(|error| GateJudgement::cannot_answer(error.to_string(), "fix query or canary"))
    };
    if victims.is_empty() {
        return vec![complete(None)];
    }
    let mut queries: Vec<_> = victims.iter().map(|victim| complete(Some(victim))).collect();
    queries.dedup();
    queries
}

/// Sends one query, as of now: in the URL, or in the body if it is long.
async fn query_once(exchange: &GateExchange<'_>, query: &str) -> Result<HttpAnswer, GateJudgement> {
    let url = exchange.api("/api/v1/query");
    let form = Serializer::new(String::new())
        .append_pair("query", query)
        .finish();
    if form.len() <= LONGEST_IN_URL {
        return exchange.send(&format!("{url}?{form}"), None, BODY_LIMIT).await;
    }
    let body = ("application/x-www-form-urlencoded", form);
    exchange.send(&url, Some(body), BODY_LIMIT).await
}

/// Judges the answer to a query by what is expected of its result.
fn judge(server: &GateServer, answer: &HttpAnswer, expect: QueryExpectation) -> GateJudgement {
    let result = match read(server, answer) {
        Ok(result) => result,
        Err(judgement) => return judgement,
    };

    match expect {
        QueryExpectation::True => judge_truth(&result),
        QueryExpectation::Empty | QueryExpectation::Nonempty => {
            let Some(series) = result.series() else {
                let seen = "the result is a scalar, which is never empty";
                return GateJudgement::cannot_answer(seen, "set expect = \"true\", or fix query");
            };
            let seen = result::summary(server, series);
            if series.is_empty() == (expect == QueryExpectation::Empty) {
                GateJudgement::go(seen)
            } else {
                GateJudgement::holds_back(seen)
            }
        }
    }
}

/// Judges the answer to a canary.
fn judge_canary(server: &GateServer, answer: &HttpAnswer) -> GateJudgement {
    let judgement = judge(server, answer, QueryExpectation::Nonempty);
    let seen = match judgement.answer {
        GuardAnswer::Go => return judgement,
        GuardAnswer::HoldsBack => "the canary is empty: the metrics may have vanished".to_owned(),
        GuardAnswer::CannotAnswer => format!("the canary: {}", judgement.seen),
    };
    GateJudgement { seen, ..judgement }
}

/// Judges a result that must be true: one scalar or one sample, neither zero nor NaN.
fn judge_truth(result: &QueryResult) -> GateJudgement {
    let value = match result.values().as_slice() {
        [] => {
            let seen = "no series, so nothing shows whether it is true";
            return GateJudgement::cannot_answer(
                seen,
                "fix query: a comparison with `bool` keeps its series",
            );
        }
        [Some(value)] => *value,
        [None] => return GateJudgement::cannot_answer("the result is a histogram", QUERY),
        several => {
            let seen = format!("{}, and one is expected", count(several.len(), "sample"));
            return GateJudgement::cannot_answer(seen, "aggregate them in query");
        }
    };

    if value.is_nan() {
        GateJudgement::cannot_answer("the value is NaN", QUERY)
    } else if value == 0.0 {
        GateJudgement::holds_back("the value is 0")
    } else {
        GateJudgement::go(format!("the value is {value}"))
    }
}

/// Reads the answer to a query; the error is the judgement of one that holds no whole result.
fn read(server: &GateServer, answer: &HttpAnswer) -> Result<QueryResult, GateJudgement> {
    let not_understood = || server.not_understood(answer.status, "Prometheus");
    let response = result::parse(&answer.body);
    if !is_success(answer.status) {
        let error = response.as_ref().and_then(|response| response.error.as_deref());
        return Err(server.by_status(answer, error));
    }

    let response = response.ok_or_else(not_understood)?;
    match response.status.as_str() {
        "success" => {}
        "error" => {
            let words = server.words(response.error.as_deref().unwrap_or("no reason given"));
            let seen = format!("{} answered status error: {words}", server.name);
            return Err(GateJudgement::cannot_answer(seen, QUERY));
        }
        _ => return Err(not_understood()),
    }
    if let [first, ..] = response.warnings.as_deref().unwrap_or_default() {
        let seen = format!("the result may be partial: {}", server.words(first));
        let remedy = "see whether all stores of the service are healthy";
        return Err(GateJudgement::cannot_answer(seen, remedy));
    }

    let data = response.data.ok_or_else(not_understood)?;
    if matches!(data.result_type.as_str(), "matrix" | "string") {
        let seen = format!(
            "the result is a {}, which says neither yes nor no",
            data.result_type
        );
        return Err(GateJudgement::cannot_answer(seen, QUERY));
    }
    QueryResult::of(data).ok_or_else(not_understood)
}

#[cfg(test)]
mod tests;
