//! What stands out about one owner.

use serde::Serialize;

use crate::notice::NoTurn;

/// What stands out about one owner, the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OwnerFinding {
    /// The owner was not whole again in time, at least once.
    Unrecovered,
    /// The owner was whole again later than expected, at least once.
    Slow,
    /// Nobody knows whether one of its pods was disrupted.
    Unknown,
    /// A recovery goes on, as far as is known.
    Recovering,
    /// The owner had no turn: the disruption of its pods was refused.
    Refused,
    /// The owner had no turn: a guard held its pods back.
    Held,
    /// The owner had no turn: some of its pods are eligible, and none was drawn.
    NotDrawn,
    /// The owner had no turn: its pods were gone already when they were tried.
    Gone,
    /// The owner was disrupted, and nobody saw how it recovered.
    Unwatched,
    /// The owner had no turn: all its pods are exempt.
    Exempt,
    /// The owner was disrupted, and there was nothing to measure.
    Disrupted,
    /// A dry run picked one of its pods, and disrupted nothing.
    Picked,
    /// The owner was whole again in time, each time that this was seen.
    Recovered,
}

impl OwnerFinding {
    /// Every finding, the most urgent first.
    pub const ALL: [Self; 13] = [
        Self::Unrecovered,
        Self::Slow,
        Self::Unknown,
        Self::Recovering,
        Self::Refused,
        Self::Held,
        Self::NotDrawn,
        Self::Gone,
        Self::Unwatched,
        Self::Exempt,
        Self::Disrupted,
        Self::Picked,
        Self::Recovered,
    ];

    /// The finding in one word, for tables and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unrecovered => "unrecovered",
            Self::Slow => "slow",
            Self::Unknown => "unknown",
            Self::Recovering => "recovering",
            Self::Refused => "refused",
            Self::Held => "held",
            Self::NotDrawn => "not-drawn",
            Self::Gone => "gone",
            Self::Unwatched => "unwatched",
            Self::Exempt => "exempt",
            Self::Disrupted => "disrupted",
            Self::Picked => "picked",
            Self::Recovered => "recovered",
        }
    }
}

impl From<NoTurn> for OwnerFinding {
    fn from(reason: NoTurn) -> Self {
        match reason {
            NoTurn::Refused => Self::Refused,
            NoTurn::Held => Self::Held,
            NoTurn::NotDrawn => Self::NotDrawn,
            NoTurn::Exempt => Self::Exempt,
        }
    }
}
