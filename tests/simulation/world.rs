//! The world of a trial: its cluster, its time, and everything that is noted for the verdict.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{Method, Request, Response};
use jiff::Timestamp;
use kube_sandbox::{Cluster, ObjectChange, ResponseBody};
use rand::rngs::ChaCha12Rng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::Value;
use tokio::time::Instant;

use crate::objects::{JOURNAL, JOURNAL_PATH};

/// What time it is when a trial begins.
pub(crate) const START: Timestamp = Timestamp::constant(1_767_571_200, 0);
/// The time from one slot to the next.
pub(crate) const SLOT: Duration = Duration::from_secs(60);

/// The world of a trial. Clones share it.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) cluster: Cluster,
    begun: Instant,
    state: Arc<Mutex<WorldState>>,
}

/// What is noted, and what the network draws from.
struct WorldState {
    rng: ChaCha12Rng,
    story: Option<Vec<String>>,
    losses: Vec<Loss>,
    journal: Vec<JournalWrite>,
    /// The changes of pods and workloads, up to this revision.
    changes: Vec<ObjectChange>,
    seen_revision: u64,
    /// The faults that happened, by kind.
    happened: Vec<&'static str>,
    /// Until when the API server is away.
    away_until: Instant,
}

/// A pod that macaque disrupted.
#[derive(Debug, Clone)]
pub(crate) struct Loss {
    pub(crate) name: String,
    pub(crate) uid: String,
    pub(crate) owner: String,
    pub(crate) at: Timestamp,
    /// The slot that the request was sent for, as its header says.
    pub(crate) slot: String,
    /// When the victim was first recorded in the journal, if it was.
    pub(crate) recorded: Option<Timestamp>,
    /// Since when macaque is paused, if it is.
    pub(crate) paused_since: Option<Timestamp>,
}

/// A write of the journal that the server accepted.
struct JournalWrite {
    at: Timestamp,
    text: String,
}

/// Who sends a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sender {
    Replica(usize),
    /// Somebody else.
    Person,
}

impl World {
    pub(crate) fn new(cluster: Cluster, seed: u64, has_story: bool) -> Self {
        let now = Instant::now();
        Self {
            cluster,
            begun: now,
            state: Arc::new(Mutex::new(WorldState {
                rng: ChaCha12Rng::seed_from_u64(!seed),
                story: has_story.then(Vec::new),
                losses: Vec::new(),
                journal: Vec::new(),
                changes: Vec::new(),
                seen_revision: 0,
                happened: Vec::new(),
                away_until: now,
            })),
        }
    }

    /// How many milliseconds the trial has lasted.
    pub(crate) fn elapsed(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// The time by the cluster's clock.
    pub(crate) fn now(&self) -> Timestamp {
        START + self.begun.elapsed()
    }

    /// Waits until the trial has lasted for so many milliseconds.
    pub(crate) async fn sleep_until(&self, milliseconds: u64) {
        tokio::time::sleep_until(self.begun + Duration::from_millis(milliseconds)).await;
    }

    /// Adds a line to the story, if one is written.
    pub(crate) fn tell(&self, line: impl FnOnce() -> String) {
        let elapsed = self.begun.elapsed();
        if let Some(story) = &mut self.state().story {
            story.push(format!("{:10.4} {}", elapsed.as_secs_f64(), line()));
        }
    }

    /// The story so far.
    pub(crate) fn take_story(&self) -> Vec<String> {
        self.state().story.take().unwrap_or_default()
    }

    /// Draws a number below `end`.
    pub(crate) fn draw(&self, end: u64) -> u64 {
        self.state().rng.random_range(0..end.max(1))
    }

    /// Notes that a fault of this kind happened.
    pub(crate) fn note_fault(&self, kind: &'static str) {
        self.state().happened.push(kind);
    }

    /// The faults that happened, by kind.
    pub(crate) fn faults(&self) -> Vec<&'static str> {
        self.state().happened.clone()
    }

    /// The disruptions by macaque so far.
    pub(crate) fn losses(&self) -> Vec<Loss> {
        self.state().losses.clone()
    }

