//! Finds the API server and the credentials: by the kubeconfig that was named or that `KUBECONFIG` names, else by the
//! pod's service account, else by the kubeconfig below the home directory.

mod any_certificate;
mod auth_method;
mod authority_file;
mod client_certificate;
mod connection_fault;
mod context_name;
mod credentials;
mod exec_plugin;
mod in_process;
mod kubeconfig;
mod own_certificate;
mod server;
mod service_account;
mod tls;
mod transport;

use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use kube::{Client, Config};
use tokio::sync::Semaphore;

use self::auth_method::AuthMethod;
pub use self::connection_fault::ConnectionFault;
pub use self::context_name::ContextNamespace;
use self::credentials::ClientCredentials;
pub(super) use self::credentials::redactor;
pub use self::in_process::{InProcessAnswer, InProcessBody, InProcessServer};
#[cfg(feature = "fuzzing")]
pub(super) use self::kubeconfig::fuzzing;
use self::kubeconfig::{FoundKubeconfig, KubeconfigSearch, select};
use self::service_account::PodEnvironment;
use self::transport::TransportError;
use super::error::AccessFault;
use super::read_progress::ReadProgress;
use super::{ApiError, Cluster, MOST_REQUESTS};
use crate::facts::Facts;
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
    /// Whether credentials may be sent to a server without TLS.
    pub credentials_without_tls: bool,
    /// How long to wait for an answer.
    pub deadlines: RequestDeadlines,
    /// The server in this process that a simulation talks to, in place of any other.
    pub in_process: Option<InProcessServer>,
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
    /// How long a watch may be silent. Longer than the minute after which the API server sends a bookmark at the latest
    /// (`defaultBookmarkFrequency` in `apiserver/pkg/storage/cacher/cacher.go`), so that a silent one is broken.
    pub watch: Duration,
}

impl Default for RequestDeadlines {
    fn default() -> Self {
        Self {
            read: Duration::from_secs(30),
            disrupt: Duration::from_secs(40),
            watch: Duration::from_secs(75),
        }
    }
}

/// An open way to the API server: a client, and the credentials that its requests carry.
pub(super) struct Connection {
    pub(super) client: Client,
    pub(super) credentials: ClientCredentials,
    /// The API server's address, for errors.
    pub(super) server: Arc<str>,
    /// What a person should know of the credentials, if there is something.
    pub(super) warning: Option<AccessFault>,
}

impl Cluster {
    /// Prepares a connection without sending anything to the API server yet; a credentials command is run. Call it on
    /// the Arbiter that will use the connection.
    ///
    /// # Errors
    /// [`ApiError::Access`] if no configuration was found, or it cannot be used.
    pub async fn connect(access: &ClusterAccess, platform: &Platform) -> Result<Self, ApiError> {
        let connection = open(access, None, platform).await?;
        Ok(Self {
            access: access.clone(),
            platform: platform.clone(),
            connection: RefCell::new(Rc::new(connection)),
            server_clock: Cell::new(None),
            asked_for_time: Cell::new(None),
            stale: Cell::new(false),
            round: Cell::new(None),
            heartbeat: None,
            progress: ReadProgress::default(),
            facts: Facts::default(),
            resources: RefCell::default(),
            refused: RefCell::default(),
            permissions: RefCell::default(),
            turns: Semaphore::new(MOST_REQUESTS),
        })
    }

    /// What a person should know of the credentials of this connection: that there are none, or that they are not
    /// sent.
    pub fn credentials_warning(&self) -> Option<AccessFault> {
        self.connection.borrow().warning.clone()
    }

    /// What the credentials are called in messages, e.g. `the token file /token`; `None` if there are none.
    pub fn credentials_name(&self) -> Option<String> {
        self.connection.borrow().credentials.name.clone()
    }

    /// The address of the API server.
    pub fn server(&self) -> Arc<str> {
        Arc::clone(&self.connection.borrow().server)
    }
}

/// Opens a connection with the current credentials, but not with those that the run `rejected` of a credentials command
/// printed.
pub(super) async fn open(
    access: &ClusterAccess,
    rejected: Option<u64>,
    platform: &Platform,
) -> Result<Connection, ApiError> {
    if let Some(server) = &access.in_process {
        return Ok(Connection {
            client: server.client(),
            credentials: ClientCredentials::none(),
            server: "in process".into(),
            warning: None,
        });
    }

    let ConnectionTarget {
        mut config,
        source,
        account,
    } = ConnectionTarget::find(access)?;
    set_behaviour(&mut config, access.deadlines);

    let server = server::address(&config.cluster_url).into();
    let encrypted = config.cluster_url.scheme_str() == Some("https");
    let are_sent = encrypted || access.credentials_without_tls;
    let has_certificate = credentials::has_certificate(&config.auth_info);
    let warning = account.warning(encrypted, are_sent, has_certificate, &source);
    let credentials = match account {
        Account::Pod(file) => ClientCredentials::of_service_account(&file, platform),
        Account::User { method, .. } => {
            let method = if are_sent { method } else { AuthMethod::None };
            ClientCredentials::obtain(method, &mut config.auth_info, rejected, platform).await
        }
    };
    let credentials = credentials.map_err(|fault| fault.within(&source))?;

    let client = transport::client(config).map_err(|error| match error {
        TransportError::Environment(proxy) => AccessFault::from(proxy),
        TransportError::ProxyUrl(proxy) => AccessFault::from(proxy).within(&source),
        TransportError::Config(error) => {
            AccessFault::new(credentials::of_client(&error), "correct it there").within(&source)
        }
    })?;
    Ok(Connection {
        client,
        credentials,
        server,
        warning,
    })
}

