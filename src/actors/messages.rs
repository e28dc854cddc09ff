//! The messages between the actors: commands are imperative, events in the past tense.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use actix::Recipient;
use jiff::Timestamp;
use macaque_core::journal::{Message, MessageId, OutboxEntry};
use macaque_core::notice::Notice;
use macaque_core::recovery::RecoveryReport;
use macaque_core::report::RoundReport;

use super::role::ActorRole;
use crate::heartbeat::Unhealthy;
use crate::recovery::FollowedVictim;

/// Clock → Killer: a round is due.
#[derive(Debug, Clone, actix::Message)]
#[rtype(result = "()")]
pub struct RoundDue {
    /// The scheduled instant.
    pub slot: Timestamp,
    /// The seed of the draw. The report names it, so that the draw can be repeated.
    pub seed: u64,
}

/// Killer → Notifier: a round ended, with this report.
#[derive(Debug, Clone, actix::Message)]
#[rtype(result = "()")]
pub struct RoundFinished {
    /// The report.
    pub report: Arc<RoundReport>,
    /// Whether the report is in the journal's outbox, or will be once its round can be closed. If so, it may be sent more
    /// than once, and its slot identifies it. If not, the round was never claimed here, and another replica may have run
    /// the same slot.
    pub in_outbox: bool,
    /// Whether the report was read from the journal, which may have shortened it.
    pub from_journal: bool,
    /// The names of the channels that already received the report.
    pub delivered: Vec<String>,
}

/// Killer → Watcher: the API server accepted a disruption.
#[derive(Debug, Clone, actix::Message)]
#[rtype(result = "()")]
pub struct DisruptionAccepted {
    /// The victim, whose recovery begins.
    pub recovery: FollowedVictim,
}

/// Killer → Watcher: these recoveries are in the journal, and this process has to watch them.
#[derive(Debug, Clone, actix::Message)]
#[rtype(result = "()")]
pub struct RecoveriesFound {
    /// The recoveries.
    pub recoveries: Vec<FollowedVictim>,
}

/// Watcher → Killer: a Watcher has started and knows of no recovery yet.
#[derive(Debug, Clone, Copy, actix::Message)]
#[rtype(result = "()")]
pub struct RecoveriesWanted;

/// Watcher or Killer → Notifier: a recovery ended, or its replacement is stuck.
#[derive(Debug, Clone, actix::Message)]
#[rtype(result = "()")]
pub struct RecoveryReported {
    /// The report, which is in the journal's outbox.
    pub report: Arc<RecoveryReport>,
    /// The names of the channels that already received it.
    pub delivered: Vec<String>,
    /// By channel, the message of the round there, to which this is a reply, as far as the journal knows.
    pub threads: BTreeMap<String, String>,
}

impl RecoveryReported {
    /// The message about the recovery that `entry` of the outbox is about; `None` if it is about a round.
    pub fn of_entry(entry: OutboxEntry) -> Option<Self> {
        let Message::Recovery(report) = entry.message else {
            return None;
        };
        Some(Self {
            report: Arc::new(report),
            delivered: entry.delivered,
            threads: entry.threads,
        })
    }
}

/// Killer → Notifier: there is a notice for people.
#[derive(Debug, Clone, actix::Message)]
#[rtype(result = "()")]
pub struct NoticeIssued {
    /// The notice, which is in the journal's outbox.
    pub notice: Arc<Notice>,
    /// The names of the channels that already received it.
    pub delivered: Vec<String>,
}

/// Notifier → Killer: these channels received a message, or never will.
#[derive(Debug, Clone, actix::Message)]
#[rtype(result = "()")]
pub struct MessageDelivered {
    /// The message.
    pub message: MessageId,
    /// The channels' names, each with the name that the service gave to the message there, if it can be replied to.
    pub channels: BTreeMap<String, Option<String>>,
    /// Whether no other channel is still waiting for the message.
    pub done: bool,
}

impl MessageDelivered {
    /// Creates the message that no channel is waiting for the message any longer.
    pub fn finished(message: MessageId) -> Self {
        Self {
            message,
            channels: BTreeMap::new(),
            done: true,
        }
    }

    /// Adds a later delivery of the same message.
    pub fn add(&mut self, more: Self) {
        self.channels.extend(more.channels);
        self.done |= more.done;
    }
}

/// Supervisor → each child: finish current work, accept nothing new, and stop.
#[derive(Debug, Clone, Copy, actix::Message)]
#[rtype(result = "()")]
pub struct Shutdown;

/// A child → Supervisor: the child has started.
#[derive(actix::Message)]
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
#[derive(Debug, actix::Message)]
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
#[derive(Debug, Clone, Copy, actix::Message)]
#[rtype(result = "()")]
pub struct StopRequested(pub &'static str);
