//! What is sent on the way to an API server, and the words where there is no way.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, mpsc};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kube_sandbox::scenario::shop;
use rcgen::{CertificateParams, CertifiedIssuer, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::json;

use crate::macaque;
use macaque_testkit::{CANARY, Program, TestCluster};

/// A kubeconfig with this cluster and user.
fn kubeconfig(cluster: &str, user: &str) -> String {
    format!(
        "clusters: [{{name: c, cluster: {{{cluster}}}}}]\nusers: [{{name: u, user: {{{user}}}}}]\ncontexts: [{{name: x, \
         context: {{cluster: c, user: u}}}}]\ncurrent-context: x\n"
    )
}

/// `macaque check` by such a kubeconfig.
fn check(cluster: &str, user: &str) -> Program {
    macaque("check -n shop -o json").on_kubeconfig(&kubeconfig(cluster, user))
}

/// A server that hands each connection to `serve`, until the test ends; its address.
fn server(serve: impl Fn(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            serve(stream.unwrap());
        }
    });
    address
}

/// Reads the head of a request, and answers it; what begins as TLS does is answered at once.
fn answer(mut stream: impl Read + Write, answer: &str) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    let is_complete = |head: &[u8]| head.ends_with(b"\r\n\r\n") || head.starts_with(&[22]);
    while !is_complete(&head) && stream.read(&mut byte).is_ok_and(|read| read == 1) {
        head.push(byte[0]);
    }
    let _ = stream.write_all(answer.as_bytes());
    String::from_utf8_lossy(&head).into_owned()
}

fn response(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A user whose credentials are printed by a shell script, which leaves a line in the file `runs`.
fn plugin() -> String {
    let print = format!(
        r#"echo >> runs; echo "{{kind: ExecCredential, apiVersion: client.authentication.k8s.io/v1, status: {{token: {CANARY}}}}}""#
    );
    format!(
        "exec: {{apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: sh, args: [-c, '{print}']}}"
    )
}

#[test]
fn nothing_that_authenticates_leaves_without_tls_unless_the_key_allows_it() {
    let users = [
        format!("token: {CANARY}"),
        "tokenFile: token".to_owned(),
        format!("username: ann, password: {CANARY}"),
        plugin(),
    ];
    for user in users {
        for allowed in [false, true] {
            let (heads, received) = mpsc::channel();
            let address = server(move |stream| {
                let head = answer(stream, &response("404 Not Found", ""));
                heads.send(head).unwrap();
            });
            let output = check(&format!("server: 'http://{address}'"), &user)
                .file("token", CANARY)
                .env(
                    "MACAQUE_CLUSTER__CREDENTIALS_WITHOUT_TLS",
                    if allowed { "true" } else { "false" },
                )
                .run();
            let head = received.recv().unwrap().to_lowercase();
            assert!(head.starts_with("get /version "), "{head}");
            assert_eq!(head.contains("authorization: "), allowed, "{user}: {head}");
            assert_eq!(output.code, 1, "{output:?}");
        }
    }
}

#[test]
fn where_credentials_are_demanded_and_none_were_sent_check_says_why() {
    let unauthorized = response(
        "401 Unauthorized",
        r#"{"kind": "Status", "apiVersion": "v1", "code": 401}"#,
    );
    let (encrypted, authority) = tls_server(ServerCertificate::Good, unauthorized.clone());
    let encrypted = format!("server: 'https://{encrypted}', certificate-authority-data: {authority}");
    let plain = server(move |stream| {
        answer(stream, &unauthorized);
    });
    let plain = format!("server: 'http://{plain}'");

    for (cluster, user, words, remedy) in [
        (
            encrypted,
            "",
            "(401), and macaque connects as anonymous",
            "give it a token",
        ),
        (plain, "token: t", "are not sent over http://", "use https://"),
    ] {
        let said = check(&cluster, user).run().json().to_string();
        assert!(said.contains(words) && said.contains(remedy), "{said}");
    }
}

#[test]
fn credentials_that_are_not_sent_are_reported_with_the_key_that_sends_them() {
    let cluster = TestCluster::with(shop());
    let kubeconfig = cluster.kubeconfig().replace("user: {}", "user: {token: t}");
    let words = "connects without credentials: those of the user \"sandbox\" of the kubeconfig kubeconfig (from KUBECONFIG) \
                 are not sent over http://; use https:// in server, or set cluster.credentials_without_tls";
    let output = macaque("check -n shop").on_kubeconfig(&kubeconfig).run();
    output.says(0, &["warning", words]);
    let output = macaque("once -n shop").on_kubeconfig(&kubeconfig).run();
    assert!(output.err.contains("connects without credentials"), "{output:?}");

    let output = macaque("once -n shop").on(&cluster).run();
    assert!(
        !output.err.contains("credentials"),
        "a user without credentials has none to send: {output:?}"
    );
}

#[test]
fn a_credentials_command_runs_once_for_a_process() {
    let cluster = TestCluster::with(shop());
    let runs = cluster.file("runs", "");
    let kubeconfig = cluster.kubeconfig().replace(
        "user: {}",
        &format!("user: {{{}}}", plugin().replace("runs", &runs)),
    );
    for (number, command) in ["once -n shop", "check -n shop", "plan -n shop"]
        .into_iter()
        .enumerate()
    {
        let output = macaque(command)
            .env("MACAQUE_CLUSTER__CREDENTIALS_WITHOUT_TLS", "true")
            .on_kubeconfig(&kubeconfig)
            .run();
        assert_eq!(output.code, 0, "{output:?}");
        assert_eq!(
            std::fs::read_to_string(&runs).unwrap().lines().count(),
            number + 1,
            "{command}"
        );
    }
}

#[test]
fn an_address_without_a_scheme_is_one_of_plain_http_as_for_kubectl() {
    let cluster = TestCluster::with(shop());
    let address = cluster.sandbox.url().replace("http://", "");
    let output = macaque("once -n shop")
        .on_kubeconfig(&kubeconfig(&format!("server: '{address}'"), ""))
        .run();
    assert_eq!(output.code, 0, "{output:?}");
}

/// What a server's certificate is like.
#[derive(Clone, Copy)]
enum ServerCertificate {
    Good,
    OfAnotherName,
    Expired,
}

/// A server behind TLS that answers one request; its address, and its authority in base64.
fn tls_server(kind: ServerCertificate, words: String) -> (String, String) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();

    let name = match kind {
        ServerCertificate::OfAnotherName => "other.example",
        ServerCertificate::Good | ServerCertificate::Expired => "127.0.0.1",
    };
    let mut leaf = CertificateParams::new(vec![name.to_owned()]).unwrap();
    if let ServerCertificate::Expired = kind {
        leaf.not_before = rcgen::date_time_ymd(2020, 1, 1);
        leaf.not_after = rcgen::date_time_ymd(2021, 1, 1);
    }
    let key = KeyPair::generate().unwrap();
    let leaf = leaf.signed_by(&key, &authority).unwrap();

    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    let chain = vec![CertificateDer::from(leaf.der().to_vec())];
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key.into())
        .unwrap();
    let config = Arc::new(config);
    let address = server(move |stream| {
        let tls = ServerConnection::new(Arc::clone(&config)).unwrap();
        answer(StreamOwned::new(tls, stream), &words);
    });

    let authority = STANDARD.encode(authority.der());
    let pem = format!("-----BEGIN CERTIFICATE-----\n{authority}\n-----END CERTIFICATE-----\n");
    (address, STANDARD.encode(pem))
}

