//! Reads an HTTP response. Its shape decides what it is, not its content type.

mod body;
mod failure;

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use kube::client::Body;
use macaque_core::server_text::bounded;
use macaque_core::verdict::{ApiAnswer, DisruptionVerdict, classify};
use serde::de::DeserializeOwned;

use self::body::{MAX_BODY_BYTES, ResponseBody};
use self::failure::{is_page, read_error};
use super::clock_skew::date_of;
use super::connect::redactor;
use super::wire::{
    self, ListMeta, NameTable, ObjectKind, PartialMetadata, PodObject, TypeMeta, WrongBody, excerpt,
};
use super::{ApiError, ConnectionFault};
use crate::retry_after;

/// How many bytes of a list are searched for the end of its head.
const MAX_HEAD_BYTES: usize = 16 << 10;

/// How many bytes hold the beginning of a body that is shown in errors.
const EXCERPT_BYTES: usize = 800;

/// An answer that was read to its end.
pub(super) struct ApiResponse {
    pub(super) status: StatusCode,
    headers: HeaderMap,
    body: ResponseBody,
    /// What the request was authorized by, which the answer may echo.
    authorization: Option<HeaderValue>,
}

/// Reads the body of the answer to a request with this `authorization`. If `max_following` is set, and more than that
/// many items follow this page of a list, its items are not read: the answer is then an empty list with the metadata of
/// the page.
///
/// # Errors
/// The answer broke off, or is too large.
pub(super) async fn read(
    response: http::Response<Body>,
    authorization: Option<HeaderValue>,
    max_following: Option<usize>,
) -> Result<ApiResponse, ConnectionFault> {
    let (head, body) = response.into_parts();
    let mut response = ApiResponse {
        status: head.status,
        body: ResponseBody::announced_by(&head.headers),
        headers: head.headers,
        authorization,
    };

    let mut body = Limited::new(body, MAX_BODY_BYTES);
    let mut max_following = max_following.filter(|_| response.status.is_success());
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| ConnectionFault::in_body(&*error))?;
        response.body.push(&frame.into_data().unwrap_or_default());

        let Some(limit) = max_following else { continue };
        let beginning = response.body.beginning(MAX_HEAD_BYTES);
        match wire::list_head(&beginning) {
            Some((head, remaining)) if remaining > limit => {
                response.body = ResponseBody::from(head);
                return Ok(response);
            }
            None if beginning.len() < MAX_HEAD_BYTES => {}
            Some(_) | None => max_following = None,
        }
    }

    if !response.status.is_success() {
        response.body.inflate().map_err(ConnectionFault::Other)?;
    }
    if response.demands_tls() {
        return Err(ConnectionFault::NeedsTls);
    }
    Ok(response)
}

impl ApiResponse {
    /// The answer as the classifier reads it. Secrets that the server echoes are hidden in its texts, after they were
    /// decoded.
    pub(super) fn into_answer(self) -> ApiAnswer {
        let unexpected = self.unexpected_success();
        let parsed = wire::status(self.body.bytes()).filter(|_| unexpected.is_none());
        let (mut status, body_seconds) = parsed.map_or((None, None), |(status, after)| (Some(status), after));
        let mut text = match status {
            None => excerpt(self.body.bytes()),
            Some(_) => String::new(),
        };
        let mut warnings = warnings(&self.headers);

        let redactor = redactor(self.authorization.as_ref());
        let hide = |text: &mut String| *text = redactor.redact(text);
        hide(&mut text);
        warnings.iter_mut().for_each(hide);
        if let Some(status) = &mut status {
            hide(&mut status.message);
            status
                .causes
                .iter_mut()
                .for_each(|cause| hide(&mut cause.message));
        }

        ApiAnswer {
            code: self.status.as_u16(),
            retry_after: self.retry_after().or(body_seconds.map(Duration::from_secs)),
            text,
            status,
            unexpected: unexpected.map(|words| redactor.redact(&words)),
            warnings,
            date: date_of(&self.headers),
        }
    }

    /// How long the server asked to wait by `Retry-After`; by a date only if it says what time it has itself.
    fn retry_after(&self) -> Option<Duration> {
        let value = self.headers.get(header::RETRY_AFTER)?.to_str().ok()?;
        let now = date_of(&self.headers).map(SystemTime::from);
        retry_after::parse(value, now)
    }

