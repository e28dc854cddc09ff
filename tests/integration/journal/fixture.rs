//! A cluster with a journal in it, and replicas that play rounds by it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kube_sandbox::{Sandbox, SandboxOptions};
use macaque::failpoint::{FailAction, FailPoint, FailPoints};
use macaque::journal::{JournalError, JournalStore, JournalWriter};
use macaque::k8s::{Cluster, ClusterAccess};
use macaque::round::{
    self, JournalState, Recovery, RoundConfig, RoundContext, RoundResult, StopSwitch, StopToken,
};
use macaque_core::config::{ConfigMapRef, DisruptConfig, DisruptionLimits, JournalLocation, TargetConfig};
use macaque_core::eligibility::EligibilityRules;
use macaque_core::journal::{Journal, JournalEvent, JournalTiming, StoredJournal};
use macaque_core::outcome::DisruptionMethod;
use macaque_core::report::{RoundEnd, RoundReport};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Where the journal is.
const NAMESPACE: &str = "chaos";
const NAME: &str = "macaque-journal";

/// The cluster, in which nothing moves by itself.
pub(crate) struct JournalFixture {
    pub(crate) sandbox: Sandbox,
    home: TempDir,
    limits: DisruptionLimits,
    count: usize,
    lease: Duration,
    began: Timestamp,
}

/// One life of one replica.
pub(crate) struct TestReplica {
    store: JournalStore,
    writer: JournalWriter,
    cluster: Cluster,
    round_config: RoundConfig,
    stop: (StopSwitch, StopToken),
    began: Timestamp,
}

impl JournalFixture {
    /// A cluster with these objects, and an empty journal.
    pub(crate) fn with(mut objects: Vec<Value>) -> Self {
        objects.push(empty());
        let sandbox = Sandbox::start(SandboxOptions {
            objects: objects,
            ..SandboxOptions::default()
        })
        .unwrap();
        sandbox.pause();
        let home = TempDir::new().unwrap();
        std::fs::write(home.path().join("kubeconfig"), sandbox.kubeconfig()).unwrap();
        Self {
            sandbox,
            home,
            limits: DisruptionLimits::default(),
            count: 1,
            lease: Duration::from_secs(300),
            began: Timestamp::now(),
        }
    }

    pub(crate) fn limits(mut self, limits: DisruptionLimits) -> Self {
        self.limits = limits;
        self
    }

    pub(crate) fn count(mut self, count: usize) -> Self {
        self.count = count;
        self
    }

    /// A holder that was not heard of for this long is taken for gone.
    pub(crate) fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// A replica that has just started.
    pub(crate) async fn replica(&self, name: &str) -> TestReplica {
        let timing = JournalTiming {
            lease: self.lease,
            ..JournalTiming::default()
        };
        let place = JournalLocation::ConfigMap(ConfigMapRef {
            namespace: NAMESPACE.to_owned(),
            name: NAME.to_owned(),
        });
        let store = JournalStore::new(place, name, self.limits.clone(), self.count, timing).on_demand();
        self.incarnation(store, 1).await
    }

    async fn incarnation(&self, store: JournalStore, incarnation: u64) -> TestReplica {
        let access = ClusterAccess {
            kubeconfig: Some(self.home.path().join("kubeconfig")),
            ..ClusterAccess::default()
        };
        TestReplica {
            writer: store.writer(incarnation),
            store,
            cluster: Cluster::connect(&access).await.unwrap(),
            round_config: round_config(self.count),
            stop: StopSwitch::new(),
            began: self.began,
        }
    }

    /// A replica that plays by a schedule, and knows of no slot before its start.
    pub(crate) async fn newcomer(&self) -> TestReplica {
        let place = JournalLocation::ConfigMap(ConfigMapRef {
            namespace: NAMESPACE.to_owned(),
            name: NAME.to_owned(),
        });
        let store = JournalStore::new(
            place,
            "newcomer",
            DisruptionLimits::default(),
            1,
            JournalTiming::default(),
        );
        self.incarnation(store, 1).await
    }

    /// The next life of the same process.
    pub(crate) async fn next_life(&self, replica: &TestReplica) -> TestReplica {
        let incarnation = replica.writer.holder().incarnation + 1;
        self.incarnation(replica.store.clone(), incarnation).await
    }

    /// Somebody rewrites the kubeconfig.
    pub(crate) fn configure(&self, kubeconfig: &str) {
        std::fs::write(self.home.path().join("kubeconfig"), kubeconfig).unwrap();
    }

    /// How many pods were lost.
    pub(crate) fn losses(&self) -> usize {
        self.sandbox.deletions().len()
    }

    /// The journal's ConfigMap.
    pub(crate) fn object(&self) -> Value {
        self.sandbox.object("ConfigMap", NAMESPACE, NAME).unwrap()
    }

