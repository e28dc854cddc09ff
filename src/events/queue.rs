//! The queue between what happens and the Events about it. It takes facts and never makes them wait.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use macaque_core::config::NamespaceScope;
use macaque_core::events::{EventContent, EventsConfig};
use tokio::sync::Notify;

use super::WaitingEvent;
use crate::facts::{Fact, FactListener};
use crate::platform::Platform;

/// How many outcomes and recoveries wait at most to be written about; further ones are dropped.
pub const MOST_WAITING: usize = 50;

/// What waits to be written about. It outlives the actor that writes.
#[derive(Debug)]
pub(super) struct EventQueue {
    config: EventsConfig,
    platform: Platform,
    state: Mutex<EventBacklog>,
    filled: Notify,
    /// Whether rounds are dry runs, about which nothing is written.
    is_dry_run: AtomicBool,
    is_of_whole_cluster: AtomicBool,
}

#[derive(Debug, Default)]
struct EventBacklog {
    waiting: VecDeque<WaitingEvent>,
    /// How many were dropped in all.
    dropped: u64,
    /// Whether the queue is full, and that was logged.
    is_full: bool,
}

impl EventQueue {
    /// Creates an empty queue.
    pub(super) fn new(config: EventsConfig, scope: &NamespaceScope, platform: &Platform) -> Self {
        Self {
            config,
            platform: platform.clone(),
            state: Mutex::default(),
            filled: Notify::new(),
            is_dry_run: AtomicBool::new(false),
            is_of_whole_cluster: AtomicBool::new(*scope == NamespaceScope::All),
        }
    }

    /// Sets whether rounds are dry runs.
    pub(super) fn set_dry_run(&self, is_dry_run: bool) {
        self.is_dry_run.store(is_dry_run, Ordering::Relaxed);
    }

    /// Whether the whole cluster is in scope.
    pub(super) fn is_of_whole_cluster(&self) -> bool {
        self.is_of_whole_cluster.load(Ordering::Relaxed)
    }

    /// Waits for what is to be written about next, and takes it.
    pub(super) async fn next(&self) -> WaitingEvent {
        loop {
            if let Some(next) = self.take() {
                return next;
            }
            self.filled.notified().await;
        }
    }

    /// Adds something to write about, unless the queue is full.
    fn push(&self, event: WaitingEvent) {
        let mut state = self.state();
        if state.waiting.len() < MOST_WAITING {
            state.waiting.push_back(event);
            drop(state);
            self.filled.notify_one();
            return;
        }

        state.dropped += 1;
        let dropped = state.dropped;
        let is_news = !std::mem::replace(&mut state.is_full, true);
        drop(state);
        if is_news {
            log::warn!(
                "no Events are written about what happens now: {MOST_WAITING} others wait already; {dropped} dropped so far"
            );
        }
    }

    fn take(&self) -> Option<WaitingEvent> {
        let mut state = self.state();
        let next = state.waiting.pop_front()?;
        state.is_full = false;
        Some(next)
    }

