//! Resilience: what the history says of each owner. How often it was disrupted, who refused, what held back, how fast
//! it recovered, and who never had a turn.
//!
//! Nothing is made up: percentiles come with the number of recoveries that they are of, an owner is only said to have had
//! no turn if the owners in scope are known, and whatever is not known is listed as a gap.

mod finding;
mod gaps;
mod owner;
mod recovery_stats;
mod tally;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

pub use self::finding::OwnerFinding;
pub use self::owner::{OwnerResilience, WithoutTurn};
pub use self::recovery_stats::{FEW, RecoveryStats};
use self::tally::OwnerTally;
use crate::history::{EntryOutcome, History, HistoryEntry, HistoryGap, RoundSummary};
use crate::journal::Journal;
use crate::notice::ScopeOwners;
use crate::pod::OwnerRef;

/// The version of the report's JSON.
pub const VERSION: u32 = 1;

/// The question: what happened to the owners between these two instants?
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResilienceQuestion {
    /// The first instant.
    pub from: Timestamp,
    /// The last instant, not before the first.
    pub to: Timestamp,
    /// The namespaces; none are all.
    pub namespaces: Vec<String>,
}

/// What is known when the question is answered.
#[derive(Debug, Clone, Copy)]
pub struct ResilienceEvidence<'a> {
    /// The history.
    pub history: &'a History,
    /// The disruptions that the history is known to lack.
    pub gaps: &'a [HistoryGap],
    /// The journal, by which it is known since when nothing is missing unseen; or why it is not known.
    pub journal: Result<&'a Journal, &'a str>,
    /// The owners in scope now, or why they are not known.
    pub scope: Result<&'a ScopeOwners, &'a str>,
}

/// What the history says of a span of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ResilienceReport {
    /// The version of this format.
    pub version: u32,
    /// The first instant.
    pub from: Timestamp,
    /// The last instant.
    pub to: Timestamp,
    /// The namespaces that were asked for; none are all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub namespaces: Vec<String>,
    /// Whether macaque disrupted nothing, because each round was a dry run.
    pub dry_run: bool,
    /// How many rounds ended, in whichever namespace.
    pub rounds: usize,
    /// How many rounds ended with each result.
    pub results: BTreeMap<&'static str, usize>,
    /// The owners, those that need attention first.
    pub owners: Vec<OwnerResilience>,
    /// What is not known: the history begins later, or lacks something.
    pub gaps: Vec<String>,
}

impl ResilienceReport {
    /// Answers the question by what is known.
    pub fn of(question: &ResilienceQuestion, evidence: ResilienceEvidence<'_>) -> Self {
        let rounds: Vec<_> = question.rounds(evidence.history).collect();
        let entries: Vec<_> = question.entries(evidence.history).collect();

        let mut results = BTreeMap::new();
        for round in &rounds {
            *results.entry(round.status.as_str()).or_default() += 1;
        }

        Self {
            version: VERSION,
            from: question.from,
            to: question.to,
            namespaces: question.namespaces.clone(),
            dry_run: is_dry_run(&rounds, &entries),
            rounds: rounds.len(),
            results,
            owners: owners(question, evidence, &entries),
            gaps: gaps::gaps(question, evidence),
        }
    }

    /// How many owners there are for each finding, those that need attention first.
    pub fn findings(&self) -> BTreeMap<OwnerFinding, usize> {
        let mut findings = BTreeMap::new();
        for owner in &self.owners {
            *findings.entry(owner.finding).or_default() += 1;
        }
        findings
    }

    /// How many pods were disrupted.
    pub fn disruptions(&self) -> usize {
        self.owners.iter().map(|owner| owner.disruptions).sum()
    }

    /// How many pods the dry runs picked.
    pub fn picked(&self) -> usize {
        self.owners.iter().map(|owner| owner.picked).sum()
    }
}

impl ResilienceQuestion {
    /// Whether an instant is within the time asked for.
    fn covers(&self, at: Timestamp) -> bool {
        self.from <= at && at <= self.to
    }

    /// Whether a namespace is among those asked for.
    fn includes(&self, namespace: &str) -> bool {
        self.namespaces.is_empty() || self.namespaces.iter().any(|name| name == namespace)
    }

    /// The rounds that ended within the time asked for.
    fn rounds<'a>(&self, history: &'a History) -> impl Iterator<Item = &'a RoundSummary> {
        let rounds = history.rounds().iter();
        rounds.filter(|round| self.covers(round.finished))
    }

    /// The victims tried within the time and the namespaces asked for.
    fn entries<'a>(&self, history: &'a History) -> impl Iterator<Item = &'a HistoryEntry> {
        let entries = history.entries().iter();
        entries.filter(|entry| self.covers(entry.at) && self.includes(&entry.pod.namespace))
    }
}

/// Whether something ran, and each of it was a dry run.
fn is_dry_run(rounds: &[&RoundSummary], entries: &[&HistoryEntry]) -> bool {
    let is_picked = |entry: &&HistoryEntry| entry.outcome == EntryOutcome::DryRun;
    let is_armed = |entry: &&HistoryEntry| entry.outcome.is_disruption() || entry.outcome.is_unknown();
    let all_dry = rounds.iter().all(|round| round.dry_run) && !entries.iter().any(is_armed);
    all_dry && (!rounds.is_empty() || entries.iter().any(is_picked))
}

/// The owners that were tried, and those in scope that were not; those that need attention first.
fn owners(
    question: &ResilienceQuestion,
    evidence: ResilienceEvidence<'_>,
    entries: &[&HistoryEntry],
) -> Vec<OwnerResilience> {
    let mut tallies: BTreeMap<OwnerRef, OwnerTally> = BTreeMap::new();
    for entry in entries {
        let owner = OwnerRef::of(&entry.pod, entry.owner.as_ref());
        let tally = tallies.entry(owner).or_default();
        tally.note(entry, evidence.journal.ok());
    }

    if let Ok(scope) = evidence.scope {
        let in_scope = scope.iter();
        for (namespace, owner, rule) in in_scope.filter(|(namespace, ..)| question.includes(namespace)) {
            let owner = OwnerRef {
                namespace: namespace.to_owned(),
                owner: owner.clone(),
            };
            tallies.entry(owner).or_default().note_in_scope(rule);
        }
    }

    // The last disruption may be before the time asked for.
    let before = evidence.history.entries().iter();
    for entry in before.filter(|entry| entry.at < question.from && entry.outcome.is_disruption()) {
        let owner = OwnerRef::of(&entry.pod, entry.owner.as_ref());
        if let Some(tally) = tallies.get_mut(&owner) {
            tally.note_earlier(entry);
        }
    }

    let owners = tallies.into_iter();
    let mut owners: Vec<_> = owners
        .map(|(owner, tally)| tally.finish(owner, question.to))
        .collect();
    owners.sort_by(OwnerResilience::by_attention);
    owners
}
