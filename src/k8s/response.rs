//! Reads an HTTP response, and by shape: a Status is a Status whatever its content type says. A compressed answer
//! stays compressed until it is parsed, so that a page of pods is never in memory at its full length.

use std::borrow::Cow;
use std::io::{self, Read};
use std::time::Duration;

use flate2::read::GzDecoder;
use http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use kube::client::Body;
use macaque_core::outcome::Refusal;
use macaque_core::verdict::{ApiAnswer, DisruptionVerdict, classify};
use serde::de::DeserializeOwned;

use super::ApiError;
use super::wire::{self, ListMeta};

/// More than any page of pods holds: a limit on what a broken or hostile server can make us keep.
const MAX_BODY_BYTES: usize = 64 << 20;

/// More than a page of the largest pods holds once it is inflated, which is never kept whole.
const MAX_INFLATED_BYTES: u64 = 1 << 30;

/// The head of a list is sought in so much of it.
const LONGEST_HEAD: usize = 16 << 10;

/// How much of a body of no known shape is worth showing.
const EXCERPT_CHARS: usize = 200;

/// An answer, read whole.
pub(super) struct ApiResponse {
    pub(super) status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
    /// Whether the body is compressed yet.
    gzip: bool,
}

/// Reads the body; an error is the reason in words. With a `glance` at a list, its items are left unread if more than
/// so many come after them: the answer is then a list of none, with the metadata of the whole.
pub(super) async fn read(
    response: http::Response<Body>,
    glance: Option<usize>,
) -> Result<ApiResponse, String> {
    let (head, body) = response.into_parts();
    let encoding = head.headers.get(header::CONTENT_ENCODING);
    let mut response = ApiResponse {
        status: head.status,
        gzip: encoding.is_some_and(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"gzip")),
        headers: head.headers,
        body: Vec::new(),
    };

    let mut body = Limited::new(body, MAX_BODY_BYTES);
    let mut glance = glance.filter(|_| response.status.is_success());
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| format!("the answer broke off: {error}"))?;
        response
            .body
            .extend_from_slice(&frame.into_data().unwrap_or_default());

        let Some(most) = glance else { continue };
        let beginning = response.beginning(LONGEST_HEAD);
        match wire::glance_at(&beginning) {
            Some((head, remaining)) if remaining > most => {
                (response.body, response.gzip) = (head, false);
                return Ok(response);
            }
            None if beginning.len() < LONGEST_HEAD => {}
            Some(_) | None => glance = None,
        }
    }

    if response.gzip && !response.status.is_success() {
        response.inflate()?;
    }
    Ok(response)
}

