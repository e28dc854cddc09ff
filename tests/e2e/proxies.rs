//! Promises about proxies: kubectl and macaque stand side by side before the same variables and the same kubeconfig,
//! and whether they get in, and which way, is compared.

use std::net::SocketAddr;
use std::process::{Command, Stdio};

use macaque_testkit::web_proxy::{ProxyManner, WebProxy};
use tempfile::TempDir;

use crate::access::server;
use crate::program::MacaqueCommand;
use crate::test_namespace::TestNamespace;

/// A kubeconfig's cluster and an environment. `PROXY` stands for the address of the proxy.
struct ProxyCase {
    name: &'static str,
    /// Whether the server is called by a name that nobody resolves, rather than by its address.
    is_distant: bool,
    proxy_url: Option<&'static str>,
    variables: &'static [(&'static str, &'static str)],
    manner: ProxyManner,
    way: Way,
}

/// How a program gets to the API server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Direct,
    Proxied,
    /// Not at all.
    None,
}

/// A case of a distant server and an open proxy.
const fn distant(
    name: &'static str,
    proxy_url: Option<&'static str>,
    variables: &'static [(&'static str, &'static str)],
    way: Way,
) -> ProxyCase {
    ProxyCase {
        name,
        is_distant: true,
        proxy_url,
        variables,
        manner: ProxyManner::Open,
        way,
    }
}

/// A case of a server on this machine.
const fn near(
    name: &'static str,
    proxy_url: Option<&'static str>,
    variables: &'static [(&'static str, &'static str)],
    way: Way,
) -> ProxyCase {
    ProxyCase {
        is_distant: false,
        ..distant(name, proxy_url, variables, way)
    }
}

/// A case of a proxy that asks for a user and a password.
const fn guarded(name: &'static str, proxy_url: &'static str, way: Way) -> ProxyCase {
    ProxyCase {
        manner: ProxyManner::Login("user", "p@ss"),
        ..distant(name, Some(proxy_url), &[], way)
    }
}

const DEAD: &str = "http://127.0.0.1:9";

const CASES: [ProxyCase; 22] = [
    near("nothing", None, &[], Way::Direct),
    near(
        "a dead proxy in the environment, and a server on this machine",
        None,
        &[("HTTPS_PROXY", DEAD)],
        Way::Direct,
    ),
    near(
        "no proxy in the variable, and a server on this machine",
        None,
        &[("HTTPS_PROXY", "::")],
        Way::Direct,
    ),
    near(
        "the proxy of the kubeconfig, and a server on this machine",
        Some("http://PROXY"),
        &[],
        Way::Proxied,
    ),
    near(
        "the proxy of the kubeconfig, and no proxy for all",
        Some("http://PROXY"),
        &[("NO_PROXY", "*")],
        Way::Proxied,
    ),
    near("a dead proxy in the kubeconfig", Some(DEAD), &[], Way::None),
    near("an empty proxy-url", Some(""), &[], Way::Direct),
    distant("no proxy", None, &[], Way::None),
    distant(
        "HTTPS_PROXY",
        None,
        &[("HTTPS_PROXY", "http://PROXY")],
        Way::Proxied,
    ),
    distant(
        "HTTPS_PROXY without a scheme",
        None,
        &[("HTTPS_PROXY", "PROXY")],
        Way::Proxied,
    ),
    distant(
        "https_proxy, and an empty HTTPS_PROXY",
        None,
        &[("HTTPS_PROXY", ""), ("https_proxy", "http://PROXY")],
        Way::Proxied,
    ),
    distant(
        "HTTPS_PROXY before https_proxy",
        None,
        &[("HTTPS_PROXY", "http://PROXY"), ("https_proxy", DEAD)],
        Way::Proxied,
    ),
    distant(
        "ALL_PROXY and HTTP_PROXY",
        None,
        &[("ALL_PROXY", "http://PROXY"), ("HTTP_PROXY", "http://PROXY")],
        Way::None,
    ),
    distant(
        "SOCKS 5 in the environment",
        None,
        &[("HTTPS_PROXY", "socks5://PROXY")],
        Way::Proxied,
    ),
    distant(
        "an exception for the proxy",
        None,
        &[("HTTPS_PROXY", "http://PROXY"), ("NO_PROXY", "127.0.0.1")],
        Way::Proxied,
    ),
    distant(
        "an exception for the server",
        None,
        &[
            ("HTTPS_PROXY", "http://PROXY"),
            ("NO_PROXY", "a,kubernetes.example"),
        ],
        Way::None,
    ),
    distant(
        "an exception for the domain",
        None,
        &[("HTTPS_PROXY", "http://PROXY"), ("no_proxy", ".example")],
        Way::None,
    ),
    distant(
        "an exception at another port",
        None,
        &[
            ("HTTPS_PROXY", "http://PROXY"),
            ("NO_PROXY", "kubernetes.example:443"),
        ],
        Way::Proxied,
    ),
    distant(
        "an exception for what is below the server",
        None,
        &[
            ("HTTPS_PROXY", "http://PROXY"),
            ("NO_PROXY", ".kubernetes.example"),
        ],
        Way::Proxied,
    ),
    guarded("a password", "http://user:p%40ss@PROXY", Way::Proxied),
    guarded(
        "a password for SOCKS 5",
        "socks5://user:p%40ss@PROXY",
        Way::Proxied,
    ),
    guarded("another password", "http://user:other@PROXY", Way::None),
];

