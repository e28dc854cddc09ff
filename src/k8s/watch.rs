//! Watches pods: reads the stream of events line by line, and keeps no more of it than one line.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use http_body_util::BodyExt as _;
use kube::client::Body;
use macaque_core::pod::Pod;
use macaque_core::selector::Selector;
use macaque_core::server_text::bounded;

use super::connect::redactor;
use super::response::{self, ApiResponse};
use super::wire::{WatchLine, WrongBody, excerpt};
use super::{ApiError, ApiRequest, Cluster, ConnectionFault, OptionalRead, get};
use crate::heartbeat::Heartbeat;
use crate::platform::Platform;

/// How long the server is asked to keep a watch: less than the five minutes after which many proxies end a request.
const TIMEOUT_SECONDS: &str = "290";

/// The longest line that is read: more than the largest pod that etcd stores.
const MAX_LINE_BYTES: usize = 2 << 20;

/// How much memory the buffer keeps between two lines.
const KEPT_BYTES: usize = 64 << 10;

/// What refusals of watches are remembered and logged as.
const WATCHES: &str = "watches of pods";

/// A change that a watch shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchEvent {
    /// The pod is there, as it is now: it was added, or it has changed.
    Seen(Box<Pod>),
    /// The pod is gone, or its labels are no longer those that are watched.
    Deleted(Box<Pod>),
    /// Nothing has changed up to this version.
    Bookmark(Option<String>),
}

/// The reason why a watch ended, or could not begin. The pods must be listed again before the next one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WatchEnd {
    /// The server ended the watch, or the connection was cut between two lines.
    #[error("the watch ended")]
    Closed,
    /// The version from which it was to begin, or to go on, is too old.
    #[error("the version to watch from is too old (410)")]
    Expired,
    /// Nothing came for this long, not even a bookmark.
    #[error("nothing came for {} s", .0.as_secs())]
    Silent(Duration),
    /// The watch could not be opened, broke off, or showed something else than events of pods.
    #[error(transparent)]
    Failed(#[from] ApiError),
}

/// A watch that is open.
pub struct PodWatch {
    body: Body,
    lines: LineBuffer,
    /// How long it may be silent.
    silence: Duration,
    platform: Platform,
    heartbeat: Option<Heartbeat>,
    origin: WatchOrigin,
}

/// Where a watch comes from, for its errors.
struct WatchOrigin {
    server: Arc<str>,
    what: String,
    /// What the request was authorized by, which the server may echo.
    authorization: Option<HeaderValue>,
}

/// The answer to the request for a watch.
enum WatchAnswer {
    Open(Box<PodWatch>),
    Refused(ApiResponse),
}

/// Splits what is received into lines.
#[derive(Default)]
struct LineBuffer {
    bytes: Vec<u8>,
    /// Where the next line begins.
    begin: usize,
    /// Up to where no end of a line was found.
    searched: usize,
}

/// A line is longer than any event.
struct LineTooLong;

impl Cluster {
    /// Watches the pods that match `selector` in `namespace`, for the changes after the version of a list. `None` if macaque
    /// may not watch pods there, which is remembered for ten minutes.
    ///
    /// # Errors
    /// The watch could not be opened.
    pub async fn watch_pods(
        &self,
        namespace: &str,
        selector: &Selector,
        version: &str,
    ) -> Result<Option<PodWatch>, WatchEnd> {
        let open = async {
            let request = watch_request(namespace, selector, version);
            let what = format!("watch pods in {namespace}");
            match self.open_watch(&request, &what).await? {
                WatchAnswer::Open(watch) => Ok(OptionalRead::Found(*watch)),
                // What is missing is the version.
                WatchAnswer::Refused(answer) if answer.status == http::StatusCode::GONE => {
                    Ok(OptionalRead::Missing)
                }
                WatchAnswer::Refused(answer) => Err(answer.into_error(what)),
            }
        };

        match self.unless_refused(WATCHES, namespace, Box::pin(open)).await? {
            OptionalRead::Found(watch) => Ok(Some(watch)),
            OptionalRead::Missing => Err(WatchEnd::Expired),
            OptionalRead::NotGranted => Ok(None),
        }
    }

