//! The answer of Prometheus to an instant query, as its HTTP API describes it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::gates::judgement::GateServer;
use crate::text::count;

/// How many names are shown.
const SHOWN: usize = 3;
/// How many characters of a name are shown.
const MAX_NAME: usize = 80;

/// The answer to a query. Notes of the engine (`infos`) do not matter.
#[derive(Deserialize)]
pub(super) struct QueryResponse {
    pub(super) status: String,
    pub(super) data: Option<QueryData>,
    pub(super) error: Option<String>,
    /// What is missing in the result: of several stores behind Thanos or Mimir, one did not answer.
    pub(super) warnings: Option<Vec<String>>,
}

/// A result that was not read yet.
#[derive(Deserialize)]
pub(super) struct QueryData {
    #[serde(rename = "resultType")]
    pub(super) result_type: String,
    result: Value,
}

/// A result that can be judged.
#[derive(Debug)]
pub(super) enum QueryResult {
    Scalar(f64),
    Vector(Vec<Series>),
}

/// One series of a vector.
#[derive(Debug, Deserialize)]
pub(super) struct Series {
    metric: BTreeMap<String, String>,
    /// The time and the value; `None` for a histogram.
    value: Option<(IgnoredAny, String)>,
}

/// Parses an answer; `None` if it is not one of Prometheus.
pub(super) fn parse(body: &[u8]) -> Option<QueryResponse> {
    serde_json::from_slice(body).ok()
}

impl QueryResult {
    /// Reads a scalar or a vector; `None` if it is neither.
    pub(super) fn of(data: QueryData) -> Option<Self> {
        match data.result_type.as_str() {
            "scalar" => {
                let (_, value): (IgnoredAny, String) = serde_json::from_value(data.result).ok()?;
                value.parse().ok().map(Self::Scalar)
            }
            "vector" => {
                let series: Vec<Series> = serde_json::from_value(data.result).ok()?;
                let are_numbers = series.iter().all(|series| match &series.value {
                    Some((_, value)) => value.parse::<f64>().is_ok(),
                    None => true,
                });
                are_numbers.then_some(Self::Vector(series))
            }
            _ => None,
        }
    }

    /// The series of a vector.
    pub(super) fn series(&self) -> Option<&[Series]> {
        match self {
            Self::Scalar(_) => None,
            Self::Vector(series) => Some(series),
        }
    }

    /// The values; `None` is a histogram.
    pub(super) fn values(&self) -> Vec<Option<f64>> {
        match self {
            Self::Scalar(value) => vec![Some(*value)],
            Self::Vector(series) => {
                let values = series.iter().map(|series| series.value.as_ref());
                values
                    .map(|value| value.and_then(|(_, value)| value.parse().ok()))
                    .collect()
            }
        }
    }
}

/// The series in words: `2 alerts: KubePodCrashLooping, …`.
pub(super) fn summary(server: &GateServer, series: &[Series]) -> String {
    let alerts: Option<Vec<_>> = series
        .iter()
        .map(|series| series.metric.get("alertname"))
        .collect();
    match alerts {
        Some(alerts) if !alerts.is_empty() => {
            let names = alerts.into_iter().map(String::as_str);
            counted(server, &count(series.len(), "alert"), names)
        }
        _ if series.is_empty() => "no series".to_owned(),
        _ => {
            let names: Vec<_> = series.iter().map(|series| name(&series.metric)).collect();
            let number = format!("{} series", series.len());
            counted(server, &number, names.iter().map(String::as_str))
        }
    }
}

/// A number with the first few of the names that it counts, each once.
pub(in crate::gates) fn counted<'a>(
    server: &GateServer,
    number: &str,
    names: impl Iterator<Item = &'a str>,
) -> String {
    let mut shown: Vec<String> = Vec::new();
    for name in names {
        let name = server.short_words(name, MAX_NAME);
        if name.is_empty() || shown.contains(&name) {
            continue;
        }
        if shown.len() == SHOWN {
            shown.push("…".to_owned());
            break;
        }
        shown.push(name);
    }

    if shown.is_empty() {
        number.to_owned()
    } else {
        format!("{number}: {}", shown.join(", "))
    }
}

/// A series as PromQL writes it, with the first few labels: `up{job="web"}`.
fn name(metric: &BTreeMap<String, String>) -> String {
    let labels = metric.iter().filter(|(label, _)| *label != "__name__");
    let labels: Vec<_> = labels
        .take(SHOWN)
        .map(|(label, value)| format!("{label}={value:?}"))
        .collect();
    let name = metric.get("__name__").map_or("", String::as_str);
    format!("{name}{{{}}}", labels.join(","))
}
