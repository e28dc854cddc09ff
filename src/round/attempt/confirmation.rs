//! Confirms just before a request that the victim may still be disrupted.

use std::fmt::Display;

use macaque_core::guard::GuardHold;
use macaque_core::journal::Journal;
use macaque_core::outcome::Outcome;

use super::{AttemptError, AttemptSubject, DisruptionAttempt};
use crate::guards::Held;
use crate::journal::JournalError;

/// What a check found that does not settle a doubt.
pub(super) const SEEN_ALIVE: &str = "then the pod was seen alive";

impl DisruptionAttempt<'_, '_> {
    /// Before the first request: if the reservation took long, or the process or its machine was suspended after it, the
    /// guards are asked again, and the journal whether the reservation stands. Returns the guard that does not say go.
    pub(super) async fn confirm_unless_fresh(&mut self) -> Result<Option<GuardHold>, AttemptError> {
        if self.guards.said_go_lately() {
            return Ok(None);
        }

        let hold = self.ask_again().await;
        if hold.is_none() {
            let confirmed = self.confirm().await;
            confirmed.map_err(|error| AttemptError::Round(self.context.end_of(error)))?;
        }
        Ok(hold)
    }

    /// Before a request that was throttled is sent again: meanwhile macaque may have been paused, or the round taken over.
    /// Returns an outcome if it is not to be sent.
    pub(super) async fn confirm_repeat(&mut self) -> Result<Option<Outcome>, AttemptError> {
        let Err(error) = self.confirm().await else {
            return Ok(None);
        };
        match self.doubt.take() {
            None => Err(AttemptError::Round(self.context.end_of(error))),
            Some(doubt) => Ok(Some(not_repeated(&doubt, error))),
        }
    }

    /// Confirms that the victim may still be disrupted, whatever was written to the journal meanwhile.
    pub(super) async fn confirm(&self) -> Result<Journal, JournalError> {
        let AttemptSubject {
            victim,
            fresh,
            baseline,
            ..
        } = self.subject;
        self.context.confirm(victim, &fresh.place(), baseline).await
    }

    /// Asks the guards before a request, if what came since they said go took long; returns the one that does not say
    /// go.
    pub(super) async fn ask_again(&mut self) -> Option<GuardHold> {
        if self.guards.said_go_lately() {
            return None;
        }

        match Box::pin(self.guards.ask_before_disruption(self.subject.fresh)).await {
            Ok(()) => None,
            Err(Held::Victim(hold) | Held::Round(hold)) => Some(hold),
        }
    }

    /// The outcome if a guard stops a request from being sent again.
    pub(super) fn held(&mut self, hold: GuardHold) -> Outcome {
        match self.doubt.take() {
            None => Outcome::Held(hold),
            Some(doubt) => not_repeated(&doubt, hold),
        }
    }
}

/// The outcome of a request in doubt that is not sent again, for this reason, although the pod was seen alive.
pub(super) fn not_repeated(doubt: &str, reason: impl Display) -> Outcome {
    Outcome::Unknown {
        why: format!("{doubt}; {SEEN_ALIVE}, and the request was not repeated: {reason}"),
    }
}
