//! When rounds are due: a crontab line in a time zone, less the quiet times.

use jiff::Timestamp;

/// A schedule and its quiet times.
#[derive(Debug, Clone)]
pub struct Calendar {}

impl Calendar {
    /// The first slot strictly after `now` that no quiet time takes.
    pub fn next_round(&self, _now: Timestamp) -> Option<Timestamp> {
        None
    }
}
