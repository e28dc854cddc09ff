//! Judges when slots were claimed, by what the journal says of its rounds.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::plan::TrialPlan;

/// How long after its slot a round may be claimed.
const DEADLINE: SignedDuration = SignedDuration::from_secs(60);
/// How much earlier than its slot a round may be claimed.
const EARLY: SignedDuration = SignedDuration::from_secs(1);
/// How far the clock of who claims it may be from the API server's.
const SKEW: SignedDuration = SignedDuration::from_secs(30);
/// How exactly it knows the API server's.
const PRECISION: SignedDuration = SignedDuration::from_secs(1);
/// The least time between two claims.
const SPACING: SignedDuration = SignedDuration::from_secs(30);

/// The record of a round that was claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Claim {
    slot: Timestamp,
    claimed: Timestamp,
}

/// No slot was claimed early, late, or just after the one before, by the API server's clock as far as who claimed it knew.
pub(crate) fn judge_claims(plan: &TrialPlan, journals: &[String], wrong: &mut Vec<String>) {
    // Who has the right time claims by it.
    let apart = if plan.has_wrong_clock() {
        SKEW + PRECISION
    } else {
        SignedDuration::ZERO
    };
    let mut last: Option<Claim> = None;
    let mut seen = "";
    for journal in journals {
        // Most writes change nothing up to here.
        let beginning = round_beginning(journal);
        if std::mem::replace(&mut seen, beginning) == beginning {
            continue;
        }
        let Some(claim) = claim_of(journal).filter(|claim| last.is_none_or(|last| last.slot != claim.slot))
        else {
            continue;
        };

        let Claim { slot, claimed } = claim;
        let after = claimed.duration_since(slot);
        if after > DEADLINE + apart || after < -EARLY - apart {
            wrong.push(format!("claimed late: slot {slot} was claimed at {claimed}"));
        }
        if let Some(last) = last.replace(claim)
            && claimed.duration_since(last.claimed) < SPACING - PRECISION
            && !plan.has_tampering()
        {
            wrong.push(format!(
                "claimed soon: slot {slot} was claimed at {claimed}, after slot {} at {}",
                last.slot, last.claimed
            ));
        }
    }
}

/// The text from the record of the round up to its claim.
fn round_beginning(journal: &str) -> &str {
    let record = journal
        .find("\\\"round\\\"")
        .map_or("", |begin| &journal[begin..]);
    let end = record.find("lease_until").unwrap_or(record.len());
    &record[..end]
}

/// The claim of the round in a journal, unless it was withheld.
fn claim_of(journal: &str) -> Option<Claim> {
    let object: Value = serde_json::from_str(journal).ok()?;
    let journal: Value = serde_json::from_str(object["data"]["journal.json"].as_str()?).ok()?;
    let round = &journal["round"];
    let instant = |key: &str| round[key].as_str()?.parse().ok();
    let claim = Claim {
        slot: instant("slot")?,
        claimed: instant("claimed")?,
    };
    round["withheld"].is_null().then_some(claim)
}
