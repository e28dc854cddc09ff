//! Promises of proxies: which way leads to an API server or a chat service, and what is said where none does. All of
//! it runs the built program, for the environment is its own.

use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kube_sandbox::scenario::deployment;
use macaque_testkit::fault_proxy::{Fault, FaultProxy, ProxyResponse};
use macaque_testkit::tls_front::TlsFront;
use macaque_testkit::web_proxy::{ProxyManner, WebProxy};
use macaque_testkit::{CANARY, Program, ProgramOutput, TestCluster};

use crate::macaque;

/// A name that nobody resolves: only a proxy leads there.
const SERVER: &str = "kubernetes.example";

/// Variables of the environment, with their values.
type Variables<'a> = &'a [(&'a str, &'a str)];

/// A proxy's URL that holds a password, for a proxy at `address`.
fn with_login(scheme: &str, address: impl std::fmt::Display) -> String {
    format!("{scheme}://user:{CANARY}@{address}")
}

/// An API server over TLS that is reached by its name through a proxy of this manner.
struct Distant {
    _cluster: TestCluster,
    front: TlsFront,
    proxy: WebProxy,
}

impl Distant {
    fn behind(manner: ProxyManner) -> Self {
        let cluster = TestCluster::with(vec![deployment("shop", "web", 1)]);
        let front = TlsFront::start(SERVER, address(&cluster));
        let proxy = WebProxy::start(front.address().to_string(), manner).unwrap();
        Self {
            _cluster: cluster,
            front,
            proxy,
        }
    }

    /// A program whose kubeconfig leads to the server at `url`, by this `proxy-url` if there is one.
    fn program(&self, url: &str, proxy_url: Option<&str>) -> Program {
        let authority = STANDARD.encode(self.front.authority());
        let proxy = proxy_url.map_or(String::new(), |url| format!(", proxy-url: {url:?}"));
        budgets(
            &format!("server: {url:?}, certificate-authority-data: {authority}{proxy}"),
            "",
        )
    }
}

/// A program that reads the cluster once, by a kubeconfig with this cluster and this user.
pub(crate) fn budgets(cluster: &str, user: &str) -> Program {
    let kubeconfig = format!(
        "{{current-context: c, contexts: [{{name: c, context: {{cluster: c, user: u}}}}], \
         clusters: [{{name: c, cluster: {{{cluster}}}}}], users: [{{name: u, user: {{{user}}}}}]}}"
    );
    macaque("budgets -n shop").on_kubeconfig(&kubeconfig)
}

pub(crate) fn address(cluster: &TestCluster) -> String {
    cluster.sandbox.url().trim_start_matches("http://").to_owned()
}

/// That the cluster was read.
pub(crate) fn has_read(output: &ProgramOutput) {
    output.says(0, &["no budgets"]);
}

