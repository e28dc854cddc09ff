//! Reads PodDisruptionBudgets.

use std::collections::BTreeMap;

use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use macaque_core::budget::{Budget, BudgetCoverage, BudgetStatus, UnhealthyPodPolicy};

use super::wire::ObjectKind;
use super::{ApiError, Cluster, get};

impl Cluster {
    /// Lists the budgets in `namespace`, or in all namespaces if it is `None`.
    ///
    /// # Errors
    /// The budgets could not be listed; the error says so if the server does not know `policy/v1`.
    pub async fn budgets(&self, namespace: Option<&str>) -> Result<Vec<Budget>, ApiError> {
        let scope = namespace
            .map(|name| format!("/namespaces/{name}"))
            .unwrap_or_default();
        let what = || {
            format!(
                "list poddisruptionbudgets in {}",
                namespace.unwrap_or("all namespaces")
            )
        };

        let mut budgets = Vec::new();
        let mut after = String::new();

        loop {
            let path = format!("/apis/policy/v1{scope}/poddisruptionbudgets?limit=500{after}");
            let response = self.send(get(&path), self.access.deadlines.read, what).await?;
            if response.status == http::StatusCode::NOT_FOUND {
                let why = "the API server knows no policy/v1 (HTTP 404): it is older than 1.21, or not Kubernetes at all"
                    .to_owned();
                return Err(ApiError::Unexpected { what: what(), why });
            }

            let push = |object: PodDisruptionBudget| budgets.push(budget(object));
            let metadata = response.into_items(&[ObjectKind::BUDGET_LIST], what, push)?;
            let Some(token) = metadata.next.filter(|token| !token.is_empty()) else {
                return Ok(budgets);
            };
            let token: String = form_urlencoded::byte_serialize(token.as_bytes()).collect();
            after = format!("&continue={token}");
        }
    }
}

/// Converts a PodDisruptionBudget into the core's type.
fn budget(object: PodDisruptionBudget) -> Budget {
    let spec = object.spec.unwrap_or_default();
    let status = object.status.unwrap_or_default();
    let explained = status.conditions.into_iter().flatten().find(|condition| {
        condition.type_ == "DisruptionAllowed" && condition.status == "False" && !condition.message.is_empty()
    });

    let (sync_failed, complaint) = match explained {
        None => (None, None),
        Some(condition) if condition.reason == "SyncFailed" => (Some(condition.message), None),
        Some(condition) => (
            None,
            Some(format!("({}): {}", condition.reason, condition.message)),
        ),
    };

    Budget {
        namespace: object.metadata.namespace.unwrap_or_default(),
        name: object.metadata.name.unwrap_or_default(),
        selector: coverage(spec.selector),
        min_available: spec.min_available.map(limit_text),
        max_unavailable: spec.max_unavailable.map(limit_text),
        unhealthy: match spec.unhealthy_pod_eviction_policy.as_deref() {
            None | Some("IfHealthyBudget") => UnhealthyPodPolicy::IfHealthyBudget,
            Some("AlwaysAllow") => UnhealthyPodPolicy::AlwaysAllow,
            Some(policy) => UnhealthyPodPolicy::Unrecognized(policy.to_owned()),
        },
        generation: object.metadata.generation.unwrap_or_default(),
        status: BudgetStatus {
            observed_generation: status.observed_generation.unwrap_or_default(),
            disruptions_allowed: status.disruptions_allowed.unwrap_or_default().into(),
            current_healthy: status.current_healthy.unwrap_or_default().into(),
            desired_healthy: status.desired_healthy.unwrap_or_default().into(),
            expected_pods: status.expected_pods.unwrap_or_default().into(),
            disrupted_pods: status.disrupted_pods.map_or(0, |pods: BTreeMap<_, _>| pods.len()),
            sync_failed,
            complaint,
        },
    }
}

/// A limit as it is written in the spec: `1` or `50%`.
fn limit_text(limit: IntOrString) -> String {
    match limit {
        IntOrString::Int(number) => number.to_string(),
        IntOrString::String(percentage) => percentage,
    }
}

