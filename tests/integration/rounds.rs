//! Promises of a round, from the list to the report, over HTTP against the embedded sandbox: what budgets and
//! scopes do to it, and what it makes of every fault between it and the API server.

mod budgets;
mod clocks;
mod costly_draws;
mod counts;
pub(crate) mod daemon;
mod denials;
mod doubts;
pub(crate) mod fixture;
mod freeze;
mod invariants;
mod month;
mod namespaces;
mod nodes_of_many;
mod opt_in;
mod owners_drawn;
mod paging;
pub(crate) mod sampling;
mod sampling_faults;
mod scope;
mod throttles;
mod turns;
mod victims;

use macaque_core::report::{RoundEnd, RoundReport};

/// Each attempt as `OWNER: OUTCOME`.
pub(crate) fn outcomes(report: &RoundReport) -> Vec<String> {
    let attempts = report.attempts.iter();
    attempts
        .map(|attempt| match &attempt.owner {
            Some(owner) => format!("{owner}: {}", attempt.outcome),
            None => format!("{}: {}", attempt.pod, attempt.outcome),
        })
        .collect()
}

/// Why a round failed.
fn failure(report: &RoundReport) -> &str {
    match &report.end {
        RoundEnd::Failed { why } => why,
        RoundEnd::Complete | RoundEnd::Interrupted | RoundEnd::Withheld { .. } | RoundEnd::Held(_) => {
            panic!("not failed: {report:?}")
        }
    }
}
