//! Picks the victims of one round one by one, depending on the outcomes so far. A round notes the API server's answers
//! as outcomes and a preview notes predictions, so that the same answers pick the same victims in both.

use crate::config::DisruptConfig;
use crate::eligibility::Candidate;
use crate::outcome::Outcome;
use crate::pod::PodRef;
use crate::refusal::Refusal;
use crate::selection::DrawQueue;

/// The victims of one round, picked from its queue.
#[derive(Debug)]
pub struct VictimPicker {
    queue: DrawQueue,
    /// How many more victims are to be disrupted.
    wanted: usize,
    /// How many more victims may be tried.
    remaining_tries: usize,
    /// How many victims may be tried after a webhook refused one.
    tries_after_webhook: usize,
    /// The answer that took tries away, as a clause, because a webhook may have acted.
    limited_after: Option<&'static str>,
}

impl VictimPicker {
    /// A picker of the `wanted` number of victims from `candidates` in the order of `seed`, within `limits`.
    pub fn new(candidates: Vec<Candidate>, seed: u64, limits: &DisruptConfig, wanted: usize) -> Self {
        Self::from_queue(DrawQueue::new(candidates, seed, limits.draw), limits, wanted)
    }

    /// A picker of the `wanted` number of victims from `queue`, which may still grow, within `limits`.
    pub fn from_queue(queue: DrawQueue, limits: &DisruptConfig, wanted: usize) -> Self {
        Self {
            queue,
            wanted,
            remaining_tries: limits.attempts.max(wanted),
            tries_after_webhook: limits.attempts_after_webhook,
            limited_after: None,
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

    /// Ends the picking; returns why no other victim is tried although more are wanted and there may be candidates
    /// left, if the refusal of a webhook is the reason.
    pub fn limit_after_webhook(mut self) -> Option<String> {
        let limited_after = self.limited_after?;
        let is_limited = self.wanted > 0 && self.remaining_tries == 0;
        let may_go_on = self.queue.is_growing() || self.queue.next_victim().is_some();
        if !is_limited || !may_go_on {
            return None;
        }

        let more = match self.tries_after_webhook {
            0 => "no other victim".to_owned(),
            1 => "only 1 more victim".to_owned(),
            tries => format!("only {tries} more victims"),
        };
        Some(format!(
            "after {limited_after}, {more} may be tried (disrupt.attempts_after_webhook)"
        ))
    }

    /// Notes the outcome of `victim`.
    ///
    /// # Errors
    /// The reason why trying another victim is useless for now: the API server kept throttling.
    pub fn note(&mut self, victim: &Candidate, outcome: &Outcome) -> Result<(), String> {
        self.remaining_tries = self.remaining_tries.saturating_sub(1);

        if outcome.counts_as_disruption() {
            self.wanted = self.wanted.saturating_sub(1);
            self.queue.close_owner(victim);
        }
        match outcome {
            Outcome::Refused(Refusal::NamespaceTerminating) => self.exclude_namespace(&victim.pod),
            Outcome::Refused(refusal) => {
                if let Some(after) = refusal.possible_side_effect() {
                    self.limit_tries(after);
                }
                self.queue.mark_refused(victim);
            }
            Outcome::Held(_) => self.queue.close_owner(victim),
            Outcome::Evicted
            | Outcome::Deleted
            | Outcome::Gone
            | Outcome::DryRun
            | Outcome::Unknown { .. } => {}
        }

        match outcome {
            Outcome::Refused(Refusal::Throttled { .. }) => Err("the API server kept throttling".to_owned()),
            _ => Ok(()),
        }
    }

    /// Limits the tries after the first answer behind which a webhook may have acted.
    fn limit_tries(&mut self, after: &'static str) {
        if self.limited_after.is_none() && self.tries_after_webhook < self.remaining_tries {
            self.limited_after = Some(after);
            self.remaining_tries = self.tries_after_webhook;
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
    use crate::refusal::WebhookFault;

    fn picker(pods: usize, count: usize, attempts: usize) -> VictimPicker {
        let candidate = |n: usize| Candidate {
            pod: PodRef {
                namespace: "shop".into(),
                name: format!("web-{n}"),
                uid: format!("u{n}"),
            },
            owner: None,
            team: None,
            period_end: None,
        };
        let limits = DisruptConfig {
            attempts,
            ..DisruptConfig::default()
        };

        VictimPicker::new((0..pods).map(candidate).collect(), 1, &limits, count)
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
    fn a_lasting_throttle_ends_the_round_at_once() {
        let retry_after = std::time::Duration::from_secs(1);
        let throttled = Outcome::Refused(Refusal::Throttled { retry_after });
        assert_eq!(tried(picker(9, 2, 5), &throttled), 1);
    }

    /// Every refusal behind which a webhook may have acted.
    fn refusals_by_webhooks() -> Vec<Outcome> {
        let denial = |temporary| Refusal::Webhook {
            name: "virt".into(),
            message: "Eviction triggered evacuation".into(),
            temporary,
        };
        let failure = |fault| Refusal::WebhookFailed {
            name: "virt".into(),
            fault,
            message: String::new(),
        };
        let refusals = [
            denial(true),
            denial(false),
            failure(WebhookFault::NoAnswer),
            failure(WebhookFault::InvalidAnswer),
            failure(WebhookFault::Tls),
            failure(WebhookFault::CallFailed),
            Refusal::AcceptedButAlive,
        ];
        refusals.map(Outcome::Refused).into()
    }

    #[test]
    fn after_a_webhook_refused_so_many_more_victims_are_tried_as_are_allowed() {
        for outcome in refusals_by_webhooks() {
            for (allowed, attempts, expected) in [(0, 9, 1), (1, 9, 2), (3, 9, 4), (9, 5, 5), (9, 2, 2)] {
                let mut picker = picker(20, 2, attempts);
                picker.tries_after_webhook = allowed;
                assert_eq!(tried(picker, &outcome), expected, "{allowed} after {outcome}");
            }
        }
    }

    #[test]
    fn after_a_webhook_refused_the_next_victim_is_the_last_whatever_becomes_of_it() {
        let webhook = refusals_by_webhooks().remove(0);
        let others = [
            Outcome::Evicted,
            Outcome::Gone,
            Outcome::Refused(Refusal::SeveralBudgets),
        ];
        for other in others {
            let mut picker = picker(9, 3, 9);
            let first = picker.next_victim().unwrap();
            picker.note(&first, &webhook).unwrap();
            let second = picker.next_victim().unwrap();
            picker.note(&second, &other).unwrap();

            assert!(picker.next_victim().is_none(), "{other}");
            let why = picker.limit_after_webhook();
            let words =
                "after a webhook refused, only 1 more victim may be tried (disrupt.attempts_after_webhook)";
            assert_eq!(why.as_deref(), Some(words), "{other}");
        }
    }

    #[test]
    fn the_limit_is_explained_by_what_happened() {
        let failed = Refusal::WebhookFailed {
            name: "virt".into(),
            fault: WebhookFault::Tls,
            message: String::new(),
        };
        for (refusal, after) in [
            (failed, "after a webhook gave no decision, "),
            (
                Refusal::AcceptedButAlive,
                "after an accepted request was not carried out, ",
            ),
        ] {
            let outcome = Outcome::Refused(refusal);
            let mut picker = picker(9, 1, 9);
            while let Some(victim) = picker.next_victim() {
                picker.note(&victim, &outcome).unwrap();
            }
            let why = picker.limit_after_webhook().unwrap();
            assert!(why.starts_with(after), "{why}");
        }
    }

    #[test]
    fn the_limit_is_named_only_where_it_is_what_ended_the_round() {
        let webhook = refusals_by_webhooks().remove(0);
        for (pods, count, outcomes) in [
            (9, 1, [webhook.clone(), Outcome::Evicted]),
            (2, 3, [webhook.clone(), webhook]),
            (9, 2, [Outcome::Evicted, Outcome::Evicted]),
        ] {
            let mut picker = picker(pods, count, 9);
            picker.complete();
            for outcome in &outcomes {
                let victim = picker.next_victim().unwrap();
                picker.note(&victim, outcome).unwrap();
            }
            assert_eq!(picker.limit_after_webhook(), None, "{outcomes:?}");
        }
    }
}
