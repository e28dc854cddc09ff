//! The page of a whole macaque: on the sandbox, with a gate and a channel that know a secret.

use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use kube_sandbox::scenario;
use macaque_testkit::fake_gate::FakeGate;
use macaque_testkit::server_answer::reply;
use macaque_testkit::{CANARY, TestCluster};
use serde_json::Value;

use super::http::ask;
use crate::macaque;

/// Longer than anything here takes on a busy machine.
const TIME_OUT: Duration = Duration::from_secs(150);

fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

/// Waits until the status in JSON is as wanted; returns it.
fn await_status(address: SocketAddr, is_so: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + TIME_OUT;
    loop {
        if std::net::TcpStream::connect(address).is_ok() {
            let answer = ask(address, "GET /api/v1/status", "");
            let status: Value = serde_json::from_str(&answer.body).unwrap();
            if is_so(&status) {
                return status;
            }
            assert!(Instant::now() < deadline, "{status:#}");
        }
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_round_that_a_gate_holds_back_is_on_the_page_and_no_secret_is() {
    let gate = FakeGate::start(reply(200, &format!("no, says {CANARY}")));
    let cluster = TestCluster::with(scenario::shop());
    let address = free_address();
    let program = macaque("run --config here.toml")
        .file(
            "here.toml",
            &format!(
                "[schedule]\ncron = \"* * * * *\"\n[target]\nnamespaces = [\"shop\"]\nmin_age = \"0s\"\n[status]\nlisten \
                 = \"{address}\"\n[health]\nlisten = \"off\"\n[[guards.http]]\nname = \"error-rate\"\nurl = \
                 \"{}/{CANARY}\"\nexpect_body = \"go\"\nheaders = {{ X-Token = \"{CANARY}\" }}\n",
                gate.url()
            ),
        )
        .on(&cluster)
        .start();

    let status = await_status(address, |status| {
        status["rounds"]["items"][0]["result"].is_string()
    });
    assert_eq!(status["dry_run"], true, "{status:#}");
    assert_eq!(status["banner"]["state"], "held-back", "{status:#}");
    let guards = status["guards"].as_array().unwrap();
    let gate = guards.iter().find(|guard| guard["name"] == "error-rate").unwrap();
    assert_eq!(gate["answer"], "holds-back", "{gate:#}");
    assert!(gate["millis"].is_u64(), "{gate:#}");
    assert!(status["api_server"]["requests"].as_u64() >= Some(1), "{status:#}");

    let page = ask(address, "GET /", "").body;
    for text in [&page, &status.to_string()] {
        assert!(!text.contains(CANARY), "{text}");
        assert!(!text.contains("127.0.0.1"), "{text}");
    }
    assert_eq!(program.terminate().code, 0);
}

#[test]
fn the_demo_serves_the_page_of_its_shop_until_it_is_stopped() {
    let demo = macaque("demo --page --every 1").start();
    let words = demo.await_words("until Ctrl-C");
    let (_, after) = words.split_once("http://").unwrap();
    let address = after.split('/').next().unwrap().parse().unwrap();

    let status = await_status(address, |status| {
        let rounds = status["rounds"]["items"].as_array().unwrap();
        rounds.iter().any(|round| round["result"] == "disrupted")
    });
    assert_eq!(status["cluster"], "demo");
    assert!(ask(address, "GET /", "").body.contains("in shop"));
    assert_eq!(ask(address, "GET /calendar.ics", "").status, 404);
    assert_eq!(demo.terminate().code, 0);
}
