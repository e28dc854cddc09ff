//! The line on standard error that says how far something is: it is rewritten, and gone before anything else is written.
//! Own code, because what else is written there, the log and the errors, has to take the line away first.

use std::io::{self, IsTerminal, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

/// Carriage return, and erasure up to the end of the line.
const ERASE: &str = "\r\u{1b}[K";

/// Whether a line is shown.
static IS_SHOWN: AtomicBool = AtomicBool::new(false);

/// Whether `stream` is a terminal on which what was written can be rewritten.
pub fn can_be_rewritten(stream: &impl IsTerminal) -> bool {
    let is_dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    stream.is_terminal() && !is_dumb
}

/// Shows `words` in the place of the line that is shown.
pub fn show(words: &str) {
    IS_SHOWN.store(true, Ordering::Relaxed);
    // A closed standard error is no reason to fail.
    let mut stderr = io::stderr();
    let _ = write!(stderr, "{ERASE}{words}").and_then(|()| stderr.flush());
}

/// Takes the line away, if one is shown.
pub fn clear() {
    if IS_SHOWN.swap(false, Ordering::Relaxed) {
        let mut stderr = io::stderr();
        let _ = write!(stderr, "{ERASE}").and_then(|()| stderr.flush());
    }
}
