//! `macaque once`: one round now; the exit code tells how it went.

use std::time::Duration;

use actix::System;
use futures_util::FutureExt as _;
use jiff::{Timestamp, Unit};
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::failpoint::FailPoints;
use crate::journal::JournalError;
use crate::k8s::Cluster;
use crate::notify::{self, Channel, DeliveryRetry, HttpClient, RoundMessage};
use crate::round::{self, JournalState, RoundContext, RoundResult, StopSwitch};
use crate::settings::ScheduleNeed;
use crate::telemetry;
use macaque_core::journal::JournalEvent;
use macaque_core::report::{RoundReport, RoundVerdict};

use super::args::{GlobalArgs, OnceArgs, OutputFormat};
use super::{exit, output, setup};

/// How long telling a channel may take, as long as the daemon gives its channels when it stops.
const TELLING: Duration = Duration::from_secs(20);

/// The report as programs read it.
#[derive(Serialize)]
struct PrintedReport<'a> {
    verdict: RoundVerdict,
    #[serde(flatten)]
    report: &'a RoundReport,
}

/// Plays one round; returns the process's exit code.
pub(super) fn run(common: &GlobalArgs, once: &OnceArgs) -> i32 {
    let setup = match setup::prepare(common, once.scope.flags(), ScheduleNeed::Optional) {
        Ok(setup) => setup,
        Err(code) => return code,
    };
    let channels = setup.notify.channels();
    let (access, orders) = (setup::access(&setup), setup::orders(&setup));
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
        let books = setup::books(&setup).on_demand();
        let (keeper, faults) = (books.keeper(0), FailPoints::default());
        let (switch, stop) = StopSwitch::new();
        let table = RoundContext {
            cluster: &cluster,
            keeper: &keeper,
            orders: &orders,
            stop: &stop,
            faults: &faults,
        };
        let Some((report, books)) = play(table, seed, &switch, &signals).await else {
            telemetry::complain(
                "ended by a second signal: what was asked of the API server last may happen all the same",
            );
            return exit::CLUSTER;
        };
        // Whatever becomes of the telling, whoever called knows.
        print(&report, once.output);
        let done = tell(&channels, &report, signals).await;
        if done && books == JournalState::Closed {
            note_told(table, report.slot).await;
        }
        exit_code(&report)
    })
}

/// Writes down that everybody was told; otherwise a Killer on the same journal tells it.
async fn note_told(table: RoundContext<'_>, slot: Timestamp) {
    let (channels, done) = (Vec::new(), true);
    let told = JournalEvent::Delivered { slot, channels, done };
    if let Err(setback) = table.keeper.enter(table.cluster, &told).await {
        log::warn!("the journal does not know that everybody was told: {setback}");
    }
}

/// Plays the round. The first signal ends it where all is known, the second at once: `None`.
async fn play(
    table: RoundContext<'_>,
    seed: u64,
    switch: &StopSwitch,
    signals: &watch::Receiver<usize>,
) -> Option<(RoundReport, JournalState)> {
    let slot = this_second();
    let ask_to_stop = async {
        heard(signals.clone(), 1).await;
        switch.request();
        heard(signals.clone(), 2).await;
    };
    let played = tokio::select! {
        played = round::run(table, slot, seed) => played,
        () = ask_to_stop => return None,
    };
    Some(match played {
        RoundResult::Ran { report, books } => (report, books),
        RoundResult::Skipped(denial) => {
            let mut report = round::blank(table.orders, slot, seed);
            report.end = JournalError::Denied(denial).into();
            (report, JournalState::Unclaimed)
        }
    })
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

/// Tells every channel at once, until the next signal or the deadline, and says which was not told; whether all
/// were.
async fn tell(channels: &[Channel], report: &RoundReport, signals: watch::Receiver<usize>) -> bool {
    if channels.is_empty() {
        return true;
    }
    let http = match HttpClient::new(channels) {
        Ok(http) => http,
        Err(error) => {
            log::error!("nobody was told: {error}");
            return false;
        }
    };
    let (message, retry) = (RoundMessage::of(report), DeliveryRetry::default());
    let next = *signals.borrow() + 1;
    let signal = heard(signals, next).shared();
    let deliveries = channels.iter().map(|channel| {
        let signal = signal.clone();
        let (http, message, retry) = (&http, &message, &retry);
        async move {
            let why = tokio::select! {
                told = notify::deliver_with_retries(http, channel, message, retry) => match told {
                    Ok(()) => return true,
                    Err(error) => error.to_string(),
                },
                () = signal => "a signal came first".to_owned(),
                () = tokio::time::sleep(TELLING) => format!("it took more than {} s", TELLING.as_secs()),
            };
            log::error!("{} was not told: {why}", channel.name());
            false
        }
    });
    let told = futures_util::future::join_all(deliveries).await;
    told.into_iter().all(|told| told)
}

fn print(report: &RoundReport, output: OutputFormat) {
    let verdict = report.verdict();
    match output {
        OutputFormat::Table => output::tell(&output::report(report)),
        OutputFormat::Json => output::json(&PrintedReport { verdict, report }),
        OutputFormat::Yaml => output::yaml(&PrintedReport { verdict, report }),
    }
}

fn exit_code(report: &RoundReport) -> i32 {
    match report.verdict() {
        RoundVerdict::Disrupted => exit::OK,
        RoundVerdict::Failed => exit::CLUSTER,
        RoundVerdict::Refused => exit::REFUSED,
        RoundVerdict::Idle => exit::IDLE,
    }
}
