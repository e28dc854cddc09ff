//! The HTTP client of chat services and gates: one request to one server, its answer within limits of time and size, and
//! every failure as a value, without the server's words, addresses or secrets. The only module that knows `awc`.

mod connector;
mod failure;
mod tls;

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use awc::http::StatusCode;
use awc::http::header::{self, HeaderMap, HeaderName, HeaderValue};
pub(crate) use awc::http::{Method, Uri};
use futures_util::{Stream, StreamExt};
use rustls::ClientConfig;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

pub(crate) use self::failure::{FailureStage, HttpFailure};
pub(crate) use self::tls::{TlsRoots, TlsSetupError, tls};

use self::connector::ServiceConnector;
use crate::platform::Platform;
use crate::proxy::{BadProxy, ProxyPolicy};
use crate::retry_after;

/// How long resolving the name and connecting may take; the TLS handshake may take as long again.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A client, bound to the Arbiter that uses it. Each request has a connection of its own: rounds are minutes apart, so
/// one that is kept would be closed by then.
#[derive(Debug, Clone)]
pub(crate) struct HttpClient {
    tls: Option<Arc<ClientConfig>>,
    proxies: ProxyPolicy,
    platform: Platform,
}

/// A request.
pub(crate) struct HttpRequest<'a> {
    /// The URL.
    pub(crate) url: Uri,
    /// The method: GET without a body, POST or PUT with one.
    pub(crate) method: Method,
    /// The body with its media type.
    pub(crate) body: Option<(Cow<'static, str>, String)>,
    /// The bearer token.
    pub(crate) bearer: Option<&'a SecretString>,
    /// More headers.
    pub(crate) headers: &'a [(String, String)],
}

/// The limits of an answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AnswerLimits {
    /// When the whole answer must be there.
    pub(crate) deadline: Instant,
    /// How many bytes of the body are read.
    pub(crate) bytes: usize,
}

/// An answer. The body is what the server sent, so it is shown nowhere as it is.
pub(crate) struct HttpAnswer {
    /// The status.
    pub(crate) status: u16,
    /// How long the server asked to wait by `Retry-After`, in seconds or until a date.
    pub(crate) retry_after: Option<Duration>,
    /// Where a redirect points.
    pub(crate) location: Option<String>,
    /// The media type.
    pub(crate) content_type: Option<String>,
    /// The body, or its beginning.
    pub(crate) body: Vec<u8>,
    /// How the body ended.
    pub(crate) end: BodyEnd,
}

/// How a body ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyEnd {
    /// As its head, or its last chunk, announced.
    Whole,
    /// With the connection: nothing shows whether more was to come.
    Closed,
    /// Amid the transfer.
    Broken,
    /// At the deadline.
    TimedOut,
    /// At the limit of its size.
    TooLong,
}

/// Checks that the environment or a key names no unusable proxy for `server`.
pub(crate) fn check_proxy(proxies: &ProxyPolicy, server: &Uri) -> Result<(), BadProxy> {
    connector::proxy_for(proxies, server).map(|_| ())
}

impl HttpClient {
    /// Creates a client, which goes through `proxies`; `tls` is how servers and proxies over TLS are spoken to.
    pub(crate) fn new(tls: Option<Arc<ClientConfig>>, proxies: &ProxyPolicy, platform: &Platform) -> Self {
        Self {
            tls,
            proxies: proxies.clone(),
            platform: platform.clone(),
        }
    }

