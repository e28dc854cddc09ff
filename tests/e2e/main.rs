//! The program on a real Kubernetes API server, run as users run it: the released binary by `just e2e`, this
//! build's by
//!
//! ```text
//! tests/controlplane/controlplane run DIR -- cargo test --test e2e -- --ignored
//! ```
//!
//! Every test has a namespace of its own and runs beside the others. A module is one kind of promise; `world`,
//! `workload`, `dice`, `town`, `access`, `account`, `relay` and `program` set the scenes.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod access;
mod account;
mod agreement;
mod budgets;
mod daemon;
mod dice;
mod exemptions;
mod grants;
mod manifest;
mod mistakes;
mod program;
mod refusals;
mod relay;
mod scope;
mod town;
mod victims;
mod workload;
mod world;
