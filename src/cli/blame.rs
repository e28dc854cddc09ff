//! `macaque blame`: whether macaque was the cause of what happened at some time, with the proof.

mod asked_span;
pub(super) mod past_time;

use std::time::Duration;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use macaque_core::blame::{BlameDocument, BlameEvidence, BlameQuestion, BlameVerdict, SLACK, blame};

use self::asked_span::SpanArgs;
use super::args::{GlobalArgs, duration};
use super::history::source::{ClusterHistory, PlaceArgs, note_out_of_scope, read_cluster, settings_of_place};
use super::{exit, output};
use crate::platform::Platform;
use crate::settings::is_object_name;
use crate::telemetry;

/// The longest slack.
const LONGEST_SLACK: Duration = Duration::from_secs(30 * 24 * 3600);

/// The flags of `macaque blame`.
#[derive(Debug, Args)]
pub(super) struct BlameArgs {
    #[command(flatten)]
    span: SpanArgs,
    /// Only disruptions in this namespace [default: any]
    #[arg(short, long, value_name = "NAME")]
    namespace: Option<String>,
    /// How long after a recovery a disruption may still be the cause [default: 10m]
    #[arg(long, value_name = "DURATION", value_parser = parse_slack, allow_hyphen_values = true)]
    slack: Option<Duration>,
    #[command(flatten)]
    place: PlaceArgs,
    /// Output format
    #[arg(short, long, value_enum, default_value_t)]
    output: BlameOutput,
}

/// How an answer is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum BlameOutput {
    // For people.
    #[default]
    Text,
    // For programs.
    Json,
}

/// Answers the question; returns the process's exit code.
pub(super) fn run(global: &GlobalArgs, args: &BlameArgs) -> i32 {
    if let Some(name) = args.namespace.as_ref().filter(|name| !is_object_name(name)) {
        telemetry::print_error(&format!("--namespace: {name:?} is not a valid namespace name"));
        return exit::USAGE;
    }
    let settings = match settings_of_place(global, &args.place) {
        Ok(settings) => settings,
        Err(code) => return code,
    };
    let resolve = |now: Timestamp| {
        let span = args.span.resolve(&settings.zone, now);
        span.map_err(|why| {
            telemetry::print_error(&why);
            exit::USAGE
        })
    };
    if let Err(code) = resolve(Platform::system().now()) {
        return code;
    }

    let known = match read_cluster(&settings) {
        Ok(known) => known,
        Err(code) => return code,
    };
    // By the clock of the cluster when reading began: what was read covers the span to its end.
    let span = match resolve(known.now) {
        Ok(span) => span,
        Err(code) => return code,
    };
    for warning in &known.warnings {
        telemetry::print_note(warning);
    }
    let question = BlameQuestion {
        from: span.first,
        to: span.last,
        namespace: args.namespace.clone(),
        slack: args.slack.unwrap_or(SLACK),
    };
    let document = answer(&question, &known, settings.config.recovery.timeout);
    note_out_of_scope(args.namespace.as_slice(), &settings.config.target);
    args.output.print(&document);
    exit_code(document.answer.verdict)
}

/// The answer by what the cluster knows.
fn answer(question: &BlameQuestion, known: &ClusterHistory, timeout: Duration) -> BlameDocument {
    let evidence = BlameEvidence {
        journal: known.journal.as_ref().map_err(String::as_str),
        history: known.history.as_ref().map_err(|fault| fault.words.as_str()),
        timeout,
        now: known.now,
    };
    BlameDocument::new(question, known.now, blame(question, evidence))
}

fn exit_code(verdict: BlameVerdict) -> i32 {
    match verdict {
        BlameVerdict::No => exit::OK,
        BlameVerdict::Maybe | BlameVerdict::Yes => exit::FOUND,
        BlameVerdict::CannotTell => exit::CLUSTER,
    }
}

impl BlameOutput {
    fn print(self, document: &BlameDocument) {
        match self {
            Self::Json => output::json(document),
            Self::Text => {
                let answer = &document.answer;
                let words = format!("{}: {}", answer.verdict.as_str(), answer.proof);
                output::write_plain(&output::line(&words));
            }
        }
    }
}

fn parse_slack(text: &str) -> Result<Duration, String> {
    let slack = duration(text, "10m")?;
    if slack > LONGEST_SLACK {
        return Err("write at most 30d".to_owned());
    }
    Ok(slack)
}
