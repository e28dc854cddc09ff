//! Promises of the journal, kept on a ConfigMap over HTTP: nothing is disrupted that was not written down before, by
//! no replica and after no restart, and a journal in doubt disrupts nothing.

#![cfg(feature = "sandbox")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy takes the fixtures of an integration test for code of the program"
)]

mod damage;
mod desk;
mod interruptions;
mod limits;
mod pauses;
mod replicas;