    /// What a success holds, in words, if it is neither the Status nor the pod with which the API server answers a
    /// disruption.
    fn unexpected_success(&self) -> Option<String> {
        if !self.status.is_success() {
            return None;
        }
        if self.body.bytes().is_empty() {
            return Some("an empty answer".to_owned());
        }

        let Ok(type_meta) = TypeMeta::of(self.body.bytes()) else {
            return Some(excerpt(self.body.bytes()));
        };
        if type_meta.is(ObjectKind::STATUS) && wire::status(self.body.bytes()).is_none() {
            return Some("a Status without an outcome".to_owned());
        }
        let checked = type_meta.expect(&[ObjectKind::STATUS, ObjectKind::POD], self.body.bytes());
        checked.err().map(|error| error.to_string())
    }

    /// Whether the credentials were rejected. The code alone does not show it: an admission webhook may also deny with
    /// 401.
    pub(super) fn is_unauthorized(&self) -> bool {
        if self.status != StatusCode::UNAUTHORIZED {
            return false;
        }
        let answer = |(status, _)| ApiAnswer {
            code: self.status.as_u16(),
            status: Some(status),
            ..ApiAnswer::default()
        };
        let answer = wire::status(self.body.bytes()).map(answer);
        answer.is_none_or(|answer| classify(&answer) == DisruptionVerdict::Unauthorized)
    }

    /// Whether a server that speaks TLS says that it was spoken to without: servers in Go, and nginx, answer so much in
    /// plain HTTP.
    fn demands_tls(&self) -> bool {
        if self.status != StatusCode::BAD_REQUEST {
            return false;
        }
        let text = String::from_utf8_lossy(self.body.bytes());
        [
            "HTTP request to an HTTPS server",
            "HTTP request was sent to HTTPS port",
        ]
        .iter()
        .any(|words| text.contains(words))
    }

    /// The error that an answer is which is no success.
    pub(super) fn into_error(self, what: String) -> ApiError {
        read_error(&self.into_answer(), what)
    }

    /// Parses the body of a successful answer, which must be of the kind `expected`.
    ///
    /// # Errors
    /// The server refused, or the body is not of the expected type.
    pub(super) fn into_object<T: DeserializeOwned>(
        self,
        expected: ObjectKind,
        what: impl Fn() -> String,
    ) -> Result<T, ApiError> {
        self.parse(what, |body| {
            TypeMeta::of(body)?.expect(&[expected], body)?;
            Ok(serde_json::from_slice(body)?)
        })
    }

    /// Parses the version of an API server: its `gitVersion`.
    ///
    /// # Errors
    /// As [`Self::into_object`].
    pub(super) fn into_version(self, what: impl Fn() -> String) -> Result<String, ApiError> {
        self.parse(what, wire::git_version)
    }

    /// Parses a page of names; `None` if the server offers no tables.
    ///
    /// # Errors
    /// As [`Self::into_object`].
    pub(super) fn into_table(self, what: impl Fn() -> String) -> Result<Option<NameTable>, ApiError> {
        self.parse(what, NameTable::read)
    }

    fn parse<T>(
        self,
        what: impl Fn() -> String,
        parse: impl FnOnce(&[u8]) -> Result<T, WrongBody>,
    ) -> Result<T, ApiError> {
        if !self.status.is_success() {
            return Err(read_error(&self.into_answer(), what()));
        }
        // serde_json reads a slice several times as fast as a stream.
        let whole = self.body.whole().map_err(serde_json::Error::io);
        let object = whole.map_err(WrongBody::from).and_then(|whole| parse(&whole));
        object.map_err(|error| self.unexpected(&error, what()))
    }

    /// Parses a page of a list of one of the `kinds`, and calls `each` with one item after the other.
    ///
    /// # Errors
    /// As [`Self::into_object`]; the items that `each` already received must be discarded.
    pub(super) fn into_items<T: DeserializeOwned>(
        self,
        kinds: &[ObjectKind],
        what: impl Fn() -> String,
        each: impl FnMut(T),
    ) -> Result<ListMeta, ApiError> {
        if !self.status.is_success() {
            return Err(read_error(&self.into_answer(), what()));
        }
        wire::each_item(self.body.reader(), kinds, each).map_err(|error| self.unexpected(&error, what()))
    }

