//! `macaque demo`: the actors on the in-memory sandbox, with short intervals and for a few rounds.

mod page;
mod screen;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

use clap::Args;
use kube_sandbox::{Sandbox, SandboxOptions, scenario};
use macaque_core::config::{DisruptConfig, TargetConfig};
use macaque_core::duration::parse_duration;
use macaque_core::eligibility::EligibilityConfig;
use macaque_core::guard::GuardConfig;
use macaque_core::outcome::DisruptionMethod;
use macaque_core::recovery::RecoveryConfig;
use macaque_core::schedule::timer::TimerConfig;
use serde_json::json;

use self::screen::DemoScreen;
use super::args::small_number;
use super::exit;
use crate::actors::clock::Trigger;
use crate::actors::messages::StopRequested;
use crate::actors::supervisor::GAVE_UP;
use crate::actors::{self, ActorsConfig};
use crate::facts::Facts;
use crate::journal::JournalStore;
use crate::k8s::ClusterAccess;
use crate::notify::{Channel, OutgoingMessage};
use crate::platform::Platform;
use crate::round::RoundConfig;
use crate::settings::{LogFormat, LogSettings};
use crate::telemetry;

/// The namespace of the shop.
const SHOP: &str = "shop";

/// The shortest and the longest time from a pod's creation until it is ready.
const READY_AFTER: (Duration, Duration) = (Duration::from_millis(500), Duration::from_millis(10_500));

/// How long a workload must have been whole until it counts as recovered.
const STEADY: Duration = Duration::from_secs(5);

/// The time for the last recoveries, once no pod is evicted any more.
const LAST_WAIT: Duration = Duration::from_secs(30);

/// The flags of `macaque demo`.
#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// Number of rounds
    #[arg(long, value_name = "NUMBER", default_value_t = 8, value_parser = small_number, allow_negative_numbers = true)]
    rounds: u16,
    /// Time between rounds: a number of seconds, or a duration such as 1m
    #[arg(long, value_name = "DURATION", default_value = "3", value_parser = interval, allow_hyphen_values = true)]
    every: Duration,
    /// Serve the status page on a loopback address, and go on with rounds until Ctrl-C
    #[arg(long, conflicts_with = "rounds")]
    page: bool,
}

/// Parses the time between rounds, from 1 s to an hour; a number without a unit is one of seconds.
fn interval(text: &str) -> Result<Duration, &'static str> {
    let seconds = text.parse().ok().map(Duration::from_secs);
    let interval = seconds.or_else(|| parse_duration(text).ok());
    let interval =
        interval.filter(|interval| interval.subsec_nanos() == 0 && (1..=3600).contains(&interval.as_secs()));
    interval.ok_or("write a whole number of seconds from 1 to 3600, or a duration from 1s to 1h")
}

/// Runs the demo; returns the process's exit code.
pub(super) fn run(args: &DemoArgs) -> i32 {
    let platform = Platform::system();
    let log = LogSettings {
        level: log::LevelFilter::Warn,
        format: LogFormat::Text,
    };
    telemetry::start(&log, &platform);

    let (sandbox, kubeconfig) = match start_sandbox(args.every, &platform) {
        Ok(started) => started,
        Err(why) => {
            telemetry::print_error(&why);
            return exit::CLUSTER;
        }
    };
    let access = ClusterAccess {
        kubeconfig: Some(kubeconfig.0.clone()),
        ..ClusterAccess::default()
    };

    let every = args.every;
    let facts = match page_of(args, &platform) {
        Ok(facts) => facts,
        Err(why) => {
            telemetry::print_error(&why);
            return exit::USAGE;
        }
    };
    let rounds = if args.page {
        usize::MAX
    } else {
        usize::from(args.rounds)
    };
    let screen = DemoScreen::new(&platform);
    screen.open(every, (!args.page).then_some(args.rounds));
    let (sender, messages) = mpsc::channel();
    let config = ActorsConfig {
        facts,
        ..actors_config(every, access, sender, &platform)
    };
    let stop = config.stop.clone();
    let actors = std::thread::spawn(move || actors::run(config));

    show_rounds(&messages, &screen, rounds);
    freeze(&sandbox);
    show_last_recoveries(&messages, &screen, &platform);
    // After a Ctrl-C the actors have stopped already, and no one receives this.
    let _ = stop.send(StopRequested("demo finished"));
    let code = actors.join().unwrap_or(GAVE_UP);
    screen.close();
    code
}

