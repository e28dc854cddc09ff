//! One table of scenarios, run on the sandbox by `cargo test` and on a real Kubernetes API server by `just e2e`, with the
//! same expectations: given a cluster and a configuration, these requests are sent, this is answered, and the round
//! reports it so.
//!
//! `table` holds the scenarios. `server`, `test_namespace`, `setup`, `grants` and `admission` arrange them, `round_proxy`
//! is between macaque and the server, `run_scenario` runs one and compares its `answers` with the `records` of what each
//! version of the real server answered, `page` writes `docs/conformance.md`, and `laws` checks what no table can list.
//! `reads` holds what guards read, under Roles that grant just that, `watches` what a watch of pods shows, and `events`
//! what becomes of the Events that macaque writes; `field_owners` who owns what of a ConfigMap. `writes` has a table of its
//! own: writes that a server refuses, warns about or completes. With `CONFORMANCE=write` the recorded answers and the page
//! are written instead of compared.

#![cfg(feature = "sandbox")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "clippy takes the fixtures of an integration test for code of the program"
)]

mod admission;
mod answers;
mod compare;
mod events;
mod expected;
mod field_owners;
mod grants;
mod laws;
mod page;
mod raw;
mod reads;
mod records;
mod requirements;
mod round_proxy;
mod rounds;
mod run_scenario;
mod scenario;
mod server;
mod setup;
mod suite;
mod table;
mod test_namespace;
mod watches;
mod writes;

use server::ServerKind;

#[test]
fn every_scenario_holds_on_the_sandbox() {
    suite::run(ServerKind::Sandbox);
}

#[test]
#[ignore = "needs a real control plane: just e2e"]
fn every_scenario_holds_on_a_real_api_server() {
    suite::run(ServerKind::Real);
}
