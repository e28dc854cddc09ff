//! The controllers: they bring the world to what its objects ask for, whenever it has changed or a pod's time has come.

mod budgets;
mod garbage;
mod pods;
mod status;
mod workloads;

use std::time::{Duration, Instant};

use crate::store::state::{ClusterState, SharedState};

/// Changes that come together are looked at together.
const GATHERING: Duration = Duration::from_millis(2);
/// Passes until the world must be quiet; more would mean that two controllers disagree for ever.
const MOST_PASSES: usize = 64;

/// Runs the controllers for ever.
pub(crate) async fn run(shared: SharedState) {
    let mut news = shared.subscribe();
    loop {
        news.borrow_and_update();
        let due = shared.with(|state| if state.paused { None } else { settle(state) });
        let changed = async { news.changed().await.is_ok() };
        let alive = match due {
            Some(due) => tokio::time::timeout_at(due.into(), changed).await.unwrap_or(true),
            None => changed.await,
        };
        if !alive {
            return;
        }
        tokio::time::sleep(GATHERING).await;
    }
}

/// What each controller has seen of the world, and when it wants to look again though nothing changes.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    garbage: u64,
    pods: Turn,
    workloads: u64,
    status: u64,
    budgets: Turn,
}

#[derive(Debug, Default)]
struct Turn {
    seen: u64,
    due: Option<Instant>,
}

const WORKLOADS: [&str; 6] = [
    "Pod",
    "Deployment",
    "ReplicaSet",
    "StatefulSet",
    "DaemonSet",
    "Node",
];

/// Acts until nothing is left to do now, and says when there will be.
pub(crate) fn settle(state: &mut ClusterState) -> Option<Instant> {
    for _ in 0..MOST_PASSES {
        let before = state.store.revision();
        pass(state, Instant::now());
        if state.store.revision() == before {
            break;
        }
    }
    [state.progress.pods.due, state.progress.budgets.due]
        .into_iter()
        .flatten()
        .min()
}

/// Lets every controller look once, except those for which nothing is new.
fn pass(state: &mut ClusterState, now: Instant) {
    let revision = |state: &ClusterState| state.store.revision();
    let is_due = |turn: &Turn, touched: u64| touched > turn.seen || turn.due.is_some_and(|due| due <= now);
    if state.store.populated().max(state.store.touched(&["Namespace"])) > state.progress.garbage {
        state.progress.garbage = revision(state);
        garbage::collect(state);
    }
    if is_due(&state.progress.pods, state.store.touched(&["Pod", "Node"])) {
        state.progress.pods.seen = revision(state);
        state.progress.pods.due = pods::advance(state, now);
    }
    if state.store.touched(&WORKLOADS) > state.progress.workloads {
        state.progress.workloads = revision(state);
        workloads::reconcile(state);
    }
    if state.store.touched(&WORKLOADS) > state.progress.status {
        state.progress.status = revision(state);
        status::report(state);
    }
    let touched = state
        .store
        .touched(&WORKLOADS)
        .max(state.store.touched(&["PodDisruptionBudget"]));
    if is_due(&state.progress.budgets, touched) {
        state.progress.budgets.seen = revision(state);
        state.progress.budgets.due = budgets::sync(state);
    }
}
