//! What people are to know beside rounds and recoveries: that macaque is paused, that a window opens or closes, and the
//! digest of a week.

mod activity;
mod owner_result;
mod scope_owners;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::activity::Activity;
pub(crate) use self::activity::{refuser, short_name};
pub(crate) use self::owner_result::OwnerResult;
pub use self::scope_owners::ScopeOwners;
use crate::schedule::DayWindow;

/// A notice for people.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Notice {
    /// The instant that it is about, which together with its kind identifies it.
    pub at: Timestamp,
    /// What it says.
    pub content: NoticeContent,
}

/// What a notice says.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum NoticeContent {
    /// Macaque is paused.
    Paused {
        /// The user who paused it, if known.
        by: Option<String>,
        /// The reason, if one was given.
        reason: Option<String>,
        /// When the pause ends by itself, if it does.
        until: Option<Timestamp>,
    },
    /// The pause is over.
    Resumed {
        /// When the pause was announced.
        since: Timestamp,
    },
    /// The first round of a day is due soon, or was due.
    WindowOpened {
        /// The last slot of the day.
        last: Timestamp,
        /// How many rounds the day has.
        rounds: usize,
    },
    /// The last round of a day is over.
    WindowClosed {
        /// The first slot of the day.
        first: Timestamp,
        /// How many victims have not recovered yet.
        recovering: usize,
        /// What happened on that day.
        #[serde(flatten)]
        activity: Activity,
    },
    /// What happened in a week.
    Digest(Box<Digest>),
}

/// What happened in a week, also if nothing did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Digest {
    /// The beginning of the week: the digest before, or the first start with one.
    pub since: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub activity: Activity,
    /// The median of the last recoveries of the week, in milliseconds, if any was measured.
    pub median_ms: Option<u64>,
    /// How many owners in scope were looked at.
    pub owners: usize,
    /// The owners in scope that had no turn, by the reason.
    pub without_turn: Vec<OwnersWithoutTurn>,
    /// How many owners in scope there were too many to look at.
    pub unjudged: usize,
    /// How many owners that had a turn may be named among those that had none, because there are too many to remember.
    pub forgotten: usize,
    /// What kept macaque from looking at the pods in scope, or at some of them.
    pub problems: Vec<String>,
}

/// The owners that had no turn for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OwnersWithoutTurn {
    /// The reason.
    pub reason: NoTurn,
    /// How many there are.
    pub count: usize,
    /// Some of them.
    pub owners: Vec<OwnerWithoutTurn>,
}

/// An owner that had no turn.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OwnerWithoutTurn {
    /// The owner's namespace.
    pub namespace: String,
    /// The owner: `Deployment/web`, for example.
    pub owner: String,
    /// Who refused its pods, which guard held them back, or which rule exempts them.
    pub by: Option<String>,
}

/// The reason for which an owner had no turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoTurn {
    /// The disruption of its pods was refused.
    Refused,
    /// A guard held its pods back.
    Held,
    /// Some of its pods are eligible, and none was drawn.
    NotDrawn,
    /// All its pods are exempt.
    Exempt,
}

/// What people may want to know at some moment, beside pauses: the journal decides what of it is news.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DueNotices {
    /// The window that is open, or opens soon.
    pub window: Option<DayWindow>,
    /// The digest that was due last.
    pub digest: Option<DueDigest>,
}

/// A digest that is due.
#[derive(Debug, Clone, PartialEq)]
pub struct DueDigest {
    /// When it became due.
    pub at: Timestamp,
    /// The owners in scope, as they were just listed; without them the digest has to wait.
    pub scope: Option<ScopeOwners>,
}

impl NoticeContent {
    /// The kind in one word.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Paused { .. } => "paused",
            Self::Resumed { .. } => "resumed",
            Self::WindowOpened { .. } => "window-opened",
            Self::WindowClosed { .. } => "window-closed",
            Self::Digest(_) => "digest",
        }
    }
}

impl NoTurn {
    /// Every reason.
    pub const ALL: [Self; 4] = [Self::Refused, Self::Held, Self::NotDrawn, Self::Exempt];

    /// The reason in one word, for tables and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Held => "held",
            Self::NotDrawn => "not-drawn",
            Self::Exempt => "exempt",
        }
    }
}
