//! The defaults of workloads.

use serde_json::{Map, Value, json};

use crate::api::defaults::pods::complete_workload_template;
use crate::api::defaults::set_default;
use crate::store::object;

/// How many old templates a workload keeps.
const HISTORY_LIMIT: i64 = 10;

/// Completes the spec of a Deployment.
pub(super) fn complete_deployment(spec: &mut Map<String, Value>) {
    set_default(spec, "replicas", json!(1));
    set_default(spec, "revisionHistoryLimit", json!(HISTORY_LIMIT));
    set_default(spec, "progressDeadlineSeconds", json!(600));
    complete_workload_template(spec);
    complete_strategy(
        spec,
        "strategy",
        &[("maxSurge", json!("25%")), ("maxUnavailable", json!("25%"))],
    );
}

/// Completes the spec of a ReplicaSet.
pub(super) fn complete_replica_set(spec: &mut Map<String, Value>) {
    set_default(spec, "replicas", json!(1));
    complete_workload_template(spec);
}

/// Completes the spec of a StatefulSet.
pub(super) fn complete_stateful_set(spec: &mut Map<String, Value>) {
    set_default(spec, "replicas", json!(1));
    set_default(spec, "revisionHistoryLimit", json!(HISTORY_LIMIT));
    set_default(spec, "podManagementPolicy", json!("OrderedReady"));
    complete_workload_template(spec);
    complete_strategy(
        spec,
        "updateStrategy",
        &[("maxUnavailable", json!(1)), ("partition", json!(0))],
    );

    let policy = spec
        .entry("persistentVolumeClaimRetentionPolicy")
        .or_insert_with(|| json!({}));
    if let Some(policy) = policy.as_object_mut() {
        set_default(policy, "whenDeleted", json!("Retain"));
        set_default(policy, "whenScaled", json!("Retain"));
    }
}

/// Completes the spec of a DaemonSet.
pub(super) fn complete_daemon_set(spec: &mut Map<String, Value>) {
    set_default(spec, "revisionHistoryLimit", json!(HISTORY_LIMIT));
    complete_workload_template(spec);
    complete_strategy(
        spec,
        "updateStrategy",
        &[("maxSurge", json!(0)), ("maxUnavailable", json!(1))],
    );
}

/// Completes the spec of a Job.
pub(super) fn complete_job(spec: &mut Map<String, Value>) {
    let has_counts = ["completions", "parallelism"]
        .iter()
        .any(|count| spec.contains_key(*count));
    if !has_counts {
        set_default(spec, "completions", json!(1));
    }
    set_default(spec, "parallelism", json!(1));
    set_default(spec, "backoffLimit", json!(6));
    set_default(spec, "completionMode", json!("NonIndexed"));
    set_default(spec, "suspend", json!(false));
    set_default(spec, "manualSelector", json!(false));
    set_default(spec, "podReplacementPolicy", json!("TerminatingOrFailed"));
    complete_workload_template(spec);
}

/// Completes the spec of a CronJob.
pub(super) fn complete_cron_job(spec: &mut Map<String, Value>) {
    set_default(spec, "concurrencyPolicy", json!("Allow"));
    set_default(spec, "suspend", json!(false));
    set_default(spec, "successfulJobsHistoryLimit", json!(3));
    set_default(spec, "failedJobsHistoryLimit", json!(1));
    let template = spec.entry("jobTemplate").or_insert_with(|| json!({}));
    complete_workload_template(object::member(template, "spec"));
}

/// Completes an update strategy, which by default is a rolling update.
fn complete_strategy(spec: &mut Map<String, Value>, field: &str, rolling: &[(&str, Value)]) {
    let strategy = spec.entry(field).or_insert_with(|| json!({}));
    let Some(fields) = strategy.as_object_mut() else {
        return;
    };
    set_default(fields, "type", json!("RollingUpdate"));
    if fields["type"] != "RollingUpdate" {
        return;
    }

    let update = object::member(strategy, "rollingUpdate");
    for (field, value) in rolling {
        set_default(update, field, value.clone());
    }
}
