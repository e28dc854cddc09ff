//! The messages between the actors: commands are imperative, events in the past tense.

use std::fmt;
use std::sync::Arc;

use actix::{Message, Recipient};
use jiff::Timestamp;
use macaque_core::report::RoundReport;

use super::role::ActorRole;
use crate::heartbeat::Unhealthy;

/// Clock → Killer: a round is due.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub struct RoundDue {
    /// The scheduled instant.
    pub slot: Timestamp,
    /// The seed of the draw. The report names it, so that the draw can be repeated.
    pub seed: u64,
}

/// Killer → Notifier: a round ended, with this report.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub struct RoundFinished {
    /// The report.
    pub report: Arc<RoundReport>,
    /// Whether the report is in the journal's outbox, or will be once its round can be closed. If so, it may be sent more
    /// than once, and its slot identifies it. If not, the round was never claimed here, and another replica may have run
    /// the same slot.
    pub in_outbox: bool,
    /// The names of the channels that already received the report.
    pub delivered: Vec<String>,
}

/// Notifier → Killer: these channels received a report, or never will.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub struct ReportDelivered {
    /// The round's slot.
    pub slot: Timestamp,
    /// The channels' names.
    pub channels: Vec<String>,
    /// Whether no other channel is still waiting for the report.
    pub done: bool,
}

impl ReportDelivered {
    /// Creates the message that no channel is waiting for the report of `slot` any longer.
    pub fn finished(slot: Timestamp) -> Self {
        Self {
            slot,
            channels: Vec::new(),
            done: true,
        }
    }

    /// Adds a later delivery of the same report.
    pub fn add(&mut self, more: Self) {
        self.channels.extend(more.channels);
        self.done |= more.done;
    }
}

/// Supervisor → each child: finish current work, accept nothing new, and stop.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct Shutdown;

/// A child → Supervisor: the child has started.
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

/// A child's monitor → Supervisor: the child has stopped.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct ChildStopped {
    /// The child's role.
    pub role: ActorRole,
    /// The child's incarnation.
    pub incarnation: u64,
    /// The reason for which the child stopped.
    pub reason: ExitReason,
}

/// The reason why a child stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExitReason {
    /// The actor stopped by itself, or was asked to.
    Stopped,
    /// The actor panicked, with this message.
    Panicked(String),
    /// The actor's task was cancelled with its Arbiter.
    Cancelled,
    /// The actor hangs; its thread may stay blocked forever.
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

/// Any sender → Supervisor: shut down cleanly or, if sent a second time, at once. Holds the name of the request for the
/// log, e.g. `SIGTERM`.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct StopRequested(pub &'static str);
