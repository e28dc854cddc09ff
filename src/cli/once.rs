//! `macaque once`: one round now; the exit code says how it went.

use std::collections::BTreeMap;
use std::time::Duration;

use actix::System;
use clap::Args;
use futures_util::FutureExt as _;
use jiff::{RoundMode, Timestamp, TimestampRound, Unit};
use macaque_core::journal::{Denial, JournalEvent, MessageId};
use macaque_core::report::{RoundEnd, RoundReport, RoundStatus};
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::args::{GlobalArgs, OutputFormat, ScopeArgs, seed};
use super::{exit, output, setup};
use crate::failpoint::FailPoints;
use crate::gates::Gates;
use crate::notify::{
    self, ChatClient, Delivery, DeliveryError, DeliveryResult, DeliveryRetry, MessageContext,
    OutgoingMessage, Retryable, RoundMessage,
};
use crate::platform::Platform;
use crate::round::{self, ClaimState, RoundContext, RoundResult};
use crate::settings::{NotifySettings, ScheduleNeed, ValidSettings};
use crate::stop::StopSwitch;
use crate::telemetry;

/// How long a delivery may take: as long as the daemon gives its channels when it stops.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(20);

/// The flags of `macaque once`.
#[derive(Debug, Args)]
pub(super) struct OnceArgs {
    #[command(flatten)]
    scope: ScopeArgs,
    /// Seed of the draw, to repeat the picks of an earlier round [default: random]
    #[arg(long, value_name = "NUMBER", value_parser = seed, allow_negative_numbers = true)]
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
    let config = setup::round_config(settings);
    let context = RoundContext {
        cluster: &cluster,
        gates: &Gates::new(&config.gates, &platform),
        writer: &setup::journal_store(settings, &platform).on_demand().writer(0),
        config: &config,

        on_accepted: &|_, _| {},
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
    let message = RoundMessage::in_context(&report, &messages).into();
    let delivered = deliver(&settings.notify, &message, signals, &platform).await;
    if let Some(channels) = delivered
        && claim_state == ClaimState::Closed
    {
        record_delivery(context, report.slot, channels).await;
    }
    exit_code(&report)
}

/// Records that the report was delivered to every channel; otherwise a Killer on the same journal delivers it. What becomes
/// of the victims is told as replies to the messages of these names.
async fn record_delivery(
    context: RoundContext<'_>,
    slot: Timestamp,
    channels: BTreeMap<String, Option<String>>,
) {
    let delivered = JournalEvent::Delivered {
        message: MessageId::of_round(slot),
        channels,
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
    let slot = slot_of_request(context.platform.now());
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
                end: RoundEnd::Withheld {
                    why: with_remedy(&denial),
                },
                finished: context.platform.now().max(slot),
                ..context.config.blank_report(slot, seed)
            };
            (report, ClaimState::Unclaimed)
        }
    })
}

/// The slot of a round that is asked for at `now`: that time, never a later one, and fine enough to tell two requests
/// within a second apart.
fn slot_of_request(now: Timestamp) -> Timestamp {
    let down = TimestampRound::new()
        .smallest(Unit::Millisecond)
        .mode(RoundMode::Floor);
    now.round(down).unwrap_or(now)
}

/// The reason why the round is another replica's, and what to do.
fn with_remedy(denial: &Denial) -> String {
    let remedy = match denial {
        Denial::StillRunning { .. } => "run the command again when that round is over",
        Denial::AlreadyClaimed { slot, last, .. } if last > slot => {
            "run the command again, and if it is refused again, compare this machine's clock with that replica's"
        }
        _ => "run the command again",
    };
    format!("{denial}: {remedy}")
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

/// Delivers the message to every channel at once, until the next signal or the timeout, and logs each failure. If every
/// channel received it, returns by channel the name of the message there, if it has one.
async fn deliver(
    notify: &NotifySettings,
    message: &OutgoingMessage,
    signals: watch::Receiver<usize>,
    platform: &Platform,
) -> Option<BTreeMap<String, Option<String>>> {
    let channels = notify.channels();
    if channels.is_empty() {
        return Some(BTreeMap::new());
    }
    let http = match ChatClient::new(&channels, &setup::notify_proxies(notify), platform) {
        Ok(http) => http,
        Err(error) => {
            log::error!("the report was not delivered: {error}");
            return None;
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
        let name = match result.ok()? {
            Delivery::Confirmed { name } => name,
            Delivery::Unconfirmed { .. } => None,
        };
        Some((channel.name().to_owned(), name))
    });
    let delivered = futures_util::future::join_all(deliveries).await;
    delivered.into_iter().collect()
}

/// Logs what became of a delivery, unless it is confirmed.
fn log_result(channel: &str, result: &DeliveryResult) {
    match result {
        Ok(Delivery::Confirmed { .. }) => {}
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
        RoundStatus::Disrupted | RoundStatus::DryRun => exit::OK,
        RoundStatus::Failed => exit::CLUSTER,
        RoundStatus::Refused => exit::REFUSED,
        RoundStatus::Held => exit::HELD,
        RoundStatus::Unanswered => exit::UNANSWERED,
        RoundStatus::Idle => exit::IDLE,
    }
}

#[cfg(test)]
mod tests {
    use macaque_core::journal::LeaseHolder;

    use super::*;

    #[test]
    fn a_request_never_lies_before_its_slot_and_two_within_a_second_have_two_slots() {
        for (now, slot) in [
            ("2026-11-28T06:36:00.9999999Z", "2026-11-28T06:36:00.999Z"),
            ("2026-11-28T06:36:00.5Z", "2026-11-28T06:36:00.5Z"),
            ("2026-11-28T06:36:00.4994Z", "2026-11-28T06:36:00.499Z"),
            ("2026-11-28T06:36:00Z", "2026-11-28T06:36:00Z"),
        ] {
            let now: Timestamp = now.parse().unwrap();
            assert_eq!(slot_of_request(now).to_string(), slot);
            assert!(slot_of_request(now) <= now);
        }
    }

    #[test]
    fn a_round_that_another_replica_has_comes_with_a_remedy() {
        let slot: Timestamp = "2026-11-28T06:36:00Z".parse().unwrap();
        let holder = LeaseHolder {
            process: "other".to_owned(),
            incarnation: 1,
        };
        let taken = |last| Denial::AlreadyClaimed {
            slot,
            last,
            holder: holder.clone(),
            withheld: None,
        };
        let later = slot + Duration::from_secs(1);
        let running = Denial::StillRunning {
            slot,
            holder: holder.clone(),
        };

        for (denial, words) in [
            (
                taken(slot),
                "round 2026-11-28T06:36:00Z was already taken by replica other/1: run the command again",
            ),
            (
                taken(later),
                "replica other/1 already took a later round, 2026-11-28T06:36:01Z: run the command again, and if it is \
                 refused again, compare this machine's clock with that replica's",
            ),
            (
                running,
                "replica other/1 is still running round 2026-11-28T06:36:00Z: run the command again when that round is \
                 over",
            ),
        ] {
            assert_eq!(with_remedy(&denial), words);
        }
    }
}
