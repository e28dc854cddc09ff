//! What is known of the recovery that is followed. The readers add to it, and the judge concludes from it.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use macaque_core::pod::Pod;
use macaque_core::recovery::{
    DesiredReplicas, DisruptedVictim, LastAsked, RecoveryPrecision, RecoveryReport, RecoveryTracker,
    RecoveryVerdict,
};
use macaque_core::schedule::timer::ClockReading;
use macaque_core::siblings::{SiblingPod, SiblingPods};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::{FollowedVictim, MachineSlept, RecoveryContext};
use crate::k8s::{ApiError, OptionalRead, WorkloadRef, WorkloadScale};

/// By how much too late the acceptance may seem to be, and how long an answer may take that shows the server's time.
const LATE: Duration = Duration::from_secs(2);

/// How many times the server's time is asked for if its answers are late: the machine may sleep meanwhile, too.
const TRIES: usize = 3;

/// A recovery that is being followed.
pub(super) struct Following<'a> {
    pub(super) context: RecoveryContext<'a>,
    followed: &'a FollowedVictim,
    /// The victim's owner.
    pub(super) workload: WorkloadRef,
    /// What the clocks showed when it was last certain that the machine had not slept.
    awake: Cell<ClockReading>,
    known: RefCell<Known>,
    /// Something new was seen.
    pub(super) seen: Notify,
    /// The pods are to be listed now.
    pub(super) list_wanted: Notify,
    /// The scale is to be read now.
    pub(super) scale_wanted: Notify,
    /// The scale was asked for, whatever the answer.
    pub(super) scale_answered: Notify,
}

/// What is known.
struct Known {
    tracker: RecoveryTracker,
    pods: SiblingPods,
    scale: Option<WorkloadScale>,
    desired: DesiredReplicas,
    /// Until when all changes of the pods are known.
    until: Instant,
    /// When the last list was asked for that was noted. An event may be older than it seems: a process that was suspended
    /// reads what came long before.
    listed: Instant,
    /// When the scale was last asked for, by a request whose answer is known.
    scale_asked: Instant,
    /// Whether the pods, when last seen, gave a reason to read the scale.
    wants_scale: bool,
    /// The reports of a replacement that is stuck, which nobody has heard of yet.
    stuck: Vec<RecoveryReport>,
    /// The report with the verdict.
    concluded: Option<RecoveryReport>,
}

impl<'a> Following<'a> {
    /// Begins with what was known when the victim was disrupted.
    pub(super) fn new(context: RecoveryContext<'a>, followed: &'a FollowedVictim) -> Self {
        let FollowedVictim {
            victim,
            accepted,
            since,
            timeout,
            awake,
        } = followed;
        let workload = WorkloadRef {
            namespace: victim.pod.namespace.clone(),
            api_version: victim.baseline.api_version.clone(),
            kind: victim.owner.kind.clone(),
            name: victim.owner.name.clone(),
        };
        let desired = victim.baseline.desired;
        let known = Known {
            tracker: RecoveryTracker::new(victim.clone(), *timeout, *since),
            pods: SiblingPods::default(),
            scale: None,
            desired: desired.map_or(DesiredReplicas::Unknown, DesiredReplicas::Known),
            until: *accepted,
            listed: *accepted,
            scale_asked: *accepted,
            wants_scale: false,
            stuck: Vec::new(),
            concluded: None,
        };
        Self {
            context,
            followed,
            workload,
            awake: Cell::new(*awake),
            known: RefCell::new(known),
            seen: Notify::new(),
            list_wanted: Notify::new(),
            scale_wanted: Notify::new(),
            scale_answered: Notify::new(),
        }
    }

    /// The victim.
    pub(super) fn victim(&self) -> &DisruptedVictim {
        &self.followed.victim
    }

    /// Whether it is certain that the machine has not slept. If its clocks disagree, the API server's time decides between a
    /// sleep and a clock that was set; without a quick answer the machine may have slept.
    pub(super) async fn check_awake(&self) -> Result<bool, MachineSlept> {
        let RecoveryContext {
            cluster, platform, ..
        } = self.context;
        if !platform.reading().disagrees_since(self.awake.get()) {
            return Ok(true);
        }

        for _ in 0..TRIES {
            let asked = platform.reading();
            if let Err(error) = cluster.version().await
                // A refusal shows the time too.
                && !matches!(error, ApiError::Forbidden { .. } | ApiError::Unauthorized { .. })
            {
                log::debug!("recovery of {}: {error}", self.victim().owner);
                return Ok(false);
            }
            if platform.reading().longest_since(asked) >= LATE {
                continue;
            }

            let accepted = cluster.instant_of(self.victim().accepted);
            if self.followed.accepted.saturating_duration_since(accepted) >= LATE {
                return Err(MachineSlept);
            }
            self.awake.set(asked);
            return Ok(true);
        }
        Err(MachineSlept)
    }

    /// How long ago the disruption was accepted.
    pub(super) fn elapsed(&self) -> Duration {
        self.since_accepted(self.context.platform.monotonic())
    }

    fn since_accepted(&self, instant: Instant) -> Duration {
        instant.saturating_duration_since(self.followed.accepted)
    }

    /// How long the recovery is followed after the disruption was accepted.
    pub(super) fn timeout(&self) -> Duration {
        self.followed.timeout
    }

    /// When the tracker may conclude although nothing is seen.
    pub(super) fn next_change(&self) -> Instant {
        self.followed.accepted + self.known.borrow().tracker.next_change()
    }

    /// Until when all changes of the pods are known.
    pub(super) fn known_until(&self) -> Instant {
        self.known.borrow().until
    }

