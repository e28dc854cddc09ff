//! The report of one round: what was listed, which victims were tried with which outcome, and why other pods were
//! exempt.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::ops::Not;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::config::VictimCount;
use crate::eligibility::Exemption;
use crate::guard::{GuardHold, HoldAnswer};
use crate::outcome::{DisruptionMethod, Outcome};
use crate::pod::{OwnerRef, PodOwner, PodRef};

/// How many of the namespaces that are left out for one reason a text names.
const MAX_NAMED: usize = 20;

/// The report of one round, from which the log, the notifications and the output of `macaque once` are made.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RoundReport {
    /// The scheduled instant, or the instant of the command for `macaque once`.
    pub slot: Timestamp,
    /// When the round ended.
    pub finished: Timestamp,
    /// The seed of the draw: the same seed and the same pods give the same victims.
    pub seed: u64,
    /// Whether the round was a dry run.
    pub dry_run: bool,
    /// How victims are disrupted.
    pub method: DisruptionMethod,
    /// The namespaces in scope; empty means the whole cluster, or with `namespace_selector` that it found none.
    pub namespaces: Vec<String>,
    /// The label selector by which the namespaces are found; empty if they are not.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub namespace_selector: String,
    /// The label selector as configured; empty means every pod.
    pub selector: String,
    /// How many pods the API server listed; if the round samples, only those in an eligible phase.
    pub listed: usize,
    /// How many of the pods checked were candidates.
    pub candidates: usize,
    /// The other pods checked, by the rule that exempts them.
    pub exempted: ExemptionTallies,
    /// How many victims the round was to disrupt, where the configuration says a share or a range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<RoundCount>,
    /// The owners whose turn it was, or has been since the last round, if owners have turns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub turns: Vec<TurnReport>,
    /// Whether `turns` tells of every turn since the last round that did. A round that ends before its pods are listed
    /// leaves the turns of its slot to the next one.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub turns_reported: bool,
    /// Each victim tried, in order.
    pub attempts: Vec<AttemptReport>,
    /// Problems that do not concern a victim: a namespace that could not be read, for example.
    pub problems: Vec<String>,
    /// The namespaces that a selector found and macaque may not work in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<SkippedNamespace>,
    /// Warnings that changed nothing, or made macaque more careful: an annotation that cannot be read, for example.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// How the round ended.
    pub end: RoundEnd,
}

/// The exempted pods of a round, by the name of the rule.
pub type ExemptionTallies = BTreeMap<String, ExemptionTally>;

/// The number of pods that one rule exempted, and one of them as an example.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ExemptionTally {
    /// How many pods were exempted.
    pub count: usize,
    /// The first of them.
    pub example: PodRef,
    /// The reason in words, for that example: `younger than 1m (12s)`.
    pub detail: String,
}

impl ExemptionTally {
    /// Adds `pod` to the tally of its rule; the first pod of each rule is kept as the example.
    pub fn note(exempted: &mut ExemptionTallies, pod: PodRef, exemption: &Exemption) {
        if let Some(tally) = exempted.get_mut(exemption.rule) {
            tally.count += 1;
            return;
        }

        let first = Self {
            count: 1,
            example: pod,
            detail: exemption.to_string(),
        };
        exempted.insert(exemption.rule.to_owned(), first);
    }

    /// Adds the counts of `other`.
    pub fn merge(exempted: &mut ExemptionTallies, other: ExemptionTallies) {
        for (rule, tally) in other {
            match exempted.entry(rule) {
                Entry::Occupied(mut entry) => entry.get_mut().count += tally.count,
                Entry::Vacant(entry) => {
                    entry.insert(tally);
                }
            }
        }
    }
}

/// How many victims a round was to disrupt, where the configuration says a share or a range.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RoundCount {
    /// The number.
    pub count: usize,
    /// What the configuration says: `30%` or `1-3`.
    pub configured: String,
    /// How many owners had eligible pods, if the number is a share of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owners: Option<usize>,
}

