//! Tells what a failed answer to a read means.

use macaque_core::refusal::Refusal;
use macaque_core::verdict::{ApiAnswer, DisruptionVerdict, classify};

use crate::k8s::ApiError;

/// Converts a failed answer to a read into an error: unlike a disruption, a read has no outcome.
pub(super) fn read_error(answer: &ApiAnswer, what: String) -> ApiError {
    match classify(answer) {
        DisruptionVerdict::Unauthorized => ApiError::Unauthorized { what },
        DisruptionVerdict::Forbidden(why) => ApiError::Forbidden { what, why },
        DisruptionVerdict::Refused(Refusal::Throttled { retry_after }) => {
            ApiError::Throttled { what, retry_after }
        }
        DisruptionVerdict::Refused(refusal) if answer.code >= 500 => ApiError::ServerFailed {
            what,
            why: refusal.to_string(),
        },
        DisruptionVerdict::Refused(refusal) => ApiError::Unexpected {
            what,
            why: refusal.to_string(),
        },
        DisruptionVerdict::Uncertain(why) | DisruptionVerdict::Invalid(why)
            if is_of_another_server(answer) =>
        {
            ApiError::NotKubernetes { what, why }
        }
        DisruptionVerdict::Uncertain(why) | DisruptionVerdict::Invalid(why) if answer.code >= 500 => {
            ApiError::ServerFailed { what, why }
        }
        DisruptionVerdict::Uncertain(why) | DisruptionVerdict::Invalid(why) => {
            ApiError::Unexpected { what, why }
        }
        DisruptionVerdict::Accepted | DisruptionVerdict::Gone => ApiError::Unexpected {
            what,
            why: format!("HTTP {}", answer.code),
        },
    }
}

/// Whether an answer shows that the address is another server's: no Status comes with a redirection, an unknown path or
/// a page of HTML. A gateway before the right server makes such pages too, but of errors of its own (5xx).
fn is_of_another_server(answer: &ApiAnswer) -> bool {
    let is_elsewhere = matches!(answer.code, 300..=399 | 404 | 405);
    answer.status.is_none() && (is_elsewhere || answer.code < 500 && is_page(answer.text.as_bytes()))
}

/// Whether a body is HTML.
pub(super) fn is_page(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"<")
}
