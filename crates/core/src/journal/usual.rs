//! What is usual for the recoveries of an owner: the times of the last ones.

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Journal, whole_second};
use crate::pod::PodOwner;
use crate::recovery::{RecoveryPrecision, RecoveryReport, UsualRecovery};

/// How many recoveries of one owner are kept.
const MAX_OF_OWNER: usize = 8;
/// The maximum number of owners; those that recovered least recently are forgotten first.
const MAX_OWNERS: usize = 200;
/// How long a recovery counts as a recent one.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The last recoveries of one owner.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OwnerRecoveries {
    namespace: String,
    owner: PodOwner,
    recent: Vec<RecoveryTime>,
}

/// How long one recovery took, and when it was over; as text it is one line: `4500 ms at 2026-11-28T06:36:00Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
struct RecoveryTime {
    whole_ms: u64,
    at: Timestamp,
}

impl Journal {
    /// What is usual for the recoveries of this owner at `now`; `None` if none is known.
    pub fn usual_recovery(&self, namespace: &str, owner: &PodOwner, now: Timestamp) -> Option<UsualRecovery> {
        let of_owner = self
            .usual
            .iter()
            .find(|known| known.namespace == namespace && known.owner == *owner)?;
        let recent = of_owner.recent.iter().filter(|time| time.is_recent(now));
        let mut times: Vec<_> = recent.map(|time| time.whole_ms).collect();
        times.sort_unstable();

        let (count, slowest_ms) = (times.len(), *times.last()?);
        let (low, high) = (times[(count - 1) / 2], times[count / 2]);
        Some(UsualRecovery {
            count,
            median_ms: low.midpoint(high),
            slowest_ms,
        })
    }

    /// Notes how long a recovery took, if that is known well enough.
    pub(super) fn note_usual(&mut self, report: &RecoveryReport, now: Timestamp) {
        let (Some(whole_ms), RecoveryPrecision::Watch | RecoveryPrecision::Poll { .. }) =
            (report.times.whole_ms, report.precision)
        else {
            return;
        };

        let is_same =
            |known: &OwnerRecoveries| known.namespace == report.pod.namespace && known.owner == report.owner;
        // The owner that recovered last is the last.
        let mut of_owner = match self.usual.iter().position(is_same) {
            Some(index) => self.usual.remove(index),
            None => OwnerRecoveries {
                namespace: report.pod.namespace.clone(),
                owner: report.owner.clone(),
                recent: Vec::new(),
            },
        };
        let at = whole_second(now);
        of_owner.recent.push(RecoveryTime { whole_ms, at });
        if of_owner.recent.len() > MAX_OF_OWNER {
            of_owner.recent.remove(0);
        }
        self.usual.push(of_owner);
        if self.usual.len() > MAX_OWNERS {
            self.usual.remove(0);
        }
    }

    /// Forgets recoveries that are not recent any more.
    pub(super) fn forget_usual(&mut self, now: Timestamp) {
        for known in &mut self.usual {
            known.recent.retain(|time| time.is_recent(now));
        }
        self.usual.retain(|known| !known.recent.is_empty());
    }
}

impl RecoveryTime {
    fn is_recent(&self, now: Timestamp) -> bool {
        now.duration_since(self.at) < KEPT
    }
}

impl fmt::Display for RecoveryTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms at {}", self.whole_ms, self.at)
    }
}

impl From<RecoveryTime> for String {
    fn from(time: RecoveryTime) -> Self {
        time.to_string()
    }
}

impl TryFrom<String> for RecoveryTime {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let parts = text.split_once(" ms at ");
        let time = parts.and_then(|(whole_ms, at)| {
            let whole_ms = u64::from_str(whole_ms).ok()?;
            let at = at.parse().ok()?;
            Some(Self { whole_ms, at })
        });
        time.ok_or_else(|| {
            format!("{text:?} is not the time of a recovery, such as \"4500 ms at 2026-11-28T06:36:00Z\"")
        })
    }
}
