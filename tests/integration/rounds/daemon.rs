//! The actors through an API server that comes and goes: they go on, and say so once.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::Timestamp;
use kube_sandbox::{Sandbox, SandboxOptions};
use macaque::actors::clock::Trigger;
use macaque::actors::messages::StopRequested;
use macaque::actors::recipient::StableRecipient;
use macaque::actors::{self, ActorsConfig};
use macaque::failpoint::{FailAction, FailPoint, FailPoints};
use macaque::journal::JournalStore;
use macaque::k8s::ClusterAccess;
use macaque::notify::{Channel, OutgoingMessage, RoundMessage};
use macaque::platform::Platform;
use macaque_core::config::{ConfigMapRef, DisruptionLimits, JournalLocation};
use macaque_core::journal::JournalTiming;
use macaque_core::report::RoundStatus;
use macaque_core::schedule::timer::TimerConfig;
use macaque_testkit::evict_one;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpSocket;

use super::fixture::{HURRY, two_apps};

/// The ConfigMap that replicas share.
const JOURNAL: &str = "macaque-journal";

/// From one slot to the next.
const PERIOD: Duration = Duration::from_millis(100);

/// Longer than anything here takes on a busy machine.
const TIME_OUT: Duration = Duration::from_secs(60);

/// An address at which a sandbox can come and go; nobody else gets it meanwhile.
pub(crate) struct SandboxAddress {
    pub(crate) address: SocketAddr,
    _held: TcpSocket,
}

impl SandboxAddress {
    pub(crate) fn reserve() -> Self {
        let held = TcpSocket::new_v4().unwrap();
        held.set_reuseaddr(true).unwrap();
        held.bind(([127, 0, 0, 1], 0).into()).unwrap();
        let address = held.local_addr().unwrap();
        Self { address, _held: held }
    }

    pub(crate) fn serve(&self) -> Sandbox {
        self.serve_with(two_apps())
    }

    fn serve_with(&self, mut objects: Vec<Value>) -> Sandbox {
        objects.push(json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": JOURNAL, "namespace": "chaos" },
        }));
        let options = SandboxOptions {
            listen: self.address,
            objects,
            ready_after: Duration::ZERO,
            ..SandboxOptions::default()
        };
        Sandbox::start(options).unwrap()
    }

    pub(crate) fn kubeconfig(&self) -> String {
        let somewhere = Sandbox::start(SandboxOptions::default()).unwrap();
        let here = format!("http://{}", self.address);
        somewhere.kubeconfig().replace(&somewhere.url(), &here)
    }
}

/// A daemon at work on whatever serves at a place.
pub(crate) struct TestDaemon {
    messages: Receiver<OutgoingMessage>,
    rounds: Receiver<()>,
    stop: StableRecipient<StopRequested>,
    actors: JoinHandle<i32>,
    _home: TempDir,
}

impl TestDaemon {
    fn at(place: &SandboxAddress) -> Self {
        Self::start(place, |config| config)
    }

    /// A replica whose slots are counted from `since`, with the journal that all replicas share.
    fn replica(place: &SandboxAddress, name: &str, since: Timestamp) -> Self {
        let location = JournalLocation::ConfigMap(ConfigMapRef {
            namespace: "chaos".to_owned(),
            name: JOURNAL.to_owned(),
        });
        let timing = JournalTiming {
            // Longer than from slot to slot, so that many slots come too soon.
            spacing: PERIOD * 5 / 2,
            ..JournalTiming::default()
        };
        let limits = DisruptionLimits::default();

        Self::start(place, |config| ActorsConfig {
            trigger: Trigger::Interval { every: PERIOD, since },
            journal: JournalStore::new(location, name, limits, 1, timing, &config.platform),
            ..config
        })
    }

    /// A daemon by the configuration that `edit` makes.
    pub(crate) fn start(place: &SandboxAddress, edit: impl FnOnce(ActorsConfig) -> ActorsConfig) -> Self {
        let home = TempDir::new().unwrap();
        let kubeconfig = home.path().join("kubeconfig");
        std::fs::write(&kubeconfig, place.kubeconfig()).unwrap();
        let (delivered, messages) = mpsc::channel();
        let (ended, rounds) = mpsc::channel();
        let stop = StableRecipient::default();
        let config = edit(actors_config(kubeconfig, delivered, ended, stop.clone()));

        Self {
            messages,
            rounds,
            stop,
            actors: std::thread::spawn(move || actors::run(config)),
            _home: home,
        }
    }

