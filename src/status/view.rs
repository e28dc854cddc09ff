//! What the page shows, as values: made of the notes at one moment, and shown as HTML and as JSON.
//!
//! Here is decided what may be shown. No text of another service comes this far but names, and the reason of a pause,
//! which an operator wrote for others to read; addresses are left out of it.

mod banner;
mod broken;
mod holds;
mod limits;
mod owners;
mod process;
mod rounds;
mod services;
mod shown_text;
mod slots;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

pub(super) use self::banner::{BannerState, BannerView};
pub(super) use self::broken::BrokenView;
pub(super) use self::limits::LimitView;
pub(super) use self::owners::{OwnerRecoveryView, WithoutTurnView};
pub(super) use self::process::ProcessView;
pub(super) use self::rounds::{RoundView, ShownRecovery, VictimName, VictimView};
pub(super) use self::services::{ApiServerView, ChannelView, GuardView};
pub(super) use self::slots::SlotView;

use super::notes::StatusNotes;

/// The version of the JSON.
pub(super) const VERSION: u32 = 1;

/// The most entries of a list that may grow with the cluster.
const MOST: usize = 50;

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct StatusView {
    /// The version of this format.
    pub(super) version: u32,
    /// When this was made.
    pub(super) at: Timestamp,
    /// The name of the cluster, if it has one.
    pub(super) cluster: Option<String>,
    /// Whether pods, owners and namespaces are named.
    pub(super) names: bool,
    /// Whether rounds are dry runs, which disrupt nothing.
    pub(super) dry_run: bool,
    /// How victims are disrupted.
    pub(super) method: &'static str,
    /// When the journal was last read or written.
    pub(super) journal_read: Option<Timestamp>,
    /// The state in short.
    pub(super) banner: BannerView,
    /// The schedule: crontab line, zone and quiet times.
    pub(super) schedule: Option<String>,
    /// The zone of the schedule.
    pub(super) zone: Option<String>,
    /// The next slots.
    pub(super) slots: Vec<SlotView>,
    /// The victims whose owners are not whole again.
    pub(super) broken: ShownList<BrokenView>,
    /// The last rounds, the newest first.
    pub(super) rounds: ShownList<RoundView>,
    /// The owners that had no turn in the last seven days.
    pub(super) without_turn: ShownList<WithoutTurnView>,
    /// How many pods each rule exempted when they were last checked.
    pub(super) exempted: Option<PodsView>,
    /// The recoveries of the last 30 days, by owner.
    pub(super) recoveries: ShownList<OwnerRecoveryView>,
    /// What is not known of these days.
    pub(super) gaps: Vec<String>,
    /// The limits.
    pub(super) limits: Vec<LimitView>,
    /// The guards, gates included.
    pub(super) guards: Vec<GuardView>,
    /// The channels.
    pub(super) channels: Vec<ChannelView>,
    /// The requests to the API server.
    pub(super) api_server: ApiServerView,
    /// This process, and those that share its journal.
    pub(super) process: ProcessView,
}

/// The first entries of a list, and how many there are beside them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct ShownList<T> {
    /// The entries that are shown.
    pub(super) items: Vec<T>,
    /// How many more there are.
    pub(super) more: usize,
}

/// The pods that were checked last.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct PodsView {
    /// When.
    pub(super) at: Timestamp,
    /// How many may be disrupted.
    pub(super) candidates: usize,
    /// How many each rule exempted.
    pub(super) exempted: BTreeMap<String, usize>,
}

impl<T> ShownList<T> {
    /// The first `most` of `items`.
    fn first(mut items: Vec<T>, most: usize) -> Self {
        let more = items.len().saturating_sub(most);
        items.truncate(most);
        Self { items, more }
    }

    /// How many entries there are.
    pub(super) fn count(&self) -> usize {
        self.items.len() + self.more
    }
}

impl StatusView {
    /// What the notes show at `now`.
    pub(super) fn of(notes: &StatusNotes, now: Timestamp) -> Self {
        let config = &notes.config;
        let calendar = config.calendar.as_ref();
        let (recoveries, gaps) = owners::recoveries(notes, now);
        Self {
            version: VERSION,
            at: now,
            cluster: config.cluster.as_deref().map(shown_text::text),
            names: config.names,
            dry_run: config.is_dry_run,
            method: config.method.as_str(),
            journal_read: notes.journal.as_ref().map(|journal| journal.read),
            banner: BannerView::of(notes, now),
            schedule: calendar.map(ToString::to_string),
            zone: calendar.and_then(|calendar| calendar.zone().iana_name().map(str::to_owned)),
            slots: slots::slots(notes, now),
            broken: broken::broken(notes, now),
            rounds: rounds::rounds(notes),
            without_turn: owners::without_turn(notes, now),
            exempted: notes.pods.as_ref().map(|pods| PodsView {
                at: pods.at,
                candidates: pods.candidates,
                exempted: pods.exempted.clone(),
            }),
            recoveries,
            gaps,
            limits: limits::limits(notes, now),
            guards: services::guards(notes),
            channels: services::channels(notes),
            api_server: services::api_server(notes),
            process: ProcessView::of(notes),
        }
    }

    /// The view as JSON.
    pub(super) fn json(&self) -> String {
        // Text keys, and nothing that can fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}
