//! The program on a real Kubernetes API server, run as users run it. Needs a control plane:
//!
//! ```text
//! tests/controlplane/controlplane run DIR -- cargo test --test e2e -- --ignored
//! ```
//!
//! The binary is this build's, or `$MACAQUE_BINARY`. Every test has a namespace of its own and runs beside the
//! others. A file in `e2e/` is one kind of promise; `world`, `workload`, `access`, `account`, `relay` and
//! `program` set the scenes.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "e2e/access.rs"]
mod access;
#[path = "e2e/account.rs"]
mod account;
#[path = "e2e/budgets.rs"]
mod budgets;
#[path = "e2e/daemon.rs"]
mod daemon;
#[path = "e2e/exemptions.rs"]
mod exemptions;
#[path = "e2e/grants.rs"]
mod grants;
#[path = "e2e/manifest.rs"]
mod manifest;
#[path = "e2e/mistakes.rs"]
mod mistakes;
#[path = "e2e/program.rs"]
mod program;
#[path = "e2e/refusals.rs"]
mod refusals;
#[path = "e2e/relay.rs"]
mod relay;
#[path = "e2e/scope.rs"]
mod scope;
#[path = "e2e/victims.rs"]
mod victims;
#[path = "e2e/workload.rs"]
mod workload;
#[path = "e2e/world.rs"]
mod world;
