//! What is not known of the time asked for, in sentences.

use super::{ResilienceEvidence, ResilienceQuestion};
use crate::history::{History, HistoryGap};

/// What is not known of the time asked for.
pub(super) fn gaps(question: &ResilienceQuestion, evidence: ResilienceEvidence<'_>) -> Vec<String> {
    let mut gaps = Vec::new();
    if evidence.history.is_empty() {
        gaps.push("the history is empty".to_owned());
    }
    gaps.extend(missing(question, evidence));
    gaps.extend(missing_rounds(question, evidence.history));

    match evidence.scope {
        Ok(scope) => {
            let problems = scope.problems.iter();
            gaps.extend(problems.map(|problem| format!("not every owner in scope is known: {problem}")));
            let beyond = scope.unjudged();
            if beyond > 0 {
                gaps.push(format!(
                    "{beyond} further owners in scope are not named: they are too many"
                ));
            }
        }
        Err(why) => gaps.push(format!("it is not known which owners never had a turn: {why}")),
    }
    gaps
}

/// The disruptions that the history lacks, and where it does not show whether it lacks any.
fn missing(question: &ResilienceQuestion, evidence: ResilienceEvidence<'_>) -> Vec<String> {
    let unseen = "it is not known whether disruptions are missing";
    let mut missing = Vec::new();
    match evidence
        .journal
        .map(|journal| evidence.history.covered_since(journal))
    {
        Err(why) => missing.push(format!("{unseen}: {why}")),
        Ok(None) => missing.push(format!("{unseen}: the journal has not numbered any yet")),
        Ok(Some(since)) if question.from < since => missing.push(format!(
            "it is not known whether disruptions before {since} are missing"
        )),
        Ok(Some(_)) => {}
    }

    let overlapping = evidence.gaps.iter().filter(|gap| {
        let begins = gap.from.is_none_or(|from| from <= question.to);
        begins && question.from <= gap.to
    });
    missing.extend(overlapping.map(in_words));
    missing
}

/// The rounds that the history lacks, if it has a victim of an earlier one than its first: the oldest are dropped.
fn missing_rounds(question: &ResilienceQuestion, history: &History) -> Option<String> {
    let first = history.rounds().first()?.slot;
    let mut entries = history.entries().iter();
    let is_missing = entries.any(|entry| question.covers(entry.at) && entry.slot < first);
    is_missing.then(|| format!("rounds before {first} are not in the history"))
}

fn in_words(gap: &HistoryGap) -> String {
    let HistoryGap { from, to, count } = gap;
    let disruptions = match count {
        1 => "1 disruption is missing".to_owned(),
        count => format!("{count} disruptions are missing"),
    };
    match from {
        Some(from) => format!("{disruptions} between {from} and {to}"),
        None => format!("{disruptions} before {to}"),
    }
}
