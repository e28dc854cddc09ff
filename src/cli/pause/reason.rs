//! The flag `--reason` of `macaque pause`: one line that people can read.

use macaque_core::server_text::MAX_SERVER_TEXT;

use crate::text;

/// Parses the reason of a pause: one line, as long as it is shown.
pub(super) fn parse(written: &str) -> Result<String, String> {
    let reason = written.trim();
    let length = reason.chars().count();

    if reason.is_empty() {
        return Err("it is empty: write why, or leave --reason out".to_owned());
    }
    if reason.contains(['\n', '\r', '\u{2028}', '\u{2029}']) {
        return Err("it has several lines: write one".to_owned());
    }
    if let Some(hidden) = reason.chars().find(|c| text::is_hidden(*c)) {
        let hidden = hidden.escape_unicode();
        return Err(format!(
            "it contains the invisible character {hidden}: write text that can be seen"
        ));
    }
    if length > MAX_SERVER_TEXT {
        return Err(format!(
            "it has {length} characters: write at most {MAX_SERVER_TEXT}"
        ));
    }
    Ok(reason.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_visible_line_of_bounded_length() {
        let longest = "ä".repeat(MAX_SERVER_TEXT);
        let too_long = format!("{longest}x");
        let rows = [
            ("INC-4711", Ok("INC-4711")),
            (
                "  Umzug der Datenbank, \"bis morgen\" ",
                Ok("Umzug der Datenbank, \"bis morgen\""),
            ),
            (&*longest, Ok(&*longest)),
            (&*too_long, Err("it has 401 characters: write at most 400")),
            ("", Err("it is empty: write why, or leave --reason out")),
            (" \n ", Err("it is empty: write why, or leave --reason out")),
            ("one\ntwo", Err("it has several lines: write one")),
            ("one\r\ntwo", Err("it has several lines: write one")),
            (
                "\u{1b}[31mred",
                Err("it contains the invisible character \\u{1b}: write text that can be seen"),
            ),
            (
                "a\u{202e}b",
                Err("it contains the invisible character \\u{202e}: write text that can be seen"),
            ),
            (
                "a\tb",
                Err("it contains the invisible character \\u{9}: write text that can be seen"),
            ),
        ];
        for (written, expected) in rows {
            let expected = expected.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(parse(written), expected, "{written:?}");
        }
    }
}
