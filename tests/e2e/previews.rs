//! Promises about `macaque plan`: it predicts what the real API server then answers and a round then does, and it changes
//! nothing.

use std::collections::{BTreeMap, BTreeSet};

use http::Method;
use serde_json::{Value, json};

use crate::program::MacaqueOutput;
use crate::test_namespace::{TestNamespace, until};
use crate::workload::Workload;

/// The verdicts on the candidates of each owner, and how many have each.
fn verdicts(plan: &MacaqueOutput) -> BTreeMap<String, BTreeMap<String, usize>> {
    let mut verdicts = BTreeMap::<_, BTreeMap<_, _>>::new();
    for candidate in plan.json()["candidates"].as_array().unwrap() {
        let owner = candidate["owner"]["name"].as_str().unwrap_or("nobody").to_owned();
        let verdict = match candidate["verdict"].as_str() {
            Some("refused") => format!("{} {}", candidate["by"], candidate["message"]),
            verdict => verdict.unwrap().to_owned(),
        };
        *verdicts.entry(owner).or_default().entry(verdict).or_default() += 1;
    }
    verdicts
}

/// `POD RESULT` of each victim, in order; of a plan or of a report.
fn victims(listed: &Value) -> Vec<String> {
    let victims = listed.as_array().unwrap().iter().map(|victim| {
        let refused = victim["verdict"] == "refused" || victim["outcome"]["result"] == "refused";
        let pod = victim["pod"]["name"].as_str().unwrap();
        format!("{pod} {}", if refused { "refused" } else { "allowed" })
    });
    victims.collect()
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn the_plan_of_the_shop_is_what_the_server_confirms() {
    let namespace = TestNamespace::shop().await;
    let predicted = namespace.macaque("plan -o json").exits(0).await;
    let rows = verdicts(&predicted);

    for (owner, pods) in [("cart", 3), ("web", 4), ("search", 2)] {
        assert_eq!(rows[owner], BTreeMap::from([("allowed".to_owned(), pods)]));
    }

    let words = r#""budget" "The disruption budget db needs 3 healthy pods and has 3 currently""#;
    assert_eq!(rows["db"], BTreeMap::from([(words.to_owned(), 3)]));
    assert!(!rows.contains_key("logs"));

    let plan = predicted.json();
    assert_eq!(
        (&plan["listed"], &plan["exempted"]["daemonset"]["count"]),
        (&json!(14), &json!(2))
    );

    let asked = namespace.macaque("plan --server -o json").exits(0).await;
    assert_eq!(asked.json()["asked"], 12);
    assert_eq!(verdicts(&asked), rows);
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn one_disruption_left_goes_to_one_victim_of_a_seed() {
    let mut namespace = TestNamespace::new().await;
    for name in ["web", "cart"] {
        let workload = Workload::deployment(name, 2).labelled("tier", "front");
        namespace.with(workload).await;
    }

    let selector = json!({"matchLabels": {"tier": "front"}});
    let budget = json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "front"},
        "spec": {"minAvailable": 3, "selector": selector},
    });
    namespace.create(budget).await;
    namespace.until_healthy("front", 4).await;

    for words in ["plan", "plan --server"] {
        let plan = namespace
            .macaque(&format!("{words} --seed 5 --count 2 -o json"))
            .exits(0)
            .await;
        let front = verdicts(&plan);
        assert_eq!(
            (front["web"]["allowed"], front["cart"]["allowed"]),
            (2, 2),
            "each by itself"
        );
        let picked = victims(&plan.json()["draw"]["victims"]);
        let results: Vec<_> = picked
            .iter()
            .map(|line| line.split_once(' ').unwrap().1)
            .collect();
        assert_eq!(results, ["allowed", "refused", "refused"], "{words}");
    }
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn a_round_tries_the_pods_that_the_plan_of_its_seed_predicted() {
    let mut refusals = 0;
    for seed in [1, 2, 3] {
        let mut namespace = TestNamespace::new().await;
        namespace.with(Workload::deployment("web", 3)).await;
        namespace.with(Workload::stateful_set("db", 3)).await;
        namespace
            .with_budget("web", "web", json!({"maxUnavailable": 1}))
            .await;
        namespace
            .with_budget("db", "db", json!({"minAvailable": 3}))
            .await;
        let plan = namespace
            .macaque(&format!("plan --seed {seed} --count 2 -o json"))
            .exits(0)
            .await;
        let predicted = victims(&plan.json()["draw"]["victims"]);
        let round = namespace.macaque(&format!("once --seed {seed} --count 2 --dry-run=false -o json"));
        let round = round.exits(0).await;
        assert_eq!(victims(&json!(round.attempts())), predicted, "seed {seed}");
        refusals += predicted.iter().filter(|line| line.ends_with("refused")).count();
    }
    assert!(refusals > 0, "some seed picks a pod of db");
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn neither_a_plan_nor_its_questions_change_anything() {
    let namespace = TestNamespace::shop().await;
    let alive = namespace.alive().await;
    let state = namespace.state().await;

    for words in [
        "plan --dry-run=false",
        "plan --dry-run=false --seed 7 --count 5 -o wide",
        "plan --dry-run=false --server",
        "plan --dry-run=false --server --method delete",
        "plan --server --method delete --seed 7 --count 9",
        "why deploy/web --dry-run=false",
        "budgets",
    ] {
        namespace.macaque(words).ends().await;
        assert_eq!(namespace.state().await, state, "{words}");
    }

    assert_eq!(namespace.alive().await, alive);
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn a_deletion_is_asked_about_and_allowed_whatever_the_budgets() {
    let namespace = TestNamespace::shop().await;
    let plan = namespace
        .macaque("plan --server --method delete -o json")
        .exits(0)
        .await;
    let allowed = |pods| BTreeMap::from([("allowed".to_owned(), pods)]);

    assert_eq!(verdicts(&plan)["db"], allowed(3));

    let budgets: BTreeSet<_> = plan.json()["candidates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|candidate| candidate["budgets"].to_string())
        .collect();

    assert_eq!(budgets, BTreeSet::from(["\"not-asked\"".to_owned()]));
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn a_plan_needs_what_rbac_prints_for_previews_and_its_questions_need_more() {
    let mut namespace = TestNamespace::shop().await;
    let account = namespace.granted("--preview").await;
    let macaque = |words: &str| namespace.macaque(words).by(&account);
    let plan = macaque("plan -o json").exits(0).await;

    assert_eq!(plan.json()["problems"], json!([]));
    assert_eq!(
        verdicts(&plan)["cart"],
        BTreeMap::from([("allowed".to_owned(), 3)])
    );
    assert_eq!(
        macaque("why deploy/web -o json").exits(0).await.json()["problems"],
        json!([])
    );
    assert_eq!(
        macaque("budgets -o json").exits(3).await.json()["problems"],
        json!([])
    );

    for (method, verb, resource) in [("evict", "create", "pods/eviction"), ("delete", "delete", "pods")] {
        let asked = macaque(&format!("plan --server --method {method} -o json"))
            .exits(0)
            .await;
        let problem = asked.json()["problems"][0].as_str().unwrap().to_owned();
        let grant = format!(r#"{{apiGroups: [""], resources: ["{resource}"], verbs: ["{verb}"]}}"#);
        assert!(
            problem.contains("forbidden") && problem.ends_with(&grant),
            "{problem}"
        );
        assert_eq!(
            verdicts(&asked)["web"],
            BTreeMap::from([("allowed".to_owned(), 4)]),
            "the prediction stands"
        );
    }
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn an_armed_account_may_ask_and_budgets_it_may_not_read_stay_unknown() {
    let mut namespace = TestNamespace::shop().await;
    let account = namespace.granted("--dry-run=false").await;
    let plan = namespace.macaque("plan -o json").by(&account).exits(0).await;

    assert_eq!(verdicts(&plan)["db"], BTreeMap::from([("unknown".to_owned(), 3)]));

    let problem = plan.json()["problems"][0].as_str().unwrap().to_owned();
    let grant = r#"{apiGroups: ["policy"], resources: ["poddisruptionbudgets"], verbs: ["list"]}"#;

    assert!(problem.ends_with(grant), "{problem}");

    let asked = namespace
        .macaque("plan --server -o json")
        .by(&account)
        .exits(0)
        .await;
    let verdicts = verdicts(&asked);

    assert_eq!(verdicts["web"], BTreeMap::from([("allowed".to_owned(), 4)]));

    let (words, pods) = verdicts["db"].first_key_value().unwrap();
    assert!(
        words.contains("needs 3 healthy pods and has 3 currently") && *pods == 3,
        "{words}"
    );
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn a_plan_needs_two_lists_and_nothing_else() {
    let mut namespace = TestNamespace::shop().await;
    let account = namespace.granted("--preview").await;
    let rules = json!({"rules": [
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]},
        {"apiGroups": ["policy"], "resources": ["poddisruptionbudgets"], "verbs": ["list"]},
    ]});
    let role = format!("{}/{}", namespace.path("Role"), namespace.name);
    namespace.send(Method::PATCH, &role, &rules).await.accepted();
    let why = format!("why {}/db-0", namespace.name);
    until("the Role allows no get", async || {
        let printed = namespace.macaque(&why).by(&account).ends().await;
        printed.contains("cannot get resource \"pods\"").then_some(())
    })
    .await;
    let plan = namespace
        .macaque("plan --seed 3 -o json")
        .by(&account)
        .exits(0)
        .await;

    assert_eq!(
        (&plan.json()["problems"], plan.json()["listed"].as_u64()),
        (&json!([]), Some(14))
    );
}
