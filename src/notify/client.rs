//! The client of the chat services: sends a request, reads the answer within a deadline, and describes every failure without
//! revealing secrets.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

use super::channel::Channel;
use super::delivery::{DeliveryError, ServiceAnswer};
use super::service::ServiceRequest;
use super::url::destination;
use crate::http_client::{
    AnswerLimits, BodyEnd, FailureStage, HttpClient, HttpFailure, HttpRequest, TlsRoots, TlsSetupError,
    check_proxy, tls,
};
use crate::platform::Platform;
use crate::proxy::{BadProxy, ProxyPolicy};

/// How long a service may take for its whole answer.
const DEADLINE: Duration = Duration::from_secs(10);
/// How many bytes of an answer are read: error texts are shorter, and Slack's `ok` comes first.
const BODY_LIMIT: usize = 16 * 1024;

/// The client of the chat services, bound to the Arbiter that uses it.
#[derive(Clone)]
pub struct NotifyClient {
    http: HttpClient,
    platform: Platform,
    deadline: Duration,
}

/// The reason why the client could not be created.
#[derive(Debug, thiserror::Error)]
pub enum NotifyClientError {
    /// The system has no usable CA certificates.
    #[error(
        "no CA certificates to check the chat services by: install the ca-certificates package, or name a PEM \
         file in SSL_CERT_FILE ({0})"
    )]
    Certificates(rustls::Error),
    /// A variable that should name the proxy does not.
    #[error("{0}")]
    Proxy(BadProxy),
    /// TLS could not be set up, which is a defect of the build.
    #[error("{0}")]
    Tls(String),
}

impl NotifyClient {
    /// Creates a client for `channels`, which goes through `proxies`. Call this on the Arbiter that will use the
    /// client. CA certificates are loaded only if one of the channels needs TLS.
    ///
    /// # Errors
    /// A proxy or the CA certificates cannot be used.
    pub fn new(
        channels: &[Channel],
        proxies: &ProxyPolicy,
        platform: &Platform,
    ) -> Result<Self, NotifyClientError> {
        for channel in channels {
            if let Channel::Service(channel) = channel
                && let Ok(uri) = destination(channel.service.url())
            {
                check_proxy(proxies, &uri).map_err(NotifyClientError::Proxy)?;
            }
        }

        let needs_tls = channels.iter().any(Channel::needs_tls);
        let tls = needs_tls.then(|| tls(TlsRoots::System)).transpose();
        let tls = tls.map_err(|error| match error {
            TlsSetupError::NoSystemRoots(why) => NotifyClientError::Certificates(why),
            other => NotifyClientError::Tls(other.to_string()),
        })?;
        Ok(Self {
            http: HttpClient::new(tls, proxies, platform),
            platform: platform.clone(),
            deadline: DEADLINE,
        })
    }

    /// The time of the client's clock.
    pub(super) fn now(&self) -> Timestamp {
        self.platform.now()
    }

    /// How long one request and its answer may take.
    pub fn deadline(&self) -> Duration {
        self.deadline
    }

    /// Sets another deadline for a request and its answer.
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// Sends `chat`, and reads the answer within the limits of size and time.
    pub(super) async fn send(
        &self,
        service: &str,
        chat: &ServiceRequest<'_>,
    ) -> Result<ServiceAnswer, DeliveryError> {
        let url = destination(&chat.url).map_err(|mistake| {
            DeliveryError::permanent(format!("the URL of {service} cannot be used: it {mistake}"))
        })?;

        let request = HttpRequest {
            url,
            method: chat.method.clone(),
            body: Some((chat.content_type.clone(), chat.body.clone())),
            bearer: chat.bearer,
            headers: &chat.headers,
        };
        let limits = AnswerLimits {
            deadline: self.platform.monotonic() + self.deadline,
            bytes: BODY_LIMIT,
        };
        let answer = self.http.send(request, limits).await;
        let answer = answer.map_err(|failure| delivery_error(service, &failure))?;

        Ok(ServiceAnswer {
            status: answer.status,
            retry_after: answer.retry_after,
            body: String::from_utf8_lossy(&answer.body).into_owned(),
            whole: answer.end == BodyEnd::Whole,
        })
    }
}

impl fmt::Debug for NotifyClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NotifyClient")
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

/// What a failure means for the message that was to be delivered.
fn delivery_error(service: &str, failure: &HttpFailure) -> DeliveryError {
    let why = failure.words(service);
    match failure.stage() {
        FailureStage::Configuration => DeliveryError::permanent(why),
        FailureStage::Connection => DeliveryError::transient(why),
        FailureStage::Sent => DeliveryError::in_doubt(why),
    }
}
