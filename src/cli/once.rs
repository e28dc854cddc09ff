//! `macaque once`: one round now; the exit code tells how it went.

use std::time::Duration;

use actix::System;
use futures_util::FutureExt as _;
use jiff::{Timestamp, Unit};
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::chaos::report::{Report, Verdict};
use crate::cluster::Cluster;
use crate::notify::{self, Channel, Http, Message, Retry};
use crate::round::{self, Orders, StopSwitch};
use crate::settings::Need;
use crate::telemetry;

use super::args::{Common, Once, Output};
use super::{deed, exit, format};

/// How long telling a channel may take, as long as the daemon gives its channels when it stops.
const TELLING: Duration = Duration::from_secs(20);

/// The report as programs read it.
#[derive(Serialize)]
struct Told<'a> {
    verdict: Verdict,
    #[serde(flatten)]
    report: &'a Report,
}

/// Plays one round; returns the process's exit code.
pub(super) fn run(common: &Common, once: &Once) -> i32 {
    let setup = match deed::prepare(common, once.scope.flags(), Need::NoSchedule) {
        Ok(setup) => setup,
        Err(code) => return code,
    };
    let channels = setup.notify.channels();
    let (access, orders) = (deed::access(&setup), deed::orders(&setup));
    let seed = once.seed.unwrap_or_else(round::any_seed);
    System::new().block_on(async {
        let cluster = match Cluster::connect(&access).await {
            Ok(cluster) => cluster,
            Err(error) => {
                telemetry::complain(&error.to_string());
                return exit::USAGE;
            }
        };
        let signals = signals();
        let Some(report) = play(&cluster, &orders, seed, &signals).await else {
            telemetry::complain(
                "ended by a second signal: what was asked of the API server last may happen all the same",
            );
            return exit::CLUSTER;
        };
        // Whatever becomes of the telling, whoever called knows.
        print(&report, once.output);
        tell(&channels, &report, signals).await;
        exit_code(&report)
    })
}

/// Plays the round. The first signal ends it where all is known, the second at once: `None`.
async fn play(
    cluster: &Cluster,
    orders: &Orders,
    seed: u64,
    signals: &watch::Receiver<usize>,
) -> Option<Report> {
    let (switch, stop) = StopSwitch::new();
    let ask_to_stop = async {
        heard(signals.clone(), 1).await;
        switch.request();
        heard(signals.clone(), 2).await;
    };
    tokio::select! {
        report = round::run(cluster, orders, this_second(), seed, &stop) => Some(report),
        () = ask_to_stop => None,
    }
}

/// The slot of a round that nobody scheduled.
fn this_second() -> Timestamp {
    let now = Timestamp::now();
    now.round(Unit::Second).unwrap_or(now)
}

/// Counts every SIGINT and SIGTERM from now on.
fn signals() -> watch::Receiver<usize> {
    let (count, counted) = watch::channel(0);
    let signals = [SignalKind::interrupt(), SignalKind::terminate()].map(signal);
    actix::spawn(async move {
        if let [Ok(mut interrupt), Ok(mut terminate)] = signals {
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                count.send_modify(|count| *count += 1);
            }
        }
    });
    counted
}

/// Waits until so many signals came.
async fn heard(mut signals: watch::Receiver<usize>, many: usize) {
    if signals.wait_for(|count| *count >= many).await.is_err() {
        // Nobody counts: no signal can be heard.
        std::future::pending::<()>().await;
    }
}

/// Tells every channel at once, until the next signal or the deadline, and says which was not told.
async fn tell(channels: &[Channel], report: &Report, signals: watch::Receiver<usize>) {
    if channels.is_empty() {
        return;
    }
    let http = match Http::new(channels) {
        Ok(http) => http,
        Err(error) => return log::error!("nobody was told: {error}"),
    };
    let (message, retry) = (Message::of(report), Retry::default());
    let next = *signals.borrow() + 1;
    let signal = heard(signals, next).shared();
    let deliveries = channels.iter().map(|channel| {
        let signal = signal.clone();
        let (http, message, retry) = (&http, &message, &retry);
        async move {
            let why = tokio::select! {
                told = notify::deliver_with_retries(http, channel, message, retry) => match told {
                    Ok(()) => return,
                    Err(error) => error.to_string(),
                },
                () = signal => "a signal came first".to_owned(),
                () = tokio::time::sleep(TELLING) => format!("it took more than {} s", TELLING.as_secs()),
            };
            log::error!("{} was not told: {why}", channel.name());
        }
    });
    futures_util::future::join_all(deliveries).await;
}

fn print(report: &Report, output: Output) {
    let verdict = report.verdict();
    match output {
        Output::Table => format::tell(&format::report(report)),
        Output::Json => format::json(&Told { verdict, report }),
        Output::Yaml => format::yaml(&Told { verdict, report }),
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
