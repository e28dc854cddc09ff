//! Validates Deployments, ReplicaSets, StatefulSets and DaemonSets (`pkg/apis/apps/validation`).

use serde_json::Value;

use crate::api::validation::fields::{amount_error, beyond_whole_error, is_zero, negative_numbers, quoted};
use crate::api::validation::metadata::invalid;
use crate::api::validation::{names, pods, selectors};
use crate::store::object;
use crate::wire::status_error::FieldError;

const TEMPLATE: &str = "spec.template";
const IMMUTABLE: &str = "field is immutable";

/// The errors of a workload's spec.
pub(super) fn spec_errors(kind: &str, spec: &Value) -> Vec<FieldError> {
    match kind {
        "Deployment" => deployment_errors(spec),
        "ReplicaSet" => replica_set_errors(spec),
        "StatefulSet" => stateful_set_errors(spec),
        _ => daemon_set_errors(spec),
    }
}

/// The errors of changes that a workload does not permit.
pub(super) fn update_errors(kind: &str, spec: &Value, known: &Value) -> Vec<FieldError> {
    let fields: &[&str] = match kind {
        "StatefulSet" => &[
            "selector",
            "volumeClaimTemplates",
            "serviceName",
            "podManagementPolicy",
        ],
        _ => &["selector"],
    };

    let is_changed = |field: &&&str| {
        let both_empty = is_blank(&spec[**field]) && is_blank(&known[**field]);
        spec[**field] != known[**field] && !both_empty
    };
    let changed = fields.iter().filter(is_changed);
    changed
        .map(|field| FieldError::invalid(format!("spec.{field}"), &spec[*field].to_string(), IMMUTABLE))
        .collect()
}

/// Whether a field is absent or as good as absent.
fn is_blank(value: &Value) -> bool {
    value.is_null() || value == "" || value.as_array().is_some_and(Vec::is_empty)
}

fn deployment_errors(spec: &Value) -> Vec<FieldError> {
    let mut errors = negative_numbers(spec, "spec", &["replicas"]);
    errors.extend(required_selector_errors(spec, "deployment"));
    errors.extend(template_errors(spec, "ReplicaSet"));
    errors.extend(strategy_errors(&spec["strategy"]));

    let counts = [
        "minReadySeconds",
        "revisionHistoryLimit",
        "progressDeadlineSeconds",
    ];
    errors.extend(negative_numbers(spec, "spec", &counts));
    let deadline = &spec["progressDeadlineSeconds"];
    let least = object::number(spec, "/minReadySeconds");
    if deadline.as_i64().is_some_and(|deadline| deadline <= least) {
        let why = "must be greater than minReadySeconds";
        errors.push(FieldError::invalid(
            "spec.progressDeadlineSeconds",
            &deadline.to_string(),
            why,
        ));
    }
    errors
}

fn replica_set_errors(spec: &Value) -> Vec<FieldError> {
    let mut errors = negative_numbers(spec, "spec", &["replicas", "minReadySeconds"]);
    errors.extend(required_selector_errors(spec, "deployment"));
    errors.extend(template_errors(spec, "ReplicaSet"));
    errors
}

fn stateful_set_errors(spec: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let management = object::text(spec, "/podManagementPolicy");
    if !matches!(management, "" | "OrderedReady" | "Parallel") {
        let why = "must be 'OrderedReady' or 'Parallel'";
        let shown = format!("{management:?}");
        errors.push(FieldError::invalid("spec.podManagementPolicy", &shown, why));
    }

    errors.extend(stateful_strategy_errors(&spec["updateStrategy"]));
    errors.extend(negative_numbers(spec, "spec", &["replicas", "minReadySeconds"]));
    let service = object::text(spec, "/serviceName");
    if !service.is_empty() {
        errors.extend(invalid(
            "spec.serviceName",
            service,
            &names::label_errors(service),
        ));
    }
    errors.extend(required_selector_errors(spec, "statefulset"));
    errors.extend(template_errors(spec, "StatefulSet"));
    errors
}

