//! The pages of one address: the probes, the metrics, the status page, and a list of what there is.

mod answers;
mod fresh;
mod metrics_page;
mod status_pages;

use std::sync::Arc;

use http::header::ALLOW;
use http::{HeaderValue, Method, Request, StatusCode};

use self::answers::{Answer, missing, text};
use self::metrics_page::MetricsPage;
use self::status_pages::{StatusPages, StatusPath};
use super::HttpEndpoint;
use crate::health::{HealthState, ProbeAnswer};
use crate::platform::Platform;

/// The path of the metrics.
const METRICS: &str = "/metrics";

/// The pages of one address. What is not served there is `Err`, with what to do about it.
pub(super) struct Pages {
    probes: Result<Arc<HealthState>, String>,
    metrics: Result<MetricsPage, String>,
    status: Result<StatusPages, String>,
}

/// What an answer is about that is so long that a slow reader leaves it in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LongAnswer {
    /// The metrics.
    Metrics,
    /// The status page, or what else its address has.
    Status,
}

impl Pages {
    pub(super) fn new(endpoint: HttpEndpoint, platform: &Platform) -> Self {
        Self {
            probes: endpoint.probes,
            metrics: endpoint
                .metrics
                .map(|metrics| MetricsPage::new(metrics, platform)),
            status: endpoint.status.map(|board| StatusPages::new(board, platform)),
        }
    }

    /// Whether a request has a long answer, and about what.
    pub(super) fn long_answer<B>(&self, request: &Request<B>) -> Option<LongAnswer> {
        match request.uri().path() {
            METRICS if self.metrics.is_ok() => Some(LongAnswer::Metrics),
            path if self.status.is_ok() && StatusPath::of(path).is_some() => Some(LongAnswer::Status),
            _ => None,
        }
    }

    /// Answers a request.
    pub(super) fn answer<B>(&self, request: &Request<B>) -> Answer {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let mut answer = text(StatusCode::METHOD_NOT_ALLOWED, "GET and HEAD only\n".to_owned());
            answer
                .headers_mut()
                .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return answer;
        }

        let path = request.uri().path();
        let query = request.uri().query().unwrap_or_default();
        let verbose = query.split('&').any(|part| part == "verbose");
        match (path, StatusPath::of(path), &self.status) {
            ("/livez" | "/healthz", ..) => self.probe(|health| health.livez(verbose)),
            ("/readyz", ..) => self.probe(|health| health.readyz(verbose)),
            (METRICS, ..) => match &self.metrics {
                Ok(metrics) => metrics.answer(request.headers()),
                Err(remedy) => missing(remedy),
            },
            (_, Some(path), Ok(status)) => status.answer(path, query, request.headers()),
            (_, Some(StatusPath::Page), Err(_)) => text(StatusCode::OK, self.list()),
            (_, Some(_), Err(remedy)) => missing(remedy),
            (_, None, _) => text(
                StatusCode::NOT_FOUND,
                format!("not found; there is:\n\n{}", self.list()),
            ),
        }
    }

    fn probe(&self, probe: impl FnOnce(&HealthState) -> ProbeAnswer) -> Answer {
        let answer = match &self.probes {
            Ok(health) => probe(health),
            Err(remedy) => return missing(remedy),
        };
        let status = if answer.is_healthy {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        };
        text(status, answer.text)
    }

    /// What there is, one path a line.
    fn list(&self) -> String {
        let mut lines = Vec::new();
        if self.status.is_ok() {
            lines.push("/               the status page\n");
            lines.push("/api/v1/status  the same as JSON\n");
            lines.push("/api/v1/blame   whether it was macaque: ?at=TIME, or ?from=TIME&to=TIME\n");
            lines.push("/calendar.ics   the next rounds, for calendars\n");
        }
        if self.probes.is_ok() {
            lines.push("/livez    whether macaque works, or needs a new container\n");
            lines.push("/readyz   whether all of it runs; /readyz?verbose names each part\n");
        }
        if self.metrics.is_ok() {
            lines.push("/metrics  the metrics, for Prometheus\n");
        }
        lines.concat()
    }
}

#[cfg(test)]
mod tests;
