//! What a service's answer means for a message: delivered, not now, or never.

use std::fmt;
use std::time::Duration;

use crate::text::clean;

/// The result of one try.
pub type DeliveryResult = Result<(), DeliveryError>;

/// The longest pause that a service may ask for; a longer one would outlive the news.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(300);
/// How many characters of a service's own words are shown.
const REMOTE_WORDS: usize = 200;

/// A service's answer, as far as it was read.
#[derive(Clone, PartialEq, Eq)]
pub struct ServiceAnswer {
    /// The HTTP status.
    pub status: u16,
    /// `Retry-After`, if the service gave it in seconds.
    pub retry_after: Option<Duration>,
    /// The body, or its beginning.
    pub body: String,
    /// Whether the body ended within the size and the time it may take.
    pub whole: bool,
}

/// Without the body, which may echo what was sent.
impl fmt::Debug for ServiceAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("retry_after", &self.retry_after)
            .field("whole", &self.whole)
            .finish_non_exhaustive()
    }
}

/// The reason why a message was not delivered, in words fit for a log: no URL, no token, no destination.
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
    /// Trying again may help.
    Yes {
        /// How long the service asked to be left alone, at most five minutes.
        retry_after: Option<Duration>,
    },
}

impl DeliveryError {
    /// A failure that another try would only repeat.
    pub fn permanent(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            retryable: Retryable::No,
        }
    }

    /// A failure that may pass.
    pub fn transient(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            retryable: Retryable::Yes { retry_after: None },
        }
    }

    /// A failure that may pass, not before `retry_after` if there is one.
    pub fn transient_until(why: impl Into<String>, retry_after: Option<Duration>) -> Self {
        let retry_after = retry_after.map(|pause| pause.min(LONGEST_RETRY_AFTER));
        Self {
            why: why.into(),
            retryable: Retryable::Yes { retry_after },
        }
    }
}

/// Judges an answer by its status alone: 2xx is left to the service's own rules. `detail` is what the service
/// said about it, in its own words.
pub(super) fn judge_status(service: &str, answer: &ServiceAnswer, detail: Option<&str>) -> DeliveryResult {
    let status = answer.status;
    let said = match detail.map(|words| clean(words, REMOTE_WORDS)) {
        Some(words) if !words.is_empty() => format!("{service} answered {status}: {words}"),
        _ => format!("{service} answered {status}"),
    };
    match status {
        200..=299 => Ok(()),
        300..=399 => Err(DeliveryError::permanent(format!(
            "{service} answered {status}: redirects are not followed"
        ))),
        408 | 429 | 500..=599 => Err(DeliveryError::transient_until(said, answer.retry_after)),
        _ => Err(DeliveryError::permanent(said)),
    }
}

/// The failure of an answer that began well and then stopped, or went on for too long.
pub(super) fn cut_short(service: &str) -> DeliveryError {
    DeliveryError::transient(format!("{service}'s answer was cut short"))
}

/// The failure of a good status with a body that the service does not send: a proxy or another server spoke.
pub(super) fn not_understood(service: &str, status: u16) -> DeliveryError {
    DeliveryError::permanent(format!(
        "answered {status}, but not as {service} answers: is the URL right?"
    ))
}

/// Whether `words` is an error code as services write them, `channel_not_found`, and so no secret.
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
