//! Finds out what a disruption did to its victim, from what is seen of the pod.

use macaque_core::outcome::{DisruptionMethod, Outcome};
use macaque_core::refusal::Refusal;
use macaque_core::verdict::DisruptionVerdict;

use super::confirmation::{SEEN_ALIVE, not_repeated};
use super::{DisruptionAttempt, PodState};

impl DisruptionAttempt<'_, '_> {
    /// Verifies an accepted disruption: acceptance is no proof, the pod must be gone or terminating.
    pub(super) async fn verify(&self) -> Outcome {
        match self.context.check(self.pod, self.until).await {
            PodState::GoneOrTerminating => self.disrupted(),
            PodState::Alive => Outcome::Refused(Refusal::AcceptedButAlive),
            PodState::Unknown(why) => Outcome::Unknown {
                why: format!("accepted, but the check failed: {why}"),
            },
        }
    }

    /// Checks the pod after the first unclear answer; `None` if it is alive, so that the request may be repeated.
    pub(super) async fn check_doubt(&mut self, doubt: String) -> Option<Outcome> {
        match self.context.check(self.pod, self.until).await {
            PodState::GoneOrTerminating => return Some(self.disrupted_without_answer(&doubt)),
            PodState::Alive => {}
            PodState::Unknown(why) => {
                let why = format!("{doubt}; then {why}");
                return Some(Outcome::Unknown { why });
            }
        }

        if self.context.stop.is_requested() {
            let why = format!("{doubt}; {SEEN_ALIVE}");
            return Some(Outcome::Unknown { why });
        }
        // The look may have taken long: meanwhile a guard may have changed its answer, macaque may have been paused, or
        // the round taken over.
        if let Some(hold) = self.ask_again().await {
            return Some(not_repeated(&doubt, hold));
        }
        if let Err(error) = self.confirm().await {
            return Some(not_repeated(&doubt, error));
        }
        self.doubt = Some(doubt);
        None
    }

    /// Concludes after a second answer, which proves nothing by itself: it may describe the effect of the first request,
    /// and while the pod is alive, the first request may still take effect.
    pub(super) async fn conclude_in_doubt(&mut self, doubt: String, verdict: DisruptionVerdict) -> Outcome {
        let is_accepted = verdict == DisruptionVerdict::Accepted;
        let seen = match self.context.check(self.pod, self.until).await {
            PodState::GoneOrTerminating if is_accepted => return self.disrupted(),
            PodState::GoneOrTerminating => return self.disrupted_without_answer(&doubt),
            PodState::Alive => SEEN_ALIVE.to_owned(),
            PodState::Unknown(why) => format!("then {why}"),
        };

        let again = match verdict {
            DisruptionVerdict::Refused(refusal) => format!("sent again: {}", refusal.phrase()),
            DisruptionVerdict::Uncertain(why)
            | DisruptionVerdict::Forbidden(why)
            | DisruptionVerdict::Invalid(why) => format!("sent again: {why}"),
            DisruptionVerdict::Unauthorized => "sent again: the credentials are not accepted".to_owned(),
            DisruptionVerdict::Accepted => "sent again: accepted".to_owned(),
            DisruptionVerdict::Gone => "sent again: there was no such pod".to_owned(),
        };

        Outcome::Unknown {
            why: format!("{doubt}; {again}; {seen}"),
        }
    }

    fn disrupted_without_answer(&mut self, doubt: &str) -> Outcome {
        let warning = format!("no clear answer ({doubt}), but the pod was seen gone or terminating");
        self.warnings.push(warning);
        self.disrupted()
    }

    /// The outcome of a disruption that happened.
    fn disrupted(&self) -> Outcome {
        match self.context.config.disrupt.method {
            DisruptionMethod::Evict => Outcome::Evicted,
            DisruptionMethod::Delete => Outcome::Deleted,
        }
    }
}
