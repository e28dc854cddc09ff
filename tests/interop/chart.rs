//! The chart, read by Helm 3 and Helm 4, by the schemas of Kubernetes and of the Prometheus Operator, and by macaque.

mod configuration;
mod grants;
mod helms;
mod mistakes;
mod notes;
mod schemas;
mod values;

use macaque_testkit::Program;
use serde_json::{Value, json};

/// The values that every installation needs.
fn minimal() -> Value {
    json!({
        "image": {"repository": "registry.example/macaque"},
        "config": {"target": {"namespaces": ["shop"]}, "schedule": {"cron": "*/30 9-16 * * Mon-Fri"}},
    })
}

/// What macaque prints by these words with this configuration, which it takes, as it would in a pod of this namespace.
fn run_on(toml: &str, namespace: &str, words: &str) -> String {
    let config: Value = toml::from_str(toml).unwrap_or_else(|error| unreachable!("{error}: {toml}"));
    let named = config.pointer("/target/namespaces").and_then(Value::as_array);
    let by_labels = config.pointer("/target/namespace_selector").is_some();
    // Outside a pod no service account says where macaque runs.
    let scope = if !by_labels && named.is_none_or(Vec::is_empty) {
        format!(" --namespace {namespace}")
    } else {
        String::new()
    };
    let output = Program::new(env!("CARGO_BIN_EXE_macaque"))
        .toml(toml)
        .env("MACAQUE_POD_NAME", "macaque-0")
        .env("MACAQUE_POD_NAMESPACE", namespace)
        .args(&format!("{words}{scope}"))
        .run();
    assert_eq!(output.code, 0, "{toml}\n{output:?}");
    output.out
}
