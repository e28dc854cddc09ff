//! Taints of nodes, which keep pods away that do not tolerate them.

use serde_json::Value;

use crate::store::object;

/// Whether a pod may be bound to a node, by the node's taints.
pub(super) fn are_tolerated(node: &Value, pod: &Value) -> bool {
    let tolerations = object::list(pod, "/spec/tolerations");
    object::list(node, "/spec/taints")
        .iter()
        .filter(|taint| matches!(object::text(taint, "/effect"), "NoSchedule" | "NoExecute"))
        .all(|taint| tolerations.iter().any(|toleration| tolerates(toleration, taint)))
}

/// Whether a toleration tolerates a taint; what it leaves empty, it tolerates all of.
fn tolerates(toleration: &Value, taint: &Value) -> bool {
    let agrees = |field: &str| {
        let wanted = object::text(toleration, field);
        wanted.is_empty() || wanted == object::text(taint, field)
    };
    let is_value_equal = object::text(toleration, "/value") == object::text(taint, "/value");
    let exists = object::text(toleration, "/operator") == "Exists";

    agrees("/effect") && agrees("/key") && (exists || is_value_equal)
}
