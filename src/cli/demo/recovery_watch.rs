//! Watches the shop from the outside, as a user of it would: which workload misses a pod, and when it is whole
//! again.

use std::collections::BTreeMap;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use actix::System;

use crate::k8s::{ApiError, Cluster, ClusterAccess};
use macaque_core::pod::PodOwner;
use macaque_core::selector::Selector;

use super::screen::DemoScreen;

/// How often the pods are counted.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// How long the last recoveries may take once the monkey has stopped.
const LAST_WAIT: Duration = Duration::from_secs(10);

/// A running watch.
pub(super) struct RecoveryWatch {
    monkey_stopped: Sender<()>,
    thread: JoinHandle<()>,
}

/// Starts to watch, on a thread of its own.
pub(super) fn watch(access: ClusterAccess, screen: DemoScreen) -> RecoveryWatch {
    let (monkey_stopped, stopped) = mpsc::channel();
    let thread = thread::spawn(move || {
        let system = System::new();
        let Ok(cluster) = system.block_on(Cluster::connect(&access)) else {
            return;
        };
        let mut shop = ShopState::default();
        let mut deadline = None;
        while deadline.is_none_or(|deadline| Instant::now() < deadline) {
            if let Ok(ready) = system.block_on(count_ready(&cluster)) {
                shop.look(&ready, Instant::now(), &screen);
            }
            if deadline.is_some() && shop.missing.is_empty() {
                break;
            }
            if stopped.recv_timeout(LOOK_EVERY) != Err(RecvTimeoutError::Timeout) && deadline.is_none() {
                deadline = Some(Instant::now() + LAST_WAIT);
            }
        }
    });
    RecoveryWatch {
        monkey_stopped,
        thread,
    }
}

impl RecoveryWatch {
    /// The monkey has stopped: waits for the last recoveries.
    pub(super) fn finish(self) {
        // The watch may have ended by itself.
        let _ = self.monkey_stopped.send(());
        let _ = self.thread.join();
    }
}

type ReadyCounts = BTreeMap<PodOwner, usize>;

async fn count_ready(cluster: &Cluster) -> Result<ReadyCounts, ApiError> {
    let mut ready = ReadyCounts::new();
    let page = cluster.pods(Some("shop"), &Selector::default(), None).await?;
    for pod in page.pods {
        if let Some(owner) = pod.owner {
            *ready.entry(owner).or_default() += usize::from(pod.ready && !pod.terminating);
        }
    }
    Ok(ready)
}

/// What was seen so far.
#[derive(Default)]
struct ShopState {
    full: ReadyCounts,
    missing: BTreeMap<PodOwner, Instant>,
}

impl ShopState {
    fn look(&mut self, ready: &ReadyCounts, now: Instant, screen: &DemoScreen) {
        if self.full.is_empty() {
            self.full.clone_from(ready);
        }
        for (owner, full) in &self.full {
            let present = ready.get(owner).copied().unwrap_or_default();
            if present < *full {
                self.missing.entry(owner.clone()).or_insert(now);
            } else if let Some(since) = self.missing.remove(owner) {
                screen.whole(owner, present, now.duration_since(since));
            }
        }
    }
}
