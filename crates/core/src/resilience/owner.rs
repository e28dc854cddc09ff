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
    /// The reason for which the owner had no turn, if it had none and that is known.
    pub without_turn: Option<WithoutTurn>,
}

/// The reason for which an owner had no turn, and by whom or what.
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

/// Shows what stands out in a few words: `2 of 14 not recovered in time: CrashLoopBackOff`, `no turn: refused by budget
/// shop/db`.
impl fmt::Display for OwnerResilience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (words, detail) = self.in_words();
        write!(f, "{words}{}", detail.unwrap_or_default())
    }
}

impl OwnerResilience {
    /// What stands out, in words of macaque's own and, where there is more to say, in those of others.
    pub fn in_words(&self) -> (String, Option<&str>) {
        let of = self.disruptions;
        let by = self.without_turn.as_ref().and_then(|none| none.by.as_deref());
        let (words, detail) = match self.finding {
            OwnerFinding::Unrecovered => {
                let count = self.recovery.unrecovered;
                return with_trouble(format!("{count} of {of} not recovered in time"), &self.trouble);
            }
            OwnerFinding::Slow => {
                let count = self.recovery.slow;
                return with_trouble(
                    format!("{count} of {of} recovered later than expected"),
                    &self.trouble,
                );
            }
            OwnerFinding::Unknown => return (format!("outcome unknown {}", times(self.unknown)), None),
            OwnerFinding::Picked => return (format!("picked {} in a dry run", times(self.picked)), None),
            OwnerFinding::Recovering => ("not whole yet, as far as is known", None),
            OwnerFinding::Refused => ("no turn: refused by ", by),
            OwnerFinding::Held => ("no turn: held back by ", by),
            OwnerFinding::NotDrawn if self.last.is_some() => ("no turn: not drawn in this time", None),
            OwnerFinding::NotDrawn => ("no turn: never drawn", None),
            OwnerFinding::Gone => ("no turn: its pods were gone already", None),
            OwnerFinding::Unwatched => ("disrupted; the recovery was not seen", None),
            OwnerFinding::Exempt => ("no turn: exempt by ", by),
            OwnerFinding::Disrupted => ("disrupted; no recovery to measure", None),
            OwnerFinding::Recovered => ("recovered in time", None),
        };
        (words.to_owned(), detail)
    }
}

fn with_trouble(words: String, trouble: &Option<String>) -> (String, Option<&str>) {
    match trouble.as_deref() {
        Some(trouble) => (format!("{words}: "), Some(trouble)),
        None => (words, None),
    }
}

fn times(count: usize) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        _ => format!("{count} times"),
    }
}
