//! Why a request got no answer: in words without awc's own text, which may name addresses.

use std::io;

use awc::error::{ConnectError, SendRequestError};

use crate::proxy::{BadProxy, Proxy, ProxyError};

/// The reason why a request got no answer.
#[derive(Debug, Clone)]
pub(crate) enum HttpFailure {
    /// awc takes the URL for none.
    BadUrl,
    /// A variable or key that should name the proxy does not.
    BadProxy(BadProxy),
    /// The token cannot be sent in a header.
    BadToken,
    /// The configured header of this name cannot be sent.
    BadHeader(String),
    /// The URL needs TLS, which was not set up.
    NoTls,
    /// The proxy leads nowhere.
    Proxy(Box<ProxyError>),
    /// The connection was not made in time.
    ConnectTimedOut,
    /// The host name cannot be resolved.
    UnknownHost,
    /// The certificate of the server is not trusted.
    Untrusted,
    /// The TLS handshake failed for another reason.
    Handshake,
    /// The connection was not made.
    Connect(Option<io::ErrorKind>),
    /// The head of the answer did not come in time.
    TimedOut,
    /// The server closed the connection.
    Closed,
    /// The connection broke.
    Broke(io::ErrorKind),
    /// The answer is not HTTP.
    NotHttp,
    /// The request failed for a reason that awc does not tell.
    Other,
}

/// How far a request came that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FailureStage {
    /// The request cannot be sent as it is configured.
    Configuration,
    /// The request was not sent, for there was no connection.
    Connection,
    /// The request was sent, if maybe not all of it.
    Sent,
}

impl HttpFailure {
    /// Reads an error of awc; `proxy` led to the server.
    pub(super) fn of(error: &SendRequestError, proxy: Option<Proxy>) -> Self {
        match error {
            SendRequestError::Url(_) => Self::BadUrl,
            SendRequestError::Connect(error) => Self::of_connection(error, proxy),
            SendRequestError::Send(error) => Self::Broke(error.kind()),
            SendRequestError::Response(_) => Self::NotHttp,
            _ => Self::Other,
        }
    }

    fn of_connection(error: &ConnectError, proxy: Option<Proxy>) -> Self {
        match error {
            ConnectError::SslIsNotSupported => Self::NoTls,
            ConnectError::Timeout => match proxy {
                Some(proxy) => Self::Proxy(Box::new(ProxyError::TimedOut { proxy })),
                None => Self::ConnectTimedOut,
            },
            ConnectError::Resolver(_) | ConnectError::NoRecords => Self::UnknownHost,
            ConnectError::Io(error) => Self::of_io(error),
            // awc says so of a connection that was open.
            ConnectError::Disconnected => Self::Closed,
            _ => Self::Connect(None),
        }
    }

    fn of_io(error: &io::Error) -> Self {
        let inner = error.get_ref();
        if let Some(error) = inner.and_then(|inner| inner.downcast_ref::<ProxyError>()) {
            return Self::Proxy(Box::new(error.clone()));
        }
        match inner.and_then(|inner| inner.downcast_ref()) {
            Some(rustls::Error::InvalidCertificate(_)) => Self::Untrusted,
            Some(_) => Self::Handshake,
            None => Self::Connect(Some(error.kind())),
        }
    }

    /// How far the request came.
    pub(crate) fn stage(&self) -> FailureStage {
        match self {
            Self::BadUrl | Self::BadProxy(_) | Self::BadToken | Self::BadHeader(_) | Self::NoTls => {
                FailureStage::Configuration
            }
            Self::Proxy(_)
            | Self::ConnectTimedOut
            | Self::UnknownHost
            | Self::Untrusted
            | Self::Handshake
            | Self::Connect(_) => FailureStage::Connection,
            Self::TimedOut | Self::Closed | Self::Broke(_) | Self::NotHttp | Self::Other => {
                FailureStage::Sent
            }
        }
    }

    /// The failure in words, which call the server `server`.
    pub(crate) fn words(&self, server: &str) -> String {
        match self {
            Self::BadUrl => format!("the URL of {server} cannot be used"),
            Self::BadProxy(bad) => format!("{server} cannot be reached: {bad}"),
            Self::BadToken => {
                format!("the token for {server} holds a line break or another invalid character")
            }
            Self::BadHeader(name) => format!("the header {name:?} for {server} cannot be sent"),
            Self::NoTls => format!("{server} needs TLS, which was not set up"),
            Self::Proxy(error) => format!("{server} cannot be reached: {error}"),
            Self::ConnectTimedOut => format!("connecting to {server} timed out"),
            Self::UnknownHost => format!("the host name of {server} cannot be resolved"),
            Self::Untrusted => {
                format!("the TLS handshake with {server} failed: its certificate is not trusted")
            }
            Self::Handshake => format!("the TLS handshake with {server} failed: the two sides do not agree"),
            Self::Connect(Some(kind)) => format!("connecting to {server} failed: {kind}"),
            Self::Connect(None) => format!("connecting to {server} failed"),
            Self::TimedOut => format!("{server} did not answer in time"),
            Self::Closed => format!("{server} closed the connection without an answer"),
            Self::Broke(kind) => format!("the connection to {server} broke: {kind}"),
            Self::NotHttp => format!("{server} answered something that is not HTTP"),
            Self::Other => format!("the request to {server} failed"),
        }
    }
}
