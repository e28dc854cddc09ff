//! One round from the list to the report: the Killer's work, and that of `macaque once`.
//!
//! list the pods, judge each, draw by lot, look at each victim afresh, disrupt it, find out what became of it.

mod ask;
mod attempt;
pub mod lookup;
pub mod preview;
mod read;
mod stop;
mod survey;

pub use stop::{Stop, StopSwitch};

use std::time::Duration;

use jiff::Timestamp;

use crate::chaos::choice::Choice;
use crate::chaos::eligibility::{Candidate, Rules, judge};
use crate::chaos::outcome::Outcome;
use crate::chaos::plan::{Disrupt, Namespaces};
use crate::chaos::pod::PodRef;
use crate::chaos::report::{Attempt, End, Exempted, Report, Tally};
use crate::cluster::{Cluster, ClusterError};

use self::attempt::{Failure, Tried};
use self::read::{Ended, patiently};
use self::survey::{Field, Survey};

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

/// A seed by chance: short enough to be typed again, and to survive JSON readers that hold numbers as doubles.
pub fn any_seed() -> u64 {
    rand::random::<u32>().into()
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
        let mut choice = Choice::new(candidates, seed, &self.orders.disrupt);
        self.report.candidates = choice.candidates();
        while let Some(candidate) = self.next_victim(&mut choice)? {
            self.try_one(candidate, &mut choice).await?;
        }
        Ok(())
    }

    /// The candidates of every namespace in scope.
    async fn survey(&mut self) -> Result<Vec<Candidate>, End> {
        let field = Field {
            cluster: self.cluster,
            rules: &self.orders.rules,
            stop: self.stop,
        };
        let mut survey = Survey::default();
        let ended = field.survey(&mut survey).await;
        self.report.listed = survey.listed;
        self.report.exempted = survey.exempted;
        self.report.problems = survey.problems;
        ended.map(|()| survey.ledger)
    }

    /// Whom to try next, unless the round was asked to stop before it was done.
    fn next_victim(&self, choice: &mut Choice) -> Result<Option<Candidate>, End> {
        if self.stop.is_requested() && !choice.is_done() {
            return Err(End::Interrupted);
        }
        Ok(choice.next_victim())
    }

    /// Looks at the candidate afresh and, if it still is one, disrupts it.
    async fn try_one(&mut self, candidate: Candidate, choice: &mut Choice) -> Result<(), End> {
        let read = async || self.cluster.pod(&candidate.pod).await;
        let fresh = match patiently(self.stop, read).await {
            Ok(fresh) => fresh.filter(|pod| pod.id.uid == candidate.pod.uid),
            Err(Ended::Stopped) => return Err(End::Interrupted),
            Err(Ended::Failed(error)) => return self.give_up_on(&candidate.pod, error, choice),
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
                Err(Failure::Namespace(error)) => return self.give_up_on(&candidate.pod, error, choice),
                Err(Failure::Round(why)) => return Err(End::Failed { why }),
            },
        };
        self.note(candidate, tried, choice)
    }

    /// Writes down what became of one victim; an error where trying another is useless.
    fn note(&mut self, victim: Candidate, tried: Tried, choice: &mut Choice) -> Result<(), End> {
        let Tried { outcome, warnings } = tried;
        log::debug!(pod:% = victim.pod, outcome = outcome.word(); "{}: {outcome}", victim.pod);
        let prospect = choice.note(&victim, &outcome);
        let Candidate { pod, owner } = victim;
        self.report.attempts.push(Attempt {
            pod,
            owner,
            outcome,
            warnings,
        });
        prospect.map_err(|why| match self.stop.is_requested() {
            true => End::Interrupted,
            false => End::Failed { why },
        })
    }

    /// A missing grant ends the round for one namespace; anything else that gives no answer ends it for all.
    fn give_up_on(&mut self, pod: &PodRef, error: ClusterError, choice: &mut Choice) -> Result<(), End> {
        match error {
            ClusterError::Forbidden { .. } => {
                choice.leave_namespace(pod);
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
