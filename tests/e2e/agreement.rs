//! The law: what is foretold of an eviction is what the API server says when it is asked, whatever the state.

use std::collections::BTreeMap;
use std::time::Instant;

use futures_util::future::join_all;
use macaque::k8s::Cluster;
use macaque_core::budget::{Budget, PlannedDisruptions, foretell};
use macaque_core::outcome::{DisruptionMethod, Refusal};
use macaque_core::preview::Prediction;
use macaque_core::selector::Selector;
use macaque_core::verdict::classify;

use crate::access::cluster;
use crate::dice::Dice;
use crate::town::Town;

/// Groups in each namespace; the last two are smaller, and a budget covers the whole namespace.
const GROUPS: [usize; 6] = [37, 37, 37, 37, 3, 2];

/// So many pods are compared at least.
const PODS: usize = 300;

/// A refusal word for word; of a yes, that it is one.
fn gist(opinion: Prediction) -> Prediction {
    match opinion {
        Prediction::Allowed { .. } => Prediction::Allowed {
            budget: None,
            why: "yes".to_owned(),
        },
        other => other,
    }
}

/// What kind of answer it is.
fn kind(opinion: &Prediction) -> &'static str {
    match opinion {
        Prediction::Allowed { .. } => "allowed",
        Prediction::Refused(Refusal::Budget { unsynced: true, .. }) => "still being processed",
        Prediction::Refused(Refusal::Budget { message, .. }) if message.contains("failed sync") => {
            "failed sync"
        }
        Prediction::Refused(Refusal::Budget { .. }) => "refused by its numbers",
        Prediction::Refused(Refusal::SeveralBudgets) => "several budgets",
        Prediction::Refused(_) | Prediction::Unknown { .. } => "strange",
    }
}

async fn budgets(cluster: &Cluster, town: &Town) -> Vec<Budget> {
    cluster.budgets(Some(&town.world.namespace)).await.unwrap()
}

/// Holds the forecast for every pod of a town against the server's word; returns the kind of each answer, and
/// where they differ. `None`: the town moved meanwhile.
async fn compare(cluster: &Cluster, town: &Town) -> Option<(Vec<&'static str>, Vec<String>)> {
    let before = budgets(cluster, town).await;
    let namespace = Some(&*town.world.namespace);
    let page = cluster.pods(namespace, &Selector::default(), None).await.unwrap();
    assert!(page.next.is_none(), "one page holds them all");
    let (mut kinds, mut differences) = (Vec::new(), Vec::new());
    for pod in &page.pods {
        let foretold = gist(foretell(pod, &before, &PlannedDisruptions::default()).into());
        let answer = cluster.ask(&pod.id, DisruptionMethod::Evict, None).await.unwrap();
        let heard = gist(classify(&answer).into());
        kinds.push(kind(&heard));
        if foretold != heard {
            let over: Vec<_> = before.iter().filter(|budget| budget.covers(pod)).collect();
            differences.push(format!(
                "foretold {foretold}\nheard {heard}\nof {pod:?}\nunder {over:?}\n"
            ));
        }
    }
    (budgets(cluster, town).await == before).then_some((kinds, differences))
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn the_forecast_is_the_servers_answer_in_hundreds_of_random_states() {
    let seed =
        std::env::var("MACAQUE_E2E_SEED").map_or_else(|_| rand::random(), |seed| seed.parse().unwrap());
    println!("MACAQUE_E2E_SEED={seed} repeats it");
    let (mut dice, mut towns) = (Dice::of(seed), Vec::new());
    let started = Instant::now();
    for groups in GROUPS {
        towns.push(Town::plan(&mut dice, groups, groups < 10).await);
    }
    join_all(towns.iter().map(Town::found)).await;
    join_all(towns.iter().map(Town::people)).await;
    join_all(towns.iter().map(Town::protect)).await;
    join_all(towns.iter().map(Town::settle)).await;

    let cluster = cluster().await;
    let (mut answers, mut differences) = (BTreeMap::<_, usize>::new(), Vec::new());
    for town in &towns {
        let (kinds, differ) = loop {
            town.settle().await;
            if let Some(compared) = compare(&cluster, town).await {
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
