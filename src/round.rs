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

pub use context::{JournalState, RoundContext, RoundResult};
pub use recovery::{Recovery, patrol};
pub use stop::{StopSwitch, StopToken};

use std::time::Duration;

use jiff::Timestamp;

use crate::failpoint::FailPoints;
use crate::journal::{JournalError, JournalStore};
use crate::k8s::{ApiError, Cluster};
use macaque_core::config::{DisruptConfig, NamespaceScope};
use macaque_core::eligibility::{Candidate, EligibilityRules, Exemption, judge};
use macaque_core::journal::{Denial, Journal};
use macaque_core::outcome::Outcome;
use macaque_core::pod::PodRef;
use macaque_core::report::{AttemptReport, ExemptionTallies, ExemptionTally, RoundEnd, RoundReport};
use macaque_core::selection::VictimPicker;

use self::attempt::{AttemptError, AttemptOutcome};
use self::books::AttemptResult;
use self::pager::ScopeSize;
use self::retry::{ReadError, patiently};
use self::scan::{PodScan, PodScanner};

/// The longest pause that a throttle can impose on a round; the next slot should still find macaque ready.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Everything a round goes by, beside the cluster itself.
#[derive(Debug, Clone)]
pub struct RoundConfig {
    /// Whether to stop short of disrupting.
    pub dry_run: bool,
    /// What each pod is judged by.
    pub rules: EligibilityRules,
    /// How many, and how.
    pub disrupt: DisruptConfig,
}

/// A seed by chance: short enough to be typed again, and to survive JSON readers that hold numbers as doubles.
pub fn any_seed() -> u64 {
    rand::random::<u32>().into()
}

/// Plays the round of `slot` with the draw of `seed`.
pub async fn run(table: RoundContext<'_>, slot: Timestamp, seed: u64) -> RoundResult {
    let mut round = RunningRound {
        table,
        report: blank(table.orders, slot, seed),
    };
    let journal = match table.claim(slot, seed).await {
        Ok(journal) => journal,
        Err(JournalError::Denied(denial)) if denial.is_anothers() => return RoundResult::Skipped(denial),
        Err(setback) => {
            let mut report = round.report;
            report.end = setback.into();
            report.finished = Timestamp::now();
            let books = JournalState::Unclaimed;
            return RoundResult::Ran { report, books };
        }
    };
    if let Err(end) = round.play(seed, &journal).await {
        round.report.end = end;
    }
    let mut report = round.report;
    report.finished = Timestamp::now();
    match table.close(&report).await {
        Ok(_) => RoundResult::Ran {
            report,
            books: JournalState::Closed,
        },
        // Nobody else will tell it.
        Err(JournalError::Denied(Denial::UnknownRound)) => RoundResult::Ran {
            report,
            books: JournalState::Unclaimed,
        },
        Err(JournalError::Denied(denial)) => RoundResult::Skipped(denial),
        Err(setback) => {
            log::error!(slot:%; "the round of {slot} cannot be closed in the journal yet: {setback}");
            let books = JournalState::Open;
            RoundResult::Ran { report, books }
        }
    }
}

/// Plays one round whose journal ends with it: for whoever asks for one round and no more.
pub async fn run_alone(
    cluster: &Cluster,
    orders: &RoundConfig,
    slot: Timestamp,
    seed: u64,
    stop: &StopToken,
) -> RoundReport {
    let books = JournalStore::in_memory(orders.disrupt.count).on_demand();
    let table = RoundContext {
        cluster,
        keeper: &books.keeper(1),
        orders,
        stop,
        faults: &FailPoints::default(),
    };
    match run(table, slot, seed).await {
        RoundResult::Ran { report, .. } => report,
        RoundResult::Skipped(denial) => RoundReport {
            end: JournalError::Denied(denial).into(),
            ..blank(orders, slot, seed)
        },
    }
}

/// A round under way.
struct RunningRound<'a> {
    table: RoundContext<'a>,
    report: RoundReport,
}

/// What a round sees.
enum ScanOutcome {
    /// Every candidate.
    Complete(Vec<Candidate>),
    /// Too many to judge them all.
    TooLarge(ScopeSize),
}

