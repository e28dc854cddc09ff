//! `macaque once`: one round now; the exit code says how it went.

use std::time::Duration;

use actix::System;
use clap::Args;
use futures_util::FutureExt as _;
use jiff::{Timestamp, Unit};
use macaque_core::journal::JournalEvent;
use macaque_core::report::{RoundReport, RoundStatus};
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::args::{GlobalArgs, OutputFormat, ScopeArgs};
use super::{exit, output, setup};
use crate::failpoint::FailPoints;
use crate::journal::JournalError;
use crate::notify::{
    self, Delivery, DeliveryError, DeliveryResult, DeliveryRetry, HttpClient, MessageContext, Retryable,
    RoundMessage,
};
use crate::platform::Platform;
use crate::round::{self, ClaimState, RoundContext, RoundResult, StopSwitch};
use crate::settings::{NotifySettings, ScheduleNeed, ValidSettings};
use crate::telemetry;

/// How long a delivery may take: as long as the daemon gives its channels when it stops.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(20);

/// The flags of `macaque once`.
#[derive(Debug, Args)]
pub(super) struct OnceArgs {
    #[command(flatten)]
    scope: ScopeArgs,
    /// Seed of the draw, to repeat the picks of an earlier round [default: random]
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// Output format
    #[arg(short, long, value_enum, default_value_t)]
    output: OutputFormat,
}

/// The report as programs read it.
#[derive(Serialize)]
struct PrintedReport<'a> {
    status: RoundStatus,
    #[serde(flatten)]
    report: &'a RoundReport,
}

/// Runs one round; returns the process's exit code.
pub(super) fn run(global: &GlobalArgs, args: &OnceArgs) -> i32 {
    let settings = match setup::load(global, args.scope.flags(), ScheduleNeed::Optional) {
        Ok(settings) => settings,
        Err(code) => return code,
    };
    System::new().block_on(run_and_report(&settings, args))
}

async fn run_and_report(settings: &ValidSettings, args: &OnceArgs) -> i32 {
    let platform = Platform::system();
    let cluster = match setup::connect(&settings.cluster, &platform).await {
        Ok(cluster) => cluster,
        Err(code) => return code,
    };
    let seed = args.seed.unwrap_or_else(|| round::random_seed(&platform));

    let signals = count_signals();
    let (switch, stop) = StopSwitch::new(&platform);
    let context = RoundContext {
        cluster: &cluster,
        writer: &setup::journal_store(settings, &platform).on_demand().writer(0),
        config: &setup::round_config(settings),
        stop: &stop,
        platform: &platform,
        fail_points: &FailPoints::default(),
    };
    let Some((report, claim_state)) = run_round(context, seed, &switch, &signals).await else {
        telemetry::print_error(
            "stopped by a second signal: the last request to the API server may still take effect",
        );
        return exit::CLUSTER;
    };

    // Whatever becomes of the deliveries, the caller knows.
    let messages = setup::message_context(settings);
    print(&report, &messages, args.output);
    let message = RoundMessage::in_context(&report, &messages);
    let is_delivered = deliver(&settings.notify, &message, signals, &platform).await;
    if is_delivered && claim_state == ClaimState::Closed {
        record_delivery(context, report.slot).await;
    }
    exit_code(&report)
}

/// Records that the report was delivered to every channel; otherwise a Killer on the same journal delivers it.
async fn record_delivery(context: RoundContext<'_>, slot: Timestamp) {
    let delivered = JournalEvent::Delivered {
        slot,
        channels: Vec::new(),
        done: true,
    };
    if let Err(error) = context.writer.commit(context.cluster, &delivered).await {
        log::warn!("could not record delivery of the report: {error}");
    }
}

