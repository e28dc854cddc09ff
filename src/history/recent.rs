//! What happened in this process, or was read in the journal: it waits here until it is written. Facts are never made to
//! wait, and what waits outlives the actor that writes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use macaque_core::history::{History, HistoryLine, LineContent};
use macaque_core::journal::Journal;
use tokio::sync::Notify;

use crate::facts::{Fact, FactListener};
use crate::platform::Platform;
use crate::text;

/// How many entries are kept that are not written yet: the oldest are dropped first, and their numbers show it.
const MOST_UNWRITTEN: usize = 1_000;

/// How many entries are kept once all are written, or where none are: more than the victims of the round that the journal
/// holds, so that they are known when it is read again.
const MOST_WRITTEN: usize = 200;

/// How many faults are remembered, so that each is logged once.
const MOST_FAULTS: usize = 20;

/// The recent part of the history.
#[derive(Debug)]
pub(super) struct RecentHistory {
    platform: Platform,
    /// Whether the history is written.
    is_written: bool,
    /// Whether each entry is logged, too.
    is_logged: bool,
    state: Mutex<RecentState>,
    changed: Notify,
    /// Whether rounds are dry runs, of which nothing is kept.
    is_dry_run: AtomicBool,
}

#[derive(Debug)]
struct RecentState {
    history: History,
    /// How often the history has changed, and how many of these changes are written.
    changes: u64,
    written: u64,
    /// What is wrong with the place where the history is written, as it was logged since the last success.
    faults: Vec<String>,
}

/// A copy of the recent history, to be written.
#[derive(Debug)]
pub(super) struct RecentCopy {
    pub(super) history: History,
    /// Whether something of it is not written yet.
    pub(super) is_unwritten: bool,
    /// How many changes it has.
    changes: u64,
}

impl RecentHistory {
    /// Creates a history of nothing, which is written or not, and whose entries are logged or not.
    pub(super) fn new(is_written: bool, is_logged: bool, platform: &Platform) -> Self {
        Self {
            platform: platform.clone(),
            is_written,
            is_logged,
            state: Mutex::new(RecentState {
                history: History::new(),
                changes: 0,
                written: 0,
                faults: Vec::new(),
            }),
            changed: Notify::new(),
            is_dry_run: AtomicBool::new(false),
        }
    }

    /// Sets whether rounds are dry runs.
    pub(super) fn set_dry_run(&self, is_dry_run: bool) {
        self.is_dry_run.store(is_dry_run, Ordering::Relaxed);
        self.changed.notify_one();
    }

    /// Whether something is to be written.
    pub(super) fn is_unwritten(&self) -> bool {
        let state = self.state();
        state.changes > state.written
    }

    /// Waits until something is to be written or, unless the stored history `is_read`, until it may be: a dry run reads
    /// nothing.
    pub(super) async fn news(&self, is_read: bool) {
        while !self.is_unwritten() && (is_read || self.is_dry_run()) {
            self.changed.notified().await;
        }
    }

    fn is_dry_run(&self) -> bool {
        self.is_dry_run.load(Ordering::Relaxed)
    }

    /// A copy of what is known.
    pub(super) fn copy(&self) -> RecentCopy {
        let state = self.state();
        RecentCopy {
            history: state.history.clone(),
            is_unwritten: state.changes > state.written,
            changes: state.changes,
        }
    }

    /// Notes that everything in `copy` is written.
    pub(super) fn note_written(&self, copy: &RecentCopy) {
        let mut state = self.state();
        state.written = state.written.max(copy.changes);
        if state.written == state.changes {
            shrink_to(&mut state.history, MOST_WRITTEN);
        }
    }

    /// Notes what is wrong with the place where the history is written; returns whether that is news.
    pub(super) fn note_fault(&self, fault: &str) -> bool {
        let mut state = self.state();
        let is_news = !state.faults.iter().any(|known| known == fault);
        if is_news {
            let excess = state.faults.len().saturating_sub(MOST_FAULTS - 1);
            state.faults.drain(..excess);
            state.faults.push(fault.to_owned());
        }
        is_news
    }

