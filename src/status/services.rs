//! What is known of the services that this process speaks with: guards and gates, channels, the API server.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use macaque_core::guard::{GuardAnswer, GuardFinding};

use crate::facts::MessageResult;

/// How many names are kept of each kind: a configuration has few, and a reload may bring others.
const MOST_NAMES: usize = 200;

/// The answers of one guard.
#[derive(Debug, Clone, Default)]
pub(super) struct GuardNotes {
    /// The last answer, and when it came.
    pub(super) last: Option<(GuardAnswer, Timestamp)>,
    /// How long the last answer took, in milliseconds, if somebody was asked.
    pub(super) millis: Option<u64>,
    /// How often it held back.
    pub(super) held: u64,
    /// How often it could not answer.
    pub(super) unanswered: u64,
}

/// The messages to one channel.
#[derive(Debug, Clone, Default)]
pub(super) struct ChannelNotes {
    /// What became of the last message, and when.
    pub(super) last: Option<(MessageResult, Timestamp)>,
    /// How many messages the service accepted.
    pub(super) sent: u64,
    /// How many tries failed, and were or will be followed by another.
    pub(super) retried: u64,
    /// How many messages were given up.
    pub(super) failed: u64,
    /// How many messages wait.
    pub(super) waiting: usize,
}

/// The requests to the API server.
#[derive(Debug, Clone, Default)]
pub(super) struct ApiServerNotes {
    /// How many requests were sent.
    pub(super) requests: u64,
    /// How many had no answer, or one that says that the server failed.
    pub(super) failures: u64,
    /// When the last answer came.
    pub(super) answered: Option<Timestamp>,
    /// How long it took.
    pub(super) took: Duration,
    /// The last failure: when, of what, and the HTTP status if there was one.
    pub(super) failed: Option<FailedRequest>,
}

/// A request to the API server that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FailedRequest {
    /// When.
    pub(super) at: Timestamp,
    /// The verb and the resource: `list` and `pods`.
    pub(super) what: (&'static str, &'static str),
    /// The HTTP status; `None` if no whole answer came.
    pub(super) code: Option<u16>,
}

/// Notes by name, of which there are not more than a configuration needs.
#[derive(Debug, Clone)]
pub(super) struct NotesByName<T>(BTreeMap<String, T>);

impl<T> Default for NotesByName<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Default> NotesByName<T> {
    /// The notes of `name`; `None` if there are too many names.
    pub(super) fn of(&mut self, name: &str) -> Option<&mut T> {
        if !self.0.contains_key(name) {
            if self.0.len() >= MOST_NAMES {
                return None;
            }
            self.0.insert(name.to_owned(), T::default());
        }
        self.0.get_mut(name)
    }

    /// Keeps the notes of `names` only, and begins those that are missing.
    pub(super) fn keep(&mut self, names: &[String]) {
        self.0.retain(|name, _| names.contains(name));
        for name in names {
            let _ = self.of(name);
        }
    }

    /// The notes, by name.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.iter().map(|(name, notes)| (name.as_str(), notes))
    }
}

impl GuardNotes {
    /// Notes an answer.
    pub(super) fn note(&mut self, finding: &GuardFinding, now: Timestamp) {
        self.last = Some((finding.answer, now));
        self.millis = finding.millis;
        match finding.answer {
            GuardAnswer::Go => {}
            GuardAnswer::HoldsBack => self.held += 1,
            GuardAnswer::CannotAnswer => self.unanswered += 1,
        }
    }
}

impl ChannelNotes {
    /// Notes what became of a message.
    pub(super) fn note(&mut self, result: MessageResult, now: Timestamp) {
        self.last = Some((result, now));
        match result {
            MessageResult::Sent => self.sent += 1,
            MessageResult::Retried => self.retried += 1,
            MessageResult::Dropped | MessageResult::Rejected => self.failed += 1,
        }
    }
}

impl ApiServerNotes {
    /// Notes a request that ended: `what` is its verb and its resource.
    pub(super) fn note(
        &mut self,
        what: (&'static str, &'static str),
        code: Option<u16>,
        took: Duration,
        now: Timestamp,
    ) {
        self.requests += 1;
        if code.is_some() {
            self.answered = Some(now);
            self.took = took;
        }
        if code.is_none_or(|code| code >= 500) {
            self.failures += 1;
            self.failed = Some(FailedRequest { at: now, what, code });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_refusal_by_the_api_server_is_an_answer_and_a_fault_of_it_is_a_failure() {
        let mut notes = ApiServerNotes::default();
        let took = Duration::from_millis(3);
        notes.note(("create", "pods/eviction"), Some(429), took, at(1));
        assert_eq!((notes.requests, notes.failures), (1, 0));
        notes.note(("list", "pods"), None, took, at(2));
        notes.note(("list", "pods"), Some(503), took, at(3));
        assert_eq!((notes.requests, notes.failures), (3, 2));
        assert_eq!(notes.answered, Some(at(3)));
        let failed = notes.failed.unwrap();
        assert_eq!(
            (failed.at, failed.what, failed.code),
            (at(3), ("list", "pods"), Some(503))
        );
    }

    #[test]
    fn notes_are_kept_of_the_names_of_the_configuration_and_never_of_very_many() {
        let mut notes = NotesByName::<ChannelNotes>::default();
        notes.keep(&["log".to_owned(), "slack".to_owned()]);
        notes.of("slack").unwrap().note(MessageResult::Sent, at(1));
        notes.keep(&["slack".to_owned(), "teams".to_owned()]);
        let kept: Vec<_> = notes.iter().map(|(name, notes)| (name, notes.sent)).collect();
        assert_eq!(kept, [("slack", 1), ("teams", 0)]);

        for number in 0..10 * MOST_NAMES {
            let _ = notes.of(&number.to_string());
        }
        assert_eq!(notes.iter().count(), MOST_NAMES);
    }
}
