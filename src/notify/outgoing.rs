//! What is delivered: a message, and where in a channel it goes.

use std::fmt;

use jiff::Timestamp;
use macaque_core::journal::MessageId;

use super::delivery::DeliveryError;
use super::message::{NoticeMessage, RecoveryMessage, RoundMessage};

/// A message for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutgoingMessage {
    /// About a round.
    Round(RoundMessage),
    /// About a recovery.
    Recovery(RecoveryMessage),
    /// A notice.
    Notice(NoticeMessage),
}

impl OutgoingMessage {
    /// What identifies the message: the same for every try, and for no other message of this monkey.
    pub fn id(&self) -> MessageId {
        match self {
            Self::Round(round) => MessageId::of_round(round.slot),
            Self::Recovery(recovery) => MessageId::of_recovery(&recovery.report),
            Self::Notice(notice) => MessageId::of_notice(&notice.notice),
        }
    }

    /// The slot of the round, or the instant of the notice.
    pub fn slot(&self) -> Timestamp {
        self.id().slot
    }

    /// The message in one line.
    pub fn headline(&self) -> &str {
        match self {
            Self::Round(round) => &round.headline,
            Self::Recovery(recovery) => &recovery.headline,
            Self::Notice(notice) => &notice.headline,
        }
    }

    /// The lines below the headline.
    pub fn lines(&self) -> impl Iterator<Item = &String> {
        let (victims, notes) = match self {
            Self::Round(round) => (round.victim_lines.as_slice(), &round.notes),
            Self::Recovery(recovery) => (&[][..], &recovery.notes),
            Self::Notice(notice) => (&[][..], &notice.notes),
        };
        victims.iter().chain(notes)
    }

    /// What identifies the message, for people.
    pub fn footer(&self) -> &str {
        match self {
            Self::Round(round) => &round.footer,
            Self::Recovery(recovery) => &recovery.footer,
            Self::Notice(notice) => &notice.footer,
        }
    }

    /// The cluster's name, if it has one.
    pub fn cluster(&self) -> Option<&str> {
        let cluster = match self {
            Self::Round(round) => &round.cluster,
            Self::Recovery(recovery) => &recovery.cluster,
            Self::Notice(notice) => &notice.cluster,
        };
        cluster.as_deref()
    }

    /// The message about a round, if it is one.
    pub fn into_round(self) -> Option<RoundMessage> {
        match self {
            Self::Round(round) => Some(round),
            Self::Recovery(_) | Self::Notice(_) => None,
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

impl From<NoticeMessage> for OutgoingMessage {
    fn from(message: NoticeMessage) -> Self {
        Self::Notice(message)
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

impl Placement<'_> {
    /// Refuses an edit, for a service of this title that has none.
    ///
    /// # Errors
    /// The placement is an edit.
    pub fn refuse_edit(self, title: &str) -> Result<(), DeliveryError> {
        match self {
            Self::Edit(_) => Err(DeliveryError::no_edit(title)),
            Self::Own | Self::Reply(_) => Ok(()),
        }
    }
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