    /// Parses a page of the metadata of pods, in whichever form the server sent it, and calls `each` with one item after
    /// the other.
    ///
    /// # Errors
    /// As [`Self::into_items`].
    pub(super) fn into_metadata_items(
        self,
        kinds: &[ObjectKind],
        what: impl Fn() -> String,
        each: impl FnMut(PodObject),
    ) -> Result<ListMeta, ApiError> {
        if !self.status.is_success() {
            return Err(read_error(&self.into_answer(), what()));
        }
        wire::each_metadata(self.body.reader(), kinds, each).map_err(|error| self.unexpected(&error, what()))
    }

    fn unexpected(&self, error: &WrongBody, what: String) -> ApiError {
        let why = match error {
            WrongBody::OtherObject(words) => words.clone(),
            WrongBody::Malformed(error) => {
                let beginning = self.body.beginning(EXCERPT_BYTES);
                let error = bounded(&error.to_string());
                format!("not what was asked for: {error}: {}", excerpt(&beginning))
            }
        };
        let why = redactor(self.authorization.as_ref()).redact(&why);
        if is_page(&self.body.beginning(EXCERPT_BYTES)) {
            ApiError::NotKubernetes { what, why }
        } else {
            ApiError::Unexpected { what, why }
        }
    }

    /// Parses the body as an object that may not exist; `None` if the server says that it does not.
    ///
    /// # Errors
    /// As [`Self::into_object`], and for a 404 that is not a Status, e.g. an HTML page, which says nothing of the
    /// object.
    pub(super) fn into_object_if_any<T: DeserializeOwned>(
        self,
        expected: ObjectKind,
        what: impl Fn() -> String,
    ) -> Result<Option<T>, ApiError> {
        self.parse_if_any(what, |body| {
            TypeMeta::of(body)?.expect(&[expected], body)?;
            Ok(serde_json::from_slice(body)?)
        })
    }

    fn parse_if_any<T>(
        self,
        what: impl Fn() -> String,
        parse: impl FnOnce(&[u8]) -> Result<T, WrongBody>,
    ) -> Result<Option<T>, ApiError> {
        if self.status != StatusCode::NOT_FOUND {
            return self.parse(what, parse).map(Some);
        }
        let answer = self.into_answer();
        match answer.status {
            Some(_) => Ok(None),
            None => Err(read_error(&answer, what())),
        }
    }

    /// Parses the metadata of an object of this API version and kind, which may not exist; `None` if the server says that
    /// it does not.
    ///
    /// # Errors
    /// As [`Self::into_object_if_any`].
    pub(super) fn into_metadata_if_any(
        self,
        of: [&str; 2],
        what: impl Fn() -> String,
    ) -> Result<Option<PartialMetadata>, ApiError> {
        self.parse_if_any(what, |body| PartialMetadata::read(body, of))
    }

    /// Whether the API server says that it knows nothing under this path. Other servers say so otherwise, often in HTML.
    pub(super) fn is_unknown_path(&self) -> bool {
        self.status == StatusCode::NOT_FOUND
            && (wire::status(self.body.bytes()).is_some()
                || self.body.bytes().starts_with(b"404 page not found"))
    }

    /// Whether the answer is a Status whose message holds these words.
    pub(super) fn says(&self, words: &str) -> bool {
        wire::status(self.body.bytes()).is_some_and(|(status, _)| status.message.contains(words))
    }

    /// Whether the answer is a Status with a cause of this reason.
    pub(super) fn has_cause(&self, reason: &str) -> bool {
        let status = wire::status(self.body.bytes());
        status.is_some_and(|(status, _)| status.causes.iter().any(|cause| cause.reason == reason))
    }

    /// The token in `metadata.continue` of a 410, from which an expired list can continue.
    pub(super) fn continuation(&self) -> Option<String> {
        wire::continuation(self.body.bytes())
    }
}

/// The texts of `Warning: 299 - "TEXT"` headers (RFC 7234 §5.5), in the form that the API server writes.
fn warnings(headers: &HeaderMap) -> Vec<String> {
    let quoted = |value: &str| {
        let (_, text) = value.split_once('"')?;
        Some(bounded(&text.strip_suffix('"')?.replace("\\\"", "\"")))
    };
    headers
        .get_all(header::WARNING)
        .iter()
        .filter_map(|value| quoted(value.to_str().ok()?))
        .collect()
}

#[cfg(test)]
mod tests;
