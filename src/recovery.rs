//! Follows the recovery of a workload: lists and watches the pods of its owner, and lets the core judge.

mod following;
mod pace;
mod readers;

use std::time::Duration;

use macaque_core::recovery::{DisruptedVictim, RecoveryReport, UNREADABLE, WatchedSince};
use tokio::time::Instant;

use self::following::Following;
use crate::k8s::Cluster;
use crate::platform::Platform;
use crate::stop::StopToken;

/// How long after the pods were asked for they are asked for again, if the tracker still cannot conclude.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

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
    on_trouble: impl AsyncFn(RecoveryReport),
) -> Option<RecoveryReport> {
    let following = Following::new(context, victim, accepted, since);

    let report = async {
        // In a fixed order, so that a simulation can be repeated.
        tokio::select! {
            biased;
            report = judge(&following, on_trouble) => report,
            never = following.read_pods() => match never {},
            never = following.read_scale() => match never {},
        }
    };
    context.stop.within(Duration::ZERO, report).await
}

/// Waits for the verdict. Where the tracker may conclude by time alone, the pods are looked at first.
async fn judge(following: &Following<'_>, on_trouble: impl AsyncFn(RecoveryReport)) -> RecoveryReport {
    let RecoveryContext {
        platform, timeout, ..
    } = following.context;
    let given = timeout.saturating_sub(following.elapsed()) + UNREADABLE;
    let end = platform.monotonic() + given;
    let mut looked: Option<Instant> = None;

    loop {
        if let Some(report) = following.take_stuck() {
            on_trouble(report).await;
            continue;
        }
        if let Some(report) = following.conclusion() {
            return report;
        }
        if platform.monotonic() >= end {
            return following.give_up();
        }

        let due = following.next_change();
        let due = looked.map_or(due, |looked| due.max(looked + LOOK_INTERVAL));
        tokio::select! {
            // First, because a flood of events must not put it off.
            biased;
            () = platform.sleep_until(due.min(end)) => {
                looked = Some(platform.monotonic());
                following.list_wanted.notify_one();
                following.scale_wanted.notify_one();
            }
            () = following.seen.notified() => {}
        }
    }
}
