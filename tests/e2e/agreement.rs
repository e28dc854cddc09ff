//! What is predicted of an eviction is what the API server answers when it is asked, whatever the state.

use std::collections::BTreeMap;
use std::time::Instant;

use futures_util::future::join_all;
use macaque::k8s::Cluster;
use macaque_core::budget::{Budget, PlannedDisruptions, predict};
use macaque_core::outcome::DisruptionMethod;
use macaque_core::prediction::Prediction;
use macaque_core::refusal::Refusal;
use macaque_core::selector::Selector;
use macaque_core::verdict::classify;

use crate::access::cluster;
use crate::pod_groups::GroupGenerator;
use crate::random_namespace::RandomNamespace;

/// Groups in each namespace; the last two are smaller, and a budget covers the whole namespace.
const GROUPS: [usize; 6] = [37, 37, 37, 37, 3, 2];

/// So many pods are compared at least.
const PODS: usize = 300;

/// A refusal word for word, and an allowance without its reason.
fn comparable(prediction: Prediction) -> Prediction {
    match prediction {
        Prediction::Allowed { .. } => Prediction::Allowed {
            budget: None,
            why: "yes".to_owned(),
        },
        other => other,
    }
}

/// What kind of answer it is.
fn kind(prediction: &Prediction) -> &'static str {
    match prediction {
        Prediction::Allowed { .. } => "allowed",
        Prediction::Refused(Refusal::Budget { unsynced: true, .. }) => "still being processed",
        Prediction::Refused(Refusal::Budget { message, .. }) if message.contains("failed sync") => {
            "failed sync"
        }
        Prediction::Refused(Refusal::Budget { .. }) => "refused by its numbers",
        Prediction::Refused(Refusal::SeveralBudgets) => "several budgets",
        Prediction::Refused(_)
        | Prediction::Held(_)
        | Prediction::RoundHeld(_)
        | Prediction::Unknown { .. } => "strange",
    }
}

async fn budgets(cluster: &Cluster, namespace: &RandomNamespace) -> Vec<Budget> {
    cluster.budgets(Some(&namespace.namespace.name)).await.unwrap()
}

/// Compares the prediction for every pod of a namespace with the server's answer; returns the kind of each answer, and
/// the differences. `None`: the namespace changed meanwhile.
async fn compare(cluster: &Cluster, namespace: &RandomNamespace) -> Option<(Vec<&'static str>, Vec<String>)> {
    let before = budgets(cluster, namespace).await;
    let name = Some(&*namespace.namespace.name);
    let page = cluster.pods(name, &Selector::default(), None).await.unwrap();

    assert!(page.next.is_none(), "one page holds them all");

    let mut kinds = Vec::new();
    let mut differences = Vec::new();

    for pod in &page.pods {
        let predicted = comparable(predict(pod, &before, &PlannedDisruptions::default()));
        let answer = cluster
            .dry_run(&pod.id, DisruptionMethod::Evict, None)
            .await
            .unwrap();
        let answered = comparable(classify(&answer).into());
        kinds.push(kind(&answered));
        if predicted != answered {
            let over: Vec<_> = before.iter().filter(|budget| budget.covers(pod)).collect();
            differences.push(format!(
                "predicted {predicted}\nanswered {answered}\nof {pod:?}\nunder {over:?}\n"
            ));
        }
    }

    (budgets(cluster, namespace).await == before).then_some((kinds, differences))
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn the_prediction_is_the_servers_answer_in_hundreds_of_random_states() {
    let seed =
        std::env::var("MACAQUE_E2E_SEED").map_or_else(|_| rand::random(), |seed| seed.parse().unwrap());
    println!("MACAQUE_E2E_SEED={seed} repeats it");
    let mut generator = GroupGenerator::of(seed);
    let mut namespaces = Vec::new();
    let started = Instant::now();
    for groups in GROUPS {
        namespaces.push(RandomNamespace::plan(&mut generator, groups, groups < 10).await);
    }
    join_all(namespaces.iter().map(RandomNamespace::create_workloads)).await;
    join_all(namespaces.iter().map(RandomNamespace::set_pod_states)).await;
    join_all(namespaces.iter().map(RandomNamespace::create_budgets)).await;
    join_all(namespaces.iter().map(RandomNamespace::await_budgets)).await;

    let cluster = cluster().await;
    let mut answers = BTreeMap::<_, usize>::new();
    let mut differences = Vec::new();
    for namespace in &namespaces {
        let (kinds, differ) = loop {
            namespace.await_budgets().await;
            if let Some(compared) = compare(&cluster, namespace).await {
                break compared;
            }
        };
        for kind in kinds {
            *answers.entry(kind).or_default() += 1;
        }
        differences.extend(differ);
    }
    println!("{answers:?} in {:?}", started.elapsed());
    assert!(
        differences.is_empty(),
        "{}: {}",
        differences.len(),
        differences.join("\n")
    );
    assert!(answers.values().sum::<usize>() >= PODS, "{answers:?}");
    for frequent in ["allowed", "refused by its numbers", "several budgets"] {
        assert!(answers.get(frequent) >= Some(&5), "{frequent}: {answers:?}");
    }
    assert!(!answers.contains_key("strange"), "{answers:?}");
}
