//! Promises of the four actors as a whole: who fails or hangs is replaced and the next round comes, who fails too often
//! ends the process, and an end is in order. The cluster is the embedded sandbox, spoken to over HTTP.

#![cfg(feature = "sandbox")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy takes the fixtures of an integration test for code of the program"
)]

mod crew;
mod endings;
mod failures;
mod hangs;
mod harm;
mod process;
