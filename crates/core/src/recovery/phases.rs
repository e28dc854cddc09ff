//! Splits the time of a recovery into phases, one after the other.

use std::fmt;
use std::time::Duration;

use super::RecoveryTimes;

/// A phase of a recovery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecoveryPhase {
    /// The victim leaves: it is terminating, and not replaced before it is gone.
    Leaving,
    /// The replacement is being created.
    Creating,
    /// The replacement is created and not scheduled.
    Scheduling,
    /// The replacement is scheduled, and its containers are not ready.
    Starting,
    /// The replacement's containers are ready, and the pod is not.
    Readying,
    /// The replacement is ready, and other pods of the owner are not.
    Settling,
}

impl RecoveryPhase {
    /// Every phase, in their order.
    pub const ALL: [Self; 6] = [
        Self::Leaving,
        Self::Creating,
        Self::Scheduling,
        Self::Starting,
        Self::Readying,
        Self::Settling,
    ];
}

/// The phases that are over, each with its length. Their sum is the time at which the last of them ended; those of no length
/// are left out.
///
/// The time in which a victim leaves is a phase only if the replacement is created after it has gone. The replacement of a
/// Deployment's pod is created while the victim leaves, and nobody waits for that. A phase whose end is not known is part of
/// the next one.
pub fn phases(times: &RecoveryTimes) -> Vec<(RecoveryPhase, Duration)> {
    let next = times.created_ms.or(times.whole_ms);
    let leaving = times.gone_ms.filter(|gone| next.is_none_or(|next| *gone <= next));
    let ends = [
        (RecoveryPhase::Leaving, leaving),
        (RecoveryPhase::Creating, times.created_ms),
        (RecoveryPhase::Scheduling, times.scheduled_ms),
        (RecoveryPhase::Starting, times.containers_ready_ms),
        (RecoveryPhase::Readying, times.ready_ms),
        (RecoveryPhase::Settling, times.whole_ms),
    ];

    let mut begin = 0;
    let mut phases = Vec::new();
    for (phase, end) in ends {
        let end = end.unwrap_or(begin);
        if end > begin {
            phases.push((phase, Duration::from_millis(end - begin)));
            begin = end;
        }
    }
    phases
}

impl fmt::Display for RecoveryPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Leaving => "leaving",
            Self::Creating => "creating",
            Self::Scheduling => "scheduling",
            Self::Starting => "starting",
            Self::Readying => "readying",
            Self::Settling => "settling",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The phases of a recovery whose milestones were reached after so many milliseconds; zero for those that were not seen.
    fn words_of(ends: [u64; 6]) -> String {
        let [
            gone_ms,
            created_ms,
            scheduled_ms,
            containers_ready_ms,
            ready_ms,
            whole_ms,
        ] = ends.map(|end| (end > 0).then_some(end));
        let times = RecoveryTimes {
            gone_ms,
            created_ms,
            scheduled_ms,
            containers_ready_ms,
            ready_ms,
            whole_ms,
        };
        let phases = phases(&times);
        let words = phases
            .iter()
            .map(|(phase, length)| format!("{phase} {}", length.as_millis()));
        words.collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn the_phases_follow_each_other() {
        for (ends, phases) in [
            (
                [2100, 2200, 2300, 4200, 4600, 4600],
                "leaving 2100, creating 100, scheduling 100, starting 1900, readying 400",
            ),
            // A Deployment: the victim leaves for half a minute, and nobody waits for it.
            (
                [30_000, 40, 50, 1900, 2000, 2000],
                "creating 40, scheduling 10, starting 1850, readying 100",
            ),
            (
                [0, 40, 50, 1900, 2000, 2000],
                "creating 40, scheduling 10, starting 1850, readying 100",
            ),
            // Another pod was unready for longer.
            (
                [0, 40, 40, 40, 2000, 9000],
                "creating 40, readying 1960, settling 7000",
            ),
            // What was not seen is part of what follows.
            ([100, 0, 0, 0, 2000, 2000], "leaving 100, readying 1900"),
            (
                [0, 100, 0, 1000, 1200, 1200],
                "creating 100, starting 900, readying 200",
            ),
            // Not over yet.
            ([2100, 0, 0, 0, 0, 0], "leaving 2100"),
            ([2100, 2200, 0, 0, 0, 0], "leaving 2100, creating 100"),
            ([0, 0, 0, 0, 0, 0], ""),
            // The owner was scaled down before the victim had gone.
            ([3000, 0, 0, 0, 0, 1000], "settling 1000"),
        ] {
            assert_eq!(words_of(ends), phases, "{ends:?}");
        }
    }
}
