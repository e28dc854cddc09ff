//! `macaque once`: one round now; the exit code says how it went and, with `--wait`, how its victims recovered.

mod delivery;
mod recorders;
mod recovery_wait;
mod telling;

use std::rc::Rc;
use std::time::Duration;

use actix::System;
use clap::Args;
use jiff::{RoundMode, Timestamp, TimestampRound, Unit};
use macaque_core::journal::Denial;
use macaque_core::report::{RoundEnd, RoundReport, RoundStatus};
use macaque_core::words::either;
use tokio::sync::watch;

use self::delivery::{count_signals, received};
use self::recorders::RoundRecorders;
use self::recovery_wait::RecoveryWait;
use self::telling::Telling;
use super::args::{GlobalArgs, OutputFormat, ScopeArgs, duration, format_without_wide, seed};
use super::{exit, setup};
use crate::failpoint::FailPoints;
use crate::gates::Gates;
use crate::platform::Platform;
use crate::recovery::FollowedVictim;
use crate::round::{self, ClaimState, RoundContext, RoundResult};
use crate::settings::ValidSettings;
use crate::stop::{StopSwitch, StopToken};
use crate::telemetry;

/// The flags of `macaque once`.
#[derive(Debug, Args)]
pub(super) struct OnceArgs {
    #[command(flatten)]
    scope: ScopeArgs,
    /// Seed of the draw, to repeat the picks of an earlier round [default: random]
    #[arg(long, value_name = "NUMBER", value_parser = seed, allow_negative_numbers = true)]
    seed: Option<u64>,
    /// Wait until the victims have recovered, each within this time [default: recovery.timeout]
    #[arg(long, value_name = "DURATION", num_args = 0..=1, require_equals = true, value_parser = parse_wait)]
    #[expect(
        clippy::option_option,
        reason = "a flag that may have a value, as clap reads it"
    )]
    wait: Option<Option<Duration>>,
    /// Exit with 0 at these statuses of the round too: refused, held, unanswered, idle
    #[arg(long, value_name = "STATUS", value_delimiter = ',', value_parser = parse_status)]
    succeed_on: Vec<RoundStatus>,
    /// Output format
    #[arg(short, long, value_parser = format_without_wide(), default_value = "table")]
    output: OutputFormat,
}

/// A round that was run.
struct FinishedRound {
    report: RoundReport,
    claim_state: ClaimState,
    /// The recoveries that the journal has.
    recoveries: Vec<FollowedVictim>,
}

/// Runs one round; returns the process's exit code.
pub(super) fn run(global: &GlobalArgs, args: &OnceArgs) -> i32 {
    let settings = match setup::load(global, args.scope.flags()) {
        Ok(settings) => settings,
        Err(code) => return code,
    };
    if args.wait.is_some() && !settings.config.recovery.enabled {
        telemetry::print_error(
            "--wait: recovery.enabled is false, so there is nothing to wait for: set it to true, or leave --wait out",
        );
        return exit::USAGE;
    }
    System::new().block_on(run_and_report(&settings, args))
}

async fn run_and_report(settings: &ValidSettings, args: &OnceArgs) -> i32 {
    let platform = Platform::system();
    let cluster = match setup::connect(&settings.cluster, &platform).await {
        Ok(cluster) => Rc::new(cluster),
        Err(code) => return code,
    };
    let seed = args.seed.unwrap_or_else(|| round::random_seed(&platform));

    let signals = count_signals();
    let stop = stop_at_first(&signals, &platform);
    let config = setup::round_config(settings);
    let limit = args.wait.filter(|_| !config.dry_run);
    let waiting = limit.map(|limit| RecoveryWait::new(&cluster, limit, &stop, &platform));
    let (wait, results) = waiting.unzip();
    let mut journal_store = setup::journal_store(settings, &platform).on_demand();
    if wait.is_none() {
        journal_store = journal_store.leaving_recoveries();
    }
    let on_accepted = |recovery: FollowedVictim| {
        if let Some(wait) = &wait {
            wait.follow(recovery);
        }
    };
    let recorders = RoundRecorders::start(settings, &platform);
    let context = RoundContext {
        cluster: &cluster,
        gates: &Gates::new(&config.gates, &platform),
        writer: &journal_store.writer(0).with_facts(recorders.facts.clone()),
        config: &config,
        on_accepted: &on_accepted,
        facts: &recorders.facts,
        stop: &stop,
        platform: &platform,
        fail_points: &FailPoints::default(),
    };
    let Some(round) = run_round(context, seed, &signals).await else {
        telemetry::print_error(
            "stopped by a second signal: the last request to the API server may still take effect",
        );
        return exit::CLUSTER;
    };

    if let Some(wait) = &wait {
        wait.end_with_round(&round.report, &round.recoveries);
    }
    let telling = Telling {
        context,
        settings,
        messages: setup::message_context(settings),
        limit: args.wait.flatten(),
        succeed_on: &args.succeed_on,
        format: args.output,
        signals,
    };
    let code = telling.tell(&round, results).await;
    recorders.finish().await;
    code
}

/// A token that the first signal asks to stop.
fn stop_at_first(signals: &watch::Receiver<usize>, platform: &Platform) -> StopToken {
    let (switch, stop) = StopSwitch::new(platform);
    let signals = signals.clone();
    actix::spawn(async move {
        received(signals, 1).await;
        switch.request();
    });
    stop
}

/// Runs the round. The first signal ends it after the current request, the second at once: `None`.
async fn run_round(
    context: RoundContext<'_>,
    seed: u64,
    signals: &watch::Receiver<usize>,
) -> Option<FinishedRound> {
    let slot = slot_of_request(context.platform.now());
    let result = tokio::select! {
        result = round::run(context, slot, seed) => result,
        () = received(signals.clone(), 2) => return None,
    };

    Some(match result {
        RoundResult::Reported {
            report,
            claim_state,
            recoveries,
        } => FinishedRound {
            report: *report,
            claim_state,
            recoveries,
        },
        RoundResult::Skipped(denial) => FinishedRound {
            report: RoundReport {
                end: RoundEnd::Withheld {
                    why: with_remedy(&denial),
                },
                finished: context.platform.now().max(slot),
                ..context.config.blank_report(slot, seed)
            },
            claim_state: ClaimState::Unclaimed,
            recoveries: Vec::new(),
        },
    })
}

/// Parses the longest wait for a recovery.
fn parse_wait(text: &str) -> Result<Duration, String> {
    let longest = duration(text, "90s or 5m")?;
    if longest.is_zero() {
        Err("it is no time at all: write 1s or more".to_owned())
    } else {
        Ok(longest)
    }
}

/// Parses a status that means success to whoever asks: one of a round that had nothing to do, or was not allowed to.
fn parse_status(text: &str) -> Result<RoundStatus, String> {
    let known = [
        RoundStatus::Refused,
        RoundStatus::Held,
        RoundStatus::Unanswered,
        RoundStatus::Idle,
    ];
    let found = known.into_iter().find(|status| status.as_str() == text);
    found.ok_or_else(|| format!("use {}", either(&known.map(RoundStatus::as_str))))
}

/// The slot of a round, or of a sample of one, that is asked for at `now`: that time, never a later one, and fine enough to tell two requests
/// within a second apart.
pub(super) fn slot_of_request(now: Timestamp) -> Timestamp {
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
