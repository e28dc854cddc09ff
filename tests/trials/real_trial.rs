//! Trials on a real control plane: its etcd stops, its API server is killed, replicas are killed and suspended.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::control_plane::ControlPlane;
use crate::fake_chat::FakeChat;
use crate::replica::{ReplicaConfig, SLOT_INTERVAL};
use crate::replica_group::{ReplicaGroup, signal};
use crate::verdict::{PodLoss, TrialVerdict, has_recovered, judge, nth};

/// An API server takes some seconds to start.
const PATIENCE: Duration = Duration::from_secs(60);
/// More than any trial disrupts.
const PODS: usize = 60;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlaneFault {
    None,
    EtcdStopped,
    ApiServerKilled,
    Killed,
    Suspended,
}

impl PlaneFault {
    pub(crate) const ALL: [Self; 5] = [
        Self::None,
        Self::EtcdStopped,
        Self::ApiServerKilled,
        Self::Killed,
        Self::Suspended,
    ];
}

impl fmt::Display for PlaneFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::EtcdStopped => "SIGSTOP of etcd, and SIGCONT 2 s later",
            Self::ApiServerKilled => "SIGKILL of the API server, and a new one",
            Self::Killed => "SIGKILL of a replica",
            Self::Suspended => "SIGSTOP of a replica, and SIGCONT later",
        })
    }
}

/// What the namespace showed so far.
#[derive(Default)]
struct NamespaceHistory {
    /// Every pod that was there at the beginning, by UID.
    pods: BTreeMap<String, String>,
    /// The version of the journal's ConfigMap when it was created.
    journal_version: String,
    slots: BTreeMap<String, Timestamp>,
    losses: Vec<PodLoss>,
}

