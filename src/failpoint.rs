//! The points at which a test may make macaque fail. Outside of tests nothing is armed and a point does nothing.

use std::fmt;
use std::sync::Arc;

/// A point that is passed on the way, in the order of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailPoint {
    /// The Supervisor looks after the others.
    SupervisorTick,
    /// The Clock is about to say that a round is due.
    BeforeDue,
    /// The Clock has said so.
    AfterDue,
    /// The Killer took a round on and has not begun it.
    BeforeRound,
    /// A victim was drawn, and the journal knows nothing of it.
    BeforeReserve,
    /// The journal holds the charge for the victim.
    AfterReserve,
    /// The disruption is about to be sent.
    BeforeDisrupt,
    /// What became of the victim is known, here alone.
    AfterDisrupt,
    /// What became of the victim is about to be written down.
    BeforeResolve,
    /// The journal knows what became of the victim.
    AfterResolve,
    /// The Killer finished a round and has not told it.
    BeforeReport,
    /// The Notifier took a report and has told nobody.
    BeforeNotify,
    /// A channel was told, and only the Notifier knows.
    AfterNotify,
}

impl FailPoint {
    /// Every point, in the order of a round.
    pub const ALL: [Self; 13] = [
        Self::SupervisorTick,
        Self::BeforeDue,
        Self::AfterDue,
        Self::BeforeRound,
        Self::BeforeReserve,
        Self::AfterReserve,
        Self::BeforeDisrupt,
        Self::AfterDisrupt,
        Self::BeforeResolve,
        Self::AfterResolve,
        Self::BeforeReport,
        Self::BeforeNotify,
        Self::AfterNotify,
    ];
}

/// What a test lets happen at a point. Panicking, blocking the thread and aborting it does itself, in its hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailAction {
    /// Go on.
    Continue,
    /// Await what never comes.
    Hang,
}

/// What happens at the points.
#[derive(Clone, Default)]
pub struct FailPoints(Option<Arc<dyn Fn(FailPoint) -> FailAction + Send + Sync>>);

impl FailPoints {
    /// Calls `hook` at every point; what it does happens to the actor that passes.
    pub fn armed(hook: impl Fn(FailPoint) -> FailAction + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(hook)))
    }

    /// `point` is passed.
    pub(crate) async fn pass(&self, point: FailPoint) {
        if let Some(hook) = &self.0
            && hook(point) == FailAction::Hang
        {
            std::future::pending::<()>().await;
        }
    }
}

impl fmt::Debug for FailPoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "armed" } else { "none" })
    }
}
