//! Decides which outcomes and verdicts are worth an Event, and what the Event says.

use jiff::Timestamp;

use super::EventsConfig;
use super::note::{cut, mute_hint};
use crate::outcome::{DisruptionMethod, Outcome};
use crate::pod::PodRef;
use crate::recovery::{RecoveryReport, RecoveryVerdict};
use crate::report::AttemptReport;

/// What the Events about one outcome or one recovery say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventContent {
    pub(super) slot: Timestamp,
    pub(super) victim: PodRef,
    pub(super) reason: EventReason,
    pub(super) action: &'static str,
    pub(super) note: String,
}

/// The reason of an Event, a word for machines and people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventReason {
    /// The victim was evicted.
    Evicted,
    /// The victim was deleted.
    Deleted,
    /// Whether the victim was disrupted is not known.
    Unknown,
    /// The API server refused to disrupt the victim.
    Refused,
    /// A guard held the disruption back.
    HeldBack,
    /// The owner is whole again.
    Recovered,
    /// The owner was not whole again in time.
    NotRecovered,
}

impl EventReason {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::Evicted,
        Self::Deleted,
        Self::Unknown,
        Self::Refused,
        Self::HeldBack,
        Self::Recovered,
        Self::NotRecovered,
    ];

    /// The reason as the Event has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Evicted => "ChaosEvicted",
            Self::Deleted => "ChaosDeleted",
            Self::Unknown => "ChaosUnknown",
            Self::Refused => "ChaosRefused",
            Self::HeldBack => "ChaosHeldBack",
            Self::Recovered => "ChaosRecovered",
            Self::NotRecovered => "ChaosNotRecovered",
        }
    }

    /// The type of the Event: a workload that did not recover is a warning.
    pub fn event_type(self) -> &'static str {
        match self {
            Self::NotRecovered => "Warning",
            Self::Evicted
            | Self::Deleted
            | Self::Unknown
            | Self::Refused
            | Self::HeldBack
            | Self::Recovered => "Normal",
        }
    }
}

impl EventContent {
    /// What is to be written about a victim of the round of `slot`; `None` if macaque did nothing to it, or nobody is to
    /// see an Event of it.
    pub fn of_attempt(
        config: EventsConfig,
        (slot, seed): (Timestamp, u64),
        method: DisruptionMethod,
        attempt: &AttemptReport,
    ) -> Option<Self> {
        let name = &attempt.pod.name;
        let round = format!("round {slot}, seed {seed}");
        let done = past_tense(method);
        let (reason, happened) = match &attempt.outcome {
            Outcome::Evicted => (
                EventReason::Evicted,
                format!("macaque evicted pod {name} ({round})"),
            ),
            Outcome::Deleted => (
                EventReason::Deleted,
                format!("macaque deleted pod {name} ({round})"),
            ),
            // What stood in the way names servers, which do not concern those who read Events.
            Outcome::Unknown { .. } => (
                EventReason::Unknown,
                format!("it is not known whether macaque {done} pod {name} ({round})"),
            ),
            Outcome::Refused(refusal) => (
                EventReason::Refused,
                format!(
                    "macaque has not {done} pod {name} ({round}): {}",
                    refusal.phrase()
                ),
            ),
            Outcome::Held(hold) => (
                EventReason::HeldBack,
                format!("macaque has not {done} pod {name} ({round}): {hold}"),
            ),
            Outcome::Gone | Outcome::DryRun => return None,
        };
        if is_refusal(reason) && !config.refusals {
            return None;
        }

        let note = cut(
            &happened,
            &mute_hint(&attempt.pod.namespace, attempt.owner.as_ref()),
        );
        Some(Self {
            slot,
            victim: attempt.pod.clone(),
            reason,
            action: action(method),
            note,
        })
    }

    /// What is to be written about a recovery; `None` while it goes on, and if nothing can be said of how fast the owner
    /// became whole: it was rolled out, scaled down or deleted, it completed, or nobody watched.
    pub fn of_recovery(report: &RecoveryReport) -> Option<Self> {
        let reason = match report.verdict? {
            RecoveryVerdict::Recovered | RecoveryVerdict::Slow => EventReason::Recovered,
            RecoveryVerdict::Unrecovered => EventReason::NotRecovered,
            RecoveryVerdict::Shrunk
            | RecoveryVerdict::Rolled
            | RecoveryVerdict::Completed
            | RecoveryVerdict::Ownerless
            | RecoveryVerdict::Unwatched => return None,
        };

        let RecoveryReport { slot, pod, .. } = report;
        let done = past_tense(report.method);
        let since = format!("; macaque {done} pod {} in round {slot}", pod.name);
        Some(Self {
            slot: *slot,
            victim: pod.clone(),
            reason,
            action: "Watch",
            note: cut(&report.to_string(), &since),
        })
    }

    /// The victim.
    pub fn victim(&self) -> &PodRef {
        &self.victim
    }
}

fn is_refusal(reason: EventReason) -> bool {
    matches!(reason, EventReason::Refused | EventReason::HeldBack)
}

fn action(method: DisruptionMethod) -> &'static str {
    match method {
        DisruptionMethod::Evict => "Evict",
        DisruptionMethod::Delete => "Delete",
    }
}

fn past_tense(method: DisruptionMethod) -> &'static str {
    match method {
        DisruptionMethod::Evict => "evicted",
        DisruptionMethod::Delete => "deleted",
    }
}
