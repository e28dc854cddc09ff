//! Writes Events, at most twice each, and stops where macaque may not.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use macaque_core::events::KubernetesEvent;
use macaque_core::permissions;

use super::owner::KnownOwners;
use super::{EventRecording, WaitingEvent};
use crate::facts::Facts;
use crate::heartbeat::Heartbeat;
use crate::k8s::{ApiError, Cluster, ClusterAccess, EventWrite};
use crate::platform::Platform;
use crate::read_retry::{RetryEnd, RetryPolicy};
use crate::stop::StopToken;

/// How often an Event is tried to be written.
const TRIES: u32 = 2;

/// How long Events may still be written once macaque was asked to stop.
const GRACE: Duration = Duration::from_secs(3);

/// Writes Events, as the one who writes all of this process. It connects to the cluster when there is something to write.
pub struct EventWriter {
    recording: EventRecording,
    access: ClusterAccess,
    facts: Facts,
    cluster: RefCell<Option<Rc<Cluster>>>,
    owners: KnownOwners,
    /// The namespaces where macaque may not write Events; an empty name stands for all of them.
    forbidden: RefCell<BTreeSet<String>>,
    /// Whether the last Event could not be written, which was logged.
    is_failing: Cell<bool>,
    stop: StopToken,
    heartbeat: Heartbeat,
    platform: Platform,
}

impl EventWriter {
    /// Creates a writer that has written nothing yet.
    pub fn new(
        recording: EventRecording,
        access: ClusterAccess,
        facts: Facts,
        stop: StopToken,
        heartbeat: Heartbeat,
        platform: &Platform,
    ) -> Self {
        Self {
            recording,
            access,
            facts,
            cluster: RefCell::default(),
            owners: KnownOwners::default(),
            forbidden: RefCell::default(),
            is_failing: Cell::new(false),
            stop,
            heartbeat,
            platform: platform.clone(),
        }
    }

    /// Waits for what is to be written about next; `None` if macaque was asked to stop, and nothing waits.
    pub async fn next(&self) -> Option<WaitingEvent> {
        self.stop
            .within(Duration::ZERO, self.recording.queue.next())
            .await
    }

    /// Writes the Events about something, on the victim and on its owner. Once macaque was asked to stop, it does so for a
    /// few seconds at most.
    pub async fn write(&self, waiting: &WaitingEvent) {
        if self.is_forbidden(&waiting.content.victim().namespace) {
            return;
        }
        let written = self.stop.within(GRACE, Box::pin(self.write_all(waiting))).await;
        if written.is_none() {
            self.note_failure(&ApiError::Stopped);
        }
    }

    async fn write_all(&self, waiting: &WaitingEvent) {
        let cluster = match self.cluster().await {
            Ok(cluster) => cluster,
            Err(error) => return self.note_failure(&error),
        };

        let owner = self.owners.find(waiting, &cluster).await;
        for event in waiting.content.events(owner.as_ref()) {
            if !self.write_one(&event, waiting, &cluster).await {
                return;
            }
        }
    }

    /// The connection to the cluster, made if there is none.
    async fn cluster(&self) -> Result<Rc<Cluster>, ApiError> {
        let known = self.cluster.borrow().clone();
        if let Some(cluster) = known {
            return Ok(cluster);
        }
        let connected = Cluster::connect(&self.access, &self.platform).await?;
        let connected = connected
            .with_heartbeat(self.heartbeat.clone())
            .with_facts(self.facts.clone());
        let connected = Rc::new(connected);
        self.cluster.replace(Some(Rc::clone(&connected)));
        Ok(connected)
    }

    /// Writes one Event; returns whether another one may be written there.
    async fn write_one(&self, event: &KubernetesEvent, waiting: &WaitingEvent, cluster: &Cluster) -> bool {
        let instance = &self.recording.instance;
        let policy = RetryPolicy {
            end: RetryEnd::Tries(TRIES),
            grace: GRACE,
        };
        let write = async || cluster.write_event(event, waiting.time, instance).await;
        let written = policy.read(&self.platform, &self.stop, write).await;

        match written {
            Ok(EventWrite::Written) => {
                self.is_failing.set(false);
                true
            }
            Ok(EventWrite::NamespaceGone) => {
                let namespace = &event.regarding.namespace;
                log::debug!("no Event is written in namespace {namespace}, which is gone or terminating");
                false
            }
            Err(ApiError::Forbidden { why, .. }) => {
                self.forbid(&event.regarding.namespace, &why);
                false
            }
            Err(error) => {
                self.note_failure(&error);
                true
            }
        }
    }

    /// Notes that macaque may not write Events in a namespace, and says so once.
    fn forbid(&self, namespace: &str, why: &str) {
        let scope = Some(namespace).filter(|_| !self.recording.is_of_whole_cluster());
        let is_news = self
            .forbidden
            .borrow_mut()
            .insert(scope.unwrap_or_default().to_owned());
        if is_news {
            let place = scope.map_or_else(|| "all namespaces".to_owned(), |name| format!("namespace {name}"));
            let remedy = permissions::CREATE_EVENTS.within(scope).remedy();
            log::warn!("no Events are written in {place} until a restart: {why}; {remedy}");
        }
    }

    fn is_forbidden(&self, namespace: &str) -> bool {
        let forbidden = self.forbidden.borrow();
        forbidden.contains("") || forbidden.contains(namespace)
    }

    /// Logs that an Event could not be written, unless the one before could not either.
    fn note_failure(&self, error: &ApiError) {
        let level = if self.is_failing.replace(true) {
            log::Level::Debug
        } else {
            log::Level::Warn
        };
        log::log!(level, "an Event is lost: {error}");
    }
}
