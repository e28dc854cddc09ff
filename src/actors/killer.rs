//! The Killer plays one round at a time and hands its report on. It knows nothing of chat services.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, WrapFuture};
use jiff::Timestamp;

use super::line::Line;
use super::messages::{RoundDue, RoundFinished, Shutdown};
use crate::chaos::report::{End, Report};
use crate::cluster::{Access, Cluster};
use crate::fault::{Faults, Point};
use crate::round::{self, Orders, Stop, StopSwitch};

/// How often reports are offered again while the Notifier is away.
const OFFER_AGAIN: Duration = Duration::from_millis(500);

/// How many reports are kept for an absent Notifier; beyond it the oldest is dropped, and said to be.
const KEPT_REPORTS: usize = 100;

/// The actor. Its connection to the cluster belongs to this life of it, and to this Arbiter.
pub struct Killer {
    orders: Arc<Orders>,
    access: Access,
    notifier: Line<RoundFinished>,
    faults: Faults,
    cluster: Option<Cluster>,
    stop: (StopSwitch, Stop),
    in_flight: bool,
    stopping: bool,
    unsent: VecDeque<RoundFinished>,
    trouble: Trouble,
}

impl Killer {
    /// A Killer that has not connected yet.
    pub fn new(orders: Arc<Orders>, access: Access, notifier: Line<RoundFinished>, faults: Faults) -> Self {
        Self {
            orders,
            access,
            notifier,
            faults,
            cluster: None,
            stop: StopSwitch::new(),
            in_flight: false,
            stopping: false,
            unsent: VecDeque::new(),
            trouble: Trouble::default(),
        }
    }
}

impl Actor for Killer {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.run_interval(OFFER_AGAIN, |killer, ctx| killer.offer_reports(ctx));
    }
}

impl Handler<RoundDue> for Killer {
    type Result = ();

    /// The work is spawned on the actor's own context: it ends with the actor, never outlives it.
    fn handle(&mut self, RoundDue { slot, seed }: RoundDue, ctx: &mut Self::Context) {
        if self.stopping {
            log::info!(slot:%; "round of {slot} dropped: macaque is stopping");
        } else if self.in_flight {
            log::warn!(slot:%; "round of {slot} dropped: the round before it is still running");
        } else {
            self.in_flight = true;
            let cluster = self.cluster.take();
            let (access, orders, stop) = (self.access.clone(), Arc::clone(&self.orders), self.stop.1.clone());
            let work = async move { play(cluster, &access, &orders, slot, seed, &stop).await };
            ctx.spawn(work.into_actor(self).map(|(cluster, report), killer, ctx| {
                killer.in_flight = false;
                killer.cluster = cluster;
                killer.finish(report, ctx);
            }));
        }
    }
}

impl Handler<Shutdown> for Killer {
    type Result = ();

    fn handle(&mut self, _: Shutdown, ctx: &mut Self::Context) {
        self.stopping = true;
        self.stop.0.request();
        self.offer_reports(ctx);
    }
}

impl Killer {
    /// Hands the report on, unless it only repeats a failure that was told already.
    fn finish(&mut self, report: Report, ctx: &mut Context<Self>) {
        if self.trouble.is_news(&report) {
            self.unsent.push_back(RoundFinished(Arc::new(report)));
            if self.unsent.len() > KEPT_REPORTS {
                self.unsent.pop_front();
                log::error!("a report was dropped: the Notifier took none of {KEPT_REPORTS}");
            }
        }
        self.offer_reports(ctx);
    }

    /// Offers what is unsent; once stopping, ends when nothing is left to do.
    fn offer_reports(&mut self, ctx: &mut Context<Self>) {
        while let Some(report) = self.unsent.pop_front() {
            if let Err(kept) = self.notifier.send(report) {
                self.unsent.push_front(kept);
                break;
            }
        }
        if self.stopping && !self.in_flight && self.unsent.is_empty() {
            ctx.stop();
        }
    }
}

/// Connects if need be, and plays the round.
async fn play(
    cluster: Option<Cluster>,
    access: &Access,
    orders: &Orders,
    slot: Timestamp,
    seed: u64,
    stop: &Stop,
) -> (Option<Cluster>, Report) {
    let cluster = match cluster {
        Some(cluster) => cluster,
        None => match Cluster::connect(access).await {
            Ok(cluster) => cluster,
            Err(error) => {
                let mut report = round::blank(orders, slot, seed);
                report.end = End::Failed {
                    why: error.to_string(),
                };
                return (None, report);
            }
        },
    };
    let report = round::run_alone(&cluster, orders, slot, seed, stop).await;
    (Some(cluster), report)
}

/// A failure that lasts is told when it begins and when it ends, not every round.
#[derive(Debug, Default)]
struct Trouble {
    why: Option<String>,
    rounds: u64,
}

impl Trouble {
    /// Whether people should hear of `report`.
    fn is_news(&mut self, report: &Report) -> bool {
        match &report.end {
            End::Failed { why } | End::Withheld { why } if report.attempts.is_empty() => {
                self.rounds += 1;
                let news = self.why.as_ref() != Some(why);
                if !news {
                    log::debug!("round of {} failed as the one before it: {why}", report.slot);
                }
                self.why = Some(why.clone());
                news
            }
            // What ends early says nothing of whether rounds work again.
            End::Failed { .. } | End::Withheld { .. } | End::Interrupted => true,
            End::Complete => {
                if self.why.take().is_some() {
                    log::info!(
                        "rounds work again, after {} that failed",
                        std::mem::take(&mut self.rounds)
                    );
                }
                true
            }
        }
    }
}
