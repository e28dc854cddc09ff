//! The lines about the victims of a round.

use std::collections::BTreeMap;

use macaque_core::guard::HoldAnswer;
use macaque_core::outcome::Outcome;
use macaque_core::report::{AttemptReport, RoundReport};

use super::{LINE, noun};
use crate::text::{self, clean};

/// The longest list of names of pods that share a line, in characters.
const NAMES: usize = 160;
/// The longest name in such a list, in characters: so that one always fits.
const NAME: usize = 100;

/// The line about one victim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VictimLine {
    /// `namespace/name`.
    pub pod: String,
    /// The UID, which distinguishes the pod from its successor.
    pub uid: String,
    /// The outcome in one word.
    pub outcome: &'static str,
    /// Whether the outcome is unknown, or a guard could not answer: somebody should look.
    pub doubtful: bool,
    /// The line for people to read.
    pub line: String,
}

/// Describes one victim.
pub(super) fn describe(report: &RoundReport, attempt: &AttemptReport) -> VictimLine {
    let pod = clean(&attempt.pod.to_string(), LINE);
    let owner = match &attempt.owner {
        Some(owner) => format!(" ({owner})"),
        None => String::new(),
    };

    VictimLine {
        line: format!("{pod}{owner}: {}", result(report, attempt)),
        uid: clean(&attempt.pod.uid, LINE),
        outcome: attempt.outcome.word(),
        doubtful: match &attempt.outcome {
            Outcome::Unknown { .. } => true,
            Outcome::Held(hold) => hold.answer == HoldAnswer::CannotAnswer,
            _ => false,
        },
        pod,
    }
}

/// What happened to one victim, with the warnings of the API server.
fn result(report: &RoundReport, attempt: &AttemptReport) -> String {
    let result = match &attempt.outcome {
        Outcome::DryRun => format!("dry run, no {} was requested", noun(report.method)),
        outcome => outcome.to_string(),
    };
    let warnings: String = attempt
        .warnings
        .iter()
        .map(|warning| format!("; warning: {warning}"))
        .collect();
    result + &warnings
}

/// The lines about `victims`, in order. Pods that were spared with the same words share a line; a pod that was disrupted,
/// or may have been, always has its own.
pub(super) fn group(report: &RoundReport, victims: &[VictimLine]) -> Vec<String> {
    let mut shared: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, attempt) in report.attempts.iter().enumerate() {
        if !attempt.outcome.counts_as_disruption() {
            shared.entry(result(report, attempt)).or_default().push(index);
        }
    }

    let mut lines: BTreeMap<usize, String> = BTreeMap::new();
    for (result, indices) in shared.iter().filter(|(_, indices)| indices.len() > 1) {
        let pods: Vec<_> = indices
            .iter()
            .map(|index| clean(&victims[*index].pod, NAME))
            .collect();
        let names = text::list(&pods, ", ", NAMES, text::chars);
        lines.insert(indices[0], format!("{} pods ({names}): {result}", pods.len()));
    }

    let is_shared = |index| shared.values().any(|i| i.len() > 1 && i.contains(&index));
    for (index, victim) in victims.iter().enumerate().filter(|(index, _)| !is_shared(*index)) {
        lines.insert(index, victim.line.clone());
    }
    lines.into_values().collect()
}

#[cfg(test)]
mod tests;