impl RoundCount {
    /// How many victims the round of `seed` is to disrupt if this many `owners` have eligible pods, and what its report
    /// says of that: nothing where the configuration says a number.
    pub fn of_round(configured: VictimCount, owners: usize, seed: u64) -> (usize, Option<Self>) {
        let count = configured.of_round(owners, seed);
        let owners = match configured {
            VictimCount::Fixed(_) => return (count, None),
            VictimCount::Percent(_) => Some(owners),
            VictimCount::Range { .. } => None,
        };

        let said = Self {
            count,
            configured: configured.to_string(),
            owners,
        };
        (count, Some(said))
    }
}

/// Shows the number, and where it comes from: `2 (30% of 7 owners)`, `2 (1-3)`.
impl fmt::Display for RoundCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            count,
            configured,
            owners,
        } = self;
        match owners {
            None => write!(f, "{count} ({configured})"),
            Some(1) => write!(f, "{count} ({configured} of 1 owner)"),
            Some(owners) => write!(f, "{count} ({configured} of {owners} owners)"),
        }
    }
}

/// The turn of one owner, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TurnReport {
    /// The owner.
    #[serde(flatten)]
    pub owner: OwnerRef,
    /// The slot of the turn.
    pub slot: Timestamp,
    /// The reason why the turn was missed; `None` if a pod of the owner was disrupted, or picked in a dry run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed: Option<String>,
}

/// A namespace that is left out of a round.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SkippedNamespace {
    /// The namespace.
    pub namespace: String,
    /// The reason.
    pub why: String,
}

impl SkippedNamespace {
    /// Notes that `namespace` is left out, unless that is known.
    pub fn note(skipped: &mut Vec<Self>, namespace: &str, why: String) {
        if skipped.iter().all(|known| known.namespace != namespace) {
            skipped.push(Self {
                namespace: namespace.to_owned(),
                why,
            });
        }
    }

    /// The namespaces that are left out, one text for each reason: `skipped: pay, search (no Role)`.
    pub fn texts(skipped: &[Self]) -> Vec<String> {
        let mut by_reason: Vec<(&str, Vec<&str>)> = Vec::new();
        for Self { namespace, why } in skipped {
            match by_reason.iter_mut().find(|(reason, _)| reason == why) {
                Some((_, names)) => names.push(namespace),
                None => by_reason.push((why, vec![namespace])),
            }
        }

        let text = |(why, names): (&str, Vec<&str>)| {
            let rest = match names.len().saturating_sub(MAX_NAMED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let named: Vec<_> = names.into_iter().take(MAX_NAMED).collect();
            format!("skipped: {}{rest} ({why})", named.join(", "))
        };
        by_reason.into_iter().map(text).collect()
    }
}

/// One victim, and its outcome.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AttemptReport {
    /// The victim.
    pub pod: PodRef,
    /// The victim's controller, if it has one.
    pub owner: Option<PodOwner>,
    /// The victim's team, as `macaque/team` on the pod, its owner or its namespace names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// The outcome.
    pub outcome: Outcome,
    /// `Warning` headers of the answer, as text.
    pub warnings: Vec<String>,
}

/// How a round ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum RoundEnd {
    /// The round ran to its end.
    Complete,
    /// A shutdown ended the round early; `attempts` holds everything that was done.
    Interrupted,
    /// No further disruption was allowed: by the journal (a pause, a limit, a copy that is not trusted), or after
    /// a refusal by a webhook. `attempts` holds everything that was done.
    Withheld {
        /// The reason.
        why: String,
    },
    /// A guard of the round stopped it. `attempts` holds everything that was done.
    Held(GuardHold),
    /// The round could not go on; `attempts` holds everything that was done.
    Failed {
        /// The failure, and what failed.
        why: String,
    },
}

/// The result of a round in one word, from which exit codes and headlines follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RoundStatus {
    /// At least one pod was disrupted.
    Disrupted,
    /// A dry run that picked at least one pod, and sent no request: none was disrupted.
    DryRun,
    /// Every victim tried was refused or gone, or the journal allowed no disruption.
    Refused,
    /// Nothing was disrupted, and a guard held a victim or the round back.
    Held,
    /// Nothing was disrupted, and a guard could not answer.
    Unanswered,
    /// No pod was eligible.
    Idle,
    /// The round failed or was interrupted, the outcome for a victim is unknown, or nothing was disrupted and there
    /// were problems.
    Failed,
}

