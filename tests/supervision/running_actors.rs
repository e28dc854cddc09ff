//! Actors at work on a sandbox: fast rounds, their messages received, their exit code awaited.

use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use kube_sandbox::{Sandbox, SandboxOptions, scenario};
use macaque::actors::clock::Trigger;
use macaque::actors::messages::StopRequested;
use macaque::actors::recipient::StableRecipient;
use macaque::actors::role::ActorRole;
use macaque::actors::supervisor::{ActorTimeouts, RestartPolicy};
use macaque::actors::{self, ActorsConfig};
use macaque::failpoint::FailPoints;
use macaque::health::HealthState;
use macaque::journal::JournalStore;
use macaque::k8s::{ClusterAccess, RequestDeadlines};
use macaque::notify::{
    Channel, DeliveryRetry, MessageContext, NotifyRecovery, OutgoingMessage, RoundMessage,
};
use macaque::platform::Platform;
use macaque::proxy::ProxyPolicy;
use macaque::round::RoundConfig;
use macaque_core::config::{DisruptConfig, TargetConfig};
use macaque_core::eligibility::EligibilityConfig;
use macaque_core::guard::GuardConfig;
use macaque_core::outcome::DisruptionMethod;
use macaque_core::recovery::RecoveryConfig;
use macaque_core::schedule::timer::TimerConfig;
use tempfile::TempDir;

use crate::fail_hooks::FailHook;
use crate::waiting::{LostPods, PATIENCE, await_that, count, next_round};

/// The time from one slot to the next.
const INTERVAL: Duration = Duration::from_millis(200);

/// No actor may miss its heartbeat for longer than a busy machine explains.
const SHORT_TIMEOUTS: ActorTimeouts = ActorTimeouts {
    hang: Duration::from_millis(1500),
    // Longer than the Killer waits for the delivery of a report that was lost with a Notifier.
    round: Duration::from_secs(20),
    drain: Duration::from_secs(20),
};

/// The restarts beside [`SHORT_TIMEOUTS`], which come at once.
const QUICK_RESTARTS: RestartPolicy = RestartPolicy {
    restarts: 3,
    window: Duration::from_secs(60),
    backoff: Duration::from_millis(10),
    longest_backoff: Duration::from_secs(1),
    leaked_threads: 3,
};

/// Actors at work on a sandbox, on a thread of their own.
pub(crate) struct RunningActors {
    sandbox: Sandbox,
    messages: Receiver<OutgoingMessage>,
    received: RefCell<Vec<RoundMessage>>,
    stop: StableRecipient<StopRequested>,
    health: Arc<HealthState>,
    actors: JoinHandle<i32>,
    _kubeconfig: TempDir,
}

/// The number of evictions that the cluster saw, and of those whose reports were delivered.
pub(crate) struct EvictionCount {
    pub(crate) seen: usize,
    pub(crate) delivered: usize,
}

/// What the actors run with.
struct ActorsSetup {
    /// How long the cluster takes for every answer.
    latency: Duration,
    fail_points: FailPoints,
    restarts: RestartPolicy,
    timeouts: ActorTimeouts,
    deadlines: RequestDeadlines,
}

impl Default for ActorsSetup {
    fn default() -> Self {
        Self {
            latency: Duration::ZERO,
            fail_points: FailPoints::default(),
            restarts: RestartPolicy {
                backoff: QUICK_RESTARTS.backoff,
                ..RestartPolicy::default()
            },
            timeouts: ActorTimeouts::default(),
            deadlines: RequestDeadlines::default(),
        }
    }
}

impl ActorsSetup {
    /// Actors that fail as `hook` says.
    fn failing(hook: impl FailHook) -> Self {
        Self {
            fail_points: FailPoints::armed(hook),
            ..Self::default()
        }
    }

    /// Actors whose hangs are soon detected.
    fn with_short_timeouts(self) -> Self {
        Self {
            restarts: QUICK_RESTARTS,
            timeouts: SHORT_TIMEOUTS,
            deadlines: RequestDeadlines {
                read: SHORT_TIMEOUTS.hang,
                disrupt: SHORT_TIMEOUTS.hang,
                ..RequestDeadlines::default()
            },
            ..self
        }
    }
}

impl RunningActors {
    /// Actors that fail as `hook` says.
    pub(crate) fn failing(hook: impl FailHook) -> Self {
        Self::start(ActorsSetup::failing(hook))
    }

    /// Actors that fail as `hook` says, and whose hangs are soon detected.
    pub(crate) fn with_short_timeouts(hook: impl FailHook) -> Self {
        Self::start(ActorsSetup::failing(hook).with_short_timeouts())
    }

    /// Actors with short timeouts that get little time for a shutdown: less than the Killer waits for a delivery.
    pub(crate) fn with_short_shutdown(hook: impl FailHook) -> Self {
        let setup = ActorsSetup::failing(hook).with_short_timeouts();
        Self::start(ActorsSetup {
            timeouts: ActorTimeouts {
                round: Duration::from_secs(2),
                drain: Duration::from_secs(2),
                ..setup.timeouts
            },
            ..setup
        })
    }

    /// Actors with short timeouts that are restarted many times.
    pub(crate) fn with_many_restarts(hook: impl FailHook) -> Self {
        let setup = ActorsSetup::failing(hook).with_short_timeouts();
        Self::start(ActorsSetup {
            restarts: RestartPolicy {
                restarts: 20,
                ..setup.restarts
            },
            ..setup
        })
    }

    /// Actors on a cluster that takes its time for every answer.
    pub(crate) fn on_slow_cluster(latency: Duration) -> Self {
        Self::start(ActorsSetup {
            latency,
            ..ActorsSetup::default()
        })
    }

