//! The HTTP client of the channels: sends a POST, reads the answer within a deadline, and describes every failure
//! without revealing secrets.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use awc::error::{ConnectError, SendRequestError};
use awc::http::{StatusCode, header};
use futures_util::{Stream, StreamExt};
use rustls::ClientConfig;
use rustls::crypto::ring;
use rustls_platform_verifier::BuilderVerifierExt;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

use super::channel::Channel;
use super::connector::{ServiceConnector, proxy_for};
use super::delivery::{DeliveryError, ServiceAnswer};
use super::service::PostRequest;
use super::url::destination;
use crate::platform::Platform;
use crate::proxy::{BadProxy, Proxy, ProxyError, ProxyPolicy};
use crate::retry_after;

/// How long a service may take for its whole answer.
const DEADLINE: Duration = Duration::from_secs(10);
/// How long resolving the name and connecting may take; the TLS handshake may take as long again.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How many bytes of an answer are read: error texts are shorter, and Slack's `ok` comes first.
const BODY_LIMIT: usize = 16 * 1024;

/// The HTTP client of the channels, bound to the Arbiter that created it.
#[derive(Clone)]
pub struct HttpClient {
    client: awc::Client,
    proxies: ProxyPolicy,
    platform: Platform,
    deadline: Duration,
}

/// The reason why the client could not be created.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The system has no usable CA certificates.
    #[error(
        "no CA certificates to check the chat services by: install the ca-certificates package, or name a PEM \
         file in SSL_CERT_FILE ({0})"
    )]
    Certificates(rustls::Error),
    /// A variable that should name the proxy does not.
    #[error("{0}")]
    Proxy(BadProxy),
    /// The crypto provider does not fit the TLS library, which is a defect of the build.
    #[error("TLS could not be set up: {0}")]
    Tls(rustls::Error),
}

impl HttpClient {
    /// Creates a client for `channels`, which goes through `proxies`. Call this on the Arbiter that will use the
    /// client. CA certificates are loaded only if one of the channels needs TLS.
    pub fn new(channels: &[Channel], proxies: &ProxyPolicy, platform: &Platform) -> Result<Self, HttpError> {
        for channel in channels {
            if let Channel::Service(service) = channel
                && let Ok(uri) = destination(service.url())
            {
                proxy_for(proxies, &uri).map_err(HttpError::Proxy)?;
            }
        }

        let needs_tls = channels.iter().any(Channel::needs_tls);
        let tls = needs_tls.then(tls).transpose()?.map(Arc::new);

        let mut connector = awc::Connector::new()
            .connector(ServiceConnector::new(proxies.clone(), tls.clone()))
            .timeout(CONNECT_TIMEOUT)
            .handshake_timeout(CONNECT_TIMEOUT);
        if let Some(tls) = tls {
            connector = connector.rustls_0_23(tls);
        }

        let client = awc::Client::builder()
            .connector(connector)
            .disable_redirects()
            .disable_timeout() // awc's covers only the head; `post` has a deadline for head and body
            .add_default_header((header::USER_AGENT, concat!("macaque/", env!("CARGO_PKG_VERSION"))))
            .finish();
        Ok(Self {
            client,
            proxies: proxies.clone(),
            platform: platform.clone(),
            deadline: DEADLINE,
        })
    }

    /// How long one request and its answer may take.
    pub fn deadline(&self) -> Duration {
        self.deadline
    }

    /// Sets another deadline for a request and its answer.
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// Sends `post`, and reads the answer within the limits of size and time.
    pub(super) async fn post(
        &self,
        service: &str,
        post: &PostRequest<'_>,
    ) -> Result<ServiceAnswer, DeliveryError> {
        let uri = destination(&post.url).map_err(|mistake| {
            DeliveryError::permanent(format!("the URL of {service} cannot be used: it {mistake}"))
        })?;

        let proxy = proxy_for(&self.proxies, &uri)
            .map_err(|bad| DeliveryError::permanent(format!("{service} cannot be reached: {bad}")))?;

        let mut request = self
            .client
            .post(uri)
            .force_close() // rounds are minutes apart, so a kept-alive connection would be closed by then
            .content_type("application/json; charset=utf-8");
        if let Some(token) = post.bearer {
            request = request.insert_header((header::AUTHORIZATION, bearer(service, token)?));
        }

        let deadline = self.platform.monotonic() + self.deadline;
        let sending = request.send_body(post.body.to_string());
        let sent = self.platform.until(deadline, sending).await;
        let result =
            sent.ok_or_else(|| DeliveryError::in_doubt(format!("{service} did not answer in time")))?;
        let mut response = result.map_err(|error| translate(service, &error, proxy))?;

        let (body, has_ended) = self.beginning(&mut response, deadline).await;
        let status = response.status();
        let retry_after = response.headers().get(header::RETRY_AFTER);
        let length = response.headers().get(header::CONTENT_LENGTH);
        let length = length.and_then(|value| value.to_str().ok()?.trim().parse().ok());
        // awc ends a body that breaks off as it ends a whole one: only the length that was announced tells them apart.
        let whole = has_ended && (length == Some(body.len()) || status == StatusCode::NO_CONTENT);

        Ok(ServiceAnswer {
            status: status.as_u16(),
            retry_after: retry_after
                .and_then(|value| retry_after::parse(value.to_str().ok()?, Some(self.platform.now().into()))),
            body: String::from_utf8_lossy(&body).into_owned(),
            whole,
        })
    }