    /// The journal as it stands.
    pub(crate) fn journal(&self) -> Journal {
        let object = self.object();
        let text = |key: &str| object["data"][key].as_str().map(str::to_owned);
        let stored = StoredJournal {
            uid: object["metadata"]["uid"].as_str().unwrap().to_owned(),
            text: text("journal.json"),
            seal: text("seal"),
        };
        stored.read().unwrap()
    }

    /// Somebody else puts this in the place of the ConfigMap.
    pub(crate) fn put(&self, object: Value) {
        self.sandbox.apply(&[object]).unwrap();
    }

    /// Somebody annotates the ConfigMap, or takes the annotation away.
    pub(crate) fn annotate(&self, value: Option<&str>) {
        annotate(&self.sandbox, value);
    }

    /// Somebody removes the ConfigMap.
    pub(crate) fn remove(&self) {
        self.sandbox.remove("ConfigMap", NAMESPACE, NAME);
    }
}

/// Somebody annotates the ConfigMap, or takes the annotation away.
pub(crate) fn annotate(sandbox: &Sandbox, value: Option<&str>) {
    let mut object = sandbox.object("ConfigMap", NAMESPACE, NAME).unwrap();
    object["metadata"]["annotations"] = value.map_or(Value::Null, |value| json!({ "macaque/paused": value }));
    sandbox.apply(&[object]).unwrap();
}

/// The ConfigMap as the manifest has it.
pub(crate) fn empty() -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": NAME, "namespace": NAMESPACE}})
}

impl TestReplica {
    /// Plays the slot of this number, and closes it.
    pub(crate) async fn plays(&self, slot: i64) -> RoundResult {
        self.plays_with(slot, &FailPoints::default()).await
    }

    /// The same, with something happening on the way.
    pub(crate) async fn plays_while(
        &self,
        slot: i64,
        happening: impl Fn(FailPoint) + Send + Sync + 'static,
    ) -> RoundResult {
        let faults = FailPoints::armed(move |point| {
            happening(point);
            FailAction::Continue
        });
        self.plays_with(slot, &faults).await
    }

    /// The same, until it passes `point` and is never heard of again.
    pub(crate) async fn dies_at(&self, slot: i64, point: FailPoint) {
        let (reached, reaches) = tokio::sync::watch::channel(false);
        let faults = FailPoints::armed(move |passed| match passed == point {
            true => {
                let _ = reached.send(true);
                FailAction::Hang
            }
            false => FailAction::Continue,
        });
        let mut reaches = reaches;
        tokio::select! {
            _ = self.plays_with(slot, &faults) => panic!("it never passed {point:?}"),
            _ = reaches.wait_for(|reached| *reached) => {}
        }
    }

    async fn plays_with(&self, slot: i64, faults: &FailPoints) -> RoundResult {
        round::run(self.table(faults), self.slot(slot), 7).await
    }

    /// The report of the slot of this number, which is result here.
    pub(crate) async fn reports(&self, slot: i64) -> RoundReport {
        match self.plays(slot).await {
            RoundResult::Ran { report, .. } => report,
            RoundResult::Skipped(denial) => panic!("not result here: {denial}"),
        }
    }

    /// Why nothing, or nothing more, was disrupted in the slot of this number.
    pub(crate) async fn is_denied(&self, slot: i64) -> String {
        match self.reports(slot).await.end {
            RoundEnd::Withheld { why } | RoundEnd::Failed { why } => why,
            end => panic!("it ended {end:?}"),
        }
    }

    /// Looks round in the journal.
    pub(crate) async fn recovery_interval(&self, unclosed: Option<&RoundReport>) -> Recovery {
        round::recover(self.table(&FailPoints::default()), unclosed)
            .await
            .unwrap()
    }

    /// Writes an event down.
    pub(crate) async fn enters(&self, event: JournalEvent) -> Result<Journal, JournalError> {
        self.writer.commit(&self.cluster, &event).await
    }

    fn table<'a>(&'a self, faults: &'a FailPoints) -> RoundContext<'a> {
        RoundContext {
            cluster: &self.cluster,
            writer: &self.writer,
            round_config: &self.round_config,
            stop: &self.stop.1,
            faults,
        }
    }

    /// Slots a second apart, all within the starting deadline.
    pub(crate) fn slot(&self, number: i64) -> Timestamp {
        self.began + SignedDuration::from_secs(number - 40)
    }
}

/// Whether it was result, closed and disrupted somebody here.
pub(crate) fn disrupted(result: &RoundResult) -> bool {
    match result {
        RoundResult::Ran { report, store } => {
            assert_eq!(*store, JournalState::Closed);
            report
                .attempts
                .iter()
                .any(|attempt| attempt.outcome.counts_as_disruption())
        }
        RoundResult::Skipped(_) => false,
    }
}

fn round_config(count: usize) -> RoundConfig {
    RoundConfig {
        dry_run: false,
        rules: EligibilityRules {
            target: TargetConfig::all_of("shop"),
            method: DisruptionMethod::Evict,
            identity: None,
        },
        disrupt: DisruptConfig {
            count,
            ..DisruptConfig::default()
        },
    }
}
