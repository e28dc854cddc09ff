//! The connection to a server, through a proxy where there is one. The bytes of the server's own TLS pass the proxy as
//! they are.

use std::error::Error;
use std::future::ready;
use std::io;
use std::sync::Arc;

use http::Uri;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tower::{Service, ServiceExt, service_fn};

use super::{BadProxy, Proxy, ProxyKind, host_and_port};

/// An error of any kind.
pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// A connection to a server: TCP, which may run within TLS to a proxy.
pub(crate) type ProxiedStream = MaybeHttpsStream<TokioIo<TcpStream>>;

/// The library does not export the type of this error.
type TunnelError = <Tunnel<HttpConnector> as Service<Uri>>::Error;

/// Connects to servers, directly or through a proxy.
#[derive(Debug, Clone)]
pub(crate) struct ProxyConnector {
    tcp: HttpConnector,
    /// By what certificates a proxy over TLS is trusted.
    tls: Option<Arc<ClientConfig>>,
}

/// The reason why a proxy does not lead to a server. Names the proxy, but neither the server nor credentials.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum ProxyError {
    /// A variable or key names no proxy.
    #[error("{0}")]
    Bad(BadProxy),
    /// The proxy is not there.
    #[error("the proxy {proxy} cannot be reached: {why}")]
    Unreachable {
        /// The proxy.
        proxy: Proxy,
        /// What happened instead.
        why: String,
    },
    /// The proxy did not answer in time, or its connection to the server was not made in time.
    #[error("the proxy {proxy} gave no connection in time")]
    TimedOut {
        /// The proxy.
        proxy: Proxy,
    },
    /// The proxy refuses.
    #[error("the proxy {proxy} {why}")]
    Refused {
        /// The proxy.
        proxy: Proxy,
        /// The proxy's words, as far as the library passes them on.
        why: String,
    },
}

impl ProxyConnector {
    /// Creates a connector; `tls` is how proxies over TLS are spoken to.
    pub(crate) fn new(tls: Option<Arc<ClientConfig>>) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        Self { tcp, tls }
    }

    /// Connects to `server`: through `proxy`, or directly.
    pub(crate) async fn connect(&self, proxy: Option<Proxy>, server: Uri) -> Result<ProxiedStream, BoxError> {
        let Some(proxy) = proxy else {
            let stream = self.tcp.clone().oneshot(server).await?;
            return Ok(MaybeHttpsStream::Http(stream));
        };

        Ok(self.connect_through(proxy, server).await?)
    }

    /// Connects to `server` through `proxy`.
    pub(crate) async fn connect_through(
        &self,
        proxy: Proxy,
        server: Uri,
    ) -> Result<ProxiedStream, ProxyError> {
        let stream = match self.reach(&proxy).await {
            Ok(stream) => stream,
            Err(error) => {
                let why = cause(&*error);
                return Err(ProxyError::Unreachable { proxy, why });
            }
        };

        match handshake(&proxy, stream, server).await {
            Ok(stream) => Ok(stream),
            Err(why) => Err(ProxyError::Refused { proxy, why }),
        }
    }

    /// Connects to the proxy itself.
    async fn reach(&self, proxy: &Proxy) -> Result<ProxiedStream, BoxError> {
        let address = proxy.address.clone();
        match &self.tls {
            Some(tls) if proxy.needs_tls() => {
                let mut https = HttpsConnector::from((self.tcp.clone(), Arc::clone(tls)));
                https.enforce_https();
                https.oneshot(address).await
            }
            _ if proxy.needs_tls() => Err("TLS was not set up".into()),
            _ => Ok(MaybeHttpsStream::Http(self.tcp.clone().oneshot(address).await?)),
        }
    }
}

/// Asks the proxy at the other end of `stream` for a connection to `server`; the error says what it does instead.
async fn handshake(proxy: &Proxy, stream: ProxiedStream, server: Uri) -> Result<ProxiedStream, String> {
    // Without a port, the library takes any server for one of TLS.
    let server = with_port(&server).ok_or("was asked for a server without a host")?;
    let mut stream = Some(stream);
    let connected = service_fn(move |_: Uri| {
        let stream = stream.take();
        ready(stream.ok_or_else(|| io::Error::from(io::ErrorKind::NotConnected)))
    });
    let address = proxy.address.clone();

    if proxy.kind == ProxyKind::Socks5 {
        let socks = SocksV5::new(address, connected);
        let socks = match proxy.intercept.raw_auth() {
            Some((user, password)) => socks.with_auth(user.to_owned(), password.to_owned()),
            None => socks,
        };
        let connection = socks.oneshot(server).await;
        return connection.map_err(|error| format!("does not connect to the server: {error}"));
    }

    let credentials = proxy.intercept.basic_auth();
    let tunnel = Tunnel::new(address, connected);
    let tunnel = match credentials {
        Some(header) => tunnel.with_auth(header.clone()),
        None => tunnel,
    };
    let connection = tunnel.oneshot(server).await;
    connection.map_err(|error| refusal(&error, credentials.is_some()))
}

/// What a proxy does instead of opening a tunnel.
fn refusal(error: &TunnelError, has_credentials: bool) -> String {
    match error {
        TunnelError::ProxyAuthRequired if has_credentials => {
            "does not accept the user and the password in its URL (407)".to_owned()
        }
        TunnelError::ProxyAuthRequired => {
            "asks for a user and a password (407): write USER:PASSWORD@ before the host in its URL".to_owned()
        }
        TunnelError::TunnelUnsuccessful => {
            "does not connect to the server: its answer to CONNECT is not 200".to_owned()
        }
        error => format!("does not connect to the server: {}", cause(error)),
    }
}

fn with_port(server: &Uri) -> Option<Uri> {
    let (host, port) = host_and_port(server)?;
    let scheme = server.scheme_str()?;
    format!("{scheme}://{host}:{port}/").parse().ok()
}

/// The innermost cause of an error, in words that stand alone.
fn cause(error: &(dyn Error + 'static)) -> String {
    let mut innermost = error;
    loop {
        let io = innermost.downcast_ref::<io::Error>();
        if io.is_some_and(|error| error.kind() == io::ErrorKind::UnexpectedEof) {
            return "it closed the connection".to_owned();
        }
        // An I/O error passes over the error that it wraps.
        let wrapped = io
            .and_then(io::Error::get_ref)
            .map(|error| error as &(dyn Error + 'static));
        match wrapped.or_else(|| innermost.source()) {
            Some(inner) => innermost = inner,
            None => break,
        }
    }

    match innermost.downcast_ref() {
        Some(rustls::Error::InvalidCertificate(_)) => "its certificate is not trusted".to_owned(),
        Some(_) => "it does not speak TLS as macaque does".to_owned(),
        None => innermost.to_string(),
    }
}
