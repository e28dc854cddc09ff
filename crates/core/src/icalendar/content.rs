//! Content lines of RFC 5545: escaped, folded at 75 octets, and ended by CRLF.

use jiff::Timestamp;

/// The longest line, in octets, without its end.
const LONGEST_LINE: usize = 75;

/// An iCalendar text, line by line.
#[derive(Debug, Default)]
pub(super) struct ContentLines {
    text: String,
}

impl ContentLines {
    /// Adds a line whose value is written as it is: a name, a duration, an identifier.
    pub(super) fn push(&mut self, name: &str, value: &str) {
        self.fold(&format!("{name}:{value}"));
    }

    /// Adds a line whose value is a text of any characters.
    pub(super) fn push_text(&mut self, name: &str, text: &str) {
        self.push(name, &escape(text));
    }

    /// Adds a line whose value is an instant, in UTC.
    pub(super) fn push_instant(&mut self, name: &str, instant: Timestamp) {
        self.push(name, &utc(instant));
    }

    /// The whole text.
    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// Adds a line in pieces of at most 75 octets, each but the first behind a blank, and none with a part of a character.
    fn fold(&mut self, line: &str) {
        let mut length = 0;
        for c in line.chars() {
            if length + c.len_utf8() > LONGEST_LINE {
                self.text.push_str("\r\n ");
                length = 1;
            }
            self.text.push(c);
            length += c.len_utf8();
        }
        self.text.push_str("\r\n");
    }
}

/// An instant as a form of date with UTC time: `20261127T130000Z`.
pub(super) fn utc(instant: Timestamp) -> String {
    instant.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// A value of the type TEXT. It has no control characters but line breaks.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => escaped.extend(['\\', c]),
            '\n' => escaped.push_str("\\n"),
            _ if c.is_control() => {}
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str, text: &str) -> String {
        let mut lines = ContentLines::default();
        lines.push_text(name, text);
        lines.into_text()
    }

    #[test]
    fn what_has_a_meaning_of_its_own_is_escaped() {
        let hostile = "a,b;c\\n\r\nBEGIN:VEVENT\u{0}\u{1b}\u{85}\t\"d\":e";
        assert_eq!(
            line("SUMMARY", hostile),
            "SUMMARY:a\\,b\\;c\\\\n\\nBEGIN:VEVENT\"d\":e\r\n"
        );
    }

    #[test]
    fn a_line_has_75_octets_at_most_and_goes_on_behind_a_blank() {
        let rows = [
            ("x".repeat(73), "N:".to_owned() + &"x".repeat(73) + "\r\n"),
            ("x".repeat(74), "N:".to_owned() + &"x".repeat(73) + "\r\n x\r\n"),
            // A character of four octets that would end in the 76th begins the next line.
            (
                "x".repeat(70) + "🐒",
                "N:".to_owned() + &"x".repeat(70) + "\r\n 🐒\r\n",
            ),
        ];
        for (text, expected) in rows {
            assert_eq!(line("N", &text), expected);
        }
    }

    #[test]
    fn an_instant_is_written_in_utc() {
        assert_eq!(
            utc("2026-11-27T14:00:00+01:00".parse().unwrap()),
            "20261127T130000Z"
        );
    }
}