impl RoundStatus {
    /// Every status.
    pub const ALL: [Self; 7] = [
        Self::Disrupted,
        Self::DryRun,
        Self::Refused,
        Self::Held,
        Self::Unanswered,
        Self::Idle,
        Self::Failed,
    ];

    /// The status in one word, for logs and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disrupted => "disrupted",
            Self::DryRun => "dry-run",
            Self::Refused => "refused",
            Self::Held => "held",
            Self::Unanswered => "unanswered",
            Self::Idle => "idle",
            Self::Failed => "failed",
        }
    }
}

impl RoundReport {
    /// The report of a round over every pod that has done nothing, and ended at its slot.
    pub fn blank(slot: Timestamp, seed: u64, method: DisruptionMethod) -> Self {
        Self {
            slot,
            finished: slot,
            seed,
            dry_run: false,
            method,
            namespaces: Vec::new(),
            namespace_selector: String::new(),
            selector: String::new(),
            listed: 0,
            candidates: 0,
            exempted: ExemptionTallies::new(),
            count: None,
            turns: Vec::new(),
            turns_reported: false,
            attempts: Vec::new(),
            problems: Vec::new(),
            skipped: Vec::new(),
            warnings: Vec::new(),
            end: RoundEnd::Complete,
        }
    }

    /// The result of the round in one word. Doubt and failure outrank success, so that no exit code hides them.
    pub fn status(&self) -> RoundStatus {
        let has_unknown = self
            .attempts
            .iter()
            .any(|attempt| matches!(attempt.outcome, Outcome::Unknown { .. }));

        if has_unknown || matches!(self.end, RoundEnd::Interrupted | RoundEnd::Failed { .. }) {
            RoundStatus::Failed
        } else if self.count(Outcome::counts_as_disruption) > 0 {
            if self.dry_run {
                RoundStatus::DryRun
            } else {
                RoundStatus::Disrupted
            }
        } else if !self.problems.is_empty() {
            RoundStatus::Failed
        } else if self.holds().any(|hold| hold.answer == HoldAnswer::CannotAnswer) {
            RoundStatus::Unanswered
        } else if self.holds().next().is_some() {
            RoundStatus::Held
        } else if self.attempts.is_empty() && self.end == RoundEnd::Complete {
            RoundStatus::Idle
        } else {
            RoundStatus::Refused
        }
    }

    /// The guards that stopped a victim or the round.
    pub fn holds(&self) -> impl Iterator<Item = &GuardHold> {
        let of_victims = self.attempts.iter().filter_map(|attempt| match &attempt.outcome {
            Outcome::Held(hold) => Some(hold),
            _ => None,
        });
        let of_round = match &self.end {
            RoundEnd::Held(hold) => Some(hold),
            _ => None,
        };
        of_victims.chain(of_round)
    }

    /// The guard of the round that ended it before any victim was tried.
    pub fn held_before_any_victim(&self) -> Option<&GuardHold> {
        match &self.end {
            RoundEnd::Held(hold) if self.attempts.is_empty() => Some(hold),
            _ => None,
        }
    }

    /// How many of the pods listed were not checked, because the round samples.
    pub fn unchecked(&self) -> usize {
        let exempted: usize = self.exempted.values().map(|tally| tally.count).sum();
        self.listed.saturating_sub(self.candidates + exempted)
    }

    /// The turns that were missed, each with the reason.
    pub fn missed_turns(&self) -> impl Iterator<Item = (&TurnReport, &str)> {
        let turns = self.turns.iter();
        turns.filter_map(|turn| Some((turn, turn.missed.as_deref()?)))
    }

    /// How many victims had an outcome that `accepts` is true for.
    pub fn count(&self, accepts: impl Fn(&Outcome) -> bool) -> usize {
        self.attempts
            .iter()
            .filter(|attempt| accepts(&attempt.outcome))
            .count()
    }
}

#[cfg(test)]
mod tests;
