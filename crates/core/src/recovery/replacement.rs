//! Notes the pods that may replace the victim: how far each has come, and when.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::mem;
use std::time::Duration;

use super::RecoveryTimes;
use super::times::{Moment, ObjectClock, millis};
use super::wholeness::OwnerView;
use crate::pod::{PodTrouble, ReplicaState};
use crate::siblings::SiblingPod;

/// The maximum number of pods whose progress is noted at a time: one of them is the replacement, and others may come from
/// an autoscaler or from other disruptions.
const MAX_NOTED: usize = 20;

/// A pod that may replace the victim.
#[derive(Debug, Clone)]
pub(super) struct Replacement {
    pub name: String,
    /// What keeps the pod from becoming ready.
    pub trouble: Option<PodTrouble>,
    is_ready: bool,
    created: Moment,
    scheduled: Option<Moment>,
    containers_ready: Option<Moment>,
    ready: Option<Moment>,
}

/// The pods that may replace the victim, as they were last seen.
#[derive(Debug, Clone, Default)]
pub(super) struct Replacements {
    by_uid: BTreeMap<String, Replacement>,
}

impl Replacements {
    /// Notes the pods that may replace the victim, as they were seen at `seen`. Those that are gone, or count no
    /// more, are forgotten.
    pub(super) fn note(&mut self, view: OwnerView<'_>, seen: Duration) {
        let found = view.pods.pods().filter(|pod| view.may_replace(*pod));
        let mut found: Vec<_> = found.collect();
        found.sort_by_key(|(uid, pod)| {
            let is_noted = self.by_uid.contains_key(*uid);
            (
                Reverse(view.rule.is_ready(pod)),
                Reverse(is_noted),
                pod.created,
                *uid,
            )
        });
        found.truncate(MAX_NOTED);

        let mut before = mem::take(&mut self.by_uid);
        for (uid, pod) in found {
            let created = || Replacement::new(pod, view.clock, seen);
            let mut replacement = before.remove(uid).unwrap_or_else(created);
            replacement.note(view, pod, seen);
            self.by_uid.insert(uid.to_owned(), replacement);
        }
    }

    /// The replacement: of several pods the one that has come furthest, or was created first.
    pub(super) fn furthest(&self) -> Option<&Replacement> {
        let by_progress = |replacement: &&Replacement| {
            let progress = (
                replacement.is_ready,
                replacement.ready.is_some(),
                replacement.containers_ready.is_some(),
                replacement.scheduled.is_some(),
            );
            let since = replacement.ready.map(|ready| ready.at);
            (Reverse(progress), since, replacement.created.at)
        };
        self.by_uid.values().min_by_key(by_progress)
    }
}

impl Replacement {
    fn new(pod: &SiblingPod, clock: ObjectClock, seen: Duration) -> Self {
        Self {
            name: pod.name.clone(),
            trouble: None,
            is_ready: false,
            created: clock.moment(seen, pod.created),
            scheduled: None,
            containers_ready: None,
            ready: None,
        }
    }

    /// Notes the pod as it was seen at `seen`. No phase ends before the one that precedes it.
    fn note(&mut self, view: OwnerView<'_>, pod: &SiblingPod, seen: Duration) {
        self.is_ready = view.rule.is_ready(pod);
        self.trouble = pod.progress.trouble.clone().filter(|_| !self.is_ready);
        let progress = &pod.progress;
        let is_scheduled = progress.scheduled.is_some() || pod.node.is_some();
        let are_containers_ready = progress.containers_ready.is_some() || pod.state == ReplicaState::Ready;
        let ready_since = pod.ready_changed.filter(|_| pod.state == ReplicaState::Ready);

        let mut earliest = self.created.at;
        let mut end = |phase: &mut Option<Moment>, is_over: bool, since| {
            if is_over && phase.is_none() {
                *phase = Some(view.clock.moment(seen, since).not_before(earliest));
            }
            earliest = phase.map_or(earliest, |over| earliest.max(over.at));
        };
        end(&mut self.scheduled, is_scheduled, progress.scheduled);
        end(
            &mut self.containers_ready,
            are_containers_ready,
            progress.containers_ready,
        );
        end(&mut self.ready, self.is_ready, ready_since);
    }

    /// When the pod was ready for the first time.
    pub(super) fn ready_at(&self) -> Option<Duration> {
        self.ready.map(|ready| ready.at)
    }

    /// The times of the replacement's phases.
    pub(super) fn times(&self) -> RecoveryTimes {
        let at = |moment: Option<Moment>| moment.map(|moment| millis(moment.at));
        RecoveryTimes {
            created_ms: at(Some(self.created)),
            scheduled_ms: at(self.scheduled),
            containers_ready_ms: at(self.containers_ready),
            ready_ms: at(self.ready),
            ..RecoveryTimes::default()
        }
    }
}
