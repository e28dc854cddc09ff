//! `macaque plan`: what the next round would do, to which pods, and how likely. Disrupts nothing.

mod count;
mod print;
mod recoveries;
mod rows;
mod turns;
mod view;
mod watch;

use actix::System;
use clap::Args;
use macaque_core::report::RoundEnd;

pub(super) use self::turns::NextTurn;
use self::view::PlanView;
use super::args::{GlobalArgs, OutputFormat, ScopeArgs, seed};
use super::{exit, output, progress, setup};
use crate::gates::Gates;
use crate::k8s::Cluster;
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
    /// Make the plan again every so many seconds (without a number 10), until Ctrl-C
    #[arg(short, long, value_name = "SECONDS", num_args = 0..=1, require_equals = true,
          default_missing_value = "10", value_parser = interval)]
    watch: Option<u32>,
    /// Output format: `table` shows one owner per line, `wide` shows one candidate per line
    #[arg(short, long, value_enum, default_value_t)]
    output: OutputFormat,
}

/// Predicts the next round; returns the process's exit code.
pub(super) fn run(global: &GlobalArgs, args: &PlanArgs) -> i32 {
    if args.watch.is_some() && args.output == OutputFormat::Yaml {
        telemetry::print_error("--watch: use -o table, wide or json");
        return exit::USAGE;
    }
    let settings = match setup::load(global, args.scope.flags()) {
        Ok(settings) => settings,
        Err(code) => return code,
    };

    let platform = Platform::system();
    System::new().block_on(Box::pin(async {
        let cluster = match setup::connect(&settings.cluster, &platform).await {
            Ok(cluster) => cluster,
            Err(code) => return code,
        };
        let planner = Planner {
            config: &setup::round_config(&settings),
            settings: &settings,
            args,
            cluster: &cluster,
            platform: &platform,
        };
        match args.watch {
            Some(seconds) => watch::run(&planner, seconds).await,
            None => planner.print_once().await,
        }
    }))
}

/// Makes plans of a cluster.
struct Planner<'a> {
    settings: &'a ValidSettings,
    config: &'a RoundConfig,
    args: &'a PlanArgs,
    cluster: &'a Cluster,
    platform: &'a Platform,
}

impl Planner<'_> {
    /// Prints the plan; returns the process's exit code.
    async fn print_once(&self) -> i32 {
        let view = match self.plan().await {
            Ok(view) => view,
            Err(why) => {
                telemetry::print_error(&why);
                return exit::CLUSTER;
            }
        };

        output::write_in(self.args.output, &view, |is_wide| print::page(&view, is_wide));
        if view.listed == 0 && !view.problems.is_empty() {
            exit::CLUSTER
        } else {
            exit::OK
        }
    }

    /// Reads the cluster, and makes a plan of it; says meanwhile how far that is.
    ///
    /// # Errors
    /// The reason why the cluster could not be read.
    async fn plan(&self) -> Result<PlanView, String> {
        let progress = self.cluster.progress();
        progress.reset();
        let read = progress::shown(progress, self.platform, Box::pin(self.read())).await;
        let PlanFacts {
            mut snapshot,
            asked,
            journal,
        } = read.map_err(output::failure_text)?;

        let calendar = self.settings.config.calendar.as_ref();
        let now = self.platform.now();
        snapshot.give_turns(&self.config.disrupt, calendar, now);
        Ok(PlanView::of(&snapshot, self.config, calendar, now)
            .with_journal(&journal, &self.settings.config)
            .with_asked(asked)
            .with_seed(self.args.seed, &snapshot.preview))
    }

    /// Reads the pods, the budgets and the journal, and asks the guards, and the API server if wanted.
    async fn read(&self) -> Result<PlanFacts, RoundEnd> {
        // Nothing asks a preview to stop but a signal, which ends the process.
        let (_switch, stop) = StopSwitch::new(self.platform);
        let reader = PreviewReader {
            cluster: self.cluster,
            stop: &stop,
            platform: self.platform,
        };

        let mut snapshot = reader.snapshot(self.config).await?;
        let journal = reader.journal(&self.settings.config).await;
        if !self.args.no_guards {
            let gates = Gates::new(&self.config.gates, self.platform);
            reader
                .ask_guards(&mut snapshot, self.config, &gates, &journal)
                .await?;
        }
        let asked = if self.args.server {
            Some(reader.ask(&mut snapshot, MOST_ASKED).await?)
        } else {
            None
        };
        Ok(PlanFacts {
            snapshot,
            asked,
            journal,
        })
    }
}

/// What a plan is made of.
struct PlanFacts {
    snapshot: ClusterSnapshot,
    /// About how many pods the API server was asked, if it was.
    asked: Option<usize>,
    journal: PreviewedJournal,
}

/// Parses the seconds between two plans.
fn interval(text: &str) -> Result<u32, &'static str> {
    let seconds = text.parse().ok().filter(|seconds| (1..=3600).contains(seconds));
    seconds.ok_or("write a whole number of seconds from 1 to 3600, such as 10")
}
