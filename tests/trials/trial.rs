//! One trial: a cluster, some replicas, one fault around the first slot, and the verdict.

use std::ops::Range;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use kube_sandbox::{PodDeletion, Sandbox, SandboxOptions, scenario};
use macaque::failpoint::FailPoint;
use macaque_testkit::fault_proxy::FaultProxy;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::fake_chat::FakeChat;
use crate::fault::{EnvironmentFault, TrialFault};
use crate::network;
use crate::replica::{ACTOR_FAULTS, ReplicaConfig, ReplicaLog, SLOT_INTERVAL};
use crate::replica_group::ReplicaGroup;
use crate::verdict::{TrialVerdict, broken_guards, has_recovered, judge, losses, nth};

/// How long the slots after the fault may take to be run, and their reports to be delivered.
const PATIENCE: Duration = Duration::from_secs(15);
/// The time between two looks at the processes.
const POLL_INTERVAL: Duration = Duration::from_millis(15);
/// More workloads than any trial disrupts, for nothing is replaced.
const WORKLOADS: usize = 20;
/// The pods of each.
const REPLICAS: u32 = 2;

/// A trial under way.
struct RunningTrial {
    sandbox: Sandbox,
    chat: FakeChat,
    proxies: Vec<FaultProxy>,
    epoch: Timestamp,
    replicas: ReplicaGroup,
    events: Vec<(Timestamp, TrialEvent)>,
    /// When no workload was whole.
    held: Option<Range<Timestamp>>,
    _home: TempDir,
}

