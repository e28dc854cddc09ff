//! Understands the API server's answer to a disruption.
//!
//! The order of judgement matters more than the status code: a webhook may deny with any code it likes, a
//! budget refuses with 429 as a throttle does, and a budget's 403 looks like a missing grant. It follows from
//! the server's own sources (`pkg/registry/core/pod/storage/eviction.go`, `apiserver/pkg/endpoints/handlers`).

use std::time::Duration;

use crate::outcome::Refusal;

/// What came back over the wire, read by shape and not by content type: the server's own time-out filter sends
/// its JSON as `text/plain`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApiAnswer {
    /// The HTTP status code.
    pub code: u16,
    /// `Retry-After`, or the body's `details.retryAfterSeconds`.
    pub retry_after: Option<Duration>,
    /// The `AnswerStatus` in the body, if the body has that shape.
    pub status: Option<AnswerStatus>,
    /// The first words of the body, for answers of no known shape.
    pub text: String,
    /// The texts of the `Warning` headers.
    pub warnings: Vec<String>,
}

/// What the rules read of a `meta/v1` Status.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AnswerStatus {
    /// Whether `status` is `Failure`: the server can send that under a 2xx.
    pub failed: bool,
    /// `code`, which counts where it contradicts a 2xx on the wire.
    pub code: u16,
    /// `reason`, often empty.
    pub reason: String,
    /// `message`.
    pub message: String,
    /// `details.kind`, in lower case: both `Pod` and `pods` occur.
    pub kind: String,
    /// `details.name`.
    pub name: String,
    /// `details.causes`.
    pub causes: Vec<StatusCause>,
}

/// One of a Status' causes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StatusCause {
    /// The cause's type; its JSON key is `reason`.
    pub reason: String,
    /// Its words.
    pub message: String,
}

/// What an answer means for the pod it was about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DisruptionVerdict {
    /// The server said yes. No proof of death: look the pod up by UID.
    Accepted,
    /// The server said no, and who.
    Refused(Refusal),
    /// The pod is gone, or replaced by another of its name.
    Gone,
    /// macaque may not do this; the server's words name the missing grant.
    Forbidden(String),
    /// The credentials are not, or no longer, accepted.
    Unauthorized,
    /// It may or may not have happened: look the pod up by UID before anything else.
    Uncertain(String),
    /// The request was wrong, or the answerer is no Kubernetes API: nothing was done, and repeating is useless.
    Invalid(String),
}

/// What is said of a webhook that has side effects and so is not asked in a dry run: the API server refuses in its
/// place.
pub const CANNOT_BE_ASKED: &str = "does not support dry run";

/// Says what `answer`, to an eviction or a deletion of a pod, means.
pub fn classify(answer: &ApiAnswer) -> DisruptionVerdict {
    let Some(status) = &answer.status else {
        return shapeless(answer);
    };
    let code = if (200..300).contains(&answer.code) && status.failed && status.code != 0 {
        status.code
    } else {
        answer.code
    };
    by_words(status, answer).unwrap_or_else(|| by_code(code, status, answer))
}

/// (1) No Status in the body: only the code speaks, of the transport and never of a budget.
fn shapeless(answer: &ApiAnswer) -> DisruptionVerdict {
    match answer.code {
        // A deletion answers with the pod itself.
        200..=299 => DisruptionVerdict::Accepted,
        401 => DisruptionVerdict::Unauthorized,
        429 => throttled(answer),
        408 | 500..=599 => DisruptionVerdict::Uncertain(describe(answer)),
        _ => DisruptionVerdict::Invalid(describe(answer)),
    }
}

/// (2) to (7): words that name who refused, whatever the code.
fn by_words(status: &AnswerStatus, answer: &ApiAnswer) -> Option<DisruptionVerdict> {
    let message = status.message.as_str();
    if let Some((name, why)) = webhook_denial(message) {
        return Some(refused(Refusal::Webhook {
            name: name.to_owned(),
            message: why.to_owned(),
        }));
    }
    if let Some((name, binding, why)) = policy_denial(message) {
        let (name, binding, message) = (name.to_owned(), binding.to_owned(), why.to_owned());
        return Some(refused(Refusal::Policy {
            name,
            binding,
            message,
        }));
    }
    if let Some(cause) = status
        .causes
        .iter()
        .find(|cause| cause.reason == "DisruptionBudget")
    {
        return Some(refused(budget(status, cause, answer)));
    }
    if status
        .causes
        .iter()
        .any(|cause| cause.reason == "NamespaceTerminating")
    {
        return Some(refused(Refusal::NamespaceTerminating));
    }
    if message.contains("more than one PodDisruptionBudget") {
        return Some(refused(Refusal::SeveralBudgets));
    }
    webhook_failure(message).map(|name| {
        refused(Refusal::WebhookDown {
            name: name.to_owned(),
            message: message.to_owned(),
        })
    })
}

