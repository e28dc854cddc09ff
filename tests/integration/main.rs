//! Promises of the program over HTTP on the sandbox: rounds, journal, notifications, previews, budgets, settings, gates and
//! the command line.

#![cfg(feature = "sandbox")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy takes the fixtures of an integration test for code of the program"
)]

mod answers;
mod budgets;
mod certificates;
mod cli;
mod events;
mod gates;
mod guard_reads;
mod guards;
mod history;
mod http_server;
mod journal;
mod metrics;
mod migrations;
mod notify;
mod preview;
mod proxies;
mod recovery;
mod request_facts;
mod rounds;
mod settings;
mod status;
mod targets;

use kube_sandbox::Sandbox;
use macaque_testkit::Program;
use macaque_testkit::fault_proxy::{Fault, FaultProxy, ProxyResponse};

/// `macaque ARGS`, separated at blanks.
fn macaque(args: &str) -> Program {
    Program::new(env!("CARGO_BIN_EXE_macaque")).args(args)
}

/// A proxy before `sandbox` that answers the requests whose first line holds `part` itself.
fn answering_proxy(sandbox: &Sandbox, part: &str, status: u16, body: &str) -> FaultProxy {
    let proxy = FaultProxy::start(&sandbox.url());
    proxy.inject(part, Fault::Answer(ProxyResponse::new(status, body)));
    proxy
}
