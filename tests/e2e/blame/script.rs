//! The hour as it is played: who takes which pods, and what goes wrong.

mod lost_requests;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use http::Method;
use jiff::{SignedDuration, Timestamp};
use macaque_testkit::fault_proxy::Fault;
use macaque_testkit::tcp_proxy::TcpProxy;
use serde_json::{Value, json};

use self::lost_requests::{ServerProxy, kill};
use super::steps::{HourStep, StepKind};
use crate::access::server;
use crate::program::MacaqueCommand;
use crate::test_namespace::{TestNamespace, until};
use crate::workload::Workload;

/// The owner whose pods macaque takes.
pub(super) const WEB: &str = "web";
const WEB_PODS: usize = 4;
/// An owner whose pods only others take.
const CART: &str = "cart";
const CART_PODS: usize = 3;
/// How long after a disruption it may still be the cause, if a minute is short.
const SLACK: Duration = Duration::from_secs(1);
/// How long before its disappearance a pod was reserved at most.
const RESERVED_BEFORE: SignedDuration = SignedDuration::from_millis(1500);

/// The hour, as far as it has been played.
pub(super) struct ScriptedHour {
    namespace: TestNamespace,
    account: String,
    minute: Duration,
    /// The begin, by both clocks.
    begun: (Instant, Timestamp),
    steps: Vec<HourStep>,
}

/// What `macaque blame` answered.
pub(super) struct BlameOutput {
    pub(super) verdict: String,
    pub(super) code: i32,
    pub(super) proof: String,
}

impl ScriptedHour {
    /// A namespace with a macaque that may keep its journal and its history, and two owners.
    pub(super) async fn prepare(minute: Duration) -> Self {
        let mut namespace = TestNamespace::new().await;
        namespace.create_journal().await;
        let account = namespace.granted("--dry-run=false").await;
        let ready_after = format!("{}ms", (minute * 2 / 5).as_millis());
        for (name, pods) in [(WEB, WEB_PODS), (CART, CART_PODS)] {
            let workload = Workload::deployment(name, pods);
            namespace
                .with(workload.annotated("controlplane.test/ready-after", &ready_after))
                .await;
        }

        Self {
            namespace,
            account,
            minute,
            begun: (Instant::now(), Timestamp::now()),
            steps: Vec::new(),
        }
    }

    pub(super) fn namespace(&self) -> &TestNamespace {
        &self.namespace
    }

    pub(super) fn steps(&self) -> &[HourStep] {
        &self.steps
    }

    /// How many ready pods the owner `app` has when it is whole.
    pub(super) fn replicas(&self, app: &str) -> usize {
        if app == WEB { WEB_PODS } else { CART_PODS }
    }

    pub(super) fn slack(&self) -> SignedDuration {
        SignedDuration::try_from(SLACK).unwrap()
    }

    /// How long recoveries are watched: two minutes.
    pub(super) fn timeout(&self) -> SignedDuration {
        SignedDuration::try_from(self.minute * 2).unwrap()
    }

    /// An instant by the clock on the wall.
    pub(super) fn instant(&self, at: Instant) -> Timestamp {
        let (instant, timestamp) = self.begun;
        match at.checked_duration_since(instant) {
            Some(since) => timestamp + since,
            None => timestamp - (instant - at),
        }
    }

    /// The first and the last instant of a minute.
    pub(super) fn minute(&self, number: u32) -> (Timestamp, Timestamp) {
        let from = self.begun.1 + self.minute * number;
        (from, from + self.minute - Duration::from_millis(1))
    }

    /// What the script did between two instants.
    pub(super) fn happened(&self, from: Timestamp, to: Timestamp) -> String {
        let within = self
            .steps
            .iter()
            .filter(|step| step.from <= to && step.to >= from);
        let kinds: Vec<_> = within.map(|step| format!("{:?}", step.kind)).collect();
        kinds.join(", ")
    }

    /// Asks the program whether it was macaque.
    pub(super) async fn ask(&self, from: Timestamp, to: Timestamp) -> BlameOutput {
        let slack = format!("{}ms", SLACK.as_millis());
        let mut command = self.configured(MacaqueCommand::new("blame -o json"));
        for (flag, value) in [
            ("--from", &*from.to_string()),
            ("--to", &*to.to_string()),
            ("--slack", &*slack),
            ("--namespace", &*self.namespace.name),
            ("--macaque-namespace", &*self.namespace.name),
        ] {
            command = command.arg(flag).arg(value);
        }
        let output = command.by(&self.account).ends().await;
        let json = output.json();
        let text = |key: &str| json[key].as_str().unwrap_or_default().to_owned();
        BlameOutput {
            verdict: text("verdict"),
            code: output.code(),
            proof: text("proof"),
        }
    }

