//! One round's story: what was seen, who was drawn, what became of each, and why the rest was left alone.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::eligibility::Exemption;
use crate::outcome::{DisruptionMethod, Outcome};
use crate::pod::{PodOwner, PodRef};

/// Everything one round has to tell; the log, the notifications and `macaque once` are drawn from it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RoundReport {
    /// The scheduled instant, or the instant of the command for `macaque once`.
    pub slot: Timestamp,
    /// When the round ended.
    pub finished: Timestamp,
    /// The seed of the draw: the same seed and the same pods give the same victims.
    pub seed: u64,
    /// Whether nothing was to be disrupted.
    pub dry_run: bool,
    /// How victims are disrupted.
    pub method: DisruptionMethod,
    /// The namespaces looked at; empty means all of the cluster.
    pub namespaces: Vec<String>,
    /// The label selector as configured; empty means every pod.
    pub selector: String,
    /// How many pods the API server listed; of a crowd, those in a phase that can be drawn.
    pub listed: usize,
    /// How many of them were candidates, as far as they were judged.
    pub candidates: usize,
    /// The others that were judged, by reason.
    pub exempted: ExemptionTallies,
    /// Each victim tried, in order.
    pub attempts: Vec<AttemptReport>,
    /// What went wrong beside the victims: a namespace that could not be read, say.
    pub problems: Vec<String>,
    /// How the round ended.
    pub end: RoundEnd,
}

/// The exempted pods of a round, by [`Exemption::word`].
pub type ExemptionTallies = BTreeMap<String, ExemptionTally>;

/// How many pods one reason exempted, and one of them to look at.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ExemptionTally {
    /// How many.
    pub count: usize,
    /// The first of them.
    pub example: PodRef,
    /// The rule in words, for that example: `younger than 1m (12s)`.
    pub detail: String,
}

impl ExemptionTally {
    /// Counts `pod` among the exempted; the first of each reason is kept as its example.
    pub fn note(exempted: &mut ExemptionTallies, pod: PodRef, exemption: &Exemption) {
        if let Some(known) = exempted.get_mut(exemption.word()) {
            known.count += 1;
            return;
        }
        let first = Self {
            count: 1,
            example: pod,
            detail: exemption.to_string(),
        };
        exempted.insert(exemption.word().to_owned(), first);
    }

    /// Adds the counts of `more`.
    pub fn merge(exempted: &mut ExemptionTallies, more: ExemptionTallies) {
        for (word, tally) in more {
            match exempted.entry(word) {
                Entry::Occupied(mut known) => known.get_mut().count += tally.count,
                Entry::Vacant(unknown) => drop(unknown.insert(tally)),
            }
        }
    }
}

/// One victim and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AttemptReport {
    /// The victim.
    pub pod: PodRef,
    /// Its controller, if it has one.
    pub owner: Option<PodOwner>,
    /// What became of it.
    pub outcome: Outcome,
    /// `Warning` headers of the answer, as text.
    pub warnings: Vec<String>,
}

/// How a round ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum RoundEnd {
    /// It ran to its end.
    Complete,
    /// A shutdown ended it early; what `attempts` holds is all that was done.
    Interrupted,
    /// The journal allowed no further disruption: a pause, a limit, a clock that is wrong. What `attempts` holds is
    /// all that was done.
    Withheld {
        /// Why.
        why: String,
    },
    /// It could not go on; what `attempts` holds is all that was done.
    Failed {
        /// What failed, and on what.
        why: String,
    },
}

/// The round in one word, from which exit codes and headlines follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RoundVerdict {
    /// At least one pod was disrupted (in dry run: would have been).
    Disrupted,
    /// There were candidates, and each one tried was refused or gone; or the journal allowed no disruption.
    Refused,
    /// No pod was eligible.
    Idle,
    /// The round failed, was interrupted, the outcome of a victim is unknown, or nothing was disrupted and part
    /// of the scope could not be reached.
    Failed,
}

impl RoundReport {
    /// The round in one word. Doubt and failure outrank success, so that no exit code hides them.
    pub fn verdict(&self) -> RoundVerdict {
        let unknown = self
            .attempts
            .iter()
            .any(|a| matches!(a.outcome, Outcome::Unknown { .. }));
        if unknown || matches!(self.end, RoundEnd::Interrupted | RoundEnd::Failed { .. }) {
            RoundVerdict::Failed
        } else if self.count(Outcome::spends_the_count) > 0 {
            RoundVerdict::Disrupted
        } else if !self.problems.is_empty() {
            RoundVerdict::Failed
        } else if self.attempts.is_empty() && self.end == RoundEnd::Complete {
            RoundVerdict::Idle
        } else {
            RoundVerdict::Refused
        }
    }

    /// How many of the pods listed nobody looked at, because enough were drawn before; only a crowd has such pods.
    pub fn unjudged(&self) -> usize {
        let exempted: usize = self.exempted.values().map(|tally| tally.count).sum();
        self.listed.saturating_sub(self.candidates + exempted)
    }

    /// How many victims had an outcome that `is` accepts.
    pub fn count(&self, is: impl Fn(&Outcome) -> bool) -> usize {
        self.attempts
            .iter()
            .filter(|attempt| is(&attempt.outcome))
            .count()
    }
}
