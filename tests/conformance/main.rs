//! One table of scenarios, held against the embedded sandbox by `cargo test` and against a real Kubernetes API
//! server by `just e2e`, with the same expectations: given a cluster and orders, these requests go over the wire,
//! this is answered, and the round tells it so.
//!
//! `table` holds the scenarios. `server`, `scene`, `settle`, `grants` and `admission` arrange them, `proxy` stands between macaque and
//! the server, `play` runs one and compares, `answers` keeps what the real server said, `page` writes
//! `docs/conformance.md`, and `laws` holds what no table can list. With `CONFORMANCE=write` the recorded answers and the page are written instead of
//! compared.

#![cfg(feature = "sandbox")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "clippy takes the fixtures of an integration test for code of the program"
)]

mod admission;
mod answers;
mod grants;
mod laws;
mod page;
mod play;
mod proxy;
mod raw;
mod requirements;
mod scenario;
mod scene;
mod server;
mod settle;
mod suite;
mod table;

use server::Kind;

#[test]
fn every_scenario_holds_on_the_sandbox() {
    suite::run(Kind::Sandbox);
}

#[test]
#[ignore = "needs a real control plane: just e2e"]
fn every_scenario_holds_on_a_real_api_server() {
    suite::run(Kind::Real);
}
