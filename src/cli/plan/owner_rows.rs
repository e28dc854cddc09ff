//! The candidates of a plan by owner.

use macaque_core::guard::{GuardHold, HoldAnswer, first_hold, unreachable_min_ready};
use macaque_core::prediction::Prediction;
use macaque_core::siblings::SiblingPods;

use super::view::{CandidateRow, OwnerRow};
use crate::preview::ClusterSnapshot;
use crate::round::RoundConfig;

/// The candidates by owner, which they are sorted by.
pub(super) fn by_owner(
    rows: &[CandidateRow],
    snapshot: &ClusterSnapshot,
    config: &RoundConfig,
) -> Vec<OwnerRow> {
    let same = |a: &CandidateRow, b: &CandidateRow| {
        a.owner.is_some() && (&a.pod.namespace, &a.owner) == (&b.pod.namespace, &b.owner)
    };
    rows.chunk_by(same)
        .filter_map(|rows| owner_row(rows, snapshot, config))
        .collect()
}

fn owner_row(rows: &[CandidateRow], snapshot: &ClusterSnapshot, config: &RoundConfig) -> Option<OwnerRow> {
    let first = rows.first()?;
    let namespace = first.pod.namespace.clone();
    let key = first.owner.clone().map(|owner| (namespace.clone(), owner));
    let siblings = key.and_then(|key| Some(&snapshot.owners.get(&key)?.pods));
    let (owner, ready, pods) = match (&first.owner, siblings) {
        (Some(owner), siblings) => {
            let count = siblings.map(SiblingPods::count).unwrap_or_default();
            (owner.to_string(), count.ready, count.live)
        }
        (None, _) => (format!("pod/{}", first.pod.name), usize::from(first.ready), 1),
    };
    let unreachable = |siblings| unreachable_min_ready(siblings, config.guards.min_ready);

    Some(OwnerRow {
        namespace,
        owner,
        next_turn: first.next_turn.clone(),
        ready,
        pods,
        wanted: siblings.and_then(SiblingPods::desired),
        guards: guards(rows),
        unreachable_min_ready: siblings.filter(|_| snapshot.guards_asked).and_then(unreachable),
        budgets: first.budgets.clone(),
        candidates: rows.len(),
        chance: rows.iter().map(|row| row.chance).sum(),
        verdict: tally(rows.iter().map(|row| row.prediction.to_string())),
        brief_verdict: tally(rows.iter().map(|row| brief(&row.prediction))),
    })
}

/// What the guards say of the pods of one owner; `None` if they were not asked.
fn guards(rows: &[CandidateRow]) -> Option<String> {
    let findings: Option<Vec<_>> = rows.iter().map(|row| row.guards.as_deref()).collect();
    let words = findings?.into_iter().map(|findings| match first_hold(findings) {
        None => "ok".to_owned(),
        Some(GuardHold { guard, answer, why }) => match answer {
            HoldAnswer::HoldsBack => format!("{guard}: {why}"),
            HoldAnswer::CannotAnswer => format!("{guard} {answer}: {why}"),
        },
    });
    Some(tally(words))
}

/// A prediction, where what a guard of the owner says is shown beside it.
fn brief(prediction: &Prediction) -> String {
    match prediction {
        Prediction::Held(hold) => format!("held by guard {}", hold.guard),
        other => other.to_string(),
    }
}

/// The words that are said of every pod, else how many pods they are said of.
fn tally(said: impl Iterator<Item = String>) -> String {
    let mut words: Vec<(String, usize)> = Vec::new();
    for said in said {
        match words.iter_mut().find(|(known, _)| *known == said) {
            Some((_, count)) => *count += 1,
            None => words.push((said, 1)),
        }
    }

    if let [(only, _)] = &words[..] {
        return only.clone();
    }
    let words = words.iter().map(|(said, count)| format!("{count} {said}"));
    Vec::from_iter(words).join("; ")
}
