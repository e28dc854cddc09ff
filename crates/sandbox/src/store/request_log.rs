//! The log of the requests that a sandbox received, for tests to inspect.

use std::collections::VecDeque;

/// How many requests are kept: enough for any test, while a sandbox that runs for days drops the oldest.
const REQUEST_LOG_SIZE: usize = 10_000;

/// A request as the sandbox received it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedRequest {
    /// The method: `GET`, `POST`, …
    pub method: String,
    /// The path and query as sent, percent-encoding included.
    pub path_and_query: String,
    /// The body as text; one in protobuf as the JSON of the same object.
    pub body: String,
}

/// The latest requests, oldest first.
#[derive(Debug, Default)]
pub(crate) struct RequestLog(VecDeque<RecordedRequest>);

impl RequestLog {
    pub(crate) fn push(&mut self, request: RecordedRequest) {
        if self.0.len() == REQUEST_LOG_SIZE {
            self.0.pop_front();
        }
        self.0.push_back(request);
    }

    pub(crate) fn to_vec(&self) -> Vec<RecordedRequest> {
        self.0.iter().cloned().collect()
    }
}
