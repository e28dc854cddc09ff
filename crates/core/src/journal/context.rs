//! The context of a step: the clocks, the holder, the configuration, and an operator's pause.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{LeaseHolder, PauseRequest};
use crate::config::{DisruptionLimits, RecoveryPolicy};
use crate::instants::after;

/// The durations by which the journal decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalTiming {
    /// How long after its slot a round may be claimed.
    pub deadline: Duration,
    /// The minimum time between two claims, even if a clock is set in between.
    pub spacing: Duration,
    /// How long a holder keeps a round, or a report, after its last write.
    pub lease: Duration,
    /// How much this machine's clock may differ from the API server's.
    pub skew: Duration,
}

/// Everything that a step depends on apart from the journal and the event.
#[derive(Debug, Clone)]
pub struct StepContext<'a> {
    /// The time by this machine's clock.
    pub now: Timestamp,
    /// How far that clock is ahead of the API server's, if known.
    pub skew: Option<SignedDuration>,
    /// The acting holder.
    pub holder: &'a LeaseHolder,
    /// Whether the acting holder watches the recoveries that begin. If not, any other process may at once.
    pub keeps_recoveries: bool,
    /// The pause that the annotations ask for.
    pub pause: Option<PauseRequest>,
    /// How many victims a round may have.
    pub count: usize,
    /// The limits on disruptions over time.
    pub limits: &'a DisruptionLimits,
    /// What follows from recoveries.
    pub recovery: &'a RecoveryPolicy,
    /// The durations by which the journal decides.
    pub timing: &'a JournalTiming,
}

impl StepContext<'_> {
    /// The time by the API server's clock, as far as that is known: what all replicas go by, whatever their own clocks show.
    /// Only slots are claimed by this machine's clock, which called them due.
    pub(super) fn server_time(&self) -> Timestamp {
        let skew = self.skew.unwrap_or_default();
        self.now.checked_sub(skew).unwrap_or(self.now)
    }

    /// When a lease ends that is renewed now.
    pub(super) fn lease_end(&self) -> Timestamp {
        after(self.server_time(), self.timing.lease)
    }

    /// The earlier of the two clocks' times: what is over by it is over by both, so a clock that was set ahead makes
    /// nothing be forgotten.
    pub(super) fn earlier_time(&self) -> Timestamp {
        self.now.min(self.server_time())
    }
}

impl Default for JournalTiming {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(60),
            // Half the minimum distance of two slots of a crontab line.
            spacing: Duration::from_secs(30),
            // Longer than listing a large cluster, or disrupting one victim, takes with all retries.
            lease: Duration::from_secs(300),
            skew: Duration::from_secs(30),
        }
    }
}
