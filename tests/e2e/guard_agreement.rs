//! What the plan says of guards is what the round then does, whatever the state of the workloads.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use serde_json::Value;

use crate::pod_groups::GroupGenerator;
use crate::program::MacaqueCommand;
use crate::random_namespace::RandomNamespace;
use crate::test_namespace::uid;

/// Owners in each namespace.
const GROUPS: [usize; 4] = [80, 80, 80, 30];

/// So many owners are compared at least; the others may change while the round runs.
const OWNERS: usize = 200;

/// `POD ANSWER` of each victim, in order; of a plan or of a report. Ages grow from one look to the next.
fn answers(listed: &Value) -> Vec<String> {
    let victims = listed.as_array().unwrap().iter().map(|victim| {
        let pod = victim["pod"]["name"].as_str().unwrap();
        let outcome = victim.get("outcome").unwrap_or(victim);
        let held = outcome["result"] == "held" || outcome["verdict"] == "held";
        if held {
            let why = outcome["why"].as_str().unwrap();
            let mut words: Vec<_> = why.split(' ').collect();
            let ages = words.iter().rposition(|word| *word == "since").map(|at| at + 1);
            if let Some(age) = ages.and_then(|at| words.get_mut(at)) {
                *age = "";
            }
            format!(
                "{pod} {} {} {}",
                outcome["guard"],
                outcome["answer"],
                words.join(" ")
            )
        } else {
            format!("{pod} disrupted")
        }
    });
    victims.collect()
}

/// The guard of an answer without its pod, or "disrupted".
fn kind(words: &str) -> String {
    words.split(' ').next().unwrap().replace('"', "")
}

/// A command about every owner of `namespace`, with any pod for a victim and no budget asked.
fn of_all(namespace: &RandomNamespace, seed: u64, words: &str) -> MacaqueCommand {
    let words = format!("{words} --seed {seed} --method delete --count 100 -o json");
    let include = "bare,daemonset,job,pending";
    namespace
        .namespace
        .macaque(&words)
        .env("MACAQUE_TARGET__INCLUDE", include)
}

/// The pods of a namespace: owner, UID and version of each.
type PodVersions = BTreeSet<(String, String, String)>;

async fn versions(namespace: &RandomNamespace) -> PodVersions {
    let pods = namespace.namespace.pods().await;
    let version = |pod: &Value| {
        let owner = owner(pod["metadata"]["name"].as_str().unwrap());
        let version = pod["metadata"]["resourceVersion"].to_string();
        (owner.to_owned(), uid(pod), version)
    };
    pods.iter().map(version).collect()
}

/// The owner of the pod or the answer that begins with this name: `g4` of `g4-x7k2p`.
fn owner(name: &str) -> &str {
    name.split('-').next().unwrap()
}

/// The answer about each owner that `changed` does not hold, whichever of its pods was picked: one pod more in the list
/// gives another draw, but every owner is tried once.
fn by_owner<'a>(answers: &'a [String], changed: &BTreeSet<&str>) -> BTreeMap<&'a str, &'a str> {
    let answers = answers.iter().map(|answer| {
        let (pod, words) = answer.split_once(' ').unwrap();
        (owner(pod), words)
    });
    answers.filter(|(owner, _)| !changed.contains(owner)).collect()
}

/// The plan of a namespace in which nothing changes between the plan and a dry run of its round, which agrees with it;
/// and the pods that both saw.
async fn plan_and_dry_run(namespace: &RandomNamespace, seed: u64) -> (Vec<String>, PodVersions) {
    loop {
        let before = versions(namespace).await;
        let plan = of_all(namespace, seed, "plan").exits(0).await;
        let planned = answers(&plan.json()["draw"]["victims"]);
        let round = of_all(namespace, seed, "once").ends().await;
        let is_quiet = versions(namespace).await == before;
        if is_quiet {
            assert_eq!(answers(&Value::from(round.attempts())), planned, "the dry run");
            return (planned, before);
        }
    }
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn what_the_plan_says_of_guards_is_what_the_round_does_in_hundreds_of_random_states() {
    let seed =
        std::env::var("MACAQUE_E2E_SEED").map_or_else(|_| rand::random(), |seed| seed.parse().unwrap());
    println!("MACAQUE_E2E_SEED={seed} repeats it");
    let mut generator = GroupGenerator::of(seed);
    let mut namespaces = Vec::new();
    for groups in GROUPS {
        namespaces.push(RandomNamespace::plan(&mut generator, groups, false).await);
    }
    join_all(namespaces.iter().map(RandomNamespace::create_workloads)).await;
    join_all(namespaces.iter().map(RandomNamespace::set_pod_states)).await;
    for namespace in &namespaces {
        namespace.disturb_owners(&mut generator).await;
    }
    namespaces[3]
        .namespace
        .annotate_namespace("macaque/frozen", Some("true"))
        .await;

    let mut kinds = BTreeMap::<_, usize>::new();
    for namespace in &namespaces {
        let (planned, before) = plan_and_dry_run(namespace, seed).await;
        let round = of_all(namespace, seed, "once --dry-run=false").ends().await;
        let answers = answers(&Value::from(round.attempts()));

        // The controllers go on while the round runs: an owner may change that the round left alone.
        let after = versions(namespace).await;
        let none = BTreeSet::new();
        let foretold = by_owner(&planned, &none);
        let answered = by_owner(&answers, &none);
        let is_agreed = |owner: &&str| foretold.get(owner) == answered.get(owner);
        let changed = before.symmetric_difference(&after).map(|(owner, ..)| &**owner);
        let changed: BTreeSet<_> = changed.filter(|owner| !is_agreed(owner)).collect();
        let planned = by_owner(&planned, &changed);
        assert_eq!(by_owner(&answers, &changed), planned, "{round:#?}");

        for words in planned.into_values() {
            *kinds.entry(kind(words)).or_default() += 1;
        }
    }

    println!("{kinds:?}");
    assert!(kinds.values().sum::<usize>() >= OWNERS, "{kinds:?}");
    for frequent in ["disrupted", "whole", "min_ready", "freeze"] {
        assert!(kinds.get(frequent) >= Some(&5), "{frequent}: {kinds:?}");
    }
}
