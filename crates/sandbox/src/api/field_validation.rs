//! Warns about unknown and repeated fields or refuses them, as the client asked for.

use serde_json::Value;

use crate::api::duplicate_fields;
use crate::store::resource::ApiResource;
use crate::wire::request::{ApiRequest, QueryParameters};
use crate::wire::status_error::{FieldError, StatusError};

/// How to treat unknown fields: the parameter `fieldValidation`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldValidation {
    Ignore,
    Warn,
    Strict,
}

impl FieldValidation {
    /// Reads the parameter; `options_kind` is the kind that an error names.
    pub(crate) fn read(query: &QueryParameters, options_kind: &str) -> Result<Self, StatusError> {
        match query.get("fieldValidation") {
            "" | "Warn" => Ok(Self::Warn),
            "Ignore" => Ok(Self::Ignore),
            "Strict" => Ok(Self::Strict),
            other => {
                let shown = format!("{other:?}");
                let supported = r#""", "Ignore", "Strict", "Warn""#;
                let error = FieldError::not_supported("fieldValidation", &shown, supported);
                Err(StatusError::invalid("meta.k8s.io", options_kind, "", &[error]))
            }
        }
    }

    /// Turns unknown fields, and those that the body of a request has twice, into warnings or into an error.
    ///
    /// `refusal` makes the error of their report.
    pub(crate) fn judge(
        self,
        request: &ApiRequest,
        unknown: &[String],
        refusal: impl FnOnce(&str) -> StatusError,
    ) -> Result<Vec<String>, StatusError> {
        if self == Self::Ignore {
            return Ok(Vec::new());
        }

        let duplicates = duplicate_fields::find(&request.body);
        let duplicates = duplicates.iter().map(|path| format!("duplicate field {path:?}"));
        let unknown = unknown.iter().map(|path| format!("unknown field {path:?}"));
        let reports: Vec<String> = duplicates.chain(unknown).collect();
        if self == Self::Warn || reports.is_empty() {
            return Ok(reports);
        }
        Err(refusal(&format!("strict decoding error: {}", reports.join(", "))))
    }

    /// Judges the fields of an object that a request sends whole.
    pub(crate) fn judge_object(
        self,
        request: &ApiRequest,
        resource: &ApiResource,
        unknown: &[String],
    ) -> Result<Vec<String>, StatusError> {
        self.judge(request, unknown, |report| {
            undecodable(resource.kind, resource.version, report)
        })
    }
}

/// The fields of one object within an Eviction.
struct KnownFields {
    /// A JSON pointer to the object.
    pointer: &'static str,
    /// The text before a field's name in messages.
    prefix: &'static str,
    names: &'static [&'static str],
}

const EVICTION: [KnownFields; 4] = [
    KnownFields {
        pointer: "",
        prefix: "",
        names: &["apiVersion", "kind", "metadata", "deleteOptions"],
    },
    KnownFields {
        pointer: "/metadata",
        prefix: "metadata.",
        names: &[
            "name",
            "generateName",
            "namespace",
            "selfLink",
            "uid",
            "resourceVersion",
            "generation",
            "creationTimestamp",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
            "labels",
            "annotations",
            "ownerReferences",
            "finalizers",
            "managedFields",
        ],
    },
    KnownFields {
        pointer: "/deleteOptions",
        prefix: "deleteOptions.",
        names: &[
            "apiVersion",
            "kind",
            "gracePeriodSeconds",
            "preconditions",
            "orphanDependents",
            "propagationPolicy",
            "dryRun",
            "ignoreStoreReadErrorWithClusterBreakingPotential",
        ],
    },
    KnownFields {
        pointer: "/deleteOptions/preconditions",
        prefix: "deleteOptions.preconditions.",
        names: &["uid", "resourceVersion"],
    },
];

/// Returns a warning for each unknown field of an eviction, or refuses them.
pub(crate) fn unknown_eviction_fields(
    request: &ApiRequest,
    eviction: &Value,
    validation: FieldValidation,
) -> Result<Vec<String>, StatusError> {
    let unknown: Vec<String> = EVICTION
        .iter()
        .flat_map(|known| unknown_fields(eviction, known))
        .collect();
    let api_version = eviction["apiVersion"].as_str().unwrap_or("policy/v1");
    let version = api_version.trim_start_matches("policy/");
    validation.judge(request, &unknown, |report| {
        undecodable("Eviction", version, report)
    })
}

/// The error of an object that cannot be decoded as one of its kind.
pub(crate) fn undecodable(kind: &str, version: &str, why: &str) -> StatusError {
    StatusError::bad_request(format!(
        "{kind} in version {version:?} cannot be handled as a {kind}: {why}"
    ))
}

fn unknown_fields(eviction: &Value, known: &KnownFields) -> Vec<String> {
    let fields = eviction.pointer(known.pointer).and_then(Value::as_object);
    let names = fields.into_iter().flatten().map(|(name, _)| name.as_str());

    names
        .filter(|name| !known.names.contains(name))
        .map(|name| format!("{}{name}", known.prefix))
        .collect()
}
