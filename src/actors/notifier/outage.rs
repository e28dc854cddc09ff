//! What the log says of a channel that takes no messages: when that begins, then once an hour, and when it is over.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, Unit};

use crate::text::count;

/// How often the log repeats that a channel takes no messages.
const REPEATED: Duration = Duration::from_secs(3600);

/// What a channel failed at since it last took a message.
#[derive(Debug, Default)]
pub(super) struct OutageLog {
    outage: Option<Outage>,
    /// How many messages were dropped since, because too many waited.
    dropped: usize,
}

#[derive(Debug, Clone, Copy)]
struct Outage {
    since: Timestamp,
    /// When the log last said so.
    said: Timestamp,
}

/// What the log is to say of a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FailureNews {
    /// The channel begins to fail: what failed, and when it is tried again.
    Begins,
    /// Nothing: it was said less than an hour ago.
    Known,
    /// The channel still fails, in these words.
    GoesOn(String),
}

impl OutageLog {
    /// Notes that a series of tries failed at `now`, and that so many messages wait.
    pub(super) fn note_failure(&mut self, now: Timestamp, waiting: usize) -> FailureNews {
        let Some(outage) = &mut self.outage else {
            self.outage = Some(Outage {
                since: now,
                said: now,
            });
            return FailureNews::Begins;
        };
        // A clock that was set back says nothing about the time that has passed.
        let is_repeated =
            Duration::try_from(now.duration_since(outage.said)).map_or(true, |age| age >= REPEATED);
        if !is_repeated {
            return FailureNews::Known;
        }
        outage.said = now;
        let since = outage.since.round(Unit::Second).unwrap_or(outage.since);
        let waiting = count(waiting, "message");
        FailureNews::GoesOn(format!(
            "takes no messages since {since}: {waiting} waiting{}",
            self.dropped()
        ))
    }

    /// Notes that a message was dropped because too many wait; returns whether the log is to say so: of the first.
    pub(super) fn note_dropped(&mut self) -> bool {
        self.dropped += 1;
        self.dropped == 1
    }

    /// Notes that a message was taken at `now`, and that so many wait; returns the words for the end of an outage.
    pub(super) fn note_delivery(&mut self, now: Timestamp, waiting: usize) -> Option<String> {
        let Self { outage, dropped } = std::mem::take(self);
        let outage = outage?;
        let length = now.duration_since(outage.since).max(SignedDuration::ZERO);
        let length = length.round(Unit::Second).unwrap_or(length);
        let waiting = count(waiting, "message");
        let dropped = Self {
            outage: None,
            dropped,
        }
        .dropped();
        Some(format!(
            "takes messages again, after {length:#}: {waiting} waiting{dropped}"
        ))
    }

    fn dropped(&self) -> String {
        match self.dropped {
            0 => String::new(),
            dropped => format!(", {dropped} dropped"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(60 * minutes).unwrap()
    }

    #[test]
    fn a_day_without_its_service_is_said_once_an_hour_with_what_waits_and_what_was_dropped() {
        let mut log = OutageLog::default();
        assert_eq!(log.note_failure(at(0), 1), FailureNews::Begins);
        let mut said = Vec::new();
        for minute in 1..=1440 {
            if minute >= 100 {
                assert_eq!(log.note_dropped(), minute == 100);
            }
            match log.note_failure(at(minute), 100.min(usize::try_from(minute).unwrap())) {
                FailureNews::Begins => panic!("said twice"),
                FailureNews::Known => {}
                FailureNews::GoesOn(words) => said.push(words),
            }
        }

        assert_eq!(said.len(), 24);
        assert_eq!(
            said[0],
            "takes no messages since 1970-01-01T00:00:00Z: 60 messages waiting"
        );
        assert_eq!(
            said[23],
            "takes no messages since 1970-01-01T00:00:00Z: 100 messages waiting, 1341 dropped"
        );
        assert_eq!(
            log.note_delivery(at(1441), 99).as_deref(),
            Some("takes messages again, after 24h 1m: 99 messages waiting, 1341 dropped")
        );
        assert_eq!(log.note_delivery(at(1442), 98), None);
        assert_eq!(log.note_failure(at(1443), 1), FailureNews::Begins);
        assert!(log.note_dropped());
    }

    #[test]
    fn a_clock_that_was_set_back_silences_nothing() {
        let mut log = OutageLog::default();
        log.note_failure(at(600), 1);
        assert!(matches!(log.note_failure(at(10), 2), FailureNews::GoesOn(_)));
        assert_eq!(log.note_failure(at(20), 2), FailureNews::Known);
    }
}
