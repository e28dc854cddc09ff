//! Promises of the process as the kernel sees it: signals, PID 1, exit codes.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use kube_sandbox::{Sandbox, SandboxOptions, scenario};
use tempfile::TempDir;

use crate::waiting::await_that;

/// The daemon on a sandbox, its probes answered.
struct DaemonProcess {
    child: Child,
    _sandbox: Sandbox,
    _directory: TempDir,
}

impl DaemonProcess {
    /// Starts `program ARGUMENTS… macaque run`, and waits until it is ready.
    fn start(program: &[&str]) -> Self {
        let sandbox = Sandbox::start(SandboxOptions {
            objects: vec![scenario::deployment("shop", "web", 2)],
            ..SandboxOptions::default()
        })
        .unwrap();
        let directory = TempDir::new().unwrap();
        let kubeconfig = directory.path().join("kubeconfig");
        std::fs::write(&kubeconfig, sandbox.kubeconfig()).unwrap();
        let probes = free_address();
        let words = [program, &[env!("CARGO_BIN_EXE_macaque"), "run"]].concat();
        let child = Command::new(words[0])
            .args(&words[1..])
            .env("MACAQUE_CLUSTER__KUBECONFIG", &kubeconfig)
            .env("MACAQUE_HEALTH__LISTEN", probes.to_string())
            .env("MACAQUE_NAMESPACE", "shop")
            .env("MACAQUE_CRONTAB", "@yearly")
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        await_that("readiness", || {
            get(probes, "/readyz").is_some_and(|answer| answer.starts_with("HTTP/1.1 200"))
        });

        Self {
            child,
            _sandbox: sandbox,
            _directory: directory,
        }
    }

    fn signal(&self, name: &str, pid: u32) {
        let status = Command::new("kill")
            .args([&format!("-{name}"), &pid.to_string()])
            .status();
        assert!(status.unwrap().success());
    }

    fn end(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

/// An address that nothing listens on at the moment.
fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// The answer to a GET, head and body; `None` while nothing answers.
pub(crate) fn get(address: SocketAddr, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1)).ok()?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n"
    )
    .ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;

    Some(answer)
}

#[test]
fn sigterm_and_sigint_end_the_process_in_order() {
    for signal in ["TERM", "INT"] {
        let daemon = DaemonProcess::start(&[]);
        daemon.signal(signal, daemon.child.id());
        assert_eq!(daemon.end().code(), Some(0), "{signal}");
    }
}

/// The kernel ignores a signal to PID 1 that it has no handler for.
#[test]
fn sigterm_ends_the_process_as_pid_1_too() {
    let unshare = ["unshare", "--pid", "--fork", "--kill-child"];
    let may = Command::new(unshare[0])
        .args(&unshare[1..])
        .arg("true")
        .stderr(Stdio::null())
        .status();

    if !may.is_ok_and(|status| status.success()) {
        assert!(
            std::env::var_os("CI").is_none(),
            "this machine grants no PID namespace"
        );
        return eprintln!("SKIPPED: this machine grants no PID namespace");
    }

    let daemon = DaemonProcess::start(&unshare);
    // Seen from outside, PID 1 of the namespace is unshare's only child.
    let children = format!("/proc/{0}/task/{0}/children", daemon.child.id());
    let inner: u32 = std::fs::read_to_string(children).unwrap().trim().parse().unwrap();
    daemon.signal("TERM", inner);

    assert_eq!(daemon.end().code(), Some(0));
}
