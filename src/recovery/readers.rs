//! Reads what a recovery is judged by: the owner's pods, by watch or by lists, and its scale.

use std::convert::Infallible;
use std::time::Duration;

use futures_util::FutureExt as _;
use macaque_core::recovery::RecoveryPrecision;
use macaque_core::selector::Selector;
use macaque_core::siblings::SiblingPods;
use tokio::time::Instant;

use super::RecoveryMeans;
use super::following::Following;
use super::pace::{FaultPauses, PollPace, precision_of_list};
use crate::guards::siblings::{SiblingReader, selector_of};
use crate::k8s::{ApiError, PodWatch, WatchEnd, WatchEvent};

/// How long the first list waits for the scale, whose selector narrows it.
const SCALE_PATIENCE: Duration = Duration::from_millis(50);

/// How long after it was read the scale is read again: an autoscaler may change it.
const SCALE_INTERVAL: Duration = Duration::from_secs(10);

/// How long a watch must last for the faults before it to be over.
const LASTING: Duration = Duration::from_secs(10);

/// How many events are read before others have their turn.
const EVENTS_AT_ONCE: usize = 256;

/// How long a watch may take to tell what a list shows already.
const WATCH_PATIENCE: Duration = Duration::from_millis(500);

/// The pause after a list that failed, at least; each list tries three times by itself.
const LIST_PAUSE: Duration = Duration::from_millis(500);

/// Where a list found the owner's pods, and from which version a watch goes on.
struct PodScope {
    selector: Selector,
    version: Option<String>,
}

/// The owner's pods as a list shows them.
struct PodList {
    pods: SiblingPods,
    scope: PodScope,
    /// When they were asked for.
    begun: Instant,
}

/// The reason why a watch is over.
enum Watched {
    /// macaque may not watch pods, or the list had no version to watch from.
    NotGranted,
    /// A list shows what the watch did not tell.
    Behind,
    /// The watch ended by itself.
    Ended(WatchEnd),
}

