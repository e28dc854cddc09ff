//! Disrupts one victim: reserves it with the baseline of its recovery, disrupts it, and records the outcome.

use macaque_core::eligibility::Candidate;
use macaque_core::journal::{Denial, Journal, Resolution, caps_without_place};
use macaque_core::outcome::Outcome;
use macaque_core::pod::Pod;
use macaque_core::recovery::RecoveryBaseline;
use macaque_core::report::RoundEnd;

use super::RunningRound;
use super::victim::{AttemptResult, attempt_report};
use crate::failpoint::FailPoint;
use crate::journal::JournalError;
use crate::round::attempt::AttemptSubject;

impl RunningRound<'_> {
    /// Reserves the victim, for which the guards said go, disrupts it, and records the outcome.
    ///
    /// # Errors
    /// The round must end: the journal denied the reservation, or could not be written.
    pub(super) async fn disrupt(
        &mut self,
        victim: &Candidate,
        fresh: &Pod,
    ) -> Result<AttemptResult, RoundEnd> {
        let context = self.context;
        let place = fresh.place();
        let uid = &victim.pod.uid;
        let baseline = self.baseline(fresh).await;
        for warning in caps_without_place(context.writer.limits(), &place) {
            self.guards.warn(warning.to_owned());
        }

        context.fail_points.pass(FailPoint::BeforeReserve).await;
        let journal = match context.reserve(victim, &place, baseline.as_ref()).await {
            Ok(journal) => journal,
            // The guard said go by an older journal.
            Err(JournalError::Denied(Denial::NotRecovered(hold))) => {
                return Ok(AttemptResult::Attempted(Outcome::Held(hold).into()));
            }
            Err(error) => match error.exemption() {
                Some(exemption) => return Ok(AttemptResult::Exempt(exemption)),
                None => return Err(context.end_of(error)),
            },
        };
        self.guards.note_victim(uid);
        self.note_recoveries(&journal);
        context.fail_points.pass(FailPoint::AfterReserve).await;

        if context.stop.is_requested() {
            // No request was sent, so the reservation can be released.
            let released = context.resolve(uid, Resolution::Released, None).await;
            released.map_err(|error| context.end_of(error))?;
            return Err(RoundEnd::Interrupted);
        }

        context.fail_points.pass(FailPoint::BeforeDisrupt).await;
        let until = context.end_of_search(journal.round());
        let subject = AttemptSubject {
            victim,
            fresh,
            slot: self.report.slot,
            baseline: baseline.as_ref(),
        };
        // Boxed for the guards again, which a repeated request asks.
        let attempt = Box::pin(context.disrupt(subject, &mut self.guards, until)).await;
        context.fail_points.pass(FailPoint::AfterDisrupt).await;

        let (resolution, accepted) = match &attempt {
            Ok(attempt) => (Resolution::from(&attempt.outcome), attempt.accepted),
            Err(_) => (Resolution::Released, None),
        };
        context.fail_points.pass(FailPoint::BeforeResolve).await;
        match context.resolve(uid, resolution, accepted).await {
            Ok(journal) => {
                if let Ok(attempt) = &attempt {
                    self.publish_tried(&attempt_report(victim, attempt), fresh.controller.as_ref());
                }
                self.note_recoveries(&journal);
            }
            Err(error) => {
                // The attempt is still reported, and the journal counts it as disrupted until it can be resolved. Whoever
                // records its outcome then publishes it.
                if let Ok(attempt) = attempt {
                    let attempt = attempt_report(victim, &attempt);
                    self.unresolved = Some(attempt.clone());
                    self.report.attempts.push(attempt);
                }
                return Err(context.end_of(error));
            }
        }
        context.fail_points.pass(FailPoint::AfterResolve).await;

        Ok(match attempt {
            Ok(attempt) => AttemptResult::Resolved(attempt),
            Err(error) => AttemptResult::NotAttempted(error),
        })
    }

    /// What the pods of the owner of `fresh` are before the disruption, if its recovery is to be watched and that can be
    /// seen.
    async fn baseline(&mut self, fresh: &Pod) -> Option<RecoveryBaseline> {
        let recovery = &self.context.config.recovery;
        if !recovery.enabled {
            return None;
        }

        let read = Box::pin(self.guards.baseline(fresh, recovery)).await;
        read.unwrap_or_else(|why| {
            let pod = &fresh.id;
            self.guards.warn(format!(
                "the recovery from the disruption of {pod} is not watched: {why}"
            ));
            None
        })
    }

    /// Notes for the guard `recovered` the recoveries that are open in `journal`.
    pub(super) fn note_recoveries(&mut self, journal: &Journal) {
        if self.context.config.recovery.enabled {
            self.guards.note_recoveries(journal);
        }
    }
}
