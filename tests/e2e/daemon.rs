//! Promises about `macaque run` as a process: it comes up, outlives an API server that is away, works on its
//! schedule, and ends in order when it is told to.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::time::Duration;

use crate::program::{Ending, Macaque, Running};
use crate::relay::Relay;
use crate::workload::Workload;
use crate::world::{NOBODY, World, until};

/// Well below the 30 s after which Kubernetes loses its patience by default.
const ENDS_WITHIN: Duration = Duration::from_secs(10);

/// Starts a process and children of it in a process namespace of their own; the first child is PID 1 there.
const AS_PID_1: [&str; 5] = ["unshare", "--pid", "--fork", "--kill-child", "--"];

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn an_unreachable_api_server_is_no_reason_to_end_and_sigterm_is() {
    let world = World::new().await;
    let mut macaque = ready(world.macaque("run").by(&world.unreachable())).await;
    macaque.says("DRY RUN").await;
    let pid = macaque.pid();
    ends_in_order(macaque, pid).await;
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn sigterm_ends_it_as_pid_1_too() {
    let trial = Command::new(AS_PID_1[0])
        .args(&AS_PID_1[1..])
        .arg("true")
        .status();
    if !trial.is_ok_and(|status| status.success()) {
        assert!(
            std::env::var_os("CI").is_none(),
            "`unshare --pid --fork` is not permitted"
        );
        let aloud = b"SKIPPED: sigterm_ends_it_as_pid_1_too: `unshare --pid --fork` is not permitted here\n";
        return std::io::stderr().write_all(aloud).unwrap();
    }
    let world = World::new().await;
    let command = Macaque::within(&AS_PID_1, "run --namespace shop");
    let macaque = ready(command.by(&world.unreachable())).await;
    let children = format!("/proc/{0}/task/{0}/children", macaque.pid());
    let child = fs::read_to_string(children).unwrap().trim().to_owned();
    let status = fs::read_to_string(format!("/proc/{child}/status")).unwrap();
    let ids = status.lines().find(|line| line.starts_with("NSpid:")).unwrap();
    assert_eq!(ids.split_whitespace().last(), Some("1"), "{ids}");
    ends_in_order(macaque, child.parse().unwrap()).await;
}

/// Takes up to two minutes: cron knows no shorter pace than one round a minute.
#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn rounds_run_on_schedule_and_work_again_once_the_api_server_is_back() {
    let mut world = World::new().await;
    world.with(Workload::deployment("web", 2)).await;
    let before = world.alive().await;
    let relay = Relay::to_the_api_server();
    let away = relay.kubeconfig(&world);
    let mut macaque = ready(world.macaque("run --dry-run=false").by(&away)).await;
    macaque.says("ARMED").await;
    macaque.says("did not answer").await;
    assert_eq!(world.lost(&before).await, NOBODY);

    relay.open();
    macaque.says("rounds work again").await;
    macaque.says("evicted").await;
    assert_eq!(world.lost(&before).await.len(), 1);
    let pid = macaque.pid();
    let ending = ends_in_order(macaque, pid).await;
    ending.says_once("did not answer");
}

/// Starts it with a round a minute and its probes on a free port, and waits until it is ready.
async fn ready(macaque: Macaque) -> Running {
    let port = TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .unwrap()
        .port();
    let running = macaque
        .env("MACAQUE_SCHEDULE__CRON", "* * * * *")
        .env("MACAQUE_HEALTH__LISTEN", &format!("127.0.0.1:{port}"))
        .start();
    until("it is ready", async || {
        probe(port, "/readyz").filter(|answer| answer.starts_with("HTTP/1.1 200 "))
    })
    .await;
    let alive = probe(port, "/livez").unwrap();
    assert!(alive.starts_with("HTTP/1.1 200 "), "{alive}");
    running
}

fn probe(port: u16, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: probe\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

/// Tells the process `pid` to end as Kubernetes does, and waits for the orderly end of `macaque`.
async fn ends_in_order(macaque: Running, pid: u32) -> Ending {
    let sent = Command::new("sh")
        .arg("-c")
        .arg(format!("kill -TERM {pid}"))
        .status();
    assert!(sent.unwrap().success());
    let ending = macaque.ends_within(ENDS_WITHIN).await;
    ending.exited(0).says(["SIGTERM", "stopped in order"]);
    ending
}