/// Runs one trial.
pub(crate) async fn run(plane: &mut ControlPlane, fault: PlaneFault, replicas: usize) -> TrialVerdict {
    let namespace = format!("trial-{:08x}", rand::random::<u32>());
    let mut history = set_up(plane, &namespace).await;
    let home = TempDir::new().unwrap();
    let kubeconfig = home.path().join("kubeconfig");
    std::fs::write(&kubeconfig, plane.kubeconfig()).unwrap();
    let chat = FakeChat::start(None);
    let epoch = Timestamp::now() + Duration::from_millis(300);
    let replica = |n| ReplicaConfig {
        namespace: namespace.clone(),
        home: namespace.clone(),
        ..ReplicaConfig::new(n, kubeconfig.clone(), &chat, epoch)
    };
    let mut group = ReplicaGroup::start((0..replicas).map(replica).collect());
    let injection = nth(epoch, 1) + Duration::from_millis(rand::random_range(0..60));
    let mut is_injected = false;
    let mut is_over = false;
    let deadline = Instant::now() + PATIENCE;
    let mut verdict = loop {
        group.restart_ended();
        let now = Timestamp::now();
        if !is_injected && now >= injection {
            is_injected = true;
            inject(plane, fault, &group);
        }
        if !is_over && now >= injection + SLOT_INTERVAL * 4 {
            is_over = true;
            remove(plane, fault, &group);
        }
        history.update(plane, &namespace).await;
        let all_reported = history.losses.iter().all(|loss| chat.has_report_of(&loss.name));
        if is_over && has_recovered(&history.losses, epoch) && all_reported || Instant::now() > deadline {
            break judge(&history.losses, epoch, |pod| chat.has_report_of(pod));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    group.stop(&mut verdict).await;
    history.update(plane, &namespace).await;
    let last = judge(&history.losses, epoch, |pod| chat.has_report_of(pod));
    verdict.wrong.extend(last.wrong);
    verdict.slot = last.slot;
    plane
        .send(
            Method::DELETE,
            &format!("/api/v1/namespaces/{namespace}"),
            &Value::Null,
        )
        .await;

    verdict
}

fn inject(plane: &mut ControlPlane, fault: PlaneFault, group: &ReplicaGroup) {
    match fault {
        PlaneFault::None => {}
        PlaneFault::EtcdStopped => plane.signal_etcd("STOP"),
        PlaneFault::ApiServerKilled => plane.kill_api_server(),
        PlaneFault::Killed => group.first().into_iter().for_each(|child| signal(child, "KILL")),
        PlaneFault::Suspended => group.first().into_iter().for_each(|child| signal(child, "STOP")),
    }
}

fn remove(plane: &mut ControlPlane, fault: PlaneFault, group: &ReplicaGroup) {
    match fault {
        PlaneFault::None | PlaneFault::Killed => {}
        PlaneFault::EtcdStopped => plane.signal_etcd("CONT"),
        PlaneFault::ApiServerKilled => plane.start_api_server(),
        PlaneFault::Suspended => group.first().into_iter().for_each(|child| signal(child, "CONT")),
    }
}

/// A namespace with a journal and pods, all of them running.
async fn set_up(plane: &ControlPlane, namespace: &str) -> NamespaceHistory {
    let create = async |kind: &str, object: Value| {
        let path = match kind {
            "namespaces" => "/api/v1/namespaces".to_owned(),
            kind => format!("/api/v1/namespaces/{namespace}/{kind}"),
        };
        plane.send(Method::POST, &path, &object).await.unwrap()
    };
    create(
        "namespaces",
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}),
    )
    .await;
    let journal = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "macaque-journal"}});
    let journal = create("configmaps", journal).await;

    for n in 0..PODS {
        let container = json!({"name": "app", "image": "app"});
        let spec = json!({"containers": [container], "automountServiceAccountToken": false, "serviceAccountName": "default"});
        let name = format!("pod-{n:02}-of-the-trial");
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec});
        // The namespace's service account comes a moment after the namespace.
        while plane
            .send(
                Method::POST,
                &format!("/api/v1/namespaces/{namespace}/pods"),
                &pod,
            )
            .await
            .is_none()
        {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    let mut history = NamespaceHistory {
        journal_version: text(&journal["metadata"]["resourceVersion"]),
        ..NamespaceHistory::default()
    };
    loop {
        let pods = list(plane, namespace).await.unwrap_or_default();
        if pods
            .iter()
            .filter(|pod| pod["status"]["phase"] == "Running")
            .count()
            == PODS
        {
            let names = pods
                .iter()
                .map(|pod| (text(&pod["metadata"]["uid"]), text(&pod["metadata"]["name"])));
            history.pods = names.collect();
            return history;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

impl NamespaceHistory {
    /// Reads the pods and the journal, if the API server answers.
    async fn update(&mut self, plane: &ControlPlane, namespace: &str) {
        let configmaps = format!("/api/v1/namespaces/{namespace}/configmaps");
        let path = format!("{configmaps}/macaque-journal");
        if let Some(journal) = plane.send(Method::GET, &path, &Value::Null).await {
            self.note_reservations(&journal);
        }
        let Some(pods) = list(plane, namespace).await else {
            return;
        };
        let at = Timestamp::now();

        let is_present = |uid: &String| {
            let is_kept = |pod: &&Value| pod["metadata"]["deletionTimestamp"].is_null();
            pods.iter()
                .filter(is_kept)
                .any(|pod| pod["metadata"]["uid"] == **uid)
        };
        for (uid, name) in &self.pods {
            if !is_present(uid) && !self.losses.iter().any(|loss| loss.name == *name) {
                let slot = self.slots.get(uid).copied();
                self.losses.push(PodLoss {
                    name: name.clone(),
                    at,
                    slot,
                });
            }
        }
        if self.losses.iter().any(|loss| loss.slot.is_none()) {
            self.read_history(plane, &configmaps).await;
        }
    }

    /// Reads every version of the journal: a round may have begun and ended between two looks at it.
    async fn read_history(&mut self, plane: &ControlPlane, configmaps: &str) {
        let versions = plane.versions_since(configmaps, "macaque-journal", &self.journal_version);
        for journal in versions.await.into_iter().flatten() {
            self.note_reservations(&journal);
        }

        for loss in &mut self.losses {
            let uid = self.pods.iter().find(|(_, name)| **name == loss.name);
            loss.slot = loss.slot.or_else(|| self.slots.get(uid?.0).copied());
        }
    }

    fn note_reservations(&mut self, journal: &Value) {
        let Some(text) = journal["data"]["journal.json"].as_str() else {
            return;
        };
        let journal: Value = serde_json::from_str(text).unwrap();
        let slot = journal["round"]["slot"]
            .as_str()
            .and_then(|slot| slot.parse().ok());

        for reservation in journal["round"]["reservations"].as_array().into_iter().flatten() {
            if let (Some(uid), Some(slot)) = (reservation["pod"]["uid"].as_str(), slot) {
                self.slots.insert(uid.to_owned(), slot);
            }
        }
    }
}

async fn list(plane: &ControlPlane, namespace: &str) -> Option<Vec<Value>> {
    let list = plane
        .send(
            Method::GET,
            &format!("/api/v1/namespaces/{namespace}/pods"),
            &Value::Null,
        )
        .await?;
    list["items"].as_array().cloned()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
