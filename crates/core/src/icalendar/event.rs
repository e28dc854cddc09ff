//! The events of a feed, in words.

use jiff::{SignedDuration, Timestamp};

use super::occasion::Occasion;
use super::{CalendarFeed, FeedSpan};
use crate::pod::OwnerRef;
use crate::schedule::QuietSpan;

/// How long the event of a round is: for so long a victim counts as being disrupted.
const LENGTH: SignedDuration = SignedDuration::from_mins(10);

/// The most owners that one event names.
const MOST_NAMES: usize = 20;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FeedEvent {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    /// What distinguishes it from other events that begin at the same time.
    pub(super) kind: &'static str,
    /// Whether rounds run, which disrupt nothing in a dry run.
    pub(super) is_round: bool,
    pub(super) summary: String,
    pub(super) description: String,
}

impl CalendarFeed<'_> {
    /// The event of one slot.
    pub(super) fn single(&self, occasion: &Occasion<'_>) -> FeedEvent {
        let Occasion { slot, owners } = occasion;
        let summary = match owners[..] {
            [] => "round".to_owned(),
            [owner] => owner.to_string(),
            [first, ref others @ ..] => format!("{first} and {} more", others.len()),
        };
        let what = format!("Round at {}.", self.local(*slot));

        FeedEvent {
            from: *slot,
            to: after(*slot),
            kind: "round",
            is_round: true,
            summary,
            description: self.described(what, owners),
        }
    }

    /// The event of a window of slots.
    pub(super) fn window(&self, slots: &[Occasion<'_>]) -> Option<FeedEvent> {
        let (first, last) = match slots {
            [] => return None,
            [slot] => return Some(self.single(slot)),
            [first, .., last] => (first.slot, last.slot),
        };
        let mut owners: Vec<_> = slots
            .iter()
            .flat_map(|slot| slot.owners.iter().copied())
            .collect();
        owners.sort_unstable();
        owners.dedup();

        let rounds = format!("{} rounds", slots.len());
        let what = format!("{rounds} from {} to {}.", self.local(first), self.local(last));
        let summary = match owners[..] {
            [] => rounds,
            [owner] => owner.to_string(),
            _ => format!("turns of {} owners", owners.len()),
        };

        Some(FeedEvent {
            from: first,
            to: after(last),
            kind: "rounds",
            is_round: true,
            summary,
            description: self.described(what, &owners),
        })
    }

    /// The event of a stretch of quiet time.
    pub(super) fn quiet_time(&self, span: QuietSpan) -> FeedEvent {
        FeedEvent {
            from: span.from,
            to: span.to,
            kind: "quiet",
            is_round: false,
            summary: "quiet time".to_owned(),
            description: format!("No round starts before {}.", self.local(span.to)),
        }
    }

    /// The event of a feed that has no other.
    pub(super) fn nothing(&self) -> FeedEvent {
        let FeedSpan { from, to } = self.span;
        let (what, until) = match self.turns {
            Some(_) => ("nobody has a turn", Some(to)),
            None => ("no round", self.calendar.next_round(from)),
        };
        let summary = match until {
            Some(until) => format!("{what} before {}", self.calendar.zone().to_datetime(until).date()),
            None => "no round ever".to_owned(),
        };

        FeedEvent {
            from,
            to: after(from),
            kind: "nothing",
            is_round: false,
            summary,
            description: format!("The schedule: {}", self.calendar),
        }
    }

    fn described(&self, what: String, owners: &[&OwnerRef]) -> String {
        let mut parts = vec![what];
        if self.dry_run {
            parts.push("Dry run: nothing is disrupted.".to_owned());
        }
        if !owners.is_empty() {
            parts.push("Whose turn it is:".to_owned());
        }

        parts.extend(owners.iter().take(MOST_NAMES).map(|owner| format!("- {owner}")));
        if owners.len() > MOST_NAMES {
            parts.push(format!("and {} more", owners.len() - MOST_NAMES));
        }
        parts.join("\n")
    }

    /// The instant on the wall clock of the schedule's zone.
    fn local(&self, instant: Timestamp) -> String {
        let zoned = instant.to_zoned(self.calendar.zone().clone());
        zoned.strftime("%a %Y-%m-%d %H:%M %Z").to_string()
    }
}

/// The end of an event whose last slot is this.
fn after(slot: Timestamp) -> Timestamp {
    slot.checked_add(LENGTH).unwrap_or(Timestamp::MAX)
}
