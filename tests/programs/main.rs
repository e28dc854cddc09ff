//! Other people's programs, which do on the sandbox what they do on a real Kubernetes API server: kubectl, a Go program on
//! client-go, the Python client, and descheduler.
//!
//! Each file of `transcripts` holds commands and what they printed on the real server, and, where the sandbox differs, what
//! they print there, and why. `transcript` reads and writes them, `server` starts the servers, `play` runs the commands,
//! `masks.sed` takes out of their output what differs from run to run, `difference` compares it with the record, and
//! `page` writes `docs/sandbox-programs.md`. With `PROGRAMS=write` transcripts and page are written instead of compared,
//! first on the real server, then on the sandbox; `PROGRAMS_ONLY=NAME` plays only the transcripts that begin so.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "clippy takes the fixtures of an integration test for code of the program"
)]

mod difference;
mod page;
mod play;
mod server;
mod transcript;

use server::ServerKind;

/// The transcript whose program takes minutes to build.
const DESCHEDULER: &str = "descheduler";

#[test]
#[ignore = "needs kubectl, Go and Python's client: just programs"]
fn programs_do_on_the_sandbox_what_is_recorded() {
    play::play_all(ServerKind::Sandbox, |name| name != DESCHEDULER);
}

#[test]
#[ignore = "needs a real control plane: just programs-real"]
fn programs_do_on_a_real_api_server_what_is_recorded() {
    play::play_all(ServerKind::Real, |name| name != DESCHEDULER);
}

#[test]
#[ignore = "needs descheduler: just descheduler"]
fn descheduler_does_on_the_sandbox_what_is_recorded() {
    play::play_all(ServerKind::Sandbox, |name| name == DESCHEDULER);
}

#[test]
#[ignore = "needs descheduler and a real control plane: just descheduler"]
fn descheduler_does_on_a_real_api_server_what_is_recorded() {
    play::play_all(ServerKind::Real, |name| name == DESCHEDULER);
}

#[test]
fn the_page_lists_what_the_transcripts_hold() {
    page::check();
}
