//! Fail points: places in the code where a test can make macaque fail. Outside tests they do nothing.

use std::fmt;
use std::sync::Arc;

/// A place at which a test may make macaque fail, in the order of a round and of the recovery that follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailPoint {
    /// The Supervisor checks the other actors.
    SupervisorTick,
    /// The Clock is about to announce a due round to the Killer.
    BeforeDue,
    /// The Clock has announced a due round to the Killer.
    AfterDue,
    /// The Killer accepted a round and has not begun it.
    BeforeRound,
    /// A victim was picked, and is not reserved in the journal yet.
    BeforeReserve,
    /// The journal holds the reservation of the victim.
    AfterReserve,
    /// The disruption is about to be sent.
    BeforeDisrupt,
    /// The outcome is known.
    AfterDisrupt,
    /// The outcome is about to be recorded.
    BeforeResolve,
    /// The outcome is recorded in the journal.
    AfterResolve,
    /// The Killer finished a round and has not reported it.
    BeforeReport,
    /// The Notifier accepted a report and has not delivered it yet.
    BeforeNotify,
    /// A report was delivered to a channel, and the Killer does not know it yet.
    AfterNotify,
    /// The Watcher is about to follow a recovery.
    BeforeFollow,
    /// What became of a recovery is about to be recorded.
    BeforeRecovered,
    /// What became of a recovery is recorded in the journal, and the Notifier does not know it yet.
    AfterRecovered,
    /// The EventRecorder is about to write Events.
    BeforeEvent,
    /// The HistoryRecorder is about to read and to write the history.
    BeforeHistory,
}

impl FailPoint {
    /// Every fail point, in order.
    pub const ALL: [Self; 18] = [
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
        Self::BeforeFollow,
        Self::BeforeRecovered,
        Self::AfterRecovered,
        Self::BeforeEvent,
        Self::BeforeHistory,
    ];
}

/// What to do at a fail point after a test's hook returned; the hook itself may also panic, block the thread or abort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailAction {
    /// Continue as usual.
    Continue,
    /// Wait forever.
    Hang,
}

type Hook = Arc<dyn Fn(FailPoint) -> FailAction + Send + Sync>;

/// The fail points of one process, armed with a test's hook or not at all.
#[derive(Clone, Default)]
pub struct FailPoints(Option<Hook>);

impl FailPoints {
    /// Arms the fail points: `hook` is called at each of them, on the actor that passes it.
    pub fn armed(hook: impl Fn(FailPoint) -> FailAction + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(hook)))
    }

    /// Passes `point`, and does what the hook asks for.
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
