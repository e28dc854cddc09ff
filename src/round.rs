//! One round from the list to the report: the Killer's work, and that of `macaque once`.
//!
//! list the pods, judge each, draw by lot, look at each victim afresh, disrupt it, find out what became of it.

mod attempt;
mod read;
mod stop;
mod survey;

pub use stop::{Stop, StopSwitch};

use std::time::Duration;

use jiff::Timestamp;

use crate::chaos::eligibility::{Candidate, Rules, judge};
use crate::chaos::outcome::{Outcome, Refusal};
use crate::chaos::plan::{Disrupt, Namespaces};
use crate::chaos::pod::PodRef;
use crate::chaos::report::{Attempt, End, Exempted, Report, Tally};
use crate::chaos::victims::Lot;
use crate::cluster::{Cluster, ClusterError};

use self::attempt::{Failure, Tried};
use self::read::Ended;

/// The longest pause that a throttle can impose on a round; the next slot should still find macaque ready.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Everything a round goes by, beside the cluster itself.
#[derive(Debug, Clone)]
pub struct Orders {
    /// Whether to stop short of disrupting.
    pub dry_run: bool,
    /// What each pod is judged by.
    pub rules: Rules,
    /// How many, and how.
    pub disrupt: Disrupt,
}

/// Runs the round of `slot` with the draw of `seed`; `stop` ends it early, at a point where all is known.
pub async fn run(cluster: &Cluster, orders: &Orders, slot: Timestamp, seed: u64, stop: &Stop) -> Report {
    let mut round = Round {
        cluster,
        orders,
        stop,
        report: blank(orders, slot, seed),
    };
    if let Err(end) = round.play(seed).await {
        round.report.end = end;
    }
    round.report.finished = Timestamp::now();
    round.report
}

/// A round under way.
struct Round<'a> {
    cluster: &'a Cluster,
    orders: &'a Orders,
    stop: &'a Stop,
    report: Report,
}

impl Round<'_> {
    /// Plays the round into its report. An error is an early end.
    async fn play(&mut self, seed: u64) -> Result<(), End> {
        let candidates = self.survey().await?;
        self.report.candidates = candidates.len();
        let mut lot = Lot::new(candidates, seed);
        let Disrupt { count, attempts, .. } = self.orders.disrupt;
        while self.report.count(Outcome::spends_the_count) < count && self.report.attempts.len() < attempts {
            if self.stop.is_requested() {
                return Err(End::Interrupted);
            }
            let Some(candidate) = lot.next_victim() else { break };
            self.try_one(candidate, &mut lot).await?;
        }
        Ok(())
    }

    /// Looks at the candidate afresh and, if it still is one, disrupts it.
    async fn try_one(&mut self, candidate: Candidate, lot: &mut Lot) -> Result<(), End> {
        let read = async || self.cluster.pod(&candidate.pod).await;
        let fresh = match self.patiently(read).await {
            Ok(fresh) => fresh.filter(|pod| pod.id.uid == candidate.pod.uid),
            Err(Ended::Stopped) => return Err(End::Interrupted),
            Err(Ended::Failed(error)) => return self.give_up_on(&candidate.pod, error, lot),
        };
        let tried = match fresh.map(|pod| judge(&pod, &self.orders.rules, Timestamp::now())) {
            None => Tried::from(Outcome::Gone),
            Some(Err(exemption)) => {
                self.report.candidates -= 1;
                Tally::note(&mut self.report.exempted, candidate.pod, &exemption);
                return Ok(());
            }
            Some(Ok(_)) if self.orders.dry_run => Tried::from(Outcome::Spared),
            Some(Ok(_)) => match self.disrupt(&candidate.pod).await {
                Ok(tried) => tried,
                Err(Failure::Namespace(error)) => return self.give_up_on(&candidate.pod, error, lot),
                Err(Failure::Round(why)) => return Err(End::Failed { why }),
            },
        };
        self.note(candidate, tried, lot);
        Ok(())
    }

    /// Writes down what became of one victim, and what follows for the rest of the lot.
    fn note(&mut self, victim: Candidate, tried: Tried, lot: &mut Lot) {
        let Tried { outcome, warnings } = tried;
        log::debug!(pod:% = victim.pod, outcome = outcome.word(); "{}: {outcome}", victim.pod);
        if outcome.spends_the_count() {
            lot.spend(&victim);
        }
        match &outcome {
            Outcome::Refused(Refusal::NamespaceTerminating) => lot.leave_namespace(&victim.pod),
            Outcome::Refused(_) => lot.refuse(&victim),
            Outcome::Evicted
            | Outcome::Deleted
            | Outcome::Gone
            | Outcome::Spared
            | Outcome::Unknown { .. } => {}
        }
        let Candidate { pod, owner } = victim;
        self.report.attempts.push(Attempt {
            pod,
            owner,
            outcome,
            warnings,
        });
    }

    /// A missing grant ends the round for one namespace; anything else that gives no answer ends it for all.
    fn give_up_on(&mut self, pod: &PodRef, error: ClusterError, lot: &mut Lot) -> Result<(), End> {
        match error {
            ClusterError::Forbidden { .. } => {
                lot.leave_namespace(pod);
                self.report.problems.push(error.to_string());
                Ok(())
            }
            error => Err(End::Failed {
                why: error.to_string(),
            }),
        }
    }
}

/// A report of nothing yet.
pub fn blank(orders: &Orders, slot: Timestamp, seed: u64) -> Report {
    let target = &orders.rules.target;
    Report {
        slot,
        finished: slot,
        seed,
        dry_run: orders.dry_run,
        method: orders.disrupt.method,
        namespaces: match &target.namespaces {
            Namespaces::All => Vec::new(),
            Namespaces::Named(names) => names.clone(),
        },
        selector: target.selector.to_string(),
        listed: 0,
        candidates: 0,
        exempted: Exempted::new(),
        attempts: Vec::new(),
        problems: Vec::new(),
        end: End::Complete,
    }
}
