//! One channel and what waits for it.

use std::collections::VecDeque;
use std::rc::Rc;

use crate::notify::delivery::Retryable;
use crate::notify::{Channel, DeliveryResult, RoundMessage};

/// How many messages wait for one channel; beyond it the oldest is dropped, and said to be.
const QUEUE: usize = 100;

/// One message to deliver.
#[derive(Clone)]
pub(super) struct QueuedMessage {
    pub(super) message: Rc<RoundMessage>,
    /// Whether the journal is to know that it was told.
    pub(super) notice: bool,
}

/// One channel and what waits for it.
pub(super) struct ChannelQueue {
    pub(super) channel: Channel,
    waiting: VecDeque<QueuedMessage>,
    state: QueueState,
    dropped: usize,
}

/// What a lane is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum QueueState {
    Idle,
    Sending,
    /// The service takes nothing now.
    BackingOff,
}

/// What follows from a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AfterDelivery {
    /// The channel was told, or never will be.
    Done,
    /// The message waits in front of the others until the lane is woken.
    Retry,
    /// There is no time to try again.
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

    /// Lets `errand` wait; the one that must go for it, if one must.
    pub(super) fn push(&mut self, errand: QueuedMessage) -> Option<QueuedMessage> {
        self.waiting.push_back(errand);
        let dropped = (self.waiting.len() > QUEUE).then(|| self.waiting.pop_front())?;
        self.dropped += 1;
        log::error!(
            channel = self.channel.name(), dropped = self.dropped;
            "a message for {} was dropped, {} in all: {QUEUE} wait before it", self.channel.name(), self.dropped
        );
        dropped
    }

    /// The next message to send, if nothing keeps it.
    pub(super) fn take_next(&mut self) -> Option<QueuedMessage> {
        if self.state != QueueState::Idle {
            return None;
        }
        let errand = self.waiting.pop_front()?;
        self.state = QueueState::Sending;
        Some(errand)
    }

    /// What became of `errand`; what cannot be had now is tried again, unless macaque is `stopping`.
    pub(super) fn note(
        &mut self,
        errand: QueuedMessage,
        delivery: DeliveryResult,
        stopping: bool,
    ) -> AfterDelivery {
        self.state = QueueState::Idle;
        let name = self.channel.name();
        let Err(error) = delivery else {
            log::debug!(channel = name; "{name} was told");
            return AfterDelivery::Done;
        };
        match (error.hope, stopping) {
            (Retryable::No, _) => {
                self.dropped += 1;
                log::error!(channel = name, dropped = self.dropped; "{name} was not told of a round: {error}");
                AfterDelivery::Done
            }
            (Retryable::Yes { .. }, false) => {
                log::warn!(channel = name; "{name} was not told of a round yet: {error}");
                self.waiting.push_front(errand);
                self.state = QueueState::BackingOff;
                AfterDelivery::Retry
            }
            (Retryable::Yes { .. }, true) => {
                log::error!(channel = name; "{name} is not told of a round before this end: {error}");
                AfterDelivery::Undelivered
            }
        }
    }

    /// Ends a rest.
    pub(super) fn wake(&mut self) {
        if self.state == QueueState::BackingOff {
            self.state = QueueState::Idle;
        }
    }

    /// Whether nothing waits and nothing is on its way.
    pub(super) fn is_drained(&self) -> bool {
        self.state == QueueState::Idle && self.waiting.is_empty()
    }
}
