//! What happens in this process, as facts that whoever counts or records them listens to. A listener must not block: it is
//! called by the actors, between two steps of their work.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use macaque_core::config::{DisruptionLimits, NamespaceScope};
use macaque_core::guard::GuardFinding;
use macaque_core::history::History;
use macaque_core::journal::{Journal, PauseRequest};
use macaque_core::outcome::DisruptionMethod;
use macaque_core::pod::{ControllerRef, OwnerRef};
use macaque_core::recovery::RecoveryReport;
use macaque_core::report::{AttemptReport, ExemptionTallies, RoundReport};
use macaque_core::rota::{Rota, RotaOwner};
use macaque_core::schedule::Calendar;

/// Something that happened, published after it did.
#[derive(Debug, Clone, Copy)]
pub enum Fact<'a> {
    /// The Clock waits for this slot; `None` if none is left.
    SlotPlanned(Option<Timestamp>),
    /// A round has checked the pods in scope, or a sample if they are very many.
    PodsChecked {
        /// How many candidates each namespace has.
        candidates: &'a BTreeMap<String, usize>,
        /// The other pods, by the rule that exempts them.
        exempted: &'a ExemptionTallies,
    },
    /// The outcome for a victim is known, and recorded if there was a request. Each is published once, by whoever records
    /// it: a takeover pass if the round was interrupted.
    VictimTried {
        /// The slot of the round.
        slot: Timestamp,
        /// The seed of its draw.
        seed: u64,
        /// How victims are disrupted.
        method: DisruptionMethod,
        /// The victim, and its outcome.
        attempt: &'a AttemptReport,
        /// The victim's controller, if its pod was read.
        controller: Option<&'a ControllerRef>,
    },
    /// A round cannot disrupt the pods of this namespace, because RBAC does not let it try a victim there.
    NamespaceForbidden(&'a str),
    /// A round ended, which this process recorded unless it never ran.
    RoundFinished(&'a RoundReport),
    /// A recovery ended, or its replacement is stuck; this process recorded it.
    RecoveryReported(&'a RecoveryReport),
    /// The journal was read or written, and is trusted unless it is in quarantine.
    JournalRead {
        /// The journal.
        journal: &'a Journal,
        /// The pause in force, if there is one.
        pause: Option<&'a PauseRequest>,
        /// When it was read.
        now: Timestamp,
    },
    /// The history was read or written.
    HistoryRead(&'a History),
    /// The journal is missing or cannot be used.
    JournalUnusable,
    /// A guard or a gate was asked in a round.
    GuardAnswered(&'a GuardFinding),
    /// A round knows when the next turn of each owner is.
    TurnsPlanned {
        /// The rota.
        rota: Rota<'a>,
        /// The owners that have turns.
        owners: &'a BTreeSet<RotaOwner>,
        /// When the next turn is of each owner that has none now.
        next: &'a BTreeMap<OwnerRef, Timestamp>,
    },
    /// An answer of the API server shows by how much this machine's clock is ahead of the server's.
    ClockCompared(SignedDuration),
    /// A request to the API server ended.
    RequestEnded {
        /// The verb by which Kubernetes authorizes it, such as `list`.
        verb: &'static str,
        /// The resource, with its subresource, such as `pods/eviction`; `other` for one that is not macaque's own.
        resource: &'static str,
        /// The HTTP status; `None` if no whole answer came.
        code: Option<u16>,
        /// How long it took.
        took: Duration,
    },
    /// A message to a channel was sent, will be tried again, or is given up.
    MessageHandled {
        /// The channel's name.
        channel: &'a str,
        /// What became of it.
        result: MessageResult,
    },
    /// So many messages wait for a channel.
    MessagesWaiting {
        /// The channel's name.
        channel: &'a str,
        /// How many.
        count: usize,
    },
    /// Rounds run by this configuration from now on, after a reload.
    ConfigInForce {
        /// Whether rounds are dry runs.
        is_dry_run: bool,
        /// How victims are disrupted.
        method: DisruptionMethod,
        /// The namespaces in scope.
        namespaces: &'a NamespaceScope,
        /// The limits on disruptions over time.
        limits: &'a DisruptionLimits,
        /// How long a recovery is watched.
        recovery_timeout: Duration,
        /// The names of the guards that are on.
        guards: &'a [String],
        /// The slots and the quiet times; `None` where rounds follow no calendar.
        calendar: Option<&'a Calendar>,
    },
    /// The configuration file has changed, and was put into force or was not.
    ReloadEnded {
        /// Whether it is in force.
        is_success: bool,
    },
    /// The Supervisor has started an actor of this role again.
    ActorRestarted(&'static str),
}

/// The fate of a message to a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageResult {
    /// The service accepted it.
    Sent,
    /// A try failed, and another will follow.
    Retried,
    /// The message was dropped, because too many wait, or it may have been delivered often enough.
    Dropped,
    /// The service will never accept it.
    Rejected,
}

/// A listener to facts, which must neither block nor panic.
pub trait FactListener: Send + Sync {
    /// Notes a fact.
    fn note(&self, fact: Fact<'_>);
}

/// Passes facts to its listeners; clones share them. The default has none.
#[derive(Clone, Default)]
pub struct Facts {
    listeners: Arc<[Arc<dyn FactListener>]>,
}

impl Facts {
    /// Passes facts to these listeners.
    pub fn new(listeners: impl IntoIterator<Item = Arc<dyn FactListener>>) -> Self {
        Self {
            listeners: listeners.into_iter().collect(),
        }
    }

    /// Publishes a fact.
    pub fn publish(&self, fact: Fact<'_>) {
        for listener in self.listeners.iter() {
            listener.note(fact);
        }
    }
}

impl MessageResult {
    /// Every result.
    pub const ALL: [Self; 4] = [Self::Sent, Self::Retried, Self::Dropped, Self::Rejected];

    /// The result in one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Retried => "retried",
            Self::Dropped => "dropped",
            Self::Rejected => "rejected",
        }
    }
}

impl fmt::Debug for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Facts")
            .field("listeners", &self.listeners.len())
            .finish()
    }
}
