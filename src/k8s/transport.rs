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
use kube::config::Kubeconfig;
use kube::{Client, Config};
use tower::{ServiceBuilder, ServiceExt as _, service_fn};

use super::tls;
use crate::proxy::{BadProxy, BoxError, Proxy, ProxyConnector, ProxyEnvironment, ProxyError, ProxyPolicy};

/// The proxy of a cluster whose kubeconfig names none. It keeps kube from taking one from the environment by rules of
/// its own, and never leaves this file.
const NO_PROXY_URL: &str = "http://none.invalid/";

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

/// Keeps kube from adding a proxy of the environment to the clusters of `file`: [`client`] does.
pub(super) fn without_inferred_proxy(file: &mut Kubeconfig) {
    let clusters = file.clusters.iter_mut();
    for cluster in clusters.filter_map(|named| named.cluster.as_mut()) {
        let own = cluster.proxy_url.take().filter(|url| !url.is_empty());
        cluster.proxy_url = Some(own.unwrap_or_else(|| NO_PROXY_URL.to_owned()));
    }
}

/// Builds the client of `config`, with its timeouts, headers and credentials.
pub(super) fn client(mut config: Config) -> Result<Client, TransportError> {
    forget_no_proxy_url(&mut config);
    let proxy = proxy_for(&config)?;
    let connector = connector(&config, proxy)?;
    let client: legacy::Client<_, Body> = legacy::Builder::new(TokioExecutor::new()).build(connector);

    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .option_layer(config.auth_layer()?)
        .layer(config.extra_headers_layer()?)
        .map_err(BoxError::from)
        .service(client);

    Ok(ClientBuilder::new(service, config.default_namespace).build())
}

/// Removes what [`without_inferred_proxy`] added.
fn forget_no_proxy_url(config: &mut Config) {
    if config.proxy_url.as_ref().is_some_and(|url| *url == NO_PROXY_URL) {
        config.proxy_url = None;
    }

    let exec = config.auth_info.exec.as_mut();
    if let Some(cluster) = exec.and_then(|exec| exec.cluster.as_mut())
        && cluster.proxy_url.as_deref() == Some(NO_PROXY_URL)
    {
        cluster.proxy_url = None;
    }
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

    /// The `proxy-url` of a kubeconfig's cluster after kube has read it, where the file says `own`.
    async fn read(own: Option<&str>) -> Option<String> {
        let own = own.map(|url| format!("proxy-url: {url:?}")).unwrap_or_default();
        let text = format!(
            "{{clusters: [{{name: c, cluster: {{server: 'https://api', {own}}}}}], \
             contexts: [{{name: c, context: {{cluster: c, user: u}}}}], current-context: c, \
             users: [{{name: u, user: {{exec: {{command: x, provideClusterInfo: true}}}}}}]}}"
        );
        let mut file = Kubeconfig::from_yaml(&text).unwrap();
        without_inferred_proxy(&mut file);
        let mut config = Config::from_custom_kubeconfig(file, &Default::default())
            .await
            .unwrap();

        forget_no_proxy_url(&mut config);
        let for_plugin = config.auth_info.exec.unwrap().cluster.unwrap().proxy_url;
        assert_eq!(for_plugin.is_some(), config.proxy_url.is_some());
        config.proxy_url.map(|url| url.to_string())
    }

    #[tokio::test]
    async fn kube_hands_out_the_proxy_of_the_kubeconfig_and_no_other() {
        assert_eq!(read(None).await, None);
        assert_eq!(read(Some("")).await, None);
        let own = "socks5://proxy:1080/".to_owned();
        assert_eq!(read(Some("socks5://proxy:1080")).await, Some(own));
    }
}
