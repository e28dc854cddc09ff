//! One round from the list to the report: the Killer's work, and that of `macaque once`.
//!
//! claim the slot, list the pods, judge each, draw by lot, look at each victim afresh, charge it to the journal,
//! disrupt it, find out what became of it, settle the charge, close the round.

mod attempt;
mod books;
mod context;
mod pager;
mod recovery;
pub(crate) mod retry;
mod sampled;
pub(crate) mod scan;
mod stop;

pub use context::{Played, Standing, Table};
pub use recovery::{Patrol, patrol};
pub use stop::{Stop, StopSwitch};

use std::time::Duration;

use jiff::Timestamp;

use crate::failpoint::Faults;
use crate::journal::{Books, Setback};
use crate::k8s::{Cluster, ClusterError};
use macaque_core::config::{Disrupt, Namespaces};
use macaque_core::eligibility::{Candidate, Exemption, Rules, judge};
use macaque_core::journal::{Denial, Journal};
use macaque_core::outcome::Outcome;
use macaque_core::pod::PodRef;
use macaque_core::report::{Attempt, End, Exempted, Report, Tally};
use macaque_core::selection::Choice;

use self::attempt::{Failure, Tried};
use self::books::Deed;
use self::pager::Size;
use self::retry::{Ended, patiently};
use self::scan::{Field, Survey};

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

/// Plays the round of `slot` with the draw of `seed`.
pub async fn run(table: Table<'_>, slot: Timestamp, seed: u64) -> Played {
    let mut round = Round {
        table,
        report: blank(table.orders, slot, seed),
    };
    let journal = match table.claim(slot, seed).await {
        Ok(journal) => journal,
        Err(Setback::Denied(denial)) if denial.is_anothers() => return Played::Elsewhere(denial),
        Err(setback) => {
            let mut report = round.report;
            report.end = setback.into();
            report.finished = Timestamp::now();
            let books = Standing::Unclaimed;
            return Played::Here { report, books };
        }
    };
    if let Err(end) = round.play(seed, &journal).await {
        round.report.end = end;
    }
    let mut report = round.report;
    report.finished = Timestamp::now();
    match table.close(&report).await {
        Ok(_) => Played::Here {
            report,
            books: Standing::Closed,
        },
        // Nobody else will tell it.
        Err(Setback::Denied(Denial::Forgotten)) => Played::Here {
            report,
            books: Standing::Unclaimed,
        },
        Err(Setback::Denied(denial)) => Played::Elsewhere(denial),
        Err(setback) => {
            log::error!(slot:%; "the round of {slot} cannot be closed in the journal yet: {setback}");
            let books = Standing::Open;
            Played::Here { report, books }
        }
    }
}

/// Plays one round whose journal ends with it: for whoever asks for one round and no more.
pub async fn run_alone(
    cluster: &Cluster,
    orders: &Orders,
    slot: Timestamp,
    seed: u64,
    stop: &Stop,
) -> Report {
    let books = Books::in_memory(orders.disrupt.count).on_demand();
    let table = Table {
        cluster,
        keeper: &books.keeper(1),
        orders,
        stop,
        faults: &Faults::default(),
    };
    match run(table, slot, seed).await {
        Played::Here { report, .. } => report,
        Played::Elsewhere(denial) => Report {
            end: Setback::Denied(denial).into(),
            ..blank(orders, slot, seed)
        },
    }
}

/// A round under way.
struct Round<'a> {
    table: Table<'a>,
    report: Report,
}

/// What a round sees.
enum Sight {
    /// Every candidate.
    All(Vec<Candidate>),
    /// Too many to judge them all.
    Crowd(Size),
}

