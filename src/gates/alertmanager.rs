//! The gate that asks Alertmanager for active alerts: it knows which are silenced or inhibited, Prometheus does not.

use std::collections::BTreeMap;

use form_urlencoded::Serializer;
use serde::Deserialize;

use super::exchange::GateExchange;
use super::judgement::{GateJudgement, GateServer, is_success};
use super::prometheus::counted;
use crate::http_client::HttpAnswer;
use crate::text::count;

/// How many bytes of an answer are read: some thousand alerts.
const BODY_LIMIT: usize = 1024 * 1024;

/// One alert.
#[derive(Deserialize)]
struct ActiveAlert {
    labels: BTreeMap<String, String>,
}

/// Asks for the alerts that `matchers` match, all of them.
pub(super) async fn ask(exchange: &GateExchange<'_>, matchers: &[String]) -> GateJudgement {
    let mut query = Serializer::new(String::new());
    query
        .append_pair("active", "true")
        .append_pair("silenced", "false")
        .append_pair("inhibited", "false");
    for matcher in matchers {
        query.append_pair("filter", matcher);
    }

    let url = exchange.api("/api/v2/alerts");
    let answer = exchange
        .send(&format!("{url}?{}", query.finish()), None, BODY_LIMIT)
        .await;
    match answer {
        Ok(answer) => judge(&exchange.server, &answer),
        Err(judgement) => judgement,
    }
}

/// Judges the answer: any alert holds back.
fn judge(server: &GateServer, answer: &HttpAnswer) -> GateJudgement {
    if !is_success(answer.status) {
        // An error is a JSON text.
        let words: Option<String> = serde_json::from_slice(&answer.body).ok();
        return server.by_status(answer, words.as_deref());
    }

    let alerts: Result<Vec<ActiveAlert>, _> = serde_json::from_slice(&answer.body);
    let Ok(alerts) = alerts else {
        return server.not_understood(answer.status, "Alertmanager");
    };
    if alerts.is_empty() {
        return GateJudgement::go("no alerts");
    }
    let names = alerts.iter().filter_map(|alert| alert.labels.get("alertname"));
    let number = count(alerts.len(), "alert");
    GateJudgement::holds_back(counted(server, &number, names.map(String::as_str)))
}

#[cfg(test)]
mod tests;
