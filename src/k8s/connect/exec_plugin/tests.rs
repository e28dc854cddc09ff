//! Credentials commands: how often they run, what they get to know, and what becomes of those that fail or hang.

use std::fs;
use std::path::Path;

use secrecy::ExposeSecret;
use tempfile::TempDir;

use super::*;

const V1: &str = "client.authentication.k8s.io/v1";

/// A command that runs a shell script, which its directory distinguishes from every other.
fn script(directory: &Path, text: &str) -> PluginSpec {
    PluginSpec {
        command: "/bin/sh".to_owned(),
        args: vec!["-c".to_owned(), text.replace("DIR", directory.to_str().unwrap())],
        env: Vec::new(),
        api_version: V1,
        mode: InteractiveMode::Never,
        install_hint: None,
        cluster: None,
    }
}

/// A script that leaves a line in the file `runs`, and prints this status.
fn printing(directory: &Path, status: &str) -> PluginSpec {
    let object = format!(r#"{{"kind":"ExecCredential","apiVersion":"{V1}","status":{status}}}"#);
    script(directory, &format!("echo >> DIR/runs; echo '{object}'"))
}

fn runs(directory: &Path) -> usize {
    fs::read_to_string(directory.join("runs"))
        .unwrap_or_default()
        .lines()
        .count()
}

#[actix_rt::test]
async fn a_command_runs_once_however_many_connections_are_opened() {
    let home = TempDir::new().unwrap();
    let platform = Platform::system();
    let spec = printing(home.path(), r#"{"token":"t"}"#);
    let all = (0..5).map(|_| credentials(&spec, None, &platform));
    for credentials in futures_util::future::join_all(all).await {
        assert_eq!(credentials.unwrap().token.unwrap().expose_secret(), "t");
    }
    assert_eq!(runs(home.path()), 1);
}

#[actix_rt::test]
async fn a_command_runs_again_when_its_credentials_were_rejected_and_then_not_again() {
    let home = TempDir::new().unwrap();
    let platform = Platform::system();
    let spec = printing(home.path(), r#"{"token":"t"}"#);
    let first = credentials(&spec, None, &platform).await.unwrap();
    let second = credentials(&spec, Some(first.run), &platform).await.unwrap();
    // Another connection was rejected with the same old credentials.
    let third = credentials(&spec, Some(first.run), &platform).await.unwrap();
    assert_eq!((runs(home.path()), second.run), (2, third.run));
}

#[test]
fn credentials_are_renewed_a_little_before_their_end() {
    let home = TempDir::new().unwrap();
    let spec = printing(home.path(), "{}");
    let now: Timestamp = "2026-11-28T12:00:00Z".parse().unwrap();
    let table = [
        ("2026-11-28T13:00:00Z", "2026-11-28T12:59:30Z"),
        ("2026-11-28T12:00:40Z", "2026-11-28T12:00:20Z"),
        ("2026-11-28T14:00:00+01:00", "2026-11-28T12:59:30Z"),
    ];
    for (end, renewed) in table {
        let status = format!(r#"{{"token":"t","expirationTimestamp":"{end}"}}"#);
        let printed = format!(r#"{{"kind":"ExecCredential","apiVersion":"{V1}","status":{status}}}"#);
        let read = spec.read(printed.as_bytes(), now).unwrap();
        assert_eq!(read.renew_at, Some(renewed.parse().unwrap()), "{end}");
    }
}

#[actix_rt::test]
async fn credentials_that_have_ended_are_obtained_again() {
    let home = TempDir::new().unwrap();
    let platform = Platform::system();
    let spec = printing(
        home.path(),
        r#"{"token":"t","expirationTimestamp":"2020-01-01T00:00:00Z"}"#,
    );
    credentials(&spec, None, &platform).await.unwrap();
    credentials(&spec, None, &platform).await.unwrap();
    assert_eq!(runs(home.path()), 2);
}

#[test]
fn whatever_a_command_prints_is_read_or_refused_without_being_shown() {
    let home = TempDir::new().unwrap();
    let spec = printing(home.path(), "{}");
    let yaml = format!("kind: ExecCredential\napiVersion: {V1}\nstatus: {{token: canary}}\n");
    assert!(spec.read(yaml.as_bytes(), Timestamp::UNIX_EPOCH).is_ok());
    let both = format!(
        r#"{{"kind":"ExecCredential","apiVersion":"{V1}","status":{{"clientCertificateData":"c","clientKeyData":"k"}}}}"#
    );
    assert!(
        spec.read(both.as_bytes(), Timestamp::UNIX_EPOCH)
            .unwrap()
            .certificate
            .is_some()
    );

    let with = |status: &str| format!(r#"{{"kind":"ExecCredential","apiVersion":"{V1}","status":{status}}}"#);
    let table = [
        ("canary".to_owned(), "did not print an ExecCredential"),
        (with("null"), "without a status"),
        (with(r#""canary""#), "did not print an ExecCredential"),
        (
            with(r#"{"token":""}"#),
            "neither a token nor a client certificate",
        ),
        (with(r#"{"clientKeyData":"canary"}"#), "and not both"),
        (
            with(r#"{"token":"canary","expirationTimestamp":"canary"}"#),
            "an invalid expirationTimestamp",
        ),
        (
            with(r#"{"token":"canary"}"#).replace("/v1\"", "/v1beta1\""),
            "of another apiVersion",
        ),
        (
            with(r#"{"token":"canary"}"#).replace("ExecCredential", "Pod"),
            "did not print an ExecCredential",
        ),
    ];
    for (printed, words) in table {
        let wrong = spec.read(printed.as_bytes(), Timestamp::UNIX_EPOCH).unwrap_err();
        assert!(
            wrong.contains(words) && !wrong.contains("canary"),
            "{printed}: {wrong}"
        );
    }
}

#[actix_rt::test]
async fn a_command_knows_what_it_may_do_and_gets_its_variables() {
    let home = TempDir::new().unwrap();
    let mut spec = script(
        home.path(),
        r#"printf '{"kind":"ExecCredential","apiVersion":"%s","status":{"token":"%s"}}' "$VERSION" \
           "$(printf '%s' "$KUBERNETES_EXEC_INFO" | tr -d '"\n')""#,
    );
    spec.env = vec![("VERSION".to_owned(), V1.to_owned())];
    spec.cluster = Some(r#"{"server":"https://s"}"#.to_owned());
    let printed = credentials(&spec, None, &Platform::system()).await.unwrap();
    let info = printed.token.unwrap().expose_secret().to_owned();
    for words in [
        "kind:ExecCredential",
        V1,
        "interactive:false",
        "cluster:{server:https://s}",
    ] {
        assert!(info.contains(words), "{info}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_command_that_hangs_is_given_up() {
    let home = TempDir::new().unwrap();
    let platform = Platform::simulated(0, Timestamp::UNIX_EPOCH);
    let hanging = std::future::pending();
    let fault = printing(home.path(), "{}")
        .wait(hanging, TIME_LIMIT, &platform)
        .await
        .unwrap_err();
    assert!(
        fault
            .wrong
            .ends_with("\"/bin/sh\" did not end within 45 s and was stopped"),
        "{fault}"
    );
}

#[actix_rt::test]
async fn nothing_is_left_of_a_command_that_is_given_up() {
    let home = TempDir::new().unwrap();
    let platform = Platform::system();
    let spec = script(
        home.path(),
        "sleep 1000 & echo $! > DIR/new; mv DIR/new DIR/pid; wait",
    );
    let started = async {
        while !home.path().join("pid").exists() {
            platform.sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        _ = credentials(&spec, None, &platform) => unreachable!("it waits for its child"),
        () = started => {}
    }

    let pid = fs::read_to_string(home.path().join("pid")).unwrap();
    let status = Path::new("/proc").join(pid.trim()).join("status");
    // A zombie has ended too: who collects it depends on the machine.
    let runs = || fs::read_to_string(&status).is_ok_and(|text| !text.contains("State:\tZ"));
    while runs() {
        platform.sleep(Duration::from_millis(5)).await;
    }
}

#[actix_rt::test]
async fn a_command_that_is_not_installed_is_named_with_the_hint_of_the_kubeconfig() {
    let home = TempDir::new().unwrap();
    let mut spec = printing(home.path(), "{}");
    spec.command = "no-such-plugin".to_owned();
    let fault = credentials(&spec, None, &Platform::system()).await.unwrap_err();
    assert!(
        fault
            .wrong
            .starts_with("the credentials command \"no-such-plugin\" cannot be run: No such file"),
        "{fault}"
    );
    assert!(fault.remedy.starts_with("install it"), "{fault}");

    spec.install_hint = Some("brew install\n\u{1b}[1mfoo-cli".to_owned());
    let fault = credentials(&spec, None, &Platform::system()).await.unwrap_err();
    assert!(
        fault.remedy.starts_with("its kubeconfig says: brew install") && !fault.remedy.contains('\u{1b}'),
        "{fault}"
    );
}

#[test]
fn a_command_gets_the_terminal_only_where_there_is_one_and_the_kubeconfig_allows_it() {
    let home = TempDir::new().unwrap();
    let table = [
        (InteractiveMode::Never, true, Some(false)),
        (InteractiveMode::Never, false, Some(false)),
        (InteractiveMode::IfAvailable, true, Some(true)),
        (InteractiveMode::IfAvailable, false, Some(false)),
        (InteractiveMode::Always, true, Some(true)),
        (InteractiveMode::Always, false, None),
    ];
    for (mode, terminal, expected) in table {
        let mut spec = printing(home.path(), "{}");
        spec.mode = mode;
        assert_eq!(
            spec.is_interactive(terminal).ok(),
            expected,
            "{mode:?} {terminal}"
        );
    }
}