    /// Plays the script, for so many minutes or, on a busy machine, as many as it takes; returns how many there were.
    pub(super) async fn play(&mut self, least: u32) -> u32 {
        self.begun = (Instant::now(), Timestamp::now());
        self.idle(2).await;
        self.round(StepKind::Round).await;
        self.idle(4).await;
        self.drain_by_hand().await;
        self.idle(2).await;
        self.delete_by_hand(WEB).await;
        self.idle(2).await;
        self.round(StepKind::Round).await;
        self.idle(3).await;
        self.lose_requests().await;
        self.idle(4).await;
        self.round(StepKind::Round).await;
        self.idle(1).await;
        self.lose_request_and_pod().await;
        self.idle(4).await;
        self.crash().await;
        self.idle(3).await;
        self.delete_by_hand(CART).await;
        self.idle(1).await;
        self.forget_a_round().await;
        self.idle(3).await;
        self.drain_by_hand().await;
        self.outage().await;

        let passed = self.begun.0.elapsed().as_secs_f64() / self.minute.as_secs_f64();
        let minutes = least.max(passed.ceil() as u32 + 1);
        tokio::time::sleep_until((self.begun.0 + self.minute * minutes).into()).await;
        minutes
    }

    /// Waits for so many minutes, and on to the second fifth of the next.
    async fn idle(&self, minutes: u32) {
        let passed = self.begun.0.elapsed().as_secs_f64() / self.minute.as_secs_f64();
        let next = passed.ceil() + f64::from(minutes) + 0.2;
        tokio::time::sleep_until((self.begun.0 + self.minute.mul_f64(next)).into()).await;
    }

    /// What every macaque of the hour is set to.
    fn configured(&self, command: MacaqueCommand) -> MacaqueCommand {
        let timeout = format!("{}ms", self.timeout().as_millis());
        command
            .env("MACAQUE_POD_NAMESPACE", &self.namespace.name)
            .env("MACAQUE_RECOVERY__TIMEOUT", &timeout)
            .env("MACAQUE_RECOVERY__EXPECT", &timeout)
            .env("MACAQUE_LOG__FORMAT", "json")
            .env("MACAQUE_TARGET__SELECTOR", &format!("app={WEB}"))
    }

    fn once(&self, flags: &str) -> MacaqueCommand {
        let words = format!("once --dry-run=false {flags}");
        self.configured(self.namespace.macaque(&words))
    }

    fn daemon(&self) -> MacaqueCommand {
        self.configured(self.namespace.daemon())
    }

    fn note(&mut self, kind: StepKind, from: Timestamp) {
        self.steps.push(HourStep {
            kind,
            from,
            to: Timestamp::now(),
        });
    }

    async fn whole(&self) {
        self.namespace.until_whole(WEB, WEB_PODS).await;
        self.namespace.until_whole(CART, CART_PODS).await;
    }

    /// macaque evicts a pod, and watches until its owner is whole.
    async fn round(&mut self, kind: StepKind) {
        let before = self.namespace.alive().await;
        let from = Timestamp::now();
        let running = self.once("--wait").by(&self.account).start();
        self.until_lost(&before).await;
        self.note(kind, from);
        running.ends_within(Duration::from_secs(300)).await.exited(0);
    }

    /// Waits until one pod of these is gone.
    async fn until_lost(&self, before: &BTreeSet<String>) {
        until("a pod is taken", async || {
            (!self.namespace.lost(before).await.is_empty()).then_some(())
        })
        .await;
    }

