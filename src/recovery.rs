//! Follows the recovery of a workload: lists and watches the pods of its owner, and lets the core judge.

use std::time::Duration;

use macaque_core::recovery::{DisruptedVictim, RecoveryReport, RecoveryTracker, WatchedSince};
use tokio::time::Instant;

use crate::k8s::Cluster;
use crate::platform::Platform;
use crate::stop::StopToken;

/// What a recovery is followed through.
#[derive(Clone, Copy)]
pub struct RecoveryContext<'a> {
    /// The cluster.
    pub cluster: &'a Cluster,
    /// How long a recovery is watched.
    pub timeout: Duration,
    /// How the owner's pods are followed.
    pub means: RecoveryMeans,
    /// The request to stop.
    pub stop: &'a StopToken,
    /// The source of time and randomness.
    pub platform: &'a Platform,
}

/// How the pods of an owner are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecoveryMeans {
    /// By a watch where macaque may watch pods, else by lists at short intervals.
    Watch,
    /// By lists at long intervals, because many recoveries are followed at once.
    SlowPoll,
}

/// Follows the recovery from the disruption of `victim`, accepted at `accepted`, to its verdict. Calls `on_trouble` when its
/// replacement is stuck, once for each reason. `None` if macaque was asked to stop.
pub async fn follow(
    context: RecoveryContext<'_>,
    victim: &DisruptedVictim,
    accepted: Instant,
    since: WatchedSince,
    _on_trouble: impl AsyncFn(RecoveryReport),
) -> Option<RecoveryReport> {
    let skew = context.cluster.skew().unwrap_or_default();
    let tracker = RecoveryTracker::new(victim.clone(), context.timeout, since, skew);
    let platform = context.platform;
    let sleep = platform.sleep(tracker.next_change());
    context.stop.within(Duration::ZERO, sleep).await?;
    Some(tracker.report(platform.monotonic() - accepted))
}
