//! A cluster with a journal in it, and replicas that run rounds by it.

use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request};
use jiff::{SignedDuration, Timestamp};
use kube_sandbox::Sandbox;
use macaque::facts::{FactListener, Facts};
use macaque::failpoint::{FailAction, FailPoint, FailPoints};
use macaque::gates::Gates;
use macaque::journal::{JournalError, JournalStore, JournalWriter};
use macaque::k8s::Cluster;
use macaque::platform::Platform;
use macaque::round::{self, ClaimState, RoundConfig, RoundContext, RoundResult, Takeover};
use macaque::stop::{StopSwitch, StopToken};
use macaque_core::config::{ConfigMapRef, DisruptionLimits, JournalLocation, RecoveryPolicy, VictimCount};
use macaque_core::journal::{Journal, JournalEvent, JournalTiming, StoredJournal};
use macaque_core::recovery::RecoveryReport;
use macaque_core::report::{RoundEnd, RoundReport};
use macaque_testkit::{TestCluster, evict_one};
use serde_json::{Value, json};

/// Where the journal is.
pub(super) const NAMESPACE: &str = "chaos";
pub(super) const NAME: &str = "macaque-journal";

/// The cluster, in which nothing moves by itself.
pub(crate) struct JournalFixture {
    pub(crate) cluster: TestCluster,
    limits: DisruptionLimits,
    count: usize,
    lease: Duration,
    deadline: Duration,
    spacing: Duration,
    recovery: RecoveryPolicy,
    began: Timestamp,
}

/// One incarnation of one replica.
pub(crate) struct TestReplica {
    store: JournalStore,
    writer: JournalWriter,
    cluster: Cluster,
    config: RoundConfig,
    /// A token whose switch is gone stops nothing, and waits for nothing.
    _switch: StopSwitch,
    stop: StopToken,
    gates: Gates,
    facts: Facts,
    platform: Platform,
    began: Timestamp,
}

