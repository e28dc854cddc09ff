//! Text of others stays text, in every format.

use macaque_testkit::history_log::{entry_line, evicted, tried};
use serde_json::json;

use super::{FORMATS, printed};

/// What somebody may want to have run, shown, linked, mentioned or ended.
const HOSTILE: &str =
    "<script>alert(1)</script>|`@team`|]]>&\"'\\|[x](http://e.org)\u{1b}[2J\u{0}\u{202e}\u{fffe}\n| a |";

/// A log in which everything that others write is hostile.
fn hostile_log() -> String {
    let mut broken = evicted("Deployment", HOSTILE, 2, "unrecovered");
    broken["team"] = json!(HOSTILE);
    broken["recovery"]["trouble"] = json!(HOSTILE);
    let mut refused = tried(HOSTILE, "db", 3, &json!({"result": "refused", "by": HOSTILE}));
    refused["pod"]["namespace"] = json!(HOSTILE);
    let held = tried("Deployment", "mail", 4, &json!({"result": "held", "by": HOSTILE}));
    [broken, refused, held].iter().map(entry_line).collect()
}

#[test]
fn no_format_shows_a_character_that_a_terminal_obeys_or_hides() {
    for format in FORMATS {
        let output = printed(&hostile_log(), &format!("-o {format}"));
        assert_eq!(output.code, 3, "{format}: {output:?}");
        let hidden = ['\u{1b}', '\u{0}', '\u{202e}'];
        assert!(!output.out.contains(hidden), "{format}: {:?}", output.out);
    }
}

#[test]
fn a_row_of_markdown_stays_one_row_whose_text_is_code() {
    let markdown = printed(&hostile_log(), "-o markdown").out;
    let rows: Vec<_> = markdown.lines().filter(|line| line.starts_with('|')).collect();
    assert_eq!(rows.len(), 2 + 3, "{markdown}");
    for row in rows {
        assert_eq!(cells(row), 8, "{row}");
    }

    let outside = outside_code(&markdown);
    for word in ["<script", "@team", "http:", "](", "alert"] {
        assert!(!outside.contains(word), "{word}\n{outside}");
    }
}

#[test]
fn junit_is_xml_that_says_what_was_written() {
    let junit = printed(&hostile_log(), "-o junit").out;
    assert!(!junit.contains("<script"), "{junit}");
    assert!(junit.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{junit}");
    let is_valid = |c: char| matches!(c, '\n' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    assert!(junit.chars().all(is_valid), "{junit}");
}

#[test]
fn the_page_shows_hostile_text_as_text() {
    let page = printed(&hostile_log(), "-o html").out;
    assert!(!page.contains("<script"), "{page}");
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{page}");
}

/// How many cells GitHub sees in a row: an unescaped bar ends one, code span or not.
fn cells(row: &str) -> usize {
    let mut bars = 0;
    let mut is_escaped = false;
    for c in row.chars() {
        if c == '|' && !is_escaped {
            bars += 1;
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    bars - 1
}

/// The text without its code spans, as CommonMark finds them.
fn outside_code(markdown: &str) -> String {
    let mut outside = String::new();
    let mut rest = markdown;
    while let Some(start) = rest.find('`') {
        outside.push_str(&rest[..start]);
        let after = rest[start..].trim_start_matches('`');
        let fence = rest.len() - start - after.len();
        let end = closing(after, fence).expect("every code span ends");
        rest = &after[end + fence..];
    }
    outside + rest
}

/// Where the run of exactly this many backticks begins.
fn closing(text: &str, fence: usize) -> Option<usize> {
    let mut at = 0;
    while let Some(start) = text[at..].find('`').map(|start| at + start) {
        let length = text[start..].len() - text[start..].trim_start_matches('`').len();
        if length == fence {
            return Some(start);
        }
        at = start + length;
    }
    None
}