/// (8) The code, with `details.kind` where one code means several things.
fn by_code(code: u16, status: &AnswerStatus, answer: &ApiAnswer) -> DisruptionVerdict {
    let message = || status.message.clone();
    let not_now = || refused(Refusal::NotNow { message: message() });
    let about_budget = status.kind.starts_with("poddisruptionbudget");
    match code {
        200..=299 => DisruptionVerdict::Accepted,
        401 => DisruptionVerdict::Unauthorized,
        403 if status.message.contains("not yet ready to handle request") => not_now(),
        403 => DisruptionVerdict::Forbidden(message()),
        404 | 409 if about_budget => not_now(),
        404 if matches!(status.kind.as_str(), "pod" | "pods" | "namespaces") => DisruptionVerdict::Gone,
        409 if status.message.contains("UID in") => DisruptionVerdict::Gone,
        409 => not_now(),
        422 if matches!(status.kind.as_str(), "pod" | "pods") => {
            refused(Refusal::InvalidPod { message: message() })
        }
        429 => throttled(answer),
        408 | 500..=599 => DisruptionVerdict::Uncertain(describe(answer)),
        _ => DisruptionVerdict::Invalid(describe(answer)),
    }
}

fn refused(refusal: Refusal) -> DisruptionVerdict {
    DisruptionVerdict::Refused(refusal)
}

/// How long to pause where a throttle names no time: what the server's own filter asks for.
const DEFAULT_PAUSE: Duration = Duration::from_secs(1);

fn throttled(answer: &ApiAnswer) -> DisruptionVerdict {
    refused(Refusal::Throttled {
        retry_after: answer.retry_after.unwrap_or(DEFAULT_PAUSE),
    })
}

/// `admission webhook "NAME" denied the request: WHY` (or `… without explanation`).
fn webhook_denial(message: &str) -> Option<(&str, &str)> {
    let rest = message.strip_prefix("admission webhook \"")?;
    let (name, rest) = rest.split_once('"')?;
    if let Some(why) = rest.strip_prefix(" denied the request") {
        return Some((name, why.trim_start_matches(':').trim()));
    }
    // Only asked for in a preview: the webhook refuses to be asked without effect.
    rest.contains(CANNOT_BE_ASKED).then_some((name, CANNOT_BE_ASKED))
}

/// `… failed calling webhook "NAME": WHY`: it may not be passed over, and does not answer.
fn webhook_failure(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("failed calling webhook \"")?;
    rest.split_once('"').map(|(name, _)| name)
}

/// `… ValidatingAdmissionPolicy 'NAME' with binding 'BINDING' denied request: WHY`.
fn policy_denial(message: &str) -> Option<(&str, &str, &str)> {
    let (_, rest) = message.split_once("ValidatingAdmissionPolicy '")?;
    let (name, rest) = rest.split_once("' with binding '")?;
    let (binding, rest) = rest.split_once('\'')?;
    let (_, why) = rest.split_once("denied request:")?;
    Some((name, binding, why.trim()))
}

/// Reads the budget's name from the cause (`The disruption budget NAME needs …`), or from the details.
fn budget(status: &AnswerStatus, cause: &StatusCause, answer: &ApiAnswer) -> Refusal {
    let words = if cause.message.is_empty() {
        &status.message
    } else {
        &cause.message
    };
    let from_cause = words
        .strip_prefix("The disruption budget ")
        .and_then(|rest| rest.split(' ').next());
    let from_details =
        || Some(status.name.as_str()).filter(|_| status.kind.starts_with("poddisruptionbudget"));
    Refusal::Budget {
        name: from_cause
            .or_else(from_details)
            .filter(|name| !name.is_empty())
            .map(str::to_owned),
        message: words.clone(),
        unsynced: answer.retry_after.is_some() || words.contains("still being processed"),
    }
}

/// The answer in one line, for doubts and faults.
fn describe(answer: &ApiAnswer) -> String {
    let words = match &answer.status {
        Some(status) if !status.message.is_empty() => &status.message,
        _ => &answer.text,
    };
    if words.is_empty() {
        format!("HTTP {}", answer.code)
    } else {
        format!("HTTP {}: {words}", answer.code)
    }
}

#[cfg(test)]
mod tests;