impl JournalFixture {
    /// A cluster with these objects, and an empty journal.
    pub(crate) fn with(mut objects: Vec<Value>) -> Self {
        objects.push(empty());
        Self {
            cluster: TestCluster::with(objects),
            limits: DisruptionLimits::default(),
            count: 1,
            lease: Duration::from_secs(300),
            deadline: JournalTiming::default().deadline,
            spacing: Duration::ZERO,
            recovery: RecoveryPolicy::off(),
            began: Platform::system().now(),
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

    /// A round may be claimed this long after its slot.
    pub(crate) fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// The least time between two claims.
    pub(crate) fn spacing(mut self, spacing: Duration) -> Self {
        self.spacing = spacing;
        self
    }

    /// What the journal decides by recoveries.
    pub(crate) fn recovery(mut self, recovery: RecoveryPolicy) -> Self {
        self.recovery = recovery;
        self
    }

    /// A replica that has just started.
    pub(crate) async fn replica(&self, name: &str) -> TestReplica {
        let timing = JournalTiming {
            lease: self.lease,
            deadline: self.deadline,
            ..JournalTiming::default()
        };
        let store = self.store(name, timing).on_demand().with_spacing(self.spacing);
        self.incarnation(store, 1).await
    }

    /// A replica that runs by a schedule, and knows of no slot before its start.
    pub(crate) async fn newcomer(&self) -> TestReplica {
        let store = self.store("newcomer", JournalTiming::default());
        self.incarnation(store, 1).await
    }

    fn store(&self, name: &str, timing: JournalTiming) -> JournalStore {
        let location = JournalLocation::ConfigMap(ConfigMapRef {
            namespace: NAMESPACE.to_owned(),
            name: NAME.to_owned(),
        });
        let limits = self.limits.clone();
        JournalStore::new(location, name, limits, self.count, timing, &platform())
            .with_recovery(self.recovery.clone())
    }

    /// One incarnation of a process with this journal.
    pub(crate) async fn incarnation(&self, store: JournalStore, incarnation: u64) -> TestReplica {
        let platform = platform();
        let mut config = evict_one();
        config.eligibility.target.min_age = Duration::ZERO;
        config.disrupt.count = VictimCount::Fixed(self.count);

        let (switch, stop) = StopSwitch::new(&platform);
        TestReplica {
            writer: store.writer(incarnation),
            store,
            cluster: self.cluster.connect(&platform).await,
            config,
            _switch: switch,
            stop,
            gates: Gates::default(),
            facts: Facts::default(),
            platform,
            began: self.began,
        }
    }

    /// The next incarnation of the same process.
    pub(crate) async fn next_incarnation(&self, replica: &TestReplica) -> TestReplica {
        let incarnation = replica.writer.holder().incarnation + 1;
        self.incarnation(replica.store.clone(), incarnation).await
    }

    /// How many pods were lost.
    pub(crate) fn losses(&self) -> usize {
        self.cluster.sandbox.deletions().len()
    }

    /// The journal's ConfigMap.
    pub(crate) fn object(&self) -> Value {
        self.cluster.sandbox.object("ConfigMap", NAMESPACE, NAME).unwrap()
    }

    /// The journal as it stands.
    pub(crate) fn journal(&self) -> Journal {
        let object = self.object();
        let text = |key: &str| object["data"][key].as_str().map(str::to_owned);
        let stored = StoredJournal {
            uid: object["metadata"]["uid"].as_str().unwrap().to_owned(),
            text: text("journal.json"),
            seal: text("seal"),
            ..StoredJournal::default()
        };
        stored.read().unwrap()
    }

    /// Somebody else puts this in the place of the ConfigMap.
    pub(crate) fn put(&self, object: Value) {
        self.cluster.sandbox.apply(&[object]).unwrap();
    }

    /// Somebody puts this in the place of the ConfigMap by `kubectl replace`, whatever is stored now.
    pub(crate) fn replace(&self, mut object: Value) {
        let metadata = object["metadata"].as_object_mut().unwrap();
        metadata.remove("resourceVersion");
        metadata.remove("managedFields");
        self.send(Method::PUT, "application/json", &object);
    }

    /// Somebody changes the ConfigMap by `kubectl patch`.
    pub(crate) fn patch(&self, change: &Value) {
        self.send(Method::PATCH, "application/merge-patch+json", change);
    }

    fn send(&self, method: Method, content_type: &str, body: &Value) {
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v1/namespaces/{NAMESPACE}/configmaps/{NAME}"))
            .header(http::header::CONTENT_TYPE, content_type)
            .header(http::header::USER_AGENT, "kubectl/v1.37.2")
            .body(body.to_string().into_bytes())
            .unwrap();
        let answer = self.cluster.sandbox.answer(request);
        assert!(answer.status().is_success(), "{}", answer.status());
    }

    /// Somebody annotates the ConfigMap, or takes the annotation away.
    pub(crate) fn annotate(&self, value: Option<&str>) {
        annotate(&self.cluster.sandbox, value);
    }

    /// Somebody sets these annotations of the ConfigMap, and no other.
    pub(crate) fn annotate_all(&self, annotations: Value) {
        annotate_all(&self.cluster.sandbox, annotations);
    }

    /// Somebody removes the ConfigMap.
    pub(crate) fn remove(&self) {
        self.cluster.sandbox.remove("ConfigMap", NAMESPACE, NAME);
    }
}

/// Somebody annotates the ConfigMap, or takes the annotation away.
pub(crate) fn annotate(sandbox: &Sandbox, value: Option<&str>) {
    let annotations = value.map_or(Value::Null, |value| json!({ "macaque/paused": value }));
    annotate_all(sandbox, annotations);
}

pub(crate) fn annotate_all(sandbox: &Sandbox, annotations: Value) {
    let mut object = sandbox.object("ConfigMap", NAMESPACE, NAME).unwrap();
    object["metadata"]["annotations"] = annotations;
    sandbox.apply(&[object]).unwrap();
}

/// The ConfigMap as the manifest has it.
pub(crate) fn empty() -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": NAME, "namespace": NAMESPACE}})
}

impl TestReplica {
    /// Publishes what happens in this replica to `listener`.
    pub(crate) fn publishing_to(mut self, listener: &Arc<impl FactListener + 'static>) -> Self {
        let listener: Arc<dyn FactListener> = Arc::clone(listener) as _;
        self.facts = Facts::new([listener]);
        self.writer = self.writer.with_facts(self.facts.clone());
        self.cluster = self.cluster.with_facts(self.facts.clone());
        self
    }

    /// Its rounds disrupt nothing from now on.
    pub(crate) fn makes_dry_runs(&mut self) {
        self.config.dry_run = true;
    }

    /// Runs the slot of this number, and closes it.
    pub(crate) async fn runs(&self, slot: i64) -> RoundResult {
        self.runs_with(slot, &FailPoints::default()).await
    }

