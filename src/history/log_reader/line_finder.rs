//! Finds lines of the history in one line of a log: behind a prefix, in an object of a collector, or in its texts.

use macaque_core::history::{HistoryLine, VERSION};
use serde_json::{Map, Value};

/// The field of a log line that holds a line of the history.
const FIELD: &str = "history";

/// How deep the line of macaque may be within what a collector wrote: objects, arrays and texts in all.
const DEPTH: usize = 8;

/// How many objects a line may seem to begin with: prefixes of some collectors have braces of their own.
const BEGINNINGS: usize = 16;

/// The fields that every line of macaque's log has.
const OWN_FIELDS: [&str; 3] = ["ts", "level", "msg"];

/// The stamps of the log in its text format, whose messages may quote anybody: what follows one is no line of macaque.
const TEXT_STAMPS: [&str; 5] = ["Z ERROR]", "Z WARN ]", "Z INFO ]", "Z DEBUG]", "Z TRACE]"];

/// Something in a line that looks like a line of the history.
#[derive(Debug, PartialEq)]
pub(super) enum FoundLine {
    /// A line of the history.
    Readable(Box<HistoryLine>),
    /// One that a newer macaque wrote.
    Newer,
    /// One that cannot be read, and why.
    Unreadable(String),
}

/// Finds what `line` holds; it is cut at its end unless it `is_whole`.
pub(super) fn find_lines(line: &[u8], is_whole: bool) -> Vec<FoundLine> {
    let mut found = Vec::new();
    if !contains(line, FIELD.as_bytes()) {
        return found;
    }

    if is_whole {
        search_text(line, DEPTH, &mut found);
    } else if looks_like_history(line) {
        found.push(FoundLine::Unreadable("it is longer than 1 MiB".to_owned()));
    }
    found
}

/// Searches a text in which objects may follow a prefix.
fn search_text(text: &[u8], depth: usize, found: &mut Vec<FoundLine>) {
    let found_before = found.len();
    let mut is_cut = false;
    let mut rest = 0;
    for _ in 0..BEGINNINGS {
        let Some(prefix) = text[rest..].iter().position(|byte| *byte == b'{') else {
            break;
        };
        let begin = rest + prefix;
        if is_of_text_log(&text[..begin]) {
            return;
        }

        let mut objects = serde_json::Deserializer::from_slice(&text[begin..]).into_iter::<Value>();
        rest = begin + 1;
        match objects.next() {
            Some(Ok(object)) => {
                rest = begin + objects.byte_offset();
                search_value(&object, depth, found);
            }
            _ => is_cut = true,
        }
    }

    // Of an object that was cut, those within it may be whole.
    if is_cut && found.len() == found_before && looks_like_history(text) {
        found.push(FoundLine::Unreadable("it is not a whole JSON object".to_owned()));
    }
}

fn search_value(value: &Value, depth: usize, found: &mut Vec<FoundLine>) {
    if let Value::Object(fields) = value
        && let Some(line) = fields.get(FIELD).and_then(read_history)
    {
        found.push(line);
        return;
    }

    let Some(depth) = depth.checked_sub(1) else {
        return;
    };
    match value {
        // The texts of macaque's own lines may quote anybody.
        Value::Object(fields) if is_own(fields) => {}
        Value::Object(fields) => fields
            .values()
            .for_each(|field| search_value(field, depth, found)),
        Value::Array(items) => items.iter().for_each(|item| search_value(item, depth, found)),
        Value::String(text) if text.contains(FIELD) && begins_as_line(text) => {
            search_text(text.as_bytes(), depth, found);
        }
        _ => {}
    }
}

/// What the field `history` holds; `None` if it is something else.
fn read_history(value: &Value) -> Option<FoundLine> {
    let fields = value.as_object()?;
    let version = fields.get("version")?.as_u64()?;
    if version > u64::from(VERSION) {
        return Some(FoundLine::Newer);
    }
    if !["entry", "round"].iter().any(|field| fields.contains_key(*field)) {
        return None;
    }

    Some(match serde_json::from_value(value.clone()) {
        Ok(line) => FoundLine::Readable(Box::new(line)),
        Err(error) => FoundLine::Unreadable(error.to_string()),
    })
}

fn is_own(fields: &Map<String, Value>) -> bool {
    OWN_FIELDS
        .iter()
        .all(|field| fields.get(*field).is_some_and(Value::is_string))
}

fn is_of_text_log(prefix: &[u8]) -> bool {
    TEXT_STAMPS.iter().any(|stamp| contains(prefix, stamp.as_bytes()))
}

/// Whether a text in an object begins as a line of a log does, not as a message that quotes one: with an object, or
/// with the time, the stream and the mark of a whole line of the Container Runtime Interface.
fn begins_as_line(text: &str) -> bool {
    let text = text.trim_start();
    let (prefix, _) = text.split_once('{').unwrap_or((text, ""));
    let words: Vec<_> = prefix.split_whitespace().collect();
    matches!(words.as_slice(), [] | [_, "stdout" | "stderr", "F" | "P"])
}

/// Whether a text that cannot be parsed holds the beginning of a line of the history, behind any number of backslashes.
fn looks_like_history(text: &[u8]) -> bool {
    let starts = (0..text.len()).filter(|index| text[*index..].starts_with(FIELD.as_bytes()));
    starts.map(|start| &text[start + FIELD.len()..]).any(is_beginning)
}

/// Whether `rest`, which follows the name of the field, goes on as macaque writes it, as far as it goes.
fn is_beginning(rest: &[u8]) -> bool {
    let bytes = rest.iter().copied();
    let bytes = bytes.filter(|byte| !matches!(byte, b'\\' | b' ' | b'\t' | b'\r' | b'\n'));
    let bytes: Vec<_> = bytes.take(16).collect();
    let ways = ["\":{\"entry\":", "\":{\"round\":", "\":{\"version\":"].map(str::as_bytes);
    // At least the field's value has to begin.
    bytes.len() > 2
        && ways
            .iter()
            .any(|way| way.starts_with(&bytes) || bytes.starts_with(way))
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
