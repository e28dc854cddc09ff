//! Promises of a round, from the list to the report, over HTTP against the embedded sandbox: what budgets and
//! scopes do to it, and what it makes of every fault on the wire.

#![cfg(feature = "sandbox")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy takes the fixtures of an integration test for code of the program"
)]

mod budgets;
mod clocks;
mod crowds;
mod daemon;
mod denials;
mod doubts;
mod laws;
mod paging;
mod scope;
mod throttles;
mod victims;
mod wire;
mod world;

use macaque_core::report::{End, Report};

/// Each attempt as `OWNER: OUTCOME`.
fn told(report: &Report) -> Vec<String> {
    let attempts = report.attempts.iter();
    attempts
        .map(|attempt| match &attempt.owner {
            Some(owner) => format!("{owner}: {}", attempt.outcome),
            None => format!("{}: {}", attempt.pod, attempt.outcome),
        })
        .collect()
}

/// Why a round failed.
fn failure(report: &Report) -> &str {
    match &report.end {
        End::Failed { why } => why,
        End::Complete | End::Interrupted | End::Withheld { .. } => panic!("not failed: {report:?}"),
    }
}