impl ProxyCase {
    fn kubeconfig(&self, namespace: &TestNamespace, proxy: SocketAddr) -> String {
        let server = server();
        let mut cluster = format!("server: {server:?}");
        if self.is_distant {
            cluster = "server: 'https://kubernetes.example:6443', tls-server-name: localhost".to_owned();
        }
        if let Some(url) = self.proxy_url {
            cluster.push_str(&format!(", proxy-url: {:?}", with(url, proxy)));
        }
        namespace.kubeconfig("proxies", &format!("server: {server:?}"), &cluster)
    }

    /// The way of `kubectl` or macaque, whichever `runs` runs.
    async fn way_of(
        &self,
        namespace: &TestNamespace,
        runs: impl AsyncFnOnce(&str, &[(&str, String)]) -> bool,
    ) -> Way {
        let api_server = server().trim_start_matches("https://").to_owned();
        let proxy = WebProxy::start(api_server, self.manner).unwrap();
        let kubeconfig = self.kubeconfig(namespace, proxy.address());
        let variables = self.variables.iter();
        let variables: Vec<_> = variables
            .map(|(name, value)| (*name, with(value, proxy.address())))
            .collect();

        let gets_in = runs(&kubeconfig, &variables).await;
        match (gets_in, proxy.led_to().is_empty()) {
            (true, true) => Way::Direct,
            (true, false) => Way::Proxied,
            (false, _) => Way::None,
        }
    }
}

fn with(text: &str, proxy: SocketAddr) -> String {
    text.replace("PROXY", &proxy.to_string())
}

async fn kubectl_gets_in(kubeconfig: &str, variables: &[(&str, String)]) -> bool {
    // For its cache.
    let home = TempDir::new().unwrap();
    let mut kubectl = Command::new("kubectl");
    kubectl.args(["--kubeconfig", kubeconfig, "get", "--raw", "/version"]);
    kubectl
        .env_clear()
        .env("HOME", home.path())
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    kubectl.envs(variables.iter().map(|(name, value)| (name, value)));
    kubectl.stdin(Stdio::null()).output().unwrap().status.success()
}

async fn macaque_gets_in(kubeconfig: &str, variables: &[(&str, String)]) -> bool {
    let macaque = MacaqueCommand::new("budgets -n default").by(kubeconfig);
    let macaque = variables
        .iter()
        .fold(macaque, |macaque, (name, value)| macaque.env(name, value));
    macaque.ends().await.succeeded()
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn macaque_takes_the_way_that_kubectl_takes() {
    let namespace = TestNamespace::new().await;
    for case in &CASES {
        let kubectl = case.way_of(&namespace, kubectl_gets_in).await;
        let macaque = case.way_of(&namespace, macaque_gets_in).await;
        assert_eq!(
            (kubectl, macaque),
            (case.way, case.way),
            "kubectl and macaque: {}",
            case.name
        );
    }
}
