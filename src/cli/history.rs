//! `macaque history`: what was disrupted, and how it recovered; from the cluster, or out of a log.

mod cluster_history;
mod cluster_reader;
mod gaps;
mod loaded_history;
mod log_source;
mod row_printer;
mod rows;
mod selection;
pub(super) mod since;
pub(super) mod source;
#[cfg(test)]
mod test_log;
mod view;
mod watch;

use clap::Args;

use self::selection::SelectionArgs;
use self::source::SourceArgs;
use self::view::HistoryView;
use super::args::{GlobalArgs, OutputFormat};
use super::{exit, output};
use crate::telemetry;

/// The flags of `macaque history`.
#[derive(Debug, Args)]
pub(super) struct HistoryArgs {
    #[command(flatten)]
    selection: SelectionArgs,
    /// After the list, print each victim as it appears, and again when more is known of it
    #[arg(short, long, conflicts_with = "from")]
    watch: bool,
    #[command(flatten)]
    source: SourceArgs,
    /// Output format
    #[arg(short, long, value_enum, default_value_t)]
    output: OutputFormat,
}

/// Lists the history; returns the process's exit code.
pub(super) fn run(global: &GlobalArgs, args: &HistoryArgs) -> i32 {
    let HistoryArgs {
        selection,
        source,
        output: format,
        ..
    } = args;
    if args.watch {
        if *format == OutputFormat::Yaml {
            telemetry::print_error("--watch: use -o table, wide or json");
            return exit::USAGE;
        }
        return watch::run(global, source.place(), selection, *format);
    }

    let loaded = match source::load(global, source) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    let since = match selection.since_instant(&loaded) {
        Ok(since) => since,
        Err(code) => return code,
    };
    loaded.print_warnings();
    let view = HistoryView::of(&loaded, selection, since);
    output::write_in(*format, &view, |is_wide| view.page(is_wide));
    exit::OK
}
