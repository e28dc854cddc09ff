//! What the answer of a service means, in words, and what to do where it means nothing.

use macaque_core::guard::GuardAnswer;

use crate::http_client::{HttpAnswer, Uri};
use crate::redact::Redactor;
use crate::text::clean;

/// How many characters of a service's own text are shown.
const MAX_WORDS: usize = 200;

/// What the answer of a service means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GateJudgement {
    pub(super) answer: GuardAnswer,
    /// What was seen, in words and numbers.
    pub(super) seen: String,
    /// What to do about a gate that cannot answer.
    pub(super) remedy: Option<String>,
}

/// The service that answers, in the words of its gate.
pub(super) struct GateServer {
    /// The host and the port.
    pub(super) name: String,
    /// Hides what the service must not show: token, headers and path.
    pub(super) redactor: Redactor,
}

impl GateJudgement {
    /// The gate says go.
    pub(super) fn go(seen: impl Into<String>) -> Self {
        Self::new(GuardAnswer::Go, seen)
    }

    /// The gate holds back.
    pub(super) fn holds_back(seen: impl Into<String>) -> Self {
        Self::new(GuardAnswer::HoldsBack, seen)
    }

    /// The gate cannot answer; `remedy` is what to do.
    pub(super) fn cannot_answer(seen: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            remedy: Some(remedy.into()),
            ..Self::new(GuardAnswer::CannotAnswer, seen)
        }
    }

    fn new(answer: GuardAnswer, seen: impl Into<String>) -> Self {
        Self {
            answer,
            seen: seen.into(),
            remedy: None,
        }
    }
}

impl GateServer {
    /// A text of the service as it may be shown.
    pub(super) fn words(&self, text: &str) -> String {
        self.short_words(text, MAX_WORDS)
    }

    /// A text of the service as it may be shown, in at most `max` characters.
    pub(super) fn short_words(&self, text: &str, max: usize) -> String {
        self.redactor.redact(&clean(text, max))
    }

    /// The judgement of an answer that is not the one of a service that understood the question. `detail` is the
    /// service's own text.
    pub(super) fn by_status(&self, answer: &HttpAnswer, detail: Option<&str>) -> GateJudgement {
        let status = answer.status;
        let words = detail.map(|detail| self.words(detail)).unwrap_or_default();
        let seen = if is_redirect(status) {
            format!("{} answered {status}: redirects are not followed", self.name)
        } else if words.is_empty() {
            format!("{} answered {status}", self.name)
        } else {
            format!("{} answered {status}: {words}", self.name)
        };

        let remedy = match status {
            300..=399 => match answer.location.as_deref().and_then(origin) {
                Some(origin) => {
                    let origin = self.words(&origin);
                    format!("set url to the final address (it points to {origin}), or fix the sign-in")
                }
                None => "set url to the final address, or fix the sign-in".to_owned(),
            },
            401 | 403 => "check token_file and headers".to_owned(),
            404 | 405 | 410 => "check the path of url".to_owned(),
            429 => "it is asked too often: ask its operators for a higher limit".to_owned(),
            400..=499 => "check the question in the configuration of the gate".to_owned(),
            _ => "see the log of the service".to_owned(),
        };
        GateJudgement::cannot_answer(seen, remedy)
    }

    /// The judgement of an answer that `what`, `Prometheus` for example, never gives.
    pub(super) fn not_understood(&self, status: u16, what: &str) -> GateJudgement {
        let seen = format!("{} answered {status}, but not as {what} answers", self.name);
        GateJudgement::cannot_answer(
            seen,
            "check url: a proxy or a sign-in page may answer in its place",
        )
    }
}

/// Whether the status is a success.
pub(super) fn is_success(status: u16) -> bool {
    (200..=299).contains(&status)
}

fn is_redirect(status: u16) -> bool {
    (300..=399).contains(&status)
}

/// Whether the body is a page for people.
pub(super) fn is_html(answer: &HttpAnswer) -> bool {
    let media_type = answer
        .content_type
        .as_deref()
        .unwrap_or_default()
        .to_ascii_lowercase();
    if media_type.starts_with("text/html") || media_type.starts_with("application/xhtml") {
        return true;
    }

    let start: Vec<u8> = answer.body.trim_ascii_start().iter().take(14).copied().collect();
    let start = start.to_ascii_lowercase();
    start.starts_with(b"<!doctype html") || start.starts_with(b"<html")
}

/// Scheme, host and port of a URL, without what may be a secret.
fn origin(url: &str) -> Option<String> {
    let uri: Uri = url.parse().ok()?;
    let host = uri.host()?;
    let port = uri.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
    Some(format!("{}://{host}{port}", uri.scheme_str()?))
}

/// An answer with this status and body.
#[cfg(test)]
pub(super) fn answer(status: u16, body: &str) -> HttpAnswer {
    HttpAnswer {
        status,
        retry_after: None,
        location: None,
        content_type: None,
        body: body.as_bytes().to_vec(),
        end: crate::http_client::BodyEnd::Whole,
    }
}

/// A service that must not show these secrets.
#[cfg(test)]
pub(super) fn server(secrets: &[&str]) -> GateServer {
    GateServer {
        name: "prometheus.example:9090".to_owned(),
        redactor: Redactor::of(secrets.iter().copied()),
    }
}