fn daemon_set_errors(spec: &Value) -> Vec<FieldError> {
    let mut errors = selectors::errors(&spec["selector"], "spec.selector");
    errors.extend(mismatch_error(spec));
    if !spec["selector"].is_null() && selectors::is_empty(&spec["selector"]) {
        errors.push(empty_selector_error(spec, "daemonset"));
    }

    errors.extend(template_spec_errors(spec, "DaemonSet"));
    errors.extend(negative_numbers(spec, "spec", &["minReadySeconds"]));
    errors.extend(daemon_strategy_errors(&spec["updateStrategy"]));
    errors.extend(negative_numbers(spec, "spec", &["revisionHistoryLimit"]));
    errors
}

/// The errors of a selector that must have requirements; `kind` is the kind that the message names.
fn required_selector_errors(spec: &Value, kind: &str) -> Vec<FieldError> {
    if spec["selector"].is_null() {
        return vec![FieldError::required("spec.selector")];
    }
    let mut errors = selectors::errors(&spec["selector"], "spec.selector");
    if selectors::is_empty(&spec["selector"]) {
        errors.push(empty_selector_error(spec, kind));
    }
    errors
}

fn empty_selector_error(spec: &Value, kind: &str) -> FieldError {
    let why = format!("empty selector is invalid for {kind}");
    FieldError::invalid("spec.selector", &spec["selector"].to_string(), &why)
}

/// The errors of a template that an empty selector need not match, because that selector is refused by itself.
fn template_errors(spec: &Value, kind: &str) -> Vec<FieldError> {
    let is_empty = !spec["selector"].is_null() && selectors::is_empty(&spec["selector"]);
    let mismatch = if is_empty { None } else { mismatch_error(spec) };
    mismatch
        .into_iter()
        .chain(template_spec_errors(spec, kind))
        .collect()
}

fn mismatch_error(spec: &Value) -> Option<FieldError> {
    let is_mismatch = selectors::matches(&spec["selector"], &spec["template"]) == Some(false);
    is_mismatch.then(|| {
        let shown = spec["template"]["metadata"]["labels"].to_string();
        let why = "`selector` does not match template `labels`";
        FieldError::invalid("spec.template.metadata.labels", &shown, why)
    })
}

/// The errors of a template, whose pods must run for ever; `kind` is the kind that the message names.
fn template_spec_errors(spec: &Value, kind: &str) -> Vec<FieldError> {
    let mut errors = pods::template_errors(&spec["template"], TEMPLATE);
    let pod = &spec["template"]["spec"];
    let policy = object::text(pod, "/restartPolicy");
    if !matches!(policy, "" | "Always") {
        let field = "spec.template.spec.restartPolicy";
        errors.push(FieldError::not_supported(
            field,
            &format!("{policy:?}"),
            &quoted(&["Always"]),
        ));
    }
    if !pod["activeDeadlineSeconds"].is_null() {
        let why = format!("activeDeadlineSeconds in {kind} is not Supported");
        errors.push(FieldError::forbidden(
            "spec.template.spec.activeDeadlineSeconds",
            &why,
        ));
    }
    errors
}

fn strategy_errors(strategy: &Value) -> Vec<FieldError> {
    let rolling = &strategy["rollingUpdate"];
    match object::text(strategy, "/type") {
        "Recreate" if !rolling.is_null() => {
            let why = "may not be specified when strategy `type` is 'Recreate'";
            vec![FieldError::forbidden("spec.strategy.rollingUpdate", why)]
        }
        "" | "Recreate" => Vec::new(),
        "RollingUpdate" => rolling_errors(rolling),
        _ => vec![FieldError::not_supported(
            "spec.strategy",
            &shown_strategy(strategy),
            &quoted(&["Recreate", "RollingUpdate"]),
        )],
    }
}

