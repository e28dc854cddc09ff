//! All messages between the actors. Commands are imperative, events are past tense.

use std::fmt;
use std::sync::Arc;

use actix::{Message, Recipient};
use jiff::Timestamp;
use macaque_core::report::RoundReport;

use super::supervisor::ActorRole;
use crate::heartbeat::Unhealthy;

/// Clock → Killer: a round is due. The seed makes it repeatable from its report.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub struct RoundDue {
    /// The scheduled instant.
    pub slot: Timestamp,
    /// The seed of the draw.
    pub seed: u64,
}

/// Killer → Notifier: a round ended, with this report.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub struct RoundFinished {
    /// The report.
    pub report: Arc<RoundReport>,
    /// Whether the report is in the journal's outbox, and so may come again: its slot identifies it. A slot that was
    /// not run here has a report too, and may have been run elsewhere.
    pub in_outbox: bool,
    /// The names of the channels it was delivered to before.
    pub delivered: Vec<String>,
}

/// Notifier → Killer: a report was delivered to these channels, or never will be.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub struct ReportDelivered {
    /// The round's slot.
    pub slot: Timestamp,
    /// The channels' names.
    pub channels: Vec<String>,
    /// Whether no channel is left.
    pub done: bool,
}

impl ReportDelivered {
    /// No channel is left.
    pub fn all(slot: Timestamp) -> Self {
        Self {
            slot,
            channels: Vec::new(),
            done: true,
        }
    }

    /// Adds `more` of the same round.
    pub fn add(&mut self, more: Self) {
        self.channels.extend(more.channels);
        self.done |= more.done;
    }
}

/// Supervisor → each child: finish what you are doing, accept nothing new, and stop.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct Shutdown;

/// A child → Supervisor: it runs now.
#[derive(Message)]
#[rtype(result = "()")]
pub struct ChildStarted {
    /// The child's role.
    pub role: ActorRole,
    /// The child's incarnation.
    pub incarnation: u64,
    /// Where to send its [`Shutdown`].
    pub shutdown: Recipient<Shutdown>,
}

/// A child's monitor → Supervisor: it runs no more.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct ChildStopped {
    /// The child's role.
    pub role: ActorRole,
    /// The child's incarnation.
    pub incarnation: u64,
    /// The reason.
    pub reason: ExitReason,
}

/// The reason why a child runs no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExitReason {
    /// The actor stopped by itself, or was asked to.
    Stopped,
    /// The actor panicked, with this message.
    Panicked(String),
    /// The actor's task was cancelled with its Arbiter.
    Cancelled,
    /// The actor hangs; its thread may be blocked for ever.
    Hung(Unhealthy),
}

impl fmt::Display for ExitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped => f.write_str("it stopped by itself"),
            Self::Panicked(message) => write!(f, "panic: {message}"),
            Self::Cancelled => f.write_str("its task was cancelled"),
            Self::Hung(unhealthy) => unhealthy.fmt(f),
        }
    }
}

/// Anybody → Supervisor: shut down cleanly; sent twice, end at once. Holds who asks, in words: `SIGTERM`.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct StopRequested(pub &'static str);
