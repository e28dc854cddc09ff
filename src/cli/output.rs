//! Prints data on standard output: tables for people, JSON and YAML for programs.

mod age;
mod attempts;
mod palette;
mod shown_cell;
mod table_columns;

use std::fmt::Display;
use std::io::{self, ErrorKind, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use comfy_table::{Table, presets};
use macaque_core::outcome::Outcome;
use macaque_core::report::{RoundEnd, RoundReport, SkippedNamespace};
use serde::Serialize;

use super::args::OutputFormat;
use crate::notify::{self, MessageContext, RoundMessage};
use crate::program;
use crate::telemetry::{self, status_line};
use crate::text;
pub(super) use crate::text::line;
pub(super) use age::age;
pub(super) use attempts::names;
pub(super) use shown_cell::ShownCell;
pub(super) use table_columns::TableColumns;

/// The longest text of a server within a line, in characters: as in messages to chat services.
const SERVER_TEXT: usize = 400;

/// Whether standard output lacks something that was to be written on it.
static IS_INCOMPLETE: AtomicBool = AtomicBool::new(false);

/// Whether the reader of standard output has ended.
static IS_UNREAD: AtomicBool = AtomicBool::new(false);

/// Whether standard output lacks something, and a reader is left to miss it.
pub(super) fn is_incomplete() -> bool {
    IS_INCOMPLETE.load(Ordering::Relaxed)
}

/// Whether whoever read standard output has ended: what is written goes nowhere.
pub(super) fn is_unread() -> bool {
    IS_UNREAD.load(Ordering::Relaxed)
}

/// Takes what writing on standard output came to. A reader that has ended is no error: a closed pipe ends the command
/// quietly. Any other error is reported once.
pub(super) fn note(written: io::Result<()>) {
    let Err(error) = written else {
        return;
    };
    if error.kind() == ErrorKind::BrokenPipe {
        IS_UNREAD.store(true, Ordering::Relaxed);
    } else if !IS_INCOMPLETE.swap(true, Ordering::Relaxed) {
        telemetry::print_error(&format!("cannot write to standard output: {error}"));
    }
}

/// Writes `words` on standard output, in colour if it is a terminal that supports it.
pub(super) fn write(words: &impl Display) {
    status_line::clear();
    let mut out = anstream::stdout();
    note(writeln!(out, "{words}").and_then(|()| out.flush()));
}

/// Writes `words`, which may contain text from the cluster, without characters that control a terminal, other than the
/// styles of results. Text that may contain line breaks goes through [`line()`] or [`table`] before.
pub(super) fn write_plain(words: &str) {
    write(&program::as_called(&palette::painted_page(words)));
}

/// Writes `data` in a format that was asked for; `page` makes the text for people, and is passed whether it is wide.
pub(super) fn write_in(format: OutputFormat, data: &impl Serialize, page: impl FnOnce(bool) -> String) {
    match format {
        OutputFormat::Table => write_plain(&page(false)),
        OutputFormat::Wide => write_plain(&page(true)),
        OutputFormat::Json => json(data),
        OutputFormat::Yaml => yaml(data),
    }
}

/// Writes `script` as it is.
pub(super) fn write_raw(script: &[u8]) {
    let mut out = io::stdout();
    note(out.write_all(script).and_then(|()| out.flush()));
}

/// Writes `data` as JSON, in which characters that would control a terminal or hide text are escaped.
pub(super) fn json(data: &impl Serialize) {
    write(&json_text(data));
}

/// Writes `data` as YAML. With characters that would hide text it is written as JSON, which is YAML too and has an escape
/// sequence for each of them.
pub(super) fn yaml(data: &impl Serialize) {
    let text = serde_saphyr::to_string(data).expect("reports serialise: their maps have text keys");
    if text.contains(|c| text::is_hidden(c) && c != '\n') {
        json(data);
    } else {
        write(&text.trim_end());
    }
}

/// Writes `data` as JSON on one line.
pub(super) fn json_line(data: &impl Serialize) {
    let json = serde_json::to_string(data).expect("reports serialise: their maps have text keys");
    write(&text::revealed_json(&json));
}

fn json_text(data: &impl Serialize) -> String {
    let json = serde_json::to_string_pretty(data).expect("reports serialise: their maps have text keys");
    text::revealed_json(&json)
}

/// The text of a server as a part of a line, shorter than a whole one, so that what follows has room.
pub(super) fn server_text(words: &str) -> String {
    text::clean(words, SERVER_TEXT)
}

/// Each line once, with the number of times that it comes.
pub(super) fn counted(lines: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut counts: Vec<(String, usize)> = Vec::new();
    for line in lines {
        match counts.iter_mut().find(|(known, _)| *known == line) {
            Some((_, count)) => *count += 1,
            None => counts.push((line, 1)),
        }
    }

    let words = counts.into_iter().map(|(line, count)| match count {
        1 => line,
        _ => format!("{line} ({count} times)"),
    });
    words.collect()
}

/// A table as kubectl prints them: a header in capitals, columns separated by two spaces, no line wrapped and no cell
/// cut. A cell is a text, or a [`ShownCell::result`], whose first words have a style on a terminal.
pub(super) fn table<'a, R: IntoIterator<Item: Into<ShownCell>>>(
    header: impl IntoIterator<Item = &'a str>,
    rows: impl IntoIterator<Item = R>,
) -> String {
    let cells = |row: R| row.into_iter().map(Into::into).collect();
    let rows: Vec<Vec<ShownCell>> = rows.into_iter().map(cells).collect();
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header);
    for row in &rows {
        table.add_row(row.iter().map(ShownCell::plain));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }

    let laid_out = table.trim_fmt();
    let mut lines = laid_out.lines();
    let mut out = Vec::from_iter(lines.next().map(str::to_owned));
    out.extend(lines.zip(&rows).map(|(line, row)| painted_row(line, row)));
    out.join("\n")
}