/// What happens in a trial at some time.
enum TrialEvent {
    Signal(&'static str),
    Object(Value),
    Remove,
    Annotate(Option<&'static str>),
    /// Every workload wants so many replicas from now on, which it does not get.
    Scale(u32),
    /// The journal as it is now is put back at that time.
    RestoreLater(Timestamp),
    Truncate(Timestamp),
}

/// Runs one trial of `fault` with so many replicas.
pub(crate) async fn run(fault: TrialFault, replicas: usize, log: &ReplicaLog) -> TrialVerdict {
    let mut trial = RunningTrial::set_up(fault, replicas, log);
    let end_of_fault = nth(trial.epoch, 2);
    let deadline = Instant::now() + PATIENCE;

    // Reading the whole history takes a while: only where it has grown.
    let mut known = 0;
    let mut recovered = false;
    let mut verdict = loop {
        trial.proceed();
        if Timestamp::now() >= end_of_fault {
            trial.end_fault();
            let deletions = trial.sandbox.deletions();
            if deletions.len() > known {
                known = deletions.len();
                recovered = has_recovered(&losses(&trial.sandbox), trial.epoch);
            }
            let is_reported = |pod: &PodDeletion| trial.chat.has_report_of(&pod.name);
            if recovered && deletions.iter().all(is_reported) || Instant::now() > deadline {
                break trial.judge();
            }
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    };

    // What comes while the replicas end counts as well.
    trial.replicas.stop(&mut verdict).await;
    let last = trial.judge();
    verdict.wrong.extend(last.wrong);
    verdict.slot = last.slot;
    verdict.unreported = verdict.unreported.min(last.unreported);

    verdict
}

impl RunningTrial {
    fn set_up(fault: TrialFault, replicas: usize, log: &ReplicaLog) -> Self {
        let mut objects: Vec<_> = (0..WORKLOADS)
            .map(|n| scenario::deployment("shop", &workload(n), REPLICAS))
            .collect();
        objects.push(journal());
        let sandbox = Sandbox::start(SandboxOptions {
            objects,
            seed: rand::random(),
            ..SandboxOptions::default()
        })
        .unwrap();
        sandbox.pause();
        let home = TempDir::new().unwrap();
        let mut network_fault = None;
        let mut chat_fault = None;
        let mut actor_fault = None;

        match fault {
            TrialFault::Network(fault) => network_fault = Some(fault),
            TrialFault::Chat(fault) => chat_fault = Some(fault),
            TrialFault::Actor(point, fault) => {
                let point = FailPoint::ALL.iter().position(|known| *known == point);
                let fault = ACTOR_FAULTS.iter().position(|known| *known == fault);
                actor_fault = point.zip(fault);
            }
            TrialFault::None | TrialFault::Environment(_) => {}
        }

        let chat = FakeChat::start(chat_fault);
        // Long enough for a process to start on a busy machine.
        let epoch = Timestamp::now() + Duration::from_millis(100);
        let mut configs = Vec::new();
        let mut proxies = Vec::new();

        for n in 0..replicas {
            let proxy = network::proxy(&sandbox.url(), network_fault);
            let kubeconfig = home.path().join(format!("kubeconfig-{n}"));
            let text = sandbox.kubeconfig().replace(&sandbox.url(), &proxy.url());
            std::fs::write(&kubeconfig, text).unwrap();
            let replica = ReplicaConfig {
                fault: actor_fault,
                as_pid_1: fault.needs_a_namespace(),
                log: log.clone(),
                ..ReplicaConfig::new(n, kubeconfig, &chat, epoch)
            };
            proxies.push(proxy);
            configs.push(replica);
        }

        let events = match fault {
            TrialFault::Environment(fault) => events(fault, epoch),
            _ => Vec::new(),
        };
        Self {
            sandbox,
            chat,
            proxies,
            epoch,
            replicas: ReplicaGroup::start(configs),
            events,
            held: None,
            _home: home,
        }
    }

    /// Lets happen what is due, and starts again the replicas that ended.
    fn proceed(&mut self) {
        let now = Timestamp::now();
        let (due, later): (Vec<_>, Vec<_>) = std::mem::take(&mut self.events)
            .into_iter()
            .partition(|(at, _)| *at <= now);
        self.events = later;

        for (_, event) in due {
            self.happen(event);
        }

        self.replicas.restart_ended();
    }

    fn happen(&mut self, event: TrialEvent) {
        match event {
            TrialEvent::Signal(name) => self.replicas.signal(name),
            TrialEvent::Object(object) => self.sandbox.apply(&[object]).unwrap(),
            TrialEvent::Remove => self.sandbox.remove("ConfigMap", "chaos", "macaque-journal"),
            TrialEvent::Annotate(value) => {
                let mut object = self.journal();
                object["metadata"]["annotations"] =
                    value.map_or(Value::Null, |value| json!({ "macaque/paused": value }));
                self.sandbox.apply(&[object]).unwrap();
            }
            TrialEvent::Scale(replicas) => self.scale(replicas),
            TrialEvent::RestoreLater(at) => {
                let object = self.journal();
                self.events.push((at, TrialEvent::Object(object)));
            }
            TrialEvent::Truncate(repaired) => {
                let whole = self.journal();
                let mut object = whole.clone();
                if let Some(text) = whole["data"]["journal.json"].as_str() {
                    object["data"]["journal.json"] = text[..text.len() / 2].into();
                    self.sandbox.apply(&[object]).unwrap();
                    self.events.push((repaired, TrialEvent::Object(whole)));
                }
            }
        }
    }

    /// Scales every workload, of which only the wish is noted: no controller runs.
    fn scale(&mut self, replicas: u32) {
        let begun = Timestamp::now();
        for n in 0..WORKLOADS {
            let mut object = self.sandbox.object("Deployment", "shop", &workload(n)).unwrap();
            object["spec"]["replicas"] = json!(replicas);
            self.sandbox.apply(&[object]).unwrap();
        }

        match &mut self.held {
            Some(held) => held.end = begun,
            None => self.held = Some(Timestamp::now()..Timestamp::MAX),
        }
    }

    /// The journal's ConfigMap as it stands.
    fn journal(&self) -> Value {
        self.sandbox
            .object("ConfigMap", "chaos", "macaque-journal")
            .unwrap_or_else(journal)
    }

    fn end_fault(&self) {
        self.chat.recover();
        for proxy in &self.proxies {
            proxy.clear();
        }
    }

    fn judge(&self) -> TrialVerdict {
        let losses = losses(&self.sandbox);
        let mut verdict = judge(&losses, self.epoch, |pod| self.chat.has_report_of(pod));
        verdict.wrong.extend(broken_guards(&losses, self.held.as_ref()));
        verdict
    }
}

/// What happens to processes or to the journal around the first slot.
fn events(fault: EnvironmentFault, epoch: Timestamp) -> Vec<(Timestamp, TrialEvent)> {
    let within = |from: u64, to: u64| epoch + Duration::from_millis(rand::random_range(from..to));
    let slot = u64::try_from(SLOT_INTERVAL.as_millis()).unwrap();
    let span = 2 * slot;

    match fault {
        EnvironmentFault::Killed | EnvironmentFault::KilledAsPid1 => vec![
            (within(slot, slot + 60), TrialEvent::Signal("KILL")),
            (within(0, span), TrialEvent::Signal("KILL")),
        ],
        EnvironmentFault::Suspended => {
            let at = within(slot, slot + 60);
            vec![
                (at, TrialEvent::Signal("STOP")),
                (at + SLOT_INTERVAL * 2, TrialEvent::Signal("CONT")),
            ]
        }
        EnvironmentFault::Terminated | EnvironmentFault::TerminatedAsPid1 => vec![
            (within(slot, slot + 60), TrialEvent::Signal("TERM")),
            (within(0, span), TrialEvent::Signal("TERM")),
        ],
        EnvironmentFault::JournalContended => (0..span / 4)
            .map(|n| {
                (
                    epoch + Duration::from_millis(4 * n),
                    TrialEvent::Annotate(Some(if n % 2 == 0 { "false" } else { " false" })),
                )
            })
            .collect(),
        EnvironmentFault::JournalDeleted => {
            let at = within(slot, slot + 100);
            vec![
                (at, TrialEvent::Remove),
                (at + SLOT_INTERVAL / 2, TrialEvent::Object(journal())),
            ]
        }
        EnvironmentFault::JournalRestored => {
            let at = within(slot, slot + 40);
            vec![(at, TrialEvent::RestoreLater(at + Duration::from_millis(60)))]
        }
        EnvironmentFault::JournalTruncated => {
            let at = within(slot, slot + 60);
            vec![(at, TrialEvent::Truncate(at + SLOT_INTERVAL))]
        }
        EnvironmentFault::Paused => {
            let at = within(slot, slot + 40);
            vec![
                (at, TrialEvent::Annotate(Some("true"))),
                (nth(epoch, 2), TrialEvent::Annotate(None)),
            ]
        }
        EnvironmentFault::PodsMissing => vec![
            (epoch, TrialEvent::Scale(REPLICAS + 1)),
            (nth(epoch, 2) + SLOT_INTERVAL / 2, TrialEvent::Scale(REPLICAS)),
        ],
    }
}

/// The name of a workload.
fn workload(n: usize) -> String {
    format!("workload-{n:02}")
}

/// The journal's ConfigMap as the manifest has it.
pub(crate) fn journal() -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": "macaque-journal", "namespace": "chaos" },
    })
}
