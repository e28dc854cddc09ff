//! Why no answer came from the API server, in words for people: what is wrong, and what to do about it.
//! The libraries' own words are kept for what has no better ones, without their links to manuals.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use rustls::{AlertDescription, CertificateError, InvalidMessage};

use super::own_certificate::is_of_authority;
use crate::proxy::ProxyError;
use crate::text;

/// The longest text of a library that is shown.
const MAX_OTHER_CHARS: usize = 300;

/// What became of a request instead of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnectionFault {
    /// The proxy on the way to the server does not lead there, for this reason.
    Proxy(String),
    /// Nothing listens there.
    Refused,
    /// The name of the server has no address.
    NameUnknown,
    /// There is no route to the server.
    NoRoute(String),
    /// No connection was made in time.
    TimedOut,
    /// No answer came within this time.
    NoAnswer(Duration),
    /// The connection was closed without an answer.
    Closed,
    /// The answer ended too early.
    BrokenOff,
    /// Nobody who is trusted has signed the server's certificate.
    UnknownIssuer,
    /// The server's certificate is no longer valid.
    Expired,
    /// The server's certificate is not valid yet.
    NotYetValid,
    /// The server's certificate is valid for these names, and not for the one that it is reached by.
    WrongName(Vec<String>),
    /// The server's certificate is one of an authority, and not among those that are trusted.
    AuthorityCertificate,
    /// The server's certificate cannot be used for another reason.
    BadCertificate(String),
    /// The server rejects the client certificate.
    ClientCertificate,
    /// The server and this client have no version or cipher of TLS in common.
    NoCommonTls,
    /// The server does not speak TLS.
    NoTls,
    /// The server speaks TLS, and was spoken to without.
    NeedsTls,
    /// The server does not speak HTTP.
    NoHttp,
    /// Anything else, in a library's words.
    Other(String),
}

impl ConnectionFault {
    /// Finds the cause in a chain of errors. Its innermost layers know most, and its outer ones only repeat
    /// `ServiceError`.
    pub(in crate::k8s) fn of(error: &(dyn Error + 'static)) -> Self {
        let mut chain = vec![error];
        let mut innermost = error;
        // An io::Error hides the error that it wraps behind its own source.
        while let Some(source) = wrapped(innermost).or_else(|| innermost.source()) {
            chain.push(source);
            innermost = source;
        }

        let known = chain.iter().rev().find_map(|error| Self::of_layer(*error));
        known.unwrap_or_else(|| Self::Other(words(innermost)))
    }

    /// Finds the cause why the body of an answer cannot be read.
    pub(in crate::k8s) fn in_body(error: &(dyn Error + 'static)) -> Self {
        match Self::of(error) {
            Self::Closed => Self::BrokenOff,
            Self::Other(words) => Self::Other(format!("the answer broke off: {words}")),
            fault => fault,
        }
    }

    fn of_layer(error: &(dyn Error + 'static)) -> Option<Self> {
        if let Some(error) = error.downcast_ref::<ProxyError>() {
            return Some(Self::Proxy(error.to_string()));
        }
        if let Some(error) = error.downcast_ref::<rustls::Error>() {
            return Some(Self::of_tls(error));
        }
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return Self::of_io(error);
        }
        if let Some(error) = error.downcast_ref::<hyper::Error>() {
            return Self::of_http(error);
        }
        // hyper has no public type for this one.
        (error.to_string() == "dns error").then_some(Self::NameUnknown)
    }

    fn of_tls(error: &rustls::Error) -> Self {
        match error {
            rustls::Error::InvalidCertificate(error) => Self::of_certificate(error),
            rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => Self::NoTls,
            rustls::Error::AlertReceived(
                AlertDescription::BadCertificate
                | AlertDescription::UnsupportedCertificate
                | AlertDescription::CertificateRevoked
                | AlertDescription::CertificateExpired
                | AlertDescription::CertificateUnknown
                | AlertDescription::UnknownCA
                | AlertDescription::CertificateRequired
                | AlertDescription::AccessDenied,
            ) => Self::ClientCertificate,
            rustls::Error::AlertReceived(
                AlertDescription::HandshakeFailure
                | AlertDescription::ProtocolVersion
                | AlertDescription::InsufficientSecurity,
            )
            | rustls::Error::PeerIncompatible(_) => Self::NoCommonTls,
            error => Self::Other(words(error)),
        }
    }

    fn of_certificate(error: &CertificateError) -> Self {
        match error {
            CertificateError::UnknownIssuer | CertificateError::BadSignature => Self::UnknownIssuer,
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Self::NotYetValid,
            CertificateError::NotValidForName => Self::WrongName(Vec::new()),
            CertificateError::NotValidForNameContext { presented, .. } => Self::WrongName(presented.clone()),
            error if is_of_authority(error) => Self::AuthorityCertificate,
            CertificateError::Other(error) => Self::BadCertificate(words(&error.0)),
            error => Self::BadCertificate(words(error)),
        }
    }

    fn of_io(error: &io::Error) -> Option<Self> {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Some(Self::Refused),
            io::ErrorKind::TimedOut => Some(Self::TimedOut),
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof => Some(Self::Closed),
            io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
                Some(Self::NoRoute(words(error)))
            }
            _ => None,
        }
    }

