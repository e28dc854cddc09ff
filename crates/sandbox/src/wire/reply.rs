//! An answer of the sandbox, before it becomes bytes.

use serde_json::Value;

use crate::api::watch::Watch;
use crate::wire::status_error::Failure;

/// A status code, extra headers and a body.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) code: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Body,
}

/// What an answer carries.
#[derive(Debug)]
pub(crate) enum Body {
    Json(Value),
    Text(String),
    /// Events as they happen, until the client leaves or the time is over.
    Watch(Box<Watch>),
}

impl Reply {
    pub(crate) fn json(code: u16, body: Value) -> Self {
        Self {
            code,
            headers: Vec::new(),
            body: Body::Json(body),
        }
    }

    pub(crate) fn text(code: u16, text: &str) -> Self {
        Self {
            code,
            headers: Vec::new(),
            body: Body::Text(text.to_owned()),
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

impl From<Failure> for Reply {
    fn from(failure: Failure) -> Self {
        let mut reply = Self::json(failure.code, failure.status());
        if let Some(seconds) = failure.retry_after_seconds().filter(|seconds| *seconds > 0) {
            reply.headers.push(("Retry-After", seconds.to_string()));
        }
        reply
    }
}