    /// Sends the request for a watch; once more with new credentials if they were rejected.
    async fn open_watch(&self, request: &ApiRequest, what: &str) -> Result<WatchAnswer, ApiError> {
        let exchange = async || self.exchange_watch(request, what).await;
        self.with_credentials(exchange, |answer| match answer {
            WatchAnswer::Open(_) => false,
            WatchAnswer::Refused(answer) => answer.is_unauthorized(),
        })
        .await
    }

    async fn exchange_watch(&self, call: &ApiRequest, what: &str) -> Result<WatchAnswer, ApiError> {
        let read = async |response: http::Response<Body>, server, authorization: Option<HeaderValue>| {
            if !response.status().is_success() {
                let answer = response::read(response, authorization, None).await?;
                return Ok(WatchAnswer::Refused(answer));
            }
            Ok(WatchAnswer::Open(Box::new(PodWatch {
                body: response.into_body(),
                lines: LineBuffer::default(),
                silence: self.access.deadlines.watch,
                platform: self.platform.clone(),
                heartbeat: self.heartbeat.clone(),
                origin: WatchOrigin {
                    server,
                    what: what.to_owned(),
                    authorization,
                },
            })))
        };
        self.exchange_with(call, self.access.deadlines.read, &|| what.to_owned(), read)
            .await
    }
}

impl PodWatch {
    /// Waits for the next event. May be dropped while it waits; nothing is lost.
    ///
    /// # Errors
    /// The watch is over.
    pub async fn next(&mut self) -> Result<WatchEvent, WatchEnd> {
        loop {
            if let Some(line) = self.lines.next_line() {
                let read = WatchLine::read(line);
                match read.map_err(|error| self.origin.unexpected(&error, line))? {
                    WatchLine::Seen(pod) => return Ok(WatchEvent::Seen(pod)),
                    WatchLine::Deleted(pod) => return Ok(WatchEvent::Deleted(pod)),
                    WatchLine::Bookmark(version) => return Ok(WatchEvent::Bookmark(version)),
                    WatchLine::Expired => return Err(WatchEnd::Expired),
                    WatchLine::Failed(why) => return Err(self.origin.failed(&why).into()),
                }
            }
            self.receive().await?;
        }
    }

    /// Receives more of the stream.
    async fn receive(&mut self) -> Result<(), WatchEnd> {
        let received = self.platform.within(self.silence, self.body.frame()).await;
        let frame = match received.ok_or(WatchEnd::Silent(self.silence))? {
            Some(Ok(frame)) => frame,
            Some(Err(error)) => return Err(self.origin.unreachable(ConnectionFault::in_body(&error)).into()),
            None if self.lines.is_empty() => return Err(WatchEnd::Closed),
            None => return Err(self.origin.unreachable(ConnectionFault::BrokenOff).into()),
        };

        if let Some(heartbeat) = &self.heartbeat {
            heartbeat.progress();
        }
        let bytes = frame.into_data().unwrap_or_default();
        let kept = self.lines.push(&bytes);
        kept.map_err(|LineTooLong| self.origin.failed("an event of more than 2 MiB").into())
    }
}

impl WatchOrigin {
    fn unreachable(&self, why: ConnectionFault) -> ApiError {
        ApiError::Unreachable {
            what: self.what.clone(),
            server: Arc::clone(&self.server),
            why,
        }
    }

    fn unexpected(&self, error: &WrongBody, line: &[u8]) -> ApiError {
        match error {
            WrongBody::OtherObject(words) => self.failed(words),
            WrongBody::Malformed(error) => {
                let error = bounded(&error.to_string());
                self.failed(&format!("not an event: {error}: {}", excerpt(line)))
            }
        }
    }

    /// The error for something else than events, without what the server echoes of the credentials.
    fn failed(&self, why: &str) -> ApiError {
        ApiError::Unexpected {
            what: self.what.clone(),
            why: redactor(self.authorization.as_ref()).redact(why),
        }
    }
}