impl ApiResponse {
    /// The content of the body, inflated, as far as it has come.
    fn content(&self) -> Box<dyn Read + '_> {
        if self.gzip {
            Box::new(GzDecoder::new(&*self.body).take(MAX_INFLATED_BYTES))
        } else {
            Box::new(&*self.body)
        }
    }

    /// The whole content.
    fn whole(&self) -> io::Result<Cow<'_, [u8]>> {
        if !self.gzip {
            return Ok(Cow::Borrowed(&self.body));
        }
        let mut inflated = Vec::new();
        self.content().read_to_end(&mut inflated)?;
        Ok(Cow::Owned(inflated))
    }

    /// The first `most` bytes of the content; what is missing may still come, and what is wrong is reported by its parser.
    fn beginning(&self, most: usize) -> Vec<u8> {
        let mut beginning = Vec::new();
        let _ = self.content().take(most as u64).read_to_end(&mut beginning);
        beginning
    }

    /// Replaces the body by its content.
    fn inflate(&mut self) -> Result<(), String> {
        let mut inflated = Vec::new();
        let read = self
            .content()
            .take(MAX_BODY_BYTES as u64)
            .read_to_end(&mut inflated);
        read.map_err(|error| format!("the answer is not what its encoding says: {error}"))?;
        (self.body, self.gzip) = (inflated, false);
        Ok(())
    }

    /// The answer as the classifier reads it.
    pub(super) fn into_answer(self) -> ApiAnswer {
        let parsed = wire::status(&self.body);
        let header_seconds = self.headers.get(header::RETRY_AFTER);
        let header_seconds = header_seconds.and_then(|value| value.to_str().ok()?.trim().parse().ok());

        let (status, body_seconds) = parsed.map_or((None, None), |(status, after)| (Some(status), after));

        ApiAnswer {
            code: self.status.as_u16(),
            retry_after: header_seconds.or(body_seconds).map(Duration::from_secs),
            text: if status.is_none() {
                excerpt(&self.body)
            } else {
                String::new()
            },
            status,
            warnings: warnings(&self.headers),
        }
    }

    /// Whether the credentials were not accepted. A webhook may deny with the same code, and has acted by then.
    pub(super) fn is_unauthorized(&self) -> bool {
        let answer = |(status, _)| ApiAnswer {
            code: self.status.as_u16(),
            status: Some(status),
            ..ApiAnswer::default()
        };
        let answer = wire::status(&self.body).map(answer);
        self.status == StatusCode::UNAUTHORIZED
            && answer.is_none_or(|answer| classify(&answer) == DisruptionVerdict::Unauthorized)
    }

    /// The body of a successful read.
    ///
    /// # Errors
    /// The server said no, or the body is not what was asked for.
    pub(super) fn into_object<T: DeserializeOwned>(self, what: impl Fn() -> String) -> Result<T, ApiError> {
        if !self.status.is_success() {
            return Err(refusal_of_a_read(&self.into_answer(), what()));
        }
        // serde_json reads a slice several times as fast as a stream.
        let whole = self.whole().map_err(serde_json::Error::io);
        let object = whole.and_then(|whole| serde_json::from_slice(&whole));
        object.map_err(|error| self.unexpected(&error, what()))
    }

    /// The items of a page, each handed on as soon as it is parsed.
    ///
    /// # Errors
    /// As [`Self::into_object`]; what was handed on before counts for nothing then.
    pub(super) fn into_items<T: DeserializeOwned>(
        self,
        what: impl Fn() -> String,
        each: impl FnMut(T),
    ) -> Result<ListMeta, ApiError> {
        if !self.status.is_success() {
            return Err(refusal_of_a_read(&self.into_answer(), what()));
        }
        wire::each_item(self.content(), each).map_err(|error| self.unexpected(&error, what()))
    }

    fn unexpected(&self, error: &serde_json::Error, what: String) -> ApiError {
        let beginning = self.beginning(4 * EXCERPT_CHARS);
        ApiError::Unexpected {
            what,
            why: format!("not what was asked for: {error}: {}", excerpt(&beginning)),
        }
    }

    /// The body of a successful read of an object that may be absent: `None` if the server says so.
    ///
    /// # Errors
    /// As [`Self::into_object`]; and a 404 that is no Status, such as a page of HTML, is no word on the object.
    pub(super) fn into_object_if_any<T: DeserializeOwned>(
        self,
        what: impl Fn() -> String,
    ) -> Result<Option<T>, ApiError> {
        if self.status != StatusCode::NOT_FOUND {
            return self.into_object(what).map(Some);
        }
        let answer = self.into_answer();
        match answer.status {
            Some(_) => Ok(None),
            None => Err(ApiError::Unexpected {
                what: what(),
                why: format!("HTTP 404: {}", answer.text),
            }),
        }
    }

    /// `metadata.continue` of a 410: the token with which a listing may go on, if the server gives one.
    pub(super) fn continuation(&self) -> Option<String> {
        wire::continuation(&self.body)
    }
}

/// A read has no outcome: whatever is not an object is an error.
fn refusal_of_a_read(answer: &ApiAnswer, what: String) -> ApiError {
    match classify(answer) {
        DisruptionVerdict::Unauthorized => ApiError::Unauthorized { what },
        DisruptionVerdict::Forbidden(why) => ApiError::Forbidden { what, why },
        DisruptionVerdict::Refused(Refusal::Throttled { retry_after }) => {
            ApiError::Throttled { what, retry_after }
        }
        DisruptionVerdict::Refused(refusal) => ApiError::Unexpected {
            what,
            why: refusal.to_string(),
        },
        DisruptionVerdict::Uncertain(why) | DisruptionVerdict::Invalid(why) => {
            ApiError::Unexpected { what, why }
        }
        DisruptionVerdict::Accepted | DisruptionVerdict::Gone => ApiError::Unexpected {
            what,
            why: format!("HTTP {}", answer.code),
        },
    }
}

/// The texts of `Warning: 299 - "TEXT"` headers (RFC 7234 §5.5, as the API server writes them).
fn warnings(headers: &HeaderMap) -> Vec<String> {
    let quoted = |value: &str| {
        let (_, text) = value.split_once('"')?;
        Some(text.strip_suffix('"')?.replace("\\\"", "\""))
    };
    headers
        .get_all(header::WARNING)
        .iter()
        .filter_map(|value| quoted(value.to_str().ok()?))
        .collect()
}

fn excerpt(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let printable = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    printable
        .take(EXCERPT_CHARS)
        .collect::<String>()
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests;
