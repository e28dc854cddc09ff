//! Keeps the status of PodDisruptionBudgets up to date: expected, desired and healthy pods, and allowed disruptions.
//!
//! The rules are those of `pkg/controller/disruption/disruption.go`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::api::budget_policy;
use crate::store::object;
use crate::store::state::ClusterState;

/// How long an evicted pod that is not terminating counts as disrupted (`DeletionTimeout`).
const DELETION_TIMEOUT: SignedDuration = SignedDuration::from_mins(2);
/// How often a budget is checked while it waits for a deletion.
const RECHECK_INTERVAL: Duration = Duration::from_secs(1);

/// How many pods a budget expects to exist, and how many of them must be healthy.
#[derive(Debug, Clone, Copy)]
struct ExpectedPods {
    expected: i64,
    desired: i64,
}

/// Brings every budget up to date; returns when the budgets must be checked again.
pub(super) fn sync(state: &mut ClusterState) -> Option<Instant> {
    let mut awaits_deletion = false;
    for budget in state.store.list("PodDisruptionBudget", None) {
        let pods = covered_pods(state, &budget);
        let now = state.now();
        let synced = match expected_pods(state, &budget, &pods) {
            Ok(expected) => updated(&budget, &pods, expected, now),
            Err(why) => fail_safe(&budget, &why, now),
        };

        awaits_deletion |= synced.pointer("/status/disruptedPods").is_some();
        if synced != *budget {
            state.store.put("PodDisruptionBudget", synced);
        }
    }
    awaits_deletion.then(|| Instant::now() + RECHECK_INTERVAL)
}

fn covered_pods(state: &ClusterState, budget: &Value) -> Vec<Arc<Value>> {
    let Some(selector) = budget_policy::pod_selector(budget) else {
        return Vec::new();
    };
    let mut pods = state.store.list("Pod", Some(object::namespace(budget)));
    pods.retain(|pod| selector.matches(object::labels(pod)));
    pods
}

/// The pods that a budget expects, or why they cannot be counted (`getExpectedPodCount`).
fn expected_pods(state: &ClusterState, budget: &Value, pods: &[Arc<Value>]) -> Result<ExpectedPods, String> {
    let max_unavailable = &budget["spec"]["maxUnavailable"];
    if !max_unavailable.is_null() {
        let expected = expected_scale(state, pods)?;
        let unavailable = int_or_percent(max_unavailable, expected)?;
        let desired = (expected - unavailable).max(0);
        return Ok(ExpectedPods { expected, desired });
    }

    match &budget["spec"]["minAvailable"] {
        Value::Null => Ok(ExpectedPods {
            expected: 0,
            desired: 0,
        }),
        // A plain number needs no scale, so only this form works for pods of any owner.
        Value::Number(number) => Ok(ExpectedPods {
            expected: i64::try_from(pods.len()).unwrap_or(i64::MAX),
            desired: number.as_i64().unwrap_or_default(),
        }),
        percent => {
            let expected = expected_scale(state, pods)?;
            let desired = int_or_percent(percent, expected)?;
            Ok(ExpectedPods { expected, desired })
        }
    }
}

/// A number, or a percentage of a total, rounded up.
pub(super) fn int_or_percent(amount: &Value, total: i64) -> Result<i64, String> {
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

/// The replicas that all controllers of the pods ask for; pods without a controller do not count.
fn expected_scale(state: &ClusterState, pods: &[Arc<Value>]) -> Result<i64, String> {
    // By UID, because each controller counts only once.
    let mut scales: BTreeMap<String, i64> = BTreeMap::new();
    for pod in pods {
        let Some(owner) = object::controller_of(pod) else {
            continue;
        };

        let controller = scaled_controller(state, pod, owner)?;
        let replicas = object::number(&controller, "/spec/replicas");
        scales.insert(object::uid(&controller).to_owned(), replicas);
    }
    Ok(scales.values().sum())
}

/// The workload whose scale counts for a pod: for a pod of a Deployment's ReplicaSet, the Deployment.
fn scaled_controller(state: &ClusterState, pod: &Value, owner: &Value) -> Result<Arc<Value>, String> {
    let not_found = || format!("found no controllers for pod {:?}", object::name(pod));
    let find = |reference: &Value| {
        let kind = object::text(reference, "/kind");
        let name = object::text(reference, "/name");
        let found = state.store.get(kind, object::namespace(pod), name);
        // Another object of the same name is not the owner.
        let found = found.filter(|found| found["metadata"]["uid"] == reference["uid"]);
        found.ok_or_else(not_found)
    };

    match object::text(owner, "/kind") {
        "ReplicaSet" => {
            let set = find(owner)?;
            let deployment = object::controller_of(&set).filter(|owner| owner["kind"] == json!("Deployment"));
            deployment.map_or_else(|| Ok(set.clone()), find)
        }
        "StatefulSet" => find(owner),
        "DaemonSet" => Err("daemonsets.apps does not implement the scale subresource".to_owned()),
        "Job" => Err("jobs.batch does not implement the scale subresource".to_owned()),
        _ => Err(not_found()),
    }
}

/// The budget with its pods counted in the status.
fn updated(budget: &Value, pods: &[Arc<Value>], expected: ExpectedPods, now: Timestamp) -> Value {
    let ExpectedPods { expected, desired } = expected;
    let disrupted = disrupted_pods(budget, pods, now);
    let is_healthy = |pod: &&Arc<Value>| {
        !object::is_terminating(pod) && !disrupted.contains_key(object::name(pod)) && object::is_ready(pod)
    };
    let healthy = i64::try_from(pods.iter().filter(is_healthy).count()).unwrap_or(i64::MAX);
    // A budget that expects no pods allows nothing.
    let allowed = if expected > 0 {
        (healthy - desired).max(0)
    } else {
        0
    };

    let mut budget = budget.clone();
    budget["status"] = json!({
        "observedGeneration": object::number(&budget, "/metadata/generation"), "expectedPods": expected,
        "desiredHealthy": desired, "currentHealthy": healthy, "disruptionsAllowed": allowed,
        "conditions": object::list(&budget, "/status/conditions"),
    });
    if !disrupted.is_empty() {
        budget["status"]["disruptedPods"] = json!(disrupted);
    }
    budget_policy::set_disruption_allowed(&mut budget, now);
    budget
}

/// The evicted pods whose deletion has not been seen yet (`buildDisruptedPodMap`).
fn disrupted_pods(budget: &Value, pods: &[Arc<Value>], now: Timestamp) -> Map<String, Value> {
    let is_awaited = |name: &str, since: &Value| {
        let pod = pods.iter().find(|pod| object::name(pod) == name);
        if pod.is_none_or(|pod| object::is_terminating(pod)) {
            return false;
        }
        let since = object::parse_time(since.as_str().unwrap_or_default());
        let limit = since.and_then(|since| since.checked_add(DELETION_TIMEOUT).ok());
        limit.is_some_and(|limit| limit >= now)
    };

    let noted = budget.pointer("/status/disruptedPods").and_then(Value::as_object);
    let awaited = noted
        .into_iter()
        .flatten()
        .filter(|(name, since)| is_awaited(name, since));
    awaited
        .map(|(name, since)| (name.clone(), since.clone()))
        .collect()
}

/// The budget when its pods cannot be counted: it allows nothing, and its `observedGeneration` stays (`failSafe`).
fn fail_safe(budget: &Value, why: &str, now: Timestamp) -> Value {
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
