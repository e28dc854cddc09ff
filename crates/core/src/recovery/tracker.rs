//! Tracks one recovery: from what is seen of the owner's pods, and the time that passes, to the phases and the verdict.

use std::time::Duration;

use jiff::SignedDuration;

use super::{DisruptedVictim, RecoveryPrecision, RecoveryReport, RecoveryTimes};
use crate::siblings::SiblingPods;

/// How many replicas an owner wants, as far as its scale tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DesiredReplicas {
    /// This many.
    Known(usize),
    /// The owner is gone: its kind has a scale, and this one is not found.
    Gone,
    /// The owner has no scale, as Jobs and DaemonSets, or macaque may not read it.
    Unknown,
}

/// Since when a recovery is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WatchedSince {
    /// Since the disruption was accepted.
    Acceptance,
    /// Since later: another process watched before, or none.
    Adoption,
}

/// One recovery that is being tracked. All times are since the disruption was accepted.
#[derive(Debug, Clone)]
pub struct RecoveryTracker {
    victim: DisruptedVictim,
    timeout: Duration,
    since: WatchedSince,
    /// How far this machine's clock is ahead of the API server's.
    skew: SignedDuration,
    times: RecoveryTimes,
}

impl RecoveryTracker {
    /// Begins to track the recovery from the disruption of `victim`.
    pub fn new(
        victim: DisruptedVictim,
        timeout: Duration,
        since: WatchedSince,
        skew: SignedDuration,
    ) -> Self {
        Self {
            victim,
            timeout,
            since,
            skew,
            times: RecoveryTimes::default(),
        }
    }

    /// Notes that the owner's pods are these after `elapsed`: they were listed or changed, or are known to be unchanged.
    ///
    /// The pods and the number are taken to stay as they are until the next call, unless [`RecoveryTracker::interrupt`]
    /// comes in between. `precision` is by watch or by polling, and tells how `pods` are followed.
    pub fn observe(
        &mut self,
        _pods: &SiblingPods,
        _desired: DesiredReplicas,
        _elapsed: Duration,
        _precision: RecoveryPrecision,
    ) {
    }

    /// Notes that the owner's pods are not seen any more until they are observed again: a list failed, or a watch ended and
    /// could not be continued where it was.
    pub fn interrupt(&mut self) {}

    /// When, counted from the acceptance, the recovery may end although nothing changes: the pods are to be observed again
    /// by then, the same ones if a watch tells of no change.
    pub fn next_change(&self) -> Duration {
        self.timeout
    }

    /// What is known after `elapsed` if the replacement is stuck for a reason that was not taken before.
    pub fn take_stuck(&mut self, _elapsed: Duration) -> Option<RecoveryReport> {
        None
    }

    /// What is known after `elapsed`, with a verdict if the recovery is over.
    pub fn report(&self, _elapsed: Duration) -> RecoveryReport {
        let Self {
            victim,
            since,
            skew,
            times,
            ..
        } = self;
        let _ = (since, skew);
        RecoveryReport {
            slot: victim.slot,
            pod: victim.pod.clone(),
            owner: victim.owner.clone(),
            method: victim.method,
            verdict: None,
            times: *times,
            precision: RecoveryPrecision::Watch,
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