    /// Actors on a slow cluster that fail as `hook` says.
    pub(crate) fn failing_on_slow_cluster(latency: Duration, hook: impl FailHook) -> Self {
        Self::start(ActorsSetup {
            latency,
            ..ActorsSetup::failing(hook)
        })
    }

    fn start(setup: ActorsSetup) -> Self {
        let sandbox = Sandbox::start(SandboxOptions {
            // Without a budget, and ready at once: each round finds a victim.
            objects: vec![scenario::deployment("shop", "web", 4)],
            ready_after: Duration::ZERO,
            latency: setup.latency,
            ..SandboxOptions::default()
        });
        let sandbox = sandbox.unwrap();
        let directory = TempDir::new().unwrap();
        let kubeconfig = directory.path().join("kubeconfig");
        std::fs::write(&kubeconfig, sandbox.kubeconfig()).unwrap();

        let (listener, messages) = mpsc::channel();
        let config = actors_config(setup, kubeconfig, listener);
        let stop = config.stop.clone();
        let health = Arc::clone(&config.health);
        let actors = std::thread::spawn(move || actors::run(config));

        Self {
            sandbox,
            messages,
            received: RefCell::default(),
            stop,
            health,
            actors,
            _kubeconfig: directory,
        }
    }

    /// Waits until this many further reports were delivered.
    pub(crate) fn await_rounds(&self, rounds: usize) {
        for n in 0..rounds {
            match next_round(&self.messages, PATIENCE) {
                Ok(message) => self.received.borrow_mut().push(message),
                Err(error) => panic!("report {n} of {rounds} was not delivered: {error}"),
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

    /// Waits until every actor is up, as the probe says over HTTP.
    pub(crate) fn await_ready(&self) {
        let address = macaque::health::serve(([127, 0, 0, 1], 0).into(), Arc::clone(&self.health)).unwrap();
        await_that("readiness", || {
            crate::process::get(address, "/readyz").is_some_and(|answer| answer.starts_with("HTTP/1.1 200"))
        });
        assert!(
            crate::process::get(address, "/livez")
                .unwrap()
                .starts_with("HTTP/1.1 200")
        );
    }

    /// Requests a shutdown once.
    pub(crate) fn ask_to_stop(&self) {
        await_that("a Supervisor to ask", || {
            self.stop.send(StopRequested("the test")).is_ok()
        });
    }

    /// Requests a shutdown, and awaits its exit code.
    pub(crate) fn stop(self) -> i32 {
        self.ask_to_stop();
        self.exit_code()
    }

    /// Awaits the exit code.
    pub(crate) fn exit_code(self) -> i32 {
        self.actors.join().unwrap()
    }

    /// Requests a shutdown, awaits it, and counts the reports that were delivered.
    pub(crate) fn stop_and_count_messages(self) -> (i32, usize) {
        self.ask_to_stop();
        let code = self.actors.join().unwrap();
        (code, count(&self.messages).0)
    }

    /// Requests a shutdown, awaits it, and compares what the cluster saw with what was delivered. One report was
    /// delivered before.
    pub(crate) fn stop_and_count_evictions(self) -> EvictionCount {
        self.ask_to_stop();

        assert_eq!(self.actors.join().unwrap(), 0);

        let evictions = self
            .sandbox
            .requests()
            .into_iter()
            .filter(|request| request.method == "POST");
        EvictionCount {
            seen: evictions.count(),
            delivered: 1 + count(&self.messages).1,
        }
    }

    /// Requests a shutdown, awaits it, and names the pods that the cluster lost and those that were reported.
    pub(crate) fn stop_and_name_evictions(self) -> LostPods {
        self.ask_to_stop();
        self.actors.join().unwrap();
        let mut messages = self.received.into_inner();
        messages.extend(self.messages.try_iter().filter_map(OutgoingMessage::into_round));
        let reported = messages.iter().flat_map(|message| &message.victims);

        LostPods {
            lost: self.sandbox.deletions().into_iter().map(|pod| pod.uid).collect(),
            reported: reported.map(|victim| victim.uid.clone()).collect(),
            slots: messages.iter().map(|message| message.slot).collect(),
        }
    }
}

fn actors_config(setup: ActorsSetup, kubeconfig: PathBuf, listener: Sender<OutgoingMessage>) -> ActorsConfig {
    let platform = Platform::system();
    ActorsConfig {
        trigger: Trigger::Interval {
            every: INTERVAL,
            since: platform.now(),
        },
        timer: TimerConfig {
            settle: Duration::ZERO,
            ..TimerConfig::default()
        },
        round: Arc::new(round_config()),
        journal: JournalStore::in_memory(1, &platform).with_spacing(INTERVAL / 2),
        access: ClusterAccess {
            kubeconfig: Some(kubeconfig),
            deadlines: setup.deadlines,
            ..ClusterAccess::default()
        },
        channels: Arc::new([Channel::Listener(listener)]),
        proxies: ProxyPolicy::Direct,
        messages: MessageContext::default(),
        notify_recovery: NotifyRecovery::default(),
        retry: DeliveryRetry::default(),
        restarts: setup.restarts,
        timeouts: setup.timeouts,
        stop: StableRecipient::default(),
        health: Arc::new(HealthState::new(ActorRole::ALL.map(ActorRole::as_str), &platform)),
        platform,
        fail_points: setup.fail_points,
    }
}

fn round_config() -> RoundConfig {
    RoundConfig {
        dry_run: false,
        eligibility: EligibilityConfig {
            target: TargetConfig::all_of("shop"),
            method: DisruptionMethod::Evict,
            own_pod: None,
        },
        disrupt: DisruptConfig {
            attempts: 1,
            ..DisruptConfig::default()
        },
        recovery: RecoveryConfig::default(),
        guards: GuardConfig::off(),
        gates: Vec::new(),
    }
}
