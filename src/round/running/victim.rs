//! Tries one victim: reads its pod again, asks the guards, and notes what became of it.

use macaque_core::eligibility::{Candidate, Exemption, judge};
use macaque_core::guard::first_hold;
use macaque_core::outcome::Outcome;
use macaque_core::pod::{ControllerRef, Pod, PodRef};
use macaque_core::report::{AttemptReport, ExemptionTally, RoundEnd, RoundReport, SkippedNamespace};
use macaque_core::selection::VictimPicker;

use super::RunningRound;
use crate::facts::Fact;
use crate::guards::Held;
use crate::k8s::ApiError;
use crate::read_retry::with_retries;
use crate::round::attempt::{AttemptError, AttemptOutcome};
use crate::round::scope::namespaces::refused;

/// The result of an attempt to disrupt a victim.
pub(super) enum AttemptResult {
    /// The attempt ended without a request, with this outcome.
    Attempted(AttemptOutcome),
    /// The victim was reserved, and this outcome is recorded and published.
    Resolved(AttemptOutcome),
    /// The victim is exempt after all: nothing was done.
    Exempt(Exemption),
    /// Nothing was done to the pod.
    NotAttempted(AttemptError),
}

impl RunningRound<'_> {
    /// Reads the candidate's pod again and, if it is still eligible and every guard says go, disrupts it.
    pub(in crate::round) async fn try_victim(
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

    /// Publishes the outcome for a victim.
    pub(super) fn publish_tried(&self, attempt: &AttemptReport, controller: Option<&ControllerRef>) {
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
pub(super) fn attempt_report(victim: &Candidate, attempt: &AttemptOutcome) -> AttemptReport {
    AttemptReport {
        pod: victim.pod.clone(),
        owner: victim.owner.clone(),
        team: victim.team.clone(),
        outcome: attempt.outcome.clone(),
        warnings: attempt.warnings.clone(),
    }
}
