//! Whether what is known covers a span: the first reason why it does not.

use jiff::Timestamp;

use super::{BlameEvidence, BlameQuestion};
use crate::history::{History, HistoryGap};
use crate::instants::before;
use crate::journal::Quarantine;

/// A reason why nobody can tell what happened in a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CoverageHole {
    /// The journal or the history cannot be read; holds why.
    Unreadable(String),
    /// The journal is not trusted, and numbers disruptions only since then.
    Quarantined(Quarantine),
    /// The span ends after the evidence was read.
    Future,
    /// The history begins too late, or has not begun.
    Begins(Option<Timestamp>),
    /// Disruptions are not in the history.
    Gap(HistoryGap),
}

/// The first reason why what is known does not cover the span: the slack before it, and the time for which a disruption
/// before that may have had its effect.
pub(super) fn first_hole(
    known: &History,
    question: &BlameQuestion,
    evidence: BlameEvidence<'_>,
) -> Option<CoverageHole> {
    let journal = match evidence.journal {
        Ok(journal) => journal,
        Err(why) => return Some(CoverageHole::Unreadable(why.to_owned())),
    };
    if let Err(why) = evidence.history {
        return Some(CoverageHole::Unreadable(why.to_owned()));
    }
    if question.to > evidence.now {
        return Some(CoverageHole::Future);
    }

    let earliest = before(question.earliest(), evidence.timeout);
    let begins = known.covered_since(journal);
    if begins.is_none_or(|begins| earliest < begins) {
        let quarantine = journal.quarantine(evidence.now).cloned();
        return Some(quarantine.map_or(CoverageHole::Begins(begins), CoverageHole::Quarantined));
    }
    let is_within = |gap: &HistoryGap| {
        let from = gap.from.unwrap_or(Timestamp::MIN);
        from <= question.latest() && gap.to >= earliest
    };
    let gap = known.gaps(journal).into_iter().find(is_within);
    gap.map(CoverageHole::Gap)
}
