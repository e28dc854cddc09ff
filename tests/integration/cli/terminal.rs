//! What people of the cluster wrote reaches the terminal as words, never as control sequences.

use kube_sandbox::scenario::{budget, deployment, pod};
use serde_json::json;

use crate::answering_proxy;
use crate::macaque;
use macaque_testkit::{ProgramOutput, TestCluster};

/// A webhook's denial that would clear the screen in two ways, forge a line, hide text and turn the words round.
const DENIAL: &str = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","code":403,"reason":"Forbidden","message":"admission webhook \"guard.example\" denied the request: no\u001b[2J\u009b2J\nevicted shop/forged\u202eold\u200b"}"#;

/// Asserts that nothing is printed but visible characters and the ends of macaque's own lines.
fn is_plain(output: &ProgramOutput) {
    for text in [&output.out, &output.err] {
        let bad = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202e}' | '\u{200b}');
        assert!(!text.contains(bad), "{output:?}");
        assert!(
            !text.lines().any(|line| line.starts_with("evicted shop/forged")),
            "{output:?}"
        );
    }
}

#[test]
fn a_webhooks_denial_is_one_line_of_visible_words() {
    let cluster = TestCluster::with(vec![deployment("shop", "web", 2)]);
    for command in [
        "once --dry-run=false",
        "plan --server --seed 1",
        "plan --server -o wide",
        "once --dry-run=false -o json",
        "once --dry-run=false -o yaml",
        "plan --server -o json",
        "plan --server -o yaml",
    ] {
        let proxy = answering_proxy(&cluster.sandbox, "/eviction", 403, DENIAL);
        let kubeconfig = cluster
            .sandbox
            .kubeconfig()
            .replace(&cluster.sandbox.url(), &proxy.url());
        let output = macaque(&format!("{command} -n shop --kubeconfig proxied"))
            .file("proxied", &kubeconfig)
            .run();
        assert!(output.out.contains("guard.example"), "{output:?}");
        is_plain(&output);
    }
}

#[test]
fn an_owner_of_a_hostile_name_is_shown_by_its_visible_characters() {
    let mut hostile = pod("shop", "web-0", "web");
    hostile["metadata"]["ownerReferences"] = json!([{
        "apiVersion": "v1", "kind": "Ghost", "uid": "1", "controller": true,
        "name": "a\u{1b}[2J\nevicted shop/forged\u{202e}b",
    }]);
    let cluster = TestCluster::with(vec![hostile, budget("shop", "web", json!({ "minAvailable": 0 }))]);

    for command in [
        "once -o json",
        "plan -o json",
        "plan -o yaml",
        "why shop/web-0 -o json",
    ] {
        let output = macaque(&format!("{command} -n shop")).on(&cluster).run();
        assert!(
            output.out.contains(r"a\u001b[2J\nevicted shop/forged\u202eb"),
            "{command}: {output:?}"
        );
        is_plain(&output);
    }
    for command in ["once", "plan", "plan -o wide", "why shop/web-0", "budgets"] {
        let output = macaque(&format!("{command} -n shop")).on(&cluster).run();
        assert!(
            output.out.contains("a [2J evicted shop/forgedb"),
            "{command}: {output:?}"
        );
        is_plain(&output);
    }
}

#[test]
fn the_words_of_an_api_server_that_fails_are_one_line() {
    let cluster = TestCluster::with(Vec::new());
    let proxy = answering_proxy(&cluster.sandbox, "/pods", 403, DENIAL);
    let kubeconfig = cluster
        .sandbox
        .kubeconfig()
        .replace(&cluster.sandbox.url(), &proxy.url());
    let run = |command: &str| {
        macaque(&format!("{command} -n shop --kubeconfig proxied"))
            .file("proxied", &kubeconfig)
            .run()
    };

    // Each tries again after pauses: all run at once.
    std::thread::scope(|scope| {
        for command in ["once", "plan", "why shop/web-0", "check", "budgets"] {
            scope.spawn(move || is_plain(&run(command)));
        }
    });
}

#[test]
fn the_log_is_one_line_of_visible_words_in_both_formats() {
    let cluster = TestCluster::with(vec![deployment("shop", "web", 1)]);
    // The journal's ConfigMap cannot be read: what the API server says of it is logged.
    let proxy = answering_proxy(&cluster.sandbox, "/configmaps", 403, DENIAL);
    let kubeconfig = cluster
        .sandbox
        .kubeconfig()
        .replace(&cluster.sandbox.url(), &proxy.url());

    for format in ["text", "json"] {
        let daemon = macaque("run -n shop --dry-run=false --kubeconfig proxied --log-format")
            .arg(format)
            .env("MACAQUE_CRONTAB", "* * * * *")
            .env("MACAQUE_POD_NAMESPACE", "shop")
            .env("MACAQUE_JOURNAL", "configmap/journal")
            .env("MACAQUE_HEALTH__LISTEN", "off")
            .file("proxied", &kubeconfig)
            .start();
        let log = daemon.await_words("guard.example");
        let output = daemon.terminate();
        is_plain(&ProgramOutput {
            err: log + &output.err,
            ..output
        });
    }
}

#[test]
fn a_long_message_that_ten_pods_get_is_shown_once_and_cut() {
    let denial = DENIAL.replace(
        "denied the request: ",
        &format!("denied the request: {}", "no ".repeat(7_000)),
    );
    let cluster = TestCluster::with(vec![deployment("shop", "web", 10)]);
    let proxy = answering_proxy(&cluster.sandbox, "/eviction", 403, &denial);
    let kubeconfig = cluster
        .sandbox
        .kubeconfig()
        .replace(&cluster.sandbox.url(), &proxy.url());

    for command in ["once --dry-run=false", "plan --server", "plan --server --seed 1"] {
        let output = macaque(&format!("{command} -n shop --kubeconfig proxied"))
            .file("proxied", &kubeconfig)
            .run();
        let longest = output.out.lines().map(|line| line.chars().count()).max();
        assert!(longest < Some(1_000), "{command}: {output:?}");
        assert!(
            output.out.matches("guard.example: no no").count() <= 2,
            "{command}: {output:?}"
        );
    }
}
