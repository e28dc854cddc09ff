//! Reads files that hold secrets, and no more of one than a secret can be.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// The largest file that is read: a Secret of Kubernetes holds no more.
const MOST_BYTES: u64 = 1024 * 1024;

/// Reads a file, unless it has more bytes than a secret, or has no end.
pub(crate) fn read(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(io::Error::other("it is larger than 1 MiB"));
    }
    String::from_utf8(bytes).map_err(|_| io::Error::other("it is not UTF-8"))
}

/// The secret in the text of a file. Editors on Windows begin a file with a byte order mark.
pub(crate) fn trimmed(text: &str) -> &str {
    text.trim_start_matches('\u{feff}').trim()
}
