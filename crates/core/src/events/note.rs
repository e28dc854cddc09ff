//! Keeps the note of an Event within the limit of the API server.

use crate::annotations::FROZEN;
use crate::pod::PodOwner;

/// The most bytes that the API server takes (`NoteLengthLimit` in `pkg/apis/core/validation/events.go`).
pub(super) const MAX_NOTE_BYTES: usize = 1024;

const ELLIPSIS: &str = "…";

/// How to keep macaque off the pods of this owner, as the end of a note. A pod's own freeze always counts, and macaque may
/// read that of a namespace by default.
pub(super) fn mute_hint(namespace: &str, owner: Option<&PodOwner>) -> String {
    let template = match owner {
        Some(owner) => format!("in the pod template of {owner}"),
        None => "on the pod".to_owned(),
    };
    format!(". To keep macaque off, annotate {FROZEN}=true {template} or on namespace {namespace}")
}

/// A note of `text` and `end` in one line. Only what is too long is cut: the end, which anyone who creates a pod can make
/// long, to half of what fits, and the text to the rest.
pub(super) fn cut(text: &str, end: &str) -> String {
    let end = shortened(end, MAX_NOTE_BYTES / 2);
    let text = shortened(text, MAX_NOTE_BYTES - end.len());
    text + &end
}

/// The text in one line of at most so many bytes.
fn shortened(text: &str, most: usize) -> String {
    let blank = |character: char| if character.is_control() { ' ' } else { character };
    let mut line: String = text.chars().map(blank).collect();
    if line.len() <= most {
        return line;
    }

    let mut end = most - ELLIPSIS.len();
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    line.truncate(end);
    line + ELLIPSIS
}
