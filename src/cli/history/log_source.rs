//! Opens a log, a file or standard input, and reads the history out of it.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, IsTerminal as _};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use crate::history::{LogHistory, read_log};
use crate::telemetry;

/// The name of standard input among files.
const STANDARD_INPUT: &str = "-";

/// What a file in gzip begins with.
const GZIP: &[u8] = &[0x1f, 0x8b];

/// What a text in UTF-16 begins with, as the shell of Windows writes it.
const UTF_16: [&[u8]; 2] = [&[0xff, 0xfe], &[0xfe, 0xff]];

/// Reads the history out of a log.
///
/// # Errors
/// The reason why it cannot be read, in words.
pub(super) fn read(file: &Path) -> Result<LogHistory, String> {
    let cannot = |why: &io::Error| format!("cannot read {}: {why}", name(file));
    if file.as_os_str() == STANDARD_INPUT {
        let input = io::stdin();
        if input.is_terminal() {
            telemetry::print_note("reading a log from standard input; Ctrl-D ends it");
        }
        return read_from(BufReader::new(input.lock()), file);
    }

    if fs::metadata(file).map_err(|error| cannot(&error))?.is_dir() {
        return Err(format!(
            "{} is a directory: name a file, or - for standard input",
            name(file)
        ));
    }
    let opened = File::open(file).map_err(|error| cannot(&error))?;
    read_from(BufReader::new(opened), file)
}

/// What a log is called for people.
pub(super) fn name(file: &Path) -> String {
    if file.as_os_str() == STANDARD_INPUT {
        "standard input".to_owned()
    } else {
        file.display().to_string()
    }
}

fn read_from(mut log: impl BufRead, file: &Path) -> Result<LogHistory, String> {
    let cannot = |why: io::Error| format!("cannot read {}: {why}", name(file));
    if log.fill_buf().map_err(cannot)?.starts_with(GZIP) {
        let unpacked = BufReader::new(MultiGzDecoder::new(log));
        return read_text(unpacked, file);
    }
    read_text(log, file)
}

fn read_text(mut log: impl BufRead, file: &Path) -> Result<LogHistory, String> {
    let cannot = |why: io::Error| format!("cannot read {}: {why}", name(file));
    let beginning = log.fill_buf().map_err(cannot)?;
    if UTF_16.iter().any(|mark| beginning.starts_with(mark)) {
        return Err(format!("{} is in UTF-16: write it in UTF-8", name(file)));
    }
    if beginning.contains(&0) {
        return Err(format!("{} is a binary file, not a log", name(file)));
    }
    read_log(log).map_err(cannot)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::super::test_log::line;
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;

    #[test]
    fn a_packed_log_is_read_and_what_is_no_text_has_its_word() {
        let directory = tempfile::tempdir().unwrap();
        let read_bytes = |bytes: &[u8]| {
            let file = directory.path().join("log");
            fs::write(&file, bytes).unwrap();
            let read = read(&file).map(|read| read.history.entries().len());
            read.map_err(|why| why.replace(&name(&file), "FILE"))
        };
        let packed = |text: &str| {
            let mut packed = GzEncoder::new(Vec::new(), Compression::default());
            packed.write_all(text.as_bytes()).unwrap();
            packed.finish().unwrap()
        };

        assert_eq!(read_bytes(line(1).as_bytes()), Ok(1));
        let two = [packed(&line(1)), packed(&line(2))].concat();
        assert_eq!(read_bytes(&two), Ok(2), "files in gzip may be joined");
        assert_eq!(read_bytes(b""), Ok(0));
        let text = format!("\u{feff}{}", line(1));
        let wide: Vec<_> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (bytes, words) in [
            (wide, "FILE is in UTF-16: write it in UTF-8"),
            (b"\x7fELF\x02\0\0".to_vec(), "FILE is a binary file, not a log"),
            (packed("a\0b"), "FILE is a binary file, not a log"),
            (two[..two.len() - 20].to_vec(), "cannot read FILE: "),
        ] {
            let why = read_bytes(&bytes).unwrap_err();
            assert!(why.starts_with(words), "{why}");
        }
    }

    #[test]
    fn a_directory_and_a_file_that_is_not_there_are_named() {
        let directory = tempfile::tempdir().unwrap();
        let why = read(directory.path()).unwrap_err();
        assert!(
            why.ends_with("is a directory: name a file, or - for standard input"),
            "{why}"
        );
        let why = read(&directory.path().join("absent")).unwrap_err();
        assert!(why.contains("absent: No such file or directory"), "{why}");
    }
}