/// The line of a table with its cells in their styles, which take no room on a terminal.
fn painted_row(line: &str, row: &[ShownCell]) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    for cell in row {
        let start = rest.len() - rest.trim_start().len();
        out += &rest[..start];
        rest = &rest[start..];
        let plain = cell.plain();
        if let Some(after) = rest.strip_prefix(&plain) {
            out += &cell.painted();
            rest = after;
        }
    }
    out + rest
}

/// The report of one round, for people: the headline, the victims, and why other pods were exempt.
pub(super) fn report(report: &RoundReport, context: &MessageContext) -> String {
    let message = RoundMessage::in_context(Arc::new(report.clone()), context);
    let mut parts = vec![message.headline];
    // The headline is cut to the size of a phone.
    let reason = match &report.end {
        RoundEnd::Failed { why } | RoundEnd::Withheld { why } => Some(why.clone()),
        RoundEnd::Held(hold) => Some(hold.to_string()),
        RoundEnd::Complete | RoundEnd::Interrupted => None,
    };
    parts.extend(
        reason
            .filter(|why| !parts[0].contains(why))
            .map(|why| line(&format!("reason: {why}"))),
    );

    if !report.attempts.is_empty() {
        parts.push(table(
            ["POD", "OWNER", "OUTCOME"],
            attempts::rows(&report.attempts),
        ));
    }

    parts.extend(report.count.iter().map(|count| format!("count: {count}")));
    let turns = report.missed_turns();
    parts.extend(counted(
        turns.map(|(turn, why)| line(&notify::missed_turn(turn, why))),
    ));
    parts.extend(advice(report));
    let warnings = report.attempts.iter().flat_map(|attempt| &attempt.warnings);
    let warnings = warnings.map(|warning| format!("warning: {}", server_text(warning)));
    let problems = report.problems.iter();
    let problems = problems.map(|problem| line(&format!("problem: {problem}")));
    let of_round = notify::warnings(report).into_iter();
    let of_round = of_round.map(|warning| server_text(&warning));
    parts.extend(
        SkippedNamespace::texts(&report.skipped)
            .iter()
            .map(|text| line(text)),
    );
    parts.extend(counted(warnings.chain(problems).chain(of_round)));

    if !report.exempted.is_empty() {
        let mut tallies: Vec<_> = report.exempted.iter().collect();
        tallies.sort_by_key(|(_, tally)| std::cmp::Reverse(tally.count));
        let rows = tallies.into_iter().map(|(word, tally)| {
            let example = format!("{}: {}", tally.example, tally.detail);
            [(*word).to_owned(), tally.count.to_string(), example]
        });
        parts.push(table(["EXEMPT", "PODS", "EXAMPLE"], rows));
    }

    parts.push(message.footer);
    parts.join("\n")
}

/// The advice on each refusal, without duplicates.
fn advice(report: &RoundReport) -> Vec<String> {
    let mut lines = Vec::new();
    for attempt in &report.attempts {
        let Outcome::Refused(refusal) = &attempt.outcome else {
            continue;
        };
        let (summary, outlook, remedy) = (refusal.summary(), refusal.outlook(), refusal.advice());
        let advice = line(&format!("{summary}: {outlook}; {remedy}"));
        if !lines.contains(&advice) {
            lines.push(advice);
        }
    }

    lines
}

/// The reason why a round, or a preview of one, ended early.
pub(super) fn failure_text(end: RoundEnd) -> String {
    match end {
        RoundEnd::Failed { why } | RoundEnd::Withheld { why } => why,
        RoundEnd::Held(hold) => hold.to_string(),
        RoundEnd::Complete | RoundEnd::Interrupted => "interrupted".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_and_tables_show_no_hidden_character() {
        let hostile = "a\u{9b}2J\u{202e}b\u{200b}\u{7f}";
        let json = json_text(&[hostile]);
        assert!(!json.contains(|c| text::is_hidden(c) && c != '\n'), "{json:?}");
        assert_eq!(serde_json::from_str::<[String; 1]>(&json).unwrap(), [hostile]);

        let table = table(["TEXT"], [[hostile.to_owned()]]);
        assert!(table.ends_with("a 2Jb"), "{table:?}");
    }

    #[test]
    fn cells_and_lines_are_bounded() {
        let long = "x".repeat(20_000);
        assert!(
            table(["TEXT"], [[long.clone()]])
                .lines()
                .all(|line| text::chars(line) <= text::LONGEST_LINE)
        );
        assert_eq!(text::chars(&server_text(&long)), SERVER_TEXT);
    }

    #[test]
    fn equal_lines_are_counted() {
        let lines = ["a", "b", "a", "a"].map(str::to_owned);
        assert_eq!(counted(lines), ["a (3 times)", "b"]);
    }
}
