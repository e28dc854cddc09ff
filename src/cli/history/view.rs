//! What a history shows once the victims are selected: as JSON, as YAML, and as a table with the sentences below it.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use macaque_core::history::{HistoryEntry, HistoryGap, VERSION};
use serde::Serialize;

use super::loaded_history::LoadedHistory;
use super::rows::{gap_text, header, local, row};
use super::selection::SelectionArgs;
use crate::cli::output;
use crate::text::count;

/// The victims that are shown of a history, and what is missing of it.
#[derive(Serialize)]
pub(super) struct HistoryView<'a> {
    /// The version of this format.
    version: u32,
    /// Since when victims are shown, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Timestamp>,
    /// Where the history begins: nothing is known of what was before.
    #[serde(skip_serializing_if = "Option::is_none")]
    begins: Option<Timestamp>,
    /// What the history is complete up to.
    ends: Timestamp,
    /// The victims, oldest first.
    entries: Vec<&'a HistoryEntry>,
    /// What is missing in that time.
    gaps: Vec<GapView>,
    /// What else a reader has to know.
    warnings: &'a [String],
    /// How many victims are left out because nothing was disrupted.
    #[serde(skip)]
    left_out: usize,
    #[serde(skip)]
    loaded: &'a LoadedHistory,
    /// Whether only some namespaces or owners were asked for.
    #[serde(skip)]
    is_narrowed: bool,
}

/// Disruptions that the history lacks.
#[derive(Serialize)]
struct GapView {
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Timestamp>,
    to: Timestamp,
    count: u64,
}

impl<'a> HistoryView<'a> {
    /// Selects what is shown of a history.
    pub(super) fn of(loaded: &'a LoadedHistory, selection: &SelectionArgs, since: Option<Timestamp>) -> Self {
        let entries = loaded.history.entries();
        let shown = entries.iter().filter(|entry| selection.shows(entry, since));
        let left_out = entries.iter().filter(|entry| selection.leaves_out(entry, since));
        let gaps = loaded.gaps.iter();
        let gaps = gaps.filter(|gap| since.is_none_or(|since| since <= gap.to));
        Self {
            version: VERSION,
            since,
            begins: loaded.begins(),
            ends: loaded.now,
            entries: shown.collect(),
            gaps: gaps.map(GapView::of).collect(),
            warnings: &loaded.warnings,
            left_out: left_out.count(),
            loaded,
            is_narrowed: selection.is_narrowed(),
        }
    }

    /// The table, and the sentences below it.
    pub(super) fn page(&self, is_wide: bool) -> String {
        let mut parts = Vec::new();
        if self.entries.is_empty() {
            parts.push(self.nothing());
        } else {
            let rows = self.entries.iter().map(|entry| row(entry, self.loaded, is_wide));
            parts.push(output::table(header(is_wide), rows));
        }

        parts.extend(self.beginning());
        let source = self.loaded.source();
        let gaps = self
            .gaps
            .iter()
            .map(|gap| gap_text(&gap.gap(), self.zone(), source));
        parts.extend(gaps);
        parts.join("\n")
    }

    /// The sentence instead of a table without rows.
    fn nothing(&self) -> String {
        let such = if self.is_narrowed { "such " } else { "" };
        let since = match (self.since, self.begins) {
            (None, None) => format!(": the {} has none", self.loaded.source()),
            (Some(since), Some(begins)) => format!(" since {}", local(since.max(begins), self.zone())),
            (Some(instant), None) | (None, Some(instant)) => {
                format!(" since {}", local(instant, self.zone()))
            }
        };
        let others = match self.left_out {
            0 => String::new(),
            several => format!(
                "; --all lists {} of which none was disrupted",
                count(several, "victim")
            ),
        };
        format!("no {such}disruptions{since}{others}")
    }

    /// The sentence that the history begins later than what was asked for; without a time, all of it was asked for.
    fn beginning(&self) -> Option<String> {
        let begins = self.begins?;
        let is_later = self.since.is_none_or(|since| since < begins);
        let words = format!(
            "the {} begins {}",
            self.loaded.source(),
            local(begins, self.zone())
        );
        is_later.then_some(words)
    }

    fn zone(&self) -> &TimeZone {
        &self.loaded.zone
    }
}

impl GapView {
    fn of(gap: &HistoryGap) -> Self {
        let HistoryGap { from, to, count } = *gap;
        Self { from, to, count }
    }

    fn gap(&self) -> HistoryGap {
        let Self { from, to, count } = *self;
        HistoryGap { from, to, count }
    }
}
