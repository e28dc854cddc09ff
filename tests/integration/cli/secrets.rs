//! Secrets reach the service they are for, and no output: every call here is searched for the canary as it ends.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::thread::JoinHandle;

use kube_sandbox::scenario::deployment;

use crate::macaque;
use macaque_testkit::fault_proxy::{FaultProxy, ProxyResponse};
use macaque_testkit::{CANARY, Program, TestCluster};

/// Slack, for one message: reads it, echoes its token in a refusal, and hands over what it read.
fn slack() -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/api", listener.local_addr().unwrap());
    let served = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut head = String::new();
        let mut length = 0;
        while !head.ends_with("\r\n\r\n") {
            let start = head.len();
            reader.read_line(&mut head).unwrap();
            if let Some(value) = head[start..]
                .to_ascii_lowercase()
                .strip_prefix("content-length: ")
            {
                length = value.trim().parse().unwrap();
            }
        }
        reader.read_exact(&mut vec![0; length]).unwrap();
        let body = format!("{{\"ok\":false,\"error\":\"invalid_auth\",\"echo\":\"{CANARY}\"}}");
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        head
    });

    (url, served)
}

fn with_token(args: &str) -> Program {
    macaque(args).env("MACAQUE_SLACK_TOKEN", CANARY)
}

#[test]
fn a_token_reaches_its_service_and_no_output_however_much_is_logged() {
    let (url, served) = slack();
    let output = with_token("once -n shop --log-level trace --log-format json -o json")
        .env("MACAQUE_SLACK_CHANNEL", "C1")
        .env("MACAQUE_NOTIFY__SLACK__API_URL", &url)
        .on(&TestCluster::with(vec![deployment("shop", "web", 2)]))
        .run();

    assert!(served.join().unwrap().contains(CANARY));
    assert_eq!(
        output.code, 0,
        "a round is not undone by a channel that refuses: {output:?}"
    );
    assert!(output.err.contains("invalid_auth"), "{output:?}");
}

#[test]
fn a_token_without_its_channel_is_a_mistake_that_does_not_show_it() {
    with_token("once -n shop")
        .run()
        .complains(2, &["notify.slack.channel: is not set"]);
}

#[test]
fn a_token_that_cannot_be_one_is_a_mistake_that_does_not_show_it() {
    let output = macaque("check -n shop")
        .env("MACAQUE_SLACK_TOKEN", &format!("{CANARY} {CANARY}"))
        .env("MACAQUE_SLACK_CHANNEL", "C1")
        .run();
    output.complains(2, &["notify.slack.token: the secret contains a space"]);
}

#[test]
fn a_token_in_the_place_of_its_file_is_not_shown() {
    let output = macaque("once -n shop")
        .toml(&format!(
            "[notify.slack]\ntoken_file = \"{CANARY}\"\nchannel = \"C1\"\n"
        ))
        .run();

    output.complains(
        2,
        &["notify.slack.token_file: cannot read the file that it names"],
    );
}

#[test]
fn a_file_that_breaks_off_within_a_token_does_not_show_it() {
    let output = macaque("once -n shop")
        .toml(&format!("[notify.slack]\ntoken = \"{CANARY}\n"))
        .run();
    output.complains(2, &["m.toml: not TOML"]);
}

#[test]
fn a_token_under_an_unknown_key_is_not_shown() {
    let output = macaque("once -n shop")
        .toml(&format!("[notify.slack]\ntokn = \"{CANARY}\"\n"))
        .run();
    output.complains(2, &["did you mean notify.slack.token?"]);
}

#[test]
fn a_webhook_in_the_clear_is_a_mistake_that_does_not_show_it() {
    let output = macaque("once -n shop")
        .env(
            "MACAQUE_NOTIFY__SLACK_WEBHOOK__URL",
            &format!("http://hooks.example/{CANARY}"),
        )
        .run();
    output.complains(2, &["notify.slack_webhook.url: the URL"]);
}

/// A configuration of a webhook with this secret.
fn signed_by(secret: &str) -> Program {
    macaque("check -n shop")
        .env(
            "MACAQUE_NOTIFY__WEBHOOK__URL",
            &format!("https://receiver.example/{CANARY}"),
        )
        .env("MACAQUE_NOTIFY__WEBHOOK__SECRET", secret)
}

#[test]
fn a_signing_secret_of_another_form_is_a_mistake_that_does_not_show_it() {
    for (secret, wrong) in [
        (
            CANARY.to_owned(),
            "the secret does not begin with whsec_: use whsec_ and the base64",
        ),
        (format!("whsec_{CANARY}"), "the secret is not base64 after whsec_"),
        (
            format!("whsec_{} {CANARY}", "A".repeat(32)),
            "secret number 2 does not begin with whsec_",
        ),
    ] {
        signed_by(&secret)
            .run()
            .complains(2, &["notify.webhook.secret: ", wrong]);
    }
}

#[test]
fn the_url_of_a_connector_is_a_mistake_that_does_not_show_it() {
    let output = macaque("check -n shop")
        .env(
            "MACAQUE_NOTIFY__TEAMS__URL",
            &format!("https://contoso.webhook.office.com/webhookb2/{CANARY}"),
        )
        .run();
    output.complains(
        2,
        &[
            "notify.teams.url: the URL is that of an Office 365 connector",
            "create a workflow",
        ],
    );
}