    /// Edits the configuration of its rounds.
    pub(crate) fn edit(&mut self, edit: impl FnOnce(&mut RoundConfig)) {
        edit(&mut self.config);
    }

    /// Runs the round of `slot`.
    pub(crate) async fn runs_at(&self, slot: Timestamp) -> RoundResult {
        round::run(self.context(&FailPoints::default()), slot, 7).await
    }

    /// The report of the round of `slot`, which runs here.
    pub(crate) async fn reports_at(&self, slot: Timestamp) -> RoundReport {
        match self.runs_at(slot).await {
            RoundResult::Reported { report, .. } => *report,
            RoundResult::Skipped(denial) => panic!("not run here: {denial}"),
        }
    }

    /// Runs the slot of this number, with something happening at its fail points.
    pub(crate) async fn runs_while(
        &self,
        slot: i64,
        happening: impl Fn(FailPoint) + Send + Sync + 'static,
    ) -> RoundResult {
        let fail_points = FailPoints::armed(move |point| {
            happening(point);
            FailAction::Continue
        });
        self.runs_with(slot, &fail_points).await
    }

    /// Runs the slot of this number until it passes `point`, and is never heard of again.
    pub(crate) async fn dies_at(&self, slot: i64, point: FailPoint) {
        let (reached, mut reaches) = tokio::sync::watch::channel(false);
        let fail_points = FailPoints::armed(move |passed| {
            if passed == point {
                let _ = reached.send(true);
                FailAction::Hang
            } else {
                FailAction::Continue
            }
        });

        tokio::select! {
            _ = self.runs_with(slot, &fail_points) => panic!("it never passed {point:?}"),
            _ = reaches.wait_for(|reached| *reached) => {}
        }
    }

    async fn runs_with(&self, slot: i64, fail_points: &FailPoints) -> RoundResult {
        round::run(self.context(fail_points), self.slot(slot), 7).await
    }

    /// The report of the slot of this number, which runs here.
    pub(crate) async fn reports(&self, slot: i64) -> RoundReport {
        match self.runs(slot).await {
            RoundResult::Reported { report, .. } => *report,
            RoundResult::Skipped(denial) => panic!("not run here: {denial}"),
        }
    }

    /// Why nothing, or nothing more, was disrupted in the slot of this number.
    pub(crate) async fn is_denied(&self, slot: i64) -> String {
        match self.reports(slot).await.end {
            RoundEnd::Withheld { why } | RoundEnd::Failed { why } => why,
            end => panic!("it ended {end:?}"),
        }
    }

    /// Makes a takeover pass.
    pub(crate) async fn takes_over(&self, unclosed: Option<&RoundReport>) -> Takeover {
        round::take_over(self.context(&FailPoints::default()), unclosed)
            .await
            .unwrap()
    }

    /// The event that claims the slot of this number.
    pub(crate) fn claim(&self, slot: i64) -> JournalEvent {
        self.writer.claim(self.slot(slot), 7)
    }

    /// Commits an event.
    pub(crate) async fn commits(&self, event: JournalEvent) -> Result<Journal, JournalError> {
        self.writer.commit(&self.cluster, &event).await
    }

    /// Records what became of a recovery.
    pub(crate) async fn reports_recovery(&self, report: &RecoveryReport) {
        let recorded = self.writer.report_recovery(&self.cluster, report).await.unwrap();
        assert!(recorded.is_some());
    }

    fn context<'a>(&'a self, fail_points: &'a FailPoints) -> RoundContext<'a> {
        RoundContext {
            cluster: &self.cluster,
            gates: &self.gates,
            writer: &self.writer,
            config: &self.config,
            on_accepted: &|_| {},
            facts: &self.facts,
            stop: &self.stop,
            platform: &self.platform,
            fail_points,
        }
    }

    /// Slots a second apart, all within the starting deadline.
    pub(crate) fn slot(&self, number: i64) -> Timestamp {
        self.began + SignedDuration::from_secs(number - 40)
    }
}

/// Whether it was run, closed and disrupted somebody here.
pub(crate) fn disrupted(result: &RoundResult) -> bool {
    match result {
        RoundResult::Reported {
            report, claim_state, ..
        } => {
            assert_eq!(*claim_state, ClaimState::Closed);
            report
                .attempts
                .iter()
                .any(|attempt| attempt.outcome.counts_as_disruption())
        }
        RoundResult::Skipped(_) => false,
    }
}

fn platform() -> Platform {
    Platform::system().hurried(50)
}
