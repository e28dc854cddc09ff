//! When each owner of the shop was whole, from the history of its pods.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use kube_sandbox::ObjectChange;
use serde_json::Value;

/// How long before a disruption macaque may have read how many pods its owner wants: longer than a slow request takes.
const OLDEST_BASELINE: SignedDuration = SignedDuration::from_secs(120);

/// How many pods of each owner were ready, and when each pod's end began.
#[derive(Default)]
pub(crate) struct WholenessHistory {
    owners: BTreeMap<String, Vec<(Timestamp, PodCount)>>,
    ends: BTreeMap<String, Timestamp>,
}

/// How many pods of an owner are ready, and how many it wants.
#[derive(Clone, Copy, PartialEq, Eq)]
struct PodCount {
    ready: usize,
    wanted: usize,
}

/// An owner as far as the history was read.
#[derive(Default)]
struct OwnerState {
    /// Of each live pod, by its UID, whether it is ready.
    pods: BTreeMap<String, bool>,
    /// How many pods it wants, once that was read.
    wanted: Option<usize>,
}

impl WholenessHistory {
    /// Reads the changes of pods and workloads, in their order.
    pub(crate) fn of(changes: &[ObjectChange]) -> Self {
        let mut history = Self::default();
        let mut states = BTreeMap::<String, OwnerState>::new();
        for change in changes {
            history.note(change, &mut states);
        }
        history
    }

    fn note(&mut self, change: &ObjectChange, states: &mut BTreeMap<String, OwnerState>) {
        let object = &*change.after;
        let is_pod = change.kind == "Pod";
        let owner = if is_pod {
            "/metadata/labels/app"
        } else {
            "/metadata/name"
        };
        let Some(owner) = object.pointer(owner).and_then(Value::as_str) else {
            return;
        };

        let state = states.entry(owner.to_owned()).or_default();
        if is_pod {
            let uid = object["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
            if change.removed || object["metadata"]["deletionTimestamp"].is_string() {
                state.pods.remove(&uid);
                self.ends.entry(uid).or_insert(change.at);
            } else {
                state.pods.insert(uid, is_ready(object));
            }
        } else {
            let wanted = object["spec"]["replicas"].as_u64().unwrap_or(1);
            state.wanted = usize::try_from(wanted).ok();
        }
        let Some(wanted) = state.wanted else {
            return;
        };

        let count = PodCount {
            ready: state.pods.values().filter(|ready| **ready).count(),
            wanted,
        };
        let counts = self.owners.entry(owner.to_owned()).or_default();
        if counts.last().is_none_or(|(_, last)| *last != count) {
            counts.push((change.at, count));
        }
    }

    /// When the end of a pod began, if it has.
    pub(crate) fn ended(&self, uid: &str) -> Option<Timestamp> {
        self.ends.get(uid).copied()
    }

    /// The longest time without a break that an owner was whole between two instants, the first of them that of a
    /// disruption. Pods that were added since macaque looked at the owner are not waited for.
    pub(crate) fn longest(&self, owner: &str, from: Timestamp, to: Timestamp) -> SignedDuration {
        let counts = self.owners.get(owner).map_or(&[][..], Vec::as_slice);
        let after = counts.partition_point(|(at, _)| *at <= from);
        let oldest = counts.partition_point(|(at, _)| *at <= from - OLDEST_BASELINE);
        let baselines = &counts[oldest.saturating_sub(1)..after];
        let before = baselines.iter().map(|(_, count)| count.wanted).min();
        let before = before.unwrap_or_default();

        let mut longest = SignedDuration::ZERO;
        let mut whole_since = None;
        for (at, count) in counts {
            let at = (*at).clamp(from, to);
            if count.ready >= count.wanted.min(before) {
                whole_since.get_or_insert(at);
            } else if let Some(since) = whole_since.take() {
                longest = longest.max(at.duration_since(since));
            }
        }
        let last = whole_since.map(|since| to.duration_since(since));
        longest.max(last.unwrap_or_default())
    }
}

/// Whether a pod is ready, by its condition.
pub(crate) fn is_ready(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    conditions
        .iter()
        .any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
}
