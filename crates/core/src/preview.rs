//! Predicts a round: which victims a seed picks, and what is expected of each. A preview picks as a round does
//! ([`VictimPicker`]), with predictions in place of answers.

mod budget_index;
mod chances;
mod explain;
mod guards;
mod turns;

use std::collections::HashMap;
use std::rc::Rc;

use serde::Serialize;

pub use self::budget_index::BudgetIndex;
pub use self::chances::VictimChances;
pub use self::explain::{ExplainedGuards, PodExplanation, explain};
pub use self::guards::{GuardResult, GuardRow, VictimGuards, is_ready};
pub use self::turns::{ChanceTurns, PreviewedTurns};

use self::budget_index::NO_BUDGET;
use crate::budget::PlannedDisruptions;
use crate::config::DisruptConfig;
use crate::eligibility::Candidate;
use crate::guard::{GuardFinding, GuardHold, HoldAnswer, RecoveredGuard, first_hold};
use crate::outcome::DisruptionMethod;
use crate::pod::{Pod, PodOwner, PodRef};
use crate::prediction::Prediction;
use crate::selection::{CandidateIndex, DrawQueue, VictimPicker};

/// The name of the guard that a disruption changes for the victims after it.
const RECOVERED: &str = "recovered";

/// One candidate, with everything that is known about it.
#[derive(Debug, Clone)]
pub struct PreviewedPod {
    /// The candidate.
    pub candidate: Candidate,
    /// The pod, as it was listed.
    pub pod: Pod,
    /// The API server's own answer to a dry run, if it was asked.
    pub server_answer: Option<Prediction>,
    /// The findings of the guards of the pod and its owner, in the order in which a round asks them; pods with the same
    /// findings share them.
    pub guards: Rc<[GuardFinding]>,
}

/// A round that has not begun: its candidates, and what is known about them.
#[derive(Debug, Clone)]
pub struct RoundPreview {
    /// The candidates.
    pub pods: Vec<PreviewedPod>,
    /// The budgets that cover them.
    pub budgets: BudgetIndex,
    /// How many victims the round disrupts, and by which method.
    pub disrupt: DisruptConfig,
    /// Whose pods the round may take.
    pub turns: PreviewedTurns,
    /// The index that the round draws from, if it samples.
    pub sampled_from: Option<CandidateIndex>,
    /// The findings of the guards of the round.
    pub round_guards: Vec<GuardFinding>,
    /// Whom the recovery from a disruption of this very round holds back.
    pub recovered: RecoveredGuard,
}

/// One victim that a seed picks, and what is expected of its disruption.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PredictedVictim {
    /// The victim.
    pub pod: PodRef,
    /// The victim's controller, if it has one.
    pub owner: Option<PodOwner>,
    /// What is expected of its disruption.
    #[serde(flatten)]
    pub prediction: Prediction,
}

impl RoundPreview {
    /// The guard of the round that would end it before its first victim.
    pub fn round_hold(&self) -> Option<GuardHold> {
        first_hold(&self.round_guards)
    }

    /// Predicts the disruption of `pod` after the `planned` ones. Guards are asked first, as in a round. The planned
    /// disruptions concern other owners, because a round disrupts one pod of an owner, so they change no guard but
    /// `recovered`, which [`Self::pick`] takes into account.
    pub fn prediction(&self, pod: &PreviewedPod, planned: &PlannedDisruptions) -> Prediction {
        let held = self.held(pod);
        held.unwrap_or_else(|| self.answer(pod, planned))
    }

    /// What a guard would stop, if one does.
    fn held(&self, pod: &PreviewedPod) -> Option<Prediction> {
        let of_round = self.round_hold().map(Prediction::RoundHeld);
        of_round.or_else(|| first_hold(&pod.guards).map(Prediction::Held))
    }

    /// The answer to be expected to the disruption of `pod` after the `planned` ones. The API server's own answer
    /// outranks the budgets, but it does not include the planned disruptions, because a dry run charges no budget.
    fn answer(&self, pod: &PreviewedPod, planned: &PlannedDisruptions) -> Prediction {
        let method = self.disrupt.method;
        let by_budgets = |planned: &PlannedDisruptions| self.budgets.predict(&pod.pod, method, planned);

        let why = match &pod.server_answer {
            None => return by_budgets(planned),
            Some(Prediction::Allowed { why, .. }) => why.clone(),
            Some(other) => return other.clone(),
        };
        if method == DisruptionMethod::Delete {
            return Prediction::without_budget(&format!("{why}; {NO_BUDGET}"));
        }

        let unplanned = by_budgets(&PlannedDisruptions::default());
        match by_budgets(planned) {
            // The server knows better than the budgets, unless the planned disruptions use them up.
            refused @ Prediction::Refused(_) if unplanned.is_allowed() => refused,
            Prediction::Allowed { budget, .. } => Prediction::Allowed { budget, why },
            Prediction::Refused(_)
            | Prediction::Held(_)
            | Prediction::RoundHeld(_)
            | Prediction::Unknown { .. } => Prediction::Allowed { budget: None, why },
        }
    }

