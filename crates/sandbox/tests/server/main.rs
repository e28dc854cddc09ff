//! The sandbox answers as a real API server does: seen over the wire, by a plain client, by kube and by kubectl.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in the words of the tests, too, an unwrap is a failure"
)]
#![expect(clippy::print_stderr, reason = "a skipped test says so")]

mod clients;
mod controllers;
mod deletions;
mod eviction_requests;
mod evictions;
mod lists;
mod watches;
mod wire;
mod writes;
