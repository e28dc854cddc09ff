//! One channel and the messages that wait for it.

use std::collections::VecDeque;
use std::rc::Rc;

use crate::notify::{Channel, DeliveryResult, Retryable, RoundMessage};

/// How many messages wait for one channel; beyond it the oldest is dropped, with an error in the log.
const CAPACITY: usize = 100;

/// One message to deliver.
#[derive(Clone)]
pub(super) struct QueuedMessage {
    pub(super) message: Rc<RoundMessage>,
    /// Whether the journal is to know of the delivery.
    pub(super) in_outbox: bool,
}

/// One channel and the messages that wait for it.
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
    /// The service accepts nothing now.
    BackingOff,
}

/// What follows from a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AfterDelivery {
    /// The message was delivered, or never will be.
    Done,
    /// The message waits in front of the others until the queue is woken.
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

    /// Adds `message`; returns the one that is dropped for it, if the queue is full.
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

    /// The next message to send, unless the queue is busy.
    pub(super) fn take_next(&mut self) -> Option<QueuedMessage> {
        if self.state != QueueState::Idle {
            return None;
        }
        let message = self.waiting.pop_front()?;
        self.state = QueueState::Sending;
        Some(message)
    }

    /// Notes the result for `message`; what may work later is tried again, unless macaque is `stopping`.
    pub(super) fn note(
        &mut self,
        message: QueuedMessage,
        result: DeliveryResult,
        stopping: bool,
    ) -> AfterDelivery {
        self.state = QueueState::Idle;
        let name = self.channel.name();
        let Err(error) = result else {
            return AfterDelivery::Done;
        };

        match (error.retryable, stopping) {
            (Retryable::No, _) => {
                self.dropped += 1;
                let dropped = self.dropped;
                log::error!(channel = name, dropped; "cannot deliver a report to {name}: {error}");
                AfterDelivery::Done
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

    /// Ends a back-off.
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
