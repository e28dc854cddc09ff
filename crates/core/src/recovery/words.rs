//! Words a recovery: one sentence for the log, for chat and for people at a terminal.

use std::fmt;
use std::time::Duration;

use super::{RecoveryPrecision, RecoveryReport, RecoveryVerdict, UsualRecovery, phases};

/// Lengths below this are no phase worth a word.
const SHORTEST: Duration = Duration::from_millis(50);

/// A length of time as a sentence has it: `46 ms`, `4.5 s`, `9 s`, `1 min 15 s`, `2 h 5 min`.
pub fn length(length: Duration) -> String {
    let millis = length.as_millis();
    let tenths = (millis + 50) / 100;
    let with_rest = |value: u128, unit: &str, rest: u128, rest_unit: &str| match rest {
        0 => format!("{value} {unit}"),
        rest => format!("{value} {unit} {rest} {rest_unit}"),
    };
    match (millis, tenths) {
        (..50, _) => format!("{millis} ms"),
        (_, ..600) if tenths.is_multiple_of(10) => format!("{} s", tenths / 10),
        (_, ..600) => format!("{}.{} s", tenths / 10, tenths % 10),
        (_, ..36_000) => with_rest(tenths / 600, "min", tenths % 600 / 10, "s"),
        _ => with_rest(tenths / 36_000, "h", tenths % 36_000 / 600, "min"),
    }
}

fn length_ms(millis: u64) -> String {
    length(Duration::from_millis(millis))
}

/// Shows the recovery as one sentence, such as `deployment/cart whole again after 4.5 s (leaving 2.1 s, starting 2.4 s);
/// usual 4.1 s, slowest of 7 days 9 s`.
impl fmt::Display for RecoveryReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let owner = &self.owner;
        match self.verdict {
            None => self.write_open(f),
            Some(RecoveryVerdict::Recovered | RecoveryVerdict::Slow) => self.write_whole(f),
            Some(RecoveryVerdict::Unrecovered) => self.write_unrecovered(f),
            Some(RecoveryVerdict::Shrunk) => {
                let after = self
                    .times
                    .whole_ms
                    .map_or_else(String::new, |ms| format!(" after {}", length_ms(ms)));
                write!(f, "{owner} whole{after} with fewer replicas")?;
                self.write_why(f)
            }
            Some(RecoveryVerdict::Rolled) => {
                write!(f, "{owner} was rolled out before it was whole again")?;
                self.write_why(f)
            }
            Some(RecoveryVerdict::Completed) => write!(f, "{owner} completed, and needs no replacement"),
            Some(RecoveryVerdict::Ownerless) => write!(f, "{owner} was deleted before it was whole again"),
            Some(RecoveryVerdict::Unwatched) => {
                write!(f, "{owner}: the recovery was not watched")?;
                self.write_why(f)
            }
        }
    }
}

impl RecoveryReport {
    fn write_open(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.trouble, &self.replacement) {
            (Some(trouble), Some(replacement)) => {
                let owner = &self.owner;
                write!(f, "{owner}: the replacement {replacement} is stuck: {trouble}")
            }
            _ => write!(f, "{} is not whole yet: {}", self.owner, self.numbers()),
        }
    }

    fn write_whole(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = length_ms(self.times.whole_ms.unwrap_or_default());
        let by = match self.precision {
            RecoveryPrecision::Watch => whole,
            RecoveryPrecision::Timestamps => format!("{whole} ±1 s"),
            RecoveryPrecision::Approximate => format!("approximately {whole}"),
            RecoveryPrecision::Poll { interval_ms } => {
                format!("{whole}, seen by polling every {}", length_ms(interval_ms))
            }
        };
        write!(f, "{} whole again after {by}", self.owner)?;
        if self.verdict == Some(RecoveryVerdict::Slow) {
            write!(f, ", later than the expected {}", length_ms(self.expect_ms))?;
        }

        self.write_phases(f)?;
        self.usual.map_or(Ok(()), |usual| write!(f, "; {usual}"))
    }

    fn write_unrecovered(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} has not recovered", self.owner)?;
        self.write_why(f)?;
        write!(f, "; {}", self.numbers())?;
        match (&self.trouble, &self.replacement) {
            (_, None) => f.write_str("; there is no replacement")?,
            (Some(trouble), Some(replacement)) => {
                write!(f, "; the replacement {replacement} is stuck: {trouble}")?;
            }
            (None, Some(_)) => {}
        }
        let paused = self.paused.as_ref();
        paused.map_or(Ok(()), |paused| write!(f, "; macaque paused itself: {paused}"))
    }

    fn write_phases(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phases = phases(&self.times)
            .into_iter()
            .filter(|(_, length)| *length >= SHORTEST);
        let words: Vec<_> = phases
            .map(|(phase, time)| format!("{phase} {}", length(time)))
            .collect();
        if words.is_empty() {
            return Ok(());
        }
        write!(f, " ({})", words.join(", "))
    }

    fn write_why(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.why.as_ref().map_or(Ok(()), |why| write!(f, ": {why}"))
    }

    fn numbers(&self) -> String {
        let noun = if self.target == 1 { "pod" } else { "pods" };
        // More may be ready than the owner needs, but not of those that it needs.
        let ready = self.ready.min(self.target);
        format!("{ready} of {} {noun} ready", self.target)
    }
}

/// Shows what is usual as `usual 4.1 s, slowest of 7 days 9 s`.
impl fmt::Display for UsualRecovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let median = length_ms(self.median_ms);
        let slowest = length_ms(self.slowest_ms);
        write!(f, "usual {median}, slowest of 7 days {slowest}")
    }
}

#[cfg(test)]
mod tests;
