//! What went wrong when the API server called an admission webhook that must be asked.

use serde::{Deserialize, Serialize};

/// The reason why the call of an admission webhook gave no decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WebhookFault {
    /// No answer came: nobody listens, or not in time. The webhook may have received the request all the same.
    NoAnswer,
    /// An answer came that is not an AdmissionReview for the request.
    InvalidAnswer,
    /// No TLS connection could be made, or the webhook's certificate is not trusted.
    Tls,
    /// The call failed in another way, for example because the webhook's configuration cannot be used.
    CallFailed,
}

impl WebhookFault {
    /// What is said of the webhook, after its name: `webhook guard, which does not answer`.
    pub(super) fn clause(self) -> &'static str {
        match self {
            Self::NoAnswer => "which does not answer",
            Self::InvalidAnswer => "whose answer is not a valid AdmissionReview",
            Self::Tls => "to which the TLS connection failed",
            Self::CallFailed => "which could not be called",
        }
    }

    pub(super) fn advice(self) -> &'static str {
        match self {
            Self::NoAnswer => {
                "see that the webhook runs and the API server reaches it, or set its failurePolicy to Ignore"
            }
            Self::InvalidAnswer => {
                "fix the webhook, or the address in its configuration, or set its failurePolicy to Ignore"
            }
            Self::Tls => {
                "check the webhook's certificate against the caBundle and the name in its configuration"
            }
            Self::CallFailed => "fix the webhook or its configuration, or set its failurePolicy to Ignore",
        }
    }
}
