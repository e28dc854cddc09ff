//! Reads a history out of a log: the lines that macaque wrote, among any others, as collectors of logs hand them on.

mod line_finder;

use std::fmt;
use std::io::{self, BufRead, Read as _};

use jiff::Timestamp;
use macaque_core::history::{History, HistoryLine};

use self::line_finder::{FoundLine, find_lines};
use crate::text::count;

/// The longest line that is searched, in bytes. macaque writes a few kB, and a collector some more.
const LONGEST_LINE: u64 = 1 << 20;

/// How many lines of the history are noted at once, at least.
const BATCH: usize = 4_096;

/// What a log holds of a history.
#[derive(Debug)]
pub struct LogHistory {
    /// What happened, as far as the log shows.
    pub history: History,
    /// What was read.
    pub counts: LogCounts,
}

/// How many lines of a log were read, and what became of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogCounts {
    /// How many lines were read.
    pub read: u64,
    /// How many of them are of the history.
    pub taken: u64,
    /// How many look like lines of the history, and cannot be read.
    pub unreadable: u64,
    /// The first of these: its number, and why.
    pub first_unreadable: Option<(u64, String)>,
    /// How many are of a newer version of macaque.
    pub newer: u64,
}

/// Reads `log` to its end, in bounded memory beside the history itself.
///
/// # Errors
/// The log could not be read to its end.
pub fn read_log(mut log: impl BufRead) -> io::Result<LogHistory> {
    let mut counts = LogCounts::default();
    let mut history = History::new();
    let mut batch = Vec::new();
    let mut line = Vec::new();

    loop {
        line.clear();
        let length = (&mut log).take(LONGEST_LINE).read_until(b'\n', &mut line)?;
        if length == 0 {
            break;
        }
        let is_whole = line.ends_with(b"\n") || (length as u64) < LONGEST_LINE;
        if !is_whole {
            log.skip_until(b'\n')?;
        }
        counts.note(find_lines(&line, is_whole), &mut batch);

        // Noting takes time by the length of the history, so a long one is noted more at once.
        if batch.len() >= BATCH.max(history.entries().len()) {
            history.note_lines(batch.drain(..));
        }
    }

    history.note_lines(batch);
    Ok(LogHistory { history, counts })
}

impl LogCounts {
    /// Counts a line in which this was `found`; what can be read of it goes to `batch`.
    fn note(&mut self, found: Vec<FoundLine>, batch: &mut Vec<HistoryLine>) {
        self.read += 1;
        let before = batch.len();
        let mut newer = false;
        let mut unreadable = None;
        for found in found {
            match found {
                FoundLine::Readable(line) => batch.push(*line),
                FoundLine::Newer => newer = true,
                FoundLine::Unreadable(why) => unreadable = unreadable.or(Some(why)),
            }
        }

        self.taken += u64::from(batch.len() > before);
        self.newer += u64::from(newer);
        if let Some(why) = unreadable {
            self.unreadable += 1;
            self.first_unreadable.get_or_insert((self.read, why));
        }
    }

    /// What a reader has to know: each is one sentence.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if let Some((number, why)) = &self.first_unreadable {
            warnings.push(match self.unreadable {
                1 => format!("line {number} looks like one of the history, and cannot be read: {why}"),
                several => format!(
                    "{several} lines look like lines of the history, and cannot be read; the first, line {number}: {why}"
                ),
            });
        }
        if self.newer > 0 {
            warnings.push(format!(
                "{} of the history left out: a newer macaque wrote them; run the newer macaque",
                count_u64(self.newer, "line")
            ));
        }
        if self.read == 0 {
            warnings.push("the log is empty".to_owned());
        } else if self.taken == 0 && warnings.is_empty() {
            warnings.push(
                "no line is of the history: macaque writes such lines in the JSON format of its log (log.format)"
                    .to_owned(),
            );
        }
        warnings
    }
}

/// Shows the numbers as `1234 lines read, 56 of the history`.
impl fmt::Display for LogCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let read = count_u64(self.read, "line");
        write!(f, "{read} read, {} of the history", self.taken)
    }
}

/// The last instant at which something happened in `history`.
pub fn last_instant(history: &History) -> Option<Timestamp> {
    let entries = history.entries().iter();
    let of_entries = entries.map(|entry| {
        let ended = entry.recovery.as_ref().and_then(|recovery| recovery.ended);
        ended.map_or(entry.at, |ended| ended.max(entry.at))
    });
    let of_rounds = history.rounds().iter().map(|round| round.finished);
    of_entries.chain(of_rounds).max()
}

fn count_u64(n: u64, noun: &str) -> String {
    count(usize::try_from(n).unwrap_or(usize::MAX), noun)
}

#[cfg(test)]
mod tests;
