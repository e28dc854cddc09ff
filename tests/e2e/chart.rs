//! Promises about the chart: Helm installs it where only restricted pods may run, its pods have the rights to do what its
//! values say and no more, and it leaves nothing behind.

mod installed;
mod jobs;
mod shared_cluster;

use macaque_testkit::chart::{CHART, HelmResult, helm};
use serde_json::{Value, json};

use crate::access::admin;
use crate::test_namespace::TestNamespace;

/// The labels of a namespace that takes no pod but a restricted one.
fn restricted() -> Value {
    json!({"pod-security.kubernetes.io/enforce": "restricted", "pod-security.kubernetes.io/warn": "restricted"})
}

impl TestNamespace {
    /// Runs this version of Helm on the namespace, as the administrator; a word `CHART` stands for the chart.
    fn helm(&self, program: &str, words: &str, values: &Value) -> HelmResult {
        let admin = admin().display().to_string();
        let words = words.split_whitespace();
        let mut args: Vec<_> = words
            .map(|word| if word == "CHART" { CHART } else { word })
            .collect();
        args.extend(["--namespace", &self.name, "--kubeconfig", &admin]);
        helm(program, &args, values)
    }

    /// Runs Helm, which must succeed.
    fn helms(&self, program: &str, words: &str, values: &Value) -> String {
        self.helm(program, words, values)
            .unwrap_or_else(|error| unreachable!("{program} {words}: {error}"))
    }
}

/// The three values that an installation needs, with rounds by this schedule.
fn three_values(namespaces: &Value, cron: &str) -> Value {
    json!({
        "image": {"repository": "registry.example/macaque"},
        "config": {"target": {"namespaces": namespaces}, "schedule": {"cron": cron}},
    })
}
