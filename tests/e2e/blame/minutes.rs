//! What was asked about each minute, what was answered, and what would be right.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use jiff::Timestamp;

/// One minute of the hour.
pub(super) struct AskedMinute {
    pub(super) number: u32,
    pub(super) from: Timestamp,
    /// What the script did then.
    pub(super) happened: String,
    /// The verdicts that are right.
    pub(super) allowed: BTreeSet<&'static str>,
    pub(super) verdict: String,
    pub(super) code: i32,
    pub(super) proof: String,
}

impl AskedMinute {
    /// Whether verdict and exit code are right.
    pub(super) fn is_right(&self) -> bool {
        let code = match &*self.verdict {
            "no" => 0,
            "maybe" | "yes" => 3,
            _ => 1,
        };
        self.allowed.contains(&*self.verdict) && self.code == code && !self.proof.is_empty()
    }
}

/// The hour, a line for each minute.
pub(super) fn table(minutes: &[AskedMinute]) -> String {
    let mut table = String::from(
        "\nminute  at            answer       right?  what would be right   what happened; the proof\n",
    );
    for minute in minutes {
        let allowed = Vec::from_iter(minute.allowed.iter().copied()).join("|");
        let right = if minute.is_right() { "yes" } else { "WRONG" };
        let _ = writeln!(
            table,
            "{:>6}  {}  {:<11}  {:<6}  {:<20}  {}; {}",
            minute.number,
            minute.from.strftime("%H:%M:%S%.3f"),
            minute.verdict,
            right,
            allowed,
            minute.happened,
            minute.proof
        );
    }
    table
}
