//! The two servers that every scenario is held against.

use std::time::Duration;

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use kube_sandbox::{AccessDenial, Sandbox, SandboxOptions, StuckPods};
use macaque_testkit::control_plane;

/// Longer than any scenario lasts.
pub(crate) const FOR_EVER: Duration = Duration::from_secs(3600);

/// The kind of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ServerKind {
    Sandbox,
    Real,
}

/// A server, and a namespace of it for one scenario.
pub(crate) struct Server {
    pub(crate) kind: ServerKind,
    pub(crate) namespace: String,
    /// The administrator's.
    pub(crate) client: Client,
    sandbox: Option<Sandbox>,
}

impl Server {
    /// A sandbox of the scenario's own, or a namespace's name on the real server.
    /// Terminating pods stay on the sandbox for as long as `linger`.
    pub(crate) async fn new(kind: ServerKind, linger: Duration) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let namespace = match kind {
            ServerKind::Sandbox => "conformance-sandbox".to_owned(),
            ServerKind::Real => format!("conformance-{:08x}", rand::random::<u32>()),
        };
        let sandbox = (kind == ServerKind::Sandbox).then(|| {
            let options = SandboxOptions {
                ready_after: Duration::ZERO,
                linger,
                user: account(&namespace),
                ..SandboxOptions::default()
            };
            Sandbox::start(options).unwrap()
        });
        let client = Client::try_from(configuration(sandbox.as_ref()).await).unwrap();

        Self {
            kind,
            namespace,
            client,
            sandbox,
        }
    }

    /// macaque's own way in: as the administrator, or as an account that may do all but this.
    pub(crate) async fn client_lacking(&self, lacking: &[(&str, &str)]) -> Client {
        let mut config = configuration(self.sandbox.as_ref()).await;
        match &self.sandbox {
            Some(sandbox) => {
                for (verb, resource) in lacking {
                    sandbox.deny(AccessDenial::new(verb, resource));
                }
            }
            None if lacking.is_empty() => {}
            None => config.auth_info.impersonate = Some(account(&self.namespace)),
        }
        Client::try_from(config).unwrap()
    }

    /// The kubeconfig of the administrator, for a connection without a proxy.
    pub(crate) fn kubeconfig(&self) -> String {
        match &self.sandbox {
            Some(sandbox) => sandbox.kubeconfig(),
            None => std::fs::read_to_string(control_plane::kubeconfig("conformance")).unwrap(),
        }
    }

    /// Lets the sandbox schedule no pod, whatever it asks for: it does not count what nodes have.
    pub(crate) fn leave_pods_unscheduled(&self) {
        if let Some(sandbox) = &self.sandbox {
            sandbox.set_stuck(Some(StuckPods::Unschedulable));
        }
    }

    /// The sandbox knows one user only: what macaque lacked is given back to the test.
    pub(crate) fn lift_denials(&self) {
        if let Some(sandbox) = &self.sandbox {
            sandbox.allow_all();
        }
    }
}

/// The release of the real server, `v1.37.2` for example.
pub(crate) async fn release() -> String {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::try_from(configuration(None).await).unwrap();
    client.apiserver_version().await.unwrap().git_version
}

/// The name by which the server knows macaque's account.
fn account(namespace: &str) -> String {
    format!("system:serviceaccount:{namespace}:macaque")
}

/// A configuration that repeats nothing: a refusal is an answer.
async fn configuration(sandbox: Option<&Sandbox>) -> Config {
    let kubeconfig = match sandbox {
        Some(sandbox) => Kubeconfig::from_yaml(&sandbox.kubeconfig()),
        None => Kubeconfig::read_from(control_plane::kubeconfig("conformance")),
    };
    let options = KubeConfigOptions::default();
    let mut config = Config::from_custom_kubeconfig(kubeconfig.unwrap(), &options)
        .await
        .unwrap();
    config.default_retry = false;

    config
}
