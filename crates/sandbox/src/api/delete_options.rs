//! The options of a deletion, read and validated as a real server does.

use serde_json::Value;

use crate::api::body_validation::dry_run_error;
use crate::store::object;
use crate::wire::request::{ApiRequest, QueryParameters};
use crate::wire::status_error::{FieldError, StatusError};

/// The `DeleteOptions` of a request, from its body or its query.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct DeleteOptions {
    pub(crate) grace_period_seconds: Option<i64>,
    pub(crate) uid: Option<String>,
    pub(crate) resource_version: Option<String>,
    pub(crate) propagation_policy: Option<String>,
    pub(crate) orphan_dependents: Option<bool>,
    pub(crate) dry_run: Vec<String>,
}

impl DeleteOptions {
    /// Reads the options of a DELETE.
    ///
    /// If there is a body, the query is ignored, so `?dryRun=All` with a body is not a dry run
    /// (`apiserver/pkg/endpoints/handlers/delete.go`).
    pub(crate) fn read(request: &ApiRequest) -> Result<Self, StatusError> {
        if request.body.is_empty() {
            return Self::from_query(&request.query);
        }

        let body = request.json()?;
        let version = object::text(&body, "/apiVersion");
        let kind = object::text(&body, "/kind");
        if !matches!(kind, "" | "DeleteOptions") {
            let scheme = "pkg/runtime/scheme.go:111";
            let why = format!("no kind {kind:?} is registered for version {version:?} in scheme {scheme:?}");
            return Err(StatusError::bad_request(why));
        }
        Self::from_json(&body)
    }

    /// Reads the JSON form. Refuses a field of a wrong type, and ignores unknown fields.
    pub(crate) fn from_json(options: &Value) -> Result<Self, StatusError> {
        let grace_period_seconds = match &options["gracePeriodSeconds"] {
            Value::Null => None,
            seconds => {
                let seconds = seconds.as_i64();
                Some(seconds.ok_or_else(|| wrong_type(options, "gracePeriodSeconds", "int64"))?)
            }
        };
        let orphan_dependents = match &options["orphanDependents"] {
            Value::Null => None,
            flag => {
                let flag = flag.as_bool();
                Some(flag.ok_or_else(|| wrong_type(options, "orphanDependents", "bool"))?)
            }
        };
        let dry_run = match &options["dryRun"] {
            Value::Null => Vec::new(),
            Value::Array(values) if values.iter().all(Value::is_string) => values
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            _ => return Err(wrong_type(options, "dryRun", "[]string")),
        };

        Ok(Self {
            grace_period_seconds,
            uid: optional_text(options, "preconditions.uid")?,
            resource_version: optional_text(options, "preconditions.resourceVersion")?,
            propagation_policy: optional_text(options, "propagationPolicy")?,
            orphan_dependents,
            dry_run,
        })
    }

    fn from_query(query: &QueryParameters) -> Result<Self, StatusError> {
        let grace_period_seconds = match query.get("gracePeriodSeconds") {
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

        Ok(Self {
            grace_period_seconds,
            propagation_policy,
            orphan_dependents,
            dry_run: query.all("dryRun"),
            ..Self::default()
        })
    }

    pub(crate) fn is_dry_run(&self) -> bool {
        !self.dry_run.is_empty()
    }

    /// Whether the object's dependents must be kept.
    pub(crate) fn orphans_dependents(&self) -> bool {
        self.propagation_policy.as_deref() == Some("Orphan") || self.orphan_dependents == Some(true)
    }

    /// Validates the options by the rules of `apimachinery/pkg/apis/meta/v1/validation`.
    pub(crate) fn validate(&self) -> Result<(), StatusError> {
        let mut errors = Vec::new();
        if let Some(policy) = &self.propagation_policy {
            let field = "propagationPolicy";
            let shown = format!("{policy:?}");
            if self.orphan_dependents.is_some() {
                let why = "orphanDependents and deletionPropagation cannot be both set";
                errors.push(FieldError::invalid(field, &shown, why));
            }
            if !matches!(policy.as_str(), "Foreground" | "Background" | "Orphan") {
                let supported = r#""Foreground", "Background", "Orphan", "nil""#;
                errors.push(FieldError::not_supported(field, &shown, supported));
            }
        }
        errors.extend(dry_run_error(&self.dry_run));

        if errors.is_empty() {
            return Ok(());
        }
        Err(StatusError::invalid("meta.k8s.io", "DeleteOptions", "", &errors))
    }

    /// Compares the preconditions with the stored object (`Preconditions.Check` in `apiserver/pkg/storage`).
    pub(crate) fn check_preconditions(
        &self,
        group: &str,
        kind: &str,
        object: &Value,
    ) -> Result<(), StatusError> {
        let name = object::name(object);
        let uid = object::uid(object);
        if let Some(wanted) = self.uid.as_deref().filter(|wanted| *wanted != uid) {
            let why = format!(
                "the UID in the precondition ({wanted}) does not match the UID in record ({uid}). \
                 The object might have been deleted and then recreated"
            );
            return Err(StatusError::conflict(group, kind, name, &why));
        }

        let version = object::resource_version(object);
        let wanted = self.resource_version.as_deref();
        if let Some(wanted) = wanted.filter(|wanted| *wanted != version) {
            let why = format!(
                "the ResourceVersion in the precondition ({wanted}) does not match the ResourceVersion in record \
                 ({version}). The object might have been modified"
            );
            return Err(StatusError::conflict(group, kind, name, &why));
        }
        Ok(())
    }
}

/// Reads an optional text by its path, e.g. `preconditions.uid`.
fn optional_text(options: &Value, path: &str) -> Result<Option<String>, StatusError> {
    let pointer = format!("/{}", path.replace('.', "/"));
    match options.pointer(&pointer) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(wrong_type(options, path, "string")),
    }
}

/// The error of Go's decoder for a field of a wrong type.
fn wrong_type(options: &Value, path: &str, expected: &str) -> StatusError {
    let first = path.split('.').next().unwrap_or_default();
    let found = match &options[first] {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };

    StatusError::bad_request(format!(
        "json: cannot unmarshal {found} into Go struct field DeleteOptions.{path} of type {expected}"
    ))
}
