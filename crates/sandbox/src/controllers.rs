//! The controllers: they bring the cluster to what its objects ask for, whenever it changes or a time has come.
//!
//! They stand in for the scheduler, the kubelets and the controller manager. Each is a function that looks at all
//! objects of its kinds and writes what is missing, through the same functions as requests do.

mod budgets;
mod garbage;
mod pods;
mod status;
mod workloads;

use std::time::{Duration, Instant};

use crate::controllers::pods::PodTimers;
use crate::store::state::{ClusterState, SharedState};

/// A pause after each change, so that changes that come together are looked at together.
const BATCH_PAUSE: Duration = Duration::from_millis(2);
/// Passes until the cluster must be quiet; more would mean that two controllers disagree for ever.
const MAX_PASSES: usize = 64;

/// The kinds that workloads and their status depend on.
const WORKLOAD_KINDS: [&str; 6] = [
    "Pod",
    "Deployment",
    "ReplicaSet",
    "StatefulSet",
    "DaemonSet",
    "Node",
];

/// The progress of one controller: what it has seen, and when it wants to look again though nothing changes.
#[derive(Debug, Default)]
struct ControllerProgress {
    seen_revision: u64,
    requeue_at: Option<Instant>,
}

impl ControllerProgress {
    fn is_due(&self, last_change: u64, now: Instant) -> bool {
        last_change > self.seen_revision || self.requeue_at.is_some_and(|due| due <= now)
    }
}

/// All controllers and how far each has come.
#[derive(Debug, Default)]
pub(crate) struct Controllers {
    garbage: ControllerProgress,
    pods: ControllerProgress,
    workloads: ControllerProgress,
    status: ControllerProgress,
    budgets: ControllerProgress,
    pod_timers: PodTimers,
}

impl Controllers {
    /// Runs for ever.
    pub(crate) async fn run(mut self, shared: SharedState) {
        let mut revisions = shared.subscribe();
        loop {
            // The revision is marked as seen before the state is read, so that no change falls between the two.
            revisions.borrow_and_update();
            let due = shared.with(|state| if state.paused { None } else { self.settle(state) });

            let changed = async { revisions.changed().await.is_ok() };
            let is_alive = match due {
                Some(due) => tokio::time::timeout_at(due.into(), changed).await.unwrap_or(true),
                None => changed.await,
            };
            if !is_alive {
                return;
            }
            tokio::time::sleep(BATCH_PAUSE).await;
        }
    }

    /// Acts until nothing is left to do now, and returns when there will be.
    pub(crate) fn settle(&mut self, state: &mut ClusterState) -> Option<Instant> {
        for _ in 0..MAX_PASSES {
            let before = state.store.revision();
            self.pass(state, Instant::now());
            if state.store.revision() == before {
                break;
            }
        }

        let times = [self.pods.requeue_at, self.budgets.requeue_at];
        times.into_iter().flatten().min()
    }

    /// Lets every controller look once, except those for which nothing is new.
    fn pass(&mut self, state: &mut ClusterState, now: Instant) {
        // An owner or a namespace is lost by a removal, and a namespace also begins to be deleted.
        let membership = state.store.last_membership_change();
        let last_change = membership.max(state.store.last_change(&["Namespace"]));
        if self.garbage.is_due(last_change, now) {
            self.garbage.seen_revision = state.store.revision();
            garbage::collect(state);
        }

        if self.pods.is_due(state.store.last_change(&["Pod", "Node"]), now) {
            self.pods.seen_revision = state.store.revision();
            self.pods.requeue_at = pods::advance(state, &mut self.pod_timers, now);
        }

        if self
            .workloads
            .is_due(state.store.last_change(&WORKLOAD_KINDS), now)
        {
            self.workloads.seen_revision = state.store.revision();
            workloads::reconcile(state);
        }

        if self.status.is_due(state.store.last_change(&WORKLOAD_KINDS), now) {
            self.status.seen_revision = state.store.revision();
            status::update(state);
        }

        let workloads = state.store.last_change(&WORKLOAD_KINDS);
        let last_change = workloads.max(state.store.last_change(&["PodDisruptionBudget"]));
        if self.budgets.is_due(last_change, now) {
            self.budgets.seen_revision = state.store.revision();
            self.budgets.requeue_at = budgets::sync(state);
        }
    }
}
