//! The controllers: they bring the world to what its objects ask for, whenever it has changed or a pod's time has come.

mod budgets;
mod garbage;
mod pods;
mod status;
mod workloads;

use std::time::{Duration, Instant};

use crate::store::state::{Shared, World};

/// Changes that come together are looked at together.
const GATHERING: Duration = Duration::from_millis(2);
/// Passes until the world must be quiet; more would mean that two controllers disagree for ever.
const MOST_PASSES: usize = 64;

/// Runs the controllers for ever.
pub(crate) async fn run(shared: Shared) {
    let mut news = shared.subscribe();
    loop {
        news.borrow_and_update();
        let due = shared.with(|world| if world.paused { None } else { settle(world) });
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
pub(crate) fn settle(world: &mut World) -> Option<Instant> {
    for _ in 0..MOST_PASSES {
        let before = world.store.revision();
        pass(world, Instant::now());
        if world.store.revision() == before {
            break;
        }
    }
    [world.progress.pods.due, world.progress.budgets.due]
        .into_iter()
        .flatten()
        .min()
}

/// Lets every controller look once, except those for which nothing is new.
fn pass(world: &mut World, now: Instant) {
    let revision = |world: &World| world.store.revision();
    let is_due = |turn: &Turn, touched: u64| touched > turn.seen || turn.due.is_some_and(|due| due <= now);
    if world.store.populated().max(world.store.touched(&["Namespace"])) > world.progress.garbage {
        world.progress.garbage = revision(world);
        garbage::collect(world);
    }
    if is_due(&world.progress.pods, world.store.touched(&["Pod", "Node"])) {
        world.progress.pods.seen = revision(world);
        world.progress.pods.due = pods::advance(world, now);
    }
    if world.store.touched(&WORKLOADS) > world.progress.workloads {
        world.progress.workloads = revision(world);
        workloads::reconcile(world);
    }
    if world.store.touched(&WORKLOADS) > world.progress.status {
        world.progress.status = revision(world);
        status::report(world);
    }
    let touched = world
        .store
        .touched(&WORKLOADS)
        .max(world.store.touched(&["PodDisruptionBudget"]));
    if is_due(&world.progress.budgets, touched) {
        world.progress.budgets.seen = revision(world);
        world.progress.budgets.due = budgets::sync(world);
    }
}
