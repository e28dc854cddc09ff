//! The recoveries of one owner in numbers.

use serde::Serialize;

/// Below this many recoveries percentiles say little, and are marked.
pub const FEW: usize = 5;

/// The recoveries of one owner. Each of its disruptions is counted once: as measured, unrecovered, unwatched, open or
/// other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct RecoveryStats {
    /// How many were measured: the owner was whole again.
    pub count: usize,
    /// Whether these are so few that the percentiles say little.
    pub few: bool,
    /// The median, in milliseconds, by the nearest-rank method.
    pub p50_ms: Option<u64>,
    /// The 90th percentile, in milliseconds, by the nearest-rank method.
    pub p90_ms: Option<u64>,
    /// The slowest, in milliseconds.
    pub max_ms: Option<u64>,
    /// How many of those measured took longer than expected.
    pub slow: usize,
    /// How many did not end in time.
    pub unrecovered: usize,
    /// Of how many the end was not seen.
    pub unwatched: usize,
    /// How many go on, as far as is known.
    pub open: usize,
    /// How many ended so that there was nothing to measure: the owner was scaled down, rolled out, completed or deleted
    /// meanwhile, or nothing replaces the pod.
    pub other: usize,
}

impl RecoveryStats {
    /// The statistics of recoveries that took these times, in milliseconds.
    pub(super) fn measured(mut times: Vec<u64>) -> Self {
        times.sort_unstable();
        Self {
            count: times.len(),
            few: times.len() < FEW,
            p50_ms: percentile(&times, 50),
            p90_ms: percentile(&times, 90),
            max_ms: times.last().copied(),
            ..Self::default()
        }
    }
}

/// The smallest of the `sorted` values that at least `percent` percent of them do not exceed: the nearest-rank method,
/// which only returns what was measured. `None` of no values.
pub(super) fn percentile(sorted: &[u64], percent: usize) -> Option<u64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}
