//! Reads an HTTP response, and by shape: a Status is a Status whatever its content type says. A compressed answer
//! stays compressed until it is parsed, so that a page of pods is never in memory at its full length.

use std::io::{BufReader, Read};
use std::time::Duration;

use flate2::read::GzDecoder;
use http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use kube::client::Body;
use serde::de::DeserializeOwned;

use super::ClusterError;
use super::wire::{self, ListMeta};
use crate::chaos::answer::{Answer, Verdict, classify};
use crate::chaos::outcome::Refusal;

/// More than any page of pods holds: a limit on what a broken or hostile server can make us keep.
const MAX_BODY_BYTES: usize = 64 << 20;

/// More than a page of the largest pods holds once it is inflated, which is never kept whole.
const MAX_INFLATED_BYTES: u64 = 1 << 30;

/// The head of a list is sought in so much of it.
const LONGEST_HEAD: usize = 16 << 10;

/// How much of a shapeless body is worth telling.
const EXCERPT_CHARS: usize = 200;

/// An answer, read whole.
pub(super) struct Response {
    pub(super) status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
    /// Whether the body is compressed yet.
    gzip: bool,
}

/// Reads the body; an error is the reason in words. With a `glance` at a list, its items are left unread if more than
/// so many come after them: the answer is then a list of none, with the metadata of the whole.
pub(super) async fn read(response: http::Response<Body>, glance: Option<usize>) -> Result<Response, String> {
    let (head, body) = response.into_parts();
    let encoding = head.headers.get(header::CONTENT_ENCODING);
    let mut response = Response {
        status: head.status,
        gzip: encoding.is_some_and(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"gzip")),
        headers: head.headers,
        body: Vec::new(),
    };
    let mut body = Limited::new(body, MAX_BODY_BYTES);
    let mut glance = glance.filter(|_| response.status.is_success());
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| format!("the answer broke off: {error}"))?;
        response.body.extend(frame.into_data().unwrap_or_default());
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
    if !response.status.is_success() {
        response.inflate()?;
    }
    Ok(response)
}

impl Response {
    /// As much of the body's beginning as has come, `most` bytes of it.
    fn beginning(&self, most: usize) -> Vec<u8> {
        let mut beginning = Vec::new();
        let read = match self.gzip {
            true => GzDecoder::new(&*self.body)
                .take(most as u64)
                .read_to_end(&mut beginning),
            false => self.body.as_slice().take(most as u64).read_to_end(&mut beginning),
        };
        // What is missing may come yet, and what is wrong is told by whoever parses the whole.
        drop(read);
        beginning
    }

    /// Replaces the body by what it stands for.
    fn inflate(&mut self) -> Result<(), String> {
        if self.gzip {
            let mut inflated = Vec::new();
            GzDecoder::new(&*self.body)
                .take(MAX_BODY_BYTES as u64)
                .read_to_end(&mut inflated)
                .map_err(|error| format!("the answer is not what its encoding says: {error}"))?;
            (self.body, self.gzip) = (inflated, false);
        }
        Ok(())
    }

    /// The answer as the classifier reads it.
    pub(super) fn into_answer(self) -> Answer {
        let parsed = wire::status(&self.body);
        let header_seconds = self.headers.get(header::RETRY_AFTER);
        let header_seconds = header_seconds.and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let (status, body_seconds) = parsed.map_or((None, None), |(status, after)| (Some(status), after));
        Answer {
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
        let answer = |(status, _)| Answer {
            code: self.status.as_u16(),
            status: Some(status),
            ..Answer::default()
        };
        let answer = wire::status(&self.body).map(answer);
        self.status == StatusCode::UNAUTHORIZED
            && answer.is_none_or(|answer| classify(&answer) == Verdict::Unauthorized)
    }

    /// The body of a successful read.
    ///
    /// # Errors
    /// The server said no, or the body is not what was asked for.
    pub(super) fn into_object<T: DeserializeOwned>(
        self,
        what: impl Fn() -> String,
    ) -> Result<T, ClusterError> {
        if !self.status.is_success() {
            return Err(refusal_of_a_read(&self.into_answer(), what()));
        }
        let object = match self.gzip {
            true => serde_json::from_reader(self.inflated()),
            false => serde_json::from_slice(&self.body),
        };
        object.map_err(|error| self.unexpected(&error, what()))
    }

    /// The pods of a page, each handed on as soon as it is parsed.
    ///
    /// # Errors
    /// As [`Self::into_object`]; what was handed on before counts for nothing then.
    pub(super) fn into_items<T: DeserializeOwned>(
        self,
        what: impl Fn() -> String,
        each: impl FnMut(T),
    ) -> Result<ListMeta, ClusterError> {
        if !self.status.is_success() {
            return Err(refusal_of_a_read(&self.into_answer(), what()));
        }
        let metadata = match self.gzip {
            true => {
                let mut list = serde_json::Deserializer::from_reader(self.inflated());
                wire::each_item(&mut list, each).and_then(|metadata| list.end().map(|()| metadata))
            }
            false => {
                let mut list = serde_json::Deserializer::from_slice(&self.body);
                wire::each_item(&mut list, each).and_then(|metadata| list.end().map(|()| metadata))
            }
        };
        metadata.map_err(|error| self.unexpected(&error, what()))
    }

    fn inflated(&self) -> impl Read + '_ {
        BufReader::new(GzDecoder::new(&*self.body).take(MAX_INFLATED_BYTES))
    }

    fn unexpected(&self, error: &serde_json::Error, what: String) -> ClusterError {
        let beginning = self.beginning(4 * EXCERPT_CHARS);
        ClusterError::Unexpected {
            what,
            why: format!("not what was asked for: {error}: {}", excerpt(&beginning)),
        }
    }

