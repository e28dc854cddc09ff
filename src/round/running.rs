//! A running round: scans the pods, picks the victims, and disrupts them one by one.

mod disruption;
mod scope;
mod turns;
mod victim;

use std::collections::BTreeMap;

use macaque_core::eligibility::{Candidate, EligibilityConfig, Exemption, TargetMatches};
use macaque_core::journal::Journal;
use macaque_core::key_warnings::PodKeyWarnings;
use macaque_core::report::{AttemptReport, ExemptionTally, RoundCount, RoundEnd, RoundReport};
use macaque_core::selection::{VictimPicker, count_owners};

use super::RoundContext;
use super::scan::{PodScan, PodScanner, ScanOutcome, WithOwners};
use super::turns::RoundTurns;
use crate::facts::Fact;
use crate::guards::RoundGuards;

/// A running round and its report so far.
pub(super) struct RunningRound<'a> {
    pub(super) context: RoundContext<'a>,
    /// The rules, with what the round has read about its scope.
    pub(super) eligibility: EligibilityConfig,
    pub(super) report: RoundReport,
    pub(super) guards: RoundGuards<'a>,
    /// The warnings about macaque's own keys on the pods that were checked.
    pub(super) key_warnings: PodKeyWarnings,
    /// The attempt whose outcome could not be recorded, so that it is not published yet.
    pub(super) unresolved: Option<AttemptReport>,
    /// How many candidates each namespace has.
    pub(super) candidates: BTreeMap<String, usize>,
    /// Whose turn it is.
    pub(super) turns: RoundTurns,
    /// Whether the guards of the round were asked.
    asked_round: bool,
}

impl<'a> RunningRound<'a> {
    /// A round that has done nothing yet, with its blank report.
    pub(super) fn new(context: RoundContext<'a>, report: RoundReport) -> Self {
        let guards = RoundGuards::new(context.guard_context(report.slot));
        Self {
            context,
            eligibility: context.config.eligibility.clone(),
            report,
            guards,
            key_warnings: PodKeyWarnings::default(),
            unresolved: None,
            candidates: BTreeMap::new(),
            turns: RoundTurns::default(),
            asked_round: false,
        }
    }

    /// Runs the round, and fills its report.
    ///
    /// # Errors
    /// The early end of the round.
    pub(super) async fn run(&mut self, seed: u64, journal: &Journal) -> Result<(), RoundEnd> {
        for uid in journal.recent_victims(self.context.cluster.server_time()) {
            self.guards.note_own_victim(uid);
        }
        self.note_recoveries(journal);
        self.read_scope().await?;

        let mut scan = PodScan::<WithOwners<Vec<Candidate>>>::default();
        let outcome = self.scanner().scan_unless_large(&mut scan).await;
        self.note_scan(&mut scan);

        match outcome? {
            ScanOutcome::Complete => {
                self.warn_of_unmatched(&scan.matches);
                self.run_complete(scan.sink, seed, journal).await
            }
            ScanOutcome::TooLarge(size) => self.run_sampled(size, seed, journal).await,
        }
    }

    /// Warns of the entries of the target's lists that match no pod at all.
    pub(super) fn warn_of_unmatched(&mut self, matches: &TargetMatches) {
        for warning in matches.texts(&self.eligibility) {
            self.guards.warn(warning);
        }
    }

    /// Completes the report with the end of the round.
    pub(super) fn finish(mut self, end: RoundEnd) -> RoundReport {
        let mut warnings = self.guards.take_warnings();
        warnings.extend(self.key_warnings.texts());
        let turns = self.turns.reports(&self.report.attempts, &end);
        RoundReport {
            end,
            turns,
            warnings,
            // The slot may be a moment later than a clock that is set back between two readings.
            finished: self.context.platform.now().max(self.report.slot),
            ..self.report
        }
    }

    /// Picks and tries victims from the candidates of a complete scan.
    async fn run_complete(
        &mut self,
        scanned: WithOwners<Vec<Candidate>>,
        seed: u64,
        journal: &Journal,
    ) -> Result<(), RoundEnd> {
        self.begin_turns(scanned.owners, journal);
        let mut candidates = scanned.sink;
        candidates.retain(|candidate| self.passes_journal(candidate, journal));
        self.publish_checked();
        let wanted = self.wanted(count_owners(candidates.iter()));
        let disrupt = &self.context.config.disrupt;
        let picker = VictimPicker::new(candidates, seed, disrupt, wanted);
        self.report.candidates = picker.candidates();
        self.try_remaining(picker).await
    }