fn rolling_errors(rolling: &Value) -> Vec<FieldError> {
    let [unavailable, surge] = [&rolling["maxUnavailable"], &rolling["maxSurge"]];
    let [unavailable_path, surge_path] =
        ["maxUnavailable", "maxSurge"].map(|field| format!("spec.strategy.rollingUpdate.{field}"));

    let mut errors: Vec<FieldError> = amount_error(unavailable, &unavailable_path).into_iter().collect();
    errors.extend(amount_error(surge, &surge_path));
    if !unavailable.is_null() && is_zero(unavailable) && !surge.is_null() && is_zero(surge) {
        let why = "may not be 0 when `maxSurge` is 0";
        errors.push(FieldError::invalid(
            unavailable_path.clone(),
            &unavailable.to_string(),
            why,
        ));
    }
    errors.extend(beyond_whole_error(unavailable, &unavailable_path));
    errors
}

fn stateful_strategy_errors(strategy: &Value) -> Vec<FieldError> {
    let path = "spec.updateStrategy.rollingUpdate";
    let rolling = &strategy["rollingUpdate"];
    match object::text(strategy, "/type") {
        "OnDelete" if !rolling.is_null() => {
            let fields = ["Partition", "MaxUnavailable"].map(|name| {
                let field = format!("{}{}", name[..1].to_lowercase(), &name[1..]);
                format!("{name:?}:{}", rolling[field])
            });
            let shown = format!("{{{}}}", fields.join(","));
            let why = "only allowed for updateStrategy 'RollingUpdate'";
            vec![FieldError::invalid(path, &shown, why)]
        }
        "" | "OnDelete" => Vec::new(),
        "RollingUpdate" => negative_numbers(rolling, path, &["partition"]),
        _ => {
            let why = "must be 'RollingUpdate' or 'OnDelete'";
            vec![FieldError::invalid(
                "spec.updateStrategy",
                &shown_strategy(strategy),
                why,
            )]
        }
    }
}

fn daemon_strategy_errors(strategy: &Value) -> Vec<FieldError> {
    match object::text(strategy, "/type") {
        "" | "OnDelete" => Vec::new(),
        "RollingUpdate" => daemon_rolling_errors(&strategy["rollingUpdate"]),
        _ => vec![FieldError::not_supported(
            "spec.updateStrategy",
            &shown_strategy(strategy),
            &quoted(&["RollingUpdate", "OnDelete"]),
        )],
    }
}

fn daemon_rolling_errors(rolling: &Value) -> Vec<FieldError> {
    let path = "spec.updateStrategy.rollingUpdate";
    let fields = ["maxUnavailable", "maxSurge"].map(|field| (&rolling[field], format!("{path}.{field}")));
    let malformed = fields
        .iter()
        .filter_map(|(amount, path)| amount_error(amount, path));
    let beyond = fields
        .iter()
        .filter_map(|(amount, path)| beyond_whole_error(amount, path));
    let mut errors: Vec<FieldError> = malformed.chain(beyond).collect();

    // An absent maxUnavailable is one, an absent maxSurge none.
    let [(unavailable, unavailable_path), (surge, surge_path)] = &fields;
    match (unavailable.is_null() || !is_zero(unavailable), !is_zero(surge)) {
        (true, true) => {
            let why = "may not be set when maxUnavailable is non-zero";
            errors.push(FieldError::invalid(surge_path.clone(), &surge.to_string(), why));
        }
        (false, false) => {
            let why = "cannot be 0 when maxSurge is 0";
            errors.push(FieldError::required(unavailable_path.clone()).because(why));
        }
        _ => {}
    }
    errors
}

/// A strategy as the server shows it: by the names that the fields have in its own code.
fn shown_strategy(strategy: &Value) -> String {
    format!(
        "{{\"Type\":{},\"RollingUpdate\":{}}}",
        strategy["type"], strategy["rollingUpdate"]
    )
}
