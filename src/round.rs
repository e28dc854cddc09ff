//! A round, from the claim to the report, for the Killer and for `macaque once`.
//!
//! A round claims its slot, lists the pods, checks each, and picks victims at random. For each victim it reads the pod
//! again, asks the guards, reserves it in the journal, disrupts it, verifies what happened, and records the outcome. In the
//! end it closes the round with its report.

mod attempt;
mod context;
mod owners;
mod running;
mod sampled;
pub(crate) mod scan;
pub(crate) mod scope;
mod scope_size;
mod takeover;
mod turns;

use jiff::Timestamp;
use macaque_core::config::DisruptConfig;
use macaque_core::eligibility::EligibilityConfig;
use macaque_core::guard::GuardConfig;
use macaque_core::journal::Denial;
use macaque_core::recovery::RecoveryConfig;
use macaque_core::report::{RoundEnd, RoundReport};
use macaque_core::schedule::Calendar;

use self::running::RunningRound;
use crate::facts::{Fact, Facts};
use crate::failpoint::FailPoints;
use crate::gates::{GateConfig, Gates};
use crate::journal::{JournalError, JournalStore};
use crate::k8s::Cluster;
use crate::platform::Platform;
use crate::stop::StopToken;

pub use self::context::{ClaimState, RoundContext, RoundResult};
pub use self::owners::{list_every_owner, list_owners};
pub use self::takeover::{Takeover, take_over};

/// The configuration of a round.
#[derive(Debug, Clone)]
pub struct RoundConfig {
    /// Whether the round is a dry run: it picks victims and disrupts none.
    pub dry_run: bool,
    /// The rules by which pods are eligible.
    pub eligibility: EligibilityConfig,
    /// How many victims, and how.
    pub disrupt: DisruptConfig,
    /// The schedule, by whose slots owners have turns; without it, it is everybody's turn.
    pub calendar: Option<Calendar>,
    /// How recoveries are watched.
    pub recovery: RecoveryConfig,
    /// The guards that are on.
    pub guards: GuardConfig,
    /// The gates, which are guards too.
    pub gates: Vec<GateConfig>,
}

impl RoundConfig {
    /// The report of a round that has done nothing yet.
    pub fn blank_report(&self, slot: Timestamp, seed: u64) -> RoundReport {
        let target = &self.eligibility.target;
        let namespace_selector = target.namespaces.selector();

        RoundReport {
            dry_run: self.dry_run,
            namespaces: target.namespaces.names().to_vec(),
            namespace_selector: namespace_selector.map_or_else(String::new, ToString::to_string),
            selector: target.selector.to_string(),
            ..RoundReport::blank(slot, seed, self.disrupt.method)
        }
    }
}

/// A random seed, short enough to type and to survive JSON readers that hold numbers as doubles.
pub fn random_seed(platform: &Platform) -> u64 {
    platform.random_u32().into()
}

/// Runs the round of `slot` with victims drawn by `seed`. Every request to the API server names the round.
pub async fn run(context: RoundContext<'_>, slot: Timestamp, seed: u64) -> RoundResult {
    context.cluster.set_round(Some(slot));
    let result = Box::pin(claim_and_run(context, slot, seed)).await;
    context.cluster.set_round(None);

    // What is not closed yet is published by the takeover pass that closes it.
    if let RoundResult::Reported {
        report, claim_state, ..
    } = &result
        && *claim_state != ClaimState::Open
    {
        context.facts.publish(Fact::RoundFinished(report));
    }
    result
}

async fn claim_and_run(context: RoundContext<'_>, slot: Timestamp, seed: u64) -> RoundResult {
    let mut round = RunningRound::new(context, context.config.blank_report(slot, seed));

    let journal = match context.claim(slot, seed).await {
        Ok(journal) => journal,
        Err(error) => {
            let report = round.finish(error.clone().into());
            return context.withhold(report, &error).await;
        }
    };

    let end = match round.run(seed, &journal).await {
        Ok(()) => RoundEnd::Complete,
        Err(end) => end,
    };
    let unresolved = round.unresolved.take();
    let report = round.finish(end);

    let closed = context.close(&report).await;
    let recoveries = closed
        .as_ref()
        .map_or(Vec::new(), |journal| context.recoveries_in(journal));
    let claim_state = match closed {
        Ok(_) => ClaimState::Closed,
        // No other replica will report it.
        Err(JournalError::Denied(Denial::UnknownRound)) => ClaimState::Unclaimed,
        Err(JournalError::Denied(denial)) => return RoundResult::Skipped(denial),
        Err(error) => {
            log::error!(slot:%; "cannot close round {slot} in the journal yet: {error}");
            ClaimState::Open
        }
    };

    // A victim whose outcome could not be recorded before is now, with the report that knows it.
    if let Some(attempt) = unresolved.filter(|_| claim_state != ClaimState::Open) {
        context.publish_tried((slot, seed), &attempt, None);
    }
    RoundResult::Reported {
        report: Box::new(report),
        claim_state,
        recoveries,
    }
}

/// Runs a single round with a journal in memory that is discarded afterwards.
pub async fn run_alone(
    cluster: &Cluster,
    config: &RoundConfig,
    slot: Timestamp,
    seed: u64,
    stop: &StopToken,
    platform: &Platform,
) -> RoundReport {
    let store = JournalStore::in_memory(config.disrupt.count.most(), platform).on_demand();
    let context = RoundContext {
        cluster,
        gates: &Gates::new(&config.gates, platform),
        writer: &store.writer(1),
        config,
        on_accepted: &|_| {},
        facts: &Facts::default(),
        stop,
        platform,
        fail_points: &FailPoints::default(),
    };

    match run(context, slot, seed).await {
        RoundResult::Reported { report, .. } => *report,
        RoundResult::Skipped(denial) => RoundReport {
            end: JournalError::Denied(denial).into(),
            finished: platform.now().max(slot),
            ..config.blank_report(slot, seed)
        },
    }
}