    /// The scale as it was last read.
    pub(super) fn scale(&self) -> Option<WorkloadScale> {
        self.known.borrow().scale.clone()
    }

    /// Notes the answer to a request for the scale that was sent at `asked`. A changed number is judged by the next list, and
    /// so is the end of the recovery once the timeout has passed.
    pub(super) fn note_scale(&self, read: Result<OptionalRead<WorkloadScale>, ApiError>, asked: Instant) {
        let mut known = self.known.borrow_mut();
        let before = known.desired;
        match read {
            Ok(OptionalRead::Found(scale)) => {
                known.desired = DesiredReplicas::Known(scale.desired);
                known.scale = Some(scale);
            }
            Ok(OptionalRead::Missing) => {
                if before != DesiredReplicas::Unknown {
                    known.desired = DesiredReplicas::Gone;
                }
                known.scale = None;
            }
            // Nothing more will be known.
            Ok(OptionalRead::NotGranted) => {}
            Err(error) => {
                log::debug!("recovery of {}: {error}", self.victim().owner);
                // A number that was known may have changed since.
                if before != DesiredReplicas::Unknown {
                    return;
                }
            }
        }

        known.scale_asked = asked;
        let is_news = known.desired != before && known.tracker.is_begun();
        if is_news || asked >= self.followed.accepted + self.timeout() {
            self.list_wanted.notify_one();
        }
    }

    /// Notes the pods of a list, which shows everything up to `begun`, but not what happened since the pods were last known.
    pub(super) fn note_list(&self, pods: SiblingPods, begun: Instant, precision: RecoveryPrecision) {
        let mut known = self.known.borrow_mut();
        let until = self.since_accepted(known.until);
        known.tracker.note_gap(until);
        known.pods = pods;
        drop(known);
        self.note_confirmed(begun, precision);
    }

    /// Notes that the pods were at `begun`, or later, as they are known.
    pub(super) fn note_confirmed(&self, begun: Instant, precision: RecoveryPrecision) {
        let mut known = self.known.borrow_mut();
        known.until = begun;
        known.listed = begun;
        drop(known);
        self.observe(precision);
    }

    /// Whether the pods are known to be these.
    pub(super) fn knows(&self, pods: &SiblingPods) -> bool {
        self.known.borrow().pods == *pods
    }

    /// Notes a pod as it is now. Returns whether that changes what is known of the owner's pods: floods of other changes must
    /// be read faster than they come.
    pub(super) fn note_pod(&self, pod: &Pod) -> bool {
        let pods = &mut self.known.borrow_mut().pods;
        if pod.owner.as_ref() != Some(&self.victim().owner) {
            return remove(pods, pod);
        }

        let is_news = pods.get(&pod.id.uid) != Some(&SiblingPod::from(pod));
        if is_news {
            pods.add(pod);
        }
        is_news
    }

    /// Notes that a pod is gone. Returns whether it was one of the owner's.
    pub(super) fn note_gone(&self, pod: &Pod) -> bool {
        remove(&mut self.known.borrow_mut().pods, pod)
    }

    /// Notes that all changes up to now are known.
    pub(super) fn note_alive(&self) {
        self.known.borrow_mut().until = self.context.platform.monotonic();
    }

    /// Lets the tracker see the pods as they are known, and wakes the judge. Only what is seen concludes a recovery, never
    /// time alone: if nothing can be read, nothing is known of the pods.
    pub(super) fn observe(&self, precision: RecoveryPrecision) {
        let elapsed = self.elapsed();
        let mut known = self.known.borrow_mut();
        let asked = LastAsked {
            pods: self.since_accepted(known.listed),
            desired: self.since_accepted(known.scale_asked),
        };
        let Known {
            tracker,
            pods,
            desired,
            ..
        } = &mut *known;
        tracker.observe(pods, *desired, asked, elapsed, precision);
        let report = tracker.report(elapsed);

        // Before the owner counts as whole or as deleted, the number that it wants is read again.
        let wants_scale = report.ready >= report.target || known.pods.count().live == 0;
        if wants_scale && !known.wants_scale {
            self.scale_wanted.notify_one();
        }
        known.wants_scale = wants_scale;
        if report.verdict.is_some() {
            known.concluded.get_or_insert(report);
        } else {
            let stuck = known.tracker.take_stuck(elapsed);
            known.stuck.extend(stuck);
        }
        self.seen.notify_one();
    }

    /// Notes that changes may be missed until the pods are listed again.
    pub(super) fn interrupt(&self) {
        let mut known = self.known.borrow_mut();
        let until = self.since_accepted(known.until);
        known.tracker.interrupt(until);
    }

    /// The next report of a replacement that is stuck.
    pub(super) fn take_stuck(&self) -> Option<RecoveryReport> {
        self.known.borrow_mut().stuck.pop()
    }

    /// The report with the verdict, if there is one.
    pub(super) fn conclusion(&self) -> Option<RecoveryReport> {
        self.known.borrow().concluded.clone()
    }

    /// The report of a recovery of which nothing could be read for too long.
    pub(super) fn give_up(&self) -> RecoveryReport {
        let mut report = self.known.borrow().tracker.report(self.elapsed());
        report.verdict.get_or_insert(RecoveryVerdict::Unwatched);
        report
    }
}

/// Removes `pod`; returns whether it was one of `pods`.
fn remove(pods: &mut SiblingPods, pod: &Pod) -> bool {
    let was_there = pods.contains(&pod.id.uid);
    pods.remove(&pod.id.uid);
    was_there
}
