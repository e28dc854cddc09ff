//! The rows of a plan: one for each candidate, and one for each owner.

use std::collections::BTreeMap;
use std::rc::Rc;

use macaque_core::guard::{GuardFinding, GuardHold, HoldAnswer, first_hold, unreachable_min_ready};
use macaque_core::pod::{OwnerRef, PodDetails, PodOwner, PodRef};
use macaque_core::prediction::Prediction;
use macaque_core::siblings::SiblingPods;
use serde::{Serialize, Serializer};

use super::turns::NextTurn;
use crate::preview::ClusterSnapshot;
use crate::round::RoundConfig;

/// One candidate.
#[derive(Serialize)]
pub(super) struct CandidateRow {
    pub(super) pod: PodRef,
    pub(super) owner: Option<PodOwner>,
    pub(super) ready: bool,
    /// Where the pod runs, since when, and of which revision.
    #[serde(flatten)]
    pub(super) details: PodDetails,
    /// The next turn of the owner, if one is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next_turn: Option<NextTurn>,
    /// The findings of the guards of the pod and its owner; `None` if guards were not asked.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "shared")]
    pub(super) guards: Option<Rc<[GuardFinding]>>,
    pub(super) budgets: BudgetCover,
    pub(super) chance: f64,
    #[serde(flatten)]
    pub(super) prediction: Prediction,
}

impl CandidateRow {
    /// The owner; a pod without an owner is its own.
    pub(super) fn owner_ref(&self) -> OwnerRef {
        OwnerRef::of(&self.pod, self.owner.as_ref())
    }
}

/// Writes findings that several candidates share.
fn shared<S: Serializer>(findings: &Option<Rc<[GuardFinding]>>, serializer: S) -> Result<S::Ok, S::Error> {
    findings.as_deref().serialize(serializer)
}

/// The candidates of one owner, or one without an owner.
#[derive(Serialize)]
pub(super) struct OwnerRow {
    pub(super) namespace: String,
    pub(super) owner: String,
    /// The next turn of the owner, if one is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next_turn: Option<NextTurn>,
    /// How many of the pods are ready.
    pub(super) ready: usize,
    /// How many pods count as replicas: those that are neither terminating nor finished.
    pub(super) pods: usize,
    /// How many replicas the owner wants, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) wanted: Option<usize>,
    /// What the guards of the owner and its pods say: `ok`, or what holds back; `None` if they were not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) guards: Option<String>,
    /// The reason why `min_ready` can never pass for the owner, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unreachable_min_ready: Option<String>,
    pub(super) budgets: BudgetCover,
    pub(super) candidates: usize,
    pub(super) chance: f64,
    pub(super) verdict: String,
    /// The verdict without what `guards` says.
    #[serde(skip)]
    pub(super) brief_verdict: String,
}

/// The budgets over a pod, and how many disruptions each allows.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum BudgetCover {
    Known(BTreeMap<String, i64>),
    /// The budgets could not be read.
    Unknown,
    /// The method is deletion, which does not check budgets.
    NotAsked,
}

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
