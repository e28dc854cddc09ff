//! HTTP/1.1 as the proxy speaks it: one request a connection, each with its answer.

use std::fmt::Write as _;

use http::header::{CONNECTION, CONTENT_LENGTH, RETRY_AFTER, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A request as it was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProxyRequest {
    /// The method, such as `GET`.
    pub method: String,
    /// The path with its query.
    pub target: String,
    /// The headers, without those that belong to the connection.
    pub headers: HeaderMap,
    /// The body as it was on the wire.
    pub body: Vec<u8>,
}

/// An answer as the client gets it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProxyResponse {
    /// The HTTP status.
    pub status: u16,
    /// The headers, without those that belong to the connection.
    pub headers: HeaderMap,
    /// The body, as the content encoding has it.
    pub body: Vec<u8>,
}

/// A request and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// The request as it was sent.
    pub request: ProxyRequest,
    /// The answer, before it is truncated or slowed down; nothing where the connection broke.
    pub response: Option<ProxyResponse>,
    /// Whether the answer, or its absence, is the proxy's doing.
    pub injected: bool,
}

impl ProxyRequest {
    /// A request to read `target`.
    pub fn get(target: impl Into<String>) -> Self {
        Self {
            method: "GET".to_owned(),
            target: target.into(),
            ..Self::default()
        }
    }

    /// The method and the target: `POST /path?query`.
    pub fn line(&self) -> String {
        format!("{} {}", self.method, self.target)
    }

    /// Whether the request opens a watch, whose answer does not end.
    pub fn is_watch(&self) -> bool {
        let query = self.target.split_once('?').map_or("", |(_, query)| query);
        let mut pairs = query.split('&');
        self.method == "GET" && pairs.any(|pair| matches!(pair, "watch=true" | "watch=1"))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl ProxyResponse {
    /// An answer without headers.
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: body.into(),
        }
    }

    /// An answer in JSON.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::new(status, body.to_string()).with_header("content-type", "application/json")
    }

    /// A Kubernetes `Status` of failure with this code and message, and the fields of `more`.
    pub fn failure(code: u16, message: &str, more: Value) -> Self {
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message, "code": code,
        });
        if let (Some(status), Value::Object(more)) = (status.as_object_mut(), more) {
            status.extend(more);
        }
        Self::json(code, &status)
    }

    /// The answer with this header set.
    ///
    /// # Panics
    /// On what is not a header.
    pub fn with_header(mut self, name: &'static str, value: &str) -> Self {
        let value = HeaderValue::from_str(value).expect("a header's value");
        self.headers.insert(HeaderName::from_static(name), value);
        self
    }

    /// The answer with its content type set.
    pub fn with_content_type(self, kind: &str) -> Self {
        self.with_header("content-type", kind)
    }

    /// The answer that asks to come back after some seconds.
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.headers.insert(RETRY_AFTER, seconds.into());
        self
    }

    /// The head as it goes over the wire, for a body of this length.
    pub(super) fn head(&self) -> String {
        let mut head = format!("HTTP/1.1 {} From the proxy\r\n", self.status);
        write_headers(&mut head, &self.headers);
        if self.has_body() {
            let _ = write!(head, "content-length: {}\r\n", self.body.len());
        }
        head + "connection: close\r\n\r\n"
    }

    /// Whether an answer of this status has a body.
    pub(super) fn has_body(&self) -> bool {
        !matches!(self.status, 204 | 304)
    }
}

/// Reads the request of a connection; `None` is a client that went away, or one that does not speak HTTP.
pub(super) async fn read_request(client: &mut TcpStream) -> Option<ProxyRequest> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = end_of_head(&bytes) {
            break end;
        }
        if client.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };

    let (line, headers) = parse_head(&bytes[..end])?;
    let mut words = line.split(' ');
    let method = words.next()?.to_owned();
    let target = words.next()?.to_owned();

    let mut body = bytes.split_off(end);
    let length = content_length(&headers).unwrap_or(0);
    while body.len() < length {
        if client.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }

    Some(ProxyRequest {
        method,
        target,
        headers: end_to_end(headers),
        body,
    })
}

/// Sends a request to `server`, `host:port`, and reads its answer to the end.
pub(super) async fn send(server: &str, request: ProxyRequest) -> Option<ProxyResponse> {
    let mut stream = open(server, &request).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok()?;

    parse_response(answer)
}

/// Sends a request to `server`; its answer is what is read of the connection.
pub(super) async fn open(server: &str, request: &ProxyRequest) -> Option<TcpStream> {
    let mut stream = TcpStream::connect(server).await.ok()?;
    stream.set_nodelay(true).ok()?;
    let mut head = format!("{} HTTP/1.1\r\n", request.line());
    write_headers(&mut head, &request.headers);
    if !request.headers.contains_key(http::header::HOST) {
        let _ = write!(head, "host: {server}\r\n");
    }
    let _ = write!(
        head,
        "content-length: {}\r\nconnection: close\r\n\r\n",
        request.body.len()
    );

    let whole = [head.as_bytes(), &request.body].concat();
    stream.write_all(&whole).await.ok()?;
    Some(stream)
}

fn parse_response(mut bytes: Vec<u8>) -> Option<ProxyResponse> {
    let body = bytes.split_off(end_of_head(&bytes)?);
    let (line, headers) = parse_head(&bytes)?;
    let status = line.split(' ').nth(1)?.parse().ok()?;
    let is_chunked = headers
        .get(TRANSFER_ENCODING)
        .is_some_and(|coding| coding == "chunked");

    Some(ProxyResponse {
        status,
        headers: end_to_end(headers),
        body: if is_chunked { unchunked(&body)? } else { body },
    })
}

/// The index after the blank line that ends a head.
fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let blank = bytes.windows(4).position(|end| end == b"\r\n\r\n")?;
    Some(blank + 4)
}

/// The first line of a head, and its headers.
fn parse_head(bytes: &[u8]) -> Option<(String, HeaderMap)> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (line, rest) = text.split_once("\r\n")?;
    let mut headers = HeaderMap::new();

    for field in rest.lines().filter(|field| !field.is_empty()) {
        let (name, value) = field.split_once(':')?;
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        headers.append(name, HeaderValue::from_str(value.trim()).ok()?);
    }

    Some((line.to_owned(), headers))
}

fn content_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The headers without those of the connection, which is another on the other side of the proxy.
fn end_to_end(mut headers: HeaderMap) -> HeaderMap {
    for name in [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING] {
        headers.remove(name);
    }
    headers
}

fn write_headers(head: &mut String, headers: &HeaderMap) {
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        let _ = write!(head, "{name}: {value}\r\n");
    }
}

/// A body without the marks of its chunks.
fn unchunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|end| end == b"\r\n")?;
        let size = std::str::from_utf8(&rest[..end]).ok()?;
        let size = usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        let start = end + 2;
        body.extend(rest.get(start..start + size)?);
        rest = rest.get(start + size + 2..)?;
    }
}
