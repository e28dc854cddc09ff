//! `macaque once`: one round now; the exit code tells how it went.

use actix::System;
use jiff::{Timestamp, Unit};
use tokio::signal::unix::{SignalKind, signal};

use crate::chaos::report::{Report, Verdict};
use crate::cluster::Cluster;
use crate::notify::{self, Channel, Http, Message, Retry};
use crate::round::{self, Stop, StopSwitch};
use crate::settings::Need;
use crate::telemetry;

use super::args::{Common, Once, Output};
use super::{deed, exit, format};

/// Plays one round; returns the process's exit code.
pub(super) fn run(common: &Common, once: &Once) -> i32 {
    let setup = match deed::prepare(common, once.scope.flags(), Need::NoSchedule) {
        Ok(setup) => setup,
        Err(code) => return code,
    };
    let channels = setup.notify.channels();
    let (access, orders) = (deed::access(&setup), deed::orders(&setup));
    let seed = once.seed.unwrap_or_else(round::any_seed);
    let report = System::new().block_on(async {
        let cluster = Cluster::connect(&access).await?;
        let report = round::run(&cluster, &orders, this_second(), seed, &stop_on_signals()).await;
        tell(&channels, &report).await;
        Ok::<_, crate::cluster::ClusterError>(report)
    });
    match report {
        Ok(report) => {
            print(&report, once.output);
            exit_code(&report)
        }
        Err(error) => {
            telemetry::complain(&error.to_string());
            exit::USAGE
        }
    }
}

/// The slot of a round that nobody scheduled.
fn this_second() -> Timestamp {
    let now = Timestamp::now();
    now.round(Unit::Second).unwrap_or(now)
}

/// A round that hears SIGINT and SIGTERM and ends where all is known.
fn stop_on_signals() -> Stop {
    let (switch, stop) = StopSwitch::new();
    let signals = [SignalKind::interrupt(), SignalKind::terminate()].map(signal);
    actix::spawn(async move {
        if let [Ok(mut interrupt), Ok(mut terminate)] = signals {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            switch.request();
        }
        // The switch must outlive the round.
        std::future::pending::<()>().await;
    });
    stop
}

/// Tells every channel at once, and says which could not be told.
async fn tell(channels: &[Channel], report: &Report) {
    if channels.is_empty() {
        return;
    }
    let http = match Http::new(channels) {
        Ok(http) => http,
        Err(error) => return log::error!("nobody was told: {error}"),
    };
    let (message, retry) = (Message::of(report), Retry::default());
    let deliveries = channels.iter().map(|channel| async {
        if let Err(error) = notify::deliver_with_retries(&http, channel, &message, &retry).await {
            log::error!("{} was not told: {error}", channel.name());
        }
    });
    futures_util::future::join_all(deliveries).await;
}

fn print(report: &Report, output: Output) {
    match output {
        Output::Table => format::tell(&format::report(report)),
        Output::Json => format::json(report),
        Output::Yaml => format::yaml(report),
    }
}

fn exit_code(report: &Report) -> i32 {
    match report.verdict() {
        Verdict::Disrupted => exit::OK,
        Verdict::Failed => exit::CLUSTER,
        Verdict::Refused => exit::REFUSED,
        Verdict::Idle => exit::IDLE,
    }
}
