//! The queue of messages for one channel.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use jiff::{Timestamp, Unit};

use super::outage::{FailureNews, OutageLog};
use super::queued_message::{MessageRole, QueuedMessage};
use crate::facts::{Fact, Facts, MessageResult};
use crate::notify::{Channel, Delivery, DeliveryError, DeliveryResult, DeliveryRetry, Retryable, TryCount};
use crate::text::count;

/// How many messages may wait for one channel; beyond that the oldest is dropped, with an error in the log.
const CAPACITY: usize = 100;

/// Of how many rounds the names of their messages are kept.
const NAMES: usize = 200;

/// A channel and the messages that wait for it.
pub(super) struct ChannelQueue {
    pub(super) channel: Channel,
    waiting: VecDeque<QueuedMessage>,
    state: QueueState,
    dropped: usize,
    outage: OutageLog,
    /// Where what becomes of messages is published.
    pub(super) facts: Facts,
    /// By slot, the names of the messages about rounds that were delivered.
    names: BTreeMap<Timestamp, String>,
}

/// What a queue is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum QueueState {
    Idle,
    Sending,
    /// The last delivery failed, and the queue waits before it tries again.
    BackingOff,
    /// The service takes no more messages: every one is done with as it comes.
    Off,
}

/// The result of a series of tries, and what decides what follows.
pub(super) struct SeriesResult {
    pub(super) result: DeliveryResult,
    pub(super) retry: DeliveryRetry,
    pub(super) now: Timestamp,
    /// Whether macaque is stopping, so that no further series can follow.
    pub(super) stopping: bool,
}

/// What to do after a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum AfterDelivery {
    /// The message was delivered, or is given up.
    Finished {
        /// The name that the service gave to the message, if it was delivered for certain and can be replied to.
        name: Option<String>,
    },
    /// The message is first in the queue again; wake the queue after this time.
    Retry(Duration),
    /// The message is undelivered, and there is no time to try again.
    Undelivered,
    /// The message is given up and so are these, which waited behind it: the service takes no more.
    Off(Vec<QueuedMessage>),
}

impl ChannelQueue {
    pub(super) fn new(channel: Channel, facts: Facts) -> Self {
        let queue = Self {
            channel,
            waiting: VecDeque::new(),
            state: QueueState::Idle,
            dropped: 0,
            outage: OutageLog::default(),
            facts,
            names: BTreeMap::new(),
        };
        // What an earlier incarnation had to deliver comes again from the outbox.
        queue.publish_waiting();
        queue
    }

    /// Adds `message`; if the queue is full, drops an edit, which nobody misses, or else drops and returns the oldest
    /// message. A queue that is off returns `message`.
    pub(super) fn push(&mut self, message: QueuedMessage) -> Option<QueuedMessage> {
        let dropped = self.push_within_capacity(message);
        self.publish_waiting();
        dropped
    }

    fn push_within_capacity(&mut self, message: QueuedMessage) -> Option<QueuedMessage> {
        if self.state == QueueState::Off {
            self.publish_handled(MessageResult::Rejected);
            return Some(message);
        }
        self.waiting.push_back(message);
        if self.waiting.len() <= CAPACITY {
            return None;
        }
        let is_edit = |message: &QueuedMessage| message.role == MessageRole::Edit;
        if let Some(edit) = self.waiting.iter().position(is_edit) {
            self.waiting.remove(edit);
            return None;
        }

        let oldest = self.waiting.pop_front();
        self.dropped += 1;
        self.publish_handled(MessageResult::Dropped);
        let name = self.channel.name();
        let dropped = self.dropped;
        if self.outage.note_dropped() {
            log::error!(
                channel = name, dropped;
                "{name} queue is full ({CAPACITY}): the oldest messages are dropped, {dropped} dropped so far"
            );
        }
        oldest
    }

    /// Takes the next message to send, unless the queue is busy. A message that is to be edited and has no name, or is gone,
    /// is left as it is.
    pub(super) fn take_next(&mut self) -> Option<QueuedMessage> {
        if self.state != QueueState::Idle {
            return None;
        }
        loop {
            let mut message = self.waiting.pop_front()?;
            if message.role != MessageRole::Round
                && let Some(name) = self.names.get(&message.slot())
            {
                message.parent = Some(name.clone());
            }
            if message.role == MessageRole::Edit && message.parent.is_none() {
                self.publish_waiting();
                continue;
            }
            self.state = QueueState::Sending;
            return Some(message);
        }
    }

    /// Notes the result for `message`; a delivery that may work later is retried, unless macaque is stopping.
    pub(super) fn note(&mut self, message: QueuedMessage, series: SeriesResult) -> AfterDelivery {
        self.state = QueueState::Idle;
        let after = self.after_series(message, series);
        self.publish_waiting();
        after
    }

