//! Field selectors, for the few fields that the API supports; every other field is refused.

use serde_json::Value;

use crate::store::resource::ApiResource;

/// A field selector: an object must meet all requirements. Without requirements it matches every object.
#[derive(Debug, Clone, Default)]
pub(crate) struct FieldSelector(Vec<FieldRequirement>);

/// A comparison of one field with a text.
#[derive(Debug, Clone)]
struct FieldRequirement {
    pointer: String,
    wanted: String,
    negated: bool,
}

/// The fields of pods that Kubernetes has field labels for (`pkg/apis/core/v1/conversion.go`).
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

/// The fields of events that Kubernetes has field labels for, by their names in `v1`.
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
    /// Reads the query form, `status.phase=Running,spec.nodeName!=node-1`; an error is the message for the client.
    pub(crate) fn parse(text: &str, resource: &ApiResource) -> Result<Self, String> {
        let clauses = text.split(',').filter(|clause| !clause.is_empty());
        clauses
            .map(|clause| parse_requirement(clause, resource))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn matches(&self, object: &Value) -> bool {
        self.0.iter().all(|requirement| requirement.holds_for(object))
    }
}

impl FieldRequirement {
    fn holds_for(&self, object: &Value) -> bool {
        let found = match object.pointer(&self.pointer) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Bool(flag)) => flag.to_string(),
            Some(_) | None => absent_value(&self.pointer).to_owned(),
        };
        (found == self.wanted) != self.negated
    }
}

/// The value that an absent field counts as: false for a flag, empty for a text.
fn absent_value(pointer: &str) -> &'static str {
    if pointer == "/spec/hostNetwork" {
        "false"
    } else {
        ""
    }
}

fn parse_requirement(clause: &str, resource: &ApiResource) -> Result<FieldRequirement, String> {
    // `!=` comes first, because `=` is found in it too.
    let operators = [("!=", true), ("==", false), ("=", false)];
    let parsed = operators.into_iter().find_map(|(operator, negated)| {
        let (label, wanted) = clause.split_once(operator)?;
        Some((label, wanted, negated))
    });
    let Some((label, wanted, negated)) = parsed else {
        return Err(format!(
            "unable to parse field selector: invalid selector: '{clause}'; can't understand '{clause}'"
        ));
    };

    let pointer = pointer_for(label, resource).ok_or_else(|| unsupported(label, resource))?;
    Ok(FieldRequirement {
        pointer,
        wanted: wanted.to_owned(),
        negated,
    })
}

/// The fields of a kind that objects can be selected by, beside those of the metadata.
fn supported_fields(kind: &str) -> &'static [&'static str] {
    match kind {
        "Pod" => POD_FIELDS,
        "Event" => EVENT_FIELDS,
        "Namespace" => &["status.phase"],
        "Node" => &["spec.unschedulable"],
        "ReplicationController" => &["status.replicas"],
        "Job" => &["status.successful"],
        "Secret" => &["type"],
        "Service" => &["spec.clusterIP", "spec.type"],
        _ => &[],
    }
}

/// The refusal of a field label, in the words that a kind has for it.
fn unsupported(label: &str, resource: &ApiResource) -> String {
    match resource.kind {
        "Job" => format!("field label {label:?} not supported for Job"),
        kind if supported_fields(kind).is_empty() => {
            format!(r#"{label:?} is not a known field selector: only "metadata.name", "metadata.namespace""#)
        }
        _ => format!("field label not supported: {label}"),
    }
}

/// The JSON pointer of a field label, if the resource supports selecting by it.
fn pointer_for(label: &str, resource: &ApiResource) -> Option<String> {
    let supported = supported_fields(resource.kind);

    let stored_label = match (resource.group, label) {
        // events.k8s.io has its own names for two fields of the one stored version.
        ("events.k8s.io", "reportingController") => "reportingComponent".to_owned(),
        ("events.k8s.io", label) => label.replace("regarding.", "involvedObject."),
        // The name of spec.nodeName in older APIs, which is still accepted.
        (_, "spec.host") if resource.kind == "Pod" => "spec.nodeName".to_owned(),
        (_, label) => label.to_owned(),
    };

    let is_supported = label == "metadata.name"
        || (label == "metadata.namespace" && resource.namespaced)
        || supported.contains(&stored_label.as_str());
    is_supported.then(|| format!("/{}", stored_label.replace('.', "/")))
}
