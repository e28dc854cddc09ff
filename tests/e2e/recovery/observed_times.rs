//! The times of a recovery as the test's own watch has seen them, and how those of a report compare.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::pod_observer::PodEvent;
use crate::test_namespace::uid;
use crate::workload::is_ready;

/// How long an owner has to be whole at a stretch.
const SPAN: Duration = Duration::from_secs(5);

/// When each phase of a recovery ended, in milliseconds since the victim was seen to be disrupted.
pub(super) struct ObservedTimes {
    /// The name of the replacement.
    pub(super) replacement: Option<String>,
    times: BTreeMap<&'static str, u64>,
}

impl ObservedTimes {
    /// The recovery from the disruption of the pod with the UID `victim`.
    ///
    /// The clock starts when the pod is seen to be terminating: an eviction is answered once that is stored. Its replacement
    /// is the next pod that is created, by an owner whose pods do not change otherwise. All pods of the namespace are the
    /// owner's.
    pub(super) fn of(victim: &str, events: &[PodEvent]) -> Self {
        let is_disruption = |event: &PodEvent| uid(&event.pod) == victim && is_terminating(&event.pod);
        let first = events.iter().position(is_disruption);
        let (before, after) = events.split_at(first.expect("the victim was seen to be disrupted"));
        let start = after[0].at;
        let known: BTreeSet<_> = before.iter().map(|event| uid(&event.pod)).collect();
        let of_victim = after.iter().filter(|event| uid(&event.pod) == victim);
        let added = after
            .iter()
            .find(|event| event.kind == "ADDED" && !known.contains(&uid(&event.pod)));
        let replacement = added.map(|event| uid(&event.pod));
        let of_replacement = || {
            let is_its = |event: &&PodEvent| Some(uid(&event.pod)) == replacement;
            after.iter().filter(is_its)
        };

        let gone = of_victim.clone().find(|event| event.kind == "DELETED");
        let is_scheduled = |event: &&PodEvent| has_condition(&event.pod, "PodScheduled");
        let are_containers_ready = |event: &&PodEvent| has_condition(&event.pod, "ContainersReady");
        let is_replaced = |event: &&PodEvent| is_ready(&event.pod) && !is_terminating(&event.pod);
        let seen = [
            ("gone_ms", gone.map(|event| event.at)),
            ("created_ms", added.map(|event| event.at)),
            (
                "scheduled_ms",
                of_replacement().find(is_scheduled).map(|event| event.at),
            ),
            (
                "containers_ready_ms",
                of_replacement().find(are_containers_ready).map(|event| event.at),
            ),
            (
                "ready_ms",
                of_replacement().find(is_replaced).map(|event| event.at),
            ),
            ("whole_ms", whole(before, after)),
        ];
        let since_start = |at: Instant| u64::try_from((at - start).as_millis()).unwrap();
        let times = seen
            .into_iter()
            .filter_map(|(name, at)| Some((name, since_start(at?))));

        Self {
            replacement: added.map(|event| event.pod["metadata"]["name"].as_str().unwrap().to_owned()),
            times: times.collect(),
        }
    }

    /// The time of this name.
    pub(super) fn get(&self, name: &str) -> u64 {
        self.times[name]
    }

    /// Those of the report's `times` that are earlier than these by more than `tolerance`, or later by more than
    /// `tolerance` and `lateness`, and those that only one side has.
    pub(super) fn disagreements(&self, times: &Value, tolerance: u64, lateness: u64) -> Vec<String> {
        let told: BTreeMap<_, _> = times
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, time)| (name.as_str(), time.as_u64().unwrap()))
            .collect();
        let names: BTreeSet<_> = told.keys().chain(self.times.keys()).copied().collect();
        let agrees = |name: &str| match (told.get(name), self.times.get(name)) {
            (Some(told), Some(seen)) => {
                (seen.saturating_sub(tolerance)..=seen + tolerance + lateness).contains(told)
            }
            _ => false,
        };

        names
            .into_iter()
            .filter(|name| !agrees(name))
            .map(|name| {
                let (told, seen) = (told.get(name), self.times.get(name));
                format!("{name}: {told:?} told, {seen:?} seen")
            })
            .collect()
    }
}

/// The first instant of a span in which as many pods are ready as were before.
fn whole(before: &[PodEvent], after: &[PodEvent]) -> Option<Instant> {
    let mut ready = BTreeSet::new();
    for event in before {
        note_readiness(&mut ready, event);
    }

    let enough = ready.len();
    let mut since: Option<Instant> = None;
    for event in after {
        if since.is_some_and(|since| event.at - since >= SPAN) {
            break;
        }
        note_readiness(&mut ready, event);
        since = (ready.len() >= enough).then(|| since.unwrap_or(event.at));
    }
    since
}

fn note_readiness(ready: &mut BTreeSet<String>, event: &PodEvent) {
    let pod = &event.pod;
    if event.kind != "DELETED" && is_ready(pod) && !is_terminating(pod) {
        ready.insert(uid(pod));
    } else {
        ready.remove(&uid(pod));
    }
}

fn is_terminating(pod: &Value) -> bool {
    !pod["metadata"]["deletionTimestamp"].is_null()
}

fn has_condition(pod: &Value, kind: &str) -> bool {
    let conditions = pod["status"]["conditions"].as_array();
    conditions
        .into_iter()
        .flatten()
        .any(|condition| condition["type"] == kind && condition["status"] == "True")
}
