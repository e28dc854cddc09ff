//! The pages of one address: the probes, the metrics, and a list of what there is.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::header::{ACCEPT, ALLOW, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Bytes;
use tokio::time::Instant;

use super::HttpEndpoint;
use crate::health::{HealthState, ProbeAnswer};
use crate::metrics::{Exposition, ExpositionFormat, Metrics};
use crate::platform::Platform;

/// The path of the metrics.
const METRICS: &str = "/metrics";

/// How long the metrics are the same for all who ask: so no number of scrapers makes them be written more often.
const FRESH: Duration = Duration::from_secs(1);

/// An answer, whose body may be shared.
type Answer = Response<Full<Bytes>>;

/// The pages of one address. What is not served there is `Err`, with what to do about it.
pub(super) struct Pages {
    probes: Result<Arc<HealthState>, String>,
    metrics: Result<SharedMetrics, String>,
}

/// The metrics, as they were written last in each format.
struct SharedMetrics {
    metrics: Arc<Metrics>,
    platform: Platform,
    open_metrics: Mutex<Option<WrittenMetrics>>,
    classic: Mutex<Option<WrittenMetrics>>,
}

/// What was written of the metrics, and when.
struct WrittenMetrics {
    at: Instant,
    exposition: Exposition,
}

impl Pages {
    pub(super) fn new(endpoint: HttpEndpoint, platform: &Platform) -> Self {
        let metrics = endpoint.metrics.map(|metrics| SharedMetrics {
            metrics,
            platform: platform.clone(),
            open_metrics: Mutex::default(),
            classic: Mutex::default(),
        });
        Self {
            probes: endpoint.probes,
            metrics,
        }
    }

    /// Whether a request is answered with the metrics.
    pub(super) fn is_scrape<B>(&self, request: &Request<B>) -> bool {
        self.metrics.is_ok() && request.uri().path() == METRICS
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

        let query = request.uri().query().unwrap_or_default();
        let verbose = query.split('&').any(|part| part == "verbose");
        match request.uri().path() {
            "/" => text(StatusCode::OK, self.list()),
            "/livez" | "/healthz" => self.probe(|health| health.livez(verbose)),
            "/readyz" => self.probe(|health| health.readyz(verbose)),
            METRICS => match &self.metrics {
                Ok(metrics) => metrics.answer(request.headers()),
                Err(remedy) => missing(remedy),
            },
            _ => text(
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

impl SharedMetrics {
    /// The metrics, in the format that the headers of a request ask for.
    fn answer(&self, headers: &HeaderMap) -> Answer {
        let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
        let Exposition { content_type, text } = self.written(ExpositionFormat::accepted(accept));

        let mut answer = Response::new(Full::from(text));
        answer.headers_mut().insert(CONTENT_TYPE, content_type);
        answer
    }

    /// The metrics as they were written a moment ago, or are written now.
    fn written(&self, format: ExpositionFormat) -> Exposition {
        let written = match format {
            ExpositionFormat::OpenMetrics => &self.open_metrics,
            ExpositionFormat::Classic => &self.classic,
        };
        let mut written = written.lock().unwrap_or_else(PoisonError::into_inner);

        let now = self.platform.monotonic();
        match &*written {
            Some(fresh) if now - fresh.at < FRESH => fresh.exposition.clone(),
            _ => {
                let exposition = self.metrics.write(format);
                let shared = exposition.clone();
                *written = Some(WrittenMetrics { at: now, exposition });
                shared
            }
        }
    }
}

/// The answer for a page that is not served here.
fn missing(remedy: &str) -> Answer {
    text(StatusCode::NOT_FOUND, format!("{remedy}\n"))
}

fn text(status: StatusCode, text: String) -> Answer {
    let mut answer = Response::new(Full::from(text));
    *answer.status_mut() = status;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    answer.headers_mut().insert(CONTENT_TYPE, plain);
    answer
}

#[cfg(test)]
mod tests;
