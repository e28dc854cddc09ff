//! A crew at work on a sandbox: fast rounds, its messages heard, its exit code awaited.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use kube_sandbox::{Sandbox, SandboxOptions, scenario};
use macaque::actors::clock::Trigger;
use macaque::actors::messages::StopRequested;
use macaque::actors::recipient::StableRecipient;
use macaque::actors::supervisor::{ActorRole, RestartPolicy};
use macaque::actors::{self, ActorsConfig};
use macaque::failpoint::{FailAction, FailPoint, FailPoints};
use macaque::health::HealthState;
use macaque::journal::JournalStore;
use macaque::k8s::{ClusterAccess, RequestDeadlines};
use macaque::notify::{Channel, DeliveryRetry, RoundMessage};
use macaque::round::RoundConfig;
use macaque_core::config::{DisruptConfig, TargetConfig};
use macaque_core::eligibility::EligibilityRules;
use macaque_core::outcome::DisruptionMethod;
use macaque_core::schedule::timer::TimerConfig;
use tempfile::TempDir;

/// From one slot to the next.
const PACE: Duration = Duration::from_millis(100);

/// Longer than anything here takes on a busy machine: a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// Nobody may be silent for longer than a busy machine explains.
const SHORT: RestartPolicy = RestartPolicy {
    restarts: 3,
    window: Duration::from_secs(60),
    backoff: Duration::from_millis(10),
    longest_backoff: Duration::from_secs(1),
    deaf_after: Duration::from_millis(1500),
    leaked: 3,
    // Longer than the Killer waits to hear that people were told of a round which went down with a Notifier.
    round_deadline: Duration::from_secs(20),
    drain_deadline: Duration::from_secs(20),
};

/// Actors at work on a thread of their own.
pub(crate) struct Running {
    sandbox: Sandbox,
    messages: Receiver<RoundMessage>,
    heard: RefCell<Vec<RoundMessage>>,
    stop: StableRecipient<StopRequested>,
    vitals: Arc<HealthState>,
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
    pub(crate) fn with_faults(hook: impl Fn(FailPoint) -> FailAction + Send + Sync + 'static) -> Self {
        Self::start(SandboxOptions::default(), FailPoints::armed(hook), None)
    }

    /// The same, in which nobody may be silent for long.
    pub(crate) fn impatient(hook: impl Fn(FailPoint) -> FailAction + Send + Sync + 'static) -> Self {
        Self::start(SandboxOptions::default(), FailPoints::armed(hook), Some(SHORT))
    }

    /// The same, and nobody gets long for an end: less than the Killer waits to hear that people were told.
    pub(crate) fn hasty(hook: impl Fn(FailPoint) -> FailAction + Send + Sync + 'static) -> Self {
        let limits = RestartPolicy {
            round_deadline: Duration::from_secs(2),
            drain_deadline: Duration::from_secs(2),
            ..SHORT
        };
        Self::start(SandboxOptions::default(), FailPoints::armed(hook), Some(limits))
    }

    /// The same, and failures are forgiven.
    pub(crate) fn impatient_and_forgiving(
        hook: impl Fn(FailPoint) -> FailAction + Send + Sync + 'static,
    ) -> Self {
        let limits = RestartPolicy {
            restarts: 20,
            ..SHORT
        };
        Self::start(SandboxOptions::default(), FailPoints::armed(hook), Some(limits))
    }

    /// A crew on a cluster that takes its time for every answer.
    pub(crate) fn slow_cluster(latency: Duration) -> Self {
        Self::start(
            SandboxOptions {
                latency,
                ..SandboxOptions::default()
            },
            FailPoints::default(),
            None,
        )
    }

    /// A crew on a slow cluster that fails as `hook` says.
    pub(crate) fn slow_and_failing(
        latency: Duration,
        hook: impl Fn(FailPoint) -> FailAction + Send + Sync + 'static,
    ) -> Self {
        Self::start(
            SandboxOptions {
                latency,
                ..SandboxOptions::default()
            },
            FailPoints::armed(hook),
            None,
        )
    }