    /// The victims that a round with this seed would try if each answer were as predicted, in order, with those that
    /// are refused or held. None, if a guard of the round would end it.
    pub fn pick(&self, seed: u64) -> Vec<PredictedVictim> {
        self.pick_from(self.queue(seed), seed)
    }

    /// The victims of `seed` in a dry run, which asks guards but sends no request, and so gets no refusal.
    pub fn pick_in_dry_run(&self, seed: u64) -> Vec<PredictedVictim> {
        self.pick_by(self.queue(seed), seed, |preview, pod, _| {
            let allowed = || Prediction::without_budget("a dry run sends no request");
            preview.held(pod).unwrap_or_else(allowed)
        })
    }

    /// What a recovery from a disruption of this very round would stop, unless an older one does, of which the findings
    /// of the pod's guards tell.
    fn held_by_recovery(&self, pod: &PreviewedPod, recovering: &[Candidate]) -> Option<Prediction> {
        let is_held = first_hold(&pod.guards).is_some_and(|hold| hold.guard == RECOVERED);
        let holds = |earlier: &&Candidate| {
            let same_namespace = earlier.pod.namespace == pod.candidate.pod.namespace;
            let same_owner = same_namespace && earlier.owner == pod.candidate.owner;
            match self.recovered {
                RecoveredGuard::Off => false,
                RecoveredGuard::Owner => same_owner,
                RecoveredGuard::Namespace => same_namespace,
                RecoveredGuard::All => true,
            }
        };
        if is_held {
            return None;
        }

        // Without an owner nothing recovers.
        let mut owned = recovering.iter().filter(|earlier| earlier.owner.is_some());
        let earlier = owned.find(holds)?;
        let owner = earlier.owner.as_ref()?;
        Some(Prediction::Held(GuardHold {
            guard: RECOVERED.to_owned(),
            answer: HoldAnswer::HoldsBack,
            why: format!(
                "{owner} has not recovered since {} was disrupted in this round",
                earlier.pod
            ),
        }))
    }

    /// The queue of the round with this seed.
    fn queue(&self, seed: u64) -> DrawQueue {
        let draw_by = self.disrupt.draw;
        match &self.sampled_from {
            None => self.queue_of_all(seed),
            Some(index) => DrawQueue::from_drawn(self.of_round(seed, index.draw(seed, draw_by))),
        }
    }

    /// The queue of a round with this seed that does not sample.
    fn queue_of_all(&self, seed: u64) -> DrawQueue {
        let candidates = self.pods.iter().map(|pod| pod.candidate.clone());
        DrawQueue::new(self.of_round(seed, candidates), seed, self.disrupt.draw)
    }

    fn pick_from(&self, queue: DrawQueue, seed: u64) -> Vec<PredictedVictim> {
        self.pick_by(queue, seed, |preview, pod, planned| {
            preview.prediction(pod, planned)
        })
    }

    fn pick_by(
        &self,
        queue: DrawQueue,
        seed: u64,
        predict: impl Fn(&Self, &PreviewedPod, &PlannedDisruptions) -> Prediction,
    ) -> Vec<PredictedVictim> {
        if self.round_hold().is_some() {
            return Vec::new();
        }

        let wanted = self.wanted(seed);
        let pods_by_uid: HashMap<&str, &PreviewedPod> = self
            .pods
            .iter()
            .map(|pod| (&*pod.candidate.pod.uid, pod))
            .collect();
        let mut picker = VictimPicker::from_queue(queue, &self.disrupt, wanted);
        let mut planned = PlannedDisruptions::default();
        let mut recovering = Vec::new();
        let mut victims = Vec::new();

        while let Some(victim) = picker.next_victim() {
            let pod = pods_by_uid[&*victim.pod.uid];
            let held = self.held_by_recovery(pod, &recovering);
            let prediction = held.unwrap_or_else(|| predict(self, pod, &planned));
            planned.note(&victim.pod.namespace, &prediction);
            if prediction.is_allowed() {
                recovering.push(victim.clone());
            }
            let next_try = picker.note(&victim, &prediction.as_outcome());

            victims.push(PredictedVictim {
                pod: victim.pod,
                owner: victim.owner,
                prediction,
            });
            if next_try.is_err() {
                break;
            }
        }
        victims
    }
}

#[cfg(test)]
mod tests;
