//! The Notifier actor: turns each report into a message and delivers it to every channel. Each channel has its own
//! queue, so that a failing or slow channel delays neither the other channels nor the Killer.
//!
//! A message stays in its queue until the service accepts it. It is dropped if the service will never accept it, and
//! given up if it was sent several times and may have been delivered each time.
//! The Notifier confirms deliveries to the Killer, which records them in the journal.

mod queue;

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use actix::{Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, WrapFuture};
use jiff::Timestamp;
use macaque_core::journal::MessageId;

use self::queue::{AfterDelivery, ChannelQueue, QueuedMessage, SeriesResult};
use super::ActorsConfig;
use super::messages::{MessageDelivered, RecoveryReported, RoundFinished, Shutdown};
use super::recipient::StableRecipient;
use crate::failpoint::{FailPoint, FailPoints};
use crate::heartbeat::Heartbeat;
use crate::notify::{
    self, ChatClient, DeliveryError, DeliveryResult, DeliveryRetry, MessageContext, RoundMessage, TryCount,
};
use crate::platform::Platform;
use crate::proxy::ProxyPolicy;

/// How many rounds are remembered, so that one incarnation of the Notifier delivers none of them twice.
const TRACKED_ROUNDS: usize = 200;

/// A round whose report was accepted for delivery.
struct TrackedRound {
    slot: Timestamp,
    /// How many channels have not finished with the report.
    left: usize,
}

/// The Notifier actor. Its HTTP client belongs to this incarnation and its Arbiter.
pub struct Notifier {
    queues: Vec<ChannelQueue>,
    rounds: VecDeque<TrackedRound>,
    http: Option<ChatClient>,
    proxies: ProxyPolicy,
    messages: MessageContext,
    retry: DeliveryRetry,
    killer: StableRecipient<MessageDelivered>,
    heartbeat: Heartbeat,
    hang_timeout: Duration,
    platform: Platform,
    fail_points: FailPoints,
    stopping: bool,
}

impl Notifier {
    /// Creates a Notifier with empty queues.
    pub(super) fn new(
        config: &ActorsConfig,
        killer: StableRecipient<MessageDelivered>,
        heartbeat: Heartbeat,
    ) -> Self {
        Self {
            queues: config.channels.iter().cloned().map(ChannelQueue::new).collect(),
            rounds: VecDeque::new(),
            http: None,
            proxies: config.proxies.clone(),
            messages: config.messages.clone(),
            retry: config.retry,
            killer,
            heartbeat,
            hang_timeout: config.timeouts.hang,
            platform: config.platform.clone(),
            fail_points: config.fail_points.clone(),
            stopping: false,
        }
    }

    /// Remembers a round from the outbox, with `left` channels to deliver to.
    fn track(&mut self, slot: Timestamp, left: usize) {
        self.rounds.push_back(TrackedRound { slot, left });
        if self.rounds.len() > TRACKED_ROUNDS {
            self.rounds.pop_front();
        }
        if left == 0 {
            self.confirm(MessageDelivered::finished(MessageId::of_round(slot)));
        }
    }

    /// Sends the next message of a queue, unless the queue is busy.
    fn send_next(&mut self, index: usize, ctx: &mut Context<Self>) {
        let queue = &mut self.queues[index];
        let Some(mut message) = queue.take_next() else {
            self.stop_if_drained(ctx);
            return;
        };

        let channel = queue.channel.clone();
        let http = self.http.clone();
        let retry = self.retry;
        let platform = self.platform.clone();
        let fail_points = self.fail_points.clone();
        let hang_timeout = self.hang_timeout;
        let operation = self.heartbeat.begin("a delivery", hang_timeout);

        let delivery = async move {
            fail_points.pass(FailPoint::BeforeNotify).await;
            let result = match http {
                Some(http) => {
                    let text = Rc::clone(&message.message);
                    let deliver_once = async || {
                        operation.expect(http.deadline() + hang_timeout);
                        notify::deliver(&http, &channel, &text).await
                    };
                    let pause = async |length| {
                        operation.expect(length + hang_timeout);
                        platform.sleep(length).await;
                    };
                    retry
                        .run(&platform, &mut message.tries, deliver_once, pause)
                        .await
                }
                None => Err(DeliveryError::permanent("there is no HTTP client")),
            };
            operation.expect(hang_timeout);
            fail_points.pass(FailPoint::AfterNotify).await;
            (message, result)
        };
        ctx.spawn(
            delivery
                .into_actor(self)
                .map(move |(message, result), notifier, ctx| {
                    notifier.after_delivery(index, message, result, ctx)
                }),
        );
    }

    /// Notes the result of a delivery, and sends the next message or schedules a retry.
    fn after_delivery(
        &mut self,
        index: usize,
        message: QueuedMessage,
        result: DeliveryResult,
        ctx: &mut Context<Self>,
    ) {
        let series = SeriesResult {
            result,
            retry: self.retry,
            now: self.platform.now(),
            stopping: self.stopping,
        };
        match self.queues[index].note(message.clone(), series) {
            AfterDelivery::Finished => {
                self.note_done(index, &message);
                self.send_next(index, ctx);
            }
            AfterDelivery::Undelivered => self.send_next(index, ctx),
            AfterDelivery::Retry(pause) => {
                ctx.run_later(pause, move |notifier, ctx| {
                    notifier.queues[index].wake();
                    notifier.send_next(index, ctx);
                });
            }
        }
    }

    /// Notes that a channel is done with a message, and confirms that to the Killer.
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
        self.confirm(MessageDelivered {
            message: MessageId::of_round(slot),
            channels: BTreeMap::from([(channel, None)]),
            done: left == 0,
        });
    }

    fn confirm(&self, delivered: MessageDelivered) {
        // If no Killer receives this, the next takeover pass sends the report again, and it is confirmed again.
        let _ = self.killer.send(delivered);
    }

    /// Stops the actor if it is stopping and every queue is drained.
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
        let http = ChatClient::new(&channels, &self.proxies, &self.platform).or_else(|error| {
            log::error!("chat services cannot be reached: {error}");
            // The log channel works without TLS.
            ChatClient::new(&[], &self.proxies, &self.platform)
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
                self.confirm(MessageDelivered::finished(MessageId::of_round(slot)));
            }
            return;
        }

        let is_waiting = |index: &usize| {
            let name = self.queues[*index].channel.name();
            !delivered.iter().any(|delivered| delivered == name)
        };
        let waiting: Vec<_> = (0..self.queues.len()).filter(is_waiting).collect();
        if in_outbox {
            self.track(slot, waiting.len());
        }

        let message = QueuedMessage {
            message: Rc::new(RoundMessage::in_context(&report, &self.messages)),
            in_outbox,
            tries: TryCount::default(),
        };
        for index in waiting {
            if let Some(dropped) = self.queues[index].push(message.clone()) {
                self.note_done(index, &dropped);
            }
            self.send_next(index, ctx);
        }
    }
}

impl Handler<RecoveryReported> for Notifier {
    type Result = ();

    fn handle(&mut self, _: RecoveryReported, _: &mut Self::Context) {}
}

impl Handler<Shutdown> for Notifier {
    type Result = ();

    fn handle(&mut self, _: Shutdown, ctx: &mut Self::Context) {
        self.stopping = true;
        for index in 0..self.queues.len() {
            // A queue that is backing off tries once more right away.
            self.queues[index].wake();
            self.send_next(index, ctx);
        }
        self.stop_if_drained(ctx);
    }
}
