//! This process, and the others that share its journal.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use macaque_core::journal::{Journal, LeaseHolder};
use serde::Serialize;

use super::super::notes::StatusNotes;
use super::{MOST, ShownList, shown_text};

/// This process, and those that share its journal.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in super::super) struct ProcessView {
    /// The version of macaque.
    pub(in super::super) version: &'static str,
    /// When this process started.
    pub(in super::super) started: Timestamp,
    /// The processes that hold something in the journal: the last round, a recovery, a message.
    pub(in super::super) replicas: ShownList<String>,
    /// How far this machine's clock is ahead of the API server's, in seconds; negative if it is behind.
    pub(in super::super) clock_skew_seconds: Option<f64>,
    /// How often each actor was started again after a failure.
    pub(in super::super) restarts: BTreeMap<&'static str, u64>,
    /// When the configuration file was last reloaded.
    pub(in super::super) reloaded: Option<Timestamp>,
    /// Whether what the file says is in force.
    pub(in super::super) reload_in_force: bool,
    /// Since when every disruption has a number, so that none can be missing unnoticed.
    pub(in super::super) complete_since: Option<Timestamp>,
}

impl ProcessView {
    /// What the notes show.
    pub(super) fn of(notes: &StatusNotes) -> Self {
        let journal = notes.journal.as_ref().map(|read| &*read.journal);
        let replicas = journal.map_or_else(Vec::new, replicas);
        // They bear the names of their pods.
        let most = if notes.config.names { MOST } else { 0 };
        Self {
            version: env!("CARGO_PKG_VERSION"),
            started: notes.config.started,
            replicas: ShownList::first(replicas, most),
            clock_skew_seconds: notes.clock_skew.map(|skew| skew.as_secs_f64()),
            restarts: notes.restarts.clone(),
            reloaded: notes.reload.map(|(at, _)| at),
            reload_in_force: notes.reload.is_none_or(|(_, is_success)| is_success),
            complete_since: journal.and_then(|journal| notes.history.covered_since(journal)),
        }
    }
}

/// The processes that hold something in the journal.
fn replicas(journal: &Journal) -> Vec<String> {
    let of_round = journal.round().map(|round| &round.holder);
    let of_recoveries = journal.recovering().iter().map(|record| &record.holder);
    let of_messages = journal.outbox().iter().map(|entry| &entry.holder);
    let holders = of_round.into_iter().chain(of_recoveries).chain(of_messages);

    let processes: BTreeSet<_> = holders
        .map(|holder: &LeaseHolder| holder.process.as_str())
        .collect();
    processes.into_iter().map(shown_text::text).collect()
}
