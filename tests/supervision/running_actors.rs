//! Actors at work on a sandbox: fast rounds, their messages received, their exit code awaited.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread::JoinHandle;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use kube_sandbox::{PodDeletion, Sandbox, SandboxOptions, scenario};
use macaque::actors;
use macaque::actors::config_changes::{ChangedConfig, ConfigChanges};
use macaque::actors::messages::StopRequested;
use macaque::actors::recipient::StableRecipient;
use macaque::actors::supervisor::{ActorTimeouts, RestartPolicy};
use macaque::facts::Facts;
use macaque::health::HealthState;
use macaque::history::unpack;
use macaque::k8s::HISTORY_KEY;
use macaque::notify::{Channel, OutgoingMessage, RoundMessage};
use macaque_core::recovery::RecoveryReport;
use serde_json::Value;
use tempfile::TempDir;

use crate::actors_setup::{ActorsSetup, HISTORY, REPLACED_AFTER, actors_config, history, journal};
use crate::fail_hooks::FailHook;
use crate::waiting::{LostPods, PATIENCE, await_that, count, next_round};

/// Actors at work on a sandbox, on a thread of their own.
pub(crate) struct RunningActors {
    sandbox: Sandbox,
    messages: Receiver<OutgoingMessage>,
    received: RefCell<Vec<RoundMessage>>,
    stop: StableRecipient<StopRequested>,
    changes: ConfigChanges,
    /// The configuration as it was at the start, as far as it may change.
    unchanged: ChangedConfig,
    health: Arc<HealthState>,
    actors: JoinHandle<i32>,
    kubeconfig: TempDir,
}

/// The number of evictions that the cluster saw, and of those whose reports were delivered.
pub(crate) struct EvictionCount {
    pub(crate) seen: usize,
    pub(crate) delivered: usize,
}

impl RunningActors {
    /// Actors that fail as `hook` says.
    pub(crate) fn failing(hook: impl FailHook) -> Self {
        Self::start(ActorsSetup::failing(hook))
    }

    /// Actors that fail as `hook` says and publish what happens.
    pub(crate) fn publishing(facts: Facts, hook: impl FailHook) -> Self {
        Self::start(ActorsSetup {
            facts,
            ..ActorsSetup::failing(hook)
        })
    }

    /// Actors that fail as `hook` says, publish what happens, disrupt one pod, and watch the recovery.
    pub(crate) fn publishing_recovery(facts: Facts, hook: impl FailHook) -> Self {
        Self::start(ActorsSetup {
            facts,
            ..ActorsSetup::failing(hook).recovering()
        })
    }

    /// Actors that publish what happens, with this time from slot to slot, whose messages go to `channel` too. A shutdown
    /// does not wait for it.
    pub(crate) fn publishing_at_leisure(facts: Facts, interval: Duration, channel: Channel) -> Self {
        let setup = ActorsSetup::default();
        Self::start(ActorsSetup {
            facts,
            interval,
            channel: Some(channel),
            timeouts: ActorTimeouts {
                round: Duration::from_secs(1),
                drain: Duration::from_secs(1),
                ..setup.timeouts
            },
            ..setup
        })
    }

    /// The state that the probes report.
    pub(crate) fn health(&self) -> Arc<HealthState> {
        Arc::clone(&self.health)
    }

    /// Actors that fail as `hook` says, disrupt one pod, and watch the recovery.
    pub(crate) fn recovering(hook: impl FailHook) -> Self {
        Self::start(ActorsSetup::failing(hook).recovering())
    }

    /// Actors that fail as `hook` says, and write Events.
    pub(crate) fn writing_events(hook: impl FailHook) -> Self {
        Self::start(ActorsSetup::failing(hook).writing_events())
    }

    /// Actors that write Events, and whose hangs are soon detected.
    pub(crate) fn writing_events_with_short_timeouts(hook: impl FailHook) -> Self {
        Self::start(ActorsSetup::failing(hook).with_short_timeouts().writing_events())
    }

    /// Actors that would watch recoveries and may disrupt nothing, with a journal in memory.
    pub(crate) fn idle_with_recovery(hook: impl FailHook) -> Self {
        Self::start(ActorsSetup {
            disrupts: false,
            ..ActorsSetup::failing(hook).recovering()
        })
    }

