//! Promises of the command line, kept by the built program in an empty environment: exit codes, words, formats.

#![cfg(feature = "sandbox")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy takes the fixtures of an integration test for code of the program"
)]

mod check;
mod mistakes;
mod once;
mod output;
mod pause;
mod program;
#[path = "../preview/relay.rs"]
mod relay;
mod schedule;
mod secrets;
mod served;
mod terminal;
