//! Decides whether the budgets that cover a pod permit its eviction.
//!
//! These functions do not touch the cluster state: objects in, a permission or a refusal out. The rules and the
//! messages are those of `pkg/registry/core/pod/storage/eviction.go`.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::selectors::labels::LabelSelector;
use crate::store::object;
use crate::wire::status_error::StatusError;

/// A budget permits no evictions while more pods than this wait for their deletion (`MaxDisruptedPodSize`).
const MAX_DISRUPTED_PODS: usize = 2000;

const REFUSAL: &str = "Cannot evict pod as it would violate the pod's disruption budget.";

/// The reason why a pod may be evicted.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum EvictionPermission {
    /// The pod does not run or is already terminating, so budgets are not consulted.
    BudgetNotConsulted,
    /// No budget covers the pod.
    NoBudget,
    /// A budget covers the pod, and permits the eviction of pods that are not ready.
    UnhealthyPodAllowed,
    /// The eviction spends one of this budget's disruptions.
    SpendsDisruption(Arc<Value>),
}

/// Judges a pod against the budgets of its namespace.
pub(crate) fn permit_eviction(
    pod: &Value,
    budgets: &[Arc<Value>],
) -> Result<EvictionPermission, StatusError> {
    let does_not_run = matches!(object::phase(pod), "Succeeded" | "Failed" | "Pending");
    if does_not_run || object::is_terminating(pod) {
        return Ok(EvictionPermission::BudgetNotConsulted);
    }

    let covering: Vec<&Arc<Value>> = budgets.iter().filter(|budget| covers(budget, pod)).collect();
    let budget = match covering.as_slice() {
        [] => return Ok(EvictionPermission::NoBudget),
        [only] => *only,
        [_, _, ..] => {
            let message = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
            return Err(StatusError::new(500, "", message));
        }
    };

    if !object::is_ready(pod) && allows_unhealthy_pods(budget) {
        return Ok(EvictionPermission::UnhealthyPodAllowed);
    }
    check_disruptions_allowed(budget)?;
    Ok(EvictionPermission::SpendsDisruption(budget.clone()))
}

fn covers(budget: &Value, pod: &Value) -> bool {
    pod_selector(budget).is_some_and(|selector| selector.matches(object::labels(pod)))
}

/// The selector of a budget. A budget with a missing or invalid selector covers nothing.
pub(crate) fn pod_selector(budget: &Value) -> Option<LabelSelector> {
    LabelSelector::from_object(budget.pointer("/spec/selector"))
        .ok()
        .flatten()
}

/// Whether the `unhealthyPodEvictionPolicy` permits the eviction of pods that are not ready.
fn allows_unhealthy_pods(budget: &Value) -> bool {
    let healthy = object::number(budget, "/status/currentHealthy");
    let desired = object::number(budget, "/status/desiredHealthy");
    let always = object::text(budget, "/spec/unhealthyPodEvictionPolicy") == "AlwaysAllow";
    always || (healthy >= desired && desired > 0)
}

/// Refuses unless the budget is up to date and has a disruption left.
fn check_disruptions_allowed(budget: &Value) -> Result<(), StatusError> {
    let name = object::name(budget);
    let observed = object::number(budget, "/status/observedGeneration");
    if observed < object::number(budget, "/metadata/generation") {
        // The budget's controller has not seen the latest spec yet. A real server also asks to wait ten seconds.
        let cause = format!("The disruption budget {name} is still being processed by the server.");
        return Err(too_many_requests(&cause).with_retry_after(10));
    }

    let allowed = object::number(budget, "/status/disruptionsAllowed");
    if allowed < 0 {
        let why = "pdb disruptions allowed is negative";
        return Err(forbidden(name, why, why));
    }

    let disrupted = budget
        .pointer("/status/disruptedPods")
        .and_then(Value::as_object)
        .map_or(0, |pods| pods.len());
    if disrupted > MAX_DISRUPTED_PODS {
        let why = "DisruptedPods map too big - too many evictions not confirmed by PDB controller";
        let cause = "too many pending evictions not confirmed by PDB controller";
        return Err(forbidden(name, why, cause));
    }

    if allowed == 0 {
        return Err(too_many_requests(&exhaustion_cause(budget)));
    }
    Ok(())
}

fn too_many_requests(cause: &str) -> StatusError {
    StatusError::new(429, "TooManyRequests", REFUSAL).with_cause("DisruptionBudget", cause, "")
}

fn forbidden(name: &str, why: &str, cause: &str) -> StatusError {
    let cause = format!("The disruption budget {name} does not allow evicting pods currently: {cause}");
    let refusal = StatusError::forbidden("policy", "poddisruptionbudget", name, why);
    refusal.with_cause("DisruptionBudget", &cause, "")
}

/// Explains why a budget has no disruption left: by its numbers or, if they do not explain it, by its condition.
fn exhaustion_cause(budget: &Value) -> String {
    let name = object::name(budget);
    let condition = object::condition(budget, "DisruptionAllowed");
    let condition = condition.filter(|condition| condition["status"] == json!("False"));
    let reason = condition.map_or("", |condition| object::text(condition, "/reason"));
    let message = condition.map_or("", |condition| object::text(condition, "/message"));

    if reason == "SyncFailed" && !message.is_empty() {
        return format!(
            "The disruption budget {name} does not allow evicting pods currently because it failed sync: {message}"
        );
    }

    let healthy = object::number(budget, "/status/currentHealthy");
    let desired = object::number(budget, "/status/desiredHealthy");
    if healthy <= desired {
        return format!(
            "The disruption budget {name} needs {desired} healthy pods and has {healthy} currently"
        );
    }
    if message.is_empty() {
        return format!("The disruption budget {name} does not allow evicting pods currently");
    }
    format!("The disruption budget {name} does not allow evicting pods currently ({reason}): {message}")
}

/// The budget after one disruption, with the pod added to `disruptedPods`.
///
/// The entry keeps the disruption controller from counting the pod as healthy until it sees the deletion.
pub(crate) fn spend_disruption(budget: &Value, pod: &str, now: Timestamp) -> Value {
    let left = object::number(budget, "/status/disruptionsAllowed") - 1;
    let mut budget = budget.clone();
    budget["status"]["disruptionsAllowed"] = json!(left);
    object::member(&mut budget["status"], "disruptedPods")
        .insert(pod.to_owned(), json!(object::format_time(now)));

    if left == 0 {
        set_disruption_allowed(&mut budget, now);
    }
    budget
}

/// Updates the condition `DisruptionAllowed` to match the numbers.
pub(crate) fn set_disruption_allowed(budget: &mut Value, now: Timestamp) {
    let is_allowed = object::number(budget, "/status/disruptionsAllowed") > 0;
    let (status, reason) = if is_allowed {
        ("True", "SufficientPods")
    } else {
        ("False", "InsufficientPods")
    };

    let observed = object::number(budget, "/status/observedGeneration");
    let condition = json!({
        "type": "DisruptionAllowed", "status": status, "reason": reason, "message": "", "observedGeneration": observed,
    });
    object::set_condition(budget, condition, now);
}
