//! Finds the API server: the kubeconfig that was named, else the cluster around us, else the user's kubeconfig.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use http::header::USER_AGENT;
use http::{HeaderValue, Uri};
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};
use secrecy::ExposeSecret;

use super::{Cluster, ClusterError, DISRUPT_DEADLINE};

/// Long enough for a distant API server, short enough that a dead one is named within a round.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Where the cluster is and as whom to speak to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// The kubeconfig file that was named, if one was.
    pub kubeconfig: Option<PathBuf>,
    /// The context to use instead of the file's current one.
    pub context: Option<String>,
}

impl Cluster {
    /// Prepares a connection; nothing is sent yet. Call it on the arbiter that will use it.
    ///
    /// # Errors
    /// [`ClusterError::Access`]: no configuration was found, or it cannot be used.
    pub async fn connect(access: &Access) -> Result<Self, ClusterError> {
        let mut config = configuration(access).await.map_err(ClusterError::Access)?;
        // A budget's refusal is a 429: kube would repeat it fifteen times over minutes.
        config.default_retry = false;
        config.connect_timeout = Some(CONNECT_TIMEOUT);
        config.read_timeout = Some(DISRUPT_DEADLINE);
        config.write_timeout = Some(DISRUPT_DEADLINE);
        config.reset_reader_on_write = true;
        let agent = concat!("macaque/", env!("CARGO_PKG_VERSION"));
        config.headers.push((USER_AGENT, HeaderValue::from_static(agent)));
        let server = address(&config.cluster_url).into();
        let client = Client::try_from(config)
            .map_err(|error| ClusterError::Access(format!("cannot set up the API client: {error}")))?;
        Ok(Self { client, server })
    }
}

/// Inside a cluster `Config::infer` would prefer a stray kubeconfig and honour debug variables that redirect
/// every request; so each source is named here.
async fn configuration(access: &Access) -> Result<Config, String> {
    let in_cluster = std::env::var_os("KUBERNETES_SERVICE_HOST").is_some();
    if access.kubeconfig.is_none() && access.context.is_none() && in_cluster {
        return Config::incluster().map_err(|error| {
            format!(
                "cannot use the service account of this pod: {error}; is automountServiceAccountToken off?"
            )
        });
    }
    let (file, called, remedy) = match &access.kubeconfig {
        Some(path) => (
            Kubeconfig::read_from(path),
            format!("the kubeconfig {}", path.display()),
            "name a good one with --kubeconfig (key cluster.kubeconfig)",
        ),
        None => (
            Kubeconfig::read(),
            "kubectl's own kubeconfig".to_owned(),
            "name one with --kubeconfig (key cluster.kubeconfig), set KUBECONFIG, or run in a cluster",
        ),
    };
    let unusable = |fault: &dyn fmt::Display| format!("cannot use {called}: {fault}; {remedy}");
    let file = file.map_err(|error| unusable(&discreet(&error)))?;
    if let Some(context) = &access.context {
        let known: Vec<_> = file.contexts.iter().map(|known| known.name.as_str()).collect();
        if !known.contains(&context.as_str()) {
            let known = known.join(", ");
            return Err(format!(
                "{called} has no context {context:?}; name one that it has with --context (key cluster.context): {known}"
            ));
        }
    }
    let options = KubeConfigOptions {
        context: access.context.clone(),
        ..KubeConfigOptions::default()
    };
    let config = Config::from_custom_kubeconfig(file, &options)
        .await
        .map_err(|error| unusable(&error))?;
    match fault(&config) {
        None => Ok(config),
        Some(fault) => Err(unusable(&fault)),
    }
}

/// What is wrong with a configuration that kube's client takes for good, and panics over later.
fn fault(config: &Config) -> Option<&'static str> {
    if !matches!(config.cluster_url.scheme_str(), Some("https" | "http")) {
        return Some("the server's address begins with neither https:// nor http://");
    }
    let token = config.auth_info.token.as_ref()?;
    let header = HeaderValue::from_str(token.expose_secret());
    header
        .is_err()
        .then_some("the token holds a line break, or another character that none can have")
}

/// What is wrong with a kubeconfig file, in one line. An error of its YAML quotes the lines round it, which may hold
/// a token: only the place is told.
fn discreet(error: &KubeconfigError) -> String {
    match error {
        KubeconfigError::Parse(error) => {
            let place = error.location();
            let place = place.map(|at| format!(" (line {}, column {})", at.line(), at.column()));
            format!("its text is none of a kubeconfig{}", place.unwrap_or_default())
        }
        KubeconfigError::ReadConfig(error, path) => format!("{}: {error}", path.display()),
        error => error.to_string(),
    }
}

/// Where the API server is, for people; without the credentials that a URL may hold.
fn address(url: &Uri) -> String {
    let host = url.host().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}