impl Round<'_> {
    /// Plays the round into its report. An error is an early end.
    async fn play(&mut self, seed: u64, journal: &Journal) -> Result<(), End> {
        match self.survey().await? {
            Sight::All(candidates) => self.play_among(candidates, seed, journal).await,
            Sight::Crowd(size) => self.play_in_crowd(size, seed, journal).await,
        }
    }

    async fn play_among(
        &mut self,
        mut candidates: Vec<Candidate>,
        seed: u64,
        journal: &Journal,
    ) -> Result<(), End> {
        candidates.retain(|candidate| self.is_rested(candidate, journal));
        let choice = Choice::new(candidates, seed, &self.table.orders.disrupt);
        self.report.candidates = choice.candidates();
        self.try_all(choice).await
    }

    /// Tries whoever is there, now that nobody else will be drawn.
    async fn try_all(&mut self, mut choice: Choice) -> Result<(), End> {
        choice.complete();
        while let Some(candidate) = self.next_victim(&mut choice)? {
            self.try_one(candidate, &mut choice).await?;
        }
        Ok(())
    }

    /// The candidates of every namespace in scope, unless they are a crowd.
    async fn survey(&mut self) -> Result<Sight, End> {
        let mut survey = Survey::default();
        let crowd = self.field().survey_unless_crowd(&mut survey).await;
        self.report.listed = survey.listed;
        self.report.exempted = survey.exempted;
        self.report.problems = survey.problems;
        Ok(match crowd? {
            None => Sight::All(survey.ledger),
            Some(size) => Sight::Crowd(size),
        })
    }

    fn field(&self) -> Field<'_> {
        Field {
            cluster: self.table.cluster,
            rules: &self.table.orders.rules,
            stop: self.table.stop,
        }
    }

    /// Whom to try next, unless the round was asked to stop before it was done.
    fn next_victim(&self, choice: &mut Choice) -> Result<Option<Candidate>, End> {
        if self.table.stop.is_requested() && !choice.is_done() {
            return Err(End::Interrupted);
        }
        Ok(choice.next_victim())
    }

    /// Looks at the candidate afresh and, if it still is one, disrupts it.
    async fn try_one(&mut self, candidate: Candidate, choice: &mut Choice) -> Result<(), End> {
        let Table {
            cluster,
            orders,
            stop,
            ..
        } = self.table;
        let read = async || cluster.pod(&candidate.pod).await;
        let fresh = match patiently(stop, read).await {
            Ok(fresh) => fresh.filter(|pod| pod.id.uid == candidate.pod.uid),
            Err(Ended::Stopped) => return Err(End::Interrupted),
            Err(Ended::Failed(error)) => return self.give_up_on(&candidate.pod, error, choice),
        };
        let tried = match fresh.map(|pod| judge(&pod, &orders.rules, Timestamp::now())) {
            None => Tried::from(Outcome::Gone),
            Some(Err(exemption)) => {
                self.exempt(&candidate, &exemption);
                return Ok(());
            }
            Some(Ok(_)) if orders.dry_run => Tried::from(Outcome::Spared),
            Some(Ok(_)) => match self.disrupt_by_the_book(&candidate).await? {
                Deed::Done(tried) => tried,
                Deed::Resting(until) => {
                    self.exempt(&candidate, &Exemption::Cooldown { until });
                    return Ok(());
                }
                Deed::Nothing(Failure::Namespace(error)) => {
                    return self.give_up_on(&candidate.pod, error, choice);
                }
                Deed::Nothing(Failure::Round(why)) => return Err(End::Failed { why }),
            },
        };
        self.note(candidate, tried, choice)
    }

    /// Whether the owner of `candidate` is not at rest; one that is exempts it.
    fn is_rested(&mut self, candidate: &Candidate, journal: &Journal) -> bool {
        let Some(resting) = journal.rest_of(candidate, Timestamp::now()) else {
            return true;
        };
        let until = resting.until;
        Tally::note(
            &mut self.report.exempted,
            candidate.pod.clone(),
            &Exemption::Cooldown { until },
        );
        false
    }

    /// A candidate that turned out to be none.
    fn exempt(&mut self, candidate: &Candidate, exemption: &Exemption) {
        self.report.candidates -= 1;
        Tally::note(&mut self.report.exempted, candidate.pod.clone(), exemption);
    }

    /// Notes what became of one victim; an error where trying another is useless.
    fn note(&mut self, victim: Candidate, tried: Tried, choice: &mut Choice) -> Result<(), End> {
        let prospect = choice.note(&victim, &tried.outcome);
        self.tell(victim, tried);
        prospect.map_err(|why| match self.table.stop.is_requested() {
            true => End::Interrupted,
            false => End::Failed { why },
        })
    }

    fn tell(&mut self, victim: Candidate, tried: Tried) {
        let Tried { outcome, warnings } = tried;
        log::debug!(pod:% = victim.pod, outcome = outcome.word(); "{}: {outcome}", victim.pod);
        let Candidate { pod, owner } = victim;
        self.report.attempts.push(Attempt {
            pod,
            owner,
            outcome,
            warnings,
        });
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
