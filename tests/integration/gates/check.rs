//! Promises of `macaque check` about gates.

use kube_sandbox::scenario::deployment;
use macaque_testkit::fake_gate::{FakeGate, firing};
use macaque_testkit::server_answer::reply;
use macaque_testkit::{ProgramOutput, TestCluster};
use serde_json::Value;

use crate::macaque;

/// `macaque check` with these gates.
fn check(more: &str, gates: &str) -> ProgramOutput {
    let cluster = TestCluster::with(vec![deployment("shop", "web", 2)]);
    macaque(&format!("check -n shop {more}"))
        .toml(gates)
        .on(&cluster)
        .run()
}

fn prometheus(url: &str, more: &str) -> String {
    format!("[[guards.prometheus]]\nname = \"no-page\"\nurl = {url:?}\nquery = 'ALERTS'\n{more}\n")
}

#[test]
fn each_gate_is_asked_once_and_shown_with_its_answer_and_latency() {
    let alerts = FakeGate::start(firing(&[]));
    let release = FakeGate::start(reply(200, "True"));
    let gates = format!(
        "{}[[guards.http]]\nname = \"no-release\"\nurl = {:?}\nmethod = \"POST\"\nexpect_body = \"True\"\n",
        prometheus(&alerts.url(), "canary = 'vector(1)'"),
        release.url()
    );
    alerts.set_for("vector", firing(&["Watchdog"]));

    let output = check("", &gates);
    output.says(
        0,
        &[
            "gate no-page",
            "ok: no series (",
            " ms)",
            "asked about the example shop/example-0)",
        ],
    );
    assert!(!output.out.contains("no canary"), "{output:?}");
    assert_eq!((alerts.requests().len(), release.requests().len()), (2, 1));
}

#[test]
fn a_gate_that_holds_back_is_a_note_and_no_failure() {
    let service = FakeGate::start(firing(&["A"]));
    let output = check("", &prometheus(&service.url(), ""));
    output.says(
        0,
        &[
            "note",
            "holds back: 1 alert: A",
            "nothing is disrupted until it says go",
        ],
    );
}

#[test]
fn a_gate_that_cannot_answer_is_1_with_a_remedy() {
    let address = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let output = check("-o json", &prometheus(&format!("http://{address}"), ""));
    assert_eq!(output.code, 1, "{output:?}");

    let findings: Value = output.json();
    let failed: Vec<_> = findings
        .as_array()
        .unwrap()
        .iter()
        .filter(|found| found["result"] == "failed")
        .collect();
    assert_eq!(failed.len(), 1, "{findings}");
    assert_eq!(failed[0]["what"], "gate no-page");
    assert!(
        failed[0]["remedy"]
            .as_str()
            .unwrap()
            .starts_with("check url, that the service runs")
    );
}

#[test]
fn a_gate_that_says_go_once_its_metrics_vanish_is_a_warning() {
    let service = FakeGate::start(firing(&[]));
    let output = check("", &prometheus(&service.url(), ""));
    output.says(
        0,
        &[
            "warning",
            "it has no canary: it says go if its metrics vanish; set canary",
        ],
    );
}
