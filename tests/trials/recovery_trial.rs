//! One trial of recoveries: a cluster that replaces pods, some replicas, one fault while they watch, and the verdict.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use kube_sandbox::{Sandbox, SandboxOptions, scenario};
use macaque::failpoint::FailPoint;
use macaque_testkit::fault_proxy::FaultProxy;
use serde_json::json;
use tempfile::TempDir;

use crate::fake_chat::FakeChat;
use crate::recovery_fault::RecoveryFault;
use crate::recovery_history::{REPLICAS, RecoveryHistory, WORKLOADS};
use crate::replica::{ACTOR_FAULTS, ReplicaConfig, ReplicaLog, VICTIMS};
use crate::replica_group::ReplicaGroup;
use crate::trial::journal;
use crate::verdict::{SlotOutcome, TrialVerdict};

/// How long the ends of all recoveries may take to be told: their timeout, leases, a fault, and as much again for a machine
/// that is busy.
const PATIENCE: Duration = Duration::from_secs(120);
/// The time between two looks at the cluster.
const POLL_INTERVAL: Duration = Duration::from_millis(15);
/// How long a fault lasts.
const FAULT: Duration = Duration::from_secs(3);

/// A trial under way.
struct RecoveryTrial {
    fault: RecoveryFault,
    sandbox: Sandbox,
    chat: FakeChat,
    proxies: Vec<FaultProxy>,
    replicas: ReplicaGroup,
    history: RecoveryHistory,
    /// When the fault begins, once a pod was disrupted.
    begins: Option<Instant>,
    phase: FaultPhase,
    /// A pod that is made unready for a while once its workload is whole again, so that it has not recovered yet.
    relapse: Relapse,
    /// The logs of the replicas, if they are kept.
    logs: Vec<PathBuf>,
    _home: TempDir,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum FaultPhase {
    Before,
    During,
    Over,
}

/// The second failure of a workload that is about to have recovered.
enum Relapse {
    Never,
    Wanted,
    /// Of this pod, from then on.
    Due(String, Instant),
    /// Of this pod, until then.
    Going(String, Instant),
}

/// Runs one trial of `fault` with so many replicas. If a promise is broken, what was seen is kept in the directory `kept`,
/// with the logs of the replicas.
pub(crate) async fn run(
    fault: RecoveryFault,
    replicas: usize,
    log: &ReplicaLog,
    kept: Option<&Path>,
) -> TrialVerdict {
    let mut trial = RecoveryTrial::set_up(fault, replicas, log, kept);
    let deadline = Instant::now() + PATIENCE;
    loop {
        trial.proceed();
        if trial.is_over() || Instant::now() > deadline {
            break;
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }

    let mut verdict = trial.judge();
    trial.replicas.stop(&mut verdict).await;
    trial.history.look(&trial.sandbox);
    let last = trial.judge();
    verdict.wrong.extend(last.wrong);
    if let Some(kept) = kept {
        trial.keep_logs(kept, &verdict);
    }
    verdict
}

impl RecoveryTrial {
    fn set_up(fault: RecoveryFault, replicas: usize, log: &ReplicaLog, kept: Option<&Path>) -> Self {
        let pods = u32::try_from(REPLICAS).unwrap();
        let mut objects: Vec<_> = WORKLOADS
            .into_iter()
            .map(|workload| scenario::stateful_set("shop", workload, pods))
            .collect();
        objects.push(journal());
        let sandbox = Sandbox::start(SandboxOptions {
            objects,
            ready_after: Duration::from_millis(rand::random_range(200..1500)),
            linger: Duration::from_millis(300),
            seed: rand::random(),
            ..SandboxOptions::default()
        })
        .unwrap();
        let home = TempDir::new().unwrap();
        let chat = FakeChat::start(None);
        let epoch = Timestamp::now() + Duration::from_millis(100);
        let actor_fault = match fault {
            RecoveryFault::Watcher(point, fault) => {
                let point = FailPoint::ALL.iter().position(|known| *known == point);
                let fault = ACTOR_FAULTS.iter().position(|known| *known == fault);
                point.zip(fault)
            }
            _ => None,
        };

        let mut configs = Vec::new();
        let mut logs = Vec::new();
        let trial: u32 = rand::random();
        let mut proxies = Vec::new();
        for n in 0..replicas {
            let proxy = FaultProxy::start(&sandbox.url());
            proxy.stop_recording();
            let kubeconfig = home.path().join(format!("kubeconfig-{n}"));
            let text = sandbox.kubeconfig().replace(&sandbox.url(), &proxy.url());
            std::fs::write(&kubeconfig, text).unwrap();
            proxies.push(proxy);
            let file = kept.map(|kept| kept.join(format!("{trial:08x}-{n}.log")));
            logs.extend(file.clone());
            configs.push(ReplicaConfig {
                fault: actor_fault,
                recovers: true,
                log: file.map_or_else(|| log.clone(), ReplicaLog::File),
                ..ReplicaConfig::new(n, kubeconfig, &chat, epoch)
            });
        }

        Self {
            fault,
            sandbox,
            chat,
            proxies,
            replicas: ReplicaGroup::start(configs),
            history: RecoveryHistory::default(),
            begins: None,
            phase: FaultPhase::Before,
            relapse: if rand::random() {
                Relapse::Wanted
            } else {
                Relapse::Never
            },
            logs,
            _home: home,
        }
    }

    /// Looks at the cluster, lets happen what is due, and starts again the replicas that ended.
    fn proceed(&mut self) {
        self.history.look(&self.sandbox);
        self.replicas.restart_ended();
        self.proceed_with_relapse();

        let now = Instant::now();
        if self.begins.is_none() && !self.sandbox.deletions().is_empty() {
            self.begins = Some(now + Duration::from_millis(rand::random_range(0..6000)));
        }
        let Some(begins) = self.begins else { return };
        match self.phase {
            FaultPhase::Before if now >= begins => {
                self.phase = FaultPhase::During;
                self.begin_fault();
            }
            FaultPhase::During if now >= begins + FAULT => {
                self.phase = FaultPhase::Over;
                self.end_fault();
            }
            FaultPhase::Before | FaultPhase::During | FaultPhase::Over => {}
        }
    }

    fn begin_fault(&self) {
        match self.fault {
            RecoveryFault::Killed => self.replicas.signal("KILL"),
            RecoveryFault::Suspended => self.replicas.signal("STOP"),
            RecoveryFault::Terminated => self.replicas.signal("TERM"),
            fault => {
                for proxy in &self.proxies {
                    proxy.inject_by(move |request| fault.injected(request));
                }
            }
        }
    }

    fn end_fault(&self) {
        self.replicas.signal("CONT");
        for proxy in &self.proxies {
            proxy.clear();
        }
    }

    fn proceed_with_relapse(&mut self) {
        let now = Instant::now();
        let pause = |most: u64| now + Duration::from_millis(rand::random_range(0..most));
        let next = match &self.relapse {
            Relapse::Wanted => self
                .history
                .whole_again()
                .map(|workload| Relapse::Due(format!("{workload}-0"), pause(4000))),
            Relapse::Due(pod, at) if now >= *at => {
                set_ready(&self.sandbox, pod, false);
                Some(Relapse::Going(pod.clone(), pause(2000)))
            }
            Relapse::Going(pod, until) if now >= *until => {
                set_ready(&self.sandbox, pod, true);
                Some(Relapse::Never)
            }
            _ => None,
        };
        self.relapse = next.unwrap_or(std::mem::replace(&mut self.relapse, Relapse::Never));
    }

    /// Keeps the logs of a trial in which a promise was broken, with what was seen.
    fn keep_logs(&self, kept: &Path, verdict: &TrialVerdict) {
        if verdict.is_good() {
            self.logs.iter().for_each(|log| drop(std::fs::remove_file(log)));
            return;
        }
        let Some(first) = self.logs.first() else { return };
        let path = kept.join(first.with_extension("trial").file_name().unwrap());
        let seen = format!(
            "{}\n{verdict:#?}\n{:#?}\n{:#?}\n",
            self.fault,
            self.history,
            self.chat.accepted()
        );
        std::fs::write(path, seen).unwrap();
    }

    /// Whether the fault is over, and the end of every recovery was told.
    fn is_over(&self) -> bool {
        let victims = &self.history.victims;
        let told: BTreeSet<_> = victims
            .values()
            .flat_map(|(name, _)| self.chat.recoveries_of(name))
            .collect();
        self.phase == FaultPhase::Over
            && victims.len() >= VICTIMS
            && self.history.open.is_empty()
            && told.len() >= victims.len()
    }

    fn judge(&self) -> TrialVerdict {
        let mut wrong = self.history.wrong();
        let victims = &self.history.victims;
        // The pods of a StatefulSet have the names of those before them.
        let mut of_name: BTreeMap<&str, usize> = BTreeMap::new();
        for (name, _) in victims.values() {
            *of_name.entry(name).or_default() += 1;
        }
        let told = of_name
            .iter()
            .map(|(name, victims)| (self.chat.recoveries_of(name), *victims));
        let told: Vec<_> = told.map(|(told, victims)| (told.len(), victims)).collect();
        let unreported: usize = told
            .iter()
            .map(|(told, victims)| victims.saturating_sub(*told))
            .sum();
        let slot = if told.iter().any(|(told, victims)| told > victims) {
            SlotOutcome::MoreThanOnce
        } else if unreported > 0 || told.is_empty() {
            SlotOutcome::None
        } else {
            SlotOutcome::Once
        };
        let open = self.history.open.len();
        if open > 0 {
            wrong.push(format!("{open} recoveries are still watched"));
        }

        TrialVerdict {
            slot,
            late: self.history.unwatched(),
            recovered: self.is_over(),
            unreported,
            wrong,
        }
    }
}

/// Makes a pod ready or not, as a readiness probe does.
fn set_ready(sandbox: &Sandbox, pod: &str, is_ready: bool) {
    let Some(mut object) = sandbox.object("Pod", "shop", pod) else {
        return;
    };
    let conditions = object["status"]["conditions"].as_array_mut();
    for condition in conditions.into_iter().flatten() {
        if condition["type"] == "Ready" {
            condition["status"] = json!(if is_ready { "True" } else { "False" });
            condition["lastTransitionTime"] =
                json!(Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
        }
    }
    sandbox.apply(&[object]).unwrap();
}
