//! The refusals of an API server, as the `Status` objects that carry them.

use serde_json::{Map, Value, json};

/// A refusal: its code, and the Status that explains it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StatusError {
    pub(crate) code: u16,
    /// Empty for the few answers that give no reason.
    pub(crate) reason: &'static str,
    pub(crate) message: String,
    pub(crate) details: Option<Map<String, Value>>,
    /// Where an expired list may go on.
    pub(crate) continue_at: Option<String>,
}

/// One invalid field, as validation names it.
#[derive(Debug, Clone)]
pub(crate) struct FieldError {
    /// The machine word, such as `FieldValueInvalid`.
    pub(crate) reason: &'static str,
    pub(crate) field: &'static str,
    /// `Unsupported value: "x": supported values: "All"`
    pub(crate) body: String,
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
        Self::new(
            404,
            "NotFound",
            format!("{} {name:?} not found", qualified(group, plural)),
        )
        .about(group, plural, name)
    }

    pub(crate) fn already_exists(group: &str, plural: &str, name: &str) -> Self {
        Self::new(
            409,
            "AlreadyExists",
            format!("{} {name:?} already exists", qualified(group, plural)),
        )
        .about(group, plural, name)
    }

    pub(crate) fn conflict(group: &str, kind: &str, name: &str, why: &str) -> Self {
        let what = qualified(group, kind);
        Self::new(
            409,
            "Conflict",
            format!("Operation cannot be fulfilled on {what} {name:?}: {why}"),
        )
        .about(group, kind, name)
    }

    pub(crate) fn forbidden(group: &str, kind: &str, name: &str, why: &str) -> Self {
        let what = qualified(group, kind);
        let message = match name {
            "" => format!("{what} is forbidden: {why}"),
            name => format!("{what} {name:?} is forbidden: {why}"),
        };
        Self::new(403, "Forbidden", message).about(group, kind, name)
    }

    pub(crate) fn invalid(group: &str, kind: &str, name: &str, errors: &[FieldError]) -> Self {
        let told: Vec<String> = errors
            .iter()
            .map(|error| format!("{}: {}", error.field, error.body))
            .collect();
        let told = match told.as_slice() {
            [only] => only.clone(),
            several => format!("[{}]", several.join(", ")),
        };
        let mut failure = Self::new(
            422,
            "Invalid",
            format!("{} {name:?} is invalid: {told}", qualified(group, kind)),
        )
        .about(group, kind, name);
        for error in errors {
            failure = failure.cause(error.reason, &error.body, error.field);
        }
        failure
    }

    /// A resource, or a path below one, that nobody serves.
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

    /// Says what the refusal is about; empty parts are left out.
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
    pub(crate) fn cause(mut self, reason: &str, message: &str, field: &str) -> Self {
        let mut cause = json!({ "reason": reason, "message": message });
        if !field.is_empty() {
            cause["field"] = json!(field);
        }
        let causes = self
            .details
            .get_or_insert_default()
            .entry("causes")
            .or_insert_with(|| json!([]));
        if let Some(causes) = causes.as_array_mut() {
            causes.push(cause);
        }
        self
    }

    /// Asks the client to come back after some seconds, in the body and in a header.
    pub(crate) fn retry_after(mut self, seconds: u32) -> Self {
        self.details
            .get_or_insert_default()
            .insert("retryAfterSeconds".to_owned(), json!(seconds));
        self
    }

    /// The seconds for the `Retry-After` header, which is set only when the body names some.
    pub(crate) fn retry_after_seconds(&self) -> Option<u64> {
        self.details.as_ref()?.get("retryAfterSeconds")?.as_u64()
    }

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

/// `Pod`, `deployments.apps`: a resource or kind as messages name it.
fn qualified(group: &str, kind: &str) -> String {
    match group {
        "" => kind.to_owned(),
        group => format!("{kind}.{group}"),
    }
}
