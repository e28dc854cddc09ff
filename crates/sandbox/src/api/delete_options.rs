//! The options of a request that deletes, read and validated as a real server does.

use serde_json::{Value, json};

use crate::store::object;
use crate::wire::request::QueryParameters;
use crate::wire::status_error::{FieldError, StatusError};

/// DeleteOptions, from a body or a query.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct DeleteOptions {
    pub(crate) grace_period_seconds: Option<i64>,
    pub(crate) uid: Option<String>,
    pub(crate) resource_version: Option<String>,
    pub(crate) propagation_policy: Option<String>,
    pub(crate) orphan_dependents: Option<bool>,
    pub(crate) dry_run: Vec<String>,
}

/// As Go's decoder names the types of JSON.
fn json_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

impl DeleteOptions {
    /// Reads the JSON form; a field of a wrong type is refused, an unknown one ignored.
    pub(crate) fn from_json(options: &Value) -> Result<Self, StatusError> {
        let wrong = |field: &str, kind: &str| {
            let is = json_type(&options[field.split('.').next().unwrap_or_default()]);
            StatusError::bad_request(format!(
                "json: cannot unmarshal {is} into Go struct field DeleteOptions.{field} of type {kind}"
            ))
        };
        let text = |pointer: &str| match options.pointer(pointer) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(wrong(&pointer[1..].replace('/', "."), "string")),
        };
        let grace_period_seconds = match &options["gracePeriodSeconds"] {
            Value::Null => None,
            seconds => Some(
                seconds
                    .as_i64()
                    .ok_or_else(|| wrong("gracePeriodSeconds", "int64"))?,
            ),
        };
        let orphan_dependents = match &options["orphanDependents"] {
            Value::Null => None,
            flag => Some(flag.as_bool().ok_or_else(|| wrong("orphanDependents", "bool"))?),
        };
        let dry_run = match &options["dryRun"] {
            Value::Null => Vec::new(),
            Value::Array(values) if values.iter().all(Value::is_string) => values
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            _ => return Err(wrong("dryRun", "[]string")),
        };
        Ok(Self {
            grace_period_seconds,
            uid: text("/preconditions/uid")?,
            resource_version: text("/preconditions/resourceVersion")?,
            propagation_policy: text("/propagationPolicy")?,
            orphan_dependents,
            dry_run,
        })
    }

    pub(crate) fn from_query(query: &QueryParameters) -> Result<Self, StatusError> {
        let grace = query.get("gracePeriodSeconds");
        let grace_period_seconds = match grace {
            "" => None,
            seconds => Some(seconds.parse().map_err(|_| {
                StatusError::bad_request(format!("strconv.ParseInt: parsing {seconds:?}: invalid syntax"))
            })?),
        };
        let propagation_policy = query
            .has("propagationPolicy")
            .then(|| query.get("propagationPolicy").to_owned());
        let orphan_dependents = query
            .has("orphanDependents")
            .then(|| query.is_set("orphanDependents"));
        let dry_run = query.all("dryRun");
        Ok(Self {
            grace_period_seconds,
            propagation_policy,
            orphan_dependents,
            dry_run,
            ..Self::default()
        })
    }

    pub(crate) fn is_dry_run(&self) -> bool {
        !self.dry_run.is_empty()
    }

    pub(crate) fn validate(&self) -> Result<(), StatusError> {
        let mut errors = Vec::new();
        if let Some(policy) = &self.propagation_policy {
            if self.orphan_dependents.is_some() {
                let body = format!(
                    "Invalid value: {policy:?}: orphanDependents and deletionPropagation cannot be both set"
                );
                errors.push(FieldError {
                    reason: "FieldValueInvalid",
                    field: "propagationPolicy",
                    body,
                });
            }
            if !matches!(policy.as_str(), "Foreground" | "Background" | "Orphan") {
                let supported = r#"supported values: "Foreground", "Background", "Orphan", "nil""#;
                let body = format!("Unsupported value: {policy:?}: {supported}");
                errors.push(FieldError {
                    reason: "FieldValueNotSupported",
                    field: "propagationPolicy",
                    body,
                });
            }
        }
        errors.extend(dry_run_error(&self.dry_run));
        match errors.as_slice() {
            [] => Ok(()),
            errors => Err(StatusError::invalid("meta.k8s.io", "DeleteOptions", "", errors)),
        }
    }

    /// Compares the preconditions with the object in hand.
    pub(crate) fn check_preconditions(&self, kind: (&str, &str), object: &Value) -> Result<(), StatusError> {
        let ((group, kind), name) = (kind, object::name(object));
        let (uid, version) = (object::uid(object), object::resource_version(object));
        if let Some(wanted) = self.uid.as_deref().filter(|wanted| *wanted != uid) {
            let why = format!(
                "the UID in the precondition ({wanted}) does not match the UID in record ({uid}). \
                 The object might have been deleted and then recreated"
            );
            return Err(StatusError::conflict(group, kind, name, &why));
        }
        if let Some(wanted) = self
            .resource_version
            .as_deref()
            .filter(|wanted| *wanted != version)
        {
            let why = format!(
                "the ResourceVersion in the precondition ({wanted}) does not match the ResourceVersion in record \
                 ({version}). The object might have been modified"
            );
            return Err(StatusError::conflict(group, kind, name, &why));
        }
        Ok(())
    }
}

/// Validates the `dryRun` parameter of a request that writes; true means that nothing is to be written.
pub(crate) fn dry_run(query: &QueryParameters, kind: &str) -> Result<bool, StatusError> {
    let values = query.all("dryRun");
    match dry_run_error(&values) {
        Some(error) => Err(StatusError::invalid("meta.k8s.io", kind, "", &[error])),
        None => Ok(!values.is_empty()),
    }
}

fn dry_run_error(values: &[String]) -> Option<FieldError> {
    let body = || format!("Unsupported value: {}: supported values: \"All\"", json!(values));
    let bad = values.iter().any(|value| value != "All");
    bad.then(|| FieldError {
        reason: "FieldValueNotSupported",
        field: "dryRun",
        body: body(),
    })
}
