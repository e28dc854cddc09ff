//! One round, from the list to the report: the Killer's work, and that of `macaque once`.
//!
//! Claim the slot, list the pods, check each, pick victims at random; then for each victim: read it again, reserve it in
//! the journal, disrupt it, verify what happened, record the outcome; at last close the round with its report.

mod attempt;
mod context;
mod pager;
mod recovery;
pub(crate) mod retry;
mod running;
mod sampled;
pub(crate) mod scan;
mod stop;

use std::time::Duration;

use jiff::Timestamp;
use macaque_core::config::{DisruptConfig, NamespaceScope};
use macaque_core::eligibility::EligibilityRules;
use macaque_core::journal::Denial;
use macaque_core::report::{ExemptionTallies, RoundEnd, RoundReport};

use self::running::RunningRound;
use crate::failpoint::FailPoints;
use crate::journal::{JournalError, JournalStore};
use crate::k8s::Cluster;
use crate::platform::Platform;

pub use self::context::{JournalState, RoundContext, RoundResult};
pub use self::recovery::{Recovery, recover};
pub use self::stop::{StopSwitch, StopToken};

/// The longest pause that a throttle can impose on a round; the next slot should still find macaque ready.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What a round is to do.
#[derive(Debug, Clone)]
pub struct RoundConfig {
    /// Whether to stop short of disrupting.
    pub dry_run: bool,
    /// The rules by which pods are eligible.
    pub rules: EligibilityRules,
    /// How many victims, and how.
    pub disrupt: DisruptConfig,
}

impl RoundConfig {
    /// The report of a round that has not done anything yet.
    pub fn blank_report(&self, slot: Timestamp, seed: u64) -> RoundReport {
        let target = &self.rules.target;
        let namespaces = match &target.namespaces {
            NamespaceScope::All => Vec::new(),
            NamespaceScope::Named(names) => names.clone(),
        };

        RoundReport {
            slot,
            finished: slot,
            seed,
            dry_run: self.dry_run,
            method: self.disrupt.method,
            namespaces,
            selector: target.selector.to_string(),
            listed: 0,
            candidates: 0,
            exempted: ExemptionTallies::new(),
            attempts: Vec::new(),
            problems: Vec::new(),
            end: RoundEnd::Complete,
        }
    }
}

/// A random seed: short enough to be typed again, and to survive JSON readers that hold numbers as doubles.
pub fn random_seed(platform: &Platform) -> u64 {
    platform.random_u32().into()
}

/// Runs the round of `slot` with the draw of `seed`.
pub async fn run(context: RoundContext<'_>, slot: Timestamp, seed: u64) -> RoundResult {
    let mut round = RunningRound {
        context,
        report: context.config.blank_report(slot, seed),
    };

    let journal = match context.claim(slot, seed).await {
        Ok(journal) => journal,
        Err(JournalError::Denied(denial)) if denial.is_held_elsewhere() => {
            return RoundResult::Skipped(denial);
        }
        Err(error) => {
            let report = round.finish(error.into());
            let journal_state = JournalState::Unclaimed;
            return RoundResult::Ran {
                report,
                journal_state,
            };
        }
    };

    let end = match round.run(seed, &journal).await {
        Ok(()) => RoundEnd::Complete,
        Err(end) => end,
    };
    let report = round.finish(end);

    let journal_state = match context.close(&report).await {
        Ok(_) => JournalState::Closed,
        // No other replica will report it.
        Err(JournalError::Denied(Denial::UnknownRound)) => JournalState::Unclaimed,
        Err(JournalError::Denied(denial)) => return RoundResult::Skipped(denial),
        Err(error) => {
            log::error!(slot:%; "cannot close round {slot} in the journal yet: {error}");
            JournalState::Open
        }
    };
    RoundResult::Ran {
        report,
        journal_state,
    }
}

/// Runs one round with a journal in memory that ends with it: for callers that want one round and no more.
pub async fn run_alone(
    cluster: &Cluster,
    config: &RoundConfig,
    slot: Timestamp,
    seed: u64,
    stop: &StopToken,
    platform: &Platform,
) -> RoundReport {
    let store = JournalStore::in_memory(config.disrupt.count, platform).on_demand();
    let context = RoundContext {
        cluster,
        writer: &store.writer(1),
        config,
        stop,
        platform,
        fail_points: &FailPoints::default(),
    };

    match run(context, slot, seed).await {
        RoundResult::Ran { report, .. } => report,
        RoundResult::Skipped(denial) => RoundReport {
            end: JournalError::Denied(denial).into(),
            ..config.blank_report(slot, seed)
        },
    }
}
