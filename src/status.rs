//! The status page, made of what the actors publish: it asks nobody when it is asked.
//!
//! ```text
//! facts ─▶ StatusBoard ─▶ StatusNotes (a copy) ─▶ StatusView ─▶ the page in HTML
//!                                              │             └▶ the same as JSON
//!                                              ├▶ the answer to a question of blame
//!                                              └▶ the calendar
//! ```
//!
//! [`StatusBoard`] only notes facts, which takes no time worth a word. Whoever wants to see them gets a copy, whose parts are
//! shared, and makes of it what is shown, on the thread of the HTTP server.

mod blame_query;
mod config;
mod noted_rota;
mod notes;
mod page;
mod services;
mod view;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use macaque_core::icalendar::MOST_WEEKS;

pub use self::config::StatusConfig;

use self::noted_rota::NotedRota;
use self::notes::{PodsNotes, StatusNotes};
use self::view::StatusView;
use crate::calendar_feed::FeedSource;
use crate::facts::{Fact, FactListener};
use crate::html::style_source;
use crate::platform::Platform;

/// What is known of this process and its cluster, for those who look at it.
#[derive(Debug)]
pub struct StatusBoard {
    notes: Mutex<StatusNotes>,
    platform: Platform,
}

/// The page and the same as JSON, made at one moment.
#[derive(Debug, Clone)]
pub struct StatusTexts {
    /// The page in HTML.
    pub html: String,
    /// What the page shows, as JSON.
    pub json: String,
}

impl StatusBoard {
    /// A board on which nothing is noted yet.
    pub fn new(config: StatusConfig, platform: &Platform) -> Self {
        Self {
            notes: Mutex::new(StatusNotes::new(config)),
            platform: platform.clone(),
        }
    }

    /// The page as of now.
    pub fn texts(&self) -> StatusTexts {
        let view = StatusView::of(&self.noted(), self.platform.now());
        StatusTexts {
            html: page::html(&view),
            json: view.json(),
        }
    }

    /// The answer to the question that the query of an address asks, as JSON.
    ///
    /// # Errors
    /// What is wrong with the question, one mistake a line.
    pub(crate) fn blame(&self, query: &str) -> Result<String, String> {
        blame_query::answer(query, &self.noted(), self.platform.now())
    }

    /// The slots of the next weeks as an iCalendar file; `None` where rounds follow no calendar.
    pub(crate) fn calendar(&self) -> Option<String> {
        let notes = self.noted();
        let config = &notes.config;
        let calendar = config.calendar.as_ref()?;
        let now = self.platform.now();

        // Turns depend on each other: without some of the owners they would be others.
        let may_name = |rota: &&NotedRota| rota.owners().all(|owner| notes.names(&owner.namespace));
        let rota = notes.rota.as_ref().filter(|_| config.names).filter(may_name);
        let source = FeedSource {
            calendar,
            turns: rota.map(|rota| rota.turns(calendar)),
            cluster: config.cluster.as_deref(),
            namespaces: &config.namespaces.to_string(),
            dry_run: config.is_dry_run,
        };
        Some(source.text(now, MOST_WEEKS, now))
    }

    /// The only style that the page has, as a source of `Content-Security-Policy`.
    pub(crate) fn style_source() -> &'static str {
        style_source()
    }

    /// A copy of what is noted.
    fn noted(&self) -> StatusNotes {
        self.notes().clone()
    }

    fn notes(&self) -> MutexGuard<'_, StatusNotes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FactListener for StatusBoard {
    fn note(&self, fact: Fact<'_>) {
        let now = self.platform.now();
        let mut notes = self.notes();
        match fact {
            Fact::SlotPlanned(slot) => notes.next_slot = slot,
            Fact::NamespaceForbidden(_) => {}
            Fact::PodsChecked { candidates, exempted } => {
                let exempted = exempted.iter().map(|(rule, tally)| (rule.clone(), tally.count));
                notes.pods = Some(PodsNotes {
                    at: now,
                    candidates: candidates.values().sum(),
                    exempted: exempted.collect(),
                });
            }
            Fact::VictimTried {
                slot,
                method,
                attempt,
                ..
            } => notes.note_victim(slot, method, attempt, now),
            Fact::RoundFinished(report) => notes.note_round(report),
            Fact::RecoveryReported(report) => notes.note_recovery(report, now),
            Fact::JournalRead { journal, pause, now } => notes.note_journal(journal, pause, now),
            Fact::JournalUnusable => {
                notes.unusable_since.get_or_insert(now);
            }
            Fact::HistoryRead(history) => notes.note_history(history),
            Fact::GuardAnswered(finding) => {
                if let Some(guard) = notes.guards.of(&finding.guard) {
                    guard.note(finding, now);
                }
            }
            Fact::TurnsPlanned { rota, owners, next } => notes.note_turns(rota, owners, next),
            Fact::RequestEnded {
                verb,
                resource,
                code,
                took,
            } => notes.api_server.note((verb, resource), code, took, now),
            Fact::ClockCompared(skew) => notes.clock_skew = Some(skew),
            Fact::MessageHandled { channel, result } => {
                if let Some(channel) = notes.channels.of(channel) {
                    channel.note(result, now);
                }
            }
            Fact::MessagesWaiting { channel, count } => {
                if let Some(channel) = notes.channels.of(channel) {
                    channel.waiting = count;
                }
            }
            Fact::ConfigInForce {
                is_dry_run,
                method,
                namespaces,
                limits,
                recovery_timeout,
                guards,
                calendar,
            } => {
                let config = StatusConfig {
                    calendar: calendar.cloned(),
                    is_dry_run,
                    method,
                    namespaces: namespaces.clone(),
                    limits: limits.clone(),
                    // What is still watched by a longer one counts, too.
                    recovery_timeout: recovery_timeout.max(notes.config.recovery_timeout),
                    guards: guards.to_vec(),
                    ..(*notes.config).clone()
                };
                notes.guards.keep(guards);
                notes.config = Arc::new(config);
                // The next round plans anew, if owners still have turns.
                notes.turns = None;
                notes.rota = None;
            }
            Fact::ReloadEnded { is_success } => notes.reload = Some((now, is_success)),
            Fact::ActorRestarted(actor) => *notes.restarts.entry(actor).or_default() += 1,
        }
    }
}
