//! Classifies the API server's answer to a disruption.
//!
//! The order of the checks matters more than the status code: a webhook may deny with any code, a budget
//! refuses with 429 as a throttle does, and a budget's 403 looks like a missing permission. The order
//! follows from the server's own sources (`pkg/registry/core/pod/storage/eviction.go`,
//! `apiserver/pkg/endpoints/handlers`):
//!
//! 1. an answer without a Status, by its code alone;
//! 2. the denial of an admission webhook;
//! 3. the denial of a ValidatingAdmissionPolicy;
//! 4. the cause `DisruptionBudget`;
//! 5. the cause `NamespaceTerminating`;
//! 6. the message that several budgets cover the pod;
//! 7. the message that the call of a webhook failed;
//! 8. the code, with `details.kind` where one code means several things.

mod webhook;

use std::time::Duration;

use jiff::Timestamp;

use crate::refusal::Refusal;
use crate::server_text::bounded;

/// The answer as it was received. The body is recognized by its shape and not by its content type: the server's own
/// time-out filter sends JSON as `text/plain`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApiAnswer {
    /// The HTTP status code.
    pub code: u16,
    /// `Retry-After`, or the body's `details.retryAfterSeconds`.
    pub retry_after: Option<Duration>,
    /// The Status in the body, if the body has that shape.
    pub status: Option<AnswerStatus>,
    /// The beginning of the body, for an answer of unknown shape.
    pub text: String,
    /// What the body of a success is, in words, if it is neither a Status nor the pod: then somebody else answered.
    pub unexpected: Option<String>,
    /// The texts of the `Warning` headers.
    pub warnings: Vec<String>,
    /// The second of the server's clock in which it answered, by `Date` (RFC 9110 §6.6.1): the answer may be read long after.
    pub date: Option<Timestamp>,
}

/// The fields of a `meta/v1` Status that are read.
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

/// One cause in a Status.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StatusCause {
    /// The cause's type; its JSON key is `reason`.
    pub reason: String,
    /// The cause's message.
    pub message: String,
}

/// The meaning of an answer for the pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DisruptionVerdict {
    /// The server accepted the disruption. That is no proof that the pod is gone: check the pod by UID.
    Accepted,
    /// The disruption was refused; the [`Refusal`] says by whom.
    Refused(Refusal),
    /// The pod is gone, or replaced by another of its name.
    Gone,
    /// The disruption is not permitted; the server's message names the missing permission.
    Forbidden(String),
    /// The credentials are not, or no longer, accepted.
    Unauthorized,
    /// The disruption may or may not have happened: check the pod by UID before anything else.
    Uncertain(String),
    /// The request was wrong, or no Kubernetes API answered: nothing was done, and repeating is useless.
    Invalid(String),
}

/// The message about a webhook that is not called in a dry run because it has side effects: the API server refuses in
/// its place.
pub const CANNOT_BE_ASKED: &str = "does not support dry run";

/// How long to wait if a throttle names no time: what the server's own filter asks for.
const DEFAULT_RETRY_AFTER: Duration = Duration::from_secs(1);

impl DisruptionVerdict {
    /// The verdict with every text of a server bounded.
    fn bounded(self) -> Self {
        match self {
            Self::Refused(refusal) => Self::Refused(refusal.bounded()),
            Self::Forbidden(why) => Self::Forbidden(bounded(&why)),
            Self::Uncertain(why) => Self::Uncertain(bounded(&why)),
            Self::Invalid(why) => Self::Invalid(bounded(&why)),
            Self::Accepted | Self::Gone | Self::Unauthorized => self,
        }
    }
}

/// Classifies the answer to an eviction or a deletion of a pod. Texts of the server are bounded in the verdict.
pub fn classify(answer: &ApiAnswer) -> DisruptionVerdict {
    // Only what was classified is cut: the words that decide may come late in a message.
    classify_whole(answer).bounded()
}

fn classify_whole(answer: &ApiAnswer) -> DisruptionVerdict {
    let Some(status) = &answer.status else {
        return by_code_alone(answer);
    };

    let code = if (200..300).contains(&answer.code) && status.failed && status.code != 0 {
        status.code
    } else {
        answer.code
    };

    by_message(code, status, answer).unwrap_or_else(|| by_code(code, status, answer))
}

/// Step 1: without a Status in the body only the code counts, and such an answer is never about a budget.
fn by_code_alone(answer: &ApiAnswer) -> DisruptionVerdict {
    match answer.code {
        200..=299 => match &answer.unexpected {
            // A deletion answers with the pod itself.
            None => DisruptionVerdict::Accepted,
            Some(what) => DisruptionVerdict::Uncertain(format!("HTTP {}: {what}", answer.code)),
        },
        401 => DisruptionVerdict::Unauthorized,
        429 => throttled(answer),
        408 | 500..=599 => DisruptionVerdict::Uncertain(describe(answer)),
        _ => DisruptionVerdict::Invalid(describe(answer)),
    }
}

