//! The whole conversation on one page. Commands are imperative, events are past.

use std::sync::Arc;

use actix::{Message, Recipient};
use jiff::Timestamp;

use super::supervisor::Role;
use crate::chaos::report::Report;

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
pub struct RoundFinished(pub Arc<Report>);

/// Supervisor → each child: finish what you hold, take on nothing new, and stop.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct Shutdown;

/// A child → Supervisor: it runs now.
#[derive(Message)]
#[rtype(result = "()")]
pub struct ChildStarted {
    /// Which child.
    pub role: Role,
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
    pub role: Role,
    /// Which of its lives.
    pub life: u64,
    /// Why, in words: the panic's text, or that it simply ended.
    pub why: String,
}

/// Anybody → Supervisor: end in order; said twice, end at once. Holds who asks, in words: `SIGTERM`.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct StopRequested(pub &'static str);
