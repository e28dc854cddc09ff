//! `macaque report`: what the history says of each owner. It only reads.

mod html_page;
mod junit;
mod markdown;
mod table;
mod words;

use std::collections::BTreeSet;
use std::time::Duration;

use actix::System;
use clap::{Args, ValueEnum};
use macaque_core::config::NamespaceScope;
use macaque_core::instants::before;
use macaque_core::notice::ScopeOwners;
use macaque_core::resilience::{OwnerFinding, ResilienceEvidence, ResilienceQuestion, ResilienceReport};

use self::words::ReportWords;
use super::args::{self, GlobalArgs};
use super::history::source::{self, LoadedHistory, SourceArgs};
use super::{exit, output, progress, setup};
use crate::platform::Platform;
use crate::round;
use crate::settings::{CommandSettings, is_object_name};
use crate::stop::StopSwitch;
use crate::telemetry;

/// The longest wait for the pods in scope.
const LIST_TIMEOUT: Duration = Duration::from_secs(120);

/// The reason why a log does not show who had no turn.
const LOG_NAMES_NO_SCOPE: &str = "a log does not say which owners are in scope";

/// The flags of `macaque report`.
#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// How far back to look
    #[arg(long, value_name = "DURATION", default_value = "30d", value_parser = since, allow_hyphen_values = true)]
    since: Duration,
    /// Only owners in this namespace; repeat the flag, or separate names by commas
    #[arg(short, long, value_name = "NAME", value_delimiter = ',', value_parser = namespace)]
    namespace: Vec<String>,
    #[command(flatten)]
    source: SourceArgs,
    /// Output format
    #[arg(short, long, value_enum, default_value_t)]
    output: ReportFormat,
}

/// How a report is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum ReportFormat {
    /// For people at a terminal
    #[default]
    Table,
    /// With the team, and who refused or held back
    Wide,
    /// For programs, by docs/schemas/report.schema.json
    Json,
    /// For people and programs
    Yaml,
    /// For a comment on a pull request, at most 60 kB
    Markdown,
    /// For pipelines: a test case for each owner
    Junit,
    /// A page to keep or send, in one file
    Html,
}

/// Prints the report; returns the process's exit code.
pub(super) fn run(global: &GlobalArgs, args: &ReportArgs) -> i32 {
    let (loaded, scope) = match load(global, args) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    for warning in &loaded.warnings {
        telemetry::print_note(warning);
    }

    let question = ResilienceQuestion {
        from: before(loaded.now, args.since),
        to: loaded.now,
        namespaces: args.namespaces(),
    };
    let evidence = ResilienceEvidence {
        history: &loaded.history,
        gaps: &loaded.gaps,
        journal: loaded.journal.as_ref().map_err(String::as_str),
        scope: scope.as_ref().map_err(|why| *why),
    };
    let report = ResilienceReport::of(&question, evidence);

    print(&ReportWords::new(&report, &loaded.zone), args.output);
    exit_code(&report)
}

/// Loads the history and, from the cluster, the owners in scope now.
fn load(
    global: &GlobalArgs,
    args: &ReportArgs,
) -> Result<(LoadedHistory, Result<ScopeOwners, &'static str>), i32> {
    if args.source.is_log() {
        let loaded = source::load(global, &args.source)?;
        return Ok((loaded, Err(LOG_NAMES_NO_SCOPE)));
    }

    let mut settings = source::settings_of_place(global, args.source.place())?;
    let loaded = source::load_with(&settings)?;
    if !args.namespace.is_empty() {
        let namespaces = args.namespaces();
        source::note_out_of_scope(&namespaces, &settings.config.target);
        settings.config.target.namespaces = NamespaceScope::Named(namespaces);
    }
    let scope = System::new().block_on(list_owners(&settings))?;
    Ok((loaded, Ok(scope)))
}

/// Lists the owners in scope, with what kept macaque from listing some or all of them.
async fn list_owners(settings: &CommandSettings) -> Result<ScopeOwners, i32> {
    let platform = Platform::system();
    let cluster = setup::connect(&settings.cluster, &platform).await?;
    // Nothing asks this to stop but a signal, which ends the process.
    let (_switch, stop) = StopSwitch::new(&platform);
    let eligibility = setup::eligibility(&settings.config, settings.own_pod.clone());

    let listing = round::list_every_owner(&cluster, &eligibility, &stop, &platform);
    let listing = platform.within(LIST_TIMEOUT, Box::pin(listing));
    let listed = progress::shown(cluster.progress(), &platform, listing).await;
    Ok(listed.unwrap_or_else(|| ScopeOwners::unknown("listing the pods in scope took too long")))
}

fn print(words: &ReportWords<'_>, format: ReportFormat) {
    match format {
        ReportFormat::Table => output::write_plain(&table::table(words)),
        ReportFormat::Wide => output::write_plain(&table::wide(words)),
        ReportFormat::Json => output::json(words.report),
        ReportFormat::Yaml => output::yaml(words.report),
        ReportFormat::Markdown => output::write_raw(markdown::markdown(words).as_bytes()),
        ReportFormat::Junit => output::write_raw(&junit::junit(words)),
        ReportFormat::Html => output::write_raw(html_page::page(words).as_bytes()),
    }
}

/// The exit code: that of a finding if an owner recovered late or not in time, which is a failure in JUnit too.
fn exit_code(report: &ResilienceReport) -> i32 {
    let is_bad = |finding| matches!(finding, OwnerFinding::Unrecovered | OwnerFinding::Slow);
    if report.owners.iter().any(|owner| is_bad(owner.finding)) {
        exit::FOUND
    } else {
        exit::OK
    }
}

impl ReportArgs {
    /// The namespaces asked for, each once.
    fn namespaces(&self) -> Vec<String> {
        let names: BTreeSet<_> = self.namespace.iter().cloned().collect();
        names.into_iter().collect()
    }
}

fn since(text: &str) -> Result<Duration, String> {
    let since = args::duration(text, "30d")?;
    if since.is_zero() {
        return Err("it must be longer than 0".to_owned());
    }
    Ok(since)
}

fn namespace(name: &str) -> Result<String, &'static str> {
    let name = name.trim();
    if is_object_name(name) {
        Ok(name.to_owned())
    } else {
        Err("write the name of a namespace")
    }
}