    async fn drain_by_hand(&mut self) {
        let from = Timestamp::now();
        for pod in self.namespace.pods_of(CART).await.iter().take(2) {
            let metadata = json!({"name": pod["metadata"]["name"], "namespace": self.namespace.name});
            let eviction = json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata});
            let path = format!("{}/eviction", self.namespace.path_of(pod));
            self.namespace
                .send(Method::POST, &path, &eviction)
                .await
                .accepted();
        }
        self.note(StepKind::DrainByHand, from);
        self.whole().await;
    }

    async fn delete_by_hand(&mut self, app: &str) {
        let from = Timestamp::now();
        let pod = self.namespace.pods_of(app).await.remove(0);
        let path = self.namespace.path_of(&pod);
        self.namespace
            .send(Method::DELETE, &path, &Value::Null)
            .await
            .accepted();
        self.note(StepKind::DeletionByHand, from);
        self.whole().await;
    }

    /// No request for an eviction reaches the API server, and nobody tells macaque so.
    async fn lose_requests(&mut self) {
        let proxy = ServerProxy::start(&self.namespace).await;
        proxy.faults().inject("/eviction", Fault::DropBefore);
        let from = Timestamp::now();
        self.once("").by(proxy.kubeconfig()).exits(1).await;
        self.note(StepKind::LostRequests, from);
    }

    /// The request for an eviction is lost, and somebody deletes that very pod.
    async fn lose_request_and_pod(&mut self) {
        let proxy = ServerProxy::start(&self.namespace).await;
        proxy.loses_evictions_and_deletes_the_pod();
        let from = Timestamp::now();
        self.once("").by(proxy.kubeconfig()).exits(0).await;
        self.note(StepKind::LostAndTaken, from);
        self.whole().await;
    }

    /// macaque is killed when the API server has just accepted its eviction, and another process follows when the lease
    /// of the first has ended.
    async fn crash(&mut self) {
        let proxy = ServerProxy::start(&self.namespace).await;
        let pid = Arc::new(AtomicU32::new(0));
        let victim = Arc::clone(&pid);
        proxy
            .faults()
            .inject("/eviction", Fault::rewrite_response(move |_| kill(&victim)));
        let from = Timestamp::now();
        let running = self.once("").by(proxy.kubeconfig()).start();
        pid.store(running.pid(), Ordering::SeqCst);
        let output = running.ends_within(Duration::from_secs(60)).await;
        assert!(!output.succeeded(), "{output:#?}");
        self.note(StepKind::Crash, from);
        self.whole().await;

        self.namespace.end_round_lease().await;
        let next = self.daemon().by(&self.account).start();
        self.until_nothing_is_open().await;
        next.stopped().await.exited(0);
    }

    /// A round that the history knows no more, because an older copy of it is put back.
    async fn forget_a_round(&mut self) {
        let path = format!("{}/macaque-history", self.namespace.path("ConfigMap"));
        let copy = self.namespace.read(&path).await;
        self.round(StepKind::ForgottenRound).await;
        let older = json!({"binaryData": copy["binaryData"], "data": copy["data"]});
        self.namespace.send(Method::PATCH, &path, &older).await.accepted();
        self.idle(2).await;
        self.round(StepKind::RoundAfterRestore).await;
    }

    /// The API server is out of the daemon's reach while an owner recovers. Takes up to two minutes of the clock: the
    /// shortest interval of a schedule is a minute.
    async fn outage(&mut self) {
        let address = server().strip_prefix("https://").unwrap().to_owned();
        let proxy = TcpProxy::start(address).unwrap();
        let url = format!("https://{}", proxy.address());
        let text = std::fs::read_to_string(&self.account).unwrap();
        let proxied = self.namespace.scratch.path().join("outage");
        std::fs::write(&proxied, text.replace(&server(), &url)).unwrap();

        let before = self.namespace.alive().await;
        let limit = self.namespace.disruptions_so_far().await + 1;
        let daemon = self.daemon().by(proxied.to_str().unwrap());
        let daemon = daemon
            .env("MACAQUE_SCHEDULE__CRON", "* * * * *")
            .env("MACAQUE_LIMITS__PER_HOUR", &limit.to_string())
            .start();
        self.until_lost(&before).await;
        proxy.cut();
        self.note(StepKind::RoundThenOutage, Timestamp::now() - RESERVED_BEFORE);
        self.idle(1).await;
        self.delete_by_hand(CART).await;
        proxy.open();
        self.until_nothing_is_open().await;
        daemon.stopped().await.exited(0);
    }

    /// Waits until the journal has neither a round nor a recovery to end.
    async fn until_nothing_is_open(&self) {
        until("the journal has nothing left to do", async || {
            let journal = self.namespace.journal().await;
            let is_empty = journal["recovering"].as_array().is_none_or(Vec::is_empty);
            (is_empty && journal["round"]["closed"] == true).then_some(())
        })
        .await;
    }
}

impl TestNamespace {
    /// How many disruptions the journal counts.
    async fn disruptions_so_far(&self) -> u64 {
        let journal = self.journal().await;
        let usage = journal["usage"].as_array().unwrap().iter();
        usage.map(|entry| entry["count"].as_u64().unwrap()).sum()
    }

    /// Ends the lease of the round, as time does.
    async fn end_round_lease(&self) {
        let mut journal = self.journal().await;
        let past = Timestamp::now() - SignedDuration::from_mins(1);
        journal["round"]["lease_until"] = json!(past.to_string());
        // Without its seal, an edit is accepted; as macaque's own, it is trusted.
        let change = json!({"data": {"journal.json": journal.to_string(), "seal": null}});
        let path = format!("{}/macaque-journal?fieldManager=macaque", self.path("ConfigMap"));
        self.send(Method::PATCH, &path, &change).await.accepted();
    }
}