    /// Actors that disrupt one pod and watch the recovery, and whose hangs are soon detected.
    pub(crate) fn recovering_with_short_timeouts(hook: impl FailHook) -> Self {
        Self::start(ActorsSetup::failing(hook).with_short_timeouts().recovering())
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

    pub(crate) fn start(setup: ActorsSetup) -> Self {
        let sandbox = Sandbox::start(SandboxOptions {
            // Without a budget, and ready at once: each round finds a victim.
            objects: vec![scenario::deployment("shop", "web", 4), journal(), history()],
            ready_after: if setup.recovers {
                REPLACED_AFTER
            } else {
                Duration::ZERO
            },
            latency: setup.latency,
            ..SandboxOptions::default()
        });
        let sandbox = sandbox.unwrap();
        let directory = TempDir::new().unwrap();
        std::fs::write(directory.path().join("kubeconfig"), sandbox.kubeconfig()).unwrap();
        Self::start_on(sandbox, directory, setup)
    }

    fn start_on(sandbox: Sandbox, directory: TempDir, setup: ActorsSetup) -> Self {
        let (listener, messages) = mpsc::channel();
        let config = actors_config(setup, directory.path().join("kubeconfig"), listener);
        let stop = config.stop.clone();
        let changes = config.changes.clone();
        let unchanged = ChangedConfig {
            trigger: config.trigger.clone(),
            timer: config.timer,
            round: Arc::clone(&config.round),
            journal: config.journal.clone(),
            messages: config.messages.clone(),
        };
        let health = Arc::clone(&config.health);
        let actors = std::thread::spawn(move || actors::run(config));

        Self {
            sandbox,
            messages,
            received: RefCell::default(),
            stop,
            changes,
            unchanged,
            health,
            actors,
            kubeconfig: directory,
        }
    }

    /// Changes the configuration that the actors started with, as a reload does.
    pub(crate) fn change(&self, edit: impl FnOnce(&mut ChangedConfig)) {
        let mut changed = self.unchanged.clone();
        edit(&mut changed);
        self.changes.replace(changed);
    }

    /// Waits for what becomes of the recovery.
    pub(crate) fn await_recovery(&self) -> RecoveryReport {
        loop {
            match self.messages.recv_timeout(PATIENCE) {
                Ok(OutgoingMessage::Recovery(message)) => return RecoveryReport::clone(&message.report),
                Ok(OutgoingMessage::Round(_) | OutgoingMessage::Notice(_)) => {}
                Err(error) => panic!("nothing was told of the recovery: {error}"),
            }
        }
    }

    /// Requests a shutdown, awaits it, and returns how often the recovery was told meanwhile.
    pub(crate) fn stop_and_count_recoveries(self) -> (i32, usize) {
        self.ask_to_stop();
        let code = self.actors.join().unwrap();
        let told = self.messages.try_iter();
        let recoveries = told.filter(|message| matches!(message, OutgoingMessage::Recovery(_)));
        (code, recoveries.count())
    }

    /// Stops, and starts again as another process that watches the recovery.
    pub(crate) fn restart_recovering(self) -> Self {
        self.ask_to_stop();
        assert_eq!(self.actors.join().unwrap(), 0);
        Self::start_on(self.sandbox, self.kubeconfig, ActorsSetup::default().recovering())
    }

    /// How many requests the cluster received.
    pub(crate) fn requests(&self) -> usize {
        self.sandbox.requests().len()
    }

    /// The Events that the cluster was asked to write, each as the reason and the kind of what it regards.
    pub(crate) fn events(&self) -> Vec<(String, String)> {
        let requests = self.sandbox.requests().into_iter();
        let events = requests.filter(|request| {
            request.method == "POST" && request.path_and_query.starts_with("/apis/events.k8s.io/")
        });
        events
            .map(|request| {
                let event: Value = serde_json::from_str(&request.body).unwrap();
                let text = |field: &Value| field.as_str().unwrap().to_owned();
                (text(&event["reason"]), text(&event["regarding"]["kind"]))
            })
            .collect()
    }

    /// Waits until the cluster was asked to write an Event of this reason on an object of this kind.
    pub(crate) fn await_event(&self, reason: &str, kind: &str) {
        let wanted = (reason.to_owned(), kind.to_owned());
        await_that("an Event", || self.events().contains(&wanted));
    }

    /// Waits until the cluster was asked to write the history.
    pub(crate) fn await_history(&self) {
        await_that("a write of the history", || {
            let requests = self.sandbox.requests().into_iter();
            let mut writes = requests.filter(|request| request.method == "PUT");
            writes.any(|request| request.path_and_query.contains(HISTORY))
        });
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

    /// Waits until the pods that the cluster has lost by now are reported, if they ever are.
    pub(crate) fn await_reports_of_evictions(&self) {
        let lost = self.sandbox.deletions();
        let is_reported = |pod: &PodDeletion| {
            let received = self.received.borrow();
            let mut victims = received.iter().flat_map(|message| &message.victims);
            victims.any(|victim| victim.uid == pod.uid)
        };
        while !lost.iter().all(is_reported) {
            self.await_rounds(1);
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
        let address = crate::probes::serve(Arc::clone(&self.health), None);
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

    /// Requests a shutdown, awaits its exit code, and names the pods that the cluster lost and those in the history.
    pub(crate) fn stop_and_read_history(self) -> (i32, BTreeSet<String>, BTreeSet<String>) {
        self.ask_to_stop();
        let code = self.actors.join().unwrap();

        let lost = self.sandbox.deletions().into_iter().map(|pod| pod.uid).collect();
        let object = self.sandbox.object("ConfigMap", "chaos", HISTORY).unwrap();
        let packed = object["binaryData"][HISTORY_KEY].as_str().unwrap_or_default();
        let packed = STANDARD.decode(packed).unwrap();
        let stored = unpack(
            Some(&packed),
            object["data"]["seal"].as_str(),
            Timestamp::UNIX_EPOCH,
        );
        let entries = stored.unwrap().history.entries().to_vec();
        let recorded = entries.into_iter().filter(|entry| entry.outcome.is_disruption());
        (code, lost, recorded.map(|entry| entry.pod.uid).collect())
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
