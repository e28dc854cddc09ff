//! The answer to a request, before it becomes bytes.

use serde_json::{Value, json};

use crate::wire::status_error::StatusError;

/// A complete answer: status code, extra headers and a body.
#[derive(Debug)]
pub(crate) struct ApiReply {
    pub(crate) code: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: ReplyBody,
}

/// The body of an answer.
#[derive(Debug)]
pub(crate) enum ReplyBody {
    Json(Value),
    Text(String),
}

impl ApiReply {
    pub(crate) fn json(code: u16, body: Value) -> Self {
        Self {
            code,
            headers: Vec::new(),
            body: ReplyBody::Json(body),
        }
    }

    pub(crate) fn text(code: u16, text: &str) -> Self {
        Self {
            code,
            headers: Vec::new(),
            body: ReplyBody::Text(text.to_owned()),
        }
    }

    /// Adds a `Warning` header for each warning.
    pub(crate) fn with_warnings(mut self, warnings: &[String]) -> Self {
        for warning in warnings {
            let quoted = warning.replace('\\', "\\\\").replace('"', "\\\"");
            self.headers.push(("Warning", format!("299 - \"{quoted}\"")));
        }
        self
    }
}

impl From<StatusError> for ApiReply {
    fn from(error: StatusError) -> Self {
        let mut reply = Self::json(error.code, error.status());
        if let Some(seconds) = error.retry_after_seconds().filter(|seconds| *seconds > 0) {
            reply.headers.push(("Retry-After", seconds.to_string()));
        }
        reply
    }
}

/// The `Status` of success, the answer to evictions and most deletions.
pub(crate) fn success_status() -> Value {
    json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success" })
}