    /// The bodies of the writes of the journal that the server accepted, in their order.
    pub(crate) fn journals(&self) -> Vec<String> {
        self.state()
            .journal
            .iter()
            .map(|write| write.text.clone())
            .collect()
    }

    /// The changes of pods and workloads so far, in their order.
    pub(crate) fn changes(&self) -> Vec<ObjectChange> {
        let mut state = self.state();
        let seen = std::mem::replace(&mut state.seen_revision, self.cluster.revision());
        let kinds = ["Pod", "Deployment", "StatefulSet"];
        let mut changes: Vec<_> = kinds
            .iter()
            .flat_map(|kind| self.cluster.changes_after(seen, kind).unwrap())
            .collect();
        changes.sort_by_key(|change| change.revision);
        state.changes.extend(changes);
        state.changes.clone()
    }

    /// Drops the history of changes, as etcd does; the world remembers it.
    pub(crate) fn compact(&self) {
        self.changes();
        self.cluster.compact();
    }

    pub(crate) fn is_away(&self) -> bool {
        self.state().away_until > Instant::now()
    }

    /// Takes the API server away for so long.
    pub(crate) fn take_away(&self, length: Duration) {
        self.state().away_until = Instant::now() + length;
    }

    /// Lets the server act on a request, and notes what it did.
    pub(crate) fn act(&self, sender: Sender, request: Request<Vec<u8>>) -> Response<ResponseBody> {
        let path = request.uri().path().to_owned();
        let is_replica = matches!(sender, Sender::Replica(_));
        let is_journal = is_replica && request.method() == Method::PUT && path == JOURNAL_PATH;
        let text = is_journal.then(|| String::from_utf8(request.body().clone()).unwrap_or_default());
        let is_disruption = is_disruption(&request);
        let slot = slot_of(&request);

        let before = self.cluster.revision();
        let response = self.cluster.answer(request);
        let is_written = response.status().is_success() && self.cluster.revision() > before;

        let now = self.now();
        if let Some(text) = text.filter(|_| is_written) {
            self.state().journal.push(JournalWrite { at: now, text });
        }
        if is_disruption && is_written && is_replica {
            self.note_losses(before, &slot);
        }
        response
    }

    /// Notes the pods that began to be deleted after this revision.
    fn note_losses(&self, before: u64, slot: &str) {
        let paused_since = self.paused_since();
        for change in self.cluster.changes_after(before, "Pod").unwrap_or_default() {
            let Some(pod) = &change.before else { continue };
            let is_terminating = |pod: &Value| pod["metadata"]["deletionTimestamp"].is_string();
            if is_terminating(pod) || !(change.removed || is_terminating(&change.after)) {
                continue;
            }

            let text = |pointer: &str| {
                pod.pointer(pointer)
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned()
            };
            let uid = text("/metadata/uid");
            let mut state = self.state();
            let recorded = state.journal.iter().find(|write| write.text.contains(&uid));
            let loss = Loss {
                name: text("/metadata/name"),
                owner: text("/metadata/labels/app"),
                at: self.now(),
                slot: slot.to_owned(),
                recorded: recorded.map(|write| write.at),
                paused_since,
                uid,
            };
            state.losses.push(loss);
        }
    }

    /// Since when the journal asks for a pause.
    fn paused_since(&self) -> Option<Timestamp> {
        let journal = self.cluster.object("ConfigMap", "chaos", JOURNAL)?;
        let since = journal.pointer("/metadata/annotations/simulation~1paused-since")?;
        since.as_str()?.parse().ok()
    }

    fn state(&self) -> MutexGuard<'_, WorldState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a request disrupts a pod.
pub(crate) fn is_disruption<B>(request: &Request<B>) -> bool {
    let path = request.uri().path();
    path.contains("/pods/") && (request.method() == Method::DELETE || path.ends_with("/eviction"))
}

/// The slot that a request names as what it is sent for.
fn slot_of(request: &Request<Vec<u8>>) -> String {
    let agent = request.headers().get(http::header::USER_AGENT);
    let agent = agent.and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let slot = agent
        .split_once("(round ")
        .map(|(_, slot)| slot.trim_end_matches(')'));
    slot.unwrap_or_default().to_owned()
}