#[test]
fn each_fault_of_a_connection_has_its_own_words_and_remedy() {
    let forbidden = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Unauthorized", "code": 401});
    let unauthorized = response("401 Unauthorized", &forbidden.to_string());
    let page = response("404 Not Found", "<html>no such page</html>");
    let tls = |kind, words: &str| tls_server(kind, words.to_owned());
    let trusted = |(address, authority): (String, String)| {
        format!("server: 'https://{address}', certificate-authority-data: {authority}")
    };
    let untrusted = |(address, _): (String, String)| {
        let (_, another) = tls(ServerCertificate::Good, "");
        format!("server: 'https://{address}', certificate-authority-data: {another}")
    };
    let plain = |scheme: &str, words: &str| {
        let words = words.to_owned();
        let address = server(move |stream| {
            answer(stream, &words);
        });
        format!("server: '{scheme}://{address}'")
    };
    let demands = response(
        "400 Bad Request",
        "Client sent an HTTP request to an HTTPS server.\n",
    );

    let table = [
        (
            untrusted(tls(ServerCertificate::Good, "")),
            "signed by an authority that is not trusted",
            "certificate-authority-data",
        ),
        (
            trusted(tls(ServerCertificate::Expired, "")),
            "its certificate has expired",
            "renew the server's certificate",
        ),
        (
            trusted(tls(ServerCertificate::OfAnotherName, "")),
            "is for other names: other.example",
            "tls-server-name",
        ),
        (
            trusted(tls(ServerCertificate::Good, "")),
            "it closed the connection",
            "check that the API server is well",
        ),
        (
            trusted(tls(ServerCertificate::Good, &page)),
            "HTTP 404: <html>no such page</html>",
            "the address of a Kubernetes API server",
        ),
        (
            trusted(tls(ServerCertificate::Good, &unauthorized)),
            "does not accept the token of the kubeconfig (401)",
            "renew the credentials",
        ),
        (plain("https", &page), "it does not speak TLS", "use http://"),
        (plain("http", &demands), "it speaks TLS", "use https://"),
        (
            plain("http", "220 mail.example ESMTP\r\n"),
            "it does not speak HTTP",
            "check the port",
        ),
        (
            plain("http", ""),
            "it closed the connection",
            "check that the API server is well",
        ),
        (
            "server: 'https://127.0.0.1:1'".to_owned(),
            "connection refused",
            "runs at that address",
        ),
        (
            "server: 'https://no-such-host.invalid'".to_owned(),
            "its name has no address (DNS)",
            "this machine's DNS",
        ),
    ];
    for (cluster, words, remedy) in table {
        let output = check(&cluster, &format!("token: {CANARY}")).run();
        let findings = output.json();
        let found = findings
            .as_array()
            .unwrap()
            .iter()
            .find(|finding| finding["what"] == "API server")
            .unwrap();
        let said = (
            found["detail"].as_str().unwrap(),
            found["remedy"].as_str().unwrap(),
        );
        assert!(
            said.0.contains(words) && said.1.contains(remedy),
            "{words}: {said:?}"
        );
        assert!(!format!("{output:?}").contains("docs.rs"), "{output:?}");
    }
}

#[test]
fn a_connection_as_anonymous_is_not_made_without_a_word() {
    let cluster = trusted_nothing();
    let words = "connects as anonymous: the user \\\"u\\\" of the kubeconfig kubeconfig (from KUBECONFIG) holds no credentials";
    for user in ["", "token: ''", "tokenFile: null, exec: null"] {
        let output = macaque("once -n shop")
            .on_kubeconfig(&kubeconfig(&cluster, user))
            .run();
        assert!(output.err.contains(words), "{user}: {output:?}");
    }
}

/// A server that is not there: warnings come before the first request.
fn trusted_nothing() -> String {
    "server: 'https://127.0.0.1:1'".to_owned()
}