#[test]
fn a_kubeconfig_that_breaks_off_within_a_token_does_not_show_it() {
    let users = format!("users:\n- name: a\n  user:\n    token: \"{CANARY}\n");
    let output = macaque("once -n shop --kubeconfig broken")
        .file("broken", &users)
        .run();
    output.complains(2, &["kubeconfig broken: it is not a valid kubeconfig (line 4"]);
}

#[test]
fn a_kubeconfigs_token_that_cannot_be_one_is_not_shown() {
    let cluster = TestCluster::with(Vec::new());
    let bad = cluster
        .kubeconfig()
        .replace("user: {}", &format!("user: {{ token: \"{CANARY}\\n\" }}"))
        .replace("http://", "https://");
    let output = macaque("once -n shop --kubeconfig bad").file("bad", &bad).run();
    output.complains(2, &["kubeconfig bad: the token holds a line break"]);
}

#[test]
fn a_token_that_the_api_server_echoes_is_not_shown_in_whichever_encoding() {
    let encodings = [
        CANARY.to_owned(),
        CANARY.replace('-', "\\u002d"),
        CANARY.replace('-', "%2D"),
        CANARY.replace('-', "-\u{200b}"),
    ];
    for (echo, status) in encodings.iter().flat_map(|echo| [(echo, 403), (echo, 400)]) {
        let body = format!(r#"{{"kind":"Status","status":"Failure","message":"no {echo}","code":{status}}}"#);
        let server = FaultProxy::with_upstream(move |_| {
            Box::pin(std::future::ready(Some(ProxyResponse::new(status, body.clone()))))
        });
        let kubeconfig = TestCluster::with(Vec::new()).kubeconfig_at(&server.url());
        let kubeconfig = kubeconfig.replace("user: {}", &format!("user: {{ token: {CANARY} }}"));
        let output = macaque("once -n shop --kubeconfig file --log-level trace")
            .file("file", &kubeconfig)
            .env("MACAQUE_CLUSTER__CREDENTIALS_WITHOUT_TLS", "true")
            .run();

        let head = server.requests()[0].headers.clone();
        assert!(format!("{head:?}").contains(CANARY), "the server knows the token");
        let visible = format!("{}{}", output.out, output.err).replace('\u{200b}', "");
        assert!(!visible.contains(CANARY) && !visible.contains(echo), "{visible}");
        assert!(visible.contains("[hidden]"), "{visible}");
    }
}

/// `macaque once` by a kubeconfig whose user has these lines.
fn as_user(user: &str) -> Program {
    let kubeconfig = TestCluster::with(Vec::new()).kubeconfig();
    let kubeconfig = kubeconfig.replace("user: {}", &format!("user: {user}"));
    // Without TLS no credentials are looked at.
    let kubeconfig = kubeconfig.replace("http://", "https://");
    macaque("once -n shop --kubeconfig file").file("file", &kubeconfig)
}

/// A user whose credentials are printed by a shell script.
fn by_plugin(mode: &str) -> Program {
    as_user(&format!(
        "{{ exec: {{ apiVersion: client.authentication.k8s.io/v1, command: /bin/sh, args: [plugin], \
         interactiveMode: {mode} }} }}"
    ))
}

#[test]
fn a_credentials_command_that_fails_is_named_and_what_it_printed_is_not_shown() {
    for mode in ["Never", "IfAvailable"] {
        let output = by_plugin(mode)
            .file("plugin", &format!("echo {CANARY}; exit 3\n"))
            .run();
        let words =
            "cannot use the kubeconfig file: the credentials command \"/bin/sh\" failed with status 3;";
        output.complains(2, &[words]);
        assert_eq!(output.err.lines().count(), 1, "{output:?}");
    }
}

#[test]
fn a_credentials_command_that_prints_a_bare_token_does_not_show_it() {
    let credential = format!("echo '{{\"kind\":\"ExecCredential\",\"status\":\"{CANARY}\"}}'");
    for script in [format!("echo {CANARY}"), credential] {
        let output = by_plugin("Never").file("plugin", &script).run();
        output.complains(
            2,
            &["the kubeconfig file: the credentials command \"/bin/sh\" did not print an ExecCredential"],
        );
        assert_eq!(output.err.lines().count(), 1, "{output:?}");
    }
}

#[test]
fn a_kubeconfigs_files_that_are_absent_are_named() {
    let absent = [
        (
            "{ tokenFile: /absent/token }",
            "cannot read the token file /absent/token: No such file",
        ),
        (
            "{ client-certificate: /absent/cert, client-key: /absent/key }",
            "cannot read its client certificate /absent/cert: No such file",
        ),
        (
            "{ exec: { apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: /absent/plugin } }",
            "\"/absent/plugin\" cannot be run: No such file",
        ),
    ];

    for (user, words) in absent {
        as_user(user)
            .run()
            .complains(2, &["cannot use the kubeconfig file: ", words]);
    }
}
