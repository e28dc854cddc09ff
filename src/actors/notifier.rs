//! The Notifier turns each report into one message and delivers it to every channel: each has a queue of its own, so that
//! one which fails or stalls delays neither another channel nor the Killer.
//!
//! A message that a service does not accept now stays in its queue until it does; one that it will never accept is given
//! up. What was delivered is confirmed to the Killer, whose journal remembers it after a crash.

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
use crate::notify::{self, DeliveryError, DeliveryResult, DeliveryRetry, HttpClient, RoundMessage};
use crate::platform::Platform;

/// How many rounds are remembered, so that none is delivered twice by one incarnation of the Notifier.
const REMEMBERED: usize = 200;

/// A round whose report was accepted, and how many channels are left.
struct TrackedRound {
    slot: Timestamp,
    left: usize,
}

/// The Notifier actor. Its HTTP client belongs to this incarnation, and to this Arbiter.
pub struct Notifier {
    queues: Vec<ChannelQueue>,
    rounds: VecDeque<TrackedRound>,
    http: Option<HttpClient>,
    retry: DeliveryRetry,
    killer: StableRecipient<ReportDelivered>,
    heartbeat: Heartbeat,
    hang_timeout: Duration,
    platform: Platform,
    fail_points: FailPoints,
    stopping: bool,
}

impl Notifier {
    /// A Notifier that has sent nothing yet.
    pub(super) fn new(
        config: &ActorsConfig,
        killer: StableRecipient<ReportDelivered>,
        heartbeat: Heartbeat,
    ) -> Self {
        Self {
            queues: config.channels.iter().cloned().map(ChannelQueue::new).collect(),
            rounds: VecDeque::new(),
            http: None,
            retry: config.retry,
            killer,
            heartbeat,
            hang_timeout: config.timeouts.hang,
            platform: config.platform.clone(),
            fail_points: config.fail_points.clone(),
            stopping: false,
        }
    }

    /// Remembers a round of the outbox, whose report goes to this many channels.
    fn track(&mut self, slot: Timestamp, left: usize) {
        self.rounds.push_back(TrackedRound { slot, left });
        if self.rounds.len() > REMEMBERED {
            self.rounds.pop_front();
        }
        if left == 0 {
            self.confirm(ReportDelivered::all(slot));
        }
    }

    /// Sends the next message of a queue, unless it is sending already.
    fn send_next(&mut self, index: usize, ctx: &mut Context<Self>) {
        let queue = &mut self.queues[index];
        let Some(message) = queue.take_next() else {
            self.stop_if_drained(ctx);
            return;
        };

        let channel = queue.channel.clone();
        let http = self.http.clone();
        let retry = self.retry;
        let platform = self.platform.clone();
        let fail_points = self.fail_points.clone();
        let slack = self.hang_timeout;
        let operation = self.heartbeat.begin("a delivery", slack);
        let delivery = async move {
            fail_points.pass(FailPoint::BeforeNotify).await;
            let result = match http {
                Some(http) => {
                    let once = async || {
                        operation.expect(http.deadline() + slack);
                        notify::deliver(&http, &channel, &message.message).await
                    };
                    let pause = async |length| {
                        operation.expect(length + slack);
                        platform.sleep(length).await;
                    };
                    retry.run(&platform, once, pause).await
                }
                None => Err(DeliveryError::permanent("there is no HTTP client")),
            };
            operation.expect(slack);
            fail_points.pass(FailPoint::AfterNotify).await;
            (message, result)
        };
        ctx.spawn(
            delivery
                .into_actor(self)
                .map(move |(message, result), notifier, ctx| notifier.note(index, message, result, ctx)),
        );
    }

    /// Notes the result of a delivery, and goes on.
    fn note(
        &mut self,
        index: usize,
        message: QueuedMessage,
        result: DeliveryResult,
        ctx: &mut Context<Self>,
    ) {
        match self.queues[index].note(message.clone(), result, self.stopping) {
            AfterDelivery::Done => {
                self.note_done(index, &message);
                self.send_next(index, ctx);
            }
            AfterDelivery::Undelivered => self.send_next(index, ctx),
            AfterDelivery::Retry => {
                ctx.run_later(self.retry.longest, move |notifier, ctx| {
                    notifier.queues[index].wake();
                    notifier.send_next(index, ctx);
                });
            }
        }
    }

    /// Notes that a channel needs this message no more, and confirms it to the Killer.
    fn note_done(&mut self, index: usize, message: &QueuedMessage) {
        if !message.in_outbox {
            return;
        }

        let slot = message.message.slot;
        let tracked = self.rounds.iter_mut().find(|round| round.slot == slot);
        let left = tracked.map_or(0, |round| {
            round.left = round.left.saturating_sub(1);
            round.left
        });
        let channel = self.queues[index].channel.name().to_owned();
        self.confirm(ReportDelivered {
            slot,
            channels: vec![channel],
            done: left == 0,
        });
    }

    fn confirm(&self, delivered: ReportDelivered) {
        // If no Killer receives it, its next recovery pass brings the report here again, and it is confirmed again.
        let _ = self.killer.send(delivered);
    }

    /// Ends, once stopping, when no message waits and none is being sent.
    fn stop_if_drained(&self, ctx: &mut Context<Self>) {
        if self.stopping && self.queues.iter().all(ChannelQueue::is_drained) {
            ctx.stop();
        }
    }
}

impl Actor for Notifier {
    type Context = Context<Self>;

    fn started(&mut self, _: &mut Self::Context) {
        let channels: Vec<_> = self.queues.iter().map(|queue| queue.channel.clone()).collect();
        let http = HttpClient::new(&channels, &self.platform).or_else(|error| {
            log::error!("chat services cannot be reached: {error}");
            // Without TLS the log is still written.
            HttpClient::new(&[], &self.platform)
        });
        self.http = http.ok();
    }
}

impl Handler<RoundFinished> for Notifier {
    type Result = ();

    fn handle(&mut self, finished: RoundFinished, ctx: &mut Self::Context) {
        let RoundFinished {
            report,
            in_outbox,
            delivered,
        } = finished;
        let slot = report.slot;
        let known = self.rounds.iter().find(|round| in_outbox && round.slot == slot);
        if let Some(known) = known {
            if known.left == 0 {
                self.confirm(ReportDelivered::all(slot));
            }
            return;
        }

        let is_left = |index: &usize| {
            let name = self.queues[*index].channel.name();
            !delivered.iter().any(|delivered| delivered == name)
        };
        let left: Vec<_> = (0..self.queues.len()).filter(is_left).collect();
        if in_outbox {
            self.track(slot, left.len());
        }

        let message = QueuedMessage {
            message: Rc::new(RoundMessage::of(&report)),
            in_outbox,
        };
        for index in left {
            if let Some(dropped) = self.queues[index].push(message.clone()) {
                self.note_done(index, &dropped);
            }
            self.send_next(index, ctx);
        }
    }
}

impl Handler<Shutdown> for Notifier {
    type Result = ();

    fn handle(&mut self, _: Shutdown, ctx: &mut Self::Context) {
        self.stopping = true;
        for index in 0..self.queues.len() {
            // A queue that backs off tries once more, now.
            self.queues[index].wake();
            self.send_next(index, ctx);
        }
        self.stop_if_drained(ctx);
    }
}
