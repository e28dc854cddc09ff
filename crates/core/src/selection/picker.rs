//! Chooses one round's victims, one after the other, by what became of those before. A round drives it with the API
//! server's answers and a preview with forecasts, so that the same answers make both choose the same.

use crate::config::DisruptConfig;
use crate::eligibility::Candidate;
use crate::outcome::{Outcome, Refusal};
use crate::pod::PodRef;
use crate::selection::DrawQueue;

/// The choice of one round.
#[derive(Debug)]
pub struct VictimPicker {
    lot: DrawQueue,
    /// Victims still to be disrupted.
    wanted: usize,
    /// Victims that may still be tried.
    tries: usize,
    /// Victims in a row that a webhook which does not answer kept from being judged.
    unanswered: u32,
}

/// So many victims in a row without an answer from a webhook, and asking for more only adds to its trouble.
const MOST_UNANSWERED: u32 = 3;

impl VictimPicker {
    /// The choice among `candidates` under `seed`, within `limits`.
    pub fn new(candidates: Vec<Candidate>, seed: u64, limits: &DisruptConfig) -> Self {
        Self::from_lot(DrawQueue::new(candidates, seed, limits.draw), limits)
    }

    /// The choice among what `lot` holds or will hold, within `limits`.
    pub fn from_lot(lot: DrawQueue, limits: &DisruptConfig) -> Self {
        Self {
            lot,
            wanted: limits.count,
            tries: limits.attempts,
            unanswered: 0,
        }
    }

    /// How many may be tried yet, if nothing ends it before.
    pub fn candidates(&self) -> usize {
        self.lot.len()
    }

    /// Adds candidates to a lot that grows.
    pub fn add(&mut self, drawn: impl IntoIterator<Item = Candidate>) {
        self.lot.add(drawn);
    }

    /// Whoever waits to be tried is to be drawn anew; what became of the others is remembered.
    pub fn forget(&mut self) {
        self.lot.forget();
    }

    /// Nobody else will be drawn.
    pub fn complete(&mut self) {
        self.lot.complete();
    }

    /// Whom to try next; `None` once enough were disrupted or tried, or nobody is left.
    pub fn next_victim(&mut self) -> Option<Candidate> {
        if self.is_done() {
            return None;
        }
        self.lot.next_victim()
    }

    /// Whether enough were disrupted, or tried.
    pub fn is_done(&self) -> bool {
        self.wanted == 0 || self.tries == 0
    }

    /// Takes note of what became of `victim`; an error says why trying anybody else is useless for now.
    ///
    /// # Errors
    /// The API server kept throttling, or a webhook that must be asked does not answer.
    pub fn note(&mut self, victim: &Candidate, outcome: &Outcome) -> Result<(), String> {
        self.tries = self.tries.saturating_sub(1);
        if outcome.spends_the_count() {
            self.wanted = self.wanted.saturating_sub(1);
            self.lot.spend(victim);
        }
        match outcome {
            Outcome::Refused(Refusal::NamespaceTerminating) => self.leave_namespace(&victim.pod),
            Outcome::Refused(_) => self.lot.refuse(victim),
            Outcome::Evicted
            | Outcome::Deleted
            | Outcome::Gone
            | Outcome::Spared
            | Outcome::Unknown { .. } => {}
        }
        self.prospect(outcome)
    }

    /// Whether there is any use in trying the next one.
    fn prospect(&mut self, outcome: &Outcome) -> Result<(), String> {
        match outcome {
            Outcome::Refused(Refusal::Throttled { .. }) => Err("the API server kept throttling".to_owned()),
            Outcome::Refused(Refusal::WebhookDown { name, .. }) => {
                self.unanswered += 1;
                if self.unanswered < MOST_UNANSWERED {
                    return Ok(());
                }
                Err(format!(
                    "webhook {name} did not answer, {MOST_UNANSWERED} times in a row"
                ))
            }
            _ => {
                self.unanswered = 0;
                Ok(())
            }
        }
    }

    /// Whether nothing can be disrupted in `namespace`.
    pub fn has_left(&self, namespace: &str) -> bool {
        self.lot.has_left(namespace)
    }

    /// Nothing can be disrupted in the namespace of `pod`: nobody of it is tried any more.
    pub fn leave_namespace(&mut self, pod: &PodRef) {
        self.lot.leave_namespace(pod);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(pods: usize, count: usize, attempts: usize) -> VictimPicker {
        let candidate = |n: usize| Candidate {
            pod: PodRef {
                namespace: "shop".into(),
                name: format!("web-{n}"),
                uid: format!("u{n}"),
            },
            owner: None,
        };
        let limits = DisruptConfig {
            count,
            attempts,
            ..DisruptConfig::default()
        };
        VictimPicker::new((0..pods).map(candidate).collect(), 1, &limits)
    }

    /// How many are tried if each has this outcome.
    fn tried(mut choice: VictimPicker, outcome: &Outcome) -> usize {
        let mut tried = 0;
        while let Some(victim) = choice.next_victim() {
            tried += 1;
            if choice.note(&victim, outcome).is_err() {
                break;
            }
        }
        tried
    }

    #[test]
    fn disruptions_and_doubts_spend_the_count_and_refusals_only_tries() {
        assert_eq!(tried(choice(9, 2, 5), &Outcome::Evicted), 2);
        let doubt = Outcome::Unknown { why: String::new() };
        assert_eq!(tried(choice(9, 2, 5), &doubt), 2);
        assert_eq!(tried(choice(9, 2, 5), &Outcome::Gone), 5);
        assert_eq!(
            tried(choice(9, 2, 5), &Outcome::Refused(Refusal::SeveralBudgets)),
            5
        );
        assert_eq!(tried(choice(3, 2, 5), &Outcome::Gone), 3);
    }

    #[test]
    fn a_terminating_namespace_is_left() {
        let outcome = Outcome::Refused(Refusal::NamespaceTerminating);
        assert_eq!(tried(choice(9, 2, 5), &outcome), 1);
    }

    #[test]
    fn a_throttle_that_lasts_ends_it_at_once_and_a_silent_webhook_after_three() {
        let retry_after = std::time::Duration::from_secs(1);
        assert_eq!(
            tried(
                choice(9, 2, 5),
                &Outcome::Refused(Refusal::Throttled { retry_after })
            ),
            1
        );
        let silent = Refusal::WebhookDown {
            name: "guard".into(),
            message: String::new(),
        };
        assert_eq!(tried(choice(9, 2, 5), &Outcome::Refused(silent)), 3);
    }
}
