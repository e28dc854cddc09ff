//! Where a process keeps its journal, and what every step depends on: the part that outlives the Killer.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use macaque_core::config::{DisruptionLimits, JournalLocation};
use macaque_core::journal::{
    Denial, Journal, JournalEvent, JournalTiming, LeaseHolder, PauseRequest, StepContext,
};

use super::JournalWriter;
use crate::platform::Platform;

/// Where this process keeps its journal, and what every step depends on.
#[derive(Debug, Clone)]
pub struct JournalStore {
    pub(super) location: JournalLocation,
    pub(super) platform: Platform,
    /// This process, and since when it runs.
    process: String,
    pub(super) since: Timestamp,
    limits: DisruptionLimits,
    /// How many victims a round may have.
    count: usize,
    pub(super) timing: JournalTiming,
    shared: Arc<SharedJournal>,
}

/// The state that outlives the Killer.
#[derive(Debug)]
struct SharedJournal {
    /// The journal, where it is kept in memory.
    memory: Mutex<Journal>,
    /// The highest sequence seen: a journal with a lower one is an old copy.
    known: AtomicU64,
}

impl JournalStore {
    /// The journal of the process `name`, kept at `location`; each round has at most `count` victims.
    pub fn new(
        location: JournalLocation,
        name: &str,
        limits: DisruptionLimits,
        count: usize,
        timing: JournalTiming,
        platform: &Platform,
    ) -> Self {
        Self {
            location,
            process: format!("{name}-{:08x}", platform.random_u32()),
            since: platform.now(),
            platform: platform.clone(),
            limits,
            count,
            timing,
            shared: Arc::new(SharedJournal {
                memory: Mutex::new(Journal::new("")),
                known: AtomicU64::new(0),
            }),
        }
    }

    /// A journal in memory, without limits over time.
    pub fn in_memory(count: usize, platform: &Platform) -> Self {
        let limits = DisruptionLimits::default();
        let timing = JournalTiming::default();
        Self::new(JournalLocation::Memory, "memory", limits, count, timing, platform)
    }

    /// Rounds may follow each other this closely.
    pub fn with_spacing(mut self, spacing: Duration) -> Self {
        self.timing.spacing = spacing;
        self
    }

    /// Rounds run when somebody asks for one: their slot is that instant, and no schedule spaces them.
    pub fn on_demand(mut self) -> Self {
        self.since = Timestamp::MIN;
        self.with_spacing(Duration::ZERO)
    }

    /// The writer of one incarnation of the Killer.
    pub fn writer(&self, incarnation: u64) -> JournalWriter {
        let process = self.process.clone();
        JournalWriter::new(self.clone(), LeaseHolder { process, incarnation })
    }

    /// Takes a step in memory.
    pub(super) fn step_in_memory(
        &self,
        event: &JournalEvent,
        context: &StepContext<'_>,
    ) -> Result<Journal, Denial> {
        let mut journal = self.shared.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let next = journal.step(event, context)?;
        journal.clone_from(&next);
        Ok(next)
    }

    /// What a step of `holder` depends on now.
    pub(super) fn context<'a>(
        &'a self,
        holder: &'a LeaseHolder,
        skew: Option<SignedDuration>,
        pause: Option<PauseRequest>,
    ) -> StepContext<'a> {
        StepContext {
            now: self.platform.now(),
            skew,
            holder,
            pause,
            count: self.count,
            limits: &self.limits,
            timing: &self.timing,
        }
    }

    /// The highest sequence seen by this process.
    pub(super) fn known_sequence(&self) -> u64 {
        self.shared.known.load(Ordering::SeqCst)
    }

    pub(super) fn note_sequence(&self, journal: &Journal) {
        self.shared.known.fetch_max(journal.sequence(), Ordering::SeqCst);
    }
}
