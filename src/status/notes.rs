//! What the page is made of: everything that the facts showed until a moment, in parts that clones share.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use macaque_core::config::NamespaceScope;
use macaque_core::history::History;
use macaque_core::journal::{Journal, PauseRequest};
use macaque_core::outcome::DisruptionMethod;
use macaque_core::pod::OwnerRef;
use macaque_core::recovery::RecoveryReport;
use macaque_core::report::{AttemptReport, RoundReport, TurnReport};
use macaque_core::rota::{Rota, RotaOwner};

use super::StatusConfig;
use super::noted_rota::NotedRota;
use super::services::{ApiServerNotes, ChannelNotes, GuardNotes, NotesByName};

/// How many missed turns, and how many turns to come, are kept.
const MOST_TURNS: usize = 500;

/// Everything that is known.
#[derive(Debug, Clone)]
pub(super) struct StatusNotes {
    /// The configuration in force.
    pub(super) config: Arc<StatusConfig>,
    /// The journal as it was last read or written; `None` before that.
    pub(super) journal: Option<JournalNotes>,
    /// Since when the journal cannot be used; `None` if it can.
    pub(super) unusable_since: Option<Timestamp>,
    /// What happened, as far as this process knows.
    pub(super) history: Arc<History>,
    /// The slot that is waited for.
    pub(super) next_slot: Option<Timestamp>,
    /// The pods that were checked last.
    pub(super) pods: Option<PodsNotes>,
    /// When the next turn of each owner is, as the last round knew it, the earliest first; `None` without turns.
    pub(super) turns: Option<Arc<[(OwnerRef, Timestamp)]>>,
    /// The rota, as the last round used it; `None` without one.
    pub(super) rota: Option<NotedRota>,
    /// The turns that were missed, as the last round with turns reported them.
    pub(super) missed_turns: Arc<Vec<TurnReport>>,
    /// The namespaces that a selector found.
    pub(super) selected: Arc<BTreeSet<String>>,
    /// What guards and gates said.
    pub(super) guards: NotesByName<GuardNotes>,
    /// The messages to each channel.
    pub(super) channels: NotesByName<ChannelNotes>,
    /// The requests to the API server.
    pub(super) api_server: ApiServerNotes,
    /// How far this machine's clock is ahead of the API server's.
    pub(super) clock_skew: Option<SignedDuration>,
    /// How often each actor was started again.
    pub(super) restarts: BTreeMap<&'static str, u64>,
    /// When the configuration file was last reloaded, and whether that is in force.
    pub(super) reload: Option<(Timestamp, bool)>,
}

/// The journal, as it was read.
#[derive(Debug, Clone)]
pub(super) struct JournalNotes {
    /// The journal.
    pub(super) journal: Arc<Journal>,
    /// The pause in force.
    pub(super) pause: Option<PauseRequest>,
    /// Since when that pause is known.
    pub(super) paused_since: Option<Timestamp>,
    /// When the journal was read.
    pub(super) read: Timestamp,
}

/// The pods that a round checked.
#[derive(Debug, Clone)]
pub(super) struct PodsNotes {
    /// When.
    pub(super) at: Timestamp,
    /// How many were candidates.
    pub(super) candidates: usize,
    /// How many each rule exempted.
    pub(super) exempted: BTreeMap<String, usize>,
}

impl StatusNotes {
    /// Nothing is known but the configuration.
    pub(super) fn new(config: StatusConfig) -> Self {
        let mut notes = Self {
            config: Arc::new(config),
            journal: None,
            unusable_since: None,
            history: Arc::new(History::new()),
            next_slot: None,
            pods: None,
            turns: None,
            rota: None,
            missed_turns: Arc::default(),
            selected: Arc::default(),
            guards: NotesByName::default(),
            channels: NotesByName::default(),
            api_server: ApiServerNotes::default(),
            clock_skew: None,
            restarts: BTreeMap::new(),
            reload: None,
        };
        let StatusConfig { guards, channels, .. } = &*notes.config;
        notes.guards.keep(guards);
        notes.channels.keep(channels);
        notes
    }

