//! The controllers: they bring the world to what its objects ask for, whenever it has changed or a pod's time has come.

mod budgets;
mod garbage;
mod pods;
mod status;
mod workloads;

use std::time::{Duration, Instant};

use super::world::{Shared, World};

/// Changes that come together are looked at together.
const GATHERING: Duration = Duration::from_millis(2);
/// Passes until the world must be quiet; more would mean that two controllers disagree for ever.
const MOST_PASSES: usize = 64;

/// Runs the controllers for ever.
pub(super) async fn run(shared: Shared) {
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

/// Acts until nothing is left to do now, and says when there will be.
pub(super) fn settle(world: &mut World) -> Option<Instant> {
    let mut due = None;
    for _ in 0..MOST_PASSES {
        let before = world.store.revision();
        garbage::collect(world);
        let pods_due = pods::advance(world, Instant::now());
        workloads::reconcile(world);
        status::report(world);
        let budgets_due = budgets::sync(world);
        due = [pods_due, budgets_due].into_iter().flatten().min();
        if world.store.revision() == before {
            break;
        }
    }
    due
}
