//! An answer of the sandbox, before it becomes bytes.

use serde_json::Value;

use crate::api::watch::ResourceWatch;
use crate::wire::status_error::StatusError;

/// A status code, extra headers and a body.
#[derive(Debug)]
pub(crate) struct ApiReply {
    pub(crate) code: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: ReplyBody,
}

/// What an answer carries.
#[derive(Debug)]
pub(crate) enum ReplyBody {
    Json(Value),
    Text(String),
    /// Events as they happen, until the client leaves or the time is over.
    ResourceWatch(Box<ResourceWatch>),
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

    /// Adds the header by which a server warns of what it accepted all the same.
    pub(crate) fn warn(mut self, warnings: &[String]) -> Self {
        for warning in warnings {
            let quoted = warning.replace('\\', "\\\\").replace('"', "\\\"");
            self.headers.push(("Warning", format!("299 - \"{quoted}\"")));
        }
        self
    }
}

impl From<StatusError> for ApiReply {
    fn from(failure: StatusError) -> Self {
        let mut reply = Self::json(failure.code, failure.status());
        if let Some(seconds) = failure.retry_after_seconds().filter(|seconds| *seconds > 0) {
            reply.headers.push(("Retry-After", seconds.to_string()));
        }
        reply
    }
}
