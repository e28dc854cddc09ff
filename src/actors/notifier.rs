//! The Notifier turns each report into one message and sees it delivered, channel by channel: each has a queue of
//! its own, so that one which fails or stalls delays neither another channel nor the Killer.
//!
//! A message that a service does not take now stays in its queue until it does; one that it will never take is given
//! up. What each channel was told goes back to the Killer, whose journal knows it after a crash.

mod queue;

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use actix::{Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, WrapFuture};
use jiff::Timestamp;

use self::queue::{AfterDelivery, ChannelQueue, QueuedMessage};
use super::ActorsConfig;
use super::messages::{ReportDelivered, RoundFinished, Shutdown};
use super::recipient::StableRecipient;
use crate::failpoint::{FailPoint, FailPoints};
use crate::heartbeat::Heartbeat;
use crate::notify::{self, DeliveryResult, DeliveryRetry, HttpClient, RoundMessage};

/// How many rounds are remembered, so that none is told twice by one life of the Notifier.
const REMEMBERED: usize = 200;

/// A round that was taken on, and how many channels are still to be told.
struct TrackedRound {
    slot: Timestamp,
    left: usize,
}

/// The actor. Its HTTP client belongs to this life of it, and to this Arbiter.
pub struct Notifier {
    lanes: Vec<ChannelQueue>,
    known: VecDeque<TrackedRound>,
    http: Option<HttpClient>,
    retry: DeliveryRetry,
    killer: StableRecipient<ReportDelivered>,
    pulse: Heartbeat,
    deaf_after: Duration,
    faults: FailPoints,
    stopping: bool,
}

impl Notifier {
    /// A Notifier for `channels` that has sent nothing yet.
    pub(super) fn new(
        crew: &ActorsConfig,
        killer: StableRecipient<ReportDelivered>,
        pulse: Heartbeat,
    ) -> Self {
        Self {
            lanes: crew.channels.iter().cloned().map(ChannelQueue::new).collect(),
            known: VecDeque::new(),
            http: None,
            retry: crew.retry,
            killer,
            pulse,
            deaf_after: crew.limits.deaf_after,
            faults: crew.faults.clone(),
            stopping: false,
        }
    }

    /// Takes a notice on, which so many channels are to be told of.
    fn remember(&mut self, slot: Timestamp, left: usize) {
        self.known.push_back(TrackedRound { slot, left });
        if self.known.len() > REMEMBERED {
            self.known.pop_front();
        }
        if left == 0 {
            drop(self.killer.send(ReportDelivered::all(slot)));
        }
    }

    /// Sends what is next in a lane, unless something is on its way.
    fn send_next(&mut self, lane: usize, ctx: &mut Context<Self>) {
        let Some(errand) = self.lanes[lane].take_next() else {
            self.stop_if_drained(ctx);
            return;
        };
        let channel = self.lanes[lane].channel.clone();
        let (http, retry, faults) = (self.http.clone(), self.retry, self.faults.clone());
        let (operation, slack) = (self.pulse.begin("delivery", self.deaf_after), self.deaf_after);
        let delivery = async move {
            faults.pass(FailPoint::BeforeNotify).await;
            let delivery = match http {
                Some(http) => {
                    let once = async || {
                        operation.expect(http.deadline() + slack);
                        notify::deliver(&http, &channel, &errand.message).await
                    };
                    let pause = async |length| {
                        operation.expect(length + slack);
                        tokio::time::sleep(length).await;
                    };
                    retry.run(once, pause).await
                }
                None => Err(notify::DeliveryError::permanent("there is no HTTP client")),
            };
            operation.expect(slack);
            faults.pass(FailPoint::AfterNotify).await;
            (errand, delivery)
        };
        let noted = move |(errand, delivery), notifier: &mut Self, ctx: &mut Context<Self>| {
            notifier.note(lane, errand, delivery, ctx);
        };
        ctx.spawn(delivery.into_actor(self).map(noted));
    }

    /// What became of a message.
    fn note(
        &mut self,
        lane: usize,
        errand: QueuedMessage,
        delivery: DeliveryResult,
        ctx: &mut Context<Self>,
    ) {
        match self.lanes[lane].note(errand.clone(), delivery, self.stopping) {
            AfterDelivery::Done => {
                self.tell_killer(lane, &errand);
                self.send_next(lane, ctx);
            }
            AfterDelivery::Undelivered => self.send_next(lane, ctx),
            AfterDelivery::Retry => {
                ctx.run_later(self.retry.longest, move |notifier, ctx| {
                    notifier.lanes[lane].wake();
                    notifier.send_next(lane, ctx);
                });
            }
        }
    }

    /// Tells the Killer of a channel that needs to be told no more of a round. If nobody hears it, the Killer's next
    /// look at the journal brings the round here again, and then it is said again.
    fn tell_killer(&mut self, lane: usize, errand: &QueuedMessage) {
        if !errand.notice {
            return;
        }
        let slot = errand.message.slot;
        let known = self.known.iter_mut().find(|known| known.slot == slot);
        let left = known.map_or(0, |known| {
            known.left = known.left.saturating_sub(1);
            known.left
        });
        let channels = vec![self.lanes[lane].channel.name().to_owned()];
        let done = left == 0;
        drop(self.killer.send(ReportDelivered { slot, channels, done }));
    }

    /// Once stopping, ends when nothing waits and nothing is on its way.
    fn stop_if_drained(&self, ctx: &mut Context<Self>) {
        if self.stopping && self.lanes.iter().all(ChannelQueue::is_drained) {
            ctx.stop();
        }
    }
}

impl Actor for Notifier {
    type Context = Context<Self>;

    fn started(&mut self, _: &mut Self::Context) {
        let channels: Vec<_> = self.lanes.iter().map(|lane| lane.channel.clone()).collect();
        let http = HttpClient::new(&channels).or_else(|error| {
            log::error!("chat services cannot be reached: {error}");
            // Without TLS the log is told all the same.
            HttpClient::new(&[])
        });
        self.http = http.ok();
    }
}

impl Handler<RoundFinished> for Notifier {
    type Result = ();

    fn handle(&mut self, finished: RoundFinished, ctx: &mut Self::Context) {
        let RoundFinished { report, notice, told } = finished;
        let slot = report.slot;
        if let Some(known) = self.known.iter().find(|known| notice && known.slot == slot) {
            if known.left == 0 {
                drop(self.killer.send(ReportDelivered::all(slot)));
            }
            return;
        }
        let is_untold = |lane: &usize| !told.iter().any(|told| told == self.lanes[*lane].channel.name());
        let lanes: Vec<_> = (0..self.lanes.len()).filter(is_untold).collect();
        if notice {
            self.remember(slot, lanes.len());
        }
        let errand = QueuedMessage {
            message: Rc::new(RoundMessage::of(&report)),
            notice,
        };
        for lane in lanes {
            if let Some(dropped) = self.lanes[lane].push(errand.clone()) {
                self.tell_killer(lane, &dropped);
            }
            self.send_next(lane, ctx);
        }
    }
}

impl Handler<Shutdown> for Notifier {
    type Result = ();

    fn handle(&mut self, _: Shutdown, ctx: &mut Self::Context) {
        self.stopping = true;
        for lane in 0..self.lanes.len() {
            // Who waits to try again tries once more, now.
            self.lanes[lane].wake();
            self.send_next(lane, ctx);
        }
        self.stop_if_drained(ctx);
    }
}
