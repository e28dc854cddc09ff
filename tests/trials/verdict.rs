//! The verdict on a trial, from the server's own history: which pods were lost and when, and what was written to the
//! journal before.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use jiff::Timestamp;
use kube_sandbox::Sandbox;
use serde_json::Value;

use crate::replica::SLOT_INTERVAL;

/// The outcome of the slot that the fault hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SlotOutcome {
    /// No pod was disrupted.
    None,
    /// As ordered.
    Once,
    /// More than was ordered, of this slot or of any other.
    MoreThanOnce,
}

/// The outcome of one trial.
#[derive(Debug, Clone)]
pub(crate) struct TrialVerdict {
    pub(crate) slot: SlotOutcome,
    /// Pods that were lost after the next slot had come.
    pub(crate) late: usize,
    /// Whether a slot was run once the fault was over.
    pub(crate) recovered: bool,
    /// Lost pods that no report named.
    pub(crate) unreported: usize,
    /// What is wrong, in words.
    pub(crate) wrong: Vec<String>,
}

impl TrialVerdict {
    /// Whether every promise was kept.
    pub(crate) fn is_good(&self) -> bool {
        let is_kept = self.slot != SlotOutcome::MoreThanOnce && self.unreported == 0;
        is_kept && self.recovered && self.wrong.is_empty()
    }
}

/// A pod that was lost.
pub(crate) struct PodLoss {
    pub(crate) name: String,
    pub(crate) at: Timestamp,
    /// The slot that it was reserved for.
    pub(crate) slot: Option<Timestamp>,
}

/// What is wrong with losses of pods whose owners were not whole, in words. Nothing is replaced in these trials: an owner
/// that lost a pod is never whole again. Within `held`, no owner was.
pub(crate) fn broken_guards(losses: &[PodLoss], held: Option<&Range<Timestamp>>) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut owners = BTreeSet::new();

    for loss in losses {
        let (owner, _) = loss.name.rsplit_once('-').unwrap_or_default();
        if !owners.insert(owner) {
            wrong.push(format!(
                "{owner} lost a second pod while it was not whole: {}",
                loss.name
            ));
        }
        // Guards are asked after the slot.
        let is_held = |held: &Range<Timestamp>| loss.slot >= Some(held.start) && loss.at < held.end;
        if held.is_some_and(is_held) {
            wrong.push(format!("{} was lost while no owner was whole", loss.name));
        }
    }

    wrong
}

/// The pods that were lost so far, in order.
pub(crate) fn losses(sandbox: &Sandbox) -> Vec<PodLoss> {
    let slots = reservations(sandbox);
    let deletions = sandbox.deletions().into_iter();
    deletions
        .map(|deletion| PodLoss {
            slot: slots.get(&deletion.uid).copied(),
            name: deletion.name,
            at: deletion.at,
        })
        .collect()
}

/// Whether a slot after the first was run.
pub(crate) fn has_recovered(losses: &[PodLoss], epoch: Timestamp) -> bool {
    losses
        .iter()
        .any(|loss| loss.slot.is_some_and(|slot| slot > nth(epoch, 1)))
}

/// Judges the losses of a trial whose first slot the fault hit.
pub(crate) fn judge(
    losses: &[PodLoss],
    epoch: Timestamp,
    is_reported: impl Fn(&str) -> bool,
) -> TrialVerdict {
    let mut wrong = Vec::new();
    let mut of_slot: BTreeMap<Timestamp, usize> = BTreeMap::new();

    for (n, loss) in losses.iter().enumerate() {
        let Some(slot) = loss.slot else {
            wrong.push(format!("{} was lost and never reserved", loss.name));
            continue;
        };
        *of_slot.entry(slot).or_default() += 1;
        let due =
            loss.at.duration_since(epoch).as_millis() / i128::try_from(SLOT_INTERVAL.as_millis()).unwrap();
        if i128::try_from(n).unwrap() >= due {
            wrong.push(format!("{} losses when {due} slots had been due", n + 1));
        }
        if loss.at < slot {
            wrong.push(format!("{} was lost before its slot", loss.name));
        }
    }

    for (slot, count) in &of_slot {
        if *count > 1 {
            wrong.push(format!("{count} losses of the slot {slot}"));
        }
    }

    let slot = match of_slot.get(&nth(epoch, 1)) {
        _ if !wrong.is_empty() => SlotOutcome::MoreThanOnce,
        None => SlotOutcome::None,
        Some(_) => SlotOutcome::Once,
    };
    let is_late = |loss: &&PodLoss| loss.slot.is_some_and(|slot| loss.at > slot + SLOT_INTERVAL);

    TrialVerdict {
        slot,
        late: losses.iter().filter(is_late).count(),
        recovered: has_recovered(losses, epoch),
        unreported: losses.iter().filter(|loss| !is_reported(&loss.name)).count(),
        wrong,
    }
}

/// The slot of this number.
pub(crate) fn nth(epoch: Timestamp, n: u32) -> Timestamp {
    epoch + SLOT_INTERVAL * n
}

/// The slot that each UID was reserved for, by the journals that were sent to the server.
fn reservations(sandbox: &Sandbox) -> BTreeMap<String, Timestamp> {
    let mut slots = BTreeMap::new();
    for request in sandbox.requests() {
        if request.method != "PUT" {
            continue;
        }
        let Some(journal) = journal_in(&request.body) else {
            continue;
        };
        let round = &journal["round"];
        let slot = round["slot"].as_str().and_then(|slot| slot.parse().ok());
        for reservation in round["reservations"].as_array().into_iter().flatten() {
            if let (Some(uid), Some(slot)) = (reservation["pod"]["uid"].as_str(), slot) {
                slots.insert(uid.to_owned(), slot);
            }
        }
    }
    slots
}

fn journal_in(body: &str) -> Option<Value> {
    let object: Value = serde_json::from_str(body).ok()?;
    serde_json::from_str(object["data"]["journal.json"].as_str()?).ok()
}
