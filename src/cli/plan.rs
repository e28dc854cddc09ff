//! `macaque plan`: what the next round would do, to whom, and how likely. Disrupts nothing.

mod print;
mod view;

use actix::System;
use jiff::Timestamp;

use crate::chaos::report::End;
use crate::cluster::Cluster;
use crate::round::preview::{Sighting, look};
use crate::round::{Orders, StopSwitch};
use crate::settings::Need;
use crate::telemetry;

use self::view::View;
use super::args::{Common, Plan as Flags, PlanOutput};
use super::{deed, exit, format};

/// So many candidates are asked about with `--server` at most: each is a request that admission webhooks see.
const MOST_ASKED: usize = 50;

/// Foretells the next round; returns the process's exit code.
pub(super) fn run(common: &Common, flags: &Flags) -> i32 {
    let setup = match deed::prepare(common, flags.scope.flags(), Need::NoSchedule) {
        Ok(setup) => setup,
        Err(code) => return code,
    };
    let (access, orders) = (deed::access(&setup), deed::orders(&setup));
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
    let view = View::of(&sighting, &orders, calendar, Timestamp::now())
        .with_asked(asked)
        .with_seed(flags.seed, &sighting.preview);
    match flags.output {
        PlanOutput::Table => format::say(&print::by_owner(&view)),
        PlanOutput::Wide => format::say(&print::by_pod(&view)),
        PlanOutput::Json => format::json(&view),
        PlanOutput::Yaml => format::yaml(&view),
    }
    if sighting.listed == 0 && !sighting.problems.is_empty() {
        exit::CLUSTER
    } else {
        exit::OK
    }
}

/// Looks, and asks the API server where that is wanted; tells how many it was asked about.
async fn see(cluster: &Cluster, orders: &Orders, ask: bool) -> Result<(Sighting, Option<usize>), End> {
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
pub(super) fn words(end: End) -> String {
    match end {
        End::Failed { why } => why,
        End::Complete | End::Interrupted => "interrupted".to_owned(),
    }
}
