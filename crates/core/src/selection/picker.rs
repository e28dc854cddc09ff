//! Picks the victims of one round one by one, depending on the outcomes so far. A round notes the API server's answers
//! as outcomes and a preview notes predictions, so that the same answers pick the same victims in both.

use crate::config::DisruptConfig;
use crate::eligibility::Candidate;
use crate::outcome::Outcome;
use crate::pod::PodRef;
use crate::refusal::Refusal;
use crate::selection::DrawQueue;

/// The maximum number of victims in a row that are tried while a webhook does not answer: more would add to its load.
const MAX_UNANSWERED: u32 = 3;

/// The victims of one round, picked from its queue.
#[derive(Debug)]
pub struct VictimPicker {
    queue: DrawQueue,
    /// How many more victims are to be disrupted.
    wanted: usize,
    /// How many more victims may be tried.
    remaining_tries: usize,
    /// How many victims in a row a webhook gave no answer for.
    unanswered: u32,
}

impl VictimPicker {
    /// A picker from `candidates` in the order of `seed`, within `limits`.
    pub fn new(candidates: Vec<Candidate>, seed: u64, limits: &DisruptConfig) -> Self {
        Self::from_queue(DrawQueue::new(candidates, seed, limits.draw), limits)
    }

    /// A picker from `queue`, which may still grow, within `limits`.
    pub fn from_queue(queue: DrawQueue, limits: &DisruptConfig) -> Self {
        Self {
            queue,
            wanted: limits.count,
            remaining_tries: limits.attempts,
            unanswered: 0,
        }
    }

    /// How many candidates are in the queue.
    pub fn candidates(&self) -> usize {
        self.queue.len()
    }

    /// Adds candidates to the queue.
    pub fn add(&mut self, drawn: impl IntoIterator<Item = Candidate>) {
        self.queue.add(drawn);
    }

    /// Empties the queue before another draw; the outcomes so far are remembered.
    pub fn restart(&mut self) {
        self.queue.restart();
    }

    /// Marks the draw as complete: no more candidates will be added.
    pub fn complete(&mut self) {
        self.queue.complete();
    }

    /// The next victim to try; `None` once enough were disrupted or tried, or no candidate is in the queue.
    pub fn next_victim(&mut self) -> Option<Candidate> {
        if self.is_done() {
            return None;
        }
        self.queue.next_victim()
    }

    /// Whether enough victims were disrupted, or tried.
    pub fn is_done(&self) -> bool {
        self.wanted == 0 || self.remaining_tries == 0
    }

    /// Notes the outcome of `victim`.
    ///
    /// # Errors
    /// The reason why trying another victim is useless for now: the API server kept throttling, or a webhook that must
    /// be asked does not answer.
    pub fn note(&mut self, victim: &Candidate, outcome: &Outcome) -> Result<(), String> {
        self.remaining_tries = self.remaining_tries.saturating_sub(1);

        if outcome.counts_as_disruption() {
            self.wanted = self.wanted.saturating_sub(1);
            self.queue.mark_disrupted(victim);
        }
        match outcome {
            Outcome::Refused(Refusal::NamespaceTerminating) => self.exclude_namespace(&victim.pod),
            Outcome::Refused(_) => self.queue.mark_refused(victim),
            Outcome::Evicted
            | Outcome::Deleted
            | Outcome::Gone
            | Outcome::DryRun
            | Outcome::Unknown { .. } => {}
        }

        self.check_next_try(outcome)
    }

    /// Checks whether the next try can succeed after `outcome`.
    fn check_next_try(&mut self, outcome: &Outcome) -> Result<(), String> {
        match outcome {
            Outcome::Refused(Refusal::Throttled { .. }) => Err("the API server kept throttling".to_owned()),
            Outcome::Refused(Refusal::WebhookDown { name, .. }) => {
                self.unanswered += 1;
                if self.unanswered < MAX_UNANSWERED {
                    return Ok(());
                }
                Err(format!(
                    "webhook {name} did not answer, {MAX_UNANSWERED} times in a row"
                ))
            }
            _ => {
                self.unanswered = 0;
                Ok(())
            }
        }
    }

    /// Whether `namespace` is excluded, because nothing can be disrupted in it.
    pub fn is_excluded(&self, namespace: &str) -> bool {
        self.queue.is_excluded(namespace)
    }

    /// Excludes the namespace of `pod`, because nothing can be disrupted in it.
    pub fn exclude_namespace(&mut self, pod: &PodRef) {
        self.queue.exclude_namespace(pod);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picker(pods: usize, count: usize, attempts: usize) -> VictimPicker {
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

    /// How many victims are tried if each has this outcome.
    fn tried(mut picker: VictimPicker, outcome: &Outcome) -> usize {
        let mut tried = 0;
        while let Some(victim) = picker.next_victim() {
            tried += 1;
            if picker.note(&victim, outcome).is_err() {
                break;
            }
        }
        tried
    }

    #[test]
    fn disruptions_and_unknown_outcomes_use_up_the_count_and_refusals_only_tries() {
        assert_eq!(tried(picker(9, 2, 5), &Outcome::Evicted), 2);

        let unknown = Outcome::Unknown { why: String::new() };
        assert_eq!(tried(picker(9, 2, 5), &unknown), 2);
        assert_eq!(tried(picker(9, 2, 5), &Outcome::Gone), 5);
        assert_eq!(
            tried(picker(9, 2, 5), &Outcome::Refused(Refusal::SeveralBudgets)),
            5
        );
        assert_eq!(tried(picker(3, 2, 5), &Outcome::Gone), 3);
    }

    #[test]
    fn no_other_victim_is_tried_in_a_terminating_namespace() {
        let outcome = Outcome::Refused(Refusal::NamespaceTerminating);
        assert_eq!(tried(picker(9, 2, 5), &outcome), 1);
    }

    #[test]
    fn a_lasting_throttle_ends_the_round_at_once_and_a_silent_webhook_after_three_victims() {
        let retry_after = std::time::Duration::from_secs(1);

        assert_eq!(
            tried(
                picker(9, 2, 5),
                &Outcome::Refused(Refusal::Throttled { retry_after })
            ),
            1
        );

        let silent = Refusal::WebhookDown {
            name: "guard".into(),
            message: String::new(),
        };
        assert_eq!(tried(picker(9, 2, 5), &Outcome::Refused(silent)), 3);
    }
}
