//! The program on a real Kubernetes API server, run as users run it: the released binary by `just e2e`, this
//! build's by
//!
//! ```text
//! tests/controlplane/controlplane run DIR -- cargo test --test e2e -- --ignored
//! ```
//!
//! Every test has a namespace of its own and runs beside the others. A module is one kind of promise; `world`,
//! `workload`, `shop`, `dice`, `town`, `access`, `account`, `relay` and `program` set the scenes.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod access;
mod account;
mod agreement;
mod arithmetic;
mod budgets;
mod daemon;
mod dice;
mod exemptions;
mod grants;
mod journal;
mod least;
mod manifest;
mod mistakes;
mod previews;
mod program;
mod refusals;
mod relay;
mod scope;
mod shop;
mod town;
mod victims;
mod whys;
mod workload;
mod world;
