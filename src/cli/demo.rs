//! `macaque demo`: the actors at work on the embedded sandbox, fast and for a bounded time, for people to watch.

mod recovery_watch;
mod screen;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use crate::actors::clock::Beat;
use crate::actors::messages::StopRequested;
use crate::actors::recipient::Line;
use crate::actors::supervisor::{Limits, Role};
use crate::actors::{self, Crew};
use crate::failpoint::Faults;
use crate::health::Vitals;
use crate::journal::Books;
use crate::k8s::Access;
use crate::notify::{Channel, Message, Retry};
use crate::round::Orders;
use crate::settings::{LogFormat, LogSettings};
use crate::telemetry;
use kube_sandbox::{Sandbox, SandboxOptions, scenario};
use macaque_core::config::{Disrupt, Target};
use macaque_core::eligibility::Rules;
use macaque_core::outcome::Method;
use macaque_core::schedule::timer::Pace;

use self::screen::Screen;
use super::args::Demo as Flags;
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
        let kubeconfig = Kubeconfig::write(&sandbox.kubeconfig())?;
        Ok((sandbox, kubeconfig))
    });
    let (_sandbox, kubeconfig) = match set {
        Ok(set) => set,
        Err(error) => {
            telemetry::complain(&format!("cannot set up the sandbox: {error}"));
            return exit::CLUSTER;
        }
    };
    let access = Access {
        kubeconfig: Some(kubeconfig.0.clone()),
        context: None,
        ..Access::default()
    };
    let every = Duration::from_secs(flags.every);
    let (screen, stop) = (Screen::default(), Line::default());
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
fn follow(messages: &Receiver<Message>, screen: &Screen, rounds: usize) {
    for message in messages.iter().take(rounds) {
        screen.round(&message);
    }
}

fn crew(every: Duration, access: Access, told: mpsc::Sender<Message>, stop: Line<StopRequested>) -> Crew {
    // A pod that has just come up is left in peace for a moment, or the show is one long massacre.
    let target = Target {
        min_age: Duration::from_secs(1),
        ..Target::all_of("shop")
    };
    Crew {
        beat: Beat::every(every),
        pace: Pace {
            settle: Duration::ZERO,
            ..Pace::default()
        },
        books: Books::paced(every),
        orders: Arc::new(Orders {
            dry_run: false,
            rules: Rules {
                target,
                method: Method::Evict,
                identity: None,
            },
            disrupt: Disrupt {
                attempts: 4,
                ..Disrupt::default()
            },
        }),
        access,
        channels: Arc::new([Channel::Relay(told)]),
        retry: Retry::default(),
        limits: Limits::default(),
        stop,
        vitals: Arc::new(Vitals::new(Role::ALL.map(Role::as_str))),
        faults: Faults::default(),
    }
}

/// A kubeconfig file that is removed with its value.
struct Kubeconfig(PathBuf);

impl Kubeconfig {
    fn write(text: &str) -> std::io::Result<Self> {
        let path = std::env::temp_dir().join(format!("macaque-demo-{}.kubeconfig", std::process::id()));
        fs::write(&path, text)?;
        Ok(Self(path))
    }
}

impl Drop for Kubeconfig {
    fn drop(&mut self) {
        // Left behind at worst, in the directory for such things.
        let _ = fs::remove_file(&self.0);
    }
}
