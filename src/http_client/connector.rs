//! The connections of awc to servers: through a proxy where there is one, which awc knows nothing of.

use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use actix_rt::net::{ActixStream, Ready, TcpStream};
use actix_service::Service;
use actix_tls::connect::{ConnectError, ConnectInfo, Connection, ConnectorService};
use awc::http::Uri;
use futures_util::future::LocalBoxFuture;
use hyper_rustls::MaybeHttpsStream;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};

use crate::proxy::{BadProxy, ProxiedStream, Proxy, ProxyConnector, ProxyError, ProxyPolicy};

/// Connects awc to a server.
#[derive(Clone)]
pub(super) struct ServiceConnector {
    direct: ConnectorService,
    proxied: ProxyConnector,
    policy: ProxyPolicy,
    hung_up: Arc<AtomicBool>,
}

/// A connection to a server, as awc takes it.
#[derive(Debug)]
pub(super) struct ServiceStream {
    stream: TokioIo<ProxiedStream>,
    hung_up: Arc<AtomicBool>,
}

impl ServiceConnector {
    /// Creates a connector; `tls` is how servers and proxies over TLS are spoken to. `hung_up` is set once the other side
    /// has closed a connection and everything that it sent was read.
    pub(super) fn new(policy: ProxyPolicy, tls: Option<Arc<ClientConfig>>, hung_up: Arc<AtomicBool>) -> Self {
        Self {
            direct: ConnectorService::default(),
            proxied: ProxyConnector::new(tls),
            policy,
            hung_up,
        }
    }
}

/// The proxy that leads to `service`. None leads to one without TLS.
pub(super) fn proxy_for(policy: &ProxyPolicy, service: &Uri) -> Result<Option<Proxy>, BadProxy> {
    match server(service) {
        Some(server) => policy.proxy_for(&server),
        None => Ok(None),
    }
}

/// The address of a service with TLS, as the proxies take it: awc has a version of its own of this type.
fn server(service: &Uri) -> Option<http::Uri> {
    let is_tls = service.scheme_str() == Some("https");
    is_tls.then(|| service.to_string().parse().ok()).flatten()
}

impl Service<ConnectInfo<Uri>> for ServiceConnector {
    type Response = Connection<Uri, ServiceStream>;
    type Error = ConnectError;
    type Future = LocalBoxFuture<'static, Result<Self::Response, Self::Error>>;

    actix_service::always_ready!();

    fn call(&self, target: ConnectInfo<Uri>) -> Self::Future {
        let service = target.request().clone();
        let proxy = proxy_for(&self.policy, &service);
        let direct = self.direct.clone();
        let proxied = self.proxied.clone();
        let hung_up = Arc::clone(&self.hung_up);

        Box::pin(async move {
            let failed = |error| ConnectError::Io(io::Error::other(error));
            let proxy = proxy.map_err(|bad| failed(ProxyError::Bad(bad)))?;
            let stream = match (proxy, server(&service)) {
                (Some(proxy), Some(server)) => {
                    proxied.connect_through(proxy, server).await.map_err(failed)?
                }
                _ => {
                    let (stream, _) = direct.call(target).await?.into_parts();
                    MaybeHttpsStream::Http(TokioIo::new(stream))
                }
            };
            let stream = TokioIo::new(stream);
            Ok(Connection::new(service, ServiceStream { stream, hung_up }))
        })
    }
}

impl ServiceStream {
    /// The TCP connection below everything.
    fn tcp(&self) -> &TcpStream {
        match self.stream.inner() {
            MaybeHttpsStream::Http(tcp) => tcp.inner(),
            MaybeHttpsStream::Https(tls) => tls.inner().get_ref().0.inner().inner(),
        }
    }
}

impl ActixStream for ServiceStream {
    fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        pin!(self.tcp().ready(Interest::READABLE)).poll(cx)
    }

    fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        pin!(self.tcp().ready(Interest::WRITABLE)).poll(cx)
    }
}

impl AsyncRead for ServiceStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = ready!(Pin::new(&mut self.stream).poll_read(cx, buffer));
        if buffer.filled().len() == before && buffer.remaining() > 0 {
            self.hung_up.store(true, Ordering::Relaxed);
        }
        Poll::Ready(read)
    }
}

impl AsyncWrite for ServiceStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
