//! The calendar of rounds: the slots of a crontab line in one time zone, without those in quiet times.

use std::fmt;

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{CronSchedule, QuietTime, QuietTimes};

/// A crontab line, its time zone and its quiet times.
///
/// A calendar covers the years 1970 to 2100, and has no slot before or after them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    cron: CronSchedule,
    zone: TimeZone,
    quiet: QuietTimes,
}

/// One scheduled instant, and the quiet time that covers it, if any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ScheduledSlot {
    /// The instant, at second 0 of a minute of the zone's wall clock.
    pub instant: Timestamp,
    /// The first quiet time of the configuration that covers it; `None` means that a round is due.
    #[serde(serialize_with = "as_text")]
    pub quiet: Option<QuietTime>,
}

/// A slot outside quiet times, with what the wall clock of the zone shows then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LocalRound {
    /// The instant, in seconds since 1970.
    pub(crate) instant: i64,
    /// The time that the wall clock shows, in seconds since it showed the beginning of 1970.
    pub(crate) local: i64,
}

/// A slot, with the UTC offset that the zone has then.
struct LocatedSlot {
    instant: Timestamp,
    offset: Offset,
    /// When the offset changes next.
    end: Option<Timestamp>,
}

impl Calendar {
    /// A calendar of the slots of `cron` on the wall clock of `zone`, with these quiet times.
    pub fn new(cron: CronSchedule, zone: TimeZone, quiet: QuietTimes) -> Self {
        Self { cron, zone, quiet }
    }

    /// The crontab line.
    pub fn cron(&self) -> &CronSchedule {
        &self.cron
    }

    /// The time zone whose wall clock decides.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The quiet times, in which no round is due.
    pub fn quiet(&self) -> &QuietTimes {
        &self.quiet
    }

    /// The reason why no round is ever due after `now`, if there is one, and how to fix it.
    pub fn never_due(&self, now: Timestamp) -> Option<(&'static str, &'static str)> {
        match (self.next_round(now), self.next_slot(now)) {
            (Some(_), _) => None,
            (None, Some(_)) => Some((
                "no round would ever run: quiet times cover every slot",
                "shorten schedule.quiet, or fix schedule.cron",
            )),
            (None, None) => Some((
                "no round would ever run: there is no slot before 2101",
                "fix schedule.cron",
            )),
        }
    }

    /// The first slot strictly after `now`, quiet or not; `None` if there is none until the end of 2100.
    pub fn next_slot(&self, now: Timestamp) -> Option<ScheduledSlot> {
        self.find(now).map(|found| ScheduledSlot {
            instant: found.instant,
            quiet: self.quiet.covering(found.local()).copied(),
        })
    }

    /// The first slot strictly after `now` outside quiet times; `None` if there is none until the end of 2100, for
    /// example because quiet times cover every slot.
    pub fn next_round(&self, now: Timestamp) -> Option<Timestamp> {
        let mut after = now;

        loop {
            let found = self.find(after)?;
            let Some(quiet_until) = self.quiet.end(found.local()) else {
                return Some(found.instant);
            };

            // Skip to the end of the quiet stretch, but not past a clock change: the clock may go back to an hour
            // that is not quiet.
            let quiet_end = found.offset.to_timestamp(quiet_until).ok();
            let resume = quiet_end.into_iter().chain(found.end).min()?;
            after = after
                .max(resume - SignedDuration::from_nanos(1))
                .max(found.instant);
        }
    }

    /// Every slot strictly after `now`, quiet or not, strictly increasing.
    pub fn upcoming(&self, now: Timestamp) -> impl Iterator<Item = ScheduledSlot> {
        std::iter::successors(self.next_slot(now), |slot| self.next_slot(slot.instant))
    }

    /// Every slot outside quiet times from `from` on and before `to`, strictly increasing: what
    /// [`Calendar::next_round`] finds one by one.
    pub(crate) fn rounds(&self, from: Timestamp, to: Timestamp) -> Vec<LocalRound> {
        let mut rounds = Vec::new();
        let mut from = from;

        while from < to {
            let offset = self.zone.to_offset(from);
            let change = self.zone.following(from).next();
            let end = change.map_or(to, |change| change.timestamp().min(to));
            self.add_rounds(from, end, offset, &mut rounds);
            from = end;
        }
        rounds
    }

