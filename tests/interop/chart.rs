//! The chart, read by Helm 3 and Helm 4, by the schemas of Kubernetes and of the Prometheus Operator, and by macaque.

mod grants;
mod helms;
mod mistakes;
mod schemas;
mod toml;
mod values;

use serde_json::{Value, json};

/// The values that every installation needs.
fn minimal() -> Value {
    json!({
        "image": {"repository": "registry.example/macaque"},
        "config": {"target": {"namespaces": ["shop"]}, "schedule": {"cron": "*/30 9-16 * * Mon-Fri"}},
    })
}
