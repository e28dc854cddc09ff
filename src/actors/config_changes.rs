//! What a reload changes while the actors run. Each actor takes it over between two of its steps, and one that starts
//! later starts with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use macaque_core::schedule::timer::TimerConfig;
use tokio::sync::watch;

use super::ActorsConfig;
use super::clock::Trigger;
use crate::facts::Fact;
use crate::guards;
use crate::journal::JournalStore;
use crate::notify::MessageContext;
use crate::round::RoundConfig;

/// The part of the actors' configuration that a reload replaces.
#[derive(Debug, Clone)]
pub struct ChangedConfig {
    /// What makes rounds due.
    pub trigger: Trigger,
    /// How late a slot may start.
    pub timer: TimerConfig,
    /// What a round does.
    pub round: Arc<RoundConfig>,
    /// Where the journal is kept, and which limits it enforces.
    pub journal: JournalStore,
    /// What every message names beside its report.
    pub messages: MessageContext,
}

/// The changes of a process's configuration, of which its holder has seen some; the default has none.
#[derive(Debug, Clone, Default)]
pub struct ConfigChanges {
    latest: Arc<watch::Sender<ConfigVersion>>,
    /// The number of the version by which rounds run.
    in_force: Arc<AtomicU64>,
    /// The number of the version that the holder has seen.
    seen: u64,
}

/// A version of the configuration.
#[derive(Debug, Clone, Default)]
struct ConfigVersion {
    /// The number, counted from 0 at the start.
    number: u64,
    /// What has changed since the start.
    changed: Option<Arc<ChangedConfig>>,
}

impl ConfigChanges {
    /// Replaces the configuration.
    pub fn replace(&self, changed: ChangedConfig) {
        self.latest.send_modify(|version| {
            version.number += 1;
            version.changed = Some(Arc::new(changed));
        });
    }

    /// Whether there is a version that the holder has not seen.
    pub(super) fn are_unseen(&self) -> bool {
        self.latest.borrow().number != self.seen
    }

    /// Waits for a version that the holder has not seen.
    pub(super) async fn next(self) {
        let mut versions = self.latest.subscribe();
        // There is no error: the sender lives as long as this.
        let _ = versions.wait_for(|version| version.number != self.seen).await;
    }

    /// Notes that rounds run by the version that the holder has seen; returns whether they did not before.
    fn note_in_force(&self) -> bool {
        self.in_force.swap(self.seen, Ordering::SeqCst) != self.seen
    }
}

impl ActorsConfig {
    /// The configuration with all changes until now.
    pub(super) fn current(&self) -> Self {
        let ConfigVersion { number, changed } = self.changes.latest.borrow().clone();
        let mut current = self.clone();
        current.changes.seen = number;
        if let Some(changed) = changed {
            let ChangedConfig {
                trigger,
                timer,
                round,
                journal,
                messages,
            } = (*changed).clone();
            current.trigger = trigger;
            current.timer = timer;
            current.round = round;
            current.journal = journal;
            current.messages = messages;
        }
        current
    }

    /// Publishes that rounds run by this configuration, if they did not before.
    pub(super) fn publish_in_force(&self) {
        if !self.changes.note_in_force() {
            return;
        }
        let round = &self.round;
        let guards = guards::names(&round.guards, &round.gates);
        self.facts.publish(Fact::ConfigInForce {
            is_dry_run: round.dry_run,
            method: round.eligibility.method,
            namespaces: &round.eligibility.target.namespaces,
            limits: self.journal.limits(),
            recovery_timeout: round.recovery.timeout,
            guards: &guards,
            calendar: round.calendar.as_ref(),
        });
    }
}