    /// Sends `request` once, without following redirects, and reads the answer within `limits`.
    ///
    /// # Errors
    /// No head of an answer came in time.
    pub(crate) async fn send(
        &self,
        request: HttpRequest<'_>,
        limits: AnswerLimits,
    ) -> Result<HttpAnswer, HttpFailure> {
        let proxy = connector::proxy_for(&self.proxies, &request.url).map_err(HttpFailure::BadProxy)?;
        let headers = headers(&request)?;

        let hung_up = Arc::new(AtomicBool::new(false));
        let client = self.client(&hung_up);
        let mut sending = client.request(request.method, request.url).force_close();
        for (name, value) in headers {
            sending = sending.insert_header((name, value));
        }
        let sent = match request.body {
            Some((media_type, body)) => sending.content_type(media_type.into_owned()).send_body(body),
            None => sending.send(),
        };

        let sent = self.platform.until(limits.deadline, sent).await;
        let result = sent.ok_or(HttpFailure::TimedOut)?;
        let mut response = result.map_err(|error| HttpFailure::of(&error, proxy))?;
        let (body, end) = self.read(&mut response, limits).await;

        let status = response.status();
        let announced = text(response.headers(), header::CONTENT_LENGTH).and_then(|text| text.parse().ok());
        // awc ends a body that breaks off as it ends a whole one: only the announced length, or a last chunk before the
        // server hung up, tells them apart.
        let is_whole = announced == Some(body.len())
            || status == StatusCode::NO_CONTENT
            || !hung_up.load(Ordering::Relaxed);
        let end = match end {
            BodyEnd::Whole if !is_whole && announced.is_some() => BodyEnd::Broken,
            BodyEnd::Whole if !is_whole => BodyEnd::Closed,
            end => end,
        };

        let now = Some(self.platform.now().into());
        Ok(HttpAnswer {
            status: status.as_u16(),
            retry_after: text(response.headers(), header::RETRY_AFTER)
                .and_then(|text| retry_after::parse(&text, now)),
            location: text(response.headers(), header::LOCATION),
            content_type: text(response.headers(), header::CONTENT_TYPE),
            body,
            end,
        })
    }

    /// The client of one connection, which sets `hung_up` once the server has closed it.
    fn client(&self, hung_up: &Arc<AtomicBool>) -> awc::Client {
        let service = ServiceConnector::new(self.proxies.clone(), self.tls.clone(), Arc::clone(hung_up));
        let mut connector = awc::Connector::new()
            .connector(service)
            .timeout(CONNECT_TIMEOUT)
            .handshake_timeout(CONNECT_TIMEOUT);
        if let Some(tls) = &self.tls {
            connector = connector.rustls_0_23(Arc::clone(tls));
        }

        awc::Client::builder()
            .connector(connector)
            .disable_redirects()
            .disable_timeout() // awc's covers only the head; `send` has a deadline for head and body
            .add_default_header((header::USER_AGENT, concat!("macaque/", env!("CARGO_PKG_VERSION"))))
            .finish()
    }

    /// Reads `body` within `limits`.
    async fn read<B: AsRef<[u8]>, E>(
        &self,
        body: &mut (impl Stream<Item = Result<B, E>> + Unpin),
        limits: AnswerLimits,
    ) -> (Vec<u8>, BodyEnd) {
        let mut bytes = Vec::new();
        while bytes.len() <= limits.bytes {
            match self.platform.until(limits.deadline, body.next()).await {
                Some(Some(Ok(chunk))) => bytes.extend_from_slice(chunk.as_ref()),
                Some(Some(Err(_))) => return (bytes, BodyEnd::Broken),
                Some(None) => return (bytes, BodyEnd::Whole),
                None => return (bytes, BodyEnd::TimedOut),
            }
        }
        bytes.truncate(limits.bytes);
        (bytes, BodyEnd::TooLong)
    }
}

/// The headers of `request`; none of them is shown where awc logs.
fn headers(request: &HttpRequest<'_>) -> Result<Vec<(HeaderName, HeaderValue)>, HttpFailure> {
    let mut headers = Vec::new();
    for (name, value) in request.headers {
        let bad = || HttpFailure::BadHeader(name.clone());
        let value = HeaderValue::from_str(value).map_err(|_| bad())?;
        headers.push((name.parse().map_err(|_| bad())?, value));
    }
    if let Some(token) = request.bearer {
        let value = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()));
        headers.push((header::AUTHORIZATION, value.map_err(|_| HttpFailure::BadToken)?));
    }

    for (_, value) in &mut headers {
        value.set_sensitive(true);
    }
    Ok(headers)
}

/// The text of a header, if the answer has it once and it is text.
fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    Some(value.trim().to_owned())
}
