//! Decides which words have which style on a terminal: few, quiet, and never the only sign of what is meant.

use anstyle::{AnsiColor, Style};

use crate::text;

/// What happened to a victim, and that it may.
const STRONG: Style = Style::new().bold();
/// All is well.
const GOOD: Style = AnsiColor::Green.on_default();
/// Something was not done, is not known, or deserves a look.
const NOTICE: Style = AnsiColor::Yellow.on_default();
/// Something failed.
const BAD: Style = AnsiColor::Red.on_default();
/// Nothing is to be seen here.
const QUIET: Style = Style::new().dimmed();

const STYLES: [Style; 5] = [STRONG, GOOD, NOTICE, BAD, QUIET];

/// The words with which a result begins, longer ones before those that they begin with.
const RESULTS: [(&str, Style); 49] = [
    // Outcomes and predictions.
    ("evicted", STRONG),
    ("deleted", STRONG),
    ("disrupted", STRONG),
    ("allowed", GOOD),
    ("eligible", GOOD),
    ("not eligible", NOTICE),
    ("refused", NOTICE),
    ("held", NOTICE),
    ("guard", NOTICE),
    ("withheld", NOTICE),
    ("pending", NOTICE),
    ("unknown", NOTICE),
    ("forbidden", BAD),
    ("failed", BAD),
    ("interrupted", BAD),
    ("gone already", QUIET),
    ("gone", QUIET),
    ("dry-run", QUIET),
    ("would be tried", QUIET),
    // Recoveries.
    ("recovered", GOOD),
    ("slow", NOTICE),
    ("stuck", NOTICE),
    ("waiting", NOTICE),
    ("unwatched", NOTICE),
    ("unrecovered", BAD),
    ("rolled", QUIET),
    ("shrunk", QUIET),
    ("completed", QUIET),
    ("ownerless", QUIET),
    // Checks, rules and guards.
    ("ok", GOOD),
    ("note", QUIET),
    ("warning", NOTICE),
    ("FAILED", BAD),
    ("EXEMPT", NOTICE),
    ("off", QUIET),
    ("not asked", QUIET),
    ("HOLDS BACK", NOTICE),
    ("CANNOT ANSWER", NOTICE),
    ("holds back", NOTICE),
    ("cannot answer", NOTICE),
    // Budgets and slots.
    ("never", BAD),
    ("not now", NOTICE),
    ("quiet", QUIET),
    // Channels.
    ("delivered", GOOD),
    ("unconfirmed", NOTICE),
    ("unavailable", BAD),
    // Blame.
    ("no", GOOD),
    ("maybe", NOTICE),
    ("yes", BAD),
];

/// The labels with which a line begins.
const LABELS: [(&str, Style); 9] = [
    ("ARMED", STRONG),
    ("DRY RUN", STRONG),
    ("error:", BAD),
    ("problem:", BAD),
    ("warning:", NOTICE),
    ("paused", NOTICE),
    ("withheld:", NOTICE),
    ("skipped:", NOTICE),
    ("note:", QUIET),
];

/// `text` with the result that it begins with in its style, if it begins with one.
pub(super) fn painted_result(text: &str) -> String {
    painted(text, &RESULTS)
}

/// `page` without characters that control a terminal, other than the styles of this palette, and each label at the
/// beginning of a line in its style.
pub(super) fn painted_page(page: &str) -> String {
    let lines = page.split('\n').map(|line| painted(&visible(line), &LABELS));
    Vec::from_iter(lines).join("\n")
}

fn painted(text: &str, words: &[(&str, Style)]) -> String {
    let is_whole =
        |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '/'));
    let found = words.iter().find_map(|(word, style)| {
        let rest = text.strip_prefix(word)?;
        (word.ends_with(':') || is_whole(rest)).then_some((word, style, rest))
    });
    match found {
        Some((word, style, rest)) => format!("{style}{word}{style:#}{rest}"),
        None => text.to_owned(),
    }
}

/// The line without characters that control a terminal, other than the styles of this palette.
fn visible(line: &str) -> String {
    let sequences = STYLES
        .iter()
        .flat_map(|style| [format!("{style}"), format!("{style:#}")]);
    let sequences: Vec<_> = sequences.collect();
    let mut out = String::with_capacity(line.len());
    let mut rest = line;

    while let Some(start) = rest.find('\u{1b}') {
        out += &text::visible(&rest[..start]);
        rest = &rest[start..];
        let own = sequences
            .iter()
            .find(|sequence| rest.starts_with(sequence.as_str()));
        let length = own.map_or(1, String::len);
        if own.is_some() {
            out += &rest[..length];
        } else {
            out.push(' ');
        }
        rest = &rest[length..];
    }
    out + &text::visible(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn a_result_is_painted_by_its_first_words_and_says_the_same_without_colour() {
        for (text, expected) in [
            ("refused by budget db", "\u{1b}[33mrefused\u{1b}[0m by budget db"),
            ("gone already", "\u{1b}[2mgone already\u{1b}[0m"),
            ("FAILED", "\u{1b}[31mFAILED\u{1b}[0m"),
            ("not eligible: bare", "\u{1b}[33mnot eligible\u{1b}[0m: bare"),
            ("refused-web/db", "refused-web/db"),
            ("okay", "okay"),
            ("", ""),
        ] {
            assert_eq!(painted_result(text), expected);
            assert_eq!(plain(&painted_result(text)), text);
        }
    }

    #[test]
    fn no_word_hides_a_longer_one_behind_it() {
        for words in [&RESULTS[..], &LABELS] {
            for (index, (word, _)) in words.iter().enumerate() {
                let hidden = words[index + 1..]
                    .iter()
                    .find(|(later, _)| later.starts_with(&format!("{word} ")));
                assert_eq!(hidden.map(|(later, _)| *later), None, "{word}");
            }
        }
    }

    #[test]
    fn a_page_keeps_the_styles_of_the_palette_and_no_other_sequence() {
        let page = format!(
            "warning: a\u{1b}[2Jb\n{}\u{1b}]0;title\u{7}\u{9b}2J",
            painted_result("ok")
        );
        let shown = painted_page(&page);
        assert_eq!(
            shown,
            "\u{1b}[33mwarning:\u{1b}[0m a [2Jb\n\u{1b}[32mok\u{1b}[0m ]0;title  2J"
        );
        assert_eq!(plain(&shown), "warning: a [2Jb\nok ]0;title  2J");
    }
}
