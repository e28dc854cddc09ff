//! `macaque plan`: what the next round would do, to whom, and how likely. Disrupts nothing.

mod print;
mod view;

use actix::System;
use clap::{Args as Flags, ValueEnum};
use jiff::Timestamp;

use crate::k8s::Cluster;
use crate::preview::{ClusterSnapshot, look};
use crate::round::{RoundConfig, StopSwitch};
use crate::settings::ScheduleNeed;
use crate::telemetry;
use macaque_core::report::RoundEnd;

use self::view::PlanView;
use super::args::{GlobalArgs, ScopeArgs};
use super::{exit, output, setup};

/// So many candidates are asked about with `--server` at most: each is a request that admission webhooks see.
const MOST_ASKED: usize = 50;

/// `macaque plan`.
#[derive(Debug, Flags)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    pub(super) common: GlobalArgs,
    #[command(flatten)]
    pub(super) scope: ScopeArgs,
    /// Show the victims that this seed chooses, in order, with what is foretold of each
    #[arg(long, value_name = "NUMBER")]
    pub(super) seed: Option<u64>,
    /// Ask the API server itself, by a server-side dry run of each disruption, of 50 at most (needs the grant of the disruption)
    #[arg(long)]
    pub(super) server: bool,
    /// How to print the plan
    #[arg(short, long, value_enum, default_value_t)]
    pub(super) output: PlanOutput,
}

/// How a plan is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum PlanOutput {
    /// For people, an owner a line
    #[default]
    Table,
    /// For people, a candidate a line
    Wide,
    /// For programs
    Json,
    /// For programs and people
    Yaml,
}

/// Foretells the next round; returns the process's exit code.
pub(super) fn run(common: &GlobalArgs, flags: &PlanArgs) -> i32 {
    let setup = match setup::prepare(common, flags.scope.flags(), ScheduleNeed::Optional) {
        Ok(setup) => setup,
        Err(code) => return code,
    };
    let (access, orders) = (setup::access(&setup), setup::orders(&setup));
    let seen = System::new().block_on(async {
        match Cluster::connect(&access).await {
            Ok(cluster) => see(&cluster, &orders, flags.server).await.map_err(|end| {
                telemetry::complain(&words(end));
                exit::CLUSTER
            }),
            Err(error) => {
                telemetry::complain(&error.to_string());
                Err(exit::USAGE)
            }
        }
    });
    let (sighting, asked) = match seen {
        Ok(seen) => seen,
        Err(code) => return code,
    };
    let calendar = setup.plan.calendar.as_ref();
    let view = PlanView::of(&sighting, &orders, calendar, Timestamp::now())
        .with_asked(asked)
        .with_seed(flags.seed, &sighting.preview);
    match flags.output {
        PlanOutput::Table => output::tell(&print::by_owner(&view)),
        PlanOutput::Wide => output::tell(&print::by_pod(&view)),
        PlanOutput::Json => output::json(&view),
        PlanOutput::Yaml => output::yaml(&view),
    }
    if sighting.listed == 0 && !sighting.problems.is_empty() {
        exit::CLUSTER
    } else {
        exit::OK
    }
}

/// Looks, and asks the API server where that is wanted; tells how many it was asked about.
async fn see(
    cluster: &Cluster,
    orders: &RoundConfig,
    ask: bool,
) -> Result<(ClusterSnapshot, Option<usize>), RoundEnd> {
    // Nobody asks a preview to stop but a signal, which ends the process.
    let (_switch, stop) = StopSwitch::new();
    let mut sighting = look(cluster, orders, &stop).await?;
    let asked = match ask {
        true => Some(sighting.ask(cluster, &stop, MOST_ASKED).await?),
        false => None,
    };
    Ok((sighting, asked))
}

/// Why nothing could be foretold.
pub(super) fn words(end: RoundEnd) -> String {
    match end {
        RoundEnd::Failed { why } | RoundEnd::Withheld { why } => why,
        RoundEnd::Complete | RoundEnd::Interrupted => "interrupted".to_owned(),
    }
}