impl RunningRound<'_> {
    /// Plays the round into its report. An error is an early end.
    async fn play(&mut self, seed: u64, journal: &Journal) -> Result<(), RoundEnd> {
        match self.survey().await? {
            ScanOutcome::Complete(candidates) => self.play_among(candidates, seed, journal).await,
            ScanOutcome::TooLarge(size) => self.play_in_crowd(size, seed, journal).await,
        }
    }

    async fn play_among(
        &mut self,
        mut candidates: Vec<Candidate>,
        seed: u64,
        journal: &Journal,
    ) -> Result<(), RoundEnd> {
        candidates.retain(|candidate| self.is_rested(candidate, journal));
        let choice = VictimPicker::new(candidates, seed, &self.table.orders.disrupt);
        self.report.candidates = choice.candidates();
        self.try_all(choice).await
    }

    /// Tries whoever is there, now that nobody else will be drawn.
    async fn try_all(&mut self, mut choice: VictimPicker) -> Result<(), RoundEnd> {
        choice.complete();
        while let Some(candidate) = self.next_victim(&mut choice)? {
            self.try_one(candidate, &mut choice).await?;
        }
        Ok(())
    }

    /// The candidates of every namespace in scope, unless they are a crowd.
    async fn survey(&mut self) -> Result<ScanOutcome, RoundEnd> {
        let mut survey = PodScan::default();
        let crowd = self.field().survey_unless_crowd(&mut survey).await;
        self.report.listed = survey.listed;
        self.report.exempted = survey.exempted;
        self.report.problems = survey.problems;
        Ok(match crowd? {
            None => ScanOutcome::Complete(survey.ledger),
            Some(size) => ScanOutcome::TooLarge(size),
        })
    }

    fn field(&self) -> PodScanner<'_> {
        PodScanner {
            cluster: self.table.cluster,
            rules: &self.table.orders.rules,
            stop: self.table.stop,
        }
    }

    /// Whom to try next, unless the round was asked to stop before it was done.
    fn next_victim(&self, choice: &mut VictimPicker) -> Result<Option<Candidate>, RoundEnd> {
        if self.table.stop.is_requested() && !choice.is_done() {
            return Err(RoundEnd::Interrupted);
        }
        Ok(choice.next_victim())
    }

    /// Looks at the candidate afresh and, if it still is one, disrupts it.
    async fn try_one(&mut self, candidate: Candidate, choice: &mut VictimPicker) -> Result<(), RoundEnd> {
        let RoundContext {
            cluster,
            orders,
            stop,
            ..
        } = self.table;
        let read = async || cluster.pod(&candidate.pod).await;
        let fresh = match patiently(stop, read).await {
            Ok(fresh) => fresh.filter(|pod| pod.id.uid == candidate.pod.uid),
            Err(ReadError::Stopped) => return Err(RoundEnd::Interrupted),
            Err(ReadError::Failed(error)) => return self.give_up_on(&candidate.pod, error, choice),
        };
        let tried = match fresh.map(|pod| judge(&pod, &orders.rules, Timestamp::now())) {
            None => AttemptOutcome::from(Outcome::Gone),
            Some(Err(exemption)) => {
                self.exempt(&candidate, &exemption);
                return Ok(());
            }
            Some(Ok(_)) if orders.dry_run => AttemptOutcome::from(Outcome::Spared),
            Some(Ok(_)) => match self.disrupt_by_the_book(&candidate).await? {
                AttemptResult::Attempted(tried) => tried,
                AttemptResult::InCooldown(until) => {
                    self.exempt(&candidate, &Exemption::Cooldown { until });
                    return Ok(());
                }
                AttemptResult::NotAttempted(AttemptError::Namespace(error)) => {
                    return self.give_up_on(&candidate.pod, error, choice);
                }
                AttemptResult::NotAttempted(AttemptError::Round(why)) => {
                    return Err(RoundEnd::Failed { why });
                }
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
        ExemptionTally::note(
            &mut self.report.exempted,
            candidate.pod.clone(),
            &Exemption::Cooldown { until },
        );
        false
    }

    /// A candidate that turned out to be none.
    fn exempt(&mut self, candidate: &Candidate, exemption: &Exemption) {
        self.report.candidates -= 1;
        ExemptionTally::note(&mut self.report.exempted, candidate.pod.clone(), exemption);
    }

    /// Notes what became of one victim; an error where trying another is useless.
    fn note(
        &mut self,
        victim: Candidate,
        tried: AttemptOutcome,
        choice: &mut VictimPicker,
    ) -> Result<(), RoundEnd> {
        let prospect = choice.note(&victim, &tried.outcome);
        self.tell(victim, tried);
        prospect.map_err(|why| match self.table.stop.is_requested() {
            true => RoundEnd::Interrupted,
            false => RoundEnd::Failed { why },
        })
    }

    fn tell(&mut self, victim: Candidate, tried: AttemptOutcome) {
        let AttemptOutcome { outcome, warnings } = tried;
        log::debug!(pod:% = victim.pod, outcome = outcome.word(); "{}: {outcome}", victim.pod);
        let Candidate { pod, owner } = victim;
        self.report.attempts.push(AttemptReport {
            pod,
            owner,
            outcome,
            warnings,
        });
    }

    /// A missing grant ends the round for one namespace; anything else that gives no answer ends it for all.
    fn give_up_on(
        &mut self,
        pod: &PodRef,
        error: ApiError,
        choice: &mut VictimPicker,
    ) -> Result<(), RoundEnd> {
        match error {
            ApiError::Forbidden { .. } => {
                choice.leave_namespace(pod);
                self.report.problems.push(error.to_string());
                Ok(())
            }
            error => Err(RoundEnd::Failed {
                why: error.to_string(),
            }),
        }
    }
}

/// A report of nothing yet.
pub fn blank(orders: &RoundConfig, slot: Timestamp, seed: u64) -> RoundReport {
    let target = &orders.rules.target;
    RoundReport {
        slot,
        finished: slot,
        seed,
        dry_run: orders.dry_run,
        method: orders.disrupt.method,
        namespaces: match &target.namespaces {
            NamespaceScope::All => Vec::new(),
            NamespaceScope::Named(names) => names.clone(),
        },
        selector: target.selector.to_string(),
        listed: 0,
        candidates: 0,
        exempted: ExemptionTallies::new(),
        attempts: Vec::new(),
        problems: Vec::new(),
        end: RoundEnd::Complete,
    }
}
