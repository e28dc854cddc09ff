//! What a plan says of guards is what the round then does, whatever the state of the workloads and the recoveries that go
//! on.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use macaque::facts::Facts;
use macaque::failpoint::FailPoints;
use macaque::gates::Gates;
use macaque::journal::{JournalStore, JournalWriter};
use macaque::k8s::Cluster;
use macaque::platform::Platform;
use macaque::preview::{ClusterSnapshot, PreviewReader, PreviewedJournal};
use macaque::round::{self, RoundConfig, RoundContext, RoundResult};
use macaque::stop::StopSwitch;
use macaque_core::config::{RecoveryPolicy, TargetConfig, VictimCount};
use macaque_core::guard::{GuardConfig, GuardHold, MinReady, RecoveredGuard, RolloutGuard};
use macaque_core::journal::Journal;
use macaque_core::outcome::{DisruptionMethod, Outcome};
use macaque_core::prediction::Prediction;
use macaque_core::recovery::RecoveryConfig;
use macaque_core::report::{RoundEnd, RoundReport};
use macaque_testkit::{TestCluster, evict_one};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

use super::fixture::{gone, record_round};

/// Namespaces, each with a configuration of its own.
const NAMESPACES: usize = 120;

/// Owners in each namespace.
const OWNERS: usize = 40;

/// The annotations of a namespace or an owner; most have none.
fn freeze() -> impl Strategy<Value = Value> {
    prop_oneof![
        12 => Just(json!({})),
        1 => Just(json!({"macaque/frozen": "true"})),
        1 => Just(json!({"macaque/frozen": "perhaps"})),
        1 => Just(json!({"macaque/frozen-until": "2020-01-01T00:00:00Z"})),
        1 => Just(json!({"macaque/frozen-until": "2999-01-01T00:00:00Z"})),
        1 => Just(json!({"macaque/enabled": "no"})),
    ]
}

/// A pod, without its name and its owner.
fn pod() -> impl Strategy<Value = Value> {
    let phase = prop_oneof![
        20 => Just("Running"),
        1 => prop::sample::select(vec!["Pending", "Succeeded", "Failed"]),
    ];
    let ready = prop_oneof![15 => Just("True"), 1 => Just("False")];
    let terminating = prop::bool::weighted(0.04);
    let is_drained = prop::bool::weighted(0.7);
    let revision = prop_oneof![20 => Just("aaaa"), 1 => Just("bbbb"), 1 => Just("cccc")];
    // Ages are shown in days.
    let days = 1..9_i64;

    (phase, ready, terminating, is_drained, revision, days).prop_map(
        |(phase, ready, terminating, is_drained, revision, days)| {
            let then = Timestamp::now() - SignedDuration::from_hours(days * 24 + 12);
            let mut conditions = vec![json!({"type": "Ready", "status": ready, "lastTransitionTime": then})];
            if terminating && is_drained {
                conditions.push(json!({
                    "type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI",
                }));
            }
            let mut pod = json!({
                "apiVersion": "v1", "kind": "Pod",
                "metadata": {
                    "creationTimestamp": then,
                    "labels": {"pod-template-hash": revision, "controller-revision-hash": revision},
                },
                "spec": {"nodeName": "node-1", "containers": [{"name": "c", "image": "i"}]},
                "status": {"phase": phase, "conditions": conditions},
            });
            if terminating {
                pod["metadata"]["deletionTimestamp"] = json!(then);
                pod["metadata"]["deletionGracePeriodSeconds"] = json!(30);
            }
            pod
        },
    )
}

/// An owner and its pods, without their names.
fn owner() -> impl Strategy<Value = (&'static str, Value, usize, Vec<Value>)> {
    let kind = prop_oneof![
        6 => Just("Deployment"),
        3 => Just("StatefulSet"),
        1 => Just("Widget"),
        1 => Just("Pod"),
    ];
    let missing = prop_oneof![8 => Just(0_usize), 1 => Just(1), 1 => Just(2)];
    let pods = prop::collection::vec(pod(), 1..5);
    (kind, freeze(), missing, pods)
}

fn guards() -> impl Strategy<Value = GuardConfig> {
    let min_ready = prop_oneof![
        3 => Just(MinReady::Count(1)),
        1 => (0..4_usize).prop_map(MinReady::Count),
        2 => prop::sample::select(vec![50, 75]).prop_map(MinReady::Percent),
    ];
    let rollout = prop::sample::select(RolloutGuard::ALL.to_vec());
    let drains = prop::sample::select(vec![0, 2, 100]);
    let recovered = prop_oneof![
        6 => Just(RecoveredGuard::Owner),
        2 => Just(RecoveredGuard::Namespace),
        1 => Just(RecoveredGuard::All),
        3 => Just(RecoveredGuard::Off),
    ];
    let flags = (any::<bool>(), prop::bool::weighted(0.8));
    (flags, rollout, min_ready, drains, recovered).prop_map(
        |((whole, freeze), rollout, min_ready, drains, recovered)| GuardConfig {
            whole,
            rollout,
            min_ready,
            drains,
            freeze,
            recovered,
            ..GuardConfig::off()
        },
    )
}

