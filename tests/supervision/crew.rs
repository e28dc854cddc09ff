//! A crew at work on a sandbox: fast rounds, its messages heard, its exit code awaited.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use macaque::actors::clock::Beat;
use macaque::actors::fault::{Faults, Point};
use macaque::actors::line::Line;
use macaque::actors::messages::StopRequested;
use macaque::actors::supervisor::{Limits, Role};
use macaque::actors::{self, Crew};
use macaque::chaos::eligibility::Rules;
use macaque::chaos::outcome::Method;
use macaque::chaos::plan::{Disrupt, Target};
use macaque::chaos::slots::Pace;
use macaque::cluster::Access;
use macaque::health::Vitals;
use macaque::journal::Books;
use macaque::notify::{Channel, Message, Retry};
use macaque::round::Orders;
use macaque::sandbox::{Options, Sandbox, scene};
use tempfile::TempDir;

/// From one slot to the next.
const PACE: Duration = Duration::from_millis(100);

/// Longer than anything here takes on a busy machine: a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// Actors at work on a thread of their own.
pub(crate) struct Running {
    sandbox: Sandbox,
    messages: Receiver<Message>,
    stop: Line<StopRequested>,
    vitals: Arc<Vitals>,
    actors: JoinHandle<i32>,
    _kubeconfig: TempDir,
}

/// The evictions that the cluster saw, and those that were told.
pub(crate) struct Evictions {
    pub(crate) seen: usize,
    pub(crate) told: usize,
}

impl Running {
    /// A crew that fails as `hook` says.
    pub(crate) fn with_faults(hook: impl Fn(Point) + Send + Sync + 'static) -> Self {
        Self::start(Options::default(), Faults::armed(hook))
    }

    /// A crew on a cluster that takes its time for every answer.
    pub(crate) fn slow_cluster(latency: Duration) -> Self {
        Self::start(
            Options {
                latency,
                ..Options::default()
            },
            Faults::default(),
        )
    }

    /// A crew on a slow cluster that fails as `hook` says.
    pub(crate) fn slow_and_failing(latency: Duration, hook: impl Fn(Point) + Send + Sync + 'static) -> Self {
        Self::start(
            Options {
                latency,
                ..Options::default()
            },
            Faults::armed(hook),
        )
    }

    fn start(options: Options, faults: Faults) -> Self {
        let sandbox = Sandbox::start(Options {
            // Without a budget, and ready at once: each round finds a victim.
            scene: vec![scene::deployment("shop", "web", 4)],
            ready_after: Duration::ZERO,
            ..options
        });
        let sandbox = sandbox.unwrap();
        let directory = TempDir::new().unwrap();
        let kubeconfig = directory.path().join("kubeconfig");
        std::fs::write(&kubeconfig, sandbox.kubeconfig()).unwrap();
        let (told, messages) = mpsc::channel();
        let (stop, vitals) = (
            Line::default(),
            Arc::new(Vitals::new(Role::ALL.map(Role::as_str))),
        );
        let crew = Crew {
            beat: Beat::every(PACE),
            pace: Pace {
                settle: Duration::ZERO,
                ..Pace::default()
            },
            books: Books::paced(PACE),
            retry: Retry::default(),
            orders: Arc::new(orders()),
            access: Access {
                kubeconfig: Some(kubeconfig),
                context: None,
                ..Access::default()
            },
            channels: Arc::new([Channel::Relay(told)]),
            limits: Limits {
                backoff: Duration::from_millis(10),
                ..Limits::default()
            },
            stop: stop.clone(),
            vitals: Arc::clone(&vitals),
            faults,
        };
        let actors = std::thread::spawn(move || actors::run(crew));
        Self {
            sandbox,
            messages,
            stop,
            vitals,
            actors,
            _kubeconfig: directory,
        }
    }

    /// Waits until this many further rounds were told.
    pub(crate) fn await_rounds(&self, rounds: usize) {
        for n in 0..rounds {
            if let Err(error) = self.messages.recv_timeout(PATIENCE) {
                panic!("round {n} of {rounds} was not told: {error}");
            }
        }
    }

    /// Waits until the cluster has received a request of this method.
    pub(crate) fn await_request(&self, method: &str) {
        await_that("a request", || {
            self.sandbox
                .requests()
                .iter()
                .any(|request| request.method == method)
        });
    }

    /// Waits until everybody is up, as the probe tells it over HTTP.
    pub(crate) fn await_ready(&self) {
        let address = macaque::health::serve(([127, 0, 0, 1], 0).into(), Arc::clone(&self.vitals)).unwrap();
        await_that("readiness", || {
            super::process::get(address, "/readyz").is_some_and(|answer| answer.starts_with("HTTP/1.1 200"))
        });
        assert!(
            super::process::get(address, "/livez")
                .unwrap()
                .starts_with("HTTP/1.1 200")
        );
    }

    /// Asks once for an end.
    pub(crate) fn ask_to_stop(&self) {
        await_that("somebody to ask", || {
            self.stop.send(StopRequested("the test")).is_ok()
        });
    }

    /// Asks for an end, and awaits it.
    pub(crate) fn stop(self) -> i32 {
        self.ask_to_stop();
        self.exit_code()
    }

    /// Awaits the end.
    pub(crate) fn exit_code(self) -> i32 {
        self.actors.join().unwrap()
    }

    /// Asks for an end, awaits it, and counts the rounds that were told.
    pub(crate) fn stop_and_count_messages(self) -> (i32, usize) {
        self.ask_to_stop();
        let code = self.actors.join().unwrap();
        (code, count(&self.messages).0)
    }

    /// Asks for an end, awaits it, and compares what the cluster saw with what was told. One round was told before.
    pub(crate) fn stop_and_count_evictions(self) -> Evictions {
        self.ask_to_stop();
        assert_eq!(self.actors.join().unwrap(), 0);
        let evictions = self
            .sandbox
            .requests()
            .into_iter()
            .filter(|request| request.method == "POST");
        Evictions {
            seen: evictions.count(),
            told: 1 + count(&self.messages).1,
        }
    }
}

/// The messages that wait, and the evictions that they tell of.
fn count(messages: &Receiver<Message>) -> (usize, usize) {
    let (mut rounds, mut evictions) = (0, 0);
    loop {
        match messages.recv_timeout(Duration::ZERO) {
            Ok(message) => {
                rounds += 1;
                evictions += message
                    .victims
                    .iter()
                    .filter(|victim| victim.outcome == "evicted")
                    .count();
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return (rounds, evictions),
        }
    }
}

fn orders() -> Orders {
    Orders {
        dry_run: false,
        rules: Rules {
            target: Target::all_of("shop"),
            method: Method::Evict,
            identity: None,
        },
        disrupt: Disrupt {
            attempts: 1,
            ..Disrupt::default()
        },
    }
}

/// Looks again and again until `holds`.
pub(crate) fn await_that(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
