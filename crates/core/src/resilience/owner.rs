//! What the history says of one owner.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::Serialize;

use super::{OwnerFinding, RecoveryStats};
use crate::notice::NoTurn;
use crate::pod::OwnerRef;

/// What the history says of one owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OwnerResilience {
    /// The owner; a bare pod is its own.
    #[serde(flatten)]
    pub owner: OwnerRef,
    /// The owner's team, if it is known and has one.
    pub team: Option<String>,
    /// What stands out.
    pub finding: OwnerFinding,
    /// How many of its pods were disrupted.
    pub disruptions: usize,
    /// Of how many nobody knows whether they were disrupted.
    pub unknown: usize,
    /// When the last was disrupted, be it before the time asked for.
    pub last: Option<Timestamp>,
    /// How many whole days that was before the last instant asked for.
    pub days_since: Option<i64>,
    /// How often a dry run picked one of its pods.
    pub picked: usize,
    /// The refusals, by who refused.
    pub refused: BTreeMap<String, usize>,
    /// How often a victim was held back, by guard.
    pub held: BTreeMap<String, usize>,
    /// How often a guard could not answer, which holds back too, by guard.
    pub unanswered: BTreeMap<String, usize>,
    /// How many of its pods were gone already when they were tried.
    pub gone: usize,
    /// The recoveries.
    pub recovery: RecoveryStats,
    /// What kept a replacement from becoming ready in the last recovery that was slow or did not end in time.
    pub trouble: Option<String>,
    /// Why the owner had no turn, if it had none and that is known.
    pub without_turn: Option<WithoutTurn>,
}

/// Why an owner had no turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WithoutTurn {
    /// The reason.
    pub reason: NoTurn,
    /// Who refused its pods, which guard held them back, or which rule exempts them.
    pub by: Option<String>,
}

impl OwnerResilience {
    /// How often one of its pods was tried, or picked by a dry run.
    pub fn tried(&self) -> usize {
        let by_name = [&self.refused, &self.held, &self.unanswered];
        let by_name = by_name.map(|counts| counts.values().sum::<usize>());
        self.disruptions + self.unknown + self.picked + self.gone + by_name.iter().sum::<usize>()
    }

    /// The order of a report: what needs attention first, then the slowest, then by name.
    pub(super) fn by_attention(&self, other: &Self) -> Ordering {
        let key = |of: &Self| (of.finding, Reverse(of.recovery.p90_ms));
        let by_finding = key(self).cmp(&key(other));
        by_finding.then_with(|| self.owner.cmp(&other.owner))
    }
}

/// Shows what stands out in a few words: `2 of 14 not recovered in time: CrashLoopBackOff`, `refused by budget shop/db`.
impl fmt::Display for OwnerResilience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = self.disruptions;
        match self.finding {
            OwnerFinding::Unrecovered => {
                write!(f, "{} of {of} not recovered in time", self.recovery.unrecovered)?;
                self.write_trouble(f)
            }
            OwnerFinding::Slow => {
                write!(f, "{} of {of} recovered later than expected", self.recovery.slow)?;
                self.write_trouble(f)
            }
            OwnerFinding::Unknown => write!(f, "outcome unknown {}", times(self.unknown)),
            OwnerFinding::Recovering => f.write_str("not whole yet, as far as is known"),
            OwnerFinding::Refused => self.write_no_turn(f, "no turn: refused by"),
            OwnerFinding::Held => self.write_no_turn(f, "no turn: held back by"),
            OwnerFinding::NotDrawn => f.write_str("no turn: never drawn"),
            OwnerFinding::Gone => f.write_str("no turn: its pods were gone already"),
            OwnerFinding::Unwatched => f.write_str("disrupted; the recovery was not watched"),
            OwnerFinding::Exempt => self.write_no_turn(f, "no turn: exempt by"),
            OwnerFinding::Disrupted => f.write_str("disrupted; no recovery to measure"),
            OwnerFinding::Picked => write!(f, "picked {} in a dry run", times(self.picked)),
            OwnerFinding::Recovered => f.write_str("recovered in time"),
        }
    }
}

impl OwnerResilience {
    fn write_trouble(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let trouble = self.trouble.as_ref();
        trouble.map_or(Ok(()), |trouble| write!(f, ": {trouble}"))
    }

    fn write_no_turn(&self, f: &mut fmt::Formatter<'_>, words: &str) -> fmt::Result {
        let by = self.without_turn.as_ref().and_then(|none| none.by.as_deref());
        write!(f, "{words} {}", by.unwrap_or("something unknown"))
    }
}

fn times(count: usize) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        _ => format!("{count} times"),
    }
}
