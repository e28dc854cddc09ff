//! Where a process stores its journal, and what every step depends on: the part that outlives the actors.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use macaque_core::config::{DisruptionLimits, JournalLocation, RecoveryPolicy};
use macaque_core::journal::{
    Denial, Journal, JournalEvent, JournalTiming, LeaseHolder, MessageId, PauseEnd, PauseRequest, StepContext,
};
use tokio::time::Instant;

use super::JournalWriter;
use crate::platform::Platform;

/// How many messages are remembered as published. A message is looked for again only within seconds.
const REMEMBERED: usize = 200;

/// Where this process stores its journal, and what every step depends on.
#[derive(Debug, Clone)]
pub struct JournalStore {
    pub(super) location: JournalLocation,
    pub(super) platform: Platform,
    /// The name of this process.
    process: String,
    /// When this process started; `None` if slots of before it are run too.
    started: Option<Instant>,
    limits: DisruptionLimits,
    /// How many victims a round may have.
    count: usize,
    recovery: RecoveryPolicy,
    /// Whether this process watches the recoveries that it begins.
    keeps_recoveries: bool,
    pub(super) timing: JournalTiming,
    shared: Arc<SharedJournal>,
}

/// The state that all writers of the process share.
#[derive(Debug)]
struct SharedJournal {
    /// The journal itself, if it is stored in memory.
    memory: Mutex<MemoryJournal>,
    /// The highest sequence number seen; a journal with a lower one is an old copy.
    known: AtomicU64,
    /// The messages about recoveries that were published last, by slot.
    published: Mutex<BTreeSet<MessageId>>,
}

/// A journal in memory.
#[derive(Debug)]
struct MemoryJournal {
    journal: Journal,
    /// The pause that macaque set itself, which lasts as long as the process.
    pause: Option<PauseRequest>,
}

impl JournalStore {
    /// Creates the journal of the process `name`, stored at `location`, for rounds of at most `count` victims.
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
            started: Some(platform.monotonic()),
            platform: platform.clone(),
            limits,
            count,
            recovery: RecoveryPolicy::off(),
            keeps_recoveries: true,
            timing,
            shared: Arc::new(SharedJournal {
                memory: Mutex::new(MemoryJournal {
                    journal: Journal::new(""),
                    pause: None,
                }),
                known: AtomicU64::new(0),
                published: Mutex::default(),
            }),
        }
    }

    /// Creates a journal in memory, without limits over time.
    pub fn in_memory(count: usize, platform: &Platform) -> Self {
        let limits = DisruptionLimits::default();
        let timing = JournalTiming::default();
        Self::new(JournalLocation::Memory, "memory", limits, count, timing, platform)
    }

    /// The limits on disruptions.
    pub fn limits(&self) -> &DisruptionLimits {
        &self.limits
    }

    /// Goes on as the journal of the same process as `other`, with its own limits: what `other` keeps in memory, it keeps
    /// too.
    pub fn continuing(self, other: &Self) -> Self {
        Self {
            process: other.process.clone(),
            started: other.started,
            keeps_recoveries: other.keeps_recoveries,
            shared: Arc::clone(&other.shared),
            ..self
        }
    }

    /// Whether the journal is kept in the same place as `other`.
    pub fn is_where(&self, other: &Self) -> bool {
        self.location == other.location
    }

    /// Sets what the journal decides by recoveries.
    pub fn with_recovery(mut self, recovery: RecoveryPolicy) -> Self {
        self.recovery = recovery;
        self
    }

    /// Leaves the recoveries that begin to other processes: this one ends before they do.
    pub fn leaving_recoveries(mut self) -> Self {
        self.keeps_recoveries = false;
        self
    }

    /// Sets the least time between two rounds.
    pub fn with_spacing(mut self, spacing: Duration) -> Self {
        self.timing.spacing = spacing;
        self
    }

    /// Allows rounds at any time: each is run on request, its slot is that instant, and no schedule spaces them.
    pub fn on_demand(mut self) -> Self {
        self.started = None;
        self.with_spacing(Duration::ZERO)
    }

    /// When this process started, by the wall clock as it is now: one that was wrong at the start, and is set right, must not
    /// keep slots from being run.
    pub(super) fn since(&self) -> Timestamp {
        let Some(started) = self.started else {
            return Timestamp::MIN;
        };
        let age = self.platform.monotonic().duration_since(started);
        let now = self.platform.now();
        now.checked_sub(age).unwrap_or(now)
    }

    /// Creates the writer of one incarnation of the Killer; of 0 for all others, whose leases a Killer takes over.
    pub fn writer(&self, incarnation: u64) -> JournalWriter {
        let process = self.process.clone();
        JournalWriter::new(self.clone(), LeaseHolder { process, incarnation })
    }

    /// Takes a step on the journal in memory; returns the journal before and after it, with the pause after it.
    pub(super) fn step_in_memory(
        &self,
        event: &JournalEvent,
        holder: &LeaseHolder,
        skew: Option<SignedDuration>,
    ) -> Result<(Journal, Journal, Option<PauseRequest>), Denial> {
        let mut memory = self.shared.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let MemoryJournal { journal, pause } = &mut *memory;
        let next = journal.step(event, &self.context(holder, skew, pause.clone()))?;

        if let Some(request) = next.pause_to_write(journal, pause.as_ref()) {
            let end = PauseEnd::Restart;
            *pause = Some(PauseRequest { end, ..request });
        }
        let before = std::mem::replace(journal, next.clone());
        Ok((before, next, pause.clone()))
    }

    /// The context of a step that `holder` takes now.
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
            keeps_recoveries: self.keeps_recoveries,
            pause,
            count: self.count,
            limits: &self.limits,
            recovery: &self.recovery,
            timing: &self.timing,
        }
    }

    /// The highest sequence number that this process has seen.
    pub(super) fn known_sequence(&self) -> u64 {
        self.shared.known.load(Ordering::SeqCst)
    }

    pub(super) fn note_sequence(&self, journal: &Journal) {
        self.shared.known.fetch_max(journal.sequence(), Ordering::SeqCst);
    }

    /// Notes that the message `id` is published; returns whether it was not before. A Watcher that starts anew may be given
    /// a recovery that the one before it has just recorded.
    pub(super) fn note_published(&self, id: MessageId) -> bool {
        let mut published = self
            .shared
            .published
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let is_new = published.insert(id);
        if published.len() > REMEMBERED {
            published.pop_first();
        }
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::SimulatedClock;

    #[tokio::test(start_paused = true)]
    async fn a_process_that_started_with_a_wrong_clock_runs_slots_once_it_is_set_right() {
        let clock = SimulatedClock::starting_at(Timestamp::UNIX_EPOCH + Duration::from_secs(7200));
        let platform = Platform::with_clock(0, clock.clone());
        let store = JournalStore::in_memory(1, &platform);
        tokio::time::advance(Duration::from_secs(60)).await;

        clock.jump(SignedDuration::from_secs(-3600));
        assert_eq!(store.since(), Timestamp::UNIX_EPOCH + Duration::from_secs(3600));
        assert_eq!(store.on_demand().since(), Timestamp::MIN);
    }
}