    fn start(options: SandboxOptions, faults: FailPoints, short: Option<RestartPolicy>) -> Self {
        let sandbox = Sandbox::start(SandboxOptions {
            // Without a budget, and ready at once: each round finds a victim.
            objects: vec![scenario::deployment("shop", "web", 4)],
            ready_after: Duration::ZERO,
            ..options
        });
        let sandbox = sandbox.unwrap();
        let directory = TempDir::new().unwrap();
        let kubeconfig = directory.path().join("kubeconfig");
        std::fs::write(&kubeconfig, sandbox.kubeconfig()).unwrap();
        let (told, messages) = mpsc::channel();
        let (stop, vitals) = (
            StableRecipient::default(),
            Arc::new(HealthState::new(ActorRole::ALL.map(ActorRole::as_str))),
        );
        let crew = ActorsConfig {
            beat: Trigger::every(PACE),
            pace: TimerConfig {
                settle: Duration::ZERO,
                ..TimerConfig::default()
            },
            books: JournalStore::paced(PACE),
            retry: DeliveryRetry::default(),
            orders: Arc::new(orders()),
            access: ClusterAccess {
                kubeconfig: Some(kubeconfig),
                deadlines: short.map_or_else(RequestDeadlines::default, |limits| RequestDeadlines {
                    read: limits.deaf_after,
                    disrupt: limits.deaf_after,
                }),
                ..ClusterAccess::default()
            },
            channels: Arc::new([Channel::Relay(told)]),
            limits: RestartPolicy {
                backoff: Duration::from_millis(10),
                ..short.unwrap_or_default()
            },
            stop: stop.clone(),
            vitals: Arc::clone(&vitals),
            faults,
        };
        let actors = std::thread::spawn(move || actors::run(crew));
        Self {
            sandbox,
            messages,
            heard: RefCell::default(),
            stop,
            vitals,
            actors,
            _kubeconfig: directory,
        }
    }

    /// Waits until this many further rounds were told.
    pub(crate) fn await_rounds(&self, rounds: usize) {
        for n in 0..rounds {
            match self.messages.recv_timeout(PATIENCE) {
                Ok(message) => self.heard.borrow_mut().push(message),
                Err(error) => panic!("round {n} of {rounds} was not told: {error}"),
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

    /// Asks for an end, awaits it, and names whom the cluster lost and of whom people were told.
    pub(crate) fn stop_and_name_evictions(self) -> Losses {
        self.ask_to_stop();
        self.actors.join().unwrap();
        let mut messages = self.heard.into_inner();
        messages.extend(self.messages.try_iter());
        let told = messages.iter().flat_map(|message| &message.victims);
        Losses {
            lost: self.sandbox.deletions().into_iter().map(|pod| pod.uid).collect(),
            told: told.map(|victim| victim.uid.clone()).collect(),
            slots: messages.iter().map(|message| message.slot).collect(),
        }
    }
}

/// Whom the cluster lost, and what people were told.
pub(crate) struct Losses {
    lost: Vec<String>,
    told: BTreeSet<String>,
    slots: BTreeSet<Timestamp>,
}

impl Losses {
    /// Who was lost, and nobody was told.
    pub(crate) fn untold(&self) -> Vec<String> {
        let untold = self.lost.iter().filter(|uid| !self.told.contains(*uid));
        untold.cloned().collect()
    }

    /// How many were lost beyond one a slot.
    pub(crate) fn beyond_the_slots(&self) -> usize {
        self.lost.len().saturating_sub(self.slots.len())
    }
}

/// The messages that wait, and the evictions that they tell of.
fn count(messages: &Receiver<RoundMessage>) -> (usize, usize) {
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

fn orders() -> RoundConfig {
    RoundConfig {
        dry_run: false,
        rules: EligibilityRules {
            target: TargetConfig::all_of("shop"),
            method: DisruptionMethod::Evict,
            identity: None,
        },
        disrupt: DisruptConfig {
            attempts: 1,
            ..DisruptConfig::default()
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
