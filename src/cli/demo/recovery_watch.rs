//! Watches the shop through the API: which workload lacks a ready pod, and when it has recovered.

use std::collections::BTreeMap;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use actix::System;
use macaque_core::pod::{PodOwner, ReplicaState};
use macaque_core::selector::Selector;
use tokio::time::Instant;

use super::screen::DemoScreen;
use crate::k8s::{ApiError, Cluster, ClusterAccess};
use crate::platform::Platform;

/// How often the pods are counted.
const INTERVAL: Duration = Duration::from_millis(200);

/// The time for the last recoveries, once the actors have stopped.
const LAST_WAIT: Duration = Duration::from_secs(15);

/// A running watch.
pub(super) struct RecoveryWatch {
    actors_stopped: Sender<()>,
    thread: JoinHandle<()>,
}

/// Starts to watch, on a thread of its own.
pub(super) fn start(access: ClusterAccess, screen: DemoScreen, platform: Platform) -> RecoveryWatch {
    let (actors_stopped, stopped) = mpsc::channel();
    let thread = thread::spawn(move || {
        let system = System::new();
        let Ok(cluster) = system.block_on(Cluster::connect(&access, &platform)) else {
            return;
        };

        let mut shop = ShopState::default();
        let mut deadline = None;
        while deadline.is_none_or(|deadline| platform.monotonic() < deadline) {
            if let Ok(ready) = system.block_on(count_ready(&cluster)) {
                shop.update(&ready, platform.monotonic(), &screen);
            }
            if deadline.is_some() && shop.degraded.is_empty() {
                break;
            }
            let waited = stopped.recv_timeout(INTERVAL);
            if waited != Err(RecvTimeoutError::Timeout) && deadline.is_none() {
                deadline = Some(platform.monotonic() + LAST_WAIT);
            }
        }
    });
    RecoveryWatch {
        actors_stopped,
        thread,
    }
}

impl RecoveryWatch {
    /// Waits for the last recoveries, now that the actors have stopped.
    pub(super) fn finish(self) {
        // The watch may have ended by itself.
        let _ = self.actors_stopped.send(());
        let _ = self.thread.join();
    }
}

/// The ready pods of each owner.
type ReadyCounts = BTreeMap<PodOwner, usize>;

async fn count_ready(cluster: &Cluster) -> Result<ReadyCounts, ApiError> {
    let mut ready = ReadyCounts::new();
    let page = cluster.pods(Some("shop"), &Selector::default(), None).await?;
    for pod in page.pods {
        let is_ready = pod.state() == ReplicaState::Ready;
        if let Some(owner) = pod.owner {
            *ready.entry(owner).or_default() += usize::from(is_ready);
        }
    }
    Ok(ready)
}

/// The shop as it was seen so far.
#[derive(Default)]
struct ShopState {
    /// How many pods each owner has when nothing is disrupted.
    desired: ReadyCounts,
    /// The owners that lack a ready pod, and since when.
    degraded: BTreeMap<PodOwner, Instant>,
}

impl ShopState {
    fn update(&mut self, ready: &ReadyCounts, now: Instant, screen: &DemoScreen) {
        if self.desired.is_empty() {
            self.desired.clone_from(ready);
        }

        for (owner, desired) in &self.desired {
            let ready = ready.get(owner).copied().unwrap_or_default();
            if ready < *desired {
                self.degraded.entry(owner.clone()).or_insert(now);
            } else if let Some(since) = self.degraded.remove(owner) {
                screen.recovered(owner, ready, *desired, now.duration_since(since));
            }
        }
    }
}