    /// Notes the journal, as it was read or written at `now`.
    pub(super) fn note_journal(&mut self, journal: &Journal, pause: Option<&PauseRequest>, now: Timestamp) {
        let before = self.journal.take();
        let paused_since = pause.map(|_| {
            let since = before.as_ref().filter(|before| before.pause.as_ref() == pause);
            since.and_then(|before| before.paused_since).unwrap_or(now)
        });
        let unchanged = before
            .map(|before| before.journal)
            .filter(|before| **before == *journal);

        self.unusable_since = None;
        if !self.history.has_noted(journal) {
            let history = Arc::make_mut(&mut self.history);
            history.note_journal(journal, now);
            // Where no history is kept, none is read by which it would be bounded.
            history.bound();
        }
        self.journal = Some(JournalNotes {
            journal: unchanged.unwrap_or_else(|| Arc::new(journal.clone())),
            pause: pause.cloned(),
            paused_since,
            read: now,
        });
    }

    /// Notes the outcome for a victim.
    pub(super) fn note_victim(
        &mut self,
        slot: Timestamp,
        method: DisruptionMethod,
        attempt: &AttemptReport,
        now: Timestamp,
    ) {
        Arc::make_mut(&mut self.history).note_attempt(slot, method, now, attempt);
    }

    /// Notes a round that ended.
    pub(super) fn note_round(&mut self, report: &RoundReport) {
        Arc::make_mut(&mut self.history).note_round(report);
        Arc::make_mut(&mut self.history).bound();
        if report.turns_reported || !report.turns.is_empty() {
            let missed = report.missed_turns().map(|(turn, _)| turn.clone());
            self.missed_turns = Arc::new(missed.take(MOST_TURNS).collect());
        }
        if !report.namespace_selector.is_empty() && !report.namespaces.is_empty() {
            self.selected = Arc::new(report.namespaces.iter().cloned().collect());
        }
    }

    /// Notes the rota, and when the next turn of each owner is.
    pub(super) fn note_turns(
        &mut self,
        rota: Rota<'_>,
        owners: &BTreeSet<RotaOwner>,
        next: &BTreeMap<OwnerRef, Timestamp>,
    ) {
        self.rota = Some(NotedRota::new(rota, owners));
        let mut turns: Vec<_> = next.iter().map(|(owner, slot)| (slot, owner)).collect();
        turns.sort_unstable();
        turns.truncate(MOST_TURNS);
        let turns = turns.into_iter().map(|(slot, owner)| (owner.clone(), *slot));
        self.turns = Some(turns.collect());
    }

    /// Notes what became of a recovery.
    pub(super) fn note_recovery(&mut self, report: &RecoveryReport, now: Timestamp) {
        Arc::make_mut(&mut self.history).note_recovery(report, now);
    }

    /// Takes over what another source knows of the history.
    pub(super) fn note_history(&mut self, history: &History) {
        Arc::make_mut(&mut self.history).merge(history);
        Arc::make_mut(&mut self.history).bound();
    }

    /// The journal, or why nobody can tell by it what happened.
    pub(super) fn usable_journal(&self) -> Result<&Journal, &'static str> {
        match &self.journal {
            _ if self.unusable_since.is_some() => Err("the journal is missing or cannot be used"),
            None => Err("the journal was not read yet"),
            // Only a ConfigMap has a UID.
            Some(read) if read.journal.uid().is_empty() => {
                Err("the journal is in the memory of each replica")
            }
            Some(read) => Ok(&read.journal),
        }
    }

    /// Whether the page may name what is in a namespace.
    pub(super) fn names(&self, namespace: &str) -> bool {
        let is_in_scope = match &self.config.namespaces {
            NamespaceScope::Selected(_) => self.selected.contains(namespace),
            scope => scope.contains(namespace),
        };
        self.config.names && is_in_scope
    }
}
