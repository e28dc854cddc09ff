//! The schedule as an iCalendar file (RFC 5545), to which the calendars of people subscribe.
//!
//! It holds whole days of the schedule's zone. Each round is an event, or each slot at which an owner has its turn, if the
//! turns are known. A day with more than [`MOST_A_DAY`] of them has an event for each window of slots that follow each
//! other within an hour. Each stretch of quiet time that skips a slot is an event as well.
//!
//! Written by hand: the crate `icalendar` would bring a clock and a random generator into the core, for what takes three
//! rules here: what is escaped, where a line is folded, and how it ends.

mod content;
mod event;
mod feed_span;
mod occasion;

use jiff::{SignedDuration, Timestamp};
use ring::digest;

use self::content::{ContentLines, utc};
use self::event::FeedEvent;
pub use self::feed_span::FeedSpan;
use self::occasion::{Occasion, days};
use crate::rota::Turn;
use crate::schedule::Calendar;

/// The most weeks that a feed has.
pub const MOST_WEEKS: u8 = 8;

/// The most events that a feed has.
pub const MOST_EVENTS: usize = 1_000;

/// The most rounds, or slots with turns, of one day that are events of their own.
pub const MOST_A_DAY: usize = 16;

/// How often a calendar program should read the feed again.
const REFRESH: &str = "PT1H";

/// What a feed shows.
#[derive(Debug, Clone, Copy)]
pub struct CalendarFeed<'a> {
    /// The slots and the quiet times.
    pub calendar: &'a Calendar,
    /// The days that are shown.
    pub span: FeedSpan,
    /// The turns of the owners in these days, by slot; `None` if owners have no turns, or they are not known.
    pub turns: Option<&'a [Turn]>,
    /// The name of the cluster, if it has one.
    pub cluster: Option<&'a str>,
    /// What distinguishes the rounds from those of another macaque: it becomes part of each identifier, as a digest.
    pub scope: &'a str,
    /// Whether victims are only reported, and not disrupted.
    pub dry_run: bool,
}

/// The text of a feed, made at `now`.
pub fn calendar_text(feed: &CalendarFeed<'_>, now: Timestamp) -> String {
    let mut events = feed.events();
    events.sort_by_key(|event| (event.from, event.to));
    events.truncate(MOST_EVENTS);

    let mut lines = ContentLines::default();
    lines.push("BEGIN", "VCALENDAR");
    lines.push("VERSION", "2.0");
    lines.push(
        "PRODID",
        concat!("-//macaque//macaque ", env!("CARGO_PKG_VERSION"), "//EN"),
    );
    lines.push("CALSCALE", "GREGORIAN");
    // The first of each two is the standard, which is younger than what most programs read.
    lines.push_text("NAME", &feed.name());
    lines.push_text("X-WR-CALNAME", &feed.name());
    lines.push_text("DESCRIPTION", &feed.description());
    lines.push_text("X-WR-CALDESC", &feed.description());
    lines.push("REFRESH-INTERVAL;VALUE=DURATION", REFRESH);
    lines.push("X-PUBLISHED-TTL", REFRESH);

    let scope = hexadecimal(digest::digest(&digest::SHA256, feed.scope.as_bytes()).as_ref());
    for event in &events {
        feed.write(event, &scope, now, &mut lines);
    }
    lines.push("END", "VCALENDAR");
    lines.into_text()
}

impl CalendarFeed<'_> {
    /// What the calendar is called: `macaque (prod)`.
    fn name(&self) -> String {
        match self.cluster {
            Some(cluster) => format!("macaque ({cluster})"),
            None => "macaque".to_owned(),
        }
    }

    fn description(&self) -> String {
        let mode = if self.dry_run {
            "Dry run: nothing is disrupted. "
        } else {
            ""
        };
        format!(
            "{mode}Rounds of macaque, a chaos monkey for Kubernetes: {}",
            self.calendar
        )
    }

    /// Every event, in no particular order.
    fn events(&self) -> Vec<FeedEvent> {
        let mut events = Vec::new();
        for day in days(&self.occasions(), self.calendar.zone()) {
            if day.len() <= MOST_A_DAY {
                events.extend(day.iter().map(|occasion| self.single(occasion)));
            } else {
                events.extend(occasion::windows(day).filter_map(|window| self.window(window)));
            }
        }

        let FeedSpan { from, to } = self.span;
        let last = to.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(to);
        let quiet = self.calendar.quiet_spans(from, last);
        events.extend(quiet.into_iter().map(|span| self.quiet_time(span)));

        // A calendar holds one event at least.
        if events.is_empty() {
            events.push(self.nothing());
        }
        events
    }

    /// The slots that are shown, in order.
    fn occasions(&self) -> Vec<Occasion<'_>> {
        let FeedSpan { from, to } = self.span;
        match self.turns {
            Some(turns) => occasion::of_turns(turns, self.span),
            None => occasion::of_rounds(&self.calendar.rounds(from, to)),
        }
    }

    fn write(&self, event: &FeedEvent, scope: &str, now: Timestamp, lines: &mut ContentLines) {
        let uid = format!("{}-{}-{scope}@macaque", utc(event.from), event.kind);
        let mark = if self.dry_run && event.is_round {
            " (dry run)"
        } else {
            ""
        };

        lines.push("BEGIN", "VEVENT");
        lines.push("UID", &uid);
        lines.push_instant("DTSTAMP", now);
        lines.push_instant("DTSTART", event.from);
        lines.push_instant("DTEND", event.to);
        lines.push_text("SUMMARY", &format!("macaque: {}{mark}", event.summary));
        lines.push_text("DESCRIPTION", &event.description);
        // Nobody is busy because of it.
        lines.push("TRANSP", "TRANSPARENT");
        lines.push("END", "VEVENT");
    }
}

/// The first eight bytes of a digest.
fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
