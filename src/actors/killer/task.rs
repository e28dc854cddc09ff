//! What a Killer does, one thing at a time, and with what.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::super::messages::NoticeTold;
use crate::failpoint::{Faults, Point};
use crate::heartbeat::Pulse;
use crate::journal::{Keeper, Setback};
use crate::k8s::{Access, Cluster};
use crate::round::{self, Orders, Patrol, Played, Standing, Stop, Table};
use macaque_core::journal::Event;
use macaque_core::report::{End, Report};

/// One thing to do.
#[derive(Debug, Clone)]
pub(super) enum Task {
    /// A round.
    Play { slot: Timestamp, seed: u64 },
    /// A look round in the journal.
    Patrol,
    /// What the Notifier said is written to the journal.
    Note(NoticeTold),
}

impl Task {
    fn name(&self) -> &'static str {
        match self {
            Self::Play { .. } => "round",
            Self::Patrol => "look round",
            Self::Note(_) => "note",
        }
    }
}

/// What came of it.
#[derive(Default)]
pub(super) struct Done {
    pub(super) patrol: Option<Result<Patrol, Setback>>,
    pub(super) played: Option<Played>,
}

/// What everything is done with.
pub(super) struct Tools {
    pub(super) orders: Arc<Orders>,
    pub(super) access: Access,
    pub(super) keeper: Keeper,
    pub(super) stop: Stop,
    pub(super) pulse: Pulse,
    /// How long anything may give no sign of life.
    pub(super) allowance: Duration,
    pub(super) faults: Faults,
}

impl Tools {
    /// Does one thing, over the connection that there is or a new one; gives the connection back.
    pub(super) async fn perform(
        &self,
        task: Task,
        cluster: Option<Cluster>,
        unclosed: Option<&Report>,
    ) -> (Option<Cluster>, Done) {
        let _operation = self.pulse.begin(task.name(), self.allowance);
        let cluster = match cluster {
            Some(cluster) => cluster,
            None => match Cluster::connect(&self.access).await {
                Ok(cluster) => cluster.watched_by(self.pulse.clone()),
                Err(error) => return (None, self.without_a_cluster(&task, Setback::Failed(error))),
            },
        };
        let table = Table {
            cluster: &cluster,
            keeper: &self.keeper,
            orders: &self.orders,
            stop: &self.stop,
            faults: &self.faults,
        };
        let mut done = Done::default();
        match task {
            Task::Play { slot, seed } => {
                self.faults.pass(Point::BeforeRound).await;
                // What was left open would stand in the way.
                done.patrol = Some(round::patrol(table, unclosed).await);
                done.played = Some(round::run(table, slot, seed).await);
                self.faults.pass(Point::BeforeReport).await;
            }
            Task::Patrol => done.patrol = Some(round::patrol(table, unclosed).await),
            Task::Note(told) => {
                let NoticeTold { slot, channels, done } = told;
                let told = Event::Told { slot, channels, done };
                if let Err(setback) = self.keeper.enter(table.cluster, &told).await {
                    // The next look round finds the notice still there, and it is told again.
                    log::debug!(
                        "the journal does not know yet who was told of the round of {slot}: {setback}"
                    );
                }
            }
        }
        (Some(cluster), done)
    }

    fn without_a_cluster(&self, task: &Task, setback: Setback) -> Done {
        match task {
            Task::Play { slot, seed } => {
                let mut report = round::blank(&self.orders, *slot, *seed);
                report.end = End::from(setback);
                let books = Standing::Unclaimed;
                Done {
                    played: Some(Played::Here { report, books }),
                    ..Done::default()
                }
            }
            Task::Patrol | Task::Note(_) => Done {
                patrol: Some(Err(setback)),
                ..Done::default()
            },
        }
    }
}