    fn state(&self) -> MutexGuard<'_, EventBacklog> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FactListener for EventQueue {
    fn note(&self, fact: Fact<'_>) {
        if let Fact::ConfigInForce {
            is_dry_run,
            namespaces,
            ..
        } = fact
        {
            let is_of_whole_cluster = *namespaces == NamespaceScope::All;
            self.set_dry_run(is_dry_run);
            self.is_of_whole_cluster
                .store(is_of_whole_cluster, Ordering::Relaxed);
        }
        if self.is_dry_run.load(Ordering::Relaxed) {
            return;
        }
        let (content, owner, controller) = match fact {
            Fact::VictimTried {
                slot,
                seed,
                method,
                attempt,
                controller,
            } => (
                EventContent::of_attempt(self.config, (slot, seed), method, attempt),
                attempt.owner.clone(),
                controller.cloned(),
            ),
            Fact::RecoveryReported(report) => (
                EventContent::of_recovery(report),
                Some(report.owner.clone()),
                None,
            ),
            _ => return,
        };
        let Some(content) = content else {
            return;
        };
        self.push(WaitingEvent {
            content,
            time: self.platform.now(),
            owner,
            controller,
        });
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use macaque_core::outcome::{DisruptionMethod, Outcome};
    use macaque_core::pod::PodRef;
    use macaque_core::report::AttemptReport;

    use super::*;

    const CONFIG: EventsConfig = EventsConfig {
        enabled: true,
        refusals: false,
    };

    fn note(queue: &EventQueue, outcome: Outcome, number: usize) {
        let attempt = AttemptReport {
            pod: PodRef {
                namespace: "shop".to_owned(),
                name: format!("web-{number}"),
                uid: format!("u{number}"),
            },
            owner: None,
            team: None,
            outcome,
            warnings: Vec::new(),
        };
        queue.note(Fact::VictimTried {
            slot: Timestamp::UNIX_EPOCH,
            seed: 1,
            method: DisruptionMethod::Evict,
            attempt: &attempt,
            controller: None,
        });
    }

    fn waiting(queue: &EventQueue) -> Vec<String> {
        let events = std::iter::from_fn(|| queue.take());
        events.map(|event| event.content.victim().name.clone()).collect()
    }

    #[test]
    fn a_full_queue_keeps_what_waits_and_drops_what_comes() {
        let queue = EventQueue::new(CONFIG, &NamespaceScope::All, &Platform::system());
        for number in 0..MOST_WAITING + 3 {
            note(&queue, Outcome::Evicted, number);
        }
        assert_eq!(queue.state().dropped, 3);
        let kept: Vec<_> = (0..MOST_WAITING).map(|number| format!("web-{number}")).collect();
        assert_eq!(waiting(&queue), kept);

        note(&queue, Outcome::Evicted, 99);
        assert_eq!(waiting(&queue), ["web-99"], "there is room again");
    }

    #[test]
    fn nothing_waits_of_which_no_event_is_written() {
        let queue = EventQueue::new(CONFIG, &NamespaceScope::All, &Platform::system());
        for outcome in [Outcome::Gone, Outcome::DryRun] {
            note(&queue, outcome, 1);
        }
        queue.note(Fact::SlotPlanned(None));
        queue.note(Fact::ActorRestarted("Killer"));
        assert_eq!(waiting(&queue), Vec::<String>::new());
    }

    #[test]
    fn nothing_waits_in_a_dry_run_and_a_reload_ends_it() {
        let queue = EventQueue::new(CONFIG, &NamespaceScope::All, &Platform::system());
        let in_force = |is_dry_run| {
            queue.note(Fact::ConfigInForce {
                is_dry_run,
                method: DisruptionMethod::Evict,
                namespaces: &NamespaceScope::Named(vec!["shop".to_owned()]),
                limits: &Default::default(),
                recovery_timeout: Default::default(),
                guards: &[],
                calendar: None,
            });
        };
        queue.set_dry_run(true);
        note(&queue, Outcome::Evicted, 1);
        assert!(queue.is_of_whole_cluster());

        in_force(false);
        note(&queue, Outcome::Evicted, 2);
        assert!(!queue.is_of_whole_cluster());

        in_force(true);
        note(&queue, Outcome::Evicted, 3);
        assert_eq!(waiting(&queue), ["web-2"]);
    }

    #[tokio::test]
    async fn who_waits_for_something_to_write_gets_what_comes_first() {
        let queue = EventQueue::new(CONFIG, &NamespaceScope::All, &Platform::system());
        let take = async { queue.next().await.content.victim().name.clone() };
        let add = async {
            note(&queue, Outcome::Evicted, 1);
            note(&queue, Outcome::Evicted, 2);
        };
        let (first, ()) = tokio::join!(take, add);
        assert_eq!(first, "web-1");
        assert_eq!(queue.next().await.content.victim().name, "web-2");
    }
}
