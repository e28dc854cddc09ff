//! Promises about `macaque run` as a process: it starts, outlives an API server that is away, runs on its schedule, and
//! stops cleanly when it is told to.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::time::Duration;

use macaque_testkit::tcp_proxy::TcpProxy;

use crate::access::server;
use crate::program::{MacaqueCommand, MacaqueOutput, RunningMacaque};
use crate::test_namespace::{NO_PODS, TestNamespace, until};
use crate::workload::Workload;

/// Well below the 30 s after which Kubernetes kills a pod by default.
const ENDS_WITHIN: Duration = Duration::from_secs(10);

/// Starts a process and children of it in a process namespace of their own; the first child is PID 1 there.
const AS_PID_1: [&str; 5] = ["unshare", "--pid", "--fork", "--kill-child", "--"];

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn an_unreachable_api_server_is_no_reason_to_end_and_sigterm_is() {
    let namespace = TestNamespace::new().await;
    let mut macaque = ready(namespace.macaque("run").by(&namespace.unreachable())).await;
    macaque.says("DRY RUN").await;
    let pid = macaque.pid();
    stops_cleanly(macaque, pid).await;
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
        let notice = b"SKIPPED: sigterm_ends_it_as_pid_1_too: `unshare --pid --fork` is not permitted here\n";
        return std::io::stderr().write_all(notice).unwrap();
    }

    let namespace = TestNamespace::new().await;
    let command = MacaqueCommand::within(&AS_PID_1, "run --namespace shop");
    let macaque = ready(command.by(&namespace.unreachable())).await;
    let children = format!("/proc/{0}/task/{0}/children", macaque.pid());
    let child = fs::read_to_string(children).unwrap().trim().to_owned();
    let status = fs::read_to_string(format!("/proc/{child}/status")).unwrap();
    let ids = status.lines().find(|line| line.starts_with("NSpid:")).unwrap();

    assert_eq!(ids.split_whitespace().last(), Some("1"), "{ids}");

    stops_cleanly(macaque, child.parse().unwrap()).await;
}

/// Takes up to two minutes: the shortest interval of a cron schedule is a minute.
#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn rounds_run_on_schedule_work_again_once_the_api_server_is_back_and_their_victims_are_watched() {
    let mut namespace = TestNamespace::new().await;
    namespace.with(Workload::deployment("web", 2)).await;
    let before = namespace.alive().await;
    let api_server = server().strip_prefix("https://").unwrap().to_owned();
    let proxy = TcpProxy::start(api_server).unwrap();
    proxy.close();
    let proxied = namespace.proxied(&proxy);
    let mut macaque = ready(namespace.macaque("run --dry-run=false").by(&proxied)).await;
    macaque.says("ARMED").await;
    macaque.says("no answer from the API server").await;
    assert_eq!(namespace.lost(&before).await, NO_PODS);

    proxy.open();
    macaque.says("rounds work again").await;
    macaque.says("evicted").await;
    assert_eq!(namespace.lost(&before).await.len(), 1);
    macaque.says("whole again after").await;
    let pid = macaque.pid();
    let output = stops_cleanly(macaque, pid).await;
    output.says_once("round failed: list pods");
    output.says_once("whole again after");
}

impl TestNamespace {
    /// The armed daemon with a schedule that is not due while any test runs.
    pub(crate) fn daemon(&self) -> MacaqueCommand {
        self.macaque("run --dry-run=false")
            .env("MACAQUE_SCHEDULE__CRON", "0 0 29 2 *")
            .env("MACAQUE_HEALTH__LISTEN", "127.0.0.1:0")
            .env("MACAQUE_POD_NAMESPACE", &self.name)
    }
}

/// Starts it with a round a minute and its probes on a free port, and waits until it is ready.
async fn ready(macaque: MacaqueCommand) -> RunningMacaque {
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

/// Tells the process `pid` to end as Kubernetes does, and waits for the clean end of `macaque`.
async fn stops_cleanly(macaque: RunningMacaque, pid: u32) -> MacaqueOutput {
    let sent = Command::new("sh")
        .arg("-c")
        .arg(format!("kill -TERM {pid}"))
        .status();
    assert!(sent.unwrap().success());
    let output = macaque.ends_within(ENDS_WITHIN).await;
    output.exited(0).says(["SIGTERM", "stopped cleanly"]);
    output
}
