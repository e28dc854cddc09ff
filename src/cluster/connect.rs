//! Finds the API server: the kubeconfig that was named, else the cluster around us, else the user's kubeconfig.

use std::path::PathBuf;
use std::time::Duration;

use http::header::USER_AGENT;
use http::{HeaderValue, Uri};
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};

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
    let options = KubeConfigOptions {
        context: access.context.clone(),
        ..KubeConfigOptions::default()
    };
    if let Some(path) = &access.kubeconfig {
        let what = format!("the kubeconfig {}", path.display());
        let file = Kubeconfig::read_from(path).map_err(|error| unusable(&what, &error))?;
        return Config::from_custom_kubeconfig(file, &options)
            .await
            .map_err(|error| unusable(&what, &error));
    }
    if access.context.is_none() && std::env::var_os("KUBERNETES_SERVICE_HOST").is_some() {
        return Config::incluster().map_err(|error| {
            format!(
                "cannot use the service account of this pod: {error}; is automountServiceAccountToken off?"
            )
        });
    }
    Config::from_kubeconfig(&options).await.map_err(|error| match error {
        KubeconfigError::LoadContext(_) => unusable("kubectl's kubeconfig", &error),
        _ => format!(
            "no cluster to speak to: {error}; name a file with --kubeconfig (key cluster.kubeconfig), set \
             KUBECONFIG, or run in a cluster"
        ),
    })
}

/// What is wrong with a kubeconfig, and which key mends it.
fn unusable(kubeconfig: &str, error: &KubeconfigError) -> String {
    match error {
        KubeconfigError::LoadContext(name) => {
            format!(
                "{kubeconfig} has no context {name:?}: name one it has with --context (key cluster.context)"
            )
        }
        KubeconfigError::ReadConfig(why, _) => {
            format!(
                "cannot read {kubeconfig}: {why}: name another with --kubeconfig (key cluster.kubeconfig)"
            )
        }
        _ => format!("cannot use {kubeconfig}: {error}"),
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
