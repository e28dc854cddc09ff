//! Decides whether an eviction is permitted by the budgets over its pod. Pure: objects in, a permission or a refusal out.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::selectors::labels::LabelSelector;
use crate::store::object;
use crate::wire::status_error::StatusError;

/// More pods than this waiting for their end under one budget, and the server asks for patience.
const MOST_DISRUPTED_PODS: usize = 2000;
const REFUSAL: &str = "Cannot evict pod as it would violate the pod's disruption budget.";

/// Why a pod may go.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum EvictionPermission {
    /// No budget is asked: the pod is not running, or on its way out.
    BudgetNotConsulted,
    /// No budget covers the pod.
    NoBudget,
    /// A budget covers it but loses nothing by a pod that is not ready.
    UnhealthyPodAllowed,
    /// One disruption of this budget is to be spent.
    SpendsDisruption(Arc<Value>),
}

/// Judges a pod against the budgets of its namespace.
pub(crate) fn judge(pod: &Value, budgets: &[Arc<Value>]) -> Result<EvictionPermission, StatusError> {
    let bypasses = matches!(object::phase(pod), "Succeeded" | "Failed" | "Pending");
    if bypasses || object::is_terminating(pod) {
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
    if !object::is_ready(pod) && allows_unhealthy(budget) {
        return Ok(EvictionPermission::UnhealthyPodAllowed);
    }
    permit(budget)?;
    Ok(EvictionPermission::SpendsDisruption(budget.clone()))
}

fn covers(budget: &Value, pod: &Value) -> bool {
    selector(budget).is_some_and(|selector| selector.matches(object::labels(pod)))
}

/// A budget without a selector, or with one that cannot be read, covers nothing.
pub(crate) fn selector(budget: &Value) -> Option<LabelSelector> {
    LabelSelector::from_object(budget.pointer("/spec/selector"))
        .ok()
        .flatten()
}

fn allows_unhealthy(budget: &Value) -> bool {
    let always = object::text(budget, "/spec/unhealthyPodEvictionPolicy") == "AlwaysAllow";
    let (healthy, desired) = health(budget);
    always || (healthy >= desired && desired > 0)
}

fn health(budget: &Value) -> (i64, i64) {
    (
        object::number(budget, "/status/currentHealthy"),
        object::number(budget, "/status/desiredHealthy"),
    )
}

fn permit(budget: &Value) -> Result<(), StatusError> {
    let name = object::name(budget);
    if object::number(budget, "/status/observedGeneration") < object::number(budget, "/metadata/generation") {
        return Err(still_processed(name));
    }
    let allowed = object::number(budget, "/status/disruptionsAllowed");
    if allowed < 0 {
        return Err(misused(
            name,
            "pdb disruptions allowed is negative",
            "pdb disruptions allowed is negative",
        ));
    }
    let waiting = budget
        .pointer("/status/disruptedPods")
        .and_then(Value::as_object)
        .map_or(0, |pods| pods.len());
    if waiting > MOST_DISRUPTED_PODS {
        let why = "DisruptedPods map too big - too many evictions not confirmed by PDB controller";
        return Err(misused(
            name,
            why,
            "too many pending evictions not confirmed by PDB controller",
        ));
    }
    if allowed == 0 {
        return Err(refused(&exhausted(budget)));
    }
    Ok(())
}

/// The budget's controller has not yet seen its latest form.
fn still_processed(name: &str) -> StatusError {
    refused(&format!(
        "The disruption budget {name} is still being processed by the server."
    ))
    .retry_after(10)
}

fn refused(cause: &str) -> StatusError {
    StatusError::new(429, "TooManyRequests", REFUSAL).cause("DisruptionBudget", cause, "")
}

fn misused(name: &str, why: &str, cause: &str) -> StatusError {
    let cause = format!("The disruption budget {name} does not allow evicting pods currently: {cause}");
    StatusError::forbidden("policy", "poddisruptionbudget", name, why).cause("DisruptionBudget", &cause, "")
}

/// Says why a budget with nothing left has nothing left.
fn exhausted(budget: &Value) -> String {
    let name = object::name(budget);
    let (healthy, desired) = health(budget);
    let told = object::condition(budget, "DisruptionAllowed").filter(|condition| {
        condition["status"] == json!("False") && !object::text(condition, "/message").is_empty()
    });
    let said = told.map(|condition| {
        (
            object::text(condition, "/reason"),
            object::text(condition, "/message"),
        )
    });
    match said {
        Some(("SyncFailed", message)) => format!(
            "The disruption budget {name} does not allow evicting pods currently because it failed sync: {message}"
        ),
        _ if healthy <= desired => {
            format!("The disruption budget {name} needs {desired} healthy pods and has {healthy} currently")
        }
        Some((reason, message)) => {
            format!(
                "The disruption budget {name} does not allow evicting pods currently ({reason}): {message}"
            )
        }
        None => format!("The disruption budget {name} does not allow evicting pods currently"),
    }
}

/// The budget after one disruption, with the pod noted as about to go.
pub(crate) fn spent(budget: &Value, pod: &str, now: Timestamp) -> Value {
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

/// Brings the condition `DisruptionAllowed` in line with the numbers.
pub(crate) fn set_disruption_allowed(budget: &mut Value, now: Timestamp) {
    let allowed = object::number(budget, "/status/disruptionsAllowed") > 0;
    let (status, reason) = if allowed {
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
