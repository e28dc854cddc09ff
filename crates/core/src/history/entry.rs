//! One victim that was tried: its outcome, and how its owner recovered.

use std::ops::Not;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::texts::{bounded_owner, bounded_pod};
use crate::guard::{GuardHold, HoldAnswer};
use crate::notice::short_name;
use crate::outcome::DisruptionMethod;
use crate::pod::{PodOwner, PodRef};
use crate::recovery::{RecoveryTimes, RecoveryVerdict};

/// One victim that was tried. Its slot and the victim's UID identify it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistoryEntry {
    /// The number that the journal gave to the disruption; `None` if nothing was disrupted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// The slot of the round.
    pub slot: Timestamp,
    /// When the victim was reserved or, without a reservation, when the outcome was known.
    pub at: Timestamp,
    /// The victim.
    pub pod: PodRef,
    /// The victim's owner; `None` for a bare pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<PodOwner>,
    /// The victim's team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// How the victim was disrupted, or would have been.
    pub method: DisruptionMethod,
    /// The outcome.
    pub outcome: EntryOutcome,
    /// Whether it is only inferred that macaque disrupted the victim: no answer said so, and the pod was found gone.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub inferred: bool,
    /// What became of the owner, as far as that was watched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery: Option<EntryRecovery>,
}

/// The outcome for a victim, without the texts that only its own round needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "kebab-case")]
pub enum EntryOutcome {
    /// No outcome is recorded yet: the victim may have been disrupted, or may still be.
    Pending,
    /// The pod was evicted.
    Evicted,
    /// The pod was deleted.
    Deleted,
    /// The disruption was refused.
    Refused {
        /// Who refused: `budget shop/web`, for example.
        by: String,
    },
    /// A guard held the victim back.
    Held {
        /// The guard.
        by: String,
        /// Whether the guard could not answer.
        #[serde(default, skip_serializing_if = "Not::not")]
        unanswered: bool,
    },
    /// The pod was gone already.
    Gone,
    /// A dry run: no request was sent.
    DryRun,
    /// Nobody knows whether the pod was disrupted.
    Unknown,
}

/// What became of the owner of a victim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryRecovery {
    /// When the disruption was accepted, by the API server's clock; by this machine's if only a message says that it was.
    pub accepted: Timestamp,
    /// How the recovery ended; `None` while it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<RecoveryVerdict>,
    /// When the verdict was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// When each phase ended, in milliseconds since `accepted`.
    #[serde(default)]
    pub times: RecoveryTimes,
    /// How long the recovery was expected to take, in milliseconds.
    pub expect_ms: u64,
    /// The reason for which the replacement was stuck, if it was: `CrashLoopBackOff`, for example.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

impl HistoryEntry {
    /// What tells victims apart: the slot, and the UID.
    pub(super) fn identity(&self) -> (Timestamp, &str) {
        (self.slot, &self.pod.uid)
    }

    /// Adds what `other` knows of the same victim: the later outcome, and the earlier of two instants.
    pub(super) fn absorb(&mut self, other: &Self) {
        self.at = self.at.min(other.at);
        if other.outcome.rank() > self.outcome.rank() {
            self.outcome = other.outcome.clone();
        }
        self.inferred |= other.inferred;
        self.number = self.number.max(other.number);
        if !self.outcome.has_number() {
            self.number = None;
        }

        if other.pod > self.pod {
            self.pod = other.pod.clone();
        }
        if other.owner > self.owner {
            self.owner.clone_from(&other.owner);
        }
        if other.team > self.team {
            self.team.clone_from(&other.team);
        }
        if other.method.as_str() > self.method.as_str() {
            self.method = other.method;
        }
        match (&mut self.recovery, &other.recovery) {
            (Some(known), Some(more)) => known.absorb(more),
            (None, more) => self.recovery.clone_from(more),
            (Some(_), None) => {}
        }
    }

