//! The errors of an API server and their `Status` objects.
//!
//! The constructors and their messages are those of `apimachinery/pkg/api/errors`.

use serde_json::{Map, Value, json};

/// An error: its code, and the content of its `Status`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StatusError {
    pub(crate) code: u16,
    /// The reason; empty for the few errors without one.
    pub(crate) reason: &'static str,
    pub(crate) message: String,
    pub(crate) details: Option<Map<String, Value>>,
    /// The token from which an expired list can continue.
    pub(crate) continue_at: Option<String>,
}

/// An error of one field, found by validation.
#[derive(Debug, Clone)]
pub(crate) struct FieldError {
    /// The machine-readable cause, e.g. `FieldValueInvalid`.
    reason: &'static str,
    field: String,
    /// The text after the field's name: `Unsupported value: "x": supported values: "All"`.
    body: String,
}

impl FieldError {
    /// The error of an invalid value; `shown` is the value as the message quotes it.
    pub(crate) fn invalid(field: impl Into<String>, shown: &str, why: &str) -> Self {
        Self {
            reason: "FieldValueInvalid",
            field: field.into(),
            body: format!("Invalid value: {shown}: {why}"),
        }
    }

    /// The error of a value that is not one of the supported ones.
    pub(crate) fn not_supported(field: impl Into<String>, shown: &str, supported: &str) -> Self {
        Self {
            reason: "FieldValueNotSupported",
            field: field.into(),
            body: format!("Unsupported value: {shown}: supported values: {supported}"),
        }
    }

    /// The error of a field that must not be set here.
    pub(crate) fn forbidden(field: impl Into<String>, why: &str) -> Self {
        Self {
            reason: "FieldValueForbidden",
            field: field.into(),
            body: format!("Forbidden: {why}"),
        }
    }

    /// The error of a missing field.
    pub(crate) fn required(field: impl Into<String>) -> Self {
        Self {
            reason: "FieldValueRequired",
            field: field.into(),
            body: "Required value".to_owned(),
        }
    }

    /// The error of a value that another item of its list has already; `shown` is the value as the message quotes it.
    pub(crate) fn duplicate(field: impl Into<String>, shown: &str) -> Self {
        Self {
            reason: "FieldValueDuplicate",
            field: field.into(),
            body: format!("Duplicate value: {shown}"),
        }
    }

    /// The error of a name that refers to nothing; `shown` is the name as the message quotes it.
    pub(crate) fn unresolved(field: impl Into<String>, shown: &str) -> Self {
        Self {
            reason: "FieldValueNotFound",
            field: field.into(),
            body: format!("Not found: {shown}"),
        }
    }

    /// The error of a value of more than `most` bytes.
    pub(crate) fn too_long(field: impl Into<String>, most: usize) -> Self {
        Self {
            reason: "FieldValueTooLong",
            field: field.into(),
            body: format!("Too long: may not be more than {most} bytes"),
        }
    }

    /// Adds an explanation.
    pub(crate) fn because(mut self, why: &str) -> Self {
        self.body.push_str(": ");
        self.body.push_str(why);
        self
    }
}

impl StatusError {
    pub(crate) fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            reason,
            message: message.into(),
            details: None,
            continue_at: None,
        }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    pub(crate) fn not_found(group: &str, plural: &str, name: &str) -> Self {
        let message = format!("{} {name:?} not found", qualified(group, plural));
        Self::new(404, "NotFound", message).about(group, plural, name)
    }

    pub(crate) fn already_exists(group: &str, plural: &str, name: &str) -> Self {
        let message = format!("{} {name:?} already exists", qualified(group, plural));
        Self::new(409, "AlreadyExists", message).about(group, plural, name)
    }

    pub(crate) fn conflict(group: &str, kind: &str, name: &str, why: &str) -> Self {
        let object = qualified(group, kind);
        let message = format!("Operation cannot be fulfilled on {object} {name:?}: {why}");
        Self::new(409, "Conflict", message).about(group, kind, name)
    }

    pub(crate) fn forbidden(group: &str, kind: &str, name: &str, why: &str) -> Self {
        let object = qualified(group, kind);
        let message = if name.is_empty() {
            format!("{object} is forbidden: {why}")
        } else {
            format!("{object} {name:?} is forbidden: {why}")
        };
        Self::new(403, "Forbidden", message).about(group, kind, name)
    }

    pub(crate) fn invalid(group: &str, kind: &str, name: &str, errors: &[FieldError]) -> Self {
        let reports: Vec<String> = errors
            .iter()
            .map(|error| format!("{}: {}", error.field, error.body))
            .collect();
        let report = match reports.as_slice() {
            [only] => only.clone(),
            several => format!("[{}]", several.join(", ")),
        };

        let message = format!("{} {name:?} is invalid: {report}", qualified(group, kind));
        let mut invalid = Self::new(422, "Invalid", message).about(group, kind, name);
        for error in errors {
            invalid = invalid.with_cause(error.reason, &error.body, &error.field);
        }
        invalid
    }

    /// The error for a resource or path that is not served.
    pub(crate) fn unknown_resource() -> Self {
        let message = "the server could not find the requested resource";
        Self {
            details: Some(Map::new()),
            ..Self::new(404, "NotFound", message)
        }
    }

    pub(crate) fn method_not_allowed() -> Self {
        let message = "the server does not allow this method on the requested resource";
        Self {
            details: Some(Map::new()),
            ..Self::new(405, "MethodNotAllowed", message)
        }
    }

    /// Adds the object that the error is about; empty parts are left out.
    fn about(mut self, group: &str, kind: &str, name: &str) -> Self {
        let details = self.details.get_or_insert_default();
        for (key, value) in [("name", name), ("group", group), ("kind", kind)] {
            if !value.is_empty() {
                details.insert(key.to_owned(), json!(value));
            }
        }
        self
    }

    /// Adds a cause; an empty field is left out.
    pub(crate) fn with_cause(mut self, reason: &str, message: &str, field: &str) -> Self {
        let mut cause = json!({ "reason": reason, "message": message });
        if !field.is_empty() {
            cause["field"] = json!(field);
        }

        let details = self.details.get_or_insert_default();
        let causes = details.entry("causes").or_insert_with(|| json!([]));
        if let Some(causes) = causes.as_array_mut() {
            causes.push(cause);
        }
        self
    }

    /// Asks the client to retry after some seconds, in the body and in a header.
    pub(crate) fn with_retry_after(mut self, seconds: u32) -> Self {
        let details = self.details.get_or_insert_default();
        details.insert("retryAfterSeconds".to_owned(), json!(seconds));
        self
    }

    /// The seconds of the `Retry-After` header, which is set only if the body names them.
    pub(crate) fn retry_after_seconds(&self) -> Option<u64> {
        self.details.as_ref()?.get("retryAfterSeconds")?.as_u64()
    }

    /// The `Status` object of this error.
    pub(crate) fn status(&self) -> Value {
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "code": self.code,
        });
        if !self.reason.is_empty() {
            status["reason"] = json!(self.reason);
        }
        if let Some(details) = &self.details {
            status["details"] = json!(details);
        }
        if let Some(token) = &self.continue_at {
            status["metadata"]["continue"] = json!(token);
        }
        status
    }
}

/// The name of a resource or kind in messages: `Pod`, `deployments.apps`.
fn qualified(group: &str, kind: &str) -> String {
    if group.is_empty() {
        kind.to_owned()
    } else {
        format!("{kind}.{group}")
    }
}
