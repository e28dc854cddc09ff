//! Promises of the program over HTTP on the sandbox: rounds, journal, notifications, previews, budgets, settings and
//! the command line.

#![cfg(feature = "sandbox")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy takes the fixtures of an integration test for code of the program"
)]

mod budgets;
mod cli;
mod journal;
mod notify;
mod preview;
mod relay;
mod rounds;
mod settings;

use macaque_testkit::Program;

/// `macaque ARGS`, separated at blanks.
fn macaque(args: &str) -> Program {
    Program::new(env!("CARGO_BIN_EXE_macaque")).args(args)
}
