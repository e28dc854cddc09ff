//! A cluster with a journal and a history in it, and replicas that write both.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use kube_sandbox::scenario::deployment;
use macaque::facts::{Fact, FactListener, Facts};
use macaque::heartbeat::Heartbeat;
use macaque::history::{HistoryRecording, HistoryWriter, PackedHistory, StoredHistory, pack, unpack};
use macaque::k8s::{ClusterAccess, HISTORY_KEY};
use macaque::platform::Platform;
use macaque::stop::StopSwitch;
use macaque_core::config::ConfigMapRef;
use macaque_core::history::{History, HistoryEntry};
use macaque_testkit::fault_proxy::FaultProxy;
use serde_json::{Value, json};

use crate::journal::fixture::{JournalFixture, TestReplica};

const NAMESPACE: &str = "chaos";
const NAME: &str = "macaque-history";

/// What the request that writes the history holds in its first line.
pub(super) const WRITE: &str = "PUT /api/v1/namespaces/chaos/configmaps/macaque-history";

/// A journal and a history in a cluster, which is reached by a fault proxy where the history is written.
pub(super) struct HistoryFixture {
    pub(super) journal: JournalFixture,
    pub(super) proxy: FaultProxy,
}

/// What one process does for the history.
pub(super) struct TestRecorder {
    recording: HistoryRecording,
    writer: HistoryWriter,
    /// A token whose switch is gone stops nothing.
    _switch: StopSwitch,
    read: Arc<ReadHistories>,
}

/// The histories that were published.
#[derive(Default)]
struct ReadHistories(Mutex<Vec<History>>);

impl FactListener for ReadHistories {
    fn note(&self, fact: Fact<'_>) {
        if let Fact::HistoryRead(history) = fact {
            self.0.lock().unwrap().push(history.clone());
        }
    }
}

/// Passes facts on to the recent history of a process.
struct RecentListener(Arc<dyn FactListener>);

impl FactListener for RecentListener {
    fn note(&self, fact: Fact<'_>) {
        self.0.note(fact);
    }
}

impl TestRecorder {
    /// Reads the history, and writes what waits.
    pub(super) async fn writes(&self) {
        self.writer.write().await;
    }

    /// Whether something waits to be written.
    pub(super) fn waits(&self) -> bool {
        self.writer.is_needed()
    }

    /// The histories that were published so far.
    pub(super) fn published(&self) -> Vec<History> {
        self.read.0.lock().unwrap().clone()
    }
}

impl HistoryFixture {
    /// A cluster with these Deployments of one pod each, and an empty history.
    pub(super) fn with(apps: &[&str]) -> Self {
        let mut objects = Vec::from_iter(apps.iter().map(|app| deployment("shop", app, 1)));
        objects.push(empty());
        let journal = JournalFixture::with(objects);
        let proxy = FaultProxy::start(&journal.cluster.sandbox.url());
        Self { journal, proxy }
    }

    /// What a process that has just started does for the history.
    pub(super) fn recorder(&self) -> TestRecorder {
        let platform = Platform::system().hurried(50);
        let place = ConfigMapRef {
            namespace: NAMESPACE.to_owned(),
            name: NAME.to_owned(),
        };
        let recording = HistoryRecording::new(Some(place), false, &platform);
        let (switch, stop) = StopSwitch::new(&platform);
        let read = Arc::new(ReadHistories::default());
        let listener: Arc<dyn FactListener> = Arc::clone(&read) as _;
        let heartbeat = Heartbeat::new(&platform);
        let cluster = &self.journal.cluster;
        let kubeconfig = cluster.file("proxied", &cluster.kubeconfig_at(&self.proxy.url()));
        let access = ClusterAccess {
            kubeconfig: Some(kubeconfig.into()),
            ..ClusterAccess::default()
        };
        let facts = Facts::new([listener]);
        let writer = HistoryWriter::new(&recording, access, facts, stop, heartbeat, &platform);
        TestRecorder {
            recording,
            writer: writer.unwrap(),
            _switch: switch,
            read,
        }
    }

    /// A replica whose rounds `recorder` takes.
    pub(super) async fn replica(&self, name: &str, recorder: &TestRecorder) -> TestReplica {
        let listener = RecentListener(recorder.recording.listener().unwrap());
        self.journal
            .replica(name)
            .await
            .publishing_to(&Arc::new(listener))
    }

    /// The ConfigMap of the history.
    pub(super) fn object(&self) -> Value {
        let sandbox = &self.journal.cluster.sandbox;
        sandbox.object("ConfigMap", NAMESPACE, NAME).unwrap()
    }

    /// The history as it is stored.
    pub(super) fn stored(&self) -> StoredHistory {
        let object = self.object();
        let packed = object["binaryData"][HISTORY_KEY]
            .as_str()
            .map(|text| STANDARD.decode(text).unwrap());
        let seal = object["data"]["seal"].as_str();
        unpack(packed.as_deref(), seal, Timestamp::UNIX_EPOCH).unwrap()
    }

    /// The numbers and the names of the owners in the stored history, oldest first.
    pub(super) fn numbered(&self) -> Vec<(Option<u64>, String)> {
        numbered(&self.stored().history)
    }

    /// Somebody puts these bytes, with this seal, in the place of the history.
    pub(super) fn put(&self, packed: &[u8], seal: &str) {
        let mut object = self.object();
        object["binaryData"] = json!({ HISTORY_KEY: STANDARD.encode(packed) });
        object["data"] = json!({ "seal": seal });
        self.journal.put(object);
    }

    /// Somebody puts a copy in its place that has the history among the texts.
    pub(super) fn move_to_texts(&self) {
        let mut object = self.object();
        object["data"][HISTORY_KEY] = object["binaryData"][HISTORY_KEY].take();
        object["binaryData"] = json!({});
        self.journal.put(object);
    }

    /// Somebody puts this history in the place of the stored one.
    pub(super) fn put_history(&self, history: &History) {
        let PackedHistory { bytes, seal } = pack(&mut history.clone());
        self.put(&bytes, &seal);
    }

    /// Somebody removes the ConfigMap, or creates it again.
    pub(super) fn remove(&self) {
        self.journal.cluster.sandbox.remove("ConfigMap", NAMESPACE, NAME);
    }

    pub(super) fn create(&self) {
        self.journal.put(empty());
    }

    /// How many requests to write the history were sent.
    pub(super) fn writes(&self) -> usize {
        let requests = self.proxy.requests().into_iter();
        requests
            .filter(|request| request.line().starts_with(WRITE))
            .count()
    }
}

/// The numbers and the names of the owners in a history, oldest first.
pub(super) fn numbered(history: &History) -> Vec<(Option<u64>, String)> {
    let entries = history.entries().iter();
    let owner = |entry: &HistoryEntry| entry.owner.as_ref().unwrap().name.clone();
    entries.map(|entry| (entry.number, owner(entry))).collect()
}

/// The ConfigMap as the manifest has it.
pub(super) fn empty() -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": NAME, "namespace": NAMESPACE}})
}
