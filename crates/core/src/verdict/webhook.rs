//! Reads what the API server says about admission webhooks: their denials, and calls that failed
//! (`apiserver/pkg/admission/plugin/webhook`, `apiserver/pkg/util/webhook/error.go`).

use super::CANNOT_BE_ASKED;
use crate::refusal::WebhookFault;

/// The beginnings of what client-go says about an answer whose body or code it cannot use.
const UNUSABLE: &[&str] = &[
    "received invalid webhook response",
    "received undecodable patch",
    "unsupported patch type",
    "the server ",
    "an error on the server",
    "couldn't get version/kind",
    "Object 'Kind' is missing",
    "no kind \"",
    "unable to decode",
    "stream error when reading response body",
    "unexpected error when reading response body",
];

/// Reads `admission webhook "NAME" denied the request: WHY` (or `… without explanation`).
pub(super) fn denial(message: &str) -> Option<(&str, &str)> {
    let (name, rest) = message.strip_prefix("admission webhook \"")?.split_once('"')?;

    if let Some(why) = rest.strip_prefix(" denied the request") {
        return Some((name, why.trim_start_matches(':').trim()));
    }
    // Only a preview sends dry runs.
    rest.contains(CANNOT_BE_ASKED).then_some((name, CANNOT_BE_ASKED))
}

/// Reads `… failed calling webhook "NAME": WHY`, about a webhook that must be asked and gave no decision.
pub(super) fn failure(message: &str) -> Option<(&str, WebhookFault)> {
    if let Some((_, rest)) = message.split_once("failed calling webhook \"") {
        let (name, why) = rest.split_once('"')?;
        return Some((name, fault(why)));
    }

    let (_, rest) = message.split_once("admission webhook \"")?;
    let (name, why) = rest.split_once('"')?;
    let is_patch = why.starts_with(" attempted to modify the object");
    is_patch.then_some((name, WebhookFault::InvalidAnswer))
}

/// What went wrong, by the words after the webhook's name. Words of the webhook itself may be quoted in them, so what
/// client-go says in front decides.
fn fault(why: &str) -> WebhookFault {
    let why = why.trim_start_matches([':', ' ']);
    let why = why.strip_prefix("failed to call webhook: ").unwrap_or(why);
    // The transport puts the request in front: `Post "https://…": WHY`.
    let transport = why.strip_prefix("Post ").and_then(|rest| rest.split_once(": "));

    let Some((_, why)) = transport else {
        return if UNUSABLE.iter().any(|beginning| why.starts_with(beginning)) {
            WebhookFault::InvalidAnswer
        } else if why.ends_with("context deadline exceeded") || why.ends_with("context canceled") {
            WebhookFault::NoAnswer
        } else {
            WebhookFault::CallFailed
        };
    };
    if why.contains("malformed HTTP") {
        WebhookFault::InvalidAnswer
    } else if ["x509: ", "tls: ", "server gave HTTP response to HTTPS client"]
        .iter()
        .any(|words| why.contains(words))
    {
        WebhookFault::Tls
    } else {
        WebhookFault::NoAnswer
    }
}

#[cfg(test)]
mod tests;
