//! How many pods a round disrupts, whose, and by which method.

use std::fmt;
use std::time::Duration;

use rand::rngs::ChaCha12Rng;
use rand::{RngExt, SeedableRng};
use serde::Serialize;

use crate::outcome::DisruptionMethod;

/// The number of pods that one round may disrupt, and the method. The default evicts one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisruptConfig {
    /// The method: evict or delete.
    pub method: DisruptionMethod,
    /// How many victims a round disrupts.
    pub count: VictimCount,
    /// Whose pods a round may take: everybody's, or those of the owners whose turn it is.
    pub pace: DisruptionPace,
    /// The grace period of a victim, in whole seconds, at least 1 s (0 would force-delete);
    /// `None` leaves it to the pod's own `terminationGracePeriodSeconds`.
    pub grace_period: Option<Duration>,
    /// How many victims a round may try, refusals included. A round that wants more victims may try as many as it wants.
    pub attempts: usize,
    /// How many victims a round may still try after a webhook refused one, because the webhook may have acted on it.
    pub attempts_after_webhook: usize,
    /// How victims are picked: by pod or by owner.
    pub draw: DrawBy,
}

impl Default for DisruptConfig {
    fn default() -> Self {
        Self {
            method: DisruptionMethod::Evict,
            count: VictimCount::Fixed(1),
            pace: DisruptionPace::Count,
            grace_period: None,
            attempts: 10,
            attempts_after_webhook: 1,
            draw: DrawBy::Pod,
        }
    }
}

/// How victims are picked: every pod equally likely, or every owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DrawBy {
    /// By pod: every eligible pod is equally likely, so an owner of many pods is hit more often.
    Pod,
    /// By owner: every owner of eligible pods is equally likely, then each eligible pod of that owner. A pod without an
    /// owner counts as its own owner.
    Owner,
}

impl DrawBy {
    /// Both values, for tables and tests.
    pub const ALL: [Self; 2] = [Self::Pod, Self::Owner];

    /// The value as written in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pod => "pods",
            Self::Owner => "owners",
        }
    }
}

/// How many victims a round disrupts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VictimCount {
    /// This many, from 1 to [`VictimCount::MOST`].
    Fixed(usize),
    /// This share, in percent from 1 to 100, of the owners that have eligible pods: rounded down, at least 1, and at most
    /// [`VictimCount::MOST`].
    Percent(usize),
    /// A number that each round draws anew: at least `from`, at most `to`, each equally likely.
    Range {
        /// The least, at least 1.
        from: usize,
        /// The most, at least `from` and at most [`VictimCount::MOST`].
        to: usize,
    },
}

/// Whose pods a round may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DisruptionPace {
    /// Everybody's: each round takes `count` pods of the whole scope.
    Count,
    /// Those of the owners whose turn it is: each owner has one turn in each period, in a slot that is known beforehand.
    Rota {
        /// The length of the periods, unless the owner's annotation says another.
        every: Duration,
        /// The number that decides, with period and owner, who has which slot.
        seed: u64,
    },
    /// Those of owners that chance picks, each independently of the others and of what happened before.
    Chance {
        /// The mean time between two turns of one owner, unless the owner's annotation says another.
        every: Duration,
    },
}

impl VictimCount {
    /// The most victims that a round may disrupt.
    pub const MOST: usize = 100;

    /// The most victims that any round disrupts.
    pub fn most(self) -> usize {
        match self {
            Self::Fixed(count) => count,
            Self::Percent(_) => Self::MOST,
            Self::Range { to, .. } => to,
        }
    }

    /// The most victims that any round disrupts as far as the configuration alone says: a share depends on the owners.
    pub fn fixed_most(self) -> Option<usize> {
        match self {
            Self::Percent(_) => None,
            Self::Fixed(_) | Self::Range { .. } => Some(self.most()),
        }
    }

    /// How many victims the round of `seed` disrupts if this many `owners` have eligible pods.
    pub fn of_round(self, owners: usize, seed: u64) -> usize {
        match self {
            Self::Fixed(count) => count,
            Self::Percent(percent) => (owners * percent / 100).clamp(1, Self::MOST),
            Self::Range { from, to } => {
                let mut rng = ChaCha12Rng::seed_from_u64(seed);
                // The draw of the victims uses the first stream.
                rng.set_stream(1);
                rng.random_range(from as u32..=to as u32) as usize
            }
        }
    }
}

/// Shows the number as it is written in a file, without quotes: `3`, `30%`, `1-3`.
impl fmt::Display for VictimCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(count) => count.fmt(f),
            Self::Percent(percent) => write!(f, "{percent}%"),
            Self::Range { from, to } => write!(f, "{from}-{to}"),
        }
    }
}

impl DisruptionPace {
    /// The words for the values, as written in the configuration.
    pub const WORDS: [&str; 3] = ["count", "rota", "chance"];

    /// The value as written in the configuration.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Rota { .. } => "rota",
            Self::Chance { .. } => "chance",
        }
    }
}
