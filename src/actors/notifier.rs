//! The Notifier actor: turns each report into a message and delivers it to every channel. Each channel has its own
//! queue, so that a failing or slow channel delays neither the other channels nor the Killer.
//!
//! What is said of a recovery is a reply to the message about its round, behind which it waits in the queue. Where there are
//! no threads, or that message was not delivered for certain, it is a message of its own. When all victims of a round have
//! recovered, the message about the round is marked, if it can be edited and this incarnation delivered it.
//!
//! A message stays in its queue until the service accepts it. It is dropped if the service will never accept it, and
//! given up if it was sent several times and may have been delivered each time.
//! The Notifier confirms deliveries to the Killer, which records them in the journal.

mod delivery;
mod outage;
mod queue;
mod queued_message;
mod round_marks;
mod tracked_messages;
mod views;

use std::collections::BTreeMap;
use std::iter;
use std::rc::Rc;
use std::time::Duration;

use actix::{Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, WrapFuture};
use macaque_core::journal::MessageId;

use self::delivery::DeliveryContext;
use self::queue::{AfterDelivery, ChannelQueue, SeriesResult};
use self::queued_message::{MessageRole, QueuedMessage};
use self::round_marks::RoundMarks;
use self::tracked_messages::TrackedMessages;
use super::ActorsConfig;
use super::messages::{MessageDelivered, NoticeIssued, RecoveryReported, RoundFinished, Shutdown};
use super::recipient::StableRecipient;
use crate::failpoint::FailPoints;
use crate::heartbeat::Heartbeat;
use crate::notify::{
    Channel, DeliveryResult, DeliveryRetry, MessageContext, NoticeMessage, NotifyClient, OutgoingMessage,
    RecoveryMessage, RoundMessage,
};
use crate::platform::Platform;
use crate::proxy::ProxyPolicy;

/// The Notifier actor. Its HTTP client belongs to this incarnation and its Arbiter.
pub struct Notifier {
    queues: Vec<ChannelQueue>,
    tracked: TrackedMessages,
    /// By queue, the messages about rounds whose victims recover.
    marks: Vec<RoundMarks>,
    http: Option<NotifyClient>,
    proxies: ProxyPolicy,
    messages: MessageContext,
    has_recoveries: bool,
    retry: DeliveryRetry,
    killer: StableRecipient<MessageDelivered>,
    heartbeat: Heartbeat,
    hang_timeout: Duration,
    platform: Platform,
    fail_points: FailPoints,
    /// The configuration that the Notifier was created with, or has taken over since.
    config: ActorsConfig,
    stopping: bool,
}

impl Notifier {
    /// Creates a Notifier with empty queues.
    pub fn new(
        config: &ActorsConfig,
        killer: StableRecipient<MessageDelivered>,
        heartbeat: Heartbeat,
    ) -> Self {
        let queue = |channel: &Channel| ChannelQueue::new(channel.clone(), config.facts.clone());
        Self {
            queues: config.channels.iter().map(queue).collect(),
            tracked: TrackedMessages::default(),
            marks: config.channels.iter().map(|_| RoundMarks::default()).collect(),
            http: None,
            proxies: config.proxies.clone(),
            messages: config.messages.clone(),
            has_recoveries: config.round.recovery.enabled,
            retry: config.retry,
            killer,
            heartbeat,
            hang_timeout: config.timeouts.hang,
            platform: config.platform.clone(),
            fail_points: config.fail_points.clone(),
            config: config.clone(),
            stopping: false,
        }
    }

    /// Takes over the changes of the configuration, between two messages.
    fn take_over_changes(&mut self) {
        if self.config.changes.are_unseen() {
            self.config = self.config.current();
            self.messages = self.config.messages.clone();
            self.has_recoveries = self.config.round.recovery.enabled;
        }
    }

    /// Whether this incarnation has accepted a message before; confirms it again if every channel has finished with it.
    fn knows(&self, id: &MessageId) -> bool {
        let left = self.tracked.left(id);
        if left == Some(0) {
            self.confirm(MessageDelivered::finished(id.clone()));
        }
        left.is_some()
    }

    /// Remembers a message of the outbox, with `left` channels to deliver to.
    fn track(&mut self, id: MessageId, left: usize) {
        if left == 0 {
            self.confirm(MessageDelivered::finished(id.clone()));
        }
        self.tracked.add(id, left);
    }

    /// Adds a message to a queue.
    fn enqueue(&mut self, index: usize, message: QueuedMessage, ctx: &mut Context<Self>) {
        if let Some(dropped) = self.queues[index].push(message) {
            self.note_done(index, &dropped, None);
        }
        self.send_next(index, ctx);
    }

