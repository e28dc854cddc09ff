//! The program on a real Kubernetes API server, run as users run it: the released binary by `just e2e`, this
//! build's by
//!
//! ```text
//! tests/controlplane/controlplane run DIR -- cargo test --test e2e -- --ignored
//! ```
//!
//! Every test has a namespace of its own and runs beside the others. A module is one kind of promise; `test_namespace`,
//! `workload`, `shop`, `pod_groups`, `random_namespace`, `access`, `service_account`, `prometheus`, `held`, `kubelet` and
//! `program` are its fixtures.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod access;
mod agreement;
mod blame;
mod budget_audit;
mod budgets;
mod chart;
mod connecting;
mod daemon;
mod events;
mod exemptions;
mod gates;
mod grants;
mod guard_agreement;
mod guard_grants;
mod guards;
mod held;
mod history;
mod journal;
mod kubelet;
mod least_privilege;
mod manifest;
mod mistakes;
mod monitoring;
mod page;
mod pod_groups;
mod previews;
mod program;
mod prometheus;
mod proxies;
mod random_namespace;
mod recovery;
mod refusals;
mod report;
mod round_guards;
mod scope;
mod service_account;
mod shop;
mod targets;
mod test_namespace;
mod victims;
mod whys;
mod workload;
