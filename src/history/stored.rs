//! The history as its ConfigMap holds it: JSON in gzip, with a seal of the JSON that shows whether it was edited.

use std::io::{self, BufReader, BufWriter, Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use macaque_core::history::{History, HistoryVersion, UnreadableHistory, VERSION};
use macaque_core::seal::Seal;
use serde::de::DeserializeOwned;

use crate::k8s::HISTORY_KEY;

/// The most bytes of a packed history: a ConfigMap holds 1 MiB in all.
pub const MOST_PACKED: usize = 900_000;

/// The most bytes of a history that is not packed; a longer one is neither written nor read.
const MOST_UNPACKED: u64 = 16_000_000;

/// A history that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredHistory {
    /// What happened, as far as it is known.
    pub history: History,
    /// Whether something other than macaque edited it. Its victims have no numbers, which would prove nothing.
    pub is_edited: bool,
}

/// A history as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedHistory {
    /// The JSON in gzip.
    pub bytes: Vec<u8>,
    /// The seal of the JSON.
    pub seal: String,
}

/// The reason why a stored history cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnusableHistory {
    /// A newer version of macaque wrote the history.
    #[error("its version is {0}, and this macaque knows version {VERSION}")]
    Newer(u32),
    /// The bytes are not what macaque writes.
    #[error("{HISTORY_KEY}: {0}")]
    Corrupt(String),
    /// The JSON is longer than any that macaque writes.
    #[error("{HISTORY_KEY}: it unpacks to more than {} MB", MOST_UNPACKED / 1_000_000)]
    TooLarge,
}

impl From<UnreadableHistory> for UnusableHistory {
    fn from(why: UnreadableHistory) -> Self {
        match why {
            UnreadableHistory::Newer(version) => Self::Newer(version),
            UnreadableHistory::Malformed(why) => Self::Corrupt(why),
        }
    }
}

impl UnusableHistory {
    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Newer(_) => "run the newer macaque",
            Self::Corrupt(_) | Self::TooLarge => {
                "a running macaque begins a new history; until then, delete the key `history.json.gz`"
            }
        }
    }
}

/// Reads or writes JSON, and seals it on the way.
#[derive(Debug)]
struct SealedStream<S> {
    inner: S,
    seal: Seal,
    bytes: u64,
}

/// Packs `history`; drops what is oldest in it until it fits into a ConfigMap.
pub fn pack(history: &mut History) -> PackedHistory {
    loop {
        let (packed, unpacked_bytes) = pack_whole(history);
        let fits = packed.bytes.len() <= MOST_PACKED && unpacked_bytes <= MOST_UNPACKED;
        if fits || history.is_empty() {
            return packed;
        }
        history.shrink();
    }
}

/// The packed history, and how many bytes it has unpacked.
fn pack_whole(history: &History) -> (PackedHistory, u64) {
    let gzip = GzEncoder::new(Vec::new(), Compression::default());
    let mut writer = BufWriter::new(SealedStream::new(gzip));
    serde_json::to_writer(&mut writer, history).expect("a history serialises");
    let stream = writer.into_inner().expect("memory takes every byte");

    let SealedStream { inner, seal, bytes } = stream;
    let packed = PackedHistory {
        bytes: inner.finish().expect("memory takes every byte"),
        seal: seal.to_string(),
    };
    (packed, bytes)
}

/// Unpacks what is stored at `now`; without any bytes it is an empty history.
///
/// # Errors
/// The reason why the history cannot be used.
pub fn unpack(
    packed: Option<&[u8]>,
    seal: Option<&str>,
    now: Timestamp,
) -> Result<StoredHistory, UnusableHistory> {
    let Some(packed) = packed.filter(|packed| !packed.is_empty()) else {
        return Ok(StoredHistory {
            history: History::new(),
            is_edited: false,
        });
    };

    // Two passes, so that the JSON is never held in memory as a whole.
    let (version, found) = parse::<HistoryVersion>(packed)?;
    version.check()?;
    let (mut history, _) = parse::<History>(packed)?;
    let is_edited = seal != Some(found.to_string().as_str());
    if is_edited {
        history.distrust(now);
    }
    Ok(StoredHistory { history, is_edited })
}

/// Parses packed JSON to its end; returns its seal too.
fn parse<T: DeserializeOwned>(packed: &[u8]) -> Result<(T, Seal), UnusableHistory> {
    let unpacked = GzDecoder::new(packed).take(MOST_UNPACKED + 1);
    let mut stream = SealedStream::new(unpacked);
    let parsed = serde_json::from_reader(BufReader::new(&mut stream));
    if stream.bytes > MOST_UNPACKED {
        return Err(UnusableHistory::TooLarge);
    }
    Ok((parsed.map_err(corrupt)?, stream.seal))
}

fn corrupt(error: serde_json::Error) -> UnusableHistory {
    UnusableHistory::Corrupt(error.to_string())
}