    fn after_series(&mut self, message: QueuedMessage, series: SeriesResult) -> AfterDelivery {
        let name = self.channel.name();
        let noun = message.noun();
        if message.is_out_of_thread {
            self.names.remove(&message.slot());
        }
        if message.role == MessageRole::Edit {
            return self.note_edit(&message, series.result);
        }
        let error = match series.result {
            Err(error) if error.retryable == Retryable::ChannelGone => return self.switch_off(&error),
            Ok(Delivery::Confirmed { name }) => {
                self.note_delivery(series.now);
                return self.note_name(&message, name);
            }
            Ok(Delivery::Unconfirmed { why }) => {
                self.note_delivery(series.now);
                let name = self.channel.name();
                log::warn!(channel = name; "{noun} counts as delivered to {name}, in doubt: {why}");
                return AfterDelivery::Finished { name: None };
            }
            Err(error) => error,
        };

        let Some(pause) = series.retry.pause_between_series(&error, message.tries) else {
            self.log_dropped(&message, &error);
            return AfterDelivery::Finished { name: None };
        };
        if series.stopping {
            log::error!(channel = name; "shutting down before {name} confirmed {noun}: {error}");
            return AfterDelivery::Undelivered;
        }

        match self.outage.note_failure(series.now, self.waiting.len() + 1) {
            FailureNews::Begins => {
                let words = not_yet(name, noun, &error, message.tries, series.now, pause);
                log::warn!(channel = name; "{words}");
            }
            FailureNews::GoesOn(words) => log::warn!(channel = name; "{name} {words}; now: {error}"),
            FailureNews::Known => {}
        }
        self.publish_handled(MessageResult::Retried);
        self.waiting.push_front(message);
        self.state = QueueState::BackingOff;
        AfterDelivery::Retry(pause)
    }

    /// Notes that the service took a message, and says so if it did not before.
    fn note_delivery(&mut self, now: Timestamp) {
        self.publish_handled(MessageResult::Sent);
        if let Some(words) = self.outage.note_delivery(now, self.waiting.len()) {
            let name = self.channel.name();
            log::info!(channel = name; "{name} {words}");
        }
    }

    /// Ends the queue, whose service takes no more messages.
    fn switch_off(&mut self, error: &DeliveryError) -> AfterDelivery {
        let name = self.channel.name();
        let waiting = self.waiting.len();
        self.dropped += 1 + waiting;
        let dropped = self.dropped;
        log::warn!(
            channel = name, dropped;
            "{name} is off until macaque restarts, and {} dropped: {error}",
            if waiting == 0 { "the message is".to_owned() } else { format!("{} messages are", waiting + 1) }
        );
        for _ in 0..=waiting {
            self.publish_handled(MessageResult::Rejected);
        }
        self.state = QueueState::Off;
        AfterDelivery::Off(self.waiting.drain(..).collect())
    }

    /// Keeps the name of a message about a round, so that it can be replied to and edited.
    fn note_name(&mut self, message: &QueuedMessage, name: Option<String>) -> AfterDelivery {
        if message.role != MessageRole::Round {
            return AfterDelivery::Finished { name: None };
        }
        if let Some(name) = &name {
            self.names.insert(message.slot(), name.clone());
            if self.names.len() > NAMES {
                self.names.pop_first();
            }
        }
        AfterDelivery::Finished { name }
    }

    /// Notes what became of an edit, which is not tried again.
    fn note_edit(&self, message: &QueuedMessage, result: DeliveryResult) -> AfterDelivery {
        if let Err(error) = result {
            let name = self.channel.name();
            let slot = message.slot();
            log::info!(
                channel = name, slot:%;
                "the report of round {slot} in {name} stays without its mark, though every victim recovered: {error}"
            );
        }
        AfterDelivery::Finished { name: None }
    }

    /// Logs that a message is not tried again.
    fn log_dropped(&mut self, message: &QueuedMessage, error: &DeliveryError) {
        let name = self.channel.name();
        let noun = message.noun();
        if error.retryable == Retryable::InDoubt {
            self.publish_handled(MessageResult::Dropped);
            let times = count(message.tries.in_doubt as usize, "time");
            log::warn!(
                channel = name;
                "sent {noun} to {name} {times} without a clear answer; it may have been delivered, and is not sent \
                 again: {error}"
            );
            return;
        }

        self.publish_handled(MessageResult::Rejected);
        self.dropped += 1;
        let dropped = self.dropped;
        log::error!(channel = name, dropped; "cannot deliver {noun} to {name}, dropped it: {error}");
    }

    fn publish_handled(&self, result: MessageResult) {
        let channel = self.channel.name();
        self.facts.publish(Fact::MessageHandled { channel, result });
    }

    /// Publishes how many messages are not finished: those that wait, and the one that is being sent.
    fn publish_waiting(&self) {
        let channel = self.channel.name();
        let count = self.waiting.len() + usize::from(self.state == QueueState::Sending);
        self.facts.publish(Fact::MessagesWaiting { channel, count });
    }

    /// Ends the back-off, if the queue is backing off.
    pub(super) fn wake(&mut self) {
        if self.state == QueueState::BackingOff {
            self.state = QueueState::Idle;
        }
    }

    /// Whether no message waits and none is being sent.
    pub(super) fn is_drained(&self) -> bool {
        matches!(self.state, QueueState::Idle | QueueState::Off) && self.waiting.is_empty()
    }
}

/// The words about a message that is tried again after `pause`.
fn not_yet(
    name: &str,
    noun: &str,
    error: &DeliveryError,
    tries: TryCount,
    now: Timestamp,
    pause: Duration,
) -> String {
    let next = now.saturating_add(pause).unwrap_or(now);
    let next = next.round(Unit::Second).unwrap_or(next);
    let made = match tries.made {
        1 => "1 try".to_owned(),
        made => format!("{made} tries"),
    };

    match error.retryable {
        Retryable::InDoubt => {
            format!("{noun} may have been delivered to {name}: {error}; {made} so far, tries again at {next}")
        }
        Retryable::No | Retryable::Yes { .. } | Retryable::OutsideThread | Retryable::ChannelGone => {
            format!("cannot deliver {noun} to {name} yet: {error}; {made} so far, tries again at {next}")
        }
    }
}

#[cfg(test)]
mod tests;
