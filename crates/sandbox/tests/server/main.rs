//! The sandbox answers as a real API server does, as seen by a plain client, by kube and by kubectl.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "an unwrap or a panic in a test is its failure"
)]
#![expect(clippy::print_stderr, reason = "a skipped test says so")]

mod clients;
mod controllers;
mod deletions;
mod eviction_requests;
mod evictions;
mod field_validation;
mod kinds;
mod kubectl;
mod lists;
mod nodes;
mod protobuf;
mod recorded_events;
mod reviews;
mod rollouts;
mod scales;
mod test_server;
mod tls;
mod watches;
mod writes;