    /// Waits until this many more rounds have ended, reported or not.
    pub(crate) fn await_rounds(&self, count: usize) {
        for _ in 0..count {
            self.rounds.recv_timeout(TIME_OUT).unwrap();
        }
    }

    /// The next message about a round.
    fn next_round(&self) -> RoundMessage {
        let messages = std::iter::repeat_with(|| self.messages.recv_timeout(TIME_OUT).unwrap());
        messages.filter_map(OutgoingMessage::into_round).next().unwrap()
    }

    /// The next message of this verdict; those of another before it are passed over and counted.
    fn next(&self, verdict: RoundStatus) -> (RoundMessage, usize) {
        for passed in 0.. {
            let message = self.next_round();
            if message.status == verdict {
                return (message, passed);
            }
        }
        panic!("more messages than numbers")
    }

    pub(crate) fn end(self) -> i32 {
        self.stop.send(StopRequested("the test")).unwrap();
        self.actors.join().unwrap()
    }
}

#[test]
fn an_api_server_that_comes_and_goes_is_reported_once_and_worked_with_again() {
    let place = SandboxAddress::reserve();
    let daemon = TestDaemon::at(&place);

    let (away, _) = daemon.next(RoundStatus::Failed);
    assert!(
        away.headline
            .ends_with(": connection refused; check that the API server runs at that address"),
        "{}",
        away.headline
    );
    daemon.await_rounds(3);

    let sandbox = place.serve();
    let (_, reported_again) = daemon.next(RoundStatus::Disrupted);
    assert_eq!(
        reported_again, 0,
        "three rounds failed as the first did, and nothing was reported again"
    );

    drop(sandbox);
    daemon.next(RoundStatus::Failed);
    let _back = place.serve();
    daemon.next(RoundStatus::Disrupted);
    assert_eq!(daemon.end(), 0);
}

#[test]
fn of_one_slot_one_of_two_replicas_tells_and_no_slot_is_withheld_as_too_soon() {
    let place = SandboxAddress::reserve();
    let _sandbox = place.serve();
    let since = Platform::system().now();
    let replicas = ["a", "b"].map(|name| TestDaemon::replica(&place, name, since));

    let mut told = BTreeSet::new();
    while told.len() < 12 {
        for replica in &replicas {
            for message in replica
                .messages
                .try_iter()
                .filter_map(OutgoingMessage::into_round)
            {
                // In time no pod is old enough; but no round is withheld, and none fails.
                let ran = matches!(message.status, RoundStatus::Disrupted | RoundStatus::Idle);
                assert!(ran, "{message:?}");
                assert!(told.insert(message.slot), "told twice: {message:?}");
            }
        }
        // Both have something to do meanwhile.
        replicas[0].await_rounds(1);
    }

    for replica in replicas {
        assert_eq!(replica.end(), 0);
    }
}

#[test]
fn a_lasting_warning_is_reported_once() {
    let mut apps = two_apps();
    for app in &mut apps {
        app["spec"]["template"]["metadata"]["annotations"] = json!({"macaque/enable": "true"});
    }
    let place = SandboxAddress::reserve();
    let _sandbox = place.serve_with(apps);
    let daemon = TestDaemon::at(&place);

    let is_warned = |_| {
        let message = daemon.next_round();
        let mut notes = message.notes.iter();
        notes.any(|note| note.contains("macaque/enable: no such key"))
    };
    let warned: Vec<_> = (0..4).map(is_warned).collect();
    assert_eq!(warned, [true, false, false, false]);
    assert_eq!(daemon.end(), 0);
}

fn actors_config(
    kubeconfig: std::path::PathBuf,
    delivered: Sender<OutgoingMessage>,
    ended: Sender<()>,
    stop: StableRecipient<StopRequested>,
) -> ActorsConfig {
    let platform = Platform::system().hurried(HURRY);
    let count = move |point| {
        if point == FailPoint::BeforeReport {
            // Nobody counts any more at the end.
            let _ = ended.send(());
        }
        FailAction::Continue
    };

    let trigger = Trigger::Interval {
        every: PERIOD,
        since: platform.now(),
    };
    let journal = JournalStore::in_memory(1, &platform).with_spacing(PERIOD / 2);
    let access = ClusterAccess {
        kubeconfig: Some(kubeconfig),
        ..ClusterAccess::default()
    };
    let channels = [Channel::Listener(delivered)];
    ActorsConfig {
        timer: TimerConfig {
            settle: Duration::ZERO,
            ..TimerConfig::default()
        },
        stop,
        fail_points: FailPoints::armed(count),
        ..ActorsConfig::new(trigger, evict_one(), journal, access, channels, &platform)
    }
}