    /// How many victims the round wants if this many `owners` have eligible pods; the report says it where the
    /// configuration does not. If owners have turns, it wants one of each whose turn it is.
    pub(super) fn wanted(&mut self, owners: usize) -> usize {
        if let Some(due) = self.turns.due() {
            return due;
        }
        let configured = self.context.config.disrupt.count;
        let (count, said) = RoundCount::of_round(configured, owners, self.report.seed);
        self.report.count = said;
        count
    }

    /// Tries the candidates left in the queue; no more are added.
    pub(super) async fn try_remaining(&mut self, mut picker: VictimPicker) -> Result<(), RoundEnd> {
        picker.complete();
        while let Some(candidate) = self.next_victim(&mut picker)? {
            self.try_victim(candidate, &mut picker).await?;
        }
        end_of(picker)
    }

    pub(super) fn scanner(&self) -> PodScanner<'_> {
        PodScanner {
            cluster: self.context.cluster,
            eligibility: &self.eligibility,
            stop: self.context.stop,
            platform: self.context.platform,
            by_labels: self.namespace_selector().is_some(),
        }
    }

    /// Moves the counts and problems of a scan into the report.
    fn note_scan<S>(&mut self, scan: &mut PodScan<S>) {
        self.report.listed = scan.listed;
        self.report.exempted = std::mem::take(&mut scan.exempted);
        self.report.problems = std::mem::take(&mut scan.problems);
        self.note_skipped(std::mem::take(&mut scan.skipped));
        self.guards.note_disrupted(std::mem::take(&mut scan.disrupted));
        self.key_warnings = std::mem::take(&mut scan.key_warnings);
    }

    /// The next victim to try, unless the round was asked to stop before it was done.
    pub(super) fn next_victim(&self, picker: &mut VictimPicker) -> Result<Option<Candidate>, RoundEnd> {
        if self.context.stop.is_requested() && !picker.is_done() {
            return Err(RoundEnd::Interrupted);
        }
        Ok(picker.next_victim())
    }

    /// Whether its owner has its turn and neither a cooldown nor a cap of a day concerns `candidate`, which then counts as
    /// one; if not, notes its exemption in the report.
    pub(super) fn passes_journal(&mut self, candidate: &Candidate, journal: &Journal) -> bool {
        let Err(exemption) = self.check_candidate(candidate, journal) else {
            let namespace = &candidate.pod.namespace;
            match self.candidates.get_mut(namespace) {
                Some(count) => *count += 1,
                None => drop(self.candidates.insert(namespace.clone(), 1)),
            }
            return true;
        };
        self.turns.note_reason(candidate, &exemption);
        ExemptionTally::note(&mut self.report.exempted, candidate.pod.clone(), &exemption);
        false
    }

    /// Checks what a candidate's owner and the journal say about it.
    fn check_candidate(&self, candidate: &Candidate, journal: &Journal) -> Result<(), Exemption> {
        self.turns.check(candidate)?;

        let limits = self.context.writer.limits();
        let now = self.context.cluster.server_time();
        let checked = match self.turns.period_end(candidate) {
            None => journal.check_candidate(candidate, limits, now),
            period_end => {
                let of_turn = Candidate {
                    period_end,
                    ..candidate.clone()
                };
                journal.check_candidate(&of_turn, limits, now)
            }
        };
        checked.or_else(|denial| denial.exemption().map_or(Ok(()), Err))
    }

    /// Publishes what was checked: every pod in scope, or a sample of them.
    pub(super) fn publish_checked(&self) {
        self.context.facts.publish(Fact::PodsChecked {
            candidates: &self.candidates,
            exempted: &self.report.exempted,
        });
    }
}

/// How a round ends that has tried its victims.
pub(super) fn end_of(picker: VictimPicker) -> Result<(), RoundEnd> {
    match picker.limit_after_webhook() {
        Some(why) => Err(RoundEnd::Withheld { why }),
        None => Ok(()),
    }
}
