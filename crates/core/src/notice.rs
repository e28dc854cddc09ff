//! What people are to know beside rounds and recoveries: that macaque is paused, that a window opens or closes, and the
//! digest of a week.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

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
    Resumed,
    /// The first round of a day is due.
    WindowOpened {
        /// The last slot of the day.
        last: Timestamp,
        /// How many rounds the day has.
        rounds: usize,
    },
    /// The last round of a day is over.
    WindowClosed {
        /// How many pods were disrupted on that day.
        disrupted: usize,
    },
    /// What happened in a week.
    Digest(Box<Digest>),
}

/// What happened in a week, also if nothing did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Digest {
    /// How many rounds ran.
    pub rounds: usize,
    /// How many pods were disrupted.
    pub disrupted: usize,
}

impl NoticeContent {
    /// The kind in one word.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Paused { .. } => "paused",
            Self::Resumed => "resumed",
            Self::WindowOpened { .. } => "window-opened",
            Self::WindowClosed { .. } => "window-closed",
            Self::Digest(_) => "digest",
        }
    }
}
