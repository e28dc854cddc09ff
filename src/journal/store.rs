//! Where a process keeps its journal, and by which limits: what outlives a life of the Killer.

use std::cell::RefCell;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;

use super::JournalWriter;
use macaque_core::config::{DisruptionLimits, JournalLocation};
use macaque_core::journal::{Journal, JournalTiming, LeaseHolder};

/// Where this process keeps its journal, and what every step goes by.
#[derive(Debug, Clone)]
pub struct JournalStore {
    pub(super) place: JournalLocation,
    /// This process, and since when it is one.
    process: String,
    pub(super) since: Timestamp,
    pub(super) limits: DisruptionLimits,
    pub(super) count: usize,
    pub(super) timing: JournalTiming,
    pub(super) shared: Arc<SharedJournal>,
}

/// What outlives a life of the Killer.
#[derive(Debug)]
pub(super) struct SharedJournal {
    /// The journal, where it is kept in memory.
    pub(super) memory: Mutex<Journal>,
    /// The highest sequence that was seen: a journal with a lower one is an old copy.
    pub(super) known: AtomicU64,
}

impl JournalStore {
    /// The books of the process `name`, kept at `place`; each round has at most `count` victims.
    pub fn new(
        place: JournalLocation,
        name: &str,
        limits: DisruptionLimits,
        count: usize,
        timing: JournalTiming,
    ) -> Self {
        Self {
            place,
            process: format!("{name}-{:08x}", rand::random::<u32>()),
            since: Timestamp::now(),
            limits,
            count,
            timing,
            shared: Arc::new(SharedJournal {
                memory: Mutex::new(Journal::new("")),
                known: AtomicU64::new(0),
            }),
        }
    }

    /// Books in memory without limits over time.
    pub fn in_memory(count: usize) -> Self {
        Self::new(
            JournalLocation::Memory,
            "memory",
            DisruptionLimits::default(),
            count,
            JournalTiming::default(),
        )
    }

    /// Books in memory for rounds of one victim each that follow each other at this pace.
    pub fn paced(pace: Duration) -> Self {
        let mut books = Self::in_memory(1);
        books.timing.spacing = pace / 2;
        books
    }

    /// The same for rounds that somebody asks for: their slot is that instant, and no schedule spaces them.
    pub fn on_demand(mut self) -> Self {
        self.since = Timestamp::MIN;
        self.timing.spacing = Duration::ZERO;
        self
    }

    /// The journal in the hands of this life of the Killer.
    pub fn keeper(&self, life: u64) -> JournalWriter {
        JournalWriter {
            books: self.clone(),
            holder: LeaseHolder {
                process: self.process.clone(),
                life,
            },
            page: RefCell::new(None),
        }
    }
}
