//! When each owner of the shop was whole, from the history of its pods.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use kube_sandbox::ObjectChange;
use serde_json::Value;

/// When each owner began or ceased to be whole, and when each pod's end began.
#[derive(Default)]
pub(crate) struct WholenessHistory {
    owners: BTreeMap<String, Vec<(Timestamp, bool)>>,
    ends: BTreeMap<String, Timestamp>,
}

/// An owner as far as the history was read.
#[derive(Default)]
struct OwnerState {
    /// Of each live pod, by its UID, whether it is ready.
    pods: BTreeMap<String, bool>,
    wanted: usize,
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
            state.wanted = usize::try_from(wanted).unwrap_or_default();
        }

        let is_whole = state.pods.len() == state.wanted && state.pods.values().all(|ready| *ready);
        let stretches = self.owners.entry(owner.to_owned()).or_default();
        if stretches.last().is_none_or(|(_, was)| *was != is_whole) {
            stretches.push((change.at, is_whole));
        }
    }

    /// When the end of a pod began, if it has.
    pub(crate) fn ended(&self, uid: &str) -> Option<Timestamp> {
        self.ends.get(uid).copied()
    }

    /// The longest time without a break that an owner was whole between two instants.
    pub(crate) fn longest(&self, owner: &str, from: Timestamp, to: Timestamp) -> SignedDuration {
        let stretches = self.owners.get(owner).map_or(&[][..], Vec::as_slice);
        let ends = stretches.iter().skip(1).map(|(at, _)| *at).chain([to]);
        let whole = stretches.iter().zip(ends).filter(|((_, is_whole), _)| *is_whole);
        let lengths = whole.map(|((begun, _), end)| end.min(to).duration_since((*begun).max(from)));
        lengths.max().unwrap_or_default().max(SignedDuration::ZERO)
    }
}

fn is_ready(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    conditions
        .iter()
        .any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
}
