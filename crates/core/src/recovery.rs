//! The recovery of a workload: what happens between a disruption and the moment at which its owner is whole again.
//!
//! ```text
//! accepted ─▶ victim gone ─▶ replacement created ─▶ scheduled ─▶ containers ready ─▶ ready ─▶ owner whole again
//!    leaving        creating               scheduling       starting           readying
//! ```
//!
//! Of a Deployment the replacement is created while the victim still leaves; of a StatefulSet or DaemonSet only after it
//! has gone. The clock starts with the API server's yes to the disruption.

mod baseline;
mod ending;
mod expected;
mod phases;
mod replacement;
mod replacement_rule;
mod steady;
mod times;
mod tracker;
mod wholeness;
mod words;

use std::ops::Not;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::ending::UNREADABLE;
pub use self::expected::expected;
pub(crate) use self::expected::unreadable_expect;
pub use self::phases::{RecoveryPhase, phases};
pub use self::steady::WHOLE_SPAN;
pub use self::times::LastAsked;
pub use self::tracker::{DesiredReplicas, RecoveryTracker};
pub use self::words::length;
use crate::outcome::DisruptionMethod;
use crate::pod::{PodOwner, PodRef, PodTrouble};

/// The validated configuration of recovery: `[recovery]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryConfig {
    /// Whether disruptions are watched until their owners are whole again.
    pub enabled: bool,
    /// How long a recovery is expected to take; one that takes longer is slow.
    pub expect: Duration,
    /// How long a recovery is watched; an owner that is not whole by then has not recovered. At least `expect`.
    pub timeout: Duration,
}

/// A victim whose owner is to become whole again.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DisruptedVictim {
    /// The slot of the round.
    pub slot: Timestamp,
    /// The victim.
    pub pod: PodRef,
    /// The victim's owner.
    pub owner: PodOwner,
    /// The victim's team, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// How the victim was disrupted.
    pub method: DisruptionMethod,
    /// When the API server accepted the disruption, by the API server's clock.
    pub accepted: Timestamp,
    /// How that is known.
    pub origin: AcceptedBy,
    /// What the owner's pods were just before.
    pub baseline: RecoveryBaseline,
}

/// How it is known that, and when, a victim was disrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AcceptedBy {
    /// The API server said yes, at that instant.
    Answer,
    /// The victim was found gone or terminating later: the instant is that of the request, and times are approximate.
    Lookup,
    /// Nobody knows whether the victim was disrupted: the recovery can only end as unwatched.
    Doubt,
}

/// Since when a recovery is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WatchedSince {
    /// Since the disruption was accepted.
    Acceptance,
    /// Since later: another process watched before, or none.
    Adoption,
}

/// An owner's pods just before one of them was disrupted, reduced to what tells replacements from siblings, and a whole
/// owner from one that lacks a pod.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoveryBaseline {
    /// The owner's API group and version, `apps/v1` for example.
    pub api_version: String,
    /// How many live pods were ready, the victim included.
    pub ready: usize,
    /// Whether the victim was one of them.
    pub victim_ready: bool,
    /// How many replicas the owner wanted, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desired: Option<usize>,
    /// The victim's node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The revisions of the live pods.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revisions: Vec<String>,
    /// When the newest of the pods was created, by the API server's clock: a replacement is not older.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<Timestamp>,
    /// The UIDs of the pods created in that second, which are no replacements.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub newest_uids: Vec<String>,
    /// How long the recovery is expected to take, in milliseconds: `macaque/expect` of the workload, or the
    /// configuration's.
    pub expect_ms: u64,
}

/// When each phase of a recovery ended, in milliseconds since the disruption was accepted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RecoveryTimes {
    /// The victim was gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gone_ms: Option<u64>,
    /// The replacement was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_ms: Option<u64>,
    /// The replacement was scheduled to a node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduled_ms: Option<u64>,
    /// The replacement's containers were ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub containers_ready_ms: Option<u64>,
    /// The replacement was ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready_ms: Option<u64>,
    /// The owner was whole again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whole_ms: Option<u64>,
}

/// How a recovery ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecoveryVerdict {
    /// The owner is whole again, within the expected time.
    Recovered,
    /// The owner is whole again, later than expected.
    Slow,
    /// The owner was not whole again before the timeout.
    Unrecovered,
    /// The owner is whole with fewer replicas than before: it was scaled down meanwhile or, where its scale cannot be read,
    /// may lack a replacement.
    Shrunk,
    /// A new revision of the owner appeared meanwhile, so that nothing can be compared.
    Rolled,
    /// The owner has completed, a Job, and needs no replacement.
    Completed,
    /// The owner was deleted meanwhile.
    Ownerless,
    /// macaque did not see the transition, or does not know whether it disrupted the victim.
    Unwatched,
}

