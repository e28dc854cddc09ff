//! The local forecast and the server agree, whatever the state.

use std::collections::BTreeMap;

use macaque::k8s::Cluster;
use macaque::platform::Platform;
use macaque_core::budget::{PlannedDisruptions, predict};
use macaque_core::outcome::DisruptionMethod;
use macaque_core::prediction::Prediction;
use macaque_core::refusal::Refusal;
use macaque_core::selector::Selector;
use macaque_core::verdict::classify;
use macaque_testkit::TestCluster;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

/// States are made until there are so many.
const STATES: usize = 2_000;

fn pod() -> impl Strategy<Value = Value> {
    let phase = prop_oneof![
        6 => Just("Running"),
        1 => prop::sample::select(vec!["Pending", "Succeeded", "Failed", "Unknown", ""]),
    ];
    let ready = prop_oneof![4 => Just(Some("True")), 2 => Just(Some("False")), 1 => Just(Some("Unknown")), 1 => Just(None)];
    let app = prop::sample::select(vec!["web", "web", "db"]);

    (phase, ready, app, prop::bool::weighted(0.1)).prop_map(|(phase, ready, app, terminating)| {
        let mut pod = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"labels": {"app": app}},
            "spec": {"nodeName": "node-1", "containers": [{"name": "c", "image": "i"}]},
            "status": {"phase": phase},
        });
        if let Some(ready) = ready {
            pod["status"]["conditions"] = json!([{"type": "Ready", "status": ready}]);
        }
        if terminating {
            pod["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
            pod["metadata"]["deletionGracePeriodSeconds"] = json!(30);
        }
        pod
    })
}

fn selector() -> impl Strategy<Value = Value> {
    prop_oneof![
        5 => Just(json!({"matchLabels": {"app": "web"}})),
        2 => Just(json!({"matchExpressions": [{"key": "app", "operator": "In", "values": ["web", "db"]}]})),
        1 => Just(json!({"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]})),
        1 => Just(json!({"matchExpressions": [{"key": "app", "operator": "Near"}]})),
        1 => Just(json!({})),
        1 => Just(json!(null)),
    ]
}

fn budget() -> impl Strategy<Value = Value> {
    let policy = prop::sample::select(vec![json!(null), json!("IfHealthyBudget"), json!("AlwaysAllow")]);
    let generations = (1..3_i64, 0..3_i64);
    let numbers = (-1..3_i64, 0..4_i64, 0..4_i64);
    let going = prop_oneof![9 => Just(0), 1 => Just(2001)];

    (selector(), policy, generations, numbers, going, prop::bool::weighted(0.2)).prop_map(
        |(selector, policy, (generation, observed), (allowed, healthy, desired), going, broken)| {
            let mut budget = json!({
                "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
                "metadata": {"generation": generation},
                "spec": {"minAvailable": 1, "selector": selector, "unhealthyPodEvictionPolicy": policy},
                "status": {
                    "observedGeneration": observed, "disruptionsAllowed": allowed, "currentHealthy": healthy,
                    "desiredHealthy": desired, "expectedPods": 4,
                },
            });
            if going > 0 {
                let names = (0..going).map(|n| (format!("p{n}"), json!("2026-01-01T00:00:00Z")));
                budget["status"]["disruptedPods"] = Value::Object(names.collect());
            }
            if broken {
                budget["status"]["conditions"] = json!([{
                    "type": "DisruptionAllowed", "status": "False", "reason": "SyncFailed", "message": "no scale",
                    "lastTransitionTime": "2026-01-01T00:00:00Z",
                }]);
            }
            budget
        },
    )
}

/// A few pods and budgets, named and put into a namespace.
fn state() -> impl Strategy<Value = (Vec<Value>, Vec<Value>)> {
    (
        prop::collection::vec(pod(), 1..4),
        prop::collection::vec(budget(), 0..3),
    )
}

fn placed(objects: Vec<Value>, kind: &str, namespace: &str) -> Vec<Value> {
    let named = objects.into_iter().enumerate().map(|(n, mut object)| {
        object["metadata"]["name"] = json!(format!("{kind}-{n}"));
        object["metadata"]["namespace"] = json!(namespace);
        object
    });
    named.collect()
}

/// Yes, or who says no and whether only for now.
fn gist(prediction: &Prediction) -> String {
    match prediction {
        Prediction::Allowed { .. } => "allowed".to_owned(),
        Prediction::Refused(Refusal::Budget { name, unsynced, .. }) => {
            format!("refused by {name:?}, unsynced: {unsynced}")
        }
        other => other.to_string(),
    }
}

/// Chance that is the same in every run.
fn chance() -> TestRunner {
    let same = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    TestRunner::new_with_rng(Config::default(), same)
}

/// Holds the forecast for every pod of `namespace` against the server's word; returns the gist of each.
async fn compare(cluster: &Cluster, namespace: &str) -> Vec<String> {
    let budgets = cluster.budgets(Some(namespace)).await.unwrap();
    let all = Selector::default();
    let pods = cluster.pods(Some(namespace), &all, None).await.unwrap().pods;
    let mut gists = Vec::new();

    for pod in pods {
        let predicted = predict(&pod, &budgets, &PlannedDisruptions::default());
        let answer = cluster
            .dry_run(&pod.id, DisruptionMethod::Evict, None)
            .await
            .unwrap();
        let heard = Prediction::from(classify(&answer));
        assert_eq!(gist(&predicted), gist(&heard), "{pod:?} under {budgets:?}");
        if let Prediction::Refused(_) = heard {
            assert_eq!(predicted, heard, "word for word");
        }
        gists.push(gist(&heard));
    }

    gists
}

#[actix_rt::test]
async fn the_prediction_agrees_with_the_servers_answer_in_thousands_of_random_states() {
    let fixture = TestCluster::with(Vec::new());
    let cluster = fixture.connect(&Platform::system()).await;
    let mut chance = chance();
    let mut gists = BTreeMap::<String, usize>::new();

    for number in 0..STATES {
        let (pods, budgets) = state().new_tree(&mut chance).unwrap().current();
        let namespace = format!("state-{number}");
        fixture.sandbox.apply(&placed(pods, "pod", &namespace)).unwrap();
        fixture
            .sandbox
            .apply(&placed(budgets, "budget", &namespace))
            .unwrap();
        for gist in compare(&cluster, &namespace).await {
            *gists.entry(gist).or_default() += 1;
        }
    }

    // Allowed, two budgets at once, and either of two budgets for good or for now.
    assert_eq!(gists.len(), 6, "every kind of answer occurs: {gists:?}");
    assert!(gists.values().all(|count| *count >= 10), "{gists:?}");

    let mut writes = fixture
        .sandbox
        .requests()
        .into_iter()
        .filter(|sent| sent.method != "GET");

    assert!(writes.all(|sent| sent.path_and_query.contains("dryRun=All")));
}
