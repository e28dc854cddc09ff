//! Follows the recovery of a workload: lists and watches the pods of its owner, and lets the core judge.

mod following;
mod pace;
mod readers;

use std::time::Duration;

use jiff::Timestamp;
use macaque_core::journal::RecoveryRecord;
use macaque_core::recovery::{DisruptedVictim, RecoveryReport, UNREADABLE, WatchedSince};
use macaque_core::schedule::timer::ClockReading;
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

/// A victim whose recovery is followed.
#[derive(Debug, Clone)]
pub struct FollowedVictim {
    /// The victim.
    pub victim: DisruptedVictim,
    /// When its disruption was accepted.
    pub accepted: Instant,
    /// Since when the recovery is followed.
    pub since: WatchedSince,
    /// How long it is followed after the disruption was accepted.
    pub timeout: Duration,
    /// What the clocks showed before the disruption was sent, or before the server's time was asked for by which the victim was
    /// found: if they disagree later, the machine may have slept.
    pub awake: ClockReading,
}

impl FollowedVictim {
    /// The victim of a record that was found in the journal of this cluster.
    pub fn adopt(record: &RecoveryRecord, cluster: &Cluster) -> Self {
        Self {
            victim: record.victim.clone(),
            accepted: cluster.instant_of(record.victim.accepted),
            since: WatchedSince::Adoption,
            timeout: timeout_of(record, cluster.server_time()),
            awake: cluster.asked_for_time(),
        }
    }

    /// This victim, as if it were found now: whoever slept has seen nothing meanwhile.
    fn adopted_anew(self, cluster: &Cluster) -> Self {
        Self {
            accepted: cluster.instant_of(self.victim.accepted),
            since: WatchedSince::Adoption,
            awake: cluster.asked_for_time(),
            ..self
        }
    }
}

/// How long the recovery of `record` is followed from its acceptance on; from `now` on if the API server's clock was set back
/// to before that.
fn timeout_of(record: &RecoveryRecord, now: Timestamp) -> Duration {
    let accepted = record.victim.accepted.min(now);
    Duration::try_from(record.until.duration_since(accepted)).unwrap_or_default()
}

/// Follows a recovery to its verdict. Calls `on_trouble` when the replacement is stuck, once for each reason. `None` if
/// macaque was asked to stop.
pub async fn follow(
    context: RecoveryContext<'_>,
    followed: &FollowedVictim,
    on_trouble: impl AsyncFn(RecoveryReport),
) -> Option<RecoveryReport> {
    let report = async {
        let mut followed = followed.clone();
        loop {
            match follow_awake(context, &followed, &on_trouble).await {
                Ok(report) => return report,
                Err(MachineSlept) => followed = followed.adopted_anew(context.cluster),
            }
        }
    };
    context.stop.within(Duration::ZERO, report).await
}

/// The machine slept, or may have, and its monotonic clock stood: what was measured since is wrong.
struct MachineSlept;

/// Follows a recovery while the machine is awake.
async fn follow_awake(
    context: RecoveryContext<'_>,
    followed: &FollowedVictim,
    on_trouble: impl AsyncFn(RecoveryReport),
) -> Result<RecoveryReport, MachineSlept> {
    let following = Following::new(context, followed);
    // In a fixed order, so that a simulation can be repeated.
    tokio::select! {
        biased;
        report = judge(&following, on_trouble) => report,
        never = following.read_pods() => match never {},
        never = following.read_scale() => match never {},
    }
}

/// Waits for the verdict. Where the tracker may conclude by time alone, the pods are looked at first.
async fn judge(
    following: &Following<'_>,
    on_trouble: impl AsyncFn(RecoveryReport),
) -> Result<RecoveryReport, MachineSlept> {
    let platform = following.context.platform;
    let given = following.timeout().saturating_sub(following.elapsed()) + UNREADABLE;
    let end = platform.monotonic() + given;
    let mut looked: Option<Instant> = None;

    loop {
        let checked = platform.until(end, following.check_awake()).await;
        let is_awake = checked.unwrap_or(Ok(false))?;
        if is_awake && let Some(report) = following.take_stuck() {
            on_trouble(report).await;
            continue;
        }
        if is_awake && let Some(report) = following.conclusion() {
            return Ok(report);
        }
        if platform.monotonic() >= end {
            return Ok(following.give_up());
        }

        let due = if is_awake {
            following.next_change()
        } else {
            platform.monotonic()
        };
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

#[cfg(test)]
mod tests {
    use macaque_core::journal::LeaseHolder;
    use macaque_core::outcome::DisruptionMethod;
    use macaque_core::pod::{PodOwner, PodRef};
    use macaque_core::recovery::{AcceptedBy, RecoveryBaseline};

    use super::*;

    #[test]
    fn an_adopted_recovery_is_followed_to_its_end_also_if_the_clock_was_set_back() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let record = |accepted, until| RecoveryRecord {
            victim: DisruptedVictim {
                team: None,
                slot: at(accepted),
                pod: PodRef {
                    namespace: "shop".to_owned(),
                    name: "web-0".to_owned(),
                    uid: "u0".to_owned(),
                },
                owner: PodOwner {
                    kind: "StatefulSet".to_owned(),
                    name: "web".to_owned(),
                },
                method: DisruptionMethod::Evict,
                accepted: at(accepted),
                origin: AcceptedBy::Answer,
                baseline: RecoveryBaseline::default(),
            },
            until: at(until),
            holder: LeaseHolder {
                process: "a".to_owned(),
                incarnation: 1,
            },
            lease_until: at(until),
            trouble: None,
            reported: Vec::new(),
            threads: Default::default(),
        };

        for (accepted, until, now, seconds) in [
            (1000, 1300, 1100, 300),
            (1000, 1300, 1400, 300),
            // The clock was set back by an hour, and the end with it.
            (5000, 1700, 1400, 300),
        ] {
            let timeout = timeout_of(&record(accepted, until), at(now));
            assert_eq!(timeout, Duration::from_secs(seconds), "{accepted} {until} {now}");
        }
    }
}
