//! The faults that a trial suffers: the rows of the table.

use std::fmt;

use macaque::failpoint::FailPoint;

/// What goes wrong in one trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// On the wire between a replica and the API server.
    Wire(Wire),
    /// At the chat service.
    Chat(Chat),
    /// To the first actor of each replica's first life that passes a point.
    Point(FailPoint, Harm),
    /// To a process, or to the journal.
    World(World),
}

/// What happens to requests on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    ResetBefore,
    ResetAfter,
    Stall,
    Trickle,
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
    LandsLate,
    EndlessList,
    ListExpires,
    HugeList,
    Mixed,
}

/// What the chat service does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Chat {
    Down,
    Error500,
    Throttled,
    ResetAfter,
}

/// What is done to an actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Harm {
    Panic,
    Block,
    Hang,
    Abort,
}

/// What happens to processes and to the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum World {
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
}

impl Wire {
    /// Every kind but the mix.
    pub(crate) const ALL: [Self; 18] = [
        Self::ResetBefore,
        Self::ResetAfter,
        Self::Stall,
        Self::Trickle,
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
        Self::LandsLate,
        Self::EndlessList,
        Self::ListExpires,
        Self::HugeList,
    ];

    fn words(self) -> &'static str {
        match self {
            Self::ResetBefore => "connection reset before the server acted",
            Self::ResetAfter => "connection reset after the server acted",
            Self::Stall => "no answer, the server never acts",
            Self::Trickle => "the answer comes byte by byte",
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
            Self::LandsLate => "connection reset, the server acts later",
            Self::EndlessList => "endless continue tokens",
            Self::ListExpires => "410 between two pages",
            Self::HugeList => "lists of megabytes",
            Self::Mixed => "a mix of all of these",
        }
    }
}

impl Harm {
    fn words(self) -> &'static str {
        match self {
            Self::Panic => "panic",
            Self::Block => "thread blocked, wakes later",
            Self::Hang => "await that never ends",
            Self::Abort => "process aborts",
        }
    }
}

impl Fault {
    /// Whether the replicas need a process namespace of their own.
    pub(crate) fn needs_a_namespace(self) -> bool {
        matches!(self, Self::World(World::KilledAsPid1 | World::TerminatedAsPid1))
    }

    /// Every row, in the order of the table.
    pub(crate) fn all() -> Vec<Self> {
        let wires = Wire::ALL.into_iter().chain([Wire::Mixed]).map(Self::Wire);
        let chats = [Chat::Down, Chat::Error500, Chat::Throttled, Chat::ResetAfter].map(Self::Chat);
        let harms = [Harm::Panic, Harm::Block, Harm::Hang, Harm::Abort];
        let points = FailPoint::ALL
            .into_iter()
            .flat_map(|point| harms.map(|harm| Self::Point(point, harm)));
        let world = [
            World::Killed,
            World::Suspended,
            World::Terminated,
            World::KilledAsPid1,
            World::TerminatedAsPid1,
            World::JournalContended,
            World::JournalDeleted,
            World::JournalRestored,
            World::JournalTruncated,
            World::Paused,
        ];
        std::iter::once(Self::None)
            .chain(wires)
            .chain(chats)
            .chain(points)
            .chain(world.map(Self::World))
            .collect()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Wire(wire) => write!(f, "wire: {}", wire.words()),
            Self::Chat(chat) => f.write_str(match chat {
                Chat::Down => "chat: nobody answers",
                Chat::Error500 => "chat: 500",
                Chat::Throttled => "chat: 429",
                Chat::ResetAfter => "chat: reset after the message was taken",
            }),
            Self::Point(point, harm) => write!(f, "{point:?}: {}", harm.words()),
            Self::World(world) => f.write_str(match world {
                World::Killed => "SIGKILL at random moments",
                World::Suspended => "SIGSTOP, and SIGCONT later",
                World::Terminated => "SIGTERM at random moments",
                World::KilledAsPid1 => "SIGKILL at random moments, as PID 1",
                World::TerminatedAsPid1 => "SIGTERM at random moments, as PID 1",
                World::JournalContended => "journal: others write it all the time",
                World::JournalDeleted => "journal: deleted, and created anew",
                World::JournalRestored => "journal: an old copy is put back",
                World::JournalTruncated => "journal: truncated, and mended",
                World::Paused => "paused, and resumed",
            }),
        }
    }
}
