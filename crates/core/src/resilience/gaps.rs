//! What is not known of the time asked for, in sentences.

use super::{ResilienceEvidence, ResilienceQuestion};
use crate::history::{History, HistoryGap};

/// What is not known of the time asked for.
pub(super) fn gaps(question: &ResilienceQuestion, evidence: ResilienceEvidence<'_>) -> Vec<String> {
    let mut gaps = Vec::new();
    gaps.extend(beginning(question, evidence.history));

    let overlapping = evidence.gaps.iter().filter(|gap| {
        let begins = gap.from.is_none_or(|from| from <= question.to);
        begins && question.from <= gap.to
    });
    gaps.extend(overlapping.map(missing));

    match evidence.scope {
        Ok(scope) => {
            gaps.extend(
                scope
                    .problems
                    .iter()
                    .map(|problem| format!("owners in scope: {problem}")),
            );
            if scope.unjudged() > 0 {
                let count = scope.unjudged();
                gaps.push(format!(
                    "owners in scope: {count} more than can be looked at by name"
                ));
            }
        }
        Err(why) => gaps.push(format!("owners that never had a turn are not known: {why}")),
    }
    gaps
}

/// Since when the history is complete, if that is not the whole time asked for.
fn beginning(question: &ResilienceQuestion, history: &History) -> Option<String> {
    let first_entry = history.entries().first().map(|entry| entry.at);
    let first_round = history.rounds().first().map(|round| round.finished);
    let first = [first_entry, first_round].into_iter().flatten().min();
    let Some(first) = first else {
        return Some("the history is empty".to_owned());
    };

    match history.numbered_since() {
        None if question.from < first => Some(format!(
            "the history begins at {first}, and does not show whether it lacks disruptions"
        )),
        None => Some("the history does not show whether it lacks disruptions".to_owned()),
        Some(since) if question.from < since => Some(format!(
            "before {since} the history does not show whether it lacks disruptions"
        )),
        Some(_) => None,
    }
}

/// Which disruptions are missing.
fn missing(gap: &HistoryGap) -> String {
    let HistoryGap { from, to, count } = gap;
    let disruptions = match count {
        1 => "1 disruption".to_owned(),
        count => format!("{count} disruptions"),
    };
    match from {
        Some(from) => format!("{disruptions} between {from} and {to} are missing"),
        None => format!("{disruptions} before {to} are missing"),
    }
}
