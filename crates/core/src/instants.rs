//! Moves instants by durations, no further than to the earliest and the latest instant that there are.

use std::time::Duration;

use jiff::Timestamp;

/// The instant so long after another.
pub fn after(instant: Timestamp, length: Duration) -> Timestamp {
    instant.checked_add(length).unwrap_or(Timestamp::MAX)
}

/// The instant so long before another.
pub fn before(instant: Timestamp, length: Duration) -> Timestamp {
    instant.checked_sub(length).unwrap_or(Timestamp::MIN)
}
