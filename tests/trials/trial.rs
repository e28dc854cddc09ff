//! One trial: a cluster, some replicas, one fault round the first slot, and what became of it all.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use kube_sandbox::{PodDeletion, Sandbox, SandboxOptions, scenario};
use macaque::failpoint::FailPoint;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::chat::Chat;
use crate::fault::{Fault, World};
use crate::replica::{HARMS, PACE, Replica};
use crate::verdict::{Verdict, has_recovered, judge, losses, nth};
use crate::wire::Wire;

/// How long the slots after the fault may take to be served, and everybody to be told.
const PATIENCE: Duration = Duration::from_secs(15);
/// How often a trial looks at its processes.
const LOOK: Duration = Duration::from_millis(15);
/// More pods than any trial disrupts.
const PODS: usize = 40;

/// Starts a process as the first of a process namespace.
pub(crate) const AS_PID_1: [&str; 5] = ["unshare", "--pid", "--fork", "--kill-child", "--"];

/// A trial under way.
struct Trial {
    sandbox: Sandbox,
    chat: Chat,
    wires: Vec<Wire>,
    epoch: Timestamp,
    troop: Troop,
    events: Vec<(Timestamp, Event)>,
    _home: TempDir,
}

/// What happens in a trial at some time.
enum Event {
    Signal(&'static str),
    Object(Value),
    Remove,
    Annotate(Option<&'static str>),
    /// The journal as it is now comes back at that time.
    RestoreLater(Timestamp),
    Truncate(Timestamp),
}

/// Plays one trial of `fault` with so many replicas.
pub(crate) async fn play(fault: Fault, replicas: usize, log: bool) -> Verdict {
    let mut trial = Trial::set_up(fault, replicas, log).await;
    let calm = nth(trial.epoch, 2);
    let deadline = Instant::now() + PATIENCE;
    // Reading the whole history takes a while: only where it has grown.
    let (mut known, mut recovered) = (0, false);
    let verdict = loop {
        trial.tend();
        if Timestamp::now() >= calm {
            trial.calm_down();
            let deletions = trial.sandbox.deletions();
            if deletions.len() > known {
                known = deletions.len();
                recovered = has_recovered(&losses(&trial.sandbox), trial.epoch);
            }
            let told = |pod: &PodDeletion| trial.chat.was_told_of(&pod.name);
            if recovered && deletions.iter().all(told) || Instant::now() > deadline {
                break trial.judge();
            }
        }
        tokio::time::sleep(LOOK).await;
    };
    // What comes while the replicas end counts as well.
    let mut verdict = verdict;
    trial.troop.end(&mut verdict).await;
    let last = trial.judge();
    verdict.wrong.extend(last.wrong);
    verdict.served = last.served;
    verdict.untold = verdict.untold.min(last.untold);
    verdict
}

impl Trial {
    async fn set_up(fault: Fault, replicas: usize, log: bool) -> Self {
        let mut pods: Vec<_> = (0..PODS)
            .map(|n| scenario::pod("shop", &format!("pod-{n:02}-of-the-shop"), "app"))
            .collect();
        pods.push(journal());
        let sandbox = Sandbox::start(SandboxOptions {
            objects: pods,
            seed: rand::random(),
            ..SandboxOptions::default()
        })
        .unwrap();
        sandbox.pause();
        let home = TempDir::new().unwrap();
        let server = sandbox.url().strip_prefix("http://").unwrap().parse().unwrap();
        let (mut wire_fault, mut chat_fault, mut point) = (None, None, None);
        match fault {
            Fault::Wire(wire) => wire_fault = Some(wire),
            Fault::Chat(chat) => chat_fault = Some(chat),
            Fault::Point(at, harm) => {
                let at = FailPoint::ALL.iter().position(|known| *known == at);
                let harm = HARMS.iter().position(|known| *known == harm);
                point = at.zip(harm);
            }
            Fault::None | Fault::World(_) => {}
        }
        let chat = Chat::start(chat_fault).await;
        // Long enough for a process to start on a busy machine.
        let epoch = Timestamp::now() + Duration::from_millis(100);
        let (mut orders, mut wires) = (Vec::new(), Vec::new());
        for n in 0..replicas {
            let wire = Wire::to(server, wire_fault).await;
            let kubeconfig = home.path().join(format!("kubeconfig-{n}"));
            let text = sandbox
                .kubeconfig()
                .replace(&sandbox.url(), &format!("http://{}", wire.address));
            std::fs::write(&kubeconfig, text).unwrap();
            let replica = Replica {
                name: format!("macaque-{n}"),
                kubeconfig,
                namespace: "shop".to_owned(),
                home: "chaos".to_owned(),
                chat: chat.address.to_string(),
                epoch,
                fault: point,
                as_pid_1: matches!(fault, Fault::World(World::KilledAsPid1 | World::TerminatedAsPid1)),
                log,
            };
            wires.push(wire);
            orders.push(replica);
        }
        let events = match fault {
            Fault::World(world) => events(world, epoch),
            _ => Vec::new(),
        };
        Self {
            sandbox,
            chat,
            wires,
            epoch,
            troop: Troop::start(orders),
            events,
            _home: home,
        }
    }

    /// Lets happen what is due, and starts again what ended, as the kubelet would.
    fn tend(&mut self) {
        let now = Timestamp::now();
        let (due, later): (Vec<_>, Vec<_>) = std::mem::take(&mut self.events)
            .into_iter()
            .partition(|(at, _)| *at <= now);
        self.events = later;
        for (_, event) in due {
            self.befall(event);
        }
        self.troop.tend();
    }

    fn befall(&mut self, event: Event) {
        match event {
            Event::Signal(name) => self.troop.signal(name),
            Event::Object(object) => self.sandbox.apply(&[object]).unwrap(),
            Event::Remove => self.sandbox.remove("ConfigMap", "chaos", "macaque-journal"),
            Event::Annotate(value) => {
                let mut object = self.journal();
                object["metadata"]["annotations"] =
                    value.map_or(Value::Null, |value| json!({ "macaque/paused": value }));
                self.sandbox.apply(&[object]).unwrap();
            }
            Event::RestoreLater(at) => {
                let object = self.journal();
                self.events.push((at, Event::Object(object)));
            }
            Event::Truncate(mended) => {
                let whole = self.journal();
                let mut object = whole.clone();
                if let Some(text) = whole["data"]["journal.json"].as_str() {
                    object["data"]["journal.json"] = text[..text.len() / 2].into();
                    self.sandbox.apply(&[object]).unwrap();
                    self.events.push((mended, Event::Object(whole)));
                }
            }
        }
    }

    /// The journal's ConfigMap as it stands.
    fn journal(&self) -> Value {
        self.sandbox
            .object("ConfigMap", "chaos", "macaque-journal")
            .unwrap_or_else(journal)
    }

    fn calm_down(&self) {
        self.chat.calm_down();
        for wire in &self.wires {
            wire.calm_down();
        }
    }

    fn judge(&self) -> Verdict {
        judge(&losses(&self.sandbox), self.epoch, |pod| {
            self.chat.was_told_of(pod)
        })
    }
}

/// The replicas, each of them started again when it ends, as the kubelet would.
pub(crate) struct Troop(Vec<(Replica, Option<Child>)>);

impl Troop {
    pub(crate) fn start(orders: Vec<Replica>) -> Self {
        let started = orders.into_iter().map(|replica| {
            let child = start(&replica);
            (replica, Some(child))
        });
        Self(started.collect())
    }

    /// Starts again what ended.
    pub(crate) fn tend(&mut self) {
        for (replica, child) in &mut self.0 {
            let ended = child
                .as_mut()
                .is_some_and(|child| child.try_wait().unwrap().is_some());
            if ended {
                // The fault befell its first life.
                replica.fault = None;
                *child = Some(start(replica));
            }
        }
    }

    /// The first replica's process.
    pub(crate) fn first(&self) -> Option<&Child> {
        self.0.first()?.1.as_ref()
    }

    /// Signals one of them by chance.
    fn signal(&self, name: &str) {
        let victim = rand::random_range(0..self.0.len());
        // SIGCONT goes to all: who was stopped is not remembered.
        let all = name == "CONT";
        let chosen = self.0.iter().enumerate().filter(|(n, _)| all || *n == victim);
        for child in chosen.filter_map(|(_, (_, child))| child.as_ref()) {
            signal(child, name);
        }
    }

    /// Tells every replica to stop, and waits for its end.
    pub(crate) async fn end(&mut self, verdict: &mut Verdict) {
        for child in self.0.iter().filter_map(|(_, child)| child.as_ref()) {
            signal(child, "CONT");
            signal(child, "TERM");
        }
        let deadline = Instant::now() + PATIENCE;
        for (replica, child) in &mut self.0 {
            let Some(mut child) = child.take() else { continue };
            while child.try_wait().unwrap().is_none() {
                if Instant::now() > deadline {
                    verdict
                        .wrong
                        .push(format!("{} did not end on SIGTERM", replica.name));
                    let _ = child.kill();
                    let _ = child.wait();
                    break;
                }
                tokio::time::sleep(LOOK).await;
            }
        }
    }
}

impl Drop for Troop {
    fn drop(&mut self) {
        for child in self.0.iter_mut().filter_map(|(_, child)| child.as_mut()) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// What happens to processes or to the journal round the first slot.
fn events(world: World, epoch: Timestamp) -> Vec<(Timestamp, Event)> {
    let within = |from: u64, to: u64| epoch + Duration::from_millis(rand::random_range(from..to));
    let (slot, span) = (
        u64::try_from(PACE.as_millis()).unwrap(),
        2 * u64::try_from(PACE.as_millis()).unwrap(),
    );
    match world {
        World::Killed | World::KilledAsPid1 => vec![
            (within(slot, slot + 60), Event::Signal("KILL")),
            (within(0, span), Event::Signal("KILL")),
        ],
        World::Suspended => {
            let at = within(slot, slot + 60);
            vec![
                (at, Event::Signal("STOP")),
                (at + PACE * 2, Event::Signal("CONT")),
            ]
        }
        World::Terminated | World::TerminatedAsPid1 => vec![
            (within(slot, slot + 60), Event::Signal("TERM")),
            (within(0, span), Event::Signal("TERM")),
        ],
        World::JournalContended => (0..span / 4)
            .map(|n| {
                (
                    epoch + Duration::from_millis(4 * n),
                    Event::Annotate(Some(if n % 2 == 0 { "false" } else { " false" })),
                )
            })
            .collect(),
        World::JournalDeleted => {
            let at = within(slot, slot + 100);
            vec![(at, Event::Remove), (at + PACE / 2, Event::Object(journal()))]
        }
        World::JournalRestored => {
            let at = within(slot, slot + 40);
            vec![(at, Event::RestoreLater(at + Duration::from_millis(60)))]
        }
        World::JournalTruncated => {
            let at = within(slot, slot + 60);
            vec![(at, Event::Truncate(at + PACE))]
        }
        World::Paused => {
            let at = within(slot, slot + 40);
            vec![
                (at, Event::Annotate(Some("true"))),
                (nth(epoch, 2), Event::Annotate(None)),
            ]
        }
    }
}

/// The journal's ConfigMap as the manifest has it.
fn journal() -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": "macaque-journal", "namespace": "chaos" },
    })
}

fn start(replica: &Replica) -> Child {
    let quiet = || {
        if replica.log {
            Stdio::inherit()
        } else {
            Stdio::null()
        }
    };
    let program = std::env::current_exe().unwrap();
    let mut command = match replica.as_pid_1 {
        true => {
            let mut command = Command::new(AS_PID_1[0]);
            command.args(&AS_PID_1[1..]).arg(program);
            command
        }
        false => Command::new(program),
    };
    command
        .arg("--replica")
        .arg(serde_json::to_string(replica).unwrap())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(quiet())
        .spawn()
        .unwrap()
}

pub(crate) fn signal(child: &Child, name: &str) {
    // A process that was started in a namespace of its own is the only child of the one that made it.
    let children = format!("/proc/{0}/task/{0}/children", child.id());
    let inner = std::fs::read_to_string(children).unwrap_or_default();
    let target = match inner.split_whitespace().next() {
        Some(inner) => inner.to_owned(),
        None => child.id().to_string(),
    };
    let sent = Command::new("kill")
        .args([&format!("-{name}"), &target])
        .stderr(Stdio::null())
        .status();
    // It may have ended a moment ago.
    drop(sent);
}
