//! Prints data on standard output: tables for people, JSON and YAML for programs.

use std::fmt::Display;
use std::io::Write as _;

use comfy_table::{Table, presets};
use macaque_core::outcome::Outcome;
use macaque_core::report::{RoundEnd, RoundReport};
use serde::Serialize;

use crate::notify::{MessageContext, RoundMessage};
use crate::text;
pub(super) use crate::text::line;

/// Writes `words` on standard output, in colour if it is a terminal that supports it. A closed pipe ends the command
/// quietly.
pub(super) fn write(words: &impl Display) {
    let _ = writeln!(anstream::stdout(), "{words}");
}

/// Writes `words`, which may contain text from the cluster, without characters that control a terminal. Text that may
/// contain line breaks goes through [`line()`] or [`table`] before.
pub(super) fn write_plain(words: &str) {
    write(&text::visible(words));
}

/// Writes `script` as it is. A closed pipe ends the command quietly.
pub(super) fn write_raw(script: &[u8]) {
    let mut out = std::io::stdout();
    let _ = out.write_all(script).and_then(|()| out.flush());
}

/// Writes `data` as JSON.
pub(super) fn json(data: &impl Serialize) {
    write(&serde_json::to_string_pretty(data).expect("reports serialise: their maps have text keys"));
}

/// Writes `data` as YAML.
pub(super) fn yaml(data: &impl Serialize) {
    let text = serde_saphyr::to_string(data).expect("reports serialise: their maps have text keys");
    write(&text.trim_end());
}

/// A table as kubectl prints them: a header in capitals, columns separated by spaces.
pub(super) fn table<const N: usize>(
    header: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header);
    for row in rows {
        table.add_row(row.map(|cell| line(&cell)));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}

/// The report of one round, for people: the headline, the victims, and why other pods were exempt.
pub(super) fn report(report: &RoundReport, context: &MessageContext) -> String {
    let message = RoundMessage::in_context(report, context);
    let mut parts = vec![message.headline];
    // The headline is cut to the size of a phone.
    if let RoundEnd::Failed { why } = &report.end
        && !parts[0].contains(why.as_str())
    {
        parts.push(line(&format!("reason: {why}")));
    }

    if !report.attempts.is_empty() {
        let rows = report.attempts.iter().map(|attempt| {
            let owner = attempt
                .owner
                .as_ref()
                .map_or_else(|| "-".to_owned(), ToString::to_string);
            [attempt.pod.to_string(), owner, attempt.outcome.to_string()]
        });
        parts.push(table(["POD", "OWNER", "OUTCOME"], rows));
    }

    parts.extend(advice(report));
    for warning in report.attempts.iter().flat_map(|attempt| &attempt.warnings) {
        parts.push(line(&format!("warning: {warning}")));
    }

    parts.extend(
        report
            .problems
            .iter()
            .map(|problem| line(&format!("problem: {problem}"))),
    );

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
        let later = if refusal.may_pass() {
            "may be allowed later"
        } else {
            "will not be allowed until something changes"
        };
        let advice = line(&format!("{}: {later}; {}", refusal.summary(), refusal.advice()));
        if !lines.contains(&advice) {
            lines.push(advice);
        }
    }

    lines
}
