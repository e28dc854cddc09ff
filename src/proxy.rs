//! Proxies: which one leads to a server, by kubectl's rules, and the connection through it.
//!
//! A pure part decides ([`ProxyPolicy::proxy_for`]), and a connector (`ProxyConnector`) carries it out. The API
//! client and the chat services share both.

mod environment;
mod tunnel;

use std::fmt;

use http::Uri;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};

pub use environment::ProxyEnvironment;
pub(crate) use tunnel::{BoxError, ProxiedStream, ProxyConnector, ProxyError};

/// What is right where the URL of a proxy is wrong.
pub(crate) const PROXY_URL: &str = "use http://HOST:PORT, https://HOST:PORT or socks5://HOST:PORT, with \
                                    USER:PASSWORD@ before HOST if it needs them";

/// The choice of the proxy that leads to a server.
#[derive(Debug, Clone, Default)]
pub enum ProxyPolicy {
    /// No proxy.
    #[default]
    Direct,
    /// One proxy for every server.
    Fixed(Proxy),
    /// The proxy that the environment names for a server, if it names one.
    Environment(ProxyEnvironment),
}

impl ProxyPolicy {
    /// The proxy that leads to `server`; `None` is a direct connection.
    ///
    /// # Errors
    /// The variable that names the proxy holds no URL of a proxy.
    pub fn proxy_for(&self, server: &Uri) -> Result<Option<Proxy>, BadProxy> {
        match self {
            Self::Direct => Ok(None),
            Self::Fixed(proxy) => Ok(Some(proxy.clone())),
            Self::Environment(environment) => environment.proxy_for(server),
        }
    }
}

/// A proxy, and what named it. Neither `Display` nor `Debug` shows its credentials.
#[derive(Clone)]
pub struct Proxy {
    kind: ProxyKind,
    /// The address, as a URL that a plain connector understands: `http` or `https`, with a port.
    address: Uri,
    /// The credentials, as the library read them.
    intercept: Intercept,
    named_by: &'static str,
}

/// How a proxy is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ProxyKind {
    /// The method CONNECT of HTTP.
    Http,
    /// The method CONNECT of HTTP, over TLS.
    Https,
    /// SOCKS 5; the proxy resolves names, with `socks5` as with `socks5h`.
    Socks5,
}

/// The reason why a text is not the URL of a proxy. Never quotes the text, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProxyFault {
    /// The text is not a URL with a host.
    #[error("is not the URL of a proxy")]
    NotAUrl,
    /// The scheme is of another protocol.
    #[error("has the scheme {0:?}, which no proxy has")]
    Scheme(String),
}

/// A variable or key that should name a proxy and does not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{named_by} {fault}: {PROXY_URL}")]
pub struct BadProxy {
    named_by: &'static str,
    fault: ProxyFault,
}

impl Proxy {
    /// Reads the URL of a proxy; without a scheme it is taken for `http`. `named_by` is the variable or key that holds
    /// the URL.
    ///
    /// # Errors
    /// The text is not the URL of a proxy.
    pub fn parse(text: &str, named_by: &'static str) -> Result<Self, BadProxy> {
        let bad = |fault| BadProxy { named_by, fault };
        let text = text.trim();
        let scheme = text.split_once("://").map_or("http", |(scheme, _)| scheme);
        let kind = match scheme.to_ascii_lowercase().as_str() {
            "http" => ProxyKind::Http,
            "https" => ProxyKind::Https,
            "socks5" | "socks5h" => ProxyKind::Socks5,
            _ if is_scheme(scheme) => return Err(bad(ProxyFault::Scheme(scheme.to_owned()))),
            _ => return Err(bad(ProxyFault::NotAUrl)),
        };

        // The library ends the credentials at the first @, and reads a proxy only together with a server.
        let text = match text.rsplit_once('@') {
            Some((credentials, host)) => format!("{}@{host}", credentials.replace('@', "%40")),
            None => text.to_owned(),
        };
        let server = Uri::from_static("https://server");
        let intercept = Matcher::builder().all(text).build().intercept(&server);
        let intercept = intercept.ok_or_else(|| bad(ProxyFault::NotAUrl))?;
        let address = address(kind, intercept.uri()).ok_or_else(|| bad(ProxyFault::NotAUrl))?;

        Ok(Self {
            kind,
            address,
            intercept,
            named_by,
        })
    }

    /// Whether the connection to the proxy itself is TLS.
    pub(crate) fn needs_tls(&self) -> bool {
        self.kind == ProxyKind::Https
    }
}

impl BadProxy {
    /// The variable or key.
    pub(crate) fn named_by(&self) -> &'static str {
        self.named_by
    }

    /// What is wrong, without the variable or key.
    pub(crate) fn fault(&self) -> &ProxyFault {
        &self.fault
    }
}

