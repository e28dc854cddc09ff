//! Keeps the status of PodDisruptionBudgets: how many pods they expect, need, have and can spare.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use crate::api::budget_policy;
use crate::store::object;
use crate::store::state::ClusterState;

/// A pod that was evicted and still is not terminating after this is no longer taken to be going.
const DELETION_TIMEOUT: SignedDuration = SignedDuration::from_mins(2);

/// Brings every budget up to date and says when one must be looked at again.
pub(super) fn sync(state: &mut ClusterState) -> Option<Instant> {
    let mut waits = false;
    for budget in state.store.list("PodDisruptionBudget", None) {
        let pods = covered(state, &budget);
        let now = state.now();
        let synced = match expectation(state, &budget, &pods) {
            Ok((expected, desired)) => counted(&budget, &pods, expected, desired, now),
            Err(why) => failed(&budget, &why, now),
        };
        waits |= synced.pointer("/status/disruptedPods").is_some();
        if synced != *budget {
            state.store.put("PodDisruptionBudget", synced);
        }
    }
    waits.then(|| Instant::now() + Duration::from_secs(1))
}

fn covered(state: &ClusterState, budget: &Value) -> Vec<Arc<Value>> {
    let Some(selector) = budget_policy::selector(budget) else {
        return Vec::new();
    };
    let mut pods = state.store.list("Pod", Some(object::namespace(budget)));
    pods.retain(|pod| selector.matches(object::labels(pod)));
    pods
}

/// The pods that are expected and those that must be healthy.
fn expectation(state: &ClusterState, budget: &Value, pods: &[Arc<Value>]) -> Result<(i64, i64), String> {
    let spec = &budget["spec"];
    if !spec["maxUnavailable"].is_null() {
        let expected = scale(state, pods)?;
        let spared = share(&spec["maxUnavailable"], expected)?;
        return Ok((expected, (expected - spared).max(0)));
    }
    match &spec["minAvailable"] {
        Value::Null => Ok((0, 0)),
        Value::Number(number) => {
            let expected = i64::try_from(pods.len()).unwrap_or(i64::MAX);
            Ok((expected, number.as_i64().unwrap_or_default()))
        }
        percent => {
            let expected = scale(state, pods)?;
            Ok((expected, share(percent, expected)?))
        }
    }
}

/// A number, or a percentage of a total, rounded up.
fn share(amount: &Value, total: i64) -> Result<i64, String> {
    if let Some(number) = amount.as_i64() {
        return Ok(number);
    }
    let text = amount.as_str().unwrap_or_default();
    let percent = text
        .strip_suffix('%')
        .ok_or("invalid type: string is not a percentage")?;
    let percent: i64 = percent
        .parse()
        .map_err(|_| format!("invalid value {text:?}: invalid syntax"))?;
    Ok((percent * total + 99) / 100)
}

/// The replicas asked for by all the controllers of the pods; pods without one do not count.
fn scale(state: &ClusterState, pods: &[Arc<Value>]) -> Result<i64, String> {
    let mut scales: BTreeMap<String, i64> = BTreeMap::new();
    for pod in pods {
        let Some(owner) = object::controller_of(pod) else {
            continue;
        };
        let (uid, replicas) = scale_of(state, pod, owner)?;
        scales.insert(uid, replicas);
    }
    Ok(scales.values().sum())
}

fn scale_of(state: &ClusterState, pod: &Value, owner: &Value) -> Result<(String, i64), String> {
    let nobody = || format!("found no controllers for pod {:?}", object::name(pod));
    let namespace = object::namespace(pod);
    let find = |reference: &Value| {
        let kind = object::text(reference, "/kind");
        let found = state
            .store
            .get(kind, namespace, object::text(reference, "/name"))?;
        (found["metadata"]["uid"] == reference["uid"]).then_some(found)
    };
    let replicas = |of: &Value| (object::uid(of).to_owned(), object::number(of, "/spec/replicas"));
    match object::text(owner, "/kind") {
        "ReplicaSet" => {
            let set = find(owner).ok_or_else(nobody)?;
            let deployment = object::controller_of(&set).filter(|above| above["kind"] == json!("Deployment"));
            match deployment {
                Some(above) => Ok(replicas(&*find(above).ok_or_else(nobody)?)),
                None => Ok(replicas(&set)),
            }
        }
        "StatefulSet" => Ok(replicas(&*find(owner).ok_or_else(nobody)?)),
        "DaemonSet" => Err("daemonsets.apps does not implement the scale subresource".to_owned()),
        "Job" => Err("jobs.batch does not implement the scale subresource".to_owned()),
        _ => Err(nobody()),
    }
}

fn counted(budget: &Value, pods: &[Arc<Value>], expected: i64, desired: i64, now: Timestamp) -> Value {
    let disrupted = still_disrupted(budget, pods, now);
    let is_healthy = |pod: &&Arc<Value>| {
        !object::is_terminating(pod) && !disrupted.contains_key(object::name(pod)) && object::is_ready(pod)
    };
    let healthy = i64::try_from(pods.iter().filter(is_healthy).count()).unwrap_or(i64::MAX);
    let allowed = if expected > 0 {
        (healthy - desired).max(0)
    } else {
        0
    };
    let mut budget = budget.clone();
    let conditions = budget["status"]["conditions"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    budget["status"] = json!({
        "observedGeneration": object::number(&budget, "/metadata/generation"), "expectedPods": expected,
        "desiredHealthy": desired, "currentHealthy": healthy, "disruptionsAllowed": allowed,
        "conditions": conditions,
    });
    if !disrupted.is_empty() {
        budget["status"]["disruptedPods"] = json!(disrupted);
    }
    budget_policy::set_disruption_allowed(&mut budget, now);
    budget
}

/// Evicted pods whose deletion is still to be seen.
fn still_disrupted(budget: &Value, pods: &[Arc<Value>], now: Timestamp) -> Map<String, Value> {
    let noted = budget.pointer("/status/disruptedPods").and_then(Value::as_object);
    let is_awaited = |name: &str, since: &Value| {
        let since = object::parse_time(since.as_str().unwrap_or_default());
        let pod = pods.iter().find(|pod| object::name(pod) == name);
        pod.is_some_and(|pod| !object::is_terminating(pod))
            && since
                .and_then(|since| since.checked_add(DELETION_TIMEOUT).ok())
                .is_some_and(|limit| limit >= now)
    };
    let noted = noted
        .into_iter()
        .flatten()
        .filter(|(name, since)| is_awaited(name, since));
    noted.map(|(name, since)| (name.clone(), since.clone())).collect()
}

/// A budget that cannot be counted allows nothing; it does not become up to date by that.
fn failed(budget: &Value, why: &str, now: Timestamp) -> Value {
    let mut budget = budget.clone();
    object::member(&mut budget, "status").insert("disruptionsAllowed".to_owned(), json!(0));
    let observed = object::number(&budget, "/status/observedGeneration");
    let condition = json!({
        "type": "DisruptionAllowed", "status": "False", "reason": "SyncFailed", "message": why,
        "observedGeneration": observed,
    });
    object::set_condition(&mut budget, condition, now);
    budget
}
