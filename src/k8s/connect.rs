//! Finds the API server: by the kubeconfig that was named, else by the pod's service account, else by kubectl's own
//! kubeconfig.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::header::USER_AGENT;
use http::{HeaderValue, Uri};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use secrecy::ExposeSecret;

use super::transport::TransportError;
use super::{ApiError, Cluster, credentials, transport};
use crate::platform::Platform;

/// How long connecting may take: long enough for a distant API server, short enough to report a dead one within a
/// round.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How to reach the cluster, and with which credentials.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClusterAccess {
    /// The kubeconfig file that was named, if one was.
    pub kubeconfig: Option<PathBuf>,
    /// The context to use instead of the file's current one.
    pub context: Option<String>,
    /// How long to wait for an answer.
    pub deadlines: RequestDeadlines,
}

/// How long to wait for an answer, head and body together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestDeadlines {
    /// The deadline of reads and of the journal's writes.
    pub read: Duration,
    /// The deadline of disruptions. Longer than the 34 s after which the API server itself gives up
    /// (`requestTimeoutUpperBound` in `apiserver/pkg/endpoints/handlers/rest.go`), so that its answer always arrives
    /// first.
    pub disrupt: Duration,
}

impl Default for RequestDeadlines {
    fn default() -> Self {
        Self {
            read: Duration::from_secs(30),
            disrupt: Duration::from_secs(40),
        }
    }
}

impl Cluster {
    /// Prepares a connection without sending anything yet. Call it on the Arbiter that will use the connection.
    ///
    /// # Errors
    /// [`ApiError::Access`] if no configuration was found, or it cannot be used.
    pub async fn connect(access: &ClusterAccess, platform: &Platform) -> Result<Self, ApiError> {
        let (client, server) = client(access).await?;
        Ok(Self {
            access: access.clone(),
            platform: platform.clone(),
            client: RefCell::new(client),
            skew: Cell::new(None),
            stale: Cell::new(false),
            heartbeat: None,
            server,
        })
    }
}

/// Builds a client with the current credentials; returns it with the address of its API server.
pub(super) async fn client(access: &ClusterAccess) -> Result<(Client, Arc<str>), ApiError> {
    let (mut config, source) = configuration(access).await.map_err(ApiError::Access)?;
    // A budget refuses with 429, which kube would retry fifteen times over minutes.
    config.default_retry = false;
    config.connect_timeout = Some(CONNECT_TIMEOUT);
    config.read_timeout = Some(access.deadlines.disrupt);
    config.write_timeout = Some(access.deadlines.disrupt);
    config.reset_reader_on_write = true;
    let agent = concat!("macaque/", env!("CARGO_PKG_VERSION"));
    config.headers.push((USER_AGENT, HeaderValue::from_static(agent)));

    let server = address(&config.cluster_url).into();
    let command = config
        .auth_info
        .exec
        .as_ref()
        .and_then(|exec| exec.command.clone());

    let client = transport::client(config).map_err(|error| {
        ApiError::Access(match error {
            TransportError::Environment(proxy) => format!("the API server cannot be reached: {proxy}"),
            TransportError::ProxyUrl(proxy) => source.unusable(&format!("its {proxy}")),
            TransportError::Config(error) => {
                source.unusable(&credentials::of_client(&error, command.as_deref()))
            }
        })
    })?;
    Ok((client, server))
}

/// Where a configuration comes from, for errors.
struct ConfigSource {
    name: String,
    remedy: &'static str,
}

impl ConfigSource {
    fn unusable(&self, fault: &dyn fmt::Display) -> String {
        format!("cannot use {}: {fault}; {}", self.name, self.remedy)
    }
}

/// Reads the configuration from its source. `Config::infer` is not used: inside a cluster it would prefer a stray
/// kubeconfig, and honour debug variables that redirect every request.
async fn configuration(access: &ClusterAccess) -> Result<(Config, ConfigSource), String> {
    let in_cluster = std::env::var_os("KUBERNETES_SERVICE_HOST").is_some();
    if access.kubeconfig.is_none() && access.context.is_none() && in_cluster {
        let source = ConfigSource {
            name: "the service account of this pod".to_owned(),
            remedy: "is automountServiceAccountToken off?",
        };
        let config = Config::incluster().map_err(|error| source.unusable(&error))?;
        return Ok((config, source));
    }

    let (file, name, remedy) = match &access.kubeconfig {
        Some(path) => (
            Kubeconfig::read_from(path),
            format!("the kubeconfig {}", path.display()),
            "name a valid one with --kubeconfig (key cluster.kubeconfig)",
        ),
        None => (
            Kubeconfig::read(),
            "kubectl's own kubeconfig".to_owned(),
            "name one with --kubeconfig (key cluster.kubeconfig), set KUBECONFIG, or run in a cluster",
        ),
    };

    let source = ConfigSource { name, remedy };
    let mut file = file.map_err(|error| source.unusable(&credentials::of_file(&error)))?;
    transport::without_inferred_proxy(&mut file);

    if let Some(context) = &access.context {
        let known: Vec<_> = file.contexts.iter().map(|known| known.name.as_str()).collect();
        if !known.contains(&context.as_str()) {
            let known = known.join(", ");
            return Err(format!(
                "{} has no context {context:?}; use one of these with --context (key cluster.context): {known}",
                source.name
            ));
        }
    }

    let options = KubeConfigOptions {
        context: access.context.clone(),
        ..KubeConfigOptions::default()
    };
    let config = Config::from_custom_kubeconfig(file, &options)
        .await
        .map_err(|error| source.unusable(&credentials::of_file(&error)))?;

    match fault(&config) {
        None => Ok((config, source)),
        Some(fault) => Err(source.unusable(&fault)),
    }
}

/// A fault of a configuration that kube's client accepts at first, and panics over later.
fn fault(config: &Config) -> Option<&'static str> {
    if !matches!(config.cluster_url.scheme_str(), Some("https" | "http")) {
        return Some("the server's address starts with neither https:// nor http://");
    }
    let token = config.auth_info.token.as_ref()?;
    let header = HeaderValue::from_str(token.expose_secret());
    header
        .is_err()
        .then_some("the token holds a line break or another invalid character")
}

/// The address of the API server for messages, without the credentials that a URL may hold.
fn address(url: &Uri) -> String {
    let host = url.host().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}
