//! The points at which a test may make an actor fail. Outside of tests nothing is armed and a point does nothing.

use std::fmt;
use std::sync::Arc;

/// A point that an actor passes, in the order of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Point {
    /// The Clock is about to say that a round is due.
    ClockBeforeDue,
    /// The Killer took a round on and has not begun it.
    KillerBeforeRound,
    /// The Killer finished a round and has not told it.
    KillerBeforeReport,
    /// The Notifier took a report and has told nobody.
    NotifierBeforeDelivery,
}

/// What happens at the points.
#[derive(Clone, Default)]
pub struct Faults(Option<Arc<dyn Fn(Point) + Send + Sync>>);

impl Faults {
    /// Calls `hook` at every point; it may panic, and the actor does with it.
    pub fn armed(hook: impl Fn(Point) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(hook)))
    }

    /// An actor passes `point`.
    pub(super) fn pass(&self, point: Point) {
        if let Some(hook) = &self.0 {
            hook(point);
        }
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "armed" } else { "none" })
    }
}
