//! A round under way: it scans the pods, picks the victims and disrupts them one after the other.

use macaque_core::eligibility::{Candidate, Exemption, judge};
use macaque_core::journal::{Denial, Journal, Resolution};
use macaque_core::outcome::Outcome;
use macaque_core::pod::PodRef;
use macaque_core::report::{AttemptReport, ExemptionTally, RoundEnd, RoundReport};
use macaque_core::selection::VictimPicker;

use super::RoundContext;
use super::attempt::{AttemptError, AttemptOutcome};
use super::retry::with_retries;
use super::scan::{PodScan, PodScanner, ScanOutcome};
use crate::failpoint::FailPoint;
use crate::journal::JournalError;
use crate::k8s::ApiError;

/// A round under way.
pub(super) struct RunningRound<'a> {
    pub(super) context: RoundContext<'a>,
    pub(super) report: RoundReport,
}

/// What came of an attempt to disrupt a victim.
enum AttemptResult {
    /// The attempt has this outcome.
    Attempted(AttemptOutcome),
    /// The victim is exempt after all: nothing was done.
    Exempt(Exemption),
    /// Nothing was done to the pod.
    NotAttempted(AttemptError),
}

impl RunningRound<'_> {
    /// Runs the round into its report.
    ///
    /// # Errors
    /// An early end.
    pub(super) async fn run(&mut self, seed: u64, journal: &Journal) -> Result<(), RoundEnd> {
        let mut scan = PodScan::<Vec<Candidate>>::default();
        let outcome = self.scanner().scan_unless_large(&mut scan).await;
        self.note_scan(&mut scan);

        match outcome? {
            ScanOutcome::Complete => self.run_among(scan.sink, seed, journal).await,
            ScanOutcome::TooLarge(size) => self.run_sampled(size, seed, journal).await,
        }
    }

    /// The report, with its end.
    pub(super) fn finish(self, end: RoundEnd) -> RoundReport {
        RoundReport {
            end,
            finished: self.context.platform.now(),
            ..self.report
        }
    }

    async fn run_among(
        &mut self,
        mut candidates: Vec<Candidate>,
        seed: u64,
        journal: &Journal,
    ) -> Result<(), RoundEnd> {
        candidates.retain(|candidate| self.is_not_in_cooldown(candidate, journal));
        let picker = VictimPicker::new(candidates, seed, &self.context.config.disrupt);
        self.report.candidates = picker.candidates();
        self.try_rest(picker).await
    }

    /// Tries whoever waits in the queue, now that nobody else will be added to it.
    pub(super) async fn try_rest(&mut self, mut picker: VictimPicker) -> Result<(), RoundEnd> {
        picker.complete();
        while let Some(candidate) = self.next_victim(&mut picker)? {
            self.try_victim(candidate, &mut picker).await?;
        }
        Ok(())
    }

    pub(super) fn scanner(&self) -> PodScanner<'_> {
        PodScanner {
            cluster: self.context.cluster,
            eligibility: &self.context.config.eligibility,
            stop: self.context.stop,
            platform: self.context.platform,
        }
    }

    /// Moves what a scan counted into the report.
    fn note_scan<S>(&mut self, scan: &mut PodScan<S>) {
        self.report.listed = scan.listed;
        self.report.exempted = std::mem::take(&mut scan.exempted);
        self.report.problems = std::mem::take(&mut scan.problems);
    }

    /// The next victim to try, unless the round was asked to stop before it was done.
    pub(super) fn next_victim(&self, picker: &mut VictimPicker) -> Result<Option<Candidate>, RoundEnd> {
        if self.context.stop.is_requested() && !picker.is_done() {
            return Err(RoundEnd::Interrupted);
        }
        Ok(picker.next_victim())
    }

    /// Reads the candidate again and, if it still is one, disrupts it.
    pub(super) async fn try_victim(
        &mut self,
        candidate: Candidate,
        picker: &mut VictimPicker,
    ) -> Result<(), RoundEnd> {
        let context = self.context;
        let pod = &candidate.pod;
        let read = async || context.cluster.pod(pod).await;
        let fresh = match with_retries(context.platform, context.stop, read).await {
            Ok(fresh) => fresh.filter(|fresh| fresh.id.uid == pod.uid),
            Err(error) => return self.give_up_on(pod, error, picker),
        };

        let eligible = fresh.map(|pod| judge(&pod, &context.config.eligibility, context.platform.now()));
        let result = match eligible {
            None => AttemptResult::Attempted(Outcome::Gone.into()),
            Some(Err(exemption)) => AttemptResult::Exempt(exemption),
            Some(Ok(_)) if context.config.dry_run => AttemptResult::Attempted(Outcome::DryRun.into()),
            Some(Ok(_)) => self.disrupt(&candidate).await?,
        };

        match result {
            AttemptResult::Attempted(attempt) => self.note_attempt(candidate, attempt, picker),
            AttemptResult::Exempt(exemption) => {
                self.report.candidates -= 1;
                ExemptionTally::note(&mut self.report.exempted, candidate.pod, &exemption);
                Ok(())
            }
            AttemptResult::NotAttempted(AttemptError::Namespace(error)) => {
                self.give_up_on(&candidate.pod, error, picker)
            }
            AttemptResult::NotAttempted(AttemptError::Round(why)) => Err(RoundEnd::Failed { why }),
        }
    }

    /// Reserves the victim, disrupts it, and records the outcome.
    ///
    /// # Errors
    /// The round ends: the journal does not allow the victim, or could not be written.
    async fn disrupt(&mut self, victim: &Candidate) -> Result<AttemptResult, RoundEnd> {
        let context = self.context;
        let uid = &victim.pod.uid;

        context.fail_points.pass(FailPoint::BeforeReserve).await;
        match context.reserve(victim).await {
            Ok(_) => {}
            Err(JournalError::Denied(Denial::InCooldown(cooldown))) => {
                let until = cooldown.until;
                return Ok(AttemptResult::Exempt(Exemption::cooldown(until)));
            }
            Err(error) => return Err(context.end_of(error)),
        }
        context.fail_points.pass(FailPoint::AfterReserve).await;

        if context.stop.is_requested() {
            // Nothing was sent: that much is certain.
            let released = context.resolve(uid, Resolution::Released).await;
            released.map_err(|error| context.end_of(error))?;
            return Err(RoundEnd::Interrupted);
        }

        context.fail_points.pass(FailPoint::BeforeDisrupt).await;
        let attempt = context.disrupt(&victim.pod).await;
        context.fail_points.pass(FailPoint::AfterDisrupt).await;

        let resolution = match &attempt {
            Ok(attempt) => Resolution::from(&attempt.outcome),
            Err(_) => Resolution::Released,
        };
        context.fail_points.pass(FailPoint::BeforeResolve).await;
        if let Err(error) = context.resolve(uid, resolution).await {
            // It is reported all the same, and the journal counts it as disrupted until it can be resolved.
            if let Ok(attempt) = attempt {
                self.add_attempt(victim.clone(), attempt);
            }
            return Err(context.end_of(error));
        }
        context.fail_points.pass(FailPoint::AfterResolve).await;

        Ok(match attempt {
            Ok(attempt) => AttemptResult::Attempted(attempt),
            Err(error) => AttemptResult::NotAttempted(error),
        })
    }

    /// Whether the owner of `candidate` is in no cooldown; one that is exempts the candidate.
    pub(super) fn is_not_in_cooldown(&mut self, candidate: &Candidate, journal: &Journal) -> bool {
        let Some(cooldown) = journal.cooldown_of(candidate, self.context.platform.now()) else {
            return true;
        };
        let exemption = Exemption::cooldown(cooldown.until);
        ExemptionTally::note(&mut self.report.exempted, candidate.pod.clone(), &exemption);
        false
    }

    /// Notes the outcome of one victim.
    ///
    /// # Errors
    /// Trying another victim is useless.
    fn note_attempt(
        &mut self,
        victim: Candidate,
        attempt: AttemptOutcome,
        picker: &mut VictimPicker,
    ) -> Result<(), RoundEnd> {
        let prospect = picker.note(&victim, &attempt.outcome);
        self.add_attempt(victim, attempt);
        prospect.map_err(|why| {
            if self.context.stop.is_requested() {
                RoundEnd::Interrupted
            } else {
                RoundEnd::Failed { why }
            }
        })
    }

    fn add_attempt(&mut self, victim: Candidate, attempt: AttemptOutcome) {
        self.report.attempts.push(AttemptReport {
            pod: victim.pod,
            owner: victim.owner,
            outcome: attempt.outcome,
            warnings: attempt.warnings,
        });
    }

    /// A missing grant ends the round for one namespace; anything else without an answer ends it for all.
    fn give_up_on(
        &mut self,
        pod: &PodRef,
        error: ApiError,
        picker: &mut VictimPicker,
    ) -> Result<(), RoundEnd> {
        match error {
            ApiError::Forbidden { .. } => {
                picker.exclude_namespace(pod);
                self.report.problems.push(error.to_string());
                Ok(())
            }
            error => Err(error.into()),
        }
    }
}
