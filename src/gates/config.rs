//! The validated configuration of the gates.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// One configured gate. Its `Debug` output shows neither its URL nor the values of its headers, which may hold
/// secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct GateConfig {
    /// The name, which every message shows.
    pub name: String,
    /// The address, `http://` or `https://`.
    pub url: String,
    /// How long the gate may take for its whole answer.
    pub timeout: Duration,
    /// A PEM file with the CA certificates to trust; `None` for the system's.
    pub ca_file: Option<PathBuf>,
    /// A file with a token, sent as `Authorization: Bearer` over TLS only, and read anew for each question.
    pub token_file: Option<PathBuf>,
    /// More headers to send, such as `X-Scope-OrgID`.
    pub headers: Vec<(String, String)>,
    /// What is asked, and which answer means go.
    pub kind: GateKind,
}

/// What a gate asks, and which answer means go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GateKind {
    /// A PromQL query to Prometheus, or to what speaks its HTTP API (Thanos, Mimir, VictoriaMetrics).
    Prometheus {
        /// The query; `{{namespace}}` and `{{owner}}` stand for the victim's, as escaped text within PromQL quotes.
        query: String,
        /// The result that means go.
        expect: QueryExpectation,
        /// A query whose result must not be empty, to show that the metrics are there at all.
        canary: Option<String>,
    },
    /// The active alerts of an Alertmanager, without those that are silenced or inhibited: any alert holds back.
    Alertmanager {
        /// The matchers that an alert must match, such as `severity="critical"`.
        matchers: Vec<String>,
    },
    /// A request to any service.
    Http {
        /// The method.
        method: HttpMethod,
        /// The status that means go.
        expect_status: u16,
        /// What the body must say beside; `None` if the status alone decides.
        expect: Option<HttpExpectation>,
    },
}

/// The result of a PromQL query that means go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryExpectation {
    /// No series.
    Empty,
    /// At least one series.
    Nonempty,
    /// One scalar or one sample, which is neither zero nor NaN.
    True,
}

/// The method of an HTTP gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpMethod {
    /// A question about the round.
    Get,
    /// A question about the victim, which the body names in JSON.
    Post,
}

/// What the body of an HTTP gate's answer must say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HttpExpectation {
    /// The whole body, without blanks around it.
    Body(String),
    /// The value at a JSON pointer (RFC 6901).
    Json {
        /// The pointer, such as `/go`.
        pointer: String,
        /// The value.
        equals: serde_json::Value,
    },
}

/// What a gate is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GateScope {
    /// The round: a gate that does not say go ends it.
    Round,
    /// One victim: a gate that does not say go lets a victim of another owner be picked.
    Victim,
}

impl GateConfig {
    /// What the gate is asked about.
    pub fn scope(&self) -> GateScope {
        let is_about_victim = match &self.kind {
            GateKind::Prometheus { query, canary, .. } => {
                let queries = [Some(query), canary.as_ref()];
                queries.into_iter().flatten().any(|query| query.contains("{{"))
            }
            GateKind::Alertmanager { .. } => false,
            GateKind::Http { method, .. } => *method == HttpMethod::Post,
        };
        if is_about_victim {
            GateScope::Victim
        } else {
            GateScope::Round
        }
    }

    /// The setting that configures the gate: `guards.prometheus no-page`.
    pub fn setting(&self) -> String {
        let section = match self.kind {
            GateKind::Prometheus { .. } => "prometheus",
            GateKind::Alertmanager { .. } => "alertmanager",
            GateKind::Http { .. } => "http",
        };
        format!("guards.{section} {}", self.name)
    }
}

impl fmt::Debug for GateConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("GateConfig")
            .field("name", &self.name)
            .field("timeout", &self.timeout)
            .field("ca_file", &self.ca_file)
            .field("token_file", &self.token_file)
            .field("headers", &headers)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}
