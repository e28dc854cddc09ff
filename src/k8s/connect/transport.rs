//! The connection to the API server: kube's client on a connector of our own, which goes through proxies by kubectl's
//! rules and presents every client certificate that kubectl presents.

use std::io;
use std::sync::Arc;

use http::Uri;
use hyper_rustls::{FixedServerNameResolver, HttpsConnectorBuilder};
use hyper_timeout::TimeoutConnector;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::Connect;
use hyper_util::rt::TokioExecutor;
use kube::client::{Body, ClientBuilder, ConfigExt as _, RustlsTlsError};
use kube::{Client, Config};
use tower::{ServiceBuilder, ServiceExt as _, service_fn};

use super::tls;
use crate::k8s::error::AccessFault;
use crate::proxy::{
    BadProxy, BoxError, PROXY_URL, Proxy, ProxyConnector, ProxyEnvironment, ProxyError, ProxyPolicy,
};

/// The reason why no client can be built.
#[derive(Debug)]
pub(super) enum TransportError {
    /// A variable of the environment names no proxy.
    Environment(BadProxy),
    /// The kubeconfig's `proxy-url` names no proxy.
    ProxyUrl(BadProxy),
    /// The rest of the configuration cannot be used.
    Config(kube::Error),
}

impl From<kube::Error> for TransportError {
    fn from(error: kube::Error) -> Self {
        Self::Config(error)
    }
}

impl From<BadProxy> for AccessFault {
    fn from(bad: BadProxy) -> Self {
        Self::new(format!("{} {}", bad.named_by(), bad.fault()), PROXY_URL)
    }
}

/// Builds the client of `config`, with its timeouts, headers and client certificate. Every other credential is a header
/// of the request.
pub(super) fn client(config: Config) -> Result<Client, TransportError> {
    let proxy = proxy_for(&config)?;
    let connector = connector(&config, proxy)?;
    let client: legacy::Client<_, Body> = legacy::Builder::new(TokioExecutor::new()).build(connector);

    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .layer(config.extra_headers_layer()?)
        .map_err(BoxError::from)
        .service(client);

    Ok(ClientBuilder::new(service, config.default_namespace).build())
}

/// The proxy to the API server: that of the kubeconfig, whatever the server; else that of the environment.
fn proxy_for(config: &Config) -> Result<Option<Proxy>, TransportError> {
    let policy = match &config.proxy_url {
        Some(url) => {
            let proxy = Proxy::parse(&url.to_string(), "proxy-url");
            ProxyPolicy::Fixed(proxy.map_err(TransportError::ProxyUrl)?)
        }
        None => ProxyPolicy::Environment(ProxyEnvironment::of_process()),
    };

    let proxy = policy.proxy_for(&config.cluster_url);
    proxy.map_err(TransportError::Environment)
}

/// Connects to the API server through `proxy`, then within TLS, all of it within the timeout.
fn connector(
    config: &Config,
    proxy: Option<Proxy>,
) -> Result<impl Connect + Clone + Send + Sync + 'static, kube::Error> {
    let proxy_tls = match &proxy {
        Some(proxy) if proxy.needs_tls() => Some(Arc::new(tls::to_proxy(config)?)),
        _ => None,
    };
    let tunnels = ProxyConnector::new(proxy_tls);
    let through = proxy.clone();
    let tcp = service_fn(move |server: Uri| {
        let tunnels = tunnels.clone();
        let proxy = through.clone();
        async move { tunnels.connect(proxy, server).await }
    });

    let mut https = HttpsConnectorBuilder::new()
        .with_tls_config(tls::to_server(config)?)
        .https_or_http();
    if let Some(name) = &config.tls_server_name {
        let name = name.clone().try_into().map_err(RustlsTlsError::InvalidServerName);
        let name = name.map_err(kube::Error::RustlsTls)?;
        https = https.with_server_name_resolver(FixedServerNameResolver::new(name));
    }

    let mut connector = TimeoutConnector::new(https.enable_http1().wrap_connector(tcp));
    connector.set_connect_timeout(config.connect_timeout);
    connector.set_read_timeout(config.read_timeout);
    connector.set_write_timeout(config.write_timeout);
    connector.set_reset_reader_on_write(config.reset_reader_on_write);
    Ok(connector.map_err(move |error| blame_slow_proxy(error, proxy.clone())))
}

/// Names the proxy in the error of a connection that took too long.
fn blame_slow_proxy(error: BoxError, proxy: Option<Proxy>) -> BoxError {
    let late = error.downcast_ref::<io::Error>();
    let is_late = late.is_some_and(|error| error.kind() == io::ErrorKind::TimedOut);
    match proxy {
        Some(proxy) if is_late => ProxyError::TimedOut { proxy }.into(),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_that_takes_too_long_is_blamed_on_the_proxy_if_there_is_one() {
        let proxy = Proxy::parse("http://user:secret@proxy:3128", "HTTPS_PROXY").unwrap();
        let blamed = |kind: io::ErrorKind, proxy: Option<&Proxy>| {
            let error = blame_slow_proxy(io::Error::from(kind).into(), proxy.cloned());
            error.downcast_ref().map(ProxyError::to_string)
        };

        let words = "the proxy http://proxy:3128 (HTTPS_PROXY) gave no connection in time";
        assert_eq!(
            blamed(io::ErrorKind::TimedOut, Some(&proxy)).as_deref(),
            Some(words)
        );
        assert_eq!(blamed(io::ErrorKind::TimedOut, None), None);
        assert_eq!(blamed(io::ErrorKind::ConnectionReset, Some(&proxy)), None);
    }
}