    /// Notes that nothing is wrong with that place.
    pub(super) fn forget_faults(&self) {
        self.state().faults.clear();
    }

    fn state(&self) -> MutexGuard<'_, RecentState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the history, and logs the line about it that `change` returns. That line is all that is left of what is not to
    /// be kept.
    fn change(&self, is_kept: bool, change: impl FnOnce(&mut History) -> Option<LineContent>) {
        let line = if is_kept {
            self.keep(change)
        } else {
            change(&mut History::new())
        };
        if let Some(line) = line.filter(|_| self.is_logged) {
            log(line);
        }
    }

    /// Notes what the journal holds. It is read every few seconds, and seldom has anything new.
    fn note_journal(&self, journal: &Journal, now: Timestamp) {
        // A journal in memory numbers nothing that outlives it.
        if journal.uid().is_empty() || self.state().history.has_noted(journal) {
            return;
        }
        self.keep(|history| {
            history.note_journal(journal, now);
            None
        });
    }

    fn keep(&self, change: impl FnOnce(&mut History) -> Option<LineContent>) -> Option<LineContent> {
        let mut state = self.state();
        let before = state.history.clone();
        let line = change(&mut state.history);
        let is_news = state.history != before;
        if is_news {
            state.changes += u64::from(self.is_written);
            let most = if self.is_written {
                MOST_UNWRITTEN
            } else {
                MOST_WRITTEN
            };
            shrink_to(&mut state.history, most);
        }
        drop(state);

        if is_news {
            self.changed.notify_one();
        }
        line
    }
}

impl FactListener for RecentHistory {
    fn note(&self, fact: Fact<'_>) {
        let now = self.platform.now();
        let is_kept = !self.is_dry_run();
        match fact {
            Fact::ConfigInForce { is_dry_run, .. } => self.set_dry_run(is_dry_run),
            Fact::JournalRead { journal, now, .. } if is_kept => self.note_journal(journal, now),
            Fact::VictimTried {
                slot,
                method,
                attempt,
                ..
            } => self.change(is_kept, |history| {
                history.note_attempt(slot, method, now, attempt);
                let entry = history.entry(slot, &attempt.pod.uid)?;
                Some(LineContent::Entry(Box::new(entry.clone())))
            }),
            // A dry run begins no recovery, but one may go on when it begins.
            Fact::RecoveryReported(report) => self.change(true, |history| {
                history.note_recovery(report, now);
                report.verdict?;
                let entry = history.entry(report.slot, &report.pod.uid)?;
                Some(LineContent::Entry(Box::new(entry.clone())))
            }),
            Fact::RoundFinished(report) => self.change(is_kept, |history| {
                history.note_round(report);
                let mut rounds = history.rounds().iter();
                let round = rounds.rfind(|round| round.slot == report.slot)?;
                Some(LineContent::Round(round.clone()))
            }),
            _ => {}
        }
    }
}

fn shrink_to(history: &mut History, entries: usize) {
    while history.entries().len() > entries || history.rounds().len() > entries {
        history.shrink();
    }
}

/// Logs what was added to the history, for the commands that read it from the log.
fn log(content: LineContent) {
    let words = match &content {
        LineContent::Entry(entry) => {
            let verdict = entry.recovery.as_ref().and_then(|recovery| recovery.verdict);
            match verdict {
                Some(verdict) => format!("{} {}", entry.pod, verdict.as_str()),
                None => format!("{} {}", entry.outcome.word(), entry.pod),
            }
        }
        LineContent::Round(round) => format!("round {} {}", round.slot, round.status.as_str()),
    };
    let line = HistoryLine::new(content);
    log::info!(history:serde = line; "history: {}", text::line(&words));
}

#[cfg(test)]
mod tests;
