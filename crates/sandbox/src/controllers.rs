//! The controllers, which reconcile the cluster with its objects after each change and when a timer is due.
//!
//! They stand in for the scheduler, the kubelets and the controller manager. Each is a function that looks at all
//! objects of its kinds and brings them up to date, with the same functions that requests use.

mod budgets;
mod daemon_sets;
mod deployments;
mod events;
mod garbage;
mod node_leases;
mod pod_control;
mod pods;
mod revisions;
mod stateful_sets;
mod status;
mod stuck_pods;
mod taints;
mod workloads;

use std::time::Duration;

use tokio::time::Instant;

use crate::controllers::node_leases::NodeLeases;
use crate::controllers::pods::PodTimers;
use crate::store::state::{ClusterState, SharedState};

/// The pause after each change, so that changes in quick succession are processed together.
const BATCH_PAUSE: Duration = Duration::from_millis(2);
/// The limit of passes in a row, in case two controllers undo each other's changes forever.
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

/// The progress of a controller: the revision it has seen, and when it must run again even without a change.
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

/// All controllers and their progress.
#[derive(Debug)]
pub(crate) struct Controllers {
    garbage: ControllerProgress,
    pods: ControllerProgress,
    workloads: ControllerProgress,
    status: ControllerProgress,
    budgets: ControllerProgress,
    heartbeats: ControllerProgress,
    pod_timers: PodTimers,
    node_leases: NodeLeases,
}

impl Controllers {
    /// The controllers of a new cluster, before their first pass.
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            garbage: ControllerProgress::default(),
            pods: ControllerProgress::default(),
            workloads: ControllerProgress::default(),
            status: ControllerProgress::default(),
            budgets: ControllerProgress::default(),
            heartbeats: ControllerProgress::default(),
            pod_timers: PodTimers::default(),
            node_leases: NodeLeases::new(seed),
        }
    }

    /// Runs the controllers, for ever.
    pub(crate) async fn run(mut self, shared: SharedState) {
        loop {
            let changed = shared.changed();
            let due = shared.with(|state| if state.paused { None } else { self.settle(state) });

            match due {
                // Late or not, the controllers look again.
                Some(due) => drop(tokio::time::timeout_at(due, changed).await),
                None => changed.await,
            }
            tokio::time::sleep(BATCH_PAUSE).await;
        }
    }

    /// Runs passes until nothing changes any more; returns when the next timer is due.
    pub(crate) fn settle(&mut self, state: &mut ClusterState) -> Option<Instant> {
        for _ in 0..MAX_PASSES {
            let before = state.store.revision();
            self.pass(state, Instant::now());
            if state.store.revision() == before {
                break;
            }
        }

        let times = [
            self.pods.requeue_at,
            self.budgets.requeue_at,
            self.heartbeats.requeue_at,
        ];
        times.into_iter().flatten().min()
    }

    /// Renews the leases of the nodes, whether that is due or not.
    pub(crate) fn renew_leases(&mut self, state: &mut ClusterState) {
        self.heartbeats.seen_revision = state.store.revision();
        self.heartbeats.requeue_at = self.node_leases.renew(state, Instant::now());
    }

    /// Runs every controller that is due once.
    fn pass(&mut self, state: &mut ClusterState, now: Instant) {
        // Garbage arises when an object is removed, or when the deletion of a namespace begins.
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
            status::update(state);
            // What it wrote itself changes nothing for it: a status follows from pods and specs.
            self.status.seen_revision = state.store.revision();
        }

        let workloads = state.store.last_change(&WORKLOAD_KINDS);
        let last_change = workloads.max(state.store.last_change(&["PodDisruptionBudget"]));
        if self.budgets.is_due(last_change, now) {
            self.budgets.requeue_at = budgets::sync(state);
            self.budgets.seen_revision = state.store.revision();
        }

        if self.heartbeats.is_due(state.store.last_change(&["Node"]), now) {
            self.renew_leases(state);
        }
    }
}