/// The URL without credentials, and what named it: `http://proxy.example:3128 (HTTPS_PROXY)`.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.kind {
            ProxyKind::Http => "http",
            ProxyKind::Https => "https",
            ProxyKind::Socks5 => "socks5",
        };
        let authority = self
            .address
            .authority()
            .map_or("", |authority| authority.as_str());
        write!(f, "{scheme}://{authority} ({})", self.named_by)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({self})")
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

/// The address to connect to: the default ports are those of Go.
fn address(kind: ProxyKind, url: &Uri) -> Option<Uri> {
    let host = url.host().filter(|host| !host.is_empty())?;
    let (scheme, default) = match kind {
        ProxyKind::Http => ("http", 80),
        ProxyKind::Https => ("https", 443),
        ProxyKind::Socks5 => ("http", 1080),
    };
    let authority = url.authority()?.as_str();
    let port = match url.port_u16() {
        Some(port) => port,
        // A port that is no number.
        None if authority.len() > host.len() => return None,
        None => default,
    };

    format!("{scheme}://{host}:{port}/").parse().ok()
}

/// The host and the port of a server, which are what a proxy is asked for and `NO_PROXY` is matched against.
fn host_and_port(server: &Uri) -> Option<(&str, u16)> {
    let default = if server.scheme_str() == Some("http") {
        80
    } else {
        443
    };
    Some((server.host()?, server.port_u16().unwrap_or(default)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_shown_with_its_port_and_what_named_it_and_without_credentials() {
        let shown = [
            ("http://proxy:3128", "http://proxy:3128"),
            ("http://proxy", "http://proxy:80"),
            ("HTTP://proxy/", "http://proxy:80"),
            ("https://proxy", "https://proxy:443"),
            ("socks5://proxy", "socks5://proxy:1080"),
            ("socks5h://[fd00::1]:9", "socks5://[fd00::1]:9"),
            ("proxy:3128", "http://proxy:3128"),
            ("10.0.0.1", "http://10.0.0.1:80"),
            (" proxy ", "http://proxy:80"),
            ("http://user:secret@proxy:3128/path", "http://proxy:3128"),
            ("socks5://user:secret@proxy", "socks5://proxy:1080"),
            ("user:secret@proxy", "http://proxy:80"),
        ];
        for (text, url) in shown {
            let proxy = Proxy::parse(text, "HTTPS_PROXY").unwrap();
            assert_eq!(proxy.to_string(), format!("{url} (HTTPS_PROXY)"), "{text}");
            assert_eq!(format!("{proxy:?}"), format!("Proxy({url} (HTTPS_PROXY))"));
        }
    }

    #[test]
    fn the_credentials_of_a_proxy_are_decoded() {
        let basic = |text: &str| {
            let proxy = Proxy::parse(text, "HTTPS_PROXY").unwrap();
            let header = proxy.intercept.basic_auth().cloned();
            header.map(|header| header.to_str().unwrap().to_owned())
        };
        // user:p@ss:w, twice; and a user alone.
        let encoded = Some("Basic dXNlcjpwQHNzOnc=".to_owned());
        assert_eq!(basic("http://user:p%40ss%3Aw@proxy"), encoded);
        assert_eq!(basic("http://user:p@ss:w@proxy"), encoded);
        assert_eq!(basic("http://user@proxy"), Some("Basic dXNlcjo=".to_owned()));
        assert_eq!(basic("http://proxy"), None);

        let socks = Proxy::parse("socks5://user:p%40ss@proxy", "HTTPS_PROXY").unwrap();
        assert_eq!(socks.intercept.raw_auth(), Some(("user", "p@ss")));
    }

    #[test]
    fn what_is_no_proxy_is_refused_by_name_and_without_its_text() {
        let not_a_url = [
            "",
            "http://",
            "http://:3128",
            "http://user:secret@",
            "http://proxy:secret",
            "http://proxy:99999",
            "http://pro xy:80",
            "se cret://proxy",
            "://proxy",
        ];
        for text in not_a_url {
            let error = Proxy::parse(text, "HTTPS_PROXY").unwrap_err().to_string();
            let expected = format!("HTTPS_PROXY is not the URL of a proxy: {PROXY_URL}");
            assert_eq!(error, expected, "{text}");
        }

        for scheme in ["ftp", "socks4", "socks"] {
            let text = format!("{scheme}://user:secret@proxy:1");
            let error = Proxy::parse(&text, "https_proxy").unwrap_err().to_string();
            let expected = format!("https_proxy has the scheme {scheme:?}, which no proxy has: {PROXY_URL}");
            assert_eq!(error, expected);
        }
    }
}
