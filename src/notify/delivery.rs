//! The meaning of a service's answer: the message was delivered, may have been, may be later, or never will be.

use std::fmt;
use std::time::Duration;

use crate::text::clean;

/// The result of trying to deliver a message.
pub type DeliveryResult = Result<Delivery, DeliveryError>;

/// The longest pause that is honoured if a service asks for it.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(300);
/// How many characters of a service's own message are shown.
const MAX_DETAIL_CHARS: usize = 200;

/// A service's answer, as far as it was read.
#[derive(Clone, PartialEq, Eq)]
pub struct ServiceAnswer {
    /// The HTTP status.
    pub status: u16,
    /// How long the service asked to wait by `Retry-After`, in seconds or until a date.
    pub retry_after: Option<Duration>,
    /// The body, or its beginning.
    pub body: String,
    /// Whether the body is certainly whole: it ended, within the limits of size and time, as its head announced.
    pub whole: bool,
}

/// Omits the body, which may echo what was sent.
impl fmt::Debug for ServiceAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAnswer")
            .field("status", &self.status)
            .field("retry_after", &self.retry_after)
            .field("whole", &self.whole)
            .finish_non_exhaustive()
    }
}

/// A delivery that needs no further try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// The service answered that it accepted the message.
    Confirmed {
        /// The name that the service gave to the message, if it can be replied to.
        name: Option<String>,
    },
    /// The service answered with the status of success, and the rest of its answer is missing. The message counts as
    /// delivered: the service has probably shown it, and another try would show it again.
    Unconfirmed {
        /// What is missing.
        why: String,
    },
}

/// The reason why a message was not delivered, without URL, token or destination, so that it can be logged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct DeliveryError {
    /// What happened.
    pub why: String,
    /// Whether trying again can help.
    pub retryable: Retryable,
}

/// Whether trying again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retryable {
    /// Trying again cannot help: the configuration or the message has to change.
    No,
    /// The message was not delivered, and trying again may help.
    Yes {
        /// How long the service asked to wait, five minutes at most.
        retry_after: Option<Duration>,
    },
    /// The message was sent and may have been delivered: each further try may show it again, so their number is
    /// limited.
    InDoubt,
    /// The reply was not delivered because the message that it replies to is gone; a message of its own may be.
    OutsideThread,
    /// The service takes no more messages, now and later: the channel is to be off.
    ChannelGone,
}

impl Delivery {
    /// A confirmed delivery of a message that cannot be replied to.
    pub const CONFIRMED: Self = Self::Confirmed { name: None };
}

impl DeliveryError {
    /// Creates the error of an edit of a message that cannot be edited.
    pub fn no_edit(title: &str) -> Self {
        Self::permanent(format!("{title} cannot edit that message"))
    }

    /// Creates an error that a retry cannot fix.
    pub fn permanent(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            retryable: Retryable::No,
        }
    }

    /// Creates an error that a retry may fix; the message was not delivered.
    pub fn transient(why: impl Into<String>) -> Self {
        Self::transient_until(why, None)
    }

    /// Creates an error that a retry may fix, but not before `retry_after`, if that is given.
    pub fn transient_until(why: impl Into<String>, retry_after: Option<Duration>) -> Self {
        let retry_after = retry_after.map(|pause| pause.min(LONGEST_RETRY_AFTER));
        Self {
            why: why.into(),
            retryable: Retryable::Yes { retry_after },
        }
    }

    /// Makes this the error of a reply whose parent is gone.
    pub fn outside_thread(self) -> Self {
        Self {
            retryable: Retryable::OutsideThread,
            ..self
        }
    }

    /// Creates the error of a service that takes no more messages.
    pub fn channel_gone(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            retryable: Retryable::ChannelGone,
        }
    }

    /// Creates the error of a message that was sent and may have been delivered.
    pub fn in_doubt(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            retryable: Retryable::InDoubt,
        }
    }
}

/// Judges an answer by its status alone; a 2xx passes, and the service's own rules must judge it further. `detail` is
/// the service's own message, which the error quotes.
pub(super) fn judge_status(
    service: &str,
    answer: &ServiceAnswer,
    detail: Option<&str>,
) -> Result<(), DeliveryError> {
    let status = answer.status;
    let why = match detail.map(|words| clean(words, MAX_DETAIL_CHARS)) {
        Some(words) if !words.is_empty() => format!("{service} answered {status}: {words}"),
        _ => format!("{service} answered {status}"),
    };

    match status {
        200..=299 => Ok(()),
        300..=399 => Err(DeliveryError::permanent(format!(
            "{service} answered {status}: redirects are not followed"
        ))),
        // A gateway gave up waiting for the service, which may have acted.
        504 => Err(DeliveryError::in_doubt(why)),
        408 | 429 | 500..=599 => Err(DeliveryError::transient_until(why, answer.retry_after)),
        _ => Err(DeliveryError::permanent(why)),
    }
}

/// The delivery whose answer has the status of success and begins well, but broke off.
pub(super) fn unconfirmed(service: &str, status: u16) -> Delivery {
    Delivery::Unconfirmed {
        why: format!("{service} answered {status}, but its answer is incomplete"),
    }
}

/// The error of a success status with a body that the service never sends: the answer is that of another server or a
/// proxy.
pub(super) fn not_understood(service: &str, status: u16) -> DeliveryError {
    DeliveryError::permanent(format!(
        "answered {status}, but not as {service} answers: is the URL right?"
    ))
}

/// Whether `words` is an error code in the form of `channel_not_found`, and so cannot be a secret.
pub(super) fn is_code(words: &str) -> bool {
    (1..=64).contains(&words.len()) && words.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

#[cfg(test)]
pub(super) fn answer(status: u16, body: &str) -> ServiceAnswer {
    ServiceAnswer {
        status,
        retry_after: None,
        body: body.to_owned(),
        whole: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_one_judgement() {
        for status in 100..=599 {
            let retryable = judge_status("Slack", &answer(status, ""), None).map_err(|e| e.retryable);
            let expected = match status {
                200..=299 => Ok(()),
                504 => Err(Retryable::InDoubt),
                408 | 429 | 500..=599 => Err(Retryable::Yes { retry_after: None }),
                _ => Err(Retryable::No),
            };
            assert_eq!(retryable, expected, "{status}");
        }
    }

    #[test]
    fn a_retry_after_is_honoured_up_to_five_minutes() {
        let asked = |seconds| {
            let answer = ServiceAnswer {
                retry_after: Some(Duration::from_secs(seconds)),
                ..answer(429, "")
            };
            judge_status("Slack", &answer, None).map_err(|error| error.retryable)
        };
        let later = |seconds| {
            Err(Retryable::Yes {
                retry_after: Some(Duration::from_secs(seconds)),
            })
        };
        assert_eq!(asked(7), later(7));
        assert_eq!(asked(u64::MAX), later(300));
    }

    #[test]
    fn a_redirect_is_named_and_never_retried() {
        let error = judge_status("Slack", &answer(302, ""), Some("elsewhere")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "Slack answered 302: redirects are not followed"
        );
        assert_eq!(error.retryable, Retryable::No);
    }

    #[test]
    fn the_words_of_a_service_are_cleaned_and_bounded() {
        let hostile = format!("a\n\u{1b}[2J\u{202e}b{}", "x".repeat(5000));
        let error = judge_status("Webex", &answer(400, ""), Some(&hostile)).unwrap_err();
        assert!(error.why.starts_with("Webex answered 400: a [2Jbxxx"), "{error}");
        assert_eq!(error.why.chars().count(), "Webex answered 400: ".len() + 200);
    }
}
