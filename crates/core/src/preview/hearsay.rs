//! What the API server's answer to a dry run says of the disruption itself.

use super::Opinion;
use crate::outcome::Refusal;
use crate::verdict::{CANNOT_BE_ASKED, Verdict};

impl From<Verdict> for Opinion {
    fn from(verdict: Verdict) -> Self {
        let unknown = |why: String| Self::Unknown { why };
        match verdict {
            Verdict::Accepted => Self::Allowed {
                budget: None,
                why: "the API server says yes".to_owned(),
            },
            Verdict::Refused(Refusal::Webhook { name, message }) if message == CANNOT_BE_ASKED => {
                unknown(format!("webhook {name} cannot be asked: it {message}"))
            }
            // It says nothing of the pod.
            Verdict::Refused(refusal @ Refusal::Throttled { .. }) => unknown(refusal.to_string()),
            Verdict::Refused(refusal) => Self::Refused(refusal),
            Verdict::Gone => unknown("the pod is gone".to_owned()),
            Verdict::Forbidden(why) => unknown(format!("may not be asked: {why}")),
            Verdict::Unauthorized => unknown("the API server does not accept the credentials".to_owned()),
            Verdict::Doubt(why) | Verdict::Fault(why) => unknown(why),
        }
    }
}
