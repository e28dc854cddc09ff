//! `macaque history --watch`: prints each victim as it appears, and again when more is known of it.

use std::collections::BTreeMap;
use std::time::Duration;

use actix::System;
use jiff::Timestamp;
use macaque_core::history::{HistoryEntry, HistoryGap, HistoryLine, LineContent};
use serde_json::json;
use tokio::time::Instant;

use super::cluster_reader::ClusterReader;
use super::loaded_history::LoadedHistory;
use super::row_printer::RowPrinter;
use super::rows::{gap_text, header, row};
use super::selection::SelectionArgs;
use super::source::{PlaceArgs, settings_of_place};
use crate::cli::args::{GlobalArgs, OutputFormat};
use crate::cli::interrupt::interrupted;
use crate::cli::output::{self, ShownCell};
use crate::cli::{exit, setup};
use crate::platform::Platform;
use crate::telemetry;
use crate::text;

/// How often the journal is read: what happens is there first.
const JOURNAL_INTERVAL: Duration = Duration::from_secs(5);

/// How often the history is read: macaque writes it once a minute at most.
const HISTORY_INTERVAL: Duration = Duration::from_secs(60);

/// How wide the columns usually are, for the header above rows that are yet to come.
const USUAL_WIDTHS: [usize; 6] = [23, 12, 24, 32, 7, 3];

/// A history that is watched, and what of it was printed.
struct HistoryWatch<'a> {
    reader: ClusterReader<'a>,
    platform: &'a Platform,
    selection: &'a SelectionArgs,
    since: Option<Timestamp>,
    format: OutputFormat,
    loaded: LoadedHistory,
    /// When the history was read.
    read_at: Instant,
    printer: RowPrinter,
    /// The entries as they were printed last, by slot and UID.
    printed: BTreeMap<(Timestamp, String), HistoryEntry>,
    printed_gaps: Vec<HistoryGap>,
    /// The problem that was reported and is not over.
    problem: Option<String>,
}

/// Prints the history, and what comes, until a signal or the end of the reader; returns the process's exit code.
pub(super) fn run(
    global: &GlobalArgs,
    place: &PlaceArgs,
    selection: &SelectionArgs,
    format: OutputFormat,
) -> i32 {
    let settings = match settings_of_place(global, place) {
        Ok(settings) => settings,
        Err(code) => return code,
    };
    System::new().block_on(async {
        let watching = Box::pin(async {
            let platform = Platform::system();
            let cluster = setup::connect(&settings.cluster, &platform).await?;
            let reader = ClusterReader::new(&cluster, &settings.config, &platform);
            let read_at = platform.monotonic();
            let loaded = LoadedHistory::of_cluster(reader.read().await, settings.zone.clone());
            let loaded = loaded.map_err(|fault| fault.report())?;
            let since = selection.since_instant(&loaded)?;

            let mut watch = HistoryWatch {
                reader,
                platform: &platform,
                selection,
                since,
                format,
                loaded,
                read_at,
                printer: RowPrinter::default(),
                printed: BTreeMap::new(),
                printed_gaps: Vec::new(),
                problem: None,
            };
            watch.run().await;
            Ok(exit::OK)
        });
        tokio::select! {
            code = watching => code.unwrap_or_else(|code| code),
            () = interrupted() => exit::OK,
        }
    })
}

impl HistoryWatch<'_> {
    async fn run(&mut self) {
        self.loaded.print_warnings();
        if self.format.is_for_people() {
            self.print_header();
        }
        self.print();

        while !output::is_unread() {
            self.platform.sleep(JOURNAL_INTERVAL).await;
            self.read().await;
            self.print();
        }
    }

    /// Reads the journal, and the history if it may have been written since.
    async fn read(&mut self) {
        let now = self.platform.monotonic();
        if now.duration_since(self.read_at) < HISTORY_INTERVAL {
            let journal = self.reader.journal().await;
            self.note_problem(journal.as_ref().err().cloned());
            if let Ok(journal) = journal {
                self.loaded.note_journal(journal, self.platform.now());
            }
            return;
        }

        let mut read = self.reader.read().await;
        if let Ok(history) = &mut read.history {
            // What the journal held meanwhile need not be in the stored history yet, and is no gap.
            history.merge(&self.loaded.history);
        }
        let read = LoadedHistory::of_cluster(read, self.loaded.zone.clone());
        let problem = match &read {
            Ok(read) => read.journal.as_ref().err().cloned(),
            Err(fault) => Some(fault.words.clone()),
        };
        self.note_problem(problem);
        if let Ok(read) = read {
            self.loaded = read;
            self.read_at = now;
        }
    }

    /// Reports a problem once, and that it is over.
    fn note_problem(&mut self, problem: Option<String>) {
        match (&self.problem, &problem) {
            (None, Some(why)) => telemetry::print_note(&format!("{why}; still watching")),
            (Some(_), None) => telemetry::print_note("the journal and the history can be read again"),
            _ => {}
        }
        self.problem = problem;
    }

    fn is_wide(&self) -> bool {
        self.format == OutputFormat::Wide
    }

    /// Prints what is new in the history, or known better.
    fn print(&mut self) {
        let entries = self.loaded.history.entries().iter();
        let shown = entries.filter(|entry| self.selection.shows(entry, self.since));
        for entry in shown {
            let key = (entry.slot, entry.pod.uid.clone());
            if self.printed.get(&key) == Some(entry) {
                continue;
            }
            match self.format {
                OutputFormat::Table | OutputFormat::Wide => {
                    let cells = row(entry, &self.loaded, self.is_wide());
                    output::write_plain(&self.printer.line(cells));
                }
                // A line as the log has it, which --from reads.
                OutputFormat::Json | OutputFormat::Yaml => {
                    let line = HistoryLine::new(LineContent::Entry(Box::new(entry.clone())));
                    let line = json!({"history": line}).to_string();
                    output::write(&text::revealed_json(&line));
                }
            }
            self.printed.insert(key, entry.clone());
        }

        for gap in self
            .loaded
            .gaps
            .iter()
            .filter(|gap| self.since.is_none_or(|since| since <= gap.to))
        {
            if !self.printed_gaps.contains(gap) {
                let words = gap_text(gap, &self.loaded.zone, self.loaded.source());
                telemetry::print_note(&words);
                self.printed_gaps.push(*gap);
            }
        }
    }

    /// Prints the header, in columns that are wide enough for what is there.
    fn print_header(&mut self) {
        let is_wide = self.is_wide();
        let entries = self.loaded.history.entries().iter();
        let shown = entries.filter(|entry| self.selection.shows(entry, self.since));
        let rows: Vec<_> = shown.map(|entry| row(entry, &self.loaded, is_wide)).collect();
        let header = header(is_wide).into_iter().map(ShownCell::from).collect();

        if rows.is_empty() {
            self.printer.widen_to(&USUAL_WIDTHS);
        }
        rows.into_iter().for_each(|row| self.printer.widen(&row));
        output::write_plain(&self.printer.line(header));
    }
}