impl LineBuffer {
    /// Adds what was received.
    fn push(&mut self, bytes: &[u8]) -> Result<(), LineTooLong> {
        self.bytes.drain(..self.begin);
        self.searched -= self.begin;
        self.begin = 0;
        if self.bytes.is_empty() {
            self.bytes.shrink_to(KEPT_BYTES);
        }

        self.bytes.extend_from_slice(bytes);
        let is_endless = self.bytes.len() > MAX_LINE_BYTES && self.end_of_line().is_none();
        if is_endless { Err(LineTooLong) } else { Ok(()) }
    }

    /// Takes the next whole line that is not empty.
    fn next_line(&mut self) -> Option<&[u8]> {
        loop {
            let Some(end) = self.end_of_line() else {
                self.searched = self.bytes.len();
                return None;
            };
            let begin = std::mem::replace(&mut self.begin, end + 1);
            self.searched = self.begin;
            if !self.bytes[begin..end].trim_ascii().is_empty() {
                return Some(&self.bytes[begin..end]);
            }
        }
    }

    /// Whether nothing but blanks is left of the stream.
    fn is_empty(&self) -> bool {
        self.bytes[self.begin..].trim_ascii().is_empty()
    }

    fn end_of_line(&self) -> Option<usize> {
        let rest = &self.bytes[self.searched..];
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        Some(self.searched + end)
    }
}

/// The request for a watch of the changes after `version`.
fn watch_request(namespace: &str, selector: &Selector, version: &str) -> ApiRequest {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("watch", "true");
    query.append_pair("allowWatchBookmarks", "true");
    query.append_pair("timeoutSeconds", TIMEOUT_SECONDS);
    query.append_pair("resourceVersion", version);
    if !selector.is_empty() {
        query.append_pair("labelSelector", &selector.to_string());
    }
    ApiRequest {
        // A compressed stream may be held back until a block of it is full.
        compressed: false,
        ..get(&format!("/api/v1/namespaces/{namespace}/pods?{}", query.finish()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(buffer: &mut LineBuffer) -> Vec<String> {
        let mut lines = Vec::new();
        while let Some(line) = buffer.next_line() {
            lines.push(String::from_utf8_lossy(line).into_owned());
        }
        lines
    }

    #[test]
    fn lines_are_the_same_however_they_arrive() {
        let stream = b"{\"a\":1}\n\r\n\n{\"b\":\"\\n\"}\n  \n{\"c\"";
        for sip in 1..stream.len() {
            let mut buffer = LineBuffer::default();
            let mut read = Vec::new();
            for part in stream.chunks(sip) {
                assert!(buffer.push(part).is_ok());
                read.extend(lines(&mut buffer));
            }
            assert_eq!(read, ["{\"a\":1}", "{\"b\":\"\\n\"}"], "{sip}");
            assert!(!buffer.is_empty());
            assert!(buffer.push(b"}\n").is_ok());
            assert_eq!(lines(&mut buffer), ["{\"c\"}"]);
            assert!(buffer.is_empty());
        }
    }

    #[test]
    fn a_line_without_end_is_refused_and_many_lines_at_once_are_not() {
        let mut endless = LineBuffer::default();
        let part = vec![b'x'; 64 << 10];
        let taken = (0..64).take_while(|_| endless.push(&part).is_ok() && endless.next_line().is_none());
        assert_eq!(taken.count(), MAX_LINE_BYTES / part.len());

        let mut many = LineBuffer::default();
        assert!(many.push(&b"{\"kind\":1}\n".repeat(500_000)).is_ok());
        assert_eq!(lines(&mut many).len(), 500_000);
        assert!(many.push(b"").is_ok());
        assert!(many.bytes.capacity() <= KEPT_BYTES, "{}", many.bytes.capacity());
    }

    #[test]
    fn a_watch_asks_for_bookmarks_and_for_an_end_before_that_of_proxies() {
        let request = watch_request("shop", &"app=web".parse().unwrap(), "42");
        assert_eq!(
            request.path,
            "/api/v1/namespaces/shop/pods?watch=true&allowWatchBookmarks=true&timeoutSeconds=290\
             &resourceVersion=42&labelSelector=app%3Dweb"
        );
        let sent = request.request("macaque", None);
        assert_eq!(sent.unwrap().headers().get(http::header::ACCEPT_ENCODING), None);
    }
}