/// Serves the status page if it is wanted, and says where; returns what listens to facts for it.
fn page_of(args: &DemoArgs, platform: &Platform) -> Result<Facts, String> {
    if !args.page {
        return Ok(Facts::default());
    }
    let (board, address) = page::serve(platform)?;
    telemetry::print_note(&format!("the status page is on http://{address}/ until Ctrl-C"));
    Ok(Facts::new([board]))
}

/// Starts the shop. Three of its workloads can be disrupted, and a pod takes so long to become ready that none of them has
/// recovered in the fourth round, which guards hold back. In the fifth the first of them has.
fn start_sandbox(every: Duration, platform: &Platform) -> Result<(Sandbox, TempKubeconfig), String> {
    let (shortest, longest) = READY_AFTER;
    let sandbox = Sandbox::start(SandboxOptions {
        objects: scenario::shop(),
        ready_after: (every * 7 / 2).saturating_sub(STEADY).clamp(shortest, longest),
        seed: platform.random_u32().into(),
        ..SandboxOptions::default()
    });
    let sandbox = sandbox.map_err(|error| format!("cannot start the sandbox: {error}"))?;
    let kubeconfig = TempKubeconfig::write(&sandbox.kubeconfig())?;
    Ok((sandbox, kubeconfig))
}

/// Freezes the shop: guards hold back whatever round comes next, while the last recoveries are watched.
fn freeze(sandbox: &Sandbox) {
    let frozen = json!({
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": { "name": SHOP, "annotations": { "macaque/frozen": "true" } },
    });
    if let Err(error) = sandbox.apply(&[frozen]) {
        log::warn!("the shop is not frozen: {error}");
    }
}

/// Shows everything until there were enough rounds, or the actors ended.
fn show_rounds(messages: &Receiver<OutgoingMessage>, screen: &DemoScreen, rounds: usize) {
    let mut left = rounds;
    while left > 0
        && let Ok(message) = messages.recv()
    {
        match message {
            OutgoingMessage::Round(round) => {
                screen.round(&round);
                left -= 1;
            }
            OutgoingMessage::Recovery(recovery) => screen.recovery(&recovery),
            OutgoingMessage::Notice(_) => {}
        }
    }
}

/// Shows the recoveries that are not over yet, until all are, it takes too long, or the actors ended.
fn show_last_recoveries(messages: &Receiver<OutgoingMessage>, screen: &DemoScreen, platform: &Platform) {
    let end = platform.monotonic() + LAST_WAIT;
    while screen.is_recovering()
        && let Ok(message) = messages.recv_timeout(end.saturating_duration_since(platform.monotonic()))
    {
        if let OutgoingMessage::Recovery(recovery) = message {
            screen.recovery(&recovery);
        }
    }
}

fn actors_config(
    every: Duration,
    access: ClusterAccess,
    listener: Sender<OutgoingMessage>,
    platform: &Platform,
) -> ActorsConfig {
    // A pod that has just come up is exempt for a moment, or the same pods would be evicted again and again.
    let target = TargetConfig {
        min_age: Duration::from_secs(1),
        ..TargetConfig::all_of(SHOP)
    };
    let round = RoundConfig {
        calendar: None,
        dry_run: false,
        eligibility: EligibilityConfig {
            target,
            method: DisruptionMethod::Evict,
            own_pod: None,
            metadata: Arc::default(),
        },
        disrupt: DisruptConfig {
            attempts: 4,
            ..DisruptConfig::default()
        },
        recovery: RecoveryConfig::default(),
        guards: GuardConfig::default(),
        gates: Vec::new(),
    };

    let trigger = Trigger::Interval {
        every,
        since: platform.now(),
    };
    let journal = JournalStore::in_memory(round.disrupt.count.most(), platform).with_spacing(every / 2);
    let channels = [Channel::Listener(listener)];
    ActorsConfig {
        timer: TimerConfig {
            settle: Duration::ZERO,
            ..TimerConfig::default()
        },
        ..ActorsConfig::new(trigger, round, journal, access, channels, platform)
    }
}

/// A kubeconfig file that is removed with its value.
struct TempKubeconfig(PathBuf);

impl TempKubeconfig {
    fn write(text: &str) -> Result<Self, String> {
        let dir = std::env::temp_dir();
        let path = dir.join(format!("macaque-demo-{}.kubeconfig", std::process::id()));
        match fs::write(&path, text) {
            Ok(()) => Ok(Self(path)),
            Err(error) => Err(format!(
                "cannot write the sandbox's kubeconfig to {}: {error}; set TMPDIR to a directory that macaque can \
                 write to",
                dir.display()
            )),
        }
    }
}

impl Drop for TempKubeconfig {
    fn drop(&mut self) {
        // At worst a file is left in the directory of temporary files.
        let _ = fs::remove_file(&self.0);
    }
}
