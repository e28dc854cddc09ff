//! `macaque plan`: what the next round would do, to which pods, and how likely. Disrupts nothing.

mod count;
mod print;
mod recoveries;
mod rows;
mod turns;
mod view;

use actix::System;
use clap::Args;

pub(super) use self::turns::NextTurn;
use self::view::PlanView;
use super::args::{GlobalArgs, OutputFormat, ScopeArgs, seed};
use super::{exit, output, setup};
use crate::gates::Gates;
use crate::platform::Platform;
use crate::preview::{ClusterSnapshot, PreviewReader, PreviewedJournal};
use crate::round::RoundConfig;
use crate::settings::ValidSettings;
use crate::stop::StopSwitch;
use crate::telemetry;

/// How many candidates `--server` asks about at most: each is a request that admission webhooks see.
const MOST_ASKED: usize = 50;

/// The flags of `macaque plan`.
#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    scope: ScopeArgs,
    /// Show the victims that this seed picks, in order, with a prediction for each
    #[arg(long, value_name = "NUMBER", value_parser = seed, allow_negative_numbers = true)]
    seed: Option<u64>,
    /// Include webhooks and policies, by a server-side dry run for at most 50 pods (needs permission to disrupt)
    #[arg(long)]
    server: bool,
    /// Do not ask the guards: neither the siblings of the candidates nor the gates are read
    #[arg(long)]
    no_guards: bool,
    /// Output format: `table` shows one owner per line, `wide` shows one candidate per line
    #[arg(short, long, value_enum, default_value_t)]
    output: OutputFormat,
}

/// Predicts the next round; returns the process's exit code.
pub(super) fn run(global: &GlobalArgs, args: &PlanArgs) -> i32 {
    let settings = match setup::load(global, args.scope.flags()) {
        Ok(settings) => settings,
        Err(code) => return code,
    };
    let config = setup::round_config(&settings);
    let platform = Platform::system();
    let read = System::new().block_on(read(&settings, &config, args, &platform));
    let PlanFacts {
        mut snapshot,
        asked,
        journal,
    } = match read {
        Ok(read) => read,
        Err(code) => return code,
    };

    let calendar = settings.config.calendar.as_ref();
    let now = platform.now();
    snapshot.give_turns(&config.disrupt, calendar, now);
    let view = PlanView::of(&snapshot, &config, calendar, now)
        .with_journal(&journal, &settings.config)
        .with_asked(asked)
        .with_seed(args.seed, &snapshot.preview);
    output::write_in(args.output, &view, |is_wide| print::page(&view, is_wide));
    if snapshot.listed == 0 && !snapshot.problems.is_empty() {
        exit::CLUSTER
    } else {
        exit::OK
    }
}

/// What a plan is made of.
struct PlanFacts {
    snapshot: ClusterSnapshot,
    /// About how many pods the API server was asked, if it was.
    asked: Option<usize>,
    journal: PreviewedJournal,
}

/// Reads the pods, the budgets and the journal, and asks the guards, and the API server if wanted.
///
/// # Errors
/// The exit code, after the problem was reported on standard error.
async fn read(
    settings: &ValidSettings,
    config: &RoundConfig,
    args: &PlanArgs,
    platform: &Platform,
) -> Result<PlanFacts, i32> {
    let cluster = setup::connect(&settings.cluster, platform).await?;
    // Nothing asks a preview to stop but a signal, which ends the process.
    let (_switch, stop) = StopSwitch::new(platform);
    let reader = PreviewReader {
        cluster: &cluster,
        stop: &stop,
        platform,
    };

    let failed = |end| {
        telemetry::print_error(&output::failure_text(end));
        exit::CLUSTER
    };
    let mut snapshot = reader.snapshot(config).await.map_err(failed)?;
    let journal = reader.journal(&settings.config).await;
    if !args.no_guards {
        let gates = Gates::new(&config.gates, platform);
        let asked = reader.ask_guards(&mut snapshot, config, &gates, &journal).await;
        asked.map_err(failed)?;
    }
    let asked = if args.server {
        Some(reader.ask(&mut snapshot, MOST_ASKED).await.map_err(failed)?)
    } else {
        None
    };
    Ok(PlanFacts {
        snapshot,
        asked,
        journal,
    })
}
