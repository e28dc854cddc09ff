//! The rounds of a scenario, one after the other with one journal, the recoveries that they begin, and the Events about
//! them.

use std::cell::RefCell;
use std::rc::Rc;

use futures_util::future::join_all;
use http::Method;
use jiff::Timestamp;
use macaque::events::{EventRecording, EventWriter};
use macaque::facts::{Fact, Facts};
use macaque::failpoint::FailPoints;
use macaque::gates::Gates;
use macaque::heartbeat::Heartbeat;
use macaque::journal::{JournalError, JournalStore};
use macaque::k8s::ClusterAccess;
use macaque::platform::Platform;
use macaque::recovery::{self, FollowedVictim, RecoveryContext, RecoveryMeans};
use macaque::round::{RoundConfig, RoundContext, RoundResult, run};
use macaque::stop::StopSwitch;
use macaque_core::config::{ConfigMapRef, DisruptionLimits, JournalLocation, NamespaceScope, RecoveryPolicy};
use macaque_core::events::EventsConfig;
use macaque_core::journal::JournalTiming;
use macaque_core::recovery::RecoveryReport;
use macaque_core::report::RoundReport;
use serde_json::Value;

use crate::round_proxy::RoundProxy;
use crate::run_scenario::connect;
use crate::test_namespace::{NamespaceChange, TestNamespace};
use crate::watches;

/// The name of the journal's ConfigMap.
pub(crate) const JOURNAL: &str = "journal";

/// How the rounds of a scenario are run.
pub(crate) struct RoundPlan {
    /// How many, one after the other.
    pub(crate) rounds: usize,
    /// The limits on disruptions over time.
    pub(crate) limits: DisruptionLimits,
    /// Whether the journal is a ConfigMap of the namespace, and not in memory.
    pub(crate) is_stored: bool,
    /// Changes between one round and the next, and once the rounds are over.
    pub(crate) changes: Vec<NamespaceChange>,
    /// Whether recoveries are followed to their end.
    pub(crate) follows: bool,
    /// The Events that are written.
    pub(crate) events: EventsConfig,
}

/// What came of the rounds.
pub(crate) struct RoundsResult {
    pub(crate) reports: Vec<RoundReport>,
    /// `StatefulSet/db: recovered, 2 of 2 ready`, in the order of the disruptions.
    pub(crate) recoveries: Vec<String>,
    /// `ChaosEvicted on StatefulSet db: macaque evicted pod db-0`, sorted.
    pub(crate) events: Vec<String>,
}

impl RoundPlan {
    /// One round with a journal in memory and no limits, whose recoveries nobody follows.
    pub(crate) fn once() -> Self {
        Self {
            rounds: 1,
            limits: DisruptionLimits::default(),
            is_stored: false,
            changes: Vec::new(),
            follows: false,
            events: EventsConfig::default(),
        }
    }

    /// Runs the rounds through the proxy; what follows them needs none.
    pub(crate) async fn run(
        &self,
        proxy: &RoundProxy,
        namespace: &Rc<TestNamespace>,
        config: &RoundConfig,
        seed: u64,
    ) -> RoundsResult {
        let platform = Platform::system();
        let home = tempfile::tempdir().unwrap();
        let cluster = connect(proxy, home.path(), &platform).await;
        let (_switch, stop) = StopSwitch::new(&platform);
        let scope = NamespaceScope::Named(vec![namespace.name().to_owned()]);
        let recording = EventRecording::new(self.events, &scope, "conformance", &platform);
        let facts = Facts::new(recording.listener());
        let accepted = RefCell::new(Vec::new());
        let context = RoundContext {
            cluster: &cluster,
            gates: &Gates::new(&config.gates, &platform),
            writer: &self.store(namespace, config, &platform).writer(1),
            config,
            on_accepted: &|recovery| accepted.borrow_mut().push(recovery),
            facts: &facts,
            stop: &stop,
            platform: &platform,
            fail_points: &FailPoints::default(),
        };

        let mut reports = Vec::new();
        let mut changes = self.changes.iter();
        for _ in 0..self.rounds {
            let slot = Timestamp::now();
            reports.push(match Box::pin(run(context, slot, seed)).await {
                RoundResult::Reported { report, .. } => *report,
                RoundResult::Skipped(denial) => RoundReport {
                    end: JournalError::Denied(denial).into(),
                    ..config.blank_report(slot, seed)
                },
            });
            if let Some(change) = changes.next() {
                change(namespace).await;
            }
        }

        let mut recoveries = Vec::new();
        if self.follows {
            for report in follow(namespace, accepted.take(), &platform).await {
                facts.publish(Fact::RecoveryReported(&report));
                recoveries.push(words_of(&report));
            }
        }
        let events = match self.events.enabled {
            true => write_events(namespace, recording, &platform).await,
            false => Vec::new(),
        };
        RoundsResult {
            reports,
            recoveries,
            events,
        }
    }

