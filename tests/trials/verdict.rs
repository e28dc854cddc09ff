//! What became of a trial, judged from the server's own history: which pods were lost and when, and what was written
//! to the journal before.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kube_sandbox::Sandbox;
use serde_json::Value;

use crate::replica::PACE;

/// How the slot that the fault befell was served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Served {
    /// Nobody was disrupted.
    None,
    /// As ordered.
    Once,
    /// More than was ordered, of this slot or of any other.
    MoreThanOnce,
}

/// One trial's outcome.
#[derive(Debug, Clone)]
pub(crate) struct Verdict {
    pub(crate) served: Served,
    /// Pods that were lost after the next slot had come.
    pub(crate) late: usize,
    /// Whether a slot was served once the fault was over.
    pub(crate) recovered: bool,
    /// Lost pods that nobody was told of.
    pub(crate) untold: usize,
    /// What is wrong, in words.
    pub(crate) wrong: Vec<String>,
}

/// A pod that was lost.
pub(crate) struct Loss {
    pub(crate) name: String,
    pub(crate) at: Timestamp,
    /// The slot that it was charged to.
    pub(crate) slot: Option<Timestamp>,
}

/// The pods that were lost so far, in order.
pub(crate) fn losses(sandbox: &Sandbox) -> Vec<Loss> {
    let slots = charged(sandbox);
    let deletions = sandbox.deletions().into_iter();
    deletions
        .map(|departure| Loss {
            slot: slots.get(&departure.uid).copied(),
            name: departure.name,
            at: departure.at,
        })
        .collect()
}

/// Whether a slot after the first was served.
pub(crate) fn has_recovered(losses: &[Loss], epoch: Timestamp) -> bool {
    losses
        .iter()
        .any(|loss| loss.slot.is_some_and(|slot| slot > nth(epoch, 1)))
}

/// Judges the losses of a trial whose first slot the fault befell.
pub(crate) fn judge(losses: &[Loss], epoch: Timestamp, told: impl Fn(&str) -> bool) -> Verdict {
    let mut wrong = Vec::new();
    let mut of_slot: BTreeMap<Timestamp, usize> = BTreeMap::new();
    for (n, loss) in losses.iter().enumerate() {
        let Some(slot) = loss.slot else {
            wrong.push(format!("{} was lost and never charged", loss.name));
            continue;
        };
        *of_slot.entry(slot).or_default() += 1;
        let due = loss.at.duration_since(epoch).as_millis() / i128::try_from(PACE.as_millis()).unwrap();
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
    let served = match of_slot.get(&nth(epoch, 1)) {
        _ if !wrong.is_empty() => Served::MoreThanOnce,
        None => Served::None,
        Some(_) => Served::Once,
    };
    let is_late = |loss: &&Loss| loss.slot.is_some_and(|slot| loss.at > slot + PACE);
    Verdict {
        served,
        late: losses.iter().filter(is_late).count(),
        recovered: has_recovered(losses, epoch),
        untold: losses.iter().filter(|loss| !told(&loss.name)).count(),
        wrong,
    }
}

/// The slot of this number.
pub(crate) fn nth(epoch: Timestamp, n: u32) -> Timestamp {
    epoch + PACE * n
}

/// The slot that each UID was charged to, by the journals that were sent to the server.
fn charged(sandbox: &Sandbox) -> BTreeMap<String, Timestamp> {
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
        for reservation in round["charges"].as_array().into_iter().flatten() {
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
