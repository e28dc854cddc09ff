//! The whole conversation on one page. Commands are imperative, events are past.

use std::fmt;
use std::sync::Arc;

use actix::{Message, Recipient};
use jiff::Timestamp;

use super::supervisor::ActorRole;
use crate::heartbeat::Unhealthy;
use macaque_core::report::RoundReport;

/// Clock → Killer: a round is due. The seed makes it replayable from its report.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub struct RoundDue {
    /// The scheduled instant.
    pub slot: Timestamp,
    /// The seed of the draw.
    pub seed: u64,
}

/// Killer → Notifier: a round ended, and this is its story.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub struct RoundFinished {
    /// The story.
    pub report: Arc<RoundReport>,
    /// Whether it is a notice of the journal, which may come again: its slot is its name. A slot that was not played
    /// here has a story too, and may have been played elsewhere.
    pub notice: bool,
    /// The names of the channels that were told before.
    pub told: Vec<String>,
}

/// Notifier → Killer: these channels were told of a round, or never will be.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub struct ReportDelivered {
    /// The round's slot.
    pub slot: Timestamp,
    /// The channels' names.
    pub channels: Vec<String>,
    /// Whether nobody is left to tell.
    pub done: bool,
}

impl ReportDelivered {
    /// Nobody is left to tell.
    pub fn all(slot: Timestamp) -> Self {
        let (channels, done) = (Vec::new(), true);
        Self { slot, channels, done }
    }

    /// The same, and `more` of the same round.
    pub fn add(&mut self, more: Self) {
        self.channels.extend(more.channels);
        self.done |= more.done;
    }
}

/// Supervisor → each child: finish what you hold, take on nothing new, and stop.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct Shutdown;

/// A child → Supervisor: it runs now.
#[derive(Message)]
#[rtype(result = "()")]
pub struct ChildStarted {
    /// Which child.
    pub role: ActorRole,
    /// Which of its lives.
    pub life: u64,
    /// Where to send its [`Shutdown`].
    pub shutdown: Recipient<Shutdown>,
}

/// A child's monitor → Supervisor: it runs no more.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct ChildStopped {
    /// Which child.
    pub role: ActorRole,
    /// Which of its lives.
    pub life: u64,
    /// Why.
    pub why: ExitReason,
}

/// Why a child runs no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExitReason {
    /// It stopped by itself, or was told to.
    Stopped,
    /// It panicked, with these words.
    Panicked(String),
    /// Its task was cancelled with its Arbiter.
    Cancelled,
    /// It gives no sign of life; its thread may be blocked for ever.
    Hung(Unhealthy),
}

impl fmt::Display for ExitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped => f.write_str("it stopped by itself"),
            Self::Panicked(words) => write!(f, "panic: {words}"),
            Self::Cancelled => f.write_str("its task was cancelled"),
            Self::Hung(ailment) => ailment.fmt(f),
        }
    }
}

/// Anybody → Supervisor: end in order; said twice, end at once. Holds who asks, in words: `SIGTERM`.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct StopRequested(pub &'static str);