/// Earlier victims that have not recovered, by the numbers of their owners; most namespaces have few, many none.
fn recoveries() -> impl Strategy<Value = Vec<(&'static str, usize)>> {
    let kind = prop::sample::select(vec!["Deployment", "StatefulSet", "Widget"]);
    prop::collection::vec((kind, 0..OWNERS), 0..8)
}

/// Names the objects of one owner.
fn placed(
    namespace: &str,
    number: usize,
    (kind, annotations, missing, pods): (&'static str, Value, usize, Vec<Value>),
) -> Vec<Value> {
    let name = format!("app-{number}");
    let live = pods.iter().filter(|pod| {
        let phase = &pod["status"]["phase"];
        pod["metadata"]["deletionTimestamp"].is_null() && phase != "Succeeded" && phase != "Failed"
    });
    let desired = live.count() + missing;

    let mut objects = Vec::new();
    if let "Deployment" | "StatefulSet" = kind {
        let labels = json!({"app": name});
        objects.push(json!({
            "apiVersion": "apps/v1", "kind": kind,
            "metadata": {"name": name, "namespace": namespace, "annotations": annotations},
            "spec": {
                "replicas": desired, "selector": {"matchLabels": labels}, "serviceName": name,
                "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "i"}]}},
            },
        }));
    }
    for (ordinal, mut pod) in pods.into_iter().enumerate() {
        let metadata = &mut pod["metadata"];
        let revision = metadata["labels"]["pod-template-hash"]
            .as_str()
            .unwrap_or_default();
        let (api_version, holder_kind, holder) = match kind {
            "Deployment" => ("apps/v1", "ReplicaSet", format!("{name}-{revision}")),
            "StatefulSet" => ("apps/v1", kind, name.clone()),
            _ => ("example.com/v1", kind, name.clone()),
        };
        if kind != "Pod" {
            metadata["ownerReferences"] = json!([{
                "apiVersion": api_version, "kind": holder_kind, "name": holder, "uid": format!("uid-of-{holder}"),
                "controller": true,
            }]);
        }
        if kind != "Deployment" {
            metadata["labels"]
                .as_object_mut()
                .unwrap()
                .remove("pod-template-hash");
        }
        metadata["labels"]["app"] = json!(name);
        metadata["name"] = json!(format!("{name}-{ordinal}"));
        metadata["namespace"] = json!(namespace);
        objects.push(pod);
    }
    objects
}

/// A round that deletes one pod of every owner, budgets aside, of which only guards may stop it.
fn config(namespace: &str, guards: GuardConfig) -> RoundConfig {
    let mut config = evict_one();
    config.eligibility.target = TargetConfig {
        include: vec!["bare", "pending"],
        ..TargetConfig::all_of(namespace)
    };
    config.eligibility.method = DisruptionMethod::Delete;
    config.disrupt.method = DisruptionMethod::Delete;
    config.disrupt.count = VictimCount::Fixed(1_000);
    config.disrupt.attempts = 1_000;
    config.guards = guards;
    config.recovery = RecoveryConfig::default();
    config
}

/// What a guard says, without how long ago an earlier victim was disrupted: that changes between plan and round.
fn word(hold: Option<&GuardHold>) -> String {
    let words = hold.map_or_else(|| "goes".to_owned(), ToString::to_string);
    match words.split_once(" was disrupted") {
        Some((before, _)) => before.to_owned(),
        None => words,
    }
}

/// The journal in memory of a process that disrupted a pod of each of these owners, none of which has recovered.
async fn journal_with(
    recoveries: &[(&'static str, usize)],
    namespace: &str,
    config: &RoundConfig,
    cluster: &Cluster,
    platform: &Platform,
) -> (JournalWriter, Journal) {
    let policy = RecoveryPolicy {
        timeout: config.recovery.timeout,
        recovered: RecoveredGuard::Off,
        strikes: None,
    };
    let store = JournalStore::in_memory(1_000, platform)
        .on_demand()
        .with_recovery(policy);
    let writer = store.writer(1);
    let victims: BTreeSet<_> = recoveries.iter().copied().collect();
    let victims = victims.into_iter();
    let victims: Vec<_> = victims
        .map(|(kind, owner)| gone(namespace, kind, &format!("app-{owner}")))
        .collect();
    let journal = record_round(&victims, &writer, cluster, platform).await;
    (writer, journal)
}

async fn run(
    cluster: &Cluster,
    config: &RoundConfig,
    writer: &JournalWriter,
    seed: u64,
    platform: &Platform,
) -> RoundReport {
    let (_switch, stop) = StopSwitch::new(platform);
    let context = RoundContext {
        cluster,
        gates: &Gates::default(),
        writer,
        config,
        on_accepted: &|_| {},
        facts: &Facts::default(),
        stop: &stop,
        platform,
        fail_points: &FailPoints::default(),
    };
    match round::run(context, platform.now(), seed).await {
        RoundResult::Reported { report, .. } => *report,
        RoundResult::Skipped(denial) => panic!("{denial}"),
    }
}

async fn plan(
    cluster: &Cluster,
    config: &RoundConfig,
    journal: &PreviewedJournal,
    platform: &Platform,
) -> ClusterSnapshot {
    let (_switch, stop) = StopSwitch::new(platform);
    let reader = PreviewReader {
        cluster,
        stop: &stop,
        platform,
    };
    let mut snapshot = reader.snapshot(config).await.unwrap();
    let gates = Gates::default();
    reader
        .ask_guards(&mut snapshot, config, &gates, journal)
        .await
        .unwrap();
    snapshot
}

#[actix_rt::test]
async fn what_a_plan_says_of_guards_is_what_the_round_does_in_thousands_of_random_states() {
    let platform = Platform::system();
    let fixture = TestCluster::with(Vec::new());
    let cluster = fixture.connect(&platform).await;
    let same = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut chance = TestRunner::new_with_rng(Config::default(), same);
    let mut seen = BTreeMap::<String, usize>::new();

    for number in 0..NAMESPACES {
        let namespace = format!("state-{number}");
        let annotations = freeze().new_tree(&mut chance).unwrap().current();
        let mut objects = vec![json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "annotations": annotations},
        })];
        for number in 0..OWNERS {
            let owner = owner().new_tree(&mut chance).unwrap().current();
            objects.extend(placed(&namespace, number, owner));
        }
        fixture.sandbox.apply(&objects).unwrap();

        let config = config(&namespace, guards().new_tree(&mut chance).unwrap().current());
        let seed = number as u64;
        let open = recoveries().new_tree(&mut chance).unwrap().current();
        let (writer, journal) = journal_with(&open, &namespace, &config, &cluster, &platform).await;
        let journal = PreviewedJournal {
            journal: Some(journal),
            ..PreviewedJournal::default()
        };
        let preview = plan(&cluster, &config, &journal, &platform).await.preview;
        let predicted = preview
            .pick(seed)
            .into_iter()
            .map(|victim| match victim.prediction {
                Prediction::Held(hold) => (victim.pod, word(Some(&hold))),
                other => {
                    assert!(other.is_allowed(), "{other}");
                    (victim.pod, word(None))
                }
            });
        let predicted: Vec<_> = predicted.collect();

        let report = run(&cluster, &config, &writer, seed, &platform).await;
        let happened: Vec<_> = report
            .attempts
            .iter()
            .map(|attempt| match &attempt.outcome {
                Outcome::Held(hold) => (attempt.pod.clone(), word(Some(hold))),
                other => {
                    assert_eq!(*other, Outcome::Deleted, "{}", attempt.pod);
                    (attempt.pod.clone(), word(None))
                }
            })
            .collect();

        assert_eq!(happened, predicted, "{namespace} under {:?}", config.guards);
        let end = preview.round_hold().map_or(RoundEnd::Complete, RoundEnd::Held);
        assert_eq!(report.end, end, "{namespace} under {:?}", config.guards);

        let holds: Vec<_> = report.holds().map(|hold| hold.guard.clone()).collect();
        let going = report.count(|outcome| *outcome == Outcome::Deleted);
        *seen.entry("goes".to_owned()).or_default() += going;
        for guard in holds {
            *seen.entry(guard).or_default() += 1;
        }
    }

    assert!(seen.values().sum::<usize>() >= 2_000, "{seen:?}");
    for (kind, least) in [
        ("goes", 500),
        ("whole", 150),
        ("min_ready", 100),
        ("freeze", 100),
        ("recovered", 100),
        ("rollout", 50),
        ("drains", 5),
    ] {
        assert!(seen.get(kind) >= Some(&least), "{kind} occurs: {seen:?}");
    }
}