    /// The entry with texts of bounded length, and without a number that it cannot have.
    pub(super) fn checked(mut self) -> Self {
        self.number = self
            .number
            .filter(|number| *number > 0 && self.outcome.has_number());
        self.pod = bounded_pod(&self.pod);
        self.owner = self.owner.as_ref().map(bounded_owner);
        self.team = self.team.as_deref().map(short_name);
        if let EntryOutcome::Refused { by } | EntryOutcome::Held { by, .. } = &mut self.outcome {
            *by = short_name(by);
        }
        if let Some(recovery) = &mut self.recovery {
            recovery.trouble = recovery.trouble.as_deref().map(short_name);
        }
        self
    }
}

impl EntryRecovery {
    /// Adds what `other` knows of the same recovery.
    fn absorb(&mut self, other: &Self) {
        self.accepted = self.accepted.min(other.accepted);
        let end = |recovery: &Self| recovery.verdict.map(|verdict| (recovery.ended, verdict));
        let ends = [end(self), end(other)];
        // A recovery ends once: of two ends the first counts.
        let end = ends.into_iter().flatten().min();
        self.verdict = end.map(|(_, verdict)| verdict);
        self.ended = end.and_then(|(ended, _)| ended);

        let RecoveryTimes {
            gone_ms,
            created_ms,
            scheduled_ms,
            containers_ready_ms,
            ready_ms,
            whole_ms,
        } = other.times;
        let times = &mut self.times;
        times.gone_ms = times.gone_ms.max(gone_ms);
        times.created_ms = times.created_ms.max(created_ms);
        times.scheduled_ms = times.scheduled_ms.max(scheduled_ms);
        times.containers_ready_ms = times.containers_ready_ms.max(containers_ready_ms);
        times.ready_ms = times.ready_ms.max(ready_ms);
        times.whole_ms = times.whole_ms.max(whole_ms);

        self.expect_ms = self.expect_ms.max(other.expect_ms);
        if other.trouble > self.trouble {
            self.trouble.clone_from(&other.trouble);
        }
    }
}

impl EntryOutcome {
    /// The outcome of a disruption that happened, or of which that is in doubt.
    pub(super) fn of_disruption(method: DisruptionMethod, is_doubtful: bool) -> Self {
        match method {
            _ if is_doubtful => Self::Unknown,
            DisruptionMethod::Evict => Self::Evicted,
            DisruptionMethod::Delete => Self::Deleted,
        }
    }

    /// The outcome of a victim that was held back.
    pub(super) fn held(hold: &GuardHold) -> Self {
        Self::Held {
            by: short_name(&hold.guard),
            unanswered: hold.answer == HoldAnswer::CannotAnswer,
        }
    }

    /// Whether the journal numbers a victim with this outcome: it was disrupted, or may have been.
    pub(super) fn has_number(&self) -> bool {
        self.is_disruption() || self.is_unknown()
    }

    /// The rank of the outcome: of two for one victim the higher knows more.
    fn rank(&self) -> (u8, &str, bool) {
        match self {
            Self::Pending => (0, "", false),
            Self::DryRun => (1, "", false),
            Self::Held { by, unanswered } => (2, by, *unanswered),
            Self::Gone => (3, "", false),
            Self::Refused { by } => (4, by, false),
            Self::Unknown => (5, "", false),
            Self::Deleted => (6, "", false),
            Self::Evicted => (7, "", false),
        }
    }

    /// Whether the victim was disrupted, as far as that is known.
    pub fn is_disruption(&self) -> bool {
        matches!(self, Self::Evicted | Self::Deleted)
    }

    /// Whether nobody knows, perhaps not yet, whether the victim was disrupted.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Pending | Self::Unknown)
    }

    /// The outcome in one word, for tables and JSON.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Evicted => "evicted",
            Self::Deleted => "deleted",
            Self::Refused { .. } => "refused",
            Self::Held { .. } => "held",
            Self::Gone => "gone",
            Self::DryRun => "dry-run",
            Self::Unknown => "unknown",
        }
    }
}