/// How precisely the times of a recovery are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecoveryPrecision {
    /// By the arrival of watch events.
    Watch,
    /// By polling: an event happened at most this many milliseconds before its time.
    Poll {
        /// The interval between two lists.
        interval_ms: u64,
    },
    /// By the timestamps of objects, which are whole seconds of other clocks.
    Timestamps,
    /// Roughly: it is not known when exactly the disruption was accepted, or another process measured that by its own
    /// clock.
    Approximate,
}

/// What is known of a recovery when it ends, or when its replacement is stuck.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoveryReport {
    /// The slot of the round.
    pub slot: Timestamp,
    /// The victim.
    pub pod: PodRef,
    /// The victim's owner.
    pub owner: PodOwner,
    /// The victim's team, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// How the victim was disrupted.
    pub method: DisruptionMethod,
    /// Whether it is only inferred that macaque disrupted the victim: no answer said so, and the pod was found gone.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub inferred: bool,
    /// How the recovery ended; `None` while it goes on and its replacement is stuck.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<RecoveryVerdict>,
    /// The times so far.
    pub times: RecoveryTimes,
    /// How precisely they are known.
    pub precision: RecoveryPrecision,
    /// How many live pods were ready when last seen.
    pub ready: usize,
    /// How many must be ready for the owner to be whole.
    pub target: usize,
    /// How long the recovery was expected to take, in milliseconds.
    pub expect_ms: u64,
    /// The name of the replacement, if one was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replacement: Option<String>,
    /// What keeps the replacement from becoming ready, when last seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<PodTrouble>,
    /// The reason for the verdict, where the numbers do not show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What is usual for this owner, if it recovered before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usual: Option<UsualRecovery>,
    /// The reason for which macaque paused itself after this recovery, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<String>,
}

/// What is usual for the recoveries of one owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsualRecovery {
    /// How many recoveries of the last seven days are known.
    pub count: usize,
    /// Their median, in milliseconds.
    pub median_ms: u64,
    /// The slowest, in milliseconds.
    pub slowest_ms: u64,
}

impl Default for RecoveryConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            expect: Duration::from_secs(60),
            timeout: Duration::from_secs(300),
        }
    }
}

impl DisruptedVictim {
    /// The reason for which nothing can be said of the recovery if perhaps nothing was disrupted.
    pub(crate) fn doubt(&self) -> Option<String> {
        let why = || format!("it is not known whether {} was disrupted", self.pod);
        (self.origin == AcceptedBy::Doubt).then(why)
    }
}

impl RecoveryReport {
    /// The report of a recovery from the disruption of `victim` of which nothing was seen yet.
    pub fn unseen(victim: &DisruptedVictim, precision: RecoveryPrecision) -> Self {
        Self {
            slot: victim.slot,
            pod: victim.pod.clone(),
            owner: victim.owner.clone(),
            team: victim.team.clone(),
            method: victim.method,
            inferred: victim.origin == AcceptedBy::Lookup,
            verdict: None,
            times: RecoveryTimes::default(),
            precision,
            ready: 0,
            target: victim.baseline.ready,
            expect_ms: victim.baseline.expect_ms,
            replacement: None,
            trouble: None,
            why: None,
            usual: None,
            paused: None,
        }
    }
}

impl RecoveryVerdict {
    /// Every verdict.
    pub const ALL: [Self; 8] = [
        Self::Recovered,
        Self::Slow,
        Self::Unrecovered,
        Self::Shrunk,
        Self::Rolled,
        Self::Completed,
        Self::Ownerless,
        Self::Unwatched,
    ];

    /// The verdict in one word, for logs and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Recovered => "recovered",
            Self::Slow => "slow",
            Self::Unrecovered => "unrecovered",
            Self::Shrunk => "shrunk",
            Self::Rolled => "rolled",
            Self::Completed => "completed",
            Self::Ownerless => "ownerless",
            Self::Unwatched => "unwatched",
        }
    }

    /// Whether people should hear of it even if all is quiet otherwise: the owner was slow, or did not recover.
    pub fn is_bad(self) -> bool {
        matches!(self, Self::Slow | Self::Unrecovered)
    }

    /// Whether the owner was seen whole again, be it with fewer replicas than before.
    pub fn is_whole(self) -> bool {
        matches!(self, Self::Recovered | Self::Slow | Self::Shrunk)
    }

    /// Whether the owner was seen whole again, with as many replicas as before.
    pub fn is_recovered(self) -> bool {
        matches!(self, Self::Recovered | Self::Slow)
    }
}
