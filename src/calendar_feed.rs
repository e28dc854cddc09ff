//! The schedule as an iCalendar file, for `schedule --ics` and the status page.

use std::collections::BTreeSet;

use jiff::Timestamp;
use macaque_core::icalendar::{CalendarFeed, FeedSpan, calendar_text};
use macaque_core::pod::OwnerRef;
use macaque_core::rota::{Rota, RotaOwner, Turn};
use macaque_core::schedule::Calendar;

use crate::text::{clean, line};

/// The longest name of a cluster, in characters: longer than an ARN.
const CLUSTER: usize = 100;

/// What a feed is made of.
#[derive(Debug, Clone, Copy)]
pub struct FeedSource<'a> {
    /// The slots and the quiet times.
    pub calendar: &'a Calendar,
    /// Who has a turn, if owners have one.
    pub turns: Option<FeedTurns<'a>>,
    /// The name of the cluster, if it has one.
    pub cluster: Option<&'a str>,
    /// The namespaces in scope, which distinguish one macaque of a cluster from another.
    pub namespaces: &'a str,
    /// Whether victims are only reported, and not disrupted.
    pub dry_run: bool,
}

/// How owners come to their turns.
#[derive(Debug, Clone, Copy)]
pub struct FeedTurns<'a> {
    /// The rota by which they have them.
    pub rota: Rota<'a>,
    /// The owners.
    pub owners: &'a BTreeSet<RotaOwner>,
}

impl FeedSource<'_> {
    /// The file, of so many weeks from the day of `from` on, as it is at `now`.
    pub fn text(&self, from: Timestamp, weeks: u8, now: Timestamp) -> String {
        let span = FeedSpan::of(self.calendar, from, weeks);
        let turns = self.turns(span);
        let cluster = self.cluster.map(|name| clean(name, CLUSTER));
        let scope = format!("{} {}", cluster.as_deref().unwrap_or_default(), self.namespaces);

        let feed = CalendarFeed {
            calendar: self.calendar,
            span,
            turns: turns.as_deref(),
            cluster: cluster.as_deref(),
            scope: &scope,
            dry_run: self.dry_run,
        };
        calendar_text(&feed, now)
    }

    /// The turns within `span`; `None` if they are not known.
    fn turns(&self, span: FeedSpan) -> Option<Vec<Turn>> {
        let FeedTurns { rota, owners } = self.turns?;
        let turns = rota.turns(owners, span.from, span.to);
        Some(turns.into_iter().map(visible).collect())
    }
}

/// The turn, its owner in characters that are seen: its kind may be any text.
fn visible(turn: Turn) -> Turn {
    let OwnerRef { namespace, mut owner } = turn.owner;
    owner.kind = line(&owner.kind);
    owner.name = line(&owner.name);
    Turn {
        owner: OwnerRef {
            namespace: line(&namespace),
            owner,
        },
        ..turn
    }
}
