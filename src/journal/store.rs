//! Where a process keeps its journal, and by which limits: what outlives a life of the Killer.

use std::cell::RefCell;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;

use super::Keeper;
use macaque_core::config::{JournalPlace, Limits};
use macaque_core::journal::{Holder, Journal, Timing};

/// Where this process keeps its journal, and what every step goes by.
#[derive(Debug, Clone)]
pub struct Books {
    pub(super) place: JournalPlace,
    /// This process, and since when it is one.
    process: String,
    pub(super) since: Timestamp,
    pub(super) limits: Limits,
    pub(super) count: usize,
    pub(super) timing: Timing,
    pub(super) shared: Arc<Shared>,
}

/// What outlives a life of the Killer.
#[derive(Debug)]
pub(super) struct Shared {
    /// The journal, where it is kept in memory.
    pub(super) memory: Mutex<Journal>,
    /// The highest sequence that was seen: a journal with a lower one is an old copy.
    pub(super) known: AtomicU64,
}

impl Books {
    /// The books of the process `name`, kept at `place`; each round has at most `count` victims.
    pub fn new(place: JournalPlace, name: &str, limits: Limits, count: usize, timing: Timing) -> Self {
        Self {
            place,
            process: format!("{name}-{:08x}", rand::random::<u32>()),
            since: Timestamp::now(),
            limits,
            count,
            timing,
            shared: Arc::new(Shared {
                memory: Mutex::new(Journal::new("")),
                known: AtomicU64::new(0),
            }),
        }
    }

    /// Books in memory without limits over time.
    pub fn in_memory(count: usize) -> Self {
        Self::new(
            JournalPlace::Memory,
            "memory",
            Limits::default(),
            count,
            Timing::default(),
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
    pub fn keeper(&self, life: u64) -> Keeper {
        Keeper {
            books: self.clone(),
            holder: Holder {
                process: self.process.clone(),
                life,
            },
            page: RefCell::new(None),
        }
    }
}
