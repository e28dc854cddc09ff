//! Fail points: places at which a test makes macaque fail. Outside of tests none is armed and passing one does nothing.

use std::fmt;
use std::sync::Arc;

/// A place at which a test may make macaque fail, in the order of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailPoint {
    /// The Supervisor checks the other actors.
    SupervisorTick,
    /// The Clock is about to send that a round is due.
    BeforeDue,
    /// The Clock has sent it.
    AfterDue,
    /// The Killer accepted a round and has not begun it.
    BeforeRound,
    /// A victim was picked, and the journal does not know it yet.
    BeforeReserve,
    /// The journal holds the reservation of the victim.
    AfterReserve,
    /// The disruption is about to be sent.
    BeforeDisrupt,
    /// The outcome is known, but not recorded.
    AfterDisrupt,
    /// The outcome is about to be recorded.
    BeforeResolve,
    /// The journal knows the outcome.
    AfterResolve,
    /// The Killer finished a round and has not reported it.
    BeforeReport,
    /// The Notifier accepted a report and has delivered it to nobody.
    BeforeNotify,
    /// A report was delivered to a channel, and only the Notifier knows.
    AfterNotify,
}

impl FailPoint {
    /// Every fail point, in the order of a round.
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

/// What a test lets happen at a fail point. Panicking, blocking the thread and aborting happen in the test's hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailAction {
    /// Go on.
    Continue,
    /// Wait for ever.
    Hang,
}

type Hook = Arc<dyn Fn(FailPoint) -> FailAction + Send + Sync>;

/// The fail points of one process: armed with a test's hook, or not at all.
#[derive(Clone, Default)]
pub struct FailPoints(Option<Hook>);

impl FailPoints {
    /// Calls `hook` at every fail point; what it does happens to the actor that passes.
    pub fn armed(hook: impl Fn(FailPoint) -> FailAction + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(hook)))
    }

    /// Passes `point`.
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
