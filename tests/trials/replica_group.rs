//! The replicas of a trial as processes, each of them started again when it ends, as the kubelet would.

use std::fs::File;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::replica::{ReplicaConfig, ReplicaLog};
use crate::verdict::TrialVerdict;

/// How long a replica may take to stop.
const PATIENCE: Duration = Duration::from_secs(15);
/// The time between two looks at a process.
const POLL_INTERVAL: Duration = Duration::from_millis(15);

/// The command that starts a process as the first of a process namespace.
pub(crate) const AS_PID_1: [&str; 5] = ["unshare", "--pid", "--fork", "--kill-child", "--"];

/// The replicas, each with its process.
pub(crate) struct ReplicaGroup(Vec<(ReplicaConfig, Option<Child>)>);

impl ReplicaGroup {
    /// Starts a process for each replica.
    pub(crate) fn start(replicas: Vec<ReplicaConfig>) -> Self {
        let started = replicas.into_iter().map(|replica| {
            let child = start(&replica);
            (replica, Some(child))
        });
        Self(started.collect())
    }

    /// Starts again the replicas that ended.
    pub(crate) fn restart_ended(&mut self) {
        for (replica, child) in &mut self.0 {
            let ended = child
                .as_mut()
                .is_some_and(|child| child.try_wait().unwrap().is_some());
            if ended {
                // The fault is one of its first process.
                replica.fault = None;
                *child = Some(start(replica));
            }
        }
    }

    /// The first replica's process.
    pub(crate) fn first(&self) -> Option<&Child> {
        self.0.first()?.1.as_ref()
    }

    /// Signals one of the replicas by chance.
    pub(crate) fn signal(&self, name: &str) {
        let victim = rand::random_range(0..self.0.len());
        // SIGCONT goes to all: which one was stopped is not remembered.
        let is_for_all = name == "CONT";
        let chosen = self
            .0
            .iter()
            .enumerate()
            .filter(|(n, _)| is_for_all || *n == victim);

        for child in chosen.filter_map(|(_, (_, child))| child.as_ref()) {
            signal(child, name);
        }
    }

    /// Tells every replica to stop, and waits for its end.
    pub(crate) async fn stop(&mut self, verdict: &mut TrialVerdict) {
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
                tokio::time::sleep(POLL_INTERVAL).await;
            }
        }
    }
}

impl Drop for ReplicaGroup {
    fn drop(&mut self) {
        for child in self.0.iter_mut().filter_map(|(_, child)| child.as_mut()) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn start(replica: &ReplicaConfig) -> Child {
    let log = match &replica.log {
        ReplicaLog::Off => Stdio::null(),
        ReplicaLog::Stderr => Stdio::inherit(),
        ReplicaLog::File(path) => File::options()
            .create(true)
            .append(true)
            .open(path)
            .unwrap()
            .into(),
    };
    let program = std::env::current_exe().unwrap();
    let mut command = if replica.as_pid_1 {
        let mut command = Command::new(AS_PID_1[0]);
        command.args(&AS_PID_1[1..]).arg(program);
        command
    } else {
        Command::new(program)
    };

    command
        .arg("--replica")
        .arg(serde_json::to_string(replica).unwrap())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap()
}

/// Signals the replica of this process.
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
