//! A log of the history, for tests.

use serde_json::json;

/// A line of a log about the victim with this number.
pub(super) fn line(number: u64) -> String {
    let entry = json!({
        "number": number,
        "slot": "2026-11-29T12:00:00Z",
        "at": format!("2026-11-29T12:00:{number:02}Z"),
        "pod": {"namespace": "shop", "name": "web-1", "uid": format!("u{number}")},
        "method": "evict",
        "outcome": {"result": "evicted"},
    });
    format!("{}\n", json!({"history": {"version": 1, "entry": entry}}))
}