#[test]
fn a_distant_api_server_is_reached_through_the_proxy_that_kubeconfig_or_environment_name() {
    let distant = Distant::behind(ProxyManner::Open);
    let proxy = distant.proxy.address();
    let http = format!("http://{proxy}");
    let dead = "http://127.0.0.1:9";
    let rows: [(Variables<'_>, Option<&str>); 9] = [
        (&[], Some(&http)),
        (&[], Some(&format!("socks5://{proxy}"))),
        (&[], Some(&format!("socks5h://{proxy}"))),
        (&[("HTTPS_PROXY", &http)], None),
        (&[("HTTPS_PROXY", &proxy.to_string())], None),
        (&[("https_proxy", &format!("socks5://{proxy}"))], Some("")),
        (&[("HTTPS_PROXY", &http), ("NO_PROXY", "127.0.0.1,.other")], None),
        // The kubeconfig wins, whatever the environment says.
        (&[("HTTPS_PROXY", dead)], Some(&http)),
        (
            &[("NO_PROXY", "*"), ("HTTPS_PROXY", "no proxy at all")],
            Some(&http),
        ),
    ];

    for (index, (env, proxy_url)) in rows.iter().enumerate() {
        let program = distant.program(&format!("https://{SERVER}:6443"), *proxy_url);
        let program = env
            .iter()
            .fold(program, |program, (name, value)| program.env(name, value));
        has_read(&program.run());

        let led_to = distant.proxy.led_to();
        assert!(led_to.len() > index, "{env:?} {proxy_url:?}: {led_to:?}");
        assert!(
            led_to.iter().all(|to| *to == format!("{SERVER}:6443")),
            "{led_to:?}"
        );
    }
}

#[test]
fn without_a_port_the_proxy_is_asked_for_that_of_https() {
    let distant = Distant::behind(ProxyManner::Open);
    let proxy = format!("http://{}", distant.proxy.address());
    has_read(&distant.program(&format!("https://{SERVER}"), Some(&proxy)).run());
    assert_eq!(distant.proxy.led_to()[0], format!("{SERVER}:443"));
}

#[test]
fn a_proxy_gets_the_user_and_the_password_of_its_url() {
    let distant = Distant::behind(ProxyManner::Login("user", CANARY));
    for scheme in ["http", "socks5"] {
        let url = with_login(scheme, distant.proxy.address());
        has_read(
            &distant
                .program(&format!("https://{SERVER}:6443"), Some(&url))
                .run(),
        );
    }
}

#[test]
fn a_proxy_over_tls_is_trusted_by_the_clusters_authority_or_by_the_machines() {
    let distant = Distant::behind(ProxyManner::Open);
    let secure = TlsFront::start("127.0.0.1", distant.proxy.address().to_string());
    let url = format!("https://{}", secure.address());
    let program = || distant.program(&format!("https://{SERVER}:6443"), Some(&url));
    has_read(
        &program()
            .file("roots.pem", secure.authority())
            .env("SSL_CERT_FILE", "roots.pem")
            .run(),
    );

    let authorities = STANDARD.encode(format!("{}{}", distant.front.authority(), secure.authority()));
    let cluster = format!(
        "server: 'https://{SERVER}:6443', certificate-authority-data: {authorities}, proxy-url: {url:?}"
    );
    has_read(&budgets(&cluster, "").run());

    let words = format!("the proxy {url} (proxy-url) cannot be reached: its certificate is not trusted");
    program().run().says(1, &[&words]);

    let plain = distant.proxy.address();
    let output = distant
        .program(
            &format!("https://{SERVER}:6443"),
            Some(&format!("https://{plain}")),
        )
        .run();
    output.says(
        1,
        &["(proxy-url) cannot be reached: it does not speak TLS as macaque does"],
    );
}

#[test]
fn a_server_on_this_machine_or_without_tls_is_reached_directly_whatever_the_environment_says() {
    let cluster = TestCluster::with(vec![deployment("shop", "web", 1)]);
    let front = TlsFront::start("127.0.0.1", address(&cluster));
    let authority = STANDARD.encode(front.authority());
    let servers = [
        format!(
            "server: 'https://{}', certificate-authority-data: {authority}",
            front.address()
        ),
        format!("server: {:?}", cluster.sandbox.url()),
    ];
    for server in servers {
        for value in ["http://127.0.0.1:9", "socks5://127.0.0.1:9", "no proxy at all"] {
            let program = budgets(&server, "")
                .env("HTTPS_PROXY", value)
                .env("HTTP_PROXY", value);
            has_read(&program.env("ALL_PROXY", value).run());
        }
    }
}

#[test]
fn the_kubeconfigs_proxy_leads_to_a_server_on_this_machine_and_without_tls_too() {
    let cluster = TestCluster::with(vec![deployment("shop", "web", 1)]);
    let proxy = WebProxy::start(address(&cluster), ProxyManner::Open).unwrap();
    let server = format!(
        "server: 'http://localhost', proxy-url: 'http://{}'",
        proxy.address()
    );
    has_read(&budgets(&server, "").env("NO_PROXY", "*").run());
    assert_eq!(proxy.led_to()[0], "localhost:80");
}

#[test]
fn what_keeps_a_proxy_from_leading_to_the_api_server_is_said_with_its_name_and_without_its_password() {
    let closed = Distant::behind(ProxyManner::Closed);
    let login = Distant::behind(ProxyManner::Login("user", "another"));
    let (closed_at, login_at) = (closed.proxy.address(), login.proxy.address());
    let rows = [
        (
            with_login("http", "127.0.0.1:9"),
            "http://127.0.0.1:9 (HTTPS_PROXY) cannot be reached: Connection refused".to_owned(),
        ),
        (
            with_login("http", "proxy.invalid:3128"),
            "http://proxy.invalid:3128 (HTTPS_PROXY) cannot be reached: failed to lookup".to_owned(),
        ),
        (
            with_login("http", closed_at),
            format!("http://{closed_at} (HTTPS_PROXY) does not connect to the server: its answer to CONNECT"),
        ),
        (
            with_login("socks5", closed_at),
            format!("socks5://{closed_at} (HTTPS_PROXY) does not connect to the server: SOCKS error: "),
        ),
        (
            with_login("http", login_at),
            format!(
                "http://{login_at} (HTTPS_PROXY) does not accept the user and the password in its URL (407)"
            ),
        ),
        (
            format!("http://{login_at}"),
            format!("http://{login_at} (HTTPS_PROXY) asks for a user and a password (407): write USER:"),
        ),
        (
            with_login("socks5", login_at),
            format!("socks5://{login_at} (HTTPS_PROXY) does not connect to the server: SOCKS error: cred"),
        ),
    ];

    // Each tries again after pauses: all run at once.
    thread::scope(|scope| {
        for (url, words) in rows {
            let program = closed.program(&format!("https://{SERVER}:6443"), None);
            scope.spawn(move || {
                let output = program.env("HTTPS_PROXY", &url).run();
                output.says(
                    1,
                    &[
                        "no answer from the API server at kubernetes.example:6443: the proxy ",
                        &words,
                    ],
                );
            });
        }
    });
}

#[test]
fn a_text_that_is_no_proxy_is_refused_with_the_name_of_what_holds_it() {
    let distant = Distant::behind(ProxyManner::Open);
    let server = format!("https://{SERVER}:6443");
    let bad = with_login("ftp", "proxy");
    let remedy = "use http://HOST:PORT, https://HOST:PORT or socks5://HOST:PORT";

    let by_environment = distant.program(&server, None).env("https_proxy", &bad).run();
    by_environment.complains(2, &["macaque: https_proxy has the scheme \"ftp\"", remedy]);
    let by_file = distant.program(&server, Some(&bad)).run();
    by_file.complains(2, &["proxy-url has the scheme \"ftp\"", remedy]);

    let set = |name: &str| {
        macaque("once -n shop --log-level warn")
            .env(name, &with_login("http", "proxy:x"))
            .run()
    };
    set("MACAQUE_NOTIFY__PROXY").complains(
        2,
        &["notify.proxy: is not the URL of a proxy: ", remedy, "or off"],
    );
}

#[test]
fn a_report_goes_through_the_proxy_that_the_environment_or_the_key_names() {
    let chat = FaultProxy::start("127.0.0.1:9");
    chat.inject("POST /hook", Fault::Answer(ProxyResponse::new(200, "ok")));
    let front = TlsFront::start("hooks.example", chat.address().to_string());
    let proxy = WebProxy::start(front.address().to_string(), ProxyManner::Open).unwrap();
    let url = format!("http://{}", proxy.address());
    let dead = "http://127.0.0.1:9";

    let cluster = TestCluster::with(vec![deployment("shop", "web", 2)]);
    let rows: [Variables<'_>; 3] = [
        &[("HTTPS_PROXY", &url)],
        &[("HTTPS_PROXY", dead), ("MACAQUE_NOTIFY__PROXY", &url)],
        &[("NO_PROXY", "*"), ("MACAQUE_NOTIFY__PROXY", &url)],
    ];
    for (index, env) in rows.iter().enumerate() {
        let program = macaque("once -n shop --log-level warn")
            .on(&cluster)
            .file("roots.pem", front.authority());
        let program = program.env("SSL_CERT_FILE", "roots.pem");
        let program = program.env("MACAQUE_NOTIFY__SLACK_WEBHOOK__URL", "https://hooks.example/hook");
        let output = env
            .iter()
            .fold(program, |program, (name, value)| program.env(name, value))
            .run();

        assert_eq!((output.code, output.err.as_str()), (0, ""), "{env:?}");
        assert_eq!(proxy.led_to().len(), index + 1, "{env:?}");
        assert_eq!(chat.requests().len(), index + 1, "{env:?}");
    }
    assert!(proxy.led_to().iter().all(|to| to == "hooks.example:443"));
}

#[test]
fn a_chat_service_on_this_machine_is_reached_directly() {
    let chat = FaultProxy::start("127.0.0.1:9");
    chat.inject("POST /hook", Fault::Answer(ProxyResponse::new(200, "ok")));
    let cluster = TestCluster::with(vec![deployment("shop", "web", 2)]);
    for name in ["HTTPS_PROXY", "HTTP_PROXY", "MACAQUE_NOTIFY__PROXY"] {
        let program = macaque("once -n shop --log-level warn")
            .on(&cluster)
            .env(name, "http://127.0.0.1:9");
        let hook = format!("{}/hook", chat.url());
        let output = program.env("MACAQUE_NOTIFY__SLACK_WEBHOOK__URL", &hook).run();
        assert_eq!((output.code, output.err.as_str()), (0, ""), "{name}");
    }
    assert_eq!(chat.requests().len(), 3);
}
