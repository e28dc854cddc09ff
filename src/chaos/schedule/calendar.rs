//! Slots and rounds: the crontab line on the wall clock of one zone.

use std::fmt;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::{Cron, QuietTime, QuietTimes};

/// A schedule in its zone, and its quiet times.
#[derive(Debug, Clone)]
pub struct Calendar {
    cron: Cron,
    zone: TimeZone,
    quiet: QuietTimes,
}

/// One scheduled instant, and the quiet time that takes it, if any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Slot {
    /// The instant, on a full minute of the zone's wall clock.
    pub instant: Timestamp,
    /// The first quiet time of the configuration that covers it; `None` means that a round is due.
    #[serde(serialize_with = "as_text")]
    pub quiet: Option<QuietTime>,
}

impl Calendar {
    /// Puts a crontab line on the wall clock of `zone`.
    pub fn new(cron: Cron, zone: TimeZone, quiet: QuietTimes) -> Self {
        Self { cron, zone, quiet }
    }

    /// The crontab line.
    pub fn cron(&self) -> &Cron {
        &self.cron
    }

    /// The zone whose wall clock decides.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// When never.
    pub fn quiet(&self) -> &QuietTimes {
        &self.quiet
    }

    /// The first slot strictly after `now`, quiet or not.
    pub fn next_slot(&self, _now: Timestamp) -> Option<Slot> {
        None
    }

    /// The first slot strictly after `now` that no quiet time takes; `None` if there is none any more.
    pub fn next_round(&self, _now: Timestamp) -> Option<Timestamp> {
        None
    }

    /// Every slot strictly after `now`, quiet or not, strictly increasing.
    pub fn upcoming(&self, now: Timestamp) -> impl Iterator<Item = Slot> {
        std::iter::successors(self.next_slot(now), |slot| self.next_slot(slot.instant))
    }
}

impl fmt::Display for Calendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} ({})",
            self.cron,
            self.zone.iana_name().unwrap_or("a zone without a name")
        )
    }
}

fn as_text<S: serde::Serializer>(quiet: &Option<QuietTime>, serializer: S) -> Result<S::Ok, S::Error> {
    match quiet {
        Some(quiet) => serializer.collect_str(quiet),
        None => serializer.serialize_none(),
    }
}
