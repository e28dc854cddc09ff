//! Tables of how kubeconfigs are found, read, merged and selected from. The answers are kubectl's.

use std::fs;

use kube::config::AuthInfo;
use tempfile::TempDir;

use super::*;

/// A file with one cluster `c`, a user `u` and a context `x`.
const COMPLETE: &str = "
clusters: [{name: c, cluster: {server: 'https://first'}}]
users: [{name: u, user: {token: first}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
";

fn parsed(text: &str) -> Result<Kubeconfig, String> {
    parse(text, Path::new("/dir"))
}

/// The merged files, which are there in this order.
fn merged(files: &[&str]) -> Kubeconfig {
    let files = files.iter().map(|text| parsed(text).unwrap());
    files.fold(Kubeconfig::default(), merge)
}

fn user(content: &Kubeconfig, name: &str) -> AuthInfo {
    let found = content.auth_infos.iter().find(|named| named.name == name);
    found.unwrap().auth_info.clone().unwrap_or_default()
}

fn token(content: &Kubeconfig, name: &str) -> Option<String> {
    user(content, name)
        .token
        .map(|token| token.expose_secret().to_owned())
}

#[test]
fn the_first_file_that_sets_a_value_wins_and_an_empty_value_sets_nothing() {
    let table = [
        // (the files, the current context, the server of c, the token of u)
        (vec![COMPLETE], "x", "https://first", Some("first")),
        (
            vec!["current-context: ''", COMPLETE, "current-context: z"],
            "x",
            "https://first",
            Some("first"),
        ),
        (
            vec!["current-context: null", COMPLETE],
            "x",
            "https://first",
            Some("first"),
        ),
        (vec!["", COMPLETE], "x", "https://first", Some("first")),
        (
            vec!["users: null\nclusters: []", COMPLETE],
            "x",
            "https://first",
            Some("first"),
        ),
        (
            vec![
                "current-context: other\nclusters: [{name: c, cluster: {server: 'https://zero'}}]",
                COMPLETE,
            ],
            "other",
            "https://zero",
            Some("first"),
        ),
        // An entry counts as a whole, even one without credentials.
        (vec!["users: [{name: u}]", COMPLETE], "x", "https://first", None),
        (
            vec!["users: [{name: u, user: {token: ''}}]", COMPLETE],
            "x",
            "https://first",
            None,
        ),
    ];

    for (files, context, server, expected) in table {
        let content = merged(&files);
        assert_eq!(content.current_context.as_deref(), Some(context), "{files:?}");
        let cluster = content.clusters[0].cluster.as_ref().unwrap();
        assert_eq!(cluster.server.as_deref(), Some(server), "{files:?}");
        assert_eq!(token(&content, "u").as_deref(), expected, "{files:?}");
    }
}

#[test]
fn what_is_empty_is_not_set() {
    let keys = [
        "token",
        "tokenFile",
        "username",
        "password",
        "client-certificate",
        "client-certificate-data",
        "client-key",
        "client-key-data",
        "as",
        "exec",
        "auth-provider",
    ];
    for key in keys {
        for nothing in ["''", "\"\"", "null", "~", ""] {
            let text = format!("users:\n- name: u\n  user:\n    {key}: {nothing}\n");
            let found = serde_json::to_value(user(&parsed(&text).unwrap(), "u")).unwrap();
            assert_eq!(found.get(key).filter(|value| !value.is_null()), None, "{text}");
        }
    }

    let cluster = "clusters: [{name: c, cluster: {server: s, certificate-authority: '', tls-server-name: '', \
                   certificate-authority-data: '', proxy-url: '', insecure-skip-tls-verify: null}}]";
    let found = parsed(cluster).unwrap().clusters.remove(0).cluster.unwrap();
    assert_eq!(
        serde_json::to_value(found).unwrap(),
        serde_json::json!({"server": "s"})
    );
}

#[test]
fn an_empty_variable_of_a_credentials_command_stays_empty() {
    let text =
        "users: [{name: u, user: {exec: {command: c, interactiveMode: '', env: [{name: A, value: ''}]}}}]";
    let exec = user(&parsed(text).unwrap(), "u").exec.unwrap();
    assert_eq!(exec.env.unwrap()[0]["value"], "");
    assert_eq!(exec.interactive_mode, None);
}

#[test]
fn relative_paths_start_at_the_directory_of_their_own_file() {
    let text = "
clusters: [{name: c, cluster: {certificate-authority: ca.crt}}]
users:
- name: u
  user: {client-certificate: pki/c.crt, client-key: /abs/c.key, tokenFile: ../token, exec: {command: ./bin/plugin}}
- name: v
  user: {exec: {command: aws}}
";
    let content = parsed(text).unwrap();
    let cluster = content.clusters[0].cluster.clone().unwrap();
    assert_eq!(cluster.certificate_authority.as_deref(), Some("/dir/ca.crt"));
    let found = user(&content, "u");
    assert_eq!(found.client_certificate.as_deref(), Some("/dir/pki/c.crt"));
    assert_eq!(found.client_key.as_deref(), Some("/abs/c.key"));
    assert_eq!(found.token_file.as_deref(), Some("/dir/../token"));
    assert_eq!(found.exec.unwrap().command.as_deref(), Some("/dir/./bin/plugin"));
    assert_eq!(user(&content, "v").exec.unwrap().command.as_deref(), Some("aws"));
}

#[test]
fn a_file_that_is_no_kubeconfig_is_refused_without_a_word_of_its_content() {
    let table = [
        ("users: [", " (line 1"),
        ("- a\n- b\n", ": it is not a mapping"),
        ("kind: Pod\n", ": its kind is not Config"),
        ("users: secret\n", ": its users are not a list"),
        (
            "users: [{name: u, user: {token: 7351}}]",
            ": the entry \"u\" of its users holds a value of the wrong type",
        ),
        ("users: [{name: u}, {name: u}]", ": its users name \"u\" twice"),
        ("current-context: [secret]", ": its current-context is not a text"),
    ];
    for (text, words) in table {
        let wrong = parsed(text).unwrap_err();
        assert!(wrong.starts_with(words), "{text}: {wrong}");
        assert!(!wrong.contains("secret") && !wrong.contains("7351"), "{wrong}");
    }
}

#[test]
fn files_that_do_not_exist_are_skipped_unless_one_was_named() {
    let home = TempDir::new().unwrap();
    let path = |name: &str| home.path().join(name);
    fs::write(path("good"), COMPLETE).unwrap();
    fs::write(path("bad"), "users: [").unwrap();
    fs::create_dir(path(".kube")).unwrap();
    let list = |names: &[&str]| Some(std::env::join_paths(names.iter().map(|name| path(name))).unwrap());

    // (the named file, KUBECONFIG, whether there is a home, and how the search ends)
    let table = [
        (Some("good"), None, true, "found"),
        (Some("absent"), list(&["good"]), true, "error"),
        (None, list(&["absent", "good"]), true, "found"),
        (None, list(&["good", "absent"]), true, "found"),
        (None, list(&["absent", "gone"]), true, "nothing"),
        (None, list(&["good", "bad"]), true, "error"),
        // A directory exists, and is no kubeconfig.
        (None, list(&["good", ".kube"]), true, "error"),
        (None, Some("::".into()), true, "nothing"),
        (None, None, true, "nothing"),
        (None, None, false, "nothing"),
    ];
    for (named, variable, has_home, end) in table {
        let search = KubeconfigSearch {
            named: named.map(path),
            variable,
            home: has_home.then(|| home.path().to_owned()),
        };
        let found = match search.load() {
            Ok(Some(_)) => "found",
            Ok(None) => "nothing",
            Err(_) => "error",
        };
        assert_eq!(found, end, "{search:?}");
    }

    fs::write(path(".kube/config"), COMPLETE).unwrap();
    let search = KubeconfigSearch {
        home: Some(home.path().to_owned()),
        ..KubeconfigSearch::default()
    };
    assert!(search.load().unwrap().unwrap().name.ends_with(".kube/config"));
}

#[test]
fn where_nothing_was_found_the_places_are_named() {
    let nothing = |variable: Option<&str>, home: Option<&str>| {
        let search = KubeconfigSearch {
            named: None,
            variable: variable.map(OsString::from),
            home: home.map(PathBuf::from),
        };
        search.nothing_found().wrong
    };
    let table = [
        (nothing(None, None), "neither KUBECONFIG nor HOME is set"),
        (
            nothing(None, Some("/home/a")),
            "/home/a/.kube/config: No such file",
        ),
        (nothing(Some("/a"), Some("/home/a")), "/a: No such file"),
        (nothing(Some("::"), Some("/home/a")), "KUBECONFIG names no file"),
        (nothing(Some("/a:/b"), None), "none of these files exists: /a, /b"),
    ];
    for (found, words) in table {
        assert_eq!(found, format!("no kubeconfig was found: {words}"));
    }
}

#[test]
fn whatever_a_context_lacks_is_named_beside_what_is_there() {
    let named = |text: &str, context: Option<&str>| {
        let found = FoundKubeconfig {
            name: "F".to_owned(),
            content: parsed(text).unwrap(),
        };
        select(&found, context)
            .map(drop)
            .map_err(|fault| fault.to_string())
    };
    let with = |context: &str| COMPLETE.replace("{cluster: c, user: u}", context);

    assert_eq!(named(COMPLETE, None), Ok(()));
    assert_eq!(named(COMPLETE, Some("x")), Ok(()));
    assert_eq!(
        named(&with("{cluster: c}"), None),
        Ok(()),
        "a context without a user is anonymous"
    );
    let table = [
        (
            named("", None),
            "no current-context is set in F; there is no context at all: name another kubeconfig",
        ),
        (
            named(&COMPLETE.replace("current-context: x", ""), None),
            "no current-context is set in F; use one of these with --context (key cluster.context): x",
        ),
        (
            named(COMPLETE, Some("prod")),
            "there is no context \"prod\" in F; use one of these with --context (key cluster.context): x",
        ),
        (
            named(&with("{cluster: c, user: who}"), None),
            "cannot use F: the context \"x\" names the user \"who\", which is not there; correct the context, or add the \
             user; users that are there: u",
        ),
        (
            named(&with("{cluster: '', user: u}"), None),
            "cannot use F: the context \"x\" names no cluster; correct the context, or add the cluster; clusters that are \
             there: c",
        ),
        (
            named(&with("{cluster: where, user: u}"), None),
            "cannot use F: the context \"x\" names the cluster \"where\", which is not there; correct the context, or add \
             the cluster; clusters that are there: c",
        ),
    ];
    for (fault, words) in table {
        let fault = fault.unwrap_err();
        assert!(fault.starts_with(words), "{fault}");
    }
}

#[test]
fn a_long_list_of_names_is_cut() {
    let text = selection::names((0..500).map(|number| format!("context-{number}")));
    assert!(text.ends_with("context-19, … and 480 more"), "{text}");
}