/// Runs the round. The first signal ends it after the current request, the second at once: `None`.
async fn run_round(
    context: RoundContext<'_>,
    seed: u64,
    switch: &StopSwitch,
    signals: &watch::Receiver<usize>,
) -> Option<(RoundReport, ClaimState)> {
    let slot = this_second(context.platform);
    let ask_to_stop = async {
        received(signals.clone(), 1).await;
        switch.request();
        received(signals.clone(), 2).await;
    };
    let result = tokio::select! {
        result = round::run(context, slot, seed) => result,
        () = ask_to_stop => return None,
    };

    Some(match result {
        RoundResult::Reported { report, claim_state } => (report, claim_state),
        RoundResult::Skipped(denial) => {
            let report = RoundReport {
                end: JournalError::Denied(denial).into(),
                ..context.config.blank_report(slot, seed)
            };
            (report, ClaimState::Unclaimed)
        }
    })
}

/// The slot of a round that is not on the schedule.
fn this_second(platform: &Platform) -> Timestamp {
    let now = platform.now();
    now.round(Unit::Second).unwrap_or(now)
}

/// Counts every SIGINT and SIGTERM from now on.
fn count_signals() -> watch::Receiver<usize> {
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

/// Waits until this many signals were received.
async fn received(mut signals: watch::Receiver<usize>, many: usize) {
    if signals.wait_for(|count| *count >= many).await.is_err() {
        // The counting task is gone: no signal can be received.
        std::future::pending::<()>().await;
    }
}

/// Delivers the message to every channel at once, until the next signal or the timeout, and logs each failure; returns
/// whether every channel received it.
async fn deliver(
    notify: &NotifySettings,
    message: &RoundMessage,
    signals: watch::Receiver<usize>,
    platform: &Platform,
) -> bool {
    let channels = notify.channels();
    if channels.is_empty() {
        return true;
    }
    let http = match HttpClient::new(&channels, &setup::notify_proxies(notify), platform) {
        Ok(http) => http,
        Err(error) => {
            log::error!("the report was not delivered: {error}");
            return false;
        }
    };

    let retry = DeliveryRetry::default();
    let next = *signals.borrow() + 1;
    let signal = received(signals, next).shared();
    let deliveries = channels.iter().map(async |channel| {
        let signal = signal.clone();
        let delivery = notify::deliver_with_retries(&http, channel, message, &retry, platform);
        let result = tokio::select! {
            result = platform.within(DELIVERY_TIMEOUT, delivery) => result.unwrap_or_else(|| {
                let why = format!("timed out after {} s", DELIVERY_TIMEOUT.as_secs());
                Err(DeliveryError::in_doubt(why))
            }),
            () = signal => Err(DeliveryError::in_doubt("interrupted by a signal")),
        };
        log_result(channel.name(), &result);
        result.is_ok()
    });
    let delivered = futures_util::future::join_all(deliveries).await;
    delivered.into_iter().all(|is_delivered| is_delivered)
}

/// Logs what became of a delivery, unless it is confirmed.
fn log_result(channel: &str, result: &DeliveryResult) {
    match result {
        Ok(Delivery::Confirmed) => {}
        Ok(Delivery::Unconfirmed { why }) => {
            log::warn!("the report counts as delivered to {channel}, in doubt: {why}");
        }
        Err(error) if error.retryable == Retryable::InDoubt => {
            log::error!("it is unknown whether {channel} received the report: {error}");
        }
        Err(error) => log::error!("cannot deliver the report to {channel}: {error}"),
    }
}

fn print(report: &RoundReport, messages: &MessageContext, format: OutputFormat) {
    let status = report.status();
    match format {
        OutputFormat::Table => output::write_plain(&output::report(report, messages)),
        OutputFormat::Json => output::json(&PrintedReport { status, report }),
        OutputFormat::Yaml => output::yaml(&PrintedReport { status, report }),
    }
}

fn exit_code(report: &RoundReport) -> i32 {
    match report.status() {
        RoundStatus::Disrupted => exit::OK,
        RoundStatus::Failed => exit::CLUSTER,
        RoundStatus::Refused => exit::REFUSED,
        RoundStatus::Idle => exit::IDLE,
    }
}
