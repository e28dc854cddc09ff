//! The sandbox answers as a real API server does: seen over the wire, by a plain client, by kube and by kubectl.
#![cfg(feature = "sandbox")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in the words of the tests, too, an unwrap is a failure"
)]
#![expect(clippy::print_stderr, reason = "a skipped test says so")]

#[path = "sandbox/clients.rs"]
mod clients;
#[path = "sandbox/controllers.rs"]
mod controllers;
#[path = "sandbox/deletions.rs"]
mod deletions;
#[path = "sandbox/eviction_requests.rs"]
mod eviction_requests;
#[path = "sandbox/evictions.rs"]
mod evictions;
#[path = "sandbox/lists.rs"]
mod lists;
#[path = "sandbox/watches.rs"]
mod watches;
#[path = "sandbox/wire.rs"]
mod wire;
#[path = "sandbox/writes.rs"]
mod writes;
