//! The faults of the trials: the rows of the table.

use std::fmt;

use macaque::failpoint::FailPoint;

use crate::recovery_fault::WATCHER;

/// What goes wrong in one trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TrialFault {
    /// Nothing.
    None,
    /// On the network between a replica and the API server.
    Network(NetworkFault),
    /// At the chat service.
    Chat(ChatFault),
    /// To the first actor of each replica's first process that passes a fail point.
    Actor(FailPoint, ActorFault),
    /// To a process, or to the journal.
    Environment(EnvironmentFault),
}

/// What happens to requests on the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NetworkFault {
    ResetBefore,
    ResetAfter,
    Stall,
    SlowAnswer,
    Truncated,
    Garbage,
    Html,
    Unauthorized,
    Throttled,
    Error500,
    Error500After,
    Error503,
    Error504,
    Error504After,
    ActsLate,
    EndlessList,
    ListExpires,
    HugeList,
    Mixed,
}

/// What the chat service does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChatFault {
    Down,
    Error500,
    Throttled,
    ResetAfter,
}

/// What happens to an actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ActorFault {
    Panic,
    Block,
    Hang,
    Abort,
}

/// What happens to processes and to the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EnvironmentFault {
    Killed,
    Suspended,
    Terminated,
    KilledAsPid1,
    TerminatedAsPid1,
    JournalContended,
    JournalDeleted,
    JournalRestored,
    JournalTruncated,
    Paused,
    PodsMissing,
}

impl NetworkFault {
    /// Every kind but the mix.
    pub(crate) const ALL: [Self; 18] = [
        Self::ResetBefore,
        Self::ResetAfter,
        Self::Stall,
        Self::SlowAnswer,
        Self::Truncated,
        Self::Garbage,
        Self::Html,
        Self::Unauthorized,
        Self::Throttled,
        Self::Error500,
        Self::Error500After,
        Self::Error503,
        Self::Error504,
        Self::Error504After,
        Self::ActsLate,
        Self::EndlessList,
        Self::ListExpires,
        Self::HugeList,
    ];

    fn words(self) -> &'static str {
        match self {
            Self::ResetBefore => "connection reset before the server acted",
            Self::ResetAfter => "connection reset after the server acted",
            Self::Stall => "no answer, the server never acts",
            Self::SlowAnswer => "the answer comes byte by byte",
            Self::Truncated => "answer truncated",
            Self::Garbage => "garbage for an answer",
            Self::Html => "a page of HTML, 200",
            Self::Unauthorized => "401",
            Self::Throttled => "429 with Retry-After",
            Self::Error500 => "500 before the server acted",
            Self::Error500After => "500 after the server acted",
            Self::Error503 => "503",
            Self::Error504 => "504 before the server acted",
            Self::Error504After => "504 after the server acted",
            Self::ActsLate => "connection reset, the server acts later",
            Self::EndlessList => "endless continue tokens",
            Self::ListExpires => "410 between two pages",
            Self::HugeList => "lists of megabytes",
            Self::Mixed => "a mix of all of these",
        }
    }
}

impl ActorFault {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Panic => "panic",
            Self::Block => "thread blocked, wakes later",
            Self::Hang => "await that never ends",
            Self::Abort => "process aborts",
        }
    }
}

impl TrialFault {
    /// Whether the replicas need a process namespace of their own.
    pub(crate) fn needs_a_namespace(self) -> bool {
        matches!(
            self,
            Self::Environment(EnvironmentFault::KilledAsPid1 | EnvironmentFault::TerminatedAsPid1)
        )
    }

    /// Every row, in the order of the table.
    pub(crate) fn all() -> Vec<Self> {
        let networks = NetworkFault::ALL
            .into_iter()
            .chain([NetworkFault::Mixed])
            .map(Self::Network);
        let chats = [
            ChatFault::Down,
            ChatFault::Error500,
            ChatFault::Throttled,
            ChatFault::ResetAfter,
        ]
        .map(Self::Chat);
        let faults = [
            ActorFault::Panic,
            ActorFault::Block,
            ActorFault::Hang,
            ActorFault::Abort,
        ];
        // The points of a recovery have trials of their own, and neither Events nor the history are written here.
        let unused = [FailPoint::BeforeEvent, FailPoint::BeforeHistory];
        let points = FailPoint::ALL
            .into_iter()
            .filter(|point| !WATCHER.contains(point) && !unused.contains(point))
            .flat_map(|point| faults.map(|fault| Self::Actor(point, fault)));
        let environment = [
            EnvironmentFault::Killed,
            EnvironmentFault::Suspended,
            EnvironmentFault::Terminated,
            EnvironmentFault::KilledAsPid1,
            EnvironmentFault::TerminatedAsPid1,
            EnvironmentFault::JournalContended,
            EnvironmentFault::JournalDeleted,
            EnvironmentFault::JournalRestored,
            EnvironmentFault::JournalTruncated,
            EnvironmentFault::Paused,
            EnvironmentFault::PodsMissing,
        ];

        std::iter::once(Self::None)
            .chain(networks)
            .chain(chats)
            .chain(points)
            .chain(environment.map(Self::Environment))
            .collect()
    }
}

impl fmt::Display for TrialFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Network(fault) => write!(f, "network: {}", fault.words()),
            Self::Chat(chat) => f.write_str(match chat {
                ChatFault::Down => "chat: no answer",
                ChatFault::Error500 => "chat: 500",
                ChatFault::Throttled => "chat: 429",
                ChatFault::ResetAfter => "chat: reset after the message was accepted",
            }),
            Self::Actor(point, fault) => write!(f, "{point:?}: {}", fault.words()),
            Self::Environment(fault) => f.write_str(match fault {
                EnvironmentFault::Killed => "SIGKILL at random moments",
                EnvironmentFault::Suspended => "SIGSTOP, and SIGCONT later",
                EnvironmentFault::Terminated => "SIGTERM at random moments",
                EnvironmentFault::KilledAsPid1 => "SIGKILL at random moments, as PID 1",
                EnvironmentFault::TerminatedAsPid1 => "SIGTERM at random moments, as PID 1",
                EnvironmentFault::JournalContended => "journal: written by others all the time",
                EnvironmentFault::JournalDeleted => "journal: deleted, and created anew",
                EnvironmentFault::JournalRestored => "journal: an old copy is put back",
                EnvironmentFault::JournalTruncated => "journal: truncated, and repaired",
                EnvironmentFault::Paused => "paused, and resumed",
                EnvironmentFault::PodsMissing => "every workload lacks a pod, and is whole again",
            }),
        }
    }
}