    /// Sends the next message of a queue, unless the queue is busy.
    fn send_next(&mut self, index: usize, ctx: &mut Context<Self>) {
        let queue = &mut self.queues[index];
        let Some(message) = queue.take_next() else {
            self.stop_if_drained(ctx);
            return;
        };

        let context = DeliveryContext {
            channel: queue.channel.clone(),
            facts: queue.facts.clone(),
            http: self.http.clone(),
            retry: self.retry,
            platform: self.platform.clone(),
            fail_points: self.fail_points.clone(),
            hang_timeout: self.hang_timeout,
            operation: self.heartbeat.begin("a delivery", self.hang_timeout),
        };
        ctx.spawn(
            context
                .deliver(message)
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
            AfterDelivery::Finished { name } => {
                self.note_done(index, &message, name);
                self.send_next(index, ctx);
            }
            AfterDelivery::Off(waiting) => {
                for given_up in iter::once(&message).chain(&waiting) {
                    self.note_done(index, given_up, None);
                }
                self.stop_if_drained(ctx);
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

    /// Notes that a channel is done with a message, which has this name there, and confirms that to the Killer.
    fn note_done(&mut self, index: usize, message: &QueuedMessage, name: Option<String>) {
        let Some(id) = &message.id else {
            return;
        };
        let left = self.tracked.finish_one(id);

        let channel = self.queues[index].channel.name().to_owned();
        self.confirm(MessageDelivered {
            message: id.clone(),
            channels: BTreeMap::from([(channel, name)]),
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
        let http = NotifyClient::new(&channels, &self.proxies, &self.platform).or_else(|error| {
            log::error!("chat services cannot be reached: {error}");
            // The log channel works without TLS.
            NotifyClient::new(&[], &self.proxies, &self.platform)
        });
        self.http = http.ok();
    }
}

impl Handler<RoundFinished> for Notifier {
    type Result = ();

    fn handle(&mut self, finished: RoundFinished, ctx: &mut Self::Context) {
        self.take_over_changes();
        let RoundFinished {
            report,
            in_outbox,
            from_journal,
            delivered,
        } = finished;
        let id = in_outbox.then(|| MessageId::of_round(report.slot));
        if id.as_ref().is_some_and(|id| self.knows(id)) {
            return;
        }

        // A report from the journal may not name every victim.
        let is_marked = in_outbox && !from_journal && self.has_recoveries;
        let message: Rc<OutgoingMessage> = Rc::new(RoundMessage::in_context(report, &self.messages).into());
        let waiting = self.waiting(&message, &delivered);
        if let Some(id) = id.clone() {
            self.track(id, waiting.len());
        }
        for (index, message) in waiting {
            let marked = is_marked.then(|| self.note_round(index, &message)).flatten();
            let message = QueuedMessage {
                id: id.clone(),
                ..QueuedMessage::new(message, MessageRole::Round)
            };
            self.enqueue(index, message, ctx);
            if let Some(marked) = marked {
                self.mark(index, marked, ctx);
            }
        }
    }
}

impl Handler<RecoveryReported> for Notifier {
    type Result = ();

    fn handle(&mut self, reported: RecoveryReported, ctx: &mut Self::Context) {
        self.take_over_changes();
        let RecoveryReported {
            report,
            delivered,
            threads,
        } = reported;
        let id = MessageId::of_recovery(&report);
        if self.knows(&id) {
            return;
        }

        let recovery = RecoveryMessage::in_context(report, &self.messages);
        let marked = self.note_recovery(&recovery);

        let message: Rc<OutgoingMessage> = Rc::new(recovery.into());
        let waiting = self.waiting(&message, &delivered);
        self.track(id.clone(), waiting.len());
        for (index, message) in waiting {
            let message = QueuedMessage {
                id: Some(id.clone()),
                parent: threads.get(self.queues[index].channel.name()).cloned(),
                ..QueuedMessage::new(message, MessageRole::Reply)
            };
            self.enqueue(index, message, ctx);
        }
        for (index, marked) in marked {
            self.mark(index, marked, ctx);
        }
    }
}

impl Handler<NoticeIssued> for Notifier {
    type Result = ();

    fn handle(&mut self, issued: NoticeIssued, ctx: &mut Self::Context) {
        self.take_over_changes();
        let NoticeIssued { notice, delivered } = issued;
        let id = MessageId::of_notice(&notice);
        if self.knows(&id) {
            return;
        }

        let message: Rc<OutgoingMessage> = Rc::new(NoticeMessage::in_context(notice, &self.messages).into());
        let waiting = self.waiting(&message, &delivered);
        self.track(id.clone(), waiting.len());
        for (index, message) in waiting {
            let message = QueuedMessage {
                id: Some(id.clone()),
                ..QueuedMessage::new(message, MessageRole::Notice)
            };
            self.enqueue(index, message, ctx);
        }
    }
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