    /// Reads `body` until `deadline`, up to the limit; also returns whether it ended.
    async fn beginning<B: AsRef<[u8]>, E>(
        &self,
        body: &mut (impl Stream<Item = Result<B, E>> + Unpin),
        deadline: Instant,
    ) -> (Vec<u8>, bool) {
        let mut bytes = Vec::new();
        while bytes.len() <= BODY_LIMIT {
            match self.platform.until(deadline, body.next()).await {
                Some(Some(Ok(chunk))) => bytes.extend_from_slice(chunk.as_ref()),
                Some(None) => return (bytes, true),
                Some(Some(Err(_))) | None => return (bytes, false),
            }
        }
        bytes.truncate(BODY_LIMIT);
        (bytes, false)
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient")
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

/// The TLS configuration: the system's CA certificates, an explicit crypto provider and HTTP/1.1. Nothing depends on
/// the process-wide default provider.
fn tls() -> Result<ClientConfig, HttpError> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(HttpError::Tls)?
        .with_platform_verifier()
        .map_err(HttpError::Certificates)?
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// The value of the Authorization header.
fn bearer(service: &str, token: &SecretString) -> Result<header::HeaderValue, DeliveryError> {
    let value = header::HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()));
    let mut value = value.map_err(|_| {
        DeliveryError::permanent(format!(
            "the token for {service} holds a line break or another invalid character"
        ))
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// Describes an error without awc's own text, which may name hosts and addresses; `proxy` led to the service.
fn translate(service: &str, error: &SendRequestError, proxy: Option<Proxy>) -> DeliveryError {
    if let Some(error) = of_proxy(error, proxy) {
        return DeliveryError::transient(format!("{service} cannot be reached: {error}"));
    }

    let why = match error {
        SendRequestError::Url(_) => {
            return DeliveryError::permanent(format!("the URL of {service} cannot be used"));
        }
        SendRequestError::Connect(ConnectError::SslIsNotSupported) => {
            return DeliveryError::permanent(format!("{service} needs TLS, which was not set up"));
        }
        SendRequestError::Connect(ConnectError::Timeout) => format!("connecting to {service} timed out"),
        SendRequestError::Connect(ConnectError::Resolver(_) | ConnectError::NoRecords) => {
            format!("the host name of {service} cannot be resolved")
        }
        SendRequestError::Connect(ConnectError::Io(error)) => match tls_failure(error) {
            Some(failure) => format!("the TLS handshake with {service} failed: {failure}"),
            None => format!("connecting to {service} failed: {}", error.kind()),
        },
        // awc says so of a connection that was open: the request was sent, here and below, if maybe not all of it.
        SendRequestError::Connect(ConnectError::Disconnected) => {
            return DeliveryError::in_doubt(format!("{service} closed the connection without an answer"));
        }
        SendRequestError::Connect(_) => format!("connecting to {service} failed"),
        SendRequestError::Send(error) => {
            return DeliveryError::in_doubt(format!("the connection to {service} broke: {}", error.kind()));
        }
        SendRequestError::Response(_) => {
            return DeliveryError::in_doubt(format!("{service} answered something that is not HTTP"));
        }
        _ => return DeliveryError::in_doubt(format!("the request to {service} failed")),
    };

    DeliveryError::transient(why)
}

/// What went wrong between macaque and the proxy, or between the proxy and the service.
fn of_proxy(error: &SendRequestError, proxy: Option<Proxy>) -> Option<ProxyError> {
    match error {
        SendRequestError::Connect(ConnectError::Timeout) => proxy.map(|proxy| ProxyError::TimedOut { proxy }),
        SendRequestError::Connect(ConnectError::Io(error)) => error.get_ref()?.downcast_ref().cloned(),
        _ => None,
    }
}

/// What went wrong in a TLS handshake, without names.
fn tls_failure(error: &std::io::Error) -> Option<&'static str> {
    let inner = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    Some(match inner {
        rustls::Error::InvalidCertificate(_) => "its certificate is not trusted",
        _ => "the two sides do not agree",
    })
}
