//! `macaque demo`: the actors at work on the embedded sandbox, fast and for a bounded time, for people to watch.

mod recovery_watch;
mod screen;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use crate::actors::clock::Trigger;
use crate::actors::messages::StopRequested;
use crate::actors::recipient::StableRecipient;
use crate::actors::supervisor::{ActorRole, RestartPolicy};
use crate::actors::{self, ActorsConfig};
use crate::failpoint::FailPoints;
use crate::health::HealthState;
use crate::journal::JournalStore;
use crate::k8s::ClusterAccess;
use crate::notify::{Channel, DeliveryRetry, RoundMessage};
use crate::round::RoundConfig;
use crate::settings::{LogFormat, LogSettings};
use crate::telemetry;
use kube_sandbox::{Sandbox, SandboxOptions, scenario};
use macaque_core::config::{DisruptConfig, TargetConfig};
use macaque_core::eligibility::EligibilityRules;
use macaque_core::outcome::DisruptionMethod;
use macaque_core::schedule::timer::TimerConfig;

use self::screen::DemoScreen;
use super::args::DemoArgs as Flags;
use super::exit;

/// From a pod's creation until it is ready: long enough for a budget to be spent when the next round comes.
const READY_AFTER: Duration = Duration::from_millis(4_500);

/// Shows the demo; returns the process's exit code.
pub(super) fn run(flags: &Flags) -> i32 {
    telemetry::start(&LogSettings {
        level: log::LevelFilter::Warn,
        format: LogFormat::Text,
    });
    let options = SandboxOptions {
        objects: scenario::shop(),
        ready_after: READY_AFTER,
        seed: rand::random(),
        ..SandboxOptions::default()
    };
    let set = Sandbox::start(options).and_then(|sandbox| {
        let kubeconfig = TempKubeconfig::write(&sandbox.kubeconfig())?;
        Ok((sandbox, kubeconfig))
    });
    let (_sandbox, kubeconfig) = match set {
        Ok(set) => set,
        Err(error) => {
            telemetry::complain(&format!("cannot set up the sandbox: {error}"));
            return exit::CLUSTER;
        }
    };
    let access = ClusterAccess {
        kubeconfig: Some(kubeconfig.0.clone()),
        context: None,
        ..ClusterAccess::default()
    };
    let every = Duration::from_secs(flags.every);
    let (screen, stop) = (DemoScreen::default(), StableRecipient::default());
    screen.open(every, flags.rounds);
    let (told, messages) = mpsc::channel();
    let crew = crew(every, access.clone(), told, stop.clone());
    let watch = recovery_watch::watch(access, screen.clone());
    let monkey = std::thread::spawn(move || actors::run(crew));
    follow(&messages, &screen, usize::from(flags.rounds));
    // Already gone after a Ctrl-C, and then there is nobody to ask.
    let _ = stop.send(StopRequested("the end of the demo"));
    let code = monkey.join().unwrap_or(actors::supervisor::GAVE_UP);
    watch.finish();
    screen.close();
    code
}

/// Shows round after round, until there were enough or the monkey ended.
fn follow(messages: &Receiver<RoundMessage>, screen: &DemoScreen, rounds: usize) {
    for message in messages.iter().take(rounds) {
        screen.round(&message);
    }
}

fn crew(
    every: Duration,
    access: ClusterAccess,
    told: mpsc::Sender<RoundMessage>,
    stop: StableRecipient<StopRequested>,
) -> ActorsConfig {
    // A pod that has just come up is left in peace for a moment, or the show is one long massacre.
    let target = TargetConfig {
        min_age: Duration::from_secs(1),
        ..TargetConfig::all_of("shop")
    };
    ActorsConfig {
        beat: Trigger::every(every),
        pace: TimerConfig {
            settle: Duration::ZERO,
            ..TimerConfig::default()
        },
        books: JournalStore::paced(every),
        orders: Arc::new(RoundConfig {
            dry_run: false,
            rules: EligibilityRules {
                target,
                method: DisruptionMethod::Evict,
                identity: None,
            },
            disrupt: DisruptConfig {
                attempts: 4,
                ..DisruptConfig::default()
            },
        }),
        access,
        channels: Arc::new([Channel::Relay(told)]),
        retry: DeliveryRetry::default(),
        limits: RestartPolicy::default(),
        stop,
        vitals: Arc::new(HealthState::new(ActorRole::ALL.map(ActorRole::as_str))),
        faults: FailPoints::default(),
    }
}

/// A kubeconfig file that is removed with its value.
struct TempKubeconfig(PathBuf);

impl TempKubeconfig {
    fn write(text: &str) -> std::io::Result<Self> {
        let path = std::env::temp_dir().join(format!("macaque-demo-{}.kubeconfig", std::process::id()));
        fs::write(&path, text)?;
        Ok(Self(path))
    }
}

impl Drop for TempKubeconfig {
    fn drop(&mut self) {
        // Left behind at worst, in the directory for such things.
        let _ = fs::remove_file(&self.0);
    }
}
