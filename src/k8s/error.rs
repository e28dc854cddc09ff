//! The errors of requests to the API server. A refused disruption is not an error but an outcome.

use std::sync::Arc;
use std::time::Duration;

use macaque_core::report::RoundEnd;

use super::credentials;

/// The reason why a request has no usable answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// No cluster can be reached: the kubeconfig is missing or unreadable, or lacks the context.
    #[error("{0}")]
    Access(String),
    /// No answer came, or it broke off.
    #[error("{what}: the API server at {server} did not answer: {why}")]
    Unreachable {
        /// What was asked.
        what: String,
        /// The server's address.
        server: Arc<str>,
        /// What happened instead of an answer.
        why: String,
    },
    /// The credentials are not accepted.
    #[error("{what}: the API server does not accept the credentials (401)")]
    Unauthorized {
        /// What was asked.
        what: String,
    },
    /// A permission is missing; the server's message names it.
    #[error("{what}: forbidden: {why}")]
    Forbidden {
        /// What was asked.
        what: String,
        /// The server's message.
        why: String,
    },
    /// There is no such object.
    #[error("{what}: not found")]
    NotFound {
        /// What was asked.
        what: String,
    },
    /// The server is busy and asked to wait.
    #[error("{what}: the API server is busy and asked to wait {} s", retry_after.as_secs())]
    Throttled {
        /// What was asked.
        what: String,
        /// How long to wait.
        retry_after: Duration,
    },
    /// macaque was asked to stop before an answer came.
    #[error("stopped before an answer came")]
    Stopped,
    /// The answer is not one of those expected.
    #[error("{what}: unexpected answer: {why}")]
    Unexpected {
        /// What was asked.
        what: String,
        /// The answer, or what is wrong with it, in one line.
        why: String,
    },
}

/// The innermost cause of a kube error in one line; the outer layers only repeat `ServiceError`. Errors of credentials
/// are described without kube's text, which may quote secrets.
pub(super) fn reason(error: &kube::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        if let Some(error) = source.downcast_ref::<kube::client::AuthError>() {
            return credentials::of_auth(error, None);
        }
        innermost = source;
    }
    innermost.to_string()
}

impl ApiError {
    /// Whether the same request may work later without anyone fixing anything.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Throttled { .. } | Self::Unexpected { .. } => true,
            Self::Access(_)
            | Self::Unauthorized { .. }
            | Self::Forbidden { .. }
            | Self::NotFound { .. }
            | Self::Stopped => false,
        }
    }
}

impl From<ApiError> for RoundEnd {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Stopped => Self::Interrupted,
            error => Self::Failed {
                why: error.to_string(),
            },
        }
    }
}