impl<S> SealedStream<S> {
    fn new(inner: S) -> Self {
        Self {
            inner,
            seal: Seal::default(),
            bytes: 0,
        }
    }

    fn note(&mut self, bytes: &[u8]) {
        self.seal = self.seal.with(bytes);
        self.bytes += bytes.len() as u64;
    }
}

impl<S: Read> Read for SealedStream<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.note(&buffer[..count]);
        Ok(count)
    }
}

impl<S: Write> Write for SealedStream<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.note(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// The JSON of a history with so many entries.
    fn json_of(entries: u32) -> Value {
        let entry = |number: u32| {
            json!({
                "number": number,
                "slot": "2026-11-29T12:00:00Z",
                "at": "2026-11-29T12:00:01Z",
                "pod": {"namespace": "shop", "name": format!("web-{number}"), "uid": format!("u{number}")},
                "method": "evict",
                "outcome": {"result": "evicted"},
            })
        };
        json!({
            "version": 1,
            "numbering": {
                "journal": "j1",
                "begun": "2026-11-29T11:00:00Z",
                "since": "2026-11-29T11:00:00Z",
                "first": 1,
                "count": entries,
                "counted": "2026-11-29T12:00:00Z",
            },
            "entries": Vec::from_iter((1..=entries).map(entry)),
            "rounds": [],
        })
    }

    fn now() -> Timestamp {
        "2026-11-29T13:00:00Z".parse().unwrap()
    }

    fn history_of(entries: u32) -> History {
        serde_json::from_value(json_of(entries)).unwrap()
    }

    fn gzip(text: &str) -> Vec<u8> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(text.as_bytes()).unwrap();
        gzip.finish().unwrap()
    }

    #[test]
    fn what_is_packed_is_unpacked_as_it_was() {
        let mut history = history_of(3);
        let PackedHistory { bytes, seal } = pack(&mut history);
        let stored = unpack(Some(&bytes), Some(&seal), now()).unwrap();
        assert_eq!((stored.history, stored.is_edited), (history, false));
    }

    #[test]
    fn an_empty_config_map_holds_an_empty_history() {
        for packed in [None, Some([].as_slice())] {
            let stored = unpack(packed, None, now()).unwrap();
            assert_eq!((stored.history, stored.is_edited), (History::new(), false));
        }
    }

    #[test]
    fn a_history_that_was_edited_is_read_and_its_numbers_are_not_believed() {
        let PackedHistory { bytes, seal } = pack(&mut history_of(2));
        let edited = gzip(&json_of(1).to_string());
        for (packed, seal) in [(edited, Some(seal.as_str())), (bytes, None)] {
            let StoredHistory { history, is_edited } = unpack(Some(&packed), seal, now()).unwrap();
            assert!(is_edited);
            assert_eq!(history.numbered_since(), Some(now()));
            assert!(history.entries().iter().all(|entry| entry.number.is_none()));
            assert_eq!(history.entries()[0].pod.name, "web-1");
        }
    }

    #[test]
    fn a_history_that_cannot_be_used_says_why_and_what_to_do() {
        let mut newer = json_of(1);
        newer["version"] = json!(2);
        newer["more"] = json!("unknown");
        let mut strange = json_of(0);
        strange["more"] = json!("unknown");
        let PackedHistory { bytes, seal } = pack(&mut history_of(100));
        let cut = bytes[..bytes.len() / 2].to_vec();

        for (packed, words) in [
            (
                gzip(&newer.to_string()),
                "its version is 2, and this macaque knows version 1",
            ),
            (
                b"this is no gzip".to_vec(),
                "history.json.gz: invalid gzip header",
            ),
            (cut, "history.json.gz: "),
            (
                gzip("{}"),
                "history.json.gz: missing field `version` at line 1 column 2",
            ),
            (
                gzip("{\"version\": 0}"),
                "history.json.gz: version 0 does not exist",
            ),
            (
                gzip(&strange.to_string()),
                "history.json.gz: unknown field `more`, expected ",
            ),
            (
                gzip(&json_of(20_001).to_string()),
                "history.json.gz: a list has more than 20000 items",
            ),
        ] {
            let why = unpack(Some(&packed), Some(&seal), now()).unwrap_err().to_string();
            assert!(why.starts_with(words), "{why}");
        }
    }

    #[test]
    fn a_few_bytes_that_unpack_to_very_many_are_refused() {
        let bomb = format!("{{\"version\": 1{}}}", " ".repeat(MOST_UNPACKED as usize));
        let packed = gzip(&bomb);
        assert!(packed.len() < MOST_PACKED);
        let why = unpack(Some(&packed), None, now()).unwrap_err();
        assert_eq!(why, UnusableHistory::TooLarge);
        assert_eq!(why.to_string(), "history.json.gz: it unpacks to more than 16 MB");
    }
}