/// Sets how the client behaves, whatever it is connected to.
fn set_behaviour(config: &mut Config, deadlines: RequestDeadlines) {
    // A budget refuses with 429, which kube would retry fifteen times over minutes.
    config.default_retry = false;
    config.connect_timeout = Some(CONNECT_TIMEOUT);
    // A bound for connections that nothing else bounds: each request has its own deadline, and so has a watch.
    config.read_timeout = Some(deadlines.disrupt.max(deadlines.watch * 2));
    config.write_timeout = Some(deadlines.disrupt);
    config.reset_reader_on_write = true;
}

/// What a configuration leads to.
struct ConnectionTarget {
    /// The server, and what is no secret of the user.
    config: Config,
    /// What the configuration is called in messages.
    source: String,
    account: Account,
}

/// By whose credentials to connect.
enum Account {
    /// The service account of this pod, whose token is in this file.
    Pod(PathBuf),
    /// A user of a kubeconfig, who may have no name.
    User {
        name: Option<String>,
        method: AuthMethod,
    },
}

impl ConnectionTarget {
    /// Reads the configuration. `Config::infer` is not used: inside a cluster it would prefer a stray kubeconfig, and
    /// honour debug variables that redirect every request.
    fn find(access: &ClusterAccess) -> Result<Self, AccessFault> {
        let search = KubeconfigSearch::new(access.kubeconfig.as_deref());
        let pod = PodEnvironment::detect().filter(|_| access.context.is_none());
        if let Some(pod) = &pod
            && !search.is_chosen()
        {
            return Self::of_pod(pod);
        }

        match (search.load()?, pod) {
            (Some(found), _) => Self::of_kubeconfig(&found, access.context.as_deref()),
            (None, Some(pod)) => Self::of_pod(&pod),
            (None, None) => Err(search.nothing_found()),
        }
    }

    fn of_pod(pod: &PodEnvironment) -> Result<Self, AccessFault> {
        Ok(Self {
            config: pod.config()?,
            source: "the service account of this pod".to_owned(),
            account: Account::Pod(pod.token_file()),
        })
    }

    fn of_kubeconfig(found: &FoundKubeconfig, context: Option<&str>) -> Result<Self, AccessFault> {
        let selected = select(found, context)?;
        let of = |kind: &str, name: &str, wrong: String| {
            let wrong = format!("its {kind} {name:?}: {wrong}");
            AccessFault::new(wrong, format!("correct the {kind} there")).within(&found.name)
        };

        let mut config = server::config(&selected.cluster)
            .map_err(|wrong| of("cluster", &selected.cluster_name, wrong))?;
        let name = selected.user_name.clone().unwrap_or_default();
        let method = AuthMethod::of(&selected.user, || server::for_plugin(&selected.cluster));
        let method = method.map_err(|wrong| of("user", &name, wrong))?;
        config.auth_info = credentials::beside_header(selected.user);

        Ok(Self {
            config,
            source: found.name.clone(),
            account: Account::User {
                name: selected.user_name,
                method,
            },
        })
    }
}

impl Account {
    /// What a person should know of these credentials: that there are none, or that they are not sent.
    fn warning(
        &self,
        encrypted: bool,
        are_sent: bool,
        has_certificate: bool,
        source: &str,
    ) -> Option<AccessFault> {
        let Self::User { name, method } = self else {
            return None;
        };
        let user = match name {
            Some(name) => format!("the user {name:?} of {source}"),
            None => format!("the context of {source}"),
        };
        let has_header = !matches!(method, AuthMethod::None);
        let is_kept = if has_header { !are_sent } else { has_certificate };
        if !encrypted && is_kept {
            return Some(AccessFault::new(
                format!("connects without credentials: those of {user} are not sent over http://"),
                "use https:// in server, or set cluster.credentials_without_tls (a certificate needs https://)",
            ));
        }

        (encrypted && !has_certificate && !has_header).then(|| {
            let wrong = format!("connects as anonymous: {user} holds no credentials");
            AccessFault::new(wrong, "give it a token, a client certificate or an exec plugin")
        })
    }
}