/// Converts the selector by way of its `kubectl -l` form, so that one parser reads all selectors.
fn coverage(selector: Option<LabelSelector>) -> BudgetCoverage {
    let Some(LabelSelector {
        match_labels,
        match_expressions,
    }) = selector
    else {
        return BudgetCoverage::Nothing;
    };

    let equal = match_labels
        .into_iter()
        .flatten()
        .map(|(key, value)| Ok(format!("{key}={value}")));
    let expressions = match_expressions.into_iter().flatten().map(|requirement| {
        let key = requirement.key;
        let values = requirement.values.unwrap_or_default().join(",");
        match requirement.operator.as_str() {
            "In" => Ok(format!("{key} in ({values})")),
            "NotIn" => Ok(format!("{key} notin ({values})")),
            "Exists" => Ok(key),
            "DoesNotExist" => Ok(format!("!{key}")),
            operator => Err(format!("{operator:?} is not an operator")),
        }
    });

    let requirements: Result<Vec<_>, String> = equal.chain(expressions).collect();
    let parsed = requirements.and_then(|all| all.join(",").parse().map_err(|error| format!("{error}")));
    match parsed {
        Ok(selector) => BudgetCoverage::Matching(selector),
        Err(why) => BudgetCoverage::Invalid(why),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of_spec(spec: serde_json::Value) -> Budget {
        let object = json!({"metadata": {"name": "b", "namespace": "shop"}, "spec": spec});
        budget(serde_json::from_value(object).unwrap())
    }

    #[test]
    fn selectors_mean_what_they_mean_to_the_api_server() {
        let rows = [
            (json!({}), BudgetCoverage::Nothing),
            (
                json!({"selector": {}}),
                BudgetCoverage::Matching("".parse().unwrap()),
            ),
            (
                json!({"selector": {"matchLabels": {"app": "web"}}}),
                BudgetCoverage::Matching("app=web".parse().unwrap()),
            ),
            (
                json!({"selector": {"matchLabels": {"app": ""}, "matchExpressions": [
                    {"key": "tier", "operator": "In", "values": ["a", "b"]},
                    {"key": "zone", "operator": "DoesNotExist"},
                ]}}),
                BudgetCoverage::Matching("app=,tier in (a,b),!zone".parse().unwrap()),
            ),
        ];
        for (spec, expected) in rows {
            assert_eq!(of_spec(spec.clone()).selector, expected, "{spec}");
        }

        let strange = json!({"selector": {"matchExpressions": [{"key": "a", "operator": "Near"}]}});
        assert!(matches!(of_spec(strange).selector, BudgetCoverage::Invalid(_)));
    }

    #[test]
    fn the_condition_is_read_as_a_failed_sync_or_as_another_complaint() {
        let read = |status: &str, reason: &str, message: &str| {
            let condition = json!({
                "type": "DisruptionAllowed", "status": status, "reason": reason, "message": message,
                "lastTransitionTime": "2026-01-01T00:00:00Z",
            });
            let object = json!({"metadata": {"name": "b"}, "status": {
                "conditions": [condition], "currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0,
                "expectedPods": 0,
            }});
            let budget = budget(serde_json::from_value(object).unwrap());
            (budget.status.sync_failed, budget.status.complaint)
        };
        assert_eq!(
            read("False", "SyncFailed", "no scale"),
            (Some("no scale".into()), None)
        );
        assert_eq!(
            read("False", "Frozen", "sale"),
            (None, Some("(Frozen): sale".into()))
        );
        assert_eq!(read("False", "InsufficientPods", ""), (None, None));
        assert_eq!(read("True", "SufficientPods", "all is well"), (None, None));
    }

    #[test]
    fn limits_are_kept_as_written() {
        let budget = of_spec(json!({"minAvailable": "50%", "maxUnavailable": 1}));
        assert_eq!(
            (budget.min_available.as_deref(), budget.max_unavailable.as_deref()),
            (Some("50%"), Some("1"))
        );
    }
}
