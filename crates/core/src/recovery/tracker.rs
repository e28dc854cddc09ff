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
    /// The owner is gone.
    Gone,
    /// The owner has no scale, or macaque may not read it.
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

    /// Notes what was seen of the owner's pods after `elapsed`.
    pub fn observe(
        &mut self,
        _pods: &SiblingPods,
        _desired: DesiredReplicas,
        _elapsed: Duration,
        _precision: RecoveryPrecision,
    ) {
    }

    /// When, at the latest, [`RecoveryTracker::report`] may change although nothing is seen.
    pub fn next_change(&self) -> Duration {
        self.timeout
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
