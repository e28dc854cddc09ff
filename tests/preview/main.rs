//! Promises of `macaque plan` and `macaque why`, of the shipped binary against the embedded sandbox: they foretell
//! what a round does, they explain, and they never write.

#![cfg(feature = "sandbox")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy takes the fixtures of an integration test for code of the program"
)]

mod agreement;
mod asking;
mod crowd;
mod faults;
mod plan;
mod readme;
mod relay;
mod shop;
mod why;