    fn of_http(error: &hyper::Error) -> Option<Self> {
        if error.is_parse() {
            Some(Self::NoHttp)
        } else if error.is_incomplete_message() {
            Some(Self::Closed)
        } else {
            None
        }
    }

    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Proxy(_) => {
                "check the proxy; if the server is reached without one, remove proxy-url, or list the server in NO_PROXY"
            }
            Self::Refused => "check that the API server runs at that address",
            Self::NameUnknown => "check the name, and this machine's DNS",
            Self::NoRoute(_) | Self::TimedOut => {
                "check that this machine can reach that address (VPN, firewall, proxy)"
            }
            Self::NoAnswer(_) | Self::Closed | Self::BrokenOff => {
                "check that the API server is well, and every proxy before it"
            }
            Self::UnknownIssuer => {
                "give the kubeconfig's cluster the CA that signed it (certificate-authority-data)"
            }
            Self::Expired => "renew the server's certificate, or set this machine's clock",
            Self::NotYetValid => "set this machine's clock",
            Self::WrongName(_) => {
                "use one of the certificate's names in the kubeconfig's server, or set tls-server-name to one"
            }
            Self::AuthorityCertificate => {
                "add it to the cluster's certificate-authority-data, or give the server one that is no authority's"
            }
            Self::BadCertificate(_) => "give the server a certificate that is valid for a TLS server",
            Self::ClientCertificate => "renew the client certificate of the kubeconfig's user, or add one",
            Self::NoCommonTls => "check that it is an API server that allows TLS 1.2 or 1.3",
            Self::NoTls => {
                "check the port, or use http:// in the kubeconfig's server if TLS is not meant to be used"
            }
            Self::NeedsTls | Self::NoHttp => "use https:// in the kubeconfig's server, or check the port",
            Self::Other(_) => "check that it is the address of a Kubernetes API server",
        }
    }
}

/// Displays what is wrong, without the remedy.
impl fmt::Display for ConnectionFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Refused => "connection refused",
            Self::NameUnknown => "its name has no address (DNS)",
            Self::Proxy(words) | Self::NoRoute(words) | Self::Other(words) => words,
            Self::TimedOut => "timed out",
            Self::NoAnswer(limit) => return write!(f, "no answer within {} s", limit.as_secs()),
            Self::Closed => "it closed the connection",
            Self::BrokenOff => "the answer broke off",
            Self::UnknownIssuer => "its certificate was signed by an authority that is not trusted",
            Self::Expired => "its certificate has expired",
            Self::NotYetValid => "its certificate is not valid yet",
            Self::WrongName(names) if names.is_empty() => "its certificate is for another name",
            Self::WrongName(names) => {
                let names: Vec<_> = names.iter().map(|name| bare(name)).collect();
                let names = text::clean(&names.join(", "), MAX_OTHER_CHARS);
                return write!(f, "its certificate is for other names: {names}");
            }
            Self::AuthorityCertificate => "its certificate is one of an authority (CA:TRUE)",
            Self::BadCertificate(words) => return write!(f, "its certificate cannot be used: {words}"),
            Self::ClientCertificate => "it rejects the client certificate, or demands one",
            Self::NoCommonTls => "it has no version or cipher of TLS in common with macaque",
            Self::NoTls => "it does not speak TLS, and its address begins with https://",
            Self::NeedsTls => "it speaks TLS, and its address does not begin with https://",
            Self::NoHttp => "it does not speak HTTP",
        };
        f.write_str(text)
    }
}

/// A name of a certificate, which rustls writes as `DnsName("NAME")` or `IpAddress(ADDRESS)`.
fn bare(name: &str) -> &str {
    let inner = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    inner.unwrap_or(name).trim_matches('"')
}

/// The error within an `io::Error`.
fn wrapped<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    let error: &io::Error = error.downcast_ref()?;
    error.get_ref().map(|inner| inner as &(dyn Error + 'static))
}

/// The words of a library in one line, without the link that may end them.
fn words(error: &dyn fmt::Display) -> String {
    let words = error.to_string();
    let end = words.find("https://").or_else(|| words.find("http://"));
    let words = &words[..end.unwrap_or(words.len())];
    text::clean(words.trim_end_matches([' ', ':', ';', ',', '(']), MAX_OTHER_CHARS)
}

#[cfg(test)]
mod tests;
