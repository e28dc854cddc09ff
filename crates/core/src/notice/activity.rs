//! What happened in a stretch of time, counted from the reports of rounds and recoveries.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::outcome::Outcome;
use crate::recovery::RecoveryVerdict;
use crate::refusal::Refusal;
use crate::report::{RoundEnd, RoundReport, RoundStatus};
use crate::server_text::visible_beginning;

/// How many namespaces, guards and refusers are counted by name; all others together.
const MAX_NAMES: usize = 20;
/// The longest name, in characters.
const MAX_NAME: usize = 80;
/// The name under which all others are counted.
const OTHERS: &str = "others";

/// What happened in a stretch of time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Activity {
    /// Whether rounds were dry runs, which disrupt nothing.
    pub dry_run: bool,
    /// How many rounds ran.
    pub rounds: usize,
    /// How many rounds were withheld.
    pub withheld: usize,
    /// How many of the rounds that ran failed.
    pub failed: usize,
    /// How many pods were disrupted, or picked in a dry run.
    pub disrupted: usize,
    /// How many pods may have been disrupted: nobody knows.
    pub unknown: usize,
    /// The disruptions by namespace.
    pub namespaces: BTreeMap<String, usize>,
    /// The refusals by who refused.
    pub refusals: BTreeMap<String, usize>,
    /// How many times a victim or a round was held back, by guard.
    pub holds: BTreeMap<String, usize>,
    /// The recoveries by their verdicts.
    pub recoveries: BTreeMap<RecoveryVerdict, usize>,
}

impl Activity {
    /// Counts a round that ran.
    pub fn note_round(&mut self, report: &RoundReport) {
        self.rounds += 1;
        self.dry_run |= report.dry_run;
        if report.status() == RoundStatus::Failed {
            self.failed += 1;
        }

        for attempt in &report.attempts {
            match &attempt.outcome {
                Outcome::Evicted | Outcome::Deleted | Outcome::DryRun => {
                    self.disrupted += 1;
                    count(&mut self.namespaces, &attempt.pod.namespace);
                }
                Outcome::Unknown { .. } => self.unknown += 1,
                Outcome::Refused(refusal) => {
                    count(&mut self.refusals, &refuser(refusal, &attempt.pod.namespace));
                }
                Outcome::Held(hold) => count(&mut self.holds, &hold.guard),
                Outcome::Gone => {}
            }
        }
        if let RoundEnd::Held(hold) = &report.end {
            count(&mut self.holds, &hold.guard);
        }
    }

    /// Counts a round that was withheld.
    pub fn note_withheld(&mut self) {
        self.withheld += 1;
    }

    /// Counts a recovery that ended.
    pub fn note_recovery(&mut self, verdict: RecoveryVerdict) {
        *self.recoveries.entry(verdict).or_default() += 1;
    }

    /// How many recoveries ended with one of these verdicts.
    pub fn recoveries_with(&self, accepts: impl Fn(RecoveryVerdict) -> bool) -> usize {
        let recoveries = self.recoveries.iter();
        let accepted = recoveries.filter(|(verdict, _)| accepts(**verdict));
        accepted.map(|(_, count)| count).sum()
    }
}

/// Who refused the disruption of a pod in `namespace`, in a few words.
pub(crate) fn refuser(refusal: &Refusal, namespace: &str) -> String {
    if let Refusal::Budget { name: Some(name), .. } = refusal {
        return format!("budget {namespace}/{name}");
    }
    let summary = refusal.summary();
    summary
        .strip_prefix("refused by ")
        .map_or(summary.clone(), str::to_owned)
}

/// A name as it is kept: without control characters, and of bounded length.
pub(crate) fn short_name(name: &str) -> String {
    visible_beginning(name, MAX_NAME)
}

fn count(counts: &mut BTreeMap<String, usize>, name: &str) {
    let name = short_name(name);
    let is_named = counts.contains_key(&name) || counts.len() < MAX_NAMES;
    let name = if is_named { name } else { OTHERS.to_owned() };
    *counts.entry(name).or_default() += 1;
}

#[cfg(test)]
mod tests;
