//! What is expected of one disruption before it is tried, by the budgets or by the API server's answer to a dry run.

use std::fmt;

use serde::Serialize;

use crate::guard::GuardHold;
use crate::outcome::Outcome;
use crate::refusal::Refusal;
use crate::verdict::{CANNOT_BE_ASKED, DisruptionVerdict};

/// What is expected of one disruption before it is tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "lowercase")]
pub enum Prediction {
    /// The disruption would be allowed.
    Allowed {
        /// The name of the budget that would be charged; `None` if none is.
        budget: Option<String>,
        /// The reason in words.
        why: String,
    },
    /// The disruption would be refused.
    Refused(Refusal),
    /// A guard of the victim or its owner would stop the disruption.
    Held(GuardHold),
    /// A guard of the round would end the round.
    #[serde(rename = "round-held")]
    RoundHeld(GuardHold),
    /// The outcome cannot be predicted.
    Unknown {
        /// The reason.
        why: String,
    },
}

impl Prediction {
    /// The prediction that the disruption is allowed and charges no budget.
    pub fn without_budget(why: &str) -> Self {
        Self::Allowed {
            budget: None,
            why: why.to_owned(),
        }
    }

    /// Whether the disruption would be allowed.
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed { .. })
    }

    /// Whether the disruption would be refused, or stopped by a guard.
    pub fn is_stopped(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::Held(_) | Self::RoundHeld(_))
    }

    /// The outcome that a round would see; what cannot be predicted counts as a disruption.
    pub(crate) fn as_outcome(&self) -> Outcome {
        match self {
            Self::Allowed { .. } => Outcome::DryRun,
            Self::Refused(refusal) => Outcome::Refused(refusal.clone()),
            Self::Held(hold) | Self::RoundHeld(hold) => Outcome::Held(hold.clone()),
            Self::Unknown { why } => Outcome::Unknown { why: why.clone() },
        }
    }
}

/// What the API server's answer to a dry run says about the disruption itself.
impl From<DisruptionVerdict> for Prediction {
    fn from(verdict: DisruptionVerdict) -> Self {
        let unknown = |why: String| Self::Unknown { why };

        match verdict {
            DisruptionVerdict::Accepted => Self::without_budget("the API server allows it"),
            DisruptionVerdict::Refused(Refusal::Webhook { name, message, .. })
                if message == CANNOT_BE_ASKED =>
            {
                unknown(format!("webhook {name} cannot be asked: it {message}"))
            }
            // A throttle says nothing about the pod.
            DisruptionVerdict::Refused(refusal @ Refusal::Throttled { .. }) => unknown(refusal.to_string()),
            DisruptionVerdict::Refused(refusal) => Self::Refused(refusal),

            DisruptionVerdict::Gone => unknown("the pod is gone".to_owned()),
            DisruptionVerdict::Forbidden(why) => unknown(format!("not permitted to ask: {why}")),
            DisruptionVerdict::Unauthorized => {
                unknown("the API server did not authenticate the request (401)".to_owned())
            }
            DisruptionVerdict::Uncertain(why) | DisruptionVerdict::Invalid(why) => unknown(why),
        }
    }
}

impl fmt::Display for Prediction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allowed { why, .. } => write!(f, "allowed: {why}"),
            Self::Refused(refusal) => f.write_str(&refusal.phrase()),
            Self::Held(hold) => hold.fmt(f),
            Self::RoundHeld(hold) => write!(f, "the round would end: {hold}"),
            Self::Unknown { why } => write!(f, "unknown: {why}"),
        }
    }
}