    fn store(&self, namespace: &TestNamespace, config: &RoundConfig, platform: &Platform) -> JournalStore {
        let location = if self.is_stored {
            JournalLocation::ConfigMap(ConfigMapRef {
                namespace: namespace.name().to_owned(),
                name: JOURNAL.to_owned(),
            })
        } else {
            JournalLocation::Memory
        };
        let most = config.disrupt.count.most();
        let recovery = RecoveryPolicy {
            timeout: config.recovery.timeout,
            recovered: config.guards.recovered,
            strikes: None,
        };
        let timing = JournalTiming::default();
        JournalStore::new(location, "macaque", self.limits.clone(), most, timing, platform)
            .with_recovery(recovery)
            .on_demand()
    }
}

/// Follows the recoveries from these disruptions to their ends.
async fn follow(
    namespace: &TestNamespace,
    accepted: Vec<FollowedVictim>,
    platform: &Platform,
) -> Vec<RecoveryReport> {
    let (cluster, _home) = watches::connect(namespace, platform).await;
    let (_switch, stop) = StopSwitch::new(platform);
    let context = RecoveryContext {
        cluster: &cluster,
        means: RecoveryMeans::Watch,
        stop: &stop,
        platform,
    };
    let follow = |victim| recovery::follow(context, victim, async |_stuck| {});
    let reports = join_all(accepted.iter().map(follow)).await;
    reports.into_iter().map(|report| report.unwrap()).collect()
}

fn words_of(report: &RecoveryReport) -> String {
    let RecoveryReport {
        owner,
        verdict,
        ready,
        target,
        ..
    } = report;
    let verdict = verdict.unwrap().as_str();
    let mut words = format!("{owner}: {verdict}, {ready} of {target} ready");
    if let Some(trouble) = &report.trouble {
        words += &format!(", {}", trouble.reason);
    }
    if let Some(why) = &report.why {
        words += &format!(" ({why})");
    }
    words
}

/// Writes the Events that wait, and reads back what the server shows of them.
async fn write_events(
    namespace: &TestNamespace,
    recording: EventRecording,
    platform: &Platform,
) -> Vec<String> {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("kubeconfig");
    std::fs::write(&file, namespace.server.kubeconfig()).unwrap();
    let access = ClusterAccess {
        kubeconfig: Some(file),
        ..ClusterAccess::default()
    };
    let (switch, stop) = StopSwitch::new(platform);
    let heartbeat = Heartbeat::new(platform);
    let writer = EventWriter::new(recording, access, Facts::default(), stop, heartbeat, platform);
    // What waits is still written.
    switch.request();
    while let Some(waiting) = writer.next().await {
        writer.write(&waiting).await;
    }

    let (code, list) = namespace
        .send(Method::GET, &namespace.path("Event"), &Value::Null)
        .await;
    assert_eq!(code, 200, "{list}");
    let events = list["items"].as_array().unwrap().iter();
    let own = events.filter(|event| event["reportingComponent"] == "macaque");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut events: Vec<_> = own
        .map(|event| {
            let object = &event["involvedObject"];
            let (reason, note) = (text(&event["reason"]), text(&event["message"]));
            format!(
                "{reason} on {} {}: {note}",
                text(&object["kind"]),
                text(&object["name"])
            )
        })
        .collect();
    events.sort();
    events
}
