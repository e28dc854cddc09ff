//! Which guard held a round or a victim back.

use macaque_core::guard::HoldAnswer;
use macaque_core::history::EntryOutcome;

/// The guard, `guard drains`, of the words in which a round says what held it back: `guard drains holds back: …`. What
/// the guard saw is left out: it may be the words of another service.
pub(super) fn cause_of_hold(why: &str) -> Option<String> {
    let answers = [HoldAnswer::HoldsBack, HoldAnswer::CannotAnswer];
    let ends = answers
        .iter()
        .filter_map(|answer| why.find(&format!(" {answer}: ")));
    let (guard, _) = why.split_at(ends.min()?);
    guard.starts_with("guard ").then(|| guard.to_owned())
}

/// The guard that held a victim back.
pub(super) fn guard_of(outcome: &EntryOutcome) -> Option<&str> {
    match outcome {
        EntryOutcome::Held { by, .. } => Some(by),
        _ => None,
    }
}
