//! A message in the queue of a channel.

use std::rc::Rc;

use jiff::Timestamp;
use macaque_core::journal::MessageId;

use crate::notify::{OutgoingMessage, TryCount};

/// A message to deliver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct QueuedMessage {
    pub(super) message: Rc<OutgoingMessage>,
    pub(super) role: MessageRole,
    /// The name, in this channel, of the message that is replied to or edited, if it is known.
    pub(super) parent: Option<String>,
    /// Whether the service said of a reply that its parent is gone.
    pub(super) is_out_of_thread: bool,
    /// What identifies the message in the journal's outbox, if it is there, so that its delivery must be recorded.
    pub(super) id: Option<MessageId>,
    /// How often it was sent so far.
    pub(super) tries: TryCount,
}

/// What a message is to the messages about its round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MessageRole {
    /// The message is about the round itself.
    Round,
    /// A reply to the message about the round.
    Reply,
    /// The message is about no round.
    Notice,
    /// An edit: the message takes the place of the one about the round.
    Edit,
}

impl QueuedMessage {
    /// A message that is not in the outbox and was not sent yet.
    pub(super) fn new(message: Rc<OutgoingMessage>, role: MessageRole) -> Self {
        Self {
            message,
            role,
            parent: None,
            is_out_of_thread: false,
            id: None,
            tries: TryCount::default(),
        }
    }

    /// The slot of the round.
    pub(super) fn slot(&self) -> Timestamp {
        self.message.slot()
    }

    /// What the message is called in the log.
    pub(super) fn noun(&self) -> &'static str {
        match &*self.message {
            OutgoingMessage::Round(_) => "a report",
            OutgoingMessage::Recovery(_) => "the report of a recovery",
            OutgoingMessage::Notice(_) => "a notice",
        }
    }
}
