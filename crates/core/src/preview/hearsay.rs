//! What the API server's answer to a dry run says of the disruption itself.

use super::Prediction;
use crate::outcome::Refusal;
use crate::verdict::{CANNOT_BE_ASKED, DisruptionVerdict};

impl From<DisruptionVerdict> for Prediction {
    fn from(verdict: DisruptionVerdict) -> Self {
        let unknown = |why: String| Self::Unknown { why };
        match verdict {
            DisruptionVerdict::Accepted => Self::Allowed {
                budget: None,
                why: "the API server says yes".to_owned(),
            },
            DisruptionVerdict::Refused(Refusal::Webhook { name, message }) if message == CANNOT_BE_ASKED => {
                unknown(format!("webhook {name} cannot be asked: it {message}"))
            }
            // It says nothing of the pod.
            DisruptionVerdict::Refused(refusal @ Refusal::Throttled { .. }) => unknown(refusal.to_string()),
            DisruptionVerdict::Refused(refusal) => Self::Refused(refusal),
            DisruptionVerdict::Gone => unknown("the pod is gone".to_owned()),
            DisruptionVerdict::Forbidden(why) => unknown(format!("may not be asked: {why}")),
            DisruptionVerdict::Unauthorized => {
                unknown("the API server does not accept the credentials".to_owned())
            }
            DisruptionVerdict::Uncertain(why) | DisruptionVerdict::Invalid(why) => unknown(why),
        }
    }
}