    /// Adds the slots outside quiet times in a stretch of constant offset.
    fn add_rounds(&self, from: Timestamp, to: Timestamp, offset: Offset, rounds: &mut Vec<LocalRound>) {
        let offset_seconds = i64::from(offset.seconds());
        let local = |instant: Timestamp| whole_second(instant) + offset_seconds;
        let mut quiet_until = i64::MIN;

        for local in self.cron.upcoming(local(from) - 1) {
            let instant = local - offset_seconds;
            if instant >= whole_second(to) {
                return;
            }
            if local < quiet_until || self.is_quiet(local, &mut quiet_until) {
                continue;
            }
            rounds.push(LocalRound { instant, local });
        }
    }

    /// Whether it is quiet when the wall clock shows `local`, and if so until when.
    fn is_quiet(&self, local: i64, quiet_until: &mut i64) -> bool {
        if self.quiet.is_empty() {
            return false;
        }
        let seconds = |time: DateTime| Offset::UTC.to_timestamp(time).map(Timestamp::as_second);

        let time = Timestamp::from_second(local).map(|local| Offset::UTC.to_datetime(local));
        let end = time.ok().and_then(|time| self.quiet.end(time));
        if let Some(Ok(end)) = end.map(seconds) {
            *quiet_until = end;
        }
        end.is_some()
    }

    /// The first slot strictly after `now`, searched in one stretch of constant offset after the other: within each,
    /// the wall clock runs evenly.
    fn find(&self, now: Timestamp) -> Option<LocatedSlot> {
        let mut offset = self.zone.to_offset(now);
        // A slot is a whole second, so the current second is the last one that is too early.
        let mut after = now.as_nanosecond().div_euclid(1_000_000_000).try_into().ok()?;

        let changes = self.zone.following(now);
        for change in changes.map(Some).chain([None]) {
            let end = change.as_ref().map(|change| change.timestamp());
            let local: i64 = self.cron.next_after(after + i64::from(offset.seconds()))?;
            let instant = Timestamp::from_second(local - i64::from(offset.seconds())).ok()?;

            if end.is_none_or(|end| instant < end) {
                debug_assert!(instant > now, "{self}: {instant} is not after {now}");
                // A slot in the past would start rounds in a tight loop: better no slot at all.
                return (instant > now).then_some(LocatedSlot { instant, offset, end });
            }

            if let Some(change) = change {
                after = change.timestamp().as_second() - 1;
                offset = change.offset();
            }
        }
        None
    }
}

impl LocatedSlot {
    /// The time that the wall clock shows at the slot.
    fn local(&self) -> DateTime {
        self.offset.to_datetime(self.instant)
    }
}

/// The first whole second that is not before the instant: slots are whole seconds.
fn whole_second(instant: Timestamp) -> i64 {
    let second = instant.as_nanosecond().div_euclid(1_000_000_000);
    let is_whole = instant.as_nanosecond().rem_euclid(1_000_000_000) == 0;
    i64::try_from(second).unwrap_or(i64::MAX) + i64::from(!is_whole)
}

/// The crontab line, the zone, and the quiet times if there are any:
/// `*/30 9-16 * * Mon-Fri (Europe/Paris), quiet: Sat,Sun`.
impl fmt::Display for Calendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.zone.iana_name() {
            Some(name) => write!(f, "{} ({name})", self.cron)?,
            None => write!(f, "{} (a zone without a name)", self.cron)?,
        }

        if self.quiet.is_empty() {
            Ok(())
        } else {
            write!(f, ", quiet: {}", self.quiet)
        }
    }
}

fn as_text<S: serde::Serializer>(quiet: &Option<QuietTime>, serializer: S) -> Result<S::Ok, S::Error> {
    match quiet {
        Some(quiet) => serializer.collect_str(quiet),
        None => serializer.serialize_none(),
    }
}