/// Steps 2 to 7: messages and causes that name who refused take precedence over the code.
fn by_message(code: u16, status: &AnswerStatus, answer: &ApiAnswer) -> Option<DisruptionVerdict> {
    let message = status.message.as_str();
    let cause_of = |reason: &str| status.causes.iter().find(|cause| cause.reason == reason);

    if let Some((name, why)) = webhook::denial(message) {
        return Some(refused(Refusal::Webhook {
            name: name.to_owned(),
            message: why.to_owned(),
            temporary: matches!(code, 408 | 409 | 429 | 503 | 504) || answer.retry_after.is_some(),
        }));
    }
    if let Some((name, binding, why)) = policy_denial(message) {
        return Some(refused(Refusal::Policy {
            name: name.to_owned(),
            binding: binding.to_owned(),
            message: why.to_owned(),
        }));
    }

    if let Some(cause) = cause_of("DisruptionBudget") {
        return Some(refused(budget_refusal(status, cause, answer)));
    }
    if cause_of("NamespaceTerminating").is_some() {
        return Some(refused(Refusal::NamespaceTerminating));
    }

    if message.contains("more than one PodDisruptionBudget") {
        return Some(refused(Refusal::SeveralBudgets));
    }
    webhook::failure(message).map(|(name, fault)| {
        refused(Refusal::WebhookFailed {
            name: name.to_owned(),
            fault,
            message: message.to_owned(),
        })
    })
}

/// Step 8: the code counts, with `details.kind` where one code means several things.
fn by_code(code: u16, status: &AnswerStatus, answer: &ApiAnswer) -> DisruptionVerdict {
    let message = || status.message.clone();
    let not_now = || refused(Refusal::NotNow { message: message() });
    let is_about_budget = status.kind.starts_with("poddisruptionbudget");

    match code {
        200..=299 if status.failed => DisruptionVerdict::Uncertain(describe(answer)),
        200..=299 => DisruptionVerdict::Accepted,
        401 => DisruptionVerdict::Unauthorized,
        403 if status.message.contains("not yet ready to handle request") => not_now(),
        // Of 1.33 and 1.35, a budget that waits for too many pods names no cause (`registry/core/pod/storage/eviction.go`).
        403 if is_about_budget && status.message.contains("DisruptedPods map too big") => {
            refused(budget_refusal(status, &StatusCause::default(), answer))
        }
        403 => DisruptionVerdict::Forbidden(message()),
        404 | 409 if is_about_budget => not_now(),
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

fn throttled(answer: &ApiAnswer) -> DisruptionVerdict {
    refused(Refusal::Throttled {
        retry_after: answer.retry_after.unwrap_or(DEFAULT_RETRY_AFTER),
    })
}

/// Reads `… ValidatingAdmissionPolicy 'NAME' with binding 'BINDING' denied request: WHY`.
fn policy_denial(message: &str) -> Option<(&str, &str, &str)> {
    let (_, rest) = message.split_once("ValidatingAdmissionPolicy '")?;
    let (name, rest) = rest.split_once("' with binding '")?;
    let (binding, rest) = rest.split_once('\'')?;
    let (_, why) = rest.split_once("denied request:")?;
    Some((name, binding, why.trim()))
}

/// Reads the budget's name from the cause (`The disruption budget NAME needs …`), or from the details.
fn budget_refusal(status: &AnswerStatus, cause: &StatusCause, answer: &ApiAnswer) -> Refusal {
    let message = if cause.message.is_empty() {
        &status.message
    } else {
        &cause.message
    };

    let from_cause = message
        .strip_prefix("The disruption budget ")
        .and_then(|rest| rest.split(' ').next());
    let from_details =
        || Some(status.name.as_str()).filter(|_| status.kind.starts_with("poddisruptionbudget"));
    let name = from_cause.or_else(from_details);

    Refusal::Budget {
        name: name.filter(|name| !name.is_empty()).map(str::to_owned),
        message: message.clone(),
        unsynced: answer.retry_after.is_some() || message.contains("still being processed"),
    }
}

/// Describes an uncertain or invalid answer in one line.
fn describe(answer: &ApiAnswer) -> String {
    let text = match &answer.status {
        Some(status) if !status.message.is_empty() => &status.message,
        _ => &answer.text,
    };

    if text.is_empty() {
        format!("HTTP {}", answer.code)
    } else {
        format!("HTTP {}: {text}", answer.code)
    }
}

#[cfg(test)]
mod tests;