    /// The same of an object that may be absent: `None` if the server says so.
    ///
    /// # Errors
    /// As [`Self::into_object`]; and a 404 that is no Status, such as a page of HTML, is no word on the object.
    pub(super) fn into_object_if_any<T: DeserializeOwned>(
        self,
        what: impl Fn() -> String,
    ) -> Result<Option<T>, ClusterError> {
        if self.status != StatusCode::NOT_FOUND {
            return self.into_object(what).map(Some);
        }
        let answer = self.into_answer();
        match answer.status {
            Some(_) => Ok(None),
            None => Err(ClusterError::Unexpected {
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
fn refusal_of_a_read(answer: &Answer, what: String) -> ClusterError {
    match classify(answer) {
        Verdict::Unauthorized => ClusterError::Unauthorized { what },
        Verdict::Forbidden(why) => ClusterError::Forbidden { what, why },
        Verdict::Refused(Refusal::Throttled { retry_after }) => ClusterError::Throttled { what, retry_after },
        Verdict::Refused(refusal) => ClusterError::Unexpected {
            what,
            why: refusal.to_string(),
        },
        Verdict::Doubt(why) | Verdict::Fault(why) => ClusterError::Unexpected { what, why },
        Verdict::Accepted | Verdict::Gone => ClusterError::Unexpected {
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
mod tests {
    use super::*;

    fn response(code: u16, headers: &[(&'static str, &'static str)], body: &str) -> Response {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        Response {
            status: StatusCode::from_u16(code).unwrap(),
            headers: headers.collect(),
            body: body.into(),
            gzip: false,
        }
    }

    #[test]
    fn a_status_is_read_whatever_the_content_type_says() {
        let body = r#"{"metadata":{},"status":"Failure","message":"Timeout: …","reason":"Timeout","details":{},"code":504}"#;
        let answer = response(504, &[("content-type", "text/plain")], body).into_answer();
        assert_eq!(answer.status.unwrap().reason, "Timeout");
    }

    #[test]
    fn retry_after_is_read_from_the_header_and_else_from_the_body() {
        let body = r#"{"kind":"Status","status":"Failure","details":{"retryAfterSeconds":10},"code":429}"#;
        assert_eq!(
            response(429, &[], body).into_answer().retry_after,
            Some(Duration::from_secs(10))
        );
        let answer = response(429, &[("retry-after", "3")], "Too many requests").into_answer();
        assert_eq!(answer.retry_after, Some(Duration::from_secs(3)));
        assert_eq!(answer.text, "Too many requests");
    }

    #[test]
    fn warnings_are_kept_as_text() {
        let headers = [("warning", r#"299 - "unknown field \"delete_options\"""#)];
        assert_eq!(
            response(201, &headers, "{}").into_answer().warnings,
            [r#"unknown field "delete_options""#]
        );
    }

    const LIST: &str =
        r#"{"kind":"PodList","metadata":{"continue":"c","remainingItemCount":7},"items":[{"a":1},{"a":2}]}"#;

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut encoder, text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    /// What is read of `body`, sent with this code.
    async fn read_of(code: u16, body: Vec<u8>, glance: Option<usize>) -> Result<Response, String> {
        let mut response = http::Response::builder().status(code);
        if body.starts_with(&[0x1f, 0x8b]) {
            response = response.header(header::CONTENT_ENCODING, "gzip");
        }
        read(response.body(Body::from(body)).unwrap(), glance).await
    }

    fn items(response: Response) -> Result<(Vec<serde_json::Value>, ListMeta), ClusterError> {
        let mut items = Vec::new();
        let metadata = response.into_items(|| "list".to_owned(), |item| items.push(item))?;
        Ok((items, metadata))
    }

    #[actix_rt::test]
    async fn a_page_is_read_item_by_item_compressed_or_not() {
        for body in [gzip(LIST), LIST.into()] {
            let (items, metadata) = items(read_of(200, body, None).await.unwrap()).unwrap();
            assert_eq!(items.len(), 2);
            assert_eq!(metadata.next.as_deref(), Some("c"));
            assert_eq!(metadata.remaining_item_count, Some(7));
        }
    }

    #[actix_rt::test]
    async fn a_glance_leaves_the_items_of_a_long_list_unread_and_reads_those_of_a_short_one() {
        for body in [gzip(LIST), LIST.into()] {
            let (unread, metadata) = items(read_of(200, body.clone(), Some(6)).await.unwrap()).unwrap();
            assert_eq!((unread.len(), metadata.remaining_item_count), (0, Some(7)));
            let (read, _) = items(read_of(200, body, Some(7)).await.unwrap()).unwrap();
            assert_eq!(read.len(), 2);
        }
    }

    #[actix_rt::test]
    async fn a_compressed_refusal_is_understood() {
        let status = r#"{"kind":"Status","status":"Failure","reason":"Forbidden","code":403}"#;
        let answer = read_of(403, gzip(status), None).await.unwrap().into_answer();
        assert_eq!(answer.status.unwrap().reason, "Forbidden");
    }

    #[actix_rt::test]
    async fn half_a_compressed_page_is_an_error_and_no_short_list() {
        let whole = gzip(LIST);
        let half = whole[..whole.len() / 2].to_vec();
        assert!(items(read_of(200, half, None).await.unwrap()).is_err());
        let cut = format!("{LIST} and more");
        assert!(items(read_of(200, gzip(&cut), None).await.unwrap()).is_err());
    }

    #[test]
    fn a_page_of_html_is_quoted_in_one_short_line() {
        let html = format!("<html>\n<body>{}</body>", "x".repeat(500));
        let answer = response(502, &[], &html).into_answer();
        assert_eq!(answer.status, None);
        assert!(answer.text.starts_with("<html> <body>") && answer.text.len() <= EXCERPT_CHARS);
    }
}
