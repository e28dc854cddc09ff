//! What people of the cluster wrote reaches the terminal as words, never as control sequences.

use kube_sandbox::scenario::{budget, deployment, pod};
use serde_json::json;

use crate::answering_proxy;
use crate::macaque;
use macaque_testkit::{ProgramOutput, TestCluster};

/// A webhook's denial that would clear the screen, forge a line and turn the words round.
const DENIAL: &str = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","code":403,"reason":"Forbidden","message":"admission webhook \"guard.example\" denied the request: no\u001b[2J\nevicted shop/forged\u202eold"}"#;

/// Asserts that nothing is printed but visible characters and the ends of macaque's own lines.
fn is_plain(output: &ProgramOutput) {
    for text in [&output.out, &output.err] {
        let bad = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!text.contains(bad), "{output:?}");
        assert!(
            !text.lines().any(|line| line.starts_with("evicted shop/forged")),
            "{output:?}"
        );
    }
}

#[test]
fn a_webhooks_denial_is_one_line_of_visible_words() {
    let cluster = TestCluster::with(vec![deployment("shop", "web", 1)]);
    for command in [
        "once --dry-run=false",
        "plan --server --seed 1",
        "plan --server -o wide",
    ] {
        let proxy = answering_proxy(&cluster.sandbox, "/eviction", 403, DENIAL);
        let kubeconfig = cluster
            .sandbox
            .kubeconfig()
            .replace(&cluster.sandbox.url(), &proxy.url());
        let output = macaque(&format!("{command} -n shop --kubeconfig proxied"))
            .file("proxied", &kubeconfig)
            .run();
        assert!(output.out.contains("webhook guard.example"), "{output:?}");
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