impl Following<'_> {
    /// Reads the owner's pods, over and over.
    pub(super) async fn read_pods(&self) -> Infallible {
        let platform = self.context.platform;
        let mut pauses = FaultPauses::default();
        let mut pace = PollPace::new(self.context.means);
        let mut interval = self.is_polled().then(|| pace.interval());

        platform
            .within(SCALE_PATIENCE, self.scale_answered.notified())
            .await;
        loop {
            let scope = match Box::pin(self.list(interval)).await {
                Ok(scope) => scope,
                Err(error) => {
                    log::debug!("recovery of {}: {error}", self.victim().owner);
                    self.interrupt();
                    platform.sleep(pauses.after_fault().max(LIST_PAUSE)).await;
                    continue;
                }
            };

            let begun = platform.monotonic();
            match Box::pin(self.watch(scope)).await {
                Watched::NotGranted => {
                    pauses.reset();
                    let wait = pace.interval();
                    interval = Some(wait);
                    let wanted = self.list_wanted.notified();
                    tokio::select! {
                        biased;
                        () = platform.sleep(wait) => pace.turn(),
                        () = wanted => {}
                    }
                }
                Watched::Behind => interval = None,
                Watched::Ended(end) => {
                    log::debug!("recovery of {}: {end}", self.victim().owner);
                    interval = None;
                    if platform.monotonic() - begun >= LASTING {
                        pauses.reset();
                    }
                    platform.sleep(pauses.after_fault()).await;
                }
            }
        }
    }

    fn is_polled(&self) -> bool {
        self.context.means == RecoveryMeans::SlowPoll
    }

    /// Lists the owner's pods, and notes them.
    async fn list(&self, interval: Option<Duration>) -> Result<PodScope, ApiError> {
        let selector = selector_of(&self.victim().owner, self.scale().as_ref());
        let PodList { pods, scope, begun } = self.read_list(selector).await?;

        let gap = self.context.platform.monotonic() - self.known_until();
        self.note_list(pods, begun, precision_of_list(gap, interval));
        Ok(scope)
    }

    /// Lists the owner's pods by `selector`, or without one if it selects none.
    async fn read_list(&self, mut selector: Selector) -> Result<PodList, ApiError> {
        let platform = self.context.platform;
        let reader = SiblingReader {
            cluster: self.context.cluster,
            stop: self.context.stop,
            platform,
        };
        let owner = &self.victim().owner;
        let namespace = &self.workload.namespace;
        let mut begun = platform.monotonic();
        let (mut pods, mut version) = reader.of_owner(namespace, owner, &selector).await?;
        if pods.pods().next().is_none() && !selector.is_empty() {
            // A selector that does not select the pods of its owner would show that there are none.
            selector = Selector::default();
            begun = platform.monotonic();
            (pods, version) = reader.of_owner(namespace, owner, &selector).await?;
        }

        let scope = PodScope { selector, version };
        Ok(PodList { pods, scope, begun })
    }

    /// Watches the owner's pods from where a list ended.
    async fn watch(&self, scope: PodScope) -> Watched {
        let PodScope { selector, version } = scope;
        let Some(version) = version.filter(|_| !self.is_polled()) else {
            return Watched::NotGranted;
        };
        let namespace = &self.workload.namespace;
        let opened = self.context.cluster.watch_pods(namespace, &selector, &version);
        let mut watch = match opened.await {
            Ok(Some(watch)) => watch,
            Ok(None) => return Watched::NotGranted,
            Err(end) => return Watched::Ended(end),
        };

        loop {
            let noted = tokio::select! {
                // First, because a flood of events must not put it off.
                biased;
                () = self.list_wanted.notified() => match Box::pin(self.confirm(&selector, &mut watch)).await {
                    Ok(true) => Ok(()),
                    Ok(false) => return Watched::Behind,
                    Err(end) => Err(end),
                },
                event = watch.next() => self.note_events(event, &mut watch),
            };
            if let Err(end) = noted {
                return Watched::Ended(end);
            }
            // A flood of events must not keep others from their turn.
            tokio::task::yield_now().await;
        }
    }

    /// Lists the pods while they are watched; returns whether the watch tells what the list shows. What it has shown by then
    /// is noted first: a process that was suspended has not heard it yet, and the list does not show an owner that was not
    /// whole for a moment.
    async fn confirm(&self, selector: &Selector, watch: &mut PodWatch) -> Result<bool, WatchEnd> {
        let PodList { pods, begun, .. } = match self.read_list(selector.clone()).await {
            Ok(list) => list,
            Err(error) => {
                // The watch goes on, and the list is asked for again.
                log::debug!("recovery of {}: {error}", self.victim().owner);
                return Ok(true);
            }
        };

        let platform = self.context.platform;
        let end = platform.monotonic() + WATCH_PATIENCE;
        let mut is_confirmed = self.knows(&pods);
        for _ in 0..EVENTS_AT_ONCE {
            let next = if is_confirmed {
                watch.next().now_or_never()
            } else {
                let patience = end.saturating_duration_since(platform.monotonic());
                platform.within(patience, watch.next()).await
            };
            let Some(event) = next else { break };
            self.note_event(event?);
            is_confirmed |= self.knows(&pods);
        }

        if is_confirmed {
            self.note_confirmed(begun, RecoveryPrecision::Watch);
        }
        Ok(is_confirmed)
    }

    /// Notes an event, and those that have arrived with it: each by itself, because an owner that was not whole for a moment
    /// has to be seen so, also by a process that was suspended meanwhile.
    fn note_events(&self, event: Result<WatchEvent, WatchEnd>, watch: &mut PodWatch) -> Result<(), WatchEnd> {
        let mut next = Some(event);
        let mut end = Ok(());
        for _ in 0..EVENTS_AT_ONCE {
            match next {
                Some(Ok(event)) => self.note_event(event),
                Some(Err(ended)) => {
                    end = Err(ended);
                    break;
                }
                None => break,
            }
            next = watch.next().now_or_never();
        }

        // Of a silent watch it is not known when it broke.
        if matches!(end, Err(WatchEnd::Silent(_))) {
            self.interrupt();
        } else {
            self.note_alive();
        }
        end
    }

    fn note_event(&self, event: WatchEvent) {
        let is_news = match event {
            WatchEvent::Seen(pod) => self.note_pod(&pod),
            WatchEvent::Deleted(pod) => self.note_gone(&pod),
            WatchEvent::Bookmark(_) => true,
        };
        if is_news {
            self.observe(RecoveryPrecision::Watch);
        }
    }

    /// Reads the owner's scale, over and over.
    pub(super) async fn read_scale(&self) -> Infallible {
        loop {
            let asked = self.context.platform.monotonic();
            let read = Box::pin(self.context.cluster.scale(&self.workload)).await;
            self.note_scale(read, asked);
            self.scale_answered.notify_one();

            let pause = self.context.platform.sleep(SCALE_INTERVAL);
            tokio::select! {
                biased;
                () = pause => {}
                () = self.scale_wanted.notified() => {}
            }
        }
    }
}
