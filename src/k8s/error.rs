//! The errors of requests to the API server. A refused disruption is not an error but an outcome.

use std::sync::Arc;
use std::time::Duration;

use macaque_core::report::RoundEnd;

use super::ConnectionFault;

/// What is wrong with the way to the cluster as it is configured, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{wrong}; {remedy}")]
pub struct AccessFault {
    /// What is wrong, and where.
    pub wrong: String,
    /// What would be right.
    pub remedy: String,
}

/// The reason why a request has no usable answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// No cluster can be reached: the kubeconfig is missing or unreadable, or lacks the context, or the credentials
    /// cannot be obtained.
    #[error(transparent)]
    Access(#[from] AccessFault),
    /// No answer came, or it broke off.
    #[error("{what}: no answer from the API server at {server}: {why}; {}", why.remedy())]
    Unreachable {
        /// What was asked.
        what: String,
        /// The server's address.
        server: Arc<str>,
        /// What happened instead of an answer.
        why: ConnectionFault,
    },
    /// The credentials are not accepted.
    #[error(
        "{what}: the API server did not authenticate the request (401): its credentials are missing, wrong or expired; `macaque check` names them"
    )]
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
    /// The server, or a gateway before it, failed (5xx).
    #[error("{what}: unexpected answer: {why}")]
    ServerFailed {
        /// What was asked.
        what: String,
        /// The answer in one line.
        why: String,
    },
    /// macaque was asked to stop before an answer came.
    #[error("stopped before an answer came")]
    Stopped,
    /// The answer is none of a Kubernetes API server.
    #[error("{what}: unexpected answer: {why}; {}", Self::CHECK_ADDRESS)]
    NotKubernetes {
        /// What was asked.
        what: String,
        /// The answer in one line.
        why: String,
    },
    /// The answer is not one of those expected.
    #[error("{what}: unexpected answer: {why}")]
    Unexpected {
        /// What was asked.
        what: String,
        /// The answer, or what is wrong with it, in one line.
        why: String,
    },
}

impl AccessFault {
    /// A fault and its remedy.
    pub(super) fn new(wrong: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            wrong: wrong.into(),
            remedy: remedy.into(),
        }
    }

    /// The fault as one of this configuration.
    pub(super) fn within(self, source: &str) -> Self {
        Self {
            wrong: format!("cannot use {source}: {}", self.wrong),
            ..self
        }
    }

    /// Several faults as one; `None` if there are none.
    pub(super) fn all(faults: Vec<Self>) -> Option<Self> {
        let mut faults = faults.into_iter();
        let first = faults.next()?;
        Some(faults.fold(first, |all, next| Self {
            wrong: format!("{}; {}", all.wrong, next.wrong),
            ..all
        }))
    }
}

impl ApiError {
    /// What to do if the answer is none of a Kubernetes API server.
    pub(crate) const CHECK_ADDRESS: &str =
        "check that it is the address of a Kubernetes API server, with its path if it has one";

    /// Whether the same request may work later without anyone fixing anything.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::Throttled { .. }
            | Self::ServerFailed { .. }
            | Self::NotKubernetes { .. }
            | Self::Unexpected { .. } => true,
            Self::Access(_)
            | Self::Unauthorized { .. }
            | Self::Forbidden { .. }
            | Self::NotFound { .. }
            | Self::Stopped => false,
        }
    }

    /// Whether the server said nothing of the request itself: it was not reached, or is busy, or fails.
    pub fn is_no_answer(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Throttled { .. } | Self::ServerFailed { .. } | Self::Stopped => {
                true
            }
            Self::Access(_)
            | Self::Unauthorized { .. }
            | Self::Forbidden { .. }
            | Self::NotFound { .. }
            | Self::NotKubernetes { .. }
            | Self::Unexpected { .. } => false,
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
