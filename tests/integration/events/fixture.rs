//! A cluster behind a fault proxy, and a writer of Events.

use std::sync::Arc;

use futures_util::FutureExt;
use kube_sandbox::{AccessDenial, Sandbox};
use macaque::events::{EventRecording, EventWriter};
use macaque::facts::{Fact, Facts};
use macaque::heartbeat::Heartbeat;
use macaque::platform::Platform;
use macaque::stop::StopSwitch;
use macaque_core::config::NamespaceScope;
use macaque_core::events::EventsConfig;
use macaque_core::outcome::{DisruptionMethod, Outcome};
use macaque_core::pod::Pod;
use macaque_core::recovery::{
    AcceptedBy, DisruptedVictim, RecoveryBaseline, RecoveryPrecision, RecoveryReport, RecoveryVerdict,
};
use macaque_core::report::AttemptReport;
use macaque_core::selector::Selector;
use macaque_testkit::TestCluster;
use macaque_testkit::fault_proxy::{FaultProxy, ProxyRequest};
use serde_json::Value;

use crate::rounds::fixture::HURRY;

/// What the requests that write Events hold in their first line.
pub(crate) const WRITE: &str = "POST /apis/events.k8s.io/v1/namespaces/";

/// The instance that writes.
pub(crate) const INSTANCE: &str = "macaque-7d9f-x";

/// The slot of every round here.
const SLOT: &str = "2026-11-28T10:30:00Z";

/// A sandbox behind a fault proxy, and a writer of Events.
pub(crate) struct EventFixture {
    pub(crate) sandbox: Arc<Sandbox>,
    pub(crate) proxy: FaultProxy,
    pub(crate) switch: StopSwitch,
    cluster: TestCluster,
    platform: Platform,
    facts: Facts,
    writer: EventWriter,
}

impl EventFixture {
    /// A cluster with these objects.
    pub(crate) fn with(objects: Vec<Value>) -> Self {
        Self::in_scope(objects, NamespaceScope::Named(vec!["shop".into(), "team".into()]))
    }

    /// A cluster with these objects, of which these namespaces are in scope.
    pub(crate) fn in_scope(objects: Vec<Value>, namespaces: NamespaceScope) -> Self {
        let cluster = TestCluster::with(objects);
        let proxy = FaultProxy::start(&cluster.sandbox.url());
        cluster.reach_at(&proxy.url());

        let platform = Platform::system().hurried(HURRY);
        let recording = recording(&namespaces, &platform);
        let facts = Facts::new(recording.listener());
        let (switch, stop) = StopSwitch::new(&platform);
        let heartbeat = Heartbeat::new(&platform);
        let writer = EventWriter::new(
            recording,
            cluster.access(),
            Facts::default(),
            stop,
            heartbeat,
            &platform,
        );
        Self {
            sandbox: Arc::clone(&cluster.sandbox),
            proxy,
            switch,
            cluster,
            platform,
            facts,
            writer,
        }
    }

    pub(crate) fn deny(&self, verb: &str, resource: &str) {
        self.sandbox.deny(AccessDenial::new(verb, resource));
    }

    /// The pods of an app, by name.
    pub(crate) async fn pods(&self, namespace: &str, app: &str) -> Vec<Pod> {
        let cluster = self.cluster.connect(&self.platform).await;
        let selector: Selector = format!("app={app}").parse().unwrap();
        cluster.pods(Some(namespace), &selector, None).await.unwrap().pods
    }

    /// Publishes that `pod` was evicted.
    pub(crate) fn publish_evicted(&self, pod: &Pod) {
        self.publish(pod, Outcome::Evicted);
    }

    /// Publishes an outcome for `pod`.
    pub(crate) fn publish(&self, pod: &Pod, outcome: Outcome) {
        self.facts.publish(Fact::VictimTried {
            slot: SLOT.parse().unwrap(),
            seed: 3,
            method: DisruptionMethod::Evict,
            attempt: &AttemptReport {
                pod: pod.id.clone(),
                owner: pod.owner.clone(),
                team: None,
                outcome,
                warnings: Vec::new(),
            },
            controller: pod.controller.as_ref(),
        });
    }

    /// Publishes how the recovery from the disruption of `pod` ended.
    pub(crate) fn publish_recovery(&self, pod: &Pod, verdict: RecoveryVerdict) {
        let victim = DisruptedVictim {
            slot: SLOT.parse().unwrap(),
            pod: pod.id.clone(),
            owner: pod.owner.clone().unwrap(),
            team: None,
            method: DisruptionMethod::Evict,
            accepted: SLOT.parse().unwrap(),
            origin: AcceptedBy::Answer,
            baseline: RecoveryBaseline::default(),
        };
        let mut report = RecoveryReport::unseen(&victim, RecoveryPrecision::Watch);
        report.verdict = Some(verdict);
        report.times.whole_ms = Some(4500);
        self.facts.publish(Fact::RecoveryReported(&report));
    }

    /// Writes what was published, until nothing waits.
    pub(crate) async fn write(&self) {
        while let Some(Some(waiting)) = self.writer.next().now_or_never() {
            self.writer.write(&waiting).await;
        }
    }

    /// The Events of macaque in a namespace, in the order of their kinds and names of what they regard.
    pub(crate) async fn events(&self, namespace: &str) -> Vec<Value> {
        let path = format!("/apis/events.k8s.io/v1/namespaces/{namespace}/events");
        let listed = self.proxy.ask_server(ProxyRequest::get(path)).await.unwrap();
        let list: Value = serde_json::from_slice(&listed.body).unwrap();
        let items = list["items"].as_array().unwrap().iter();
        let mut events: Vec<_> = items
            .filter(|event| event["reportingController"] == "macaque")
            .cloned()
            .collect();
        events.sort_by_key(|event| {
            [
                event["regarding"]["kind"].to_string(),
                event["regarding"]["name"].to_string(),
            ]
        });
        events
    }

    /// How many requests to write an Event were sent.
    pub(crate) fn writes(&self) -> usize {
        let requests = self.proxy.requests().into_iter();
        requests
            .filter(|request| request.line().starts_with(WRITE))
            .count()
    }
}

/// Every Event about what happens in these namespaces.
pub(crate) fn recording(namespaces: &NamespaceScope, platform: &Platform) -> EventRecording {
    let every = EventsConfig {
        enabled: true,
        refusals: true,
    };
    EventRecording::new(every, namespaces, INSTANCE, platform)
}
