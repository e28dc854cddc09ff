//! Promises about the scope: pods outside the selector and the namespaces are never touched.

use crate::program::MacaqueCommand;
use crate::test_namespace::{NO_PODS, TestNamespace, uid};
use crate::workload::Workload;

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn the_label_selector_holds() {
    let mut namespace = TestNamespace::new().await;
    let front = |name| Workload::deployment(name, 2).labelled("tier", "front");
    namespace.with(front("web")).await;
    namespace.with(front("api")).await;
    let back = namespace
        .with(Workload::deployment("db", 2).labelled("tier", "back"))
        .await;
    let round = namespace
        .macaque("once --dry-run=false --count 10 -o json -l tier=front")
        .exits(0)
        .await;
    let mut owners: Vec<_> = round
        .attempts()
        .iter()
        .map(|a| a["owner"]["name"].clone())
        .collect();
    owners.sort_by_key(ToString::to_string);

    assert_eq!(owners, ["api", "web"], "one victim an owner, and no other owner");
    assert_eq!(round.json()["listed"], 4);

    let alive = namespace.alive().await;
    assert!(back.iter().all(|pod| alive.contains(&uid(pod))));
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn several_namespaces_are_searched_and_no_other() {
    let mut one = TestNamespace::new().await;
    let mut two = TestNamespace::new().await;
    let mut other = TestNamespace::new().await;

    for namespace in [&mut one, &mut two, &mut other] {
        namespace.with(Workload::deployment("web", 2)).await;
    }

    let before = other.alive().await;
    let words = format!("once --dry-run=false --count 10 -o json -n {}", two.name);
    let round = one.macaque(&words).exits(0).await;
    let mut namespaces: Vec<_> = round
        .attempts()
        .iter()
        .map(|attempt| attempt["pod"]["namespace"].as_str().unwrap().to_owned())
        .collect();
    namespaces.sort();
    let mut expected = [one.name.clone(), two.name.clone()];
    expected.sort();

    assert_eq!(namespaces, expected);
    assert_eq!(other.lost(&before).await, NO_PODS);
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn all_namespaces_means_all_but_the_systems_own() {
    let mut one = TestNamespace::new().await;
    let mut two = TestNamespace::new().await;
    let mut system = TestNamespace::visiting("kube-system").await;
    let scope = one.name.clone();
    let workload = || Workload::deployment(&scope, 2).labelled("scope", &scope);
    one.with(workload()).await;
    two.with(workload()).await;
    let systems = system.with(workload()).await;

    // The pods of every test are in scope: the selector keeps this round to its own.
    let words = format!("once -A --dry-run=false --count 10 -o json -l scope={scope}");
    let macaque = MacaqueCommand::new(&words).by_environment().of_any_age();
    let round = macaque.exits(0).await;

    assert_eq!(round.uids("evicted").len(), 2);

    let exempted = &round.json()["exempted"]["system-namespaces"];
    assert_eq!(exempted["count"], 2);
    let systems: Vec<_> = systems.iter().map(uid).collect();
    assert!(systems.contains(&exempted["example"]["uid"].as_str().unwrap().to_owned()));
    let alive = system.alive().await;
    assert!(systems.iter().all(|uid| alive.contains(uid)));
}
