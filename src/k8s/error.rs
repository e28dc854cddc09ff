//! What can go wrong between macaque and the API server, beside a refusal.

use std::sync::Arc;
use std::time::Duration;

use macaque_core::report::RoundEnd;

use super::credentials;

/// An error where there was no usable answer. A refusal is not an error but an outcome.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// There is no way to reach a cluster: no kubeconfig, an unreadable one, a context it does not have.
    #[error("{0}")]
    Access(String),
    /// No answer came, or it broke off.
    #[error("{what}: the API server at {server} did not answer: {why}")]
    Unreachable {
        /// What was asked.
        what: String,
        /// The server's address.
        server: Arc<str>,
        /// What was seen instead of an answer.
        why: String,
    },
    /// The credentials are not accepted.
    #[error("{what}: the API server does not accept the credentials (401)")]
    Unauthorized {
        /// What was asked.
        what: String,
    },
    /// A grant is missing; the server's words name it.
    #[error("{what}: forbidden: {why}")]
    Forbidden {
        /// What was asked.
        what: String,
        /// The server's words.
        why: String,
    },
    /// There is no such object.
    #[error("{what}: not found")]
    NotFound {
        /// What was asked.
        what: String,
    },
    /// The server asked to be left alone for a while.
    #[error("{what}: the API server is busy and asked to wait {} s", retry_after.as_secs())]
    Throttled {
        /// What was asked.
        what: String,
        /// For how long to pause.
        retry_after: Duration,
    },
    /// macaque was told to stop before an answer came.
    #[error("macaque was told to stop before an answer came")]
    Stopped,
    /// An answer that fits no expectation.
    #[error("{what}: unexpected answer: {why}")]
    Unexpected {
        /// What was asked.
        what: String,
        /// The answer in one line.
        why: String,
    },
}

/// The innermost cause of a kube error in one line: the outer layers only repeat `ServiceError`. Credentials that
/// could not be renewed are told in our own words, since kube's hold what was printed instead of them.
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
    /// Whether the same request may work after a while, with nothing fixed meanwhile.
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
