//! A running round: scans the pods, picks the victims, and disrupts them one by one.

mod disruption;
mod scope;
mod turns;

use std::collections::BTreeMap;

use macaque_core::eligibility::{Candidate, EligibilityConfig, Exemption, TargetMatches, judge};
use macaque_core::guard::first_hold;
use macaque_core::journal::Journal;
use macaque_core::key_warnings::PodKeyWarnings;
use macaque_core::outcome::Outcome;
use macaque_core::pod::{ControllerRef, Pod, PodRef};
use macaque_core::report::{
    AttemptReport, ExemptionTally, RoundCount, RoundEnd, RoundReport, SkippedNamespace,
};
use macaque_core::selection::{VictimPicker, count_owners};

use super::RoundContext;
use super::attempt::{AttemptError, AttemptOutcome};
use super::scan::{PodScan, PodScanner, ScanOutcome, WithOwners};
use super::scope::namespaces::refused;
use super::turns::RoundTurns;
use crate::facts::Fact;
use crate::guards::{Held, RoundGuards};
use crate::k8s::ApiError;
use crate::read_retry::with_retries;

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

/// The result of an attempt to disrupt a victim.
enum AttemptResult {
    /// The attempt ended without a request, with this outcome.
    Attempted(AttemptOutcome),
    /// The victim was reserved, and this outcome is recorded and published.
    Resolved(AttemptOutcome),
    /// The victim is exempt after all: nothing was done.
    Exempt(Exemption),
    /// Nothing was done to the pod.
    NotAttempted(AttemptError),
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

    /// Reads the candidate's pod again and, if it is still eligible and every guard says go, disrupts it.
    pub(super) async fn try_victim(
        &mut self,
        mut candidate: Candidate,
        picker: &mut VictimPicker,
    ) -> Result<(), RoundEnd> {
        let context = self.context;
        if !self.asked_round {
            self.ask_round().await?;
        }
        candidate.period_end = self.turns.period_end(&candidate);

        let pod = &candidate.pod;

        let read = async || context.cluster.pod(pod).await;
        let fresh = match with_retries(context.platform, context.stop, read).await {
            Ok(fresh) => fresh.filter(|fresh| fresh.id.uid == pod.uid),
            Err(error) => return self.give_up_on(pod, error, picker),
        };

        let controller = fresh.as_ref().and_then(|fresh| fresh.controller.clone());
        let result = match fresh {
            None => AttemptResult::Attempted(Outcome::Gone.into()),
            Some(fresh) => match judge(&fresh, &self.eligibility, context.cluster.server_time()) {
                Err(exemption) => AttemptResult::Exempt(exemption),
                Ok(_) => match Box::pin(self.left_scope(&fresh)).await? {
                    Some(exemption) => AttemptResult::Exempt(exemption),
                    None => self.disrupt_unless_held(&mut candidate, &fresh).await?,
                },
            },
        };

        match result {
            AttemptResult::Attempted(attempt) => {
                self.publish_tried(&attempt_report(&candidate, &attempt), controller.as_ref());
                self.note_attempt(candidate, attempt, picker)
            }
            AttemptResult::Resolved(attempt) => self.note_attempt(candidate, attempt, picker),
            AttemptResult::Exempt(exemption) => {
                self.report.candidates -= 1;
                self.turns.note_reason(&candidate, &exemption);
                ExemptionTally::note(&mut self.report.exempted, candidate.pod, &exemption);
                Ok(())
            }
            AttemptResult::NotAttempted(AttemptError::Namespace(error)) => {
                self.turns.note_reason(&candidate, &error);
                self.give_up_on(&candidate.pod, error, picker)
            }
            AttemptResult::NotAttempted(AttemptError::Round(end)) => Err(end),
        }
    }

    /// Asks the guards of the round, before its first victim.
    ///
    /// # Errors
    /// The round must end: a guard does not say go, or macaque was asked to stop.
    async fn ask_round(&mut self) -> Result<(), RoundEnd> {
        self.asked_round = true;
        let findings = Box::pin(self.guards.ask_round()).await;
        // A guard that was cut short says nothing about the cluster.
        if self.context.stop.is_requested() {
            return Err(RoundEnd::Interrupted);
        }
        first_hold(&findings).map_or(Ok(()), |hold| Err(RoundEnd::Held(hold)))
    }

    /// Disrupts the victim, which is `fresh` as it was just read, if every guard says go.
    ///
    /// # Errors
    /// The round must end.
    async fn disrupt_unless_held(
        &mut self,
        victim: &mut Candidate,
        fresh: &Pod,
    ) -> Result<AttemptResult, RoundEnd> {
        // Boxed, because it holds the futures of every guard, and the round's own is large already.
        let asked = Box::pin(self.guards.ask_before_disruption(fresh)).await;
        victim.team = self.guards.team(fresh);
        if self.context.stop.is_requested() {
            return Err(RoundEnd::Interrupted);
        }

        match asked {
            Err(Held::Round(hold)) => Err(RoundEnd::Held(hold)),
            Err(Held::Victim(hold)) => Ok(AttemptResult::Attempted(Outcome::Held(hold).into())),
            Ok(()) if self.context.config.dry_run => Ok(AttemptResult::Attempted(Outcome::DryRun.into())),
            Ok(()) => self.disrupt(victim, fresh).await,
        }
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

    /// Publishes the outcome for a victim.
    fn publish_tried(&self, attempt: &AttemptReport, controller: Option<&ControllerRef>) {
        let RoundReport { slot, seed, .. } = self.report;
        self.context.publish_tried((slot, seed), attempt, controller);
    }

    /// Notes the outcome of one victim.
    ///
    /// # Errors
    /// The round must end: trying another victim is useless.
    fn note_attempt(
        &mut self,
        victim: Candidate,
        attempt: AttemptOutcome,
        picker: &mut VictimPicker,
    ) -> Result<(), RoundEnd> {
        let noted = picker.note(&victim, &attempt.outcome);
        self.report.attempts.push(attempt_report(&victim, &attempt));

        noted.map_err(|why| {
            if self.context.stop.is_requested() {
                RoundEnd::Interrupted
            } else {
                RoundEnd::Failed { why }
            }
        })
    }

    /// Gives up on a namespace where a permission is missing; any other error ends the round.
    fn give_up_on(
        &mut self,
        pod: &PodRef,
        error: ApiError,
        picker: &mut VictimPicker,
    ) -> Result<(), RoundEnd> {
        match error {
            ApiError::Forbidden { .. } => {
                self.context
                    .facts
                    .publish(Fact::NamespaceForbidden(&pod.namespace));
                picker.exclude_namespace(pod);
                match self.namespace_selector() {
                    Some(_) => {
                        SkippedNamespace::note(&mut self.report.skipped, &pod.namespace, refused(&error));
                    }
                    None => self.report.problems.push(error.to_string()),
                }
                Ok(())
            }
            error => Err(error.into()),
        }
    }
}

/// The report of an attempt.
fn attempt_report(victim: &Candidate, attempt: &AttemptOutcome) -> AttemptReport {
    AttemptReport {
        pod: victim.pod.clone(),
        owner: victim.owner.clone(),
        team: victim.team.clone(),
        outcome: attempt.outcome.clone(),
        warnings: attempt.warnings.clone(),
    }
}

/// How a round ends that has tried its victims.
pub(super) fn end_of(picker: VictimPicker) -> Result<(), RoundEnd> {
    match picker.limit_after_webhook() {
        Some(why) => Err(RoundEnd::Withheld { why }),
        None => Ok(()),
    }
}
