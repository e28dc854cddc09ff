//! The queue of messages for one channel.

use std::collections::VecDeque;
use std::rc::Rc;

use crate::notify::{Channel, DeliveryResult, Retryable, RoundMessage};

/// How many messages may wait for one channel; beyond that the oldest is dropped, with an error in the log.
const CAPACITY: usize = 100;

/// A message to deliver.
#[derive(Clone)]
pub(super) struct QueuedMessage {
    pub(super) message: Rc<RoundMessage>,
    /// Whether the report is in the journal's outbox, so that its delivery must be recorded.
    pub(super) in_outbox: bool,
}

/// A channel and the messages that wait for it.
pub(super) struct ChannelQueue {
    pub(super) channel: Channel,
    waiting: VecDeque<QueuedMessage>,
    state: QueueState,
    dropped: usize,
}

/// What a queue is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum QueueState {
    Idle,
    Sending,
    /// The last delivery failed, and the queue waits before it tries again.
    BackingOff,
}

/// What to do after a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AfterDelivery {
    /// The message was delivered, or never will be.
    Finished,
    /// The message is first in the queue again; deliver it when the queue is woken.
    Retry,
    /// The message is undelivered, and there is no time to try again.
    Undelivered,
}

impl ChannelQueue {
    pub(super) fn new(channel: Channel) -> Self {
        Self {
            channel,
            waiting: VecDeque::new(),
            state: QueueState::Idle,
            dropped: 0,
        }
    }

    /// Adds `message`; if the queue is full, drops and returns the oldest one.
    pub(super) fn push(&mut self, message: QueuedMessage) -> Option<QueuedMessage> {
        self.waiting.push_back(message);
        if self.waiting.len() <= CAPACITY {
            return None;
        }

        let oldest = self.waiting.pop_front();
        self.dropped += 1;
        let name = self.channel.name();
        let dropped = self.dropped;
        log::error!(
            channel = name, dropped;
            "{name} queue is full ({CAPACITY}): dropped the oldest message, {dropped} dropped so far"
        );
        oldest
    }

    /// Takes the next message to send, unless the queue is busy.
    pub(super) fn take_next(&mut self) -> Option<QueuedMessage> {
        if self.state != QueueState::Idle {
            return None;
        }
        let message = self.waiting.pop_front()?;
        self.state = QueueState::Sending;
        Some(message)
    }

    /// Notes the result for `message`; a delivery that may work later is retried, unless macaque is `stopping`.
    pub(super) fn note(
        &mut self,
        message: QueuedMessage,
        result: DeliveryResult,
        stopping: bool,
    ) -> AfterDelivery {
        self.state = QueueState::Idle;
        let name = self.channel.name();
        let Err(error) = result else {
            return AfterDelivery::Finished;
        };

        match (error.retryable, stopping) {
            (Retryable::No, _) => {
                self.dropped += 1;
                let dropped = self.dropped;
                log::error!(channel = name, dropped; "cannot deliver a report to {name}: {error}");
                AfterDelivery::Finished
            }
            (Retryable::Yes { .. }, false) => {
                log::warn!(channel = name; "cannot deliver a report to {name} yet: {error}");
                self.waiting.push_front(message);
                self.state = QueueState::BackingOff;
                AfterDelivery::Retry
            }
            (Retryable::Yes { .. }, true) => {
                log::error!(channel = name; "shutting down before {name} received a report: {error}");
                AfterDelivery::Undelivered
            }
        }
    }

    /// Ends the back-off, if the queue is backing off.
    pub(super) fn wake(&mut self) {
        if self.state == QueueState::BackingOff {
            self.state = QueueState::Idle;
        }
    }

    /// Whether no message waits and none is being sent.
    pub(super) fn is_drained(&self) -> bool {
        self.state == QueueState::Idle && self.waiting.is_empty()
    }
}
