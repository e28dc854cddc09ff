//! The report as GitHub Flavored Markdown, short enough for a comment on a pull request.

use macaque_core::resilience::OwnerResilience;

use super::words::{ReportWords, none};
use crate::text;

/// The most bytes of a report; GitHub takes 65,536 characters.
const MOST_BYTES: usize = 60_000;
/// The most bytes for what is not known.
const MOST_BYTES_OF_GAPS: usize = 8_000;
/// The longest text from elsewhere, in characters.
const LONGEST_TEXT: usize = 300;

/// The head of the table.
const HEAD: &str = "\
| owner | disrupted | last | recoveries | p50 | p90 | slowest | finding |
|---|---:|---:|---:|---:|---:|---:|---|
";

/// The report: a line that sums it up, the table, and what is not known.
pub(super) fn markdown(words: &ReportWords<'_>) -> String {
    let mut out = format!("**macaque: {}**\n\n", words.headline());
    out.push_str(&format!("{}: {}\n", words.span(), words.activity()));
    let end = ending(words);

    let rows: Vec<_> = words
        .report
        .owners
        .iter()
        .map(|owner| row(words, owner))
        .collect();
    if !rows.is_empty() {
        let room = MOST_BYTES - out.len() - HEAD.len() - end.len() - "\n\n… and 1000000 more owners\n".len();
        let shown = fitting(&rows, room);
        out.push_str(&format!("\n{HEAD}{}", rows[..shown].concat()));
        if shown < rows.len() {
            let more = text::count(rows.len() - shown, "more owner");
            out.push_str(&format!("\n… and {more}\n"));
        }
    }

    out + &end
}

/// How many of the rows fit.
fn fitting(rows: &[String], room: usize) -> usize {
    let mut left = room;
    let fits = |row: &&String| {
        let rest = left.checked_sub(row.len());
        left = rest.unwrap_or(0);
        rest.is_some()
    };
    rows.iter().take_while(fits).count()
}

/// What stands below the table.
fn ending(words: &ReportWords<'_>) -> String {
    let mut out = String::new();
    if let Some(note) = words.few_note() {
        out.push_str(&format!("\n{note}\n"));
    }

    let gaps = words.report.gaps.iter();
    let gaps: Vec<_> = gaps.map(|gap| format!("- {}\n", code(gap))).collect();
    if !gaps.is_empty() {
        let shown = fitting(&gaps, MOST_BYTES_OF_GAPS);
        out.push_str(&format!("\nGaps:\n\n{}", gaps[..shown].concat()));
        if shown < gaps.len() {
            out.push_str(&format!("- … and {} more\n", gaps.len() - shown));
        }
    }
    out
}

fn row(words: &ReportWords<'_>, owner: &OwnerResilience) -> String {
    let name = code(&owner.owner.to_string());
    let numbers = words.numbers(owner).join(" | ");
    let (finding, detail) = owner.in_words();
    let detail = detail.map(code).unwrap_or_default();
    format!("| {name} | {numbers} | {finding}{detail} |\n")
}

/// Text from elsewhere as a code span, in which nothing is a link, a mention or HTML, within a table or not.
///
/// A backslash escapes nothing in a code span, but it does escape the bar that would end a cell. So the backslashes
/// before a bar are doubled, and the bar gets one more.
fn code(words: &str) -> String {
    let words = text::clean(words, LONGEST_TEXT);
    if words.is_empty() {
        return none();
    }

    let mut escaped = String::new();
    let mut backslashes = 0;
    for c in words.chars() {
        if c == '|' {
            escaped.push_str(&"\\".repeat(backslashes + 1));
        }
        backslashes = if c == '\\' { backslashes + 1 } else { 0 };
        escaped.push(c);
    }

    let runs = escaped.split(|c| c != '`').map(str::len);
    let fence = "`".repeat(runs.max().unwrap_or(0) + 1);
    let pad = if escaped.starts_with('`') || escaped.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{escaped}{pad}{fence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_elsewhere_is_a_code_span_that_it_cannot_end() {
        for (text, span) in [
            ("shop/deployment/web", "`shop/deployment/web`"),
            ("@team #1 www.x.org", "`@team #1 www.x.org`"),
            ("a|b", r"`a\|b`"),
            (r"a\|b", r"`a\\\|b`"),
            (r"a\\|b\", r"`a\\\\\|b\`"),
            ("a`b", "``a`b``"),
            ("`a``", "``` `a`` ```"),
            ("<img src=x>\n| - |", r"`<img src=x> \| - \|`"),
            ("", "-"),
        ] {
            assert_eq!(code(text), span);
        }
    }
}
