//! Access to the API server: the administrator's, and kubeconfigs that lead elsewhere or act by another account.

use std::fs;
use std::path::PathBuf;

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use macaque::k8s::{Cluster, ClusterAccess};
use macaque::platform::Platform;
use macaque_testkit::control_plane;
use macaque_testkit::tcp_proxy::TcpProxy;
use secrecy::ExposeSecret;

use crate::program::MacaqueCommand;
use crate::test_namespace::TestNamespace;

impl TestNamespace {
    /// A kubeconfig of this name, as the administrator's with `old` replaced by `new`.
    pub(crate) fn kubeconfig(&self, name: &str, old: &str, new: &str) -> String {
        let text = fs::read_to_string(admin()).unwrap();
        assert!(text.contains(old), "no {old:?} in the kubeconfig");
        let path = self.scratch.path().join(name);
        fs::write(&path, text.replace(old, new)).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// A kubeconfig that leads through `proxy` to the API server.
    pub(crate) fn proxied(&self, proxy: &TcpProxy) -> String {
        let url = format!("https://{}", proxy.address());
        self.kubeconfig("proxied", &server(), &url)
    }

    /// A kubeconfig that leads to a port that nothing listens on.
    pub(crate) fn unreachable(&self) -> String {
        self.kubeconfig("unreachable", &server(), "https://127.0.0.1:1")
    }
}

impl MacaqueCommand {
    /// Acts as the administrator, whose kubeconfig the environment names.
    pub(crate) fn by_environment(self) -> Self {
        self.env("KUBECONFIG", &admin().display().to_string())
    }

    /// Acts by this kubeconfig.
    pub(crate) fn by(self, kubeconfig: &str) -> Self {
        self.arg("--kubeconfig").arg(kubeconfig)
    }

    /// Makes pods of any age candidates, so that no test waits for one to be old enough.
    pub(crate) fn of_any_age(self) -> Self {
        self.env("MACAQUE_TARGET__MIN_AGE", "0s")
    }
}

/// The administrator's kubeconfig.
pub(crate) fn admin() -> PathBuf {
    control_plane::kubeconfig("e2e")
}

/// The URL of the API server.
pub(crate) fn server() -> String {
    let cluster = Kubeconfig::read_from(admin()).unwrap().clusters.remove(0).cluster;
    cluster.unwrap().server.unwrap()
}

/// The certificate authority of the API server, in base64.
pub(crate) fn authority() -> String {
    let cluster = Kubeconfig::read_from(admin()).unwrap().clusters.remove(0).cluster;
    cluster.unwrap().certificate_authority_data.unwrap()
}

/// A connection to the API server as the program makes it.
pub(crate) async fn cluster() -> Cluster {
    let access = ClusterAccess {
        kubeconfig: Some(admin()),
        context: None,
        ..ClusterAccess::default()
    };
    Cluster::connect(&access, &Platform::system()).await.unwrap()
}

/// The administrator's token.
pub(crate) fn admins_token() -> String {
    let user = Kubeconfig::read_from(admin())
        .unwrap()
        .auth_infos
        .remove(0)
        .auth_info;
    user.unwrap().token.unwrap().expose_secret().to_owned()
}

/// A client for the administrator, which repeats nothing: a refusal is an answer.
pub(crate) async fn connect() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let options = KubeConfigOptions::default();
    let mut config = Config::from_custom_kubeconfig(Kubeconfig::read_from(admin()).unwrap(), &options)
        .await
        .unwrap();
    config.default_retry = false;
    Client::try_from(config).unwrap()
}
