//! What is delivered: a message, and where in a channel it goes.

use std::fmt;

use super::message::{RecoveryMessage, RoundMessage};

/// A message for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutgoingMessage {
    /// About a round.
    Round(RoundMessage),
    /// About a recovery.
    Recovery(RecoveryMessage),
}

impl OutgoingMessage {
    /// The message about a round, if it is one.
    pub fn into_round(self) -> Option<RoundMessage> {
        match self {
            Self::Round(round) => Some(round),
            Self::Recovery(_) => None,
        }
    }
}

impl From<RoundMessage> for OutgoingMessage {
    fn from(message: RoundMessage) -> Self {
        Self::Round(message)
    }
}

impl From<RecoveryMessage> for OutgoingMessage {
    fn from(message: RecoveryMessage) -> Self {
        Self::Recovery(message)
    }
}

/// Where in a channel a message goes. A message is named as the service named it when it was delivered.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Placement<'a> {
    /// A message of its own.
    Own,
    /// A reply in the thread of the message of this name.
    Reply(&'a str),
    /// In place of the message of this name.
    Edit(&'a str),
}

/// Omits the name, which tells the destination.
impl fmt::Debug for Placement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Own => "Own",
            Self::Reply(_) => "Reply",
            Self::Edit(_) => "Edit",
        })
    }
}
