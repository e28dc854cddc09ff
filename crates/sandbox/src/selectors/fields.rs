//! Field selectors: the few fields that the API indexes, and a refusal for every other.

use serde_json::Value;

use crate::store::resource::ApiResource;
use crate::wire::status_error::StatusError;

/// Comparisons of fields with texts, all of which must hold.
#[derive(Debug, Clone, Default)]
pub(crate) struct FieldSelector(Vec<FieldRequirement>);

#[derive(Debug, Clone)]
struct FieldRequirement {
    pointer: String,
    wanted: String,
    negated: bool,
}

const POD_FIELDS: &[&str] = &[
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "spec.hostNetwork",
    "status.phase",
    "status.podIP",
    "status.nominatedNodeName",
];

const EVENT_FIELDS: &[&str] = &[
    "involvedObject.kind",
    "involvedObject.namespace",
    "involvedObject.name",
    "involvedObject.uid",
    "involvedObject.apiVersion",
    "involvedObject.resourceVersion",
    "involvedObject.fieldPath",
    "reason",
    "reportingComponent",
    "type",
];

impl FieldSelector {
    pub(crate) fn parse(text: &str, resource: &ApiResource) -> Result<Self, StatusError> {
        let clauses = text.split(',').filter(|clause| !clause.is_empty());
        clauses
            .map(|clause| comparison(clause, resource))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn matches(&self, object: &Value) -> bool {
        self.0.iter().all(|comparison| {
            let found = match object.pointer(&comparison.pointer) {
                Some(Value::String(text)) => text.clone(),
                Some(Value::Bool(flag)) => flag.to_string(),
                Some(_) | None => absent_value(&comparison.pointer).to_owned(),
            };
            (found == comparison.wanted) != comparison.negated
        })
    }
}

/// What an absent field compares as: a flag is false, a text is empty.
fn absent_value(pointer: &str) -> &'static str {
    if pointer == "/spec/hostNetwork" {
        "false"
    } else {
        ""
    }
}

fn comparison(clause: &str, resource: &ApiResource) -> Result<FieldRequirement, StatusError> {
    let parsed = [("!=", true), ("==", false), ("=", false)]
        .into_iter()
        .find_map(|(operator, negated)| {
            clause
                .split_once(operator)
                .map(|(key, value)| (key, value, negated))
        });
    let Some((label, wanted, negated)) = parsed else {
        return Err(StatusError::bad_request(format!(
            "unable to parse field selector: invalid selector: '{clause}'; can't understand '{clause}'"
        )));
    };
    let pointer = pointer_for(label, resource)
        .ok_or_else(|| StatusError::bad_request(format!("field label not supported: {label}")))?;
    Ok(FieldRequirement {
        pointer,
        wanted: wanted.to_owned(),
        negated,
    })
}

fn pointer_for(label: &str, resource: &ApiResource) -> Option<String> {
    let known = match resource.kind {
        "Pod" => POD_FIELDS,
        "Event" => EVENT_FIELDS,
        "Namespace" => &["status.phase"],
        "Node" => &["spec.unschedulable"],
        "ReplicaSet" => &["status.replicas"],
        "Job" => &["status.successful"],
        "Secret" => &["type"],
        _ => &[],
    };
    let name_is_enough = label == "metadata.name";
    let of_namespace = label == "metadata.namespace" && resource.is_namespaced();
    // events.k8s.io has its own words for two fields of the one stored form.
    let label = match (resource.group, label) {
        ("events.k8s.io", "reportingController") => "reportingComponent".to_owned(),
        ("events.k8s.io", label) => label.replace("regarding.", "involvedObject."),
        (_, "spec.host") if resource.kind == "Pod" => "spec.nodeName".to_owned(),
        (_, label) => label.to_owned(),
    };
    let supported = name_is_enough || of_namespace || known.contains(&label.as_str());
    supported.then(|| format!("/{}", label.replace('.', "/")))
}
