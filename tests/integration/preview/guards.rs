//! What `macaque plan` and `macaque why` print of guards.

use jiff::{SignedDuration, Timestamp};
use kube_sandbox::AccessDenial;
use macaque_testkit::ProgramOutput;
use serde_json::{Value, json};

use super::fixture::ShopFixture;
use crate::macaque;

/// The shop, in which one pod of the StatefulSet `db` became unready twelve minutes ago.
fn with_an_unready_pod() -> ShopFixture {
    let shop = ShopFixture::open();
    change(&shop, "Pod", "db-1", |pod| {
        let since = Timestamp::now() - SignedDuration::from_secs(12 * 60 + 20);
        pod["status"]["conditions"] =
            json!([{"type": "Ready", "status": "False", "lastTransitionTime": since}]);
    });
    shop
}

fn change(shop: &ShopFixture, kind: &str, name: &str, change: impl FnOnce(&mut Value)) {
    let mut object = shop.sandbox().object(kind, "shop", name).unwrap();
    change(&mut object);
    shop.sandbox().apply(&[object]).unwrap();
}

fn freeze_namespace(shop: &ShopFixture) {
    let namespace = json!({
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": "shop", "annotations": {"macaque/frozen": "true"}},
    });
    shop.sandbox().apply(&[namespace]).unwrap();
}

/// Runs `macaque WORDS…` on the shop with one more setting.
fn with(shop: &ShopFixture, setting: (&str, &str), words: &[&str]) -> ProgramOutput {
    let program = macaque("")
        .on(&shop.cluster)
        .env("MACAQUE_NAMESPACE", "shop")
        .env(setting.0, setting.1);
    words
        .iter()
        .fold(program, |program, word| program.arg(word))
        .run()
}

fn owner<'a>(plan: &'a Value, name: &str) -> &'a Value {
    let owners = plan["owners"].as_array().unwrap();
    owners.iter().find(|owner| owner["owner"] == name).unwrap()
}

#[test]
fn an_owner_that_is_not_whole_is_held_with_its_numbers_and_has_no_chance() {
    let shop = with_an_unready_pod();
    let plan = shop.macaque(&["plan"]);
    assert_eq!(plan.code, 0, "{plan:?}");
    assert_eq!(
        plan.line("statefulset/db"),
        "shop statefulset/db 2/3 db 0 3 0% whole: 2 of 3 pods ready, 1 not ready since 12m held by guard whole"
    );
    assert!(plan.line("deployment/web").contains("44% ok allowed"), "{plan:?}");
    let wide = shop.macaque(&["plan", "-o", "wide"]);
    assert!(
        wide.line("shop/db-0")
            .ends_with("0% guard whole holds back: 2 of 3 pods ready, 1 not ready since 12m"),
        "{wide:?}"
    );

    let why = shop.macaque(&["why", "shop/db-0"]);
    assert_eq!(
        why.line("whole  "),
        "whole holds back guards.whole = true 2 of 3 pods ready, 1 not ready since 12m"
    );
    assert_eq!(
        why.line("freeze  "),
        "freeze ok guards.freeze = true namespace shop is not frozen, statefulset/db is not frozen"
    );
    assert_eq!(why.line("nodes  "), "nodes off guards.nodes = \"off\"");
    let conclusion = "shop/db-0 can be picked, but would not be disrupted: guard whole holds back: 2 of 3 pods ready, \
                      1 not ready since 12m.";
    assert!(why.out.contains(conclusion), "{why:?}");

    let json = shop.macaque(&["plan", "-o", "json"]).json();
    assert_eq!(
        owner(&json, "statefulset/db")["guards"],
        "whole: 2 of 3 pods ready, 1 not ready since 12m"
    );
    let candidate = json["candidates"].as_array().unwrap().iter();
    let held = candidate.filter(|candidate| candidate["verdict"] == "held");
    let guards: Vec<_> = held
        .map(|held| (&held["guard"], &held["answer"], &held["guards"][2]["guard"]))
        .collect();
    assert_eq!(
        guards,
        [(&json!("whole"), &json!("holds-back"), &json!("whole")); 3]
    );
}

#[test]
fn a_rollout_is_named_with_its_revisions() {
    let shop = ShopFixture::open();
    change(&shop, "Pod", "db-2", |pod| {
        pod["metadata"]["labels"]["controller-revision-hash"] = json!("db-new");
    });
    let line = shop.macaque(&["plan"]).line("statefulset/db");
    assert!(
        line.contains(" 0% rollout: 2 revisions (db-") && line.contains("db-new: 1)"),
        "{line}"
    );
    let why = shop.macaque(&["why", "sts/db"]);
    assert!(
        why.line("rollout  ")
            .starts_with("rollout holds back guards.rollout = "),
        "{why:?}"
    );
    assert_eq!(
        why.out.matches("guards.rollout = true").count(),
        1,
        "the guards of an owner are shown once"
    );
}

#[test]
fn a_minimum_that_can_never_be_reached_is_said_of_each_owner() {
    let shop = ShopFixture::open();
    let setting = ("MACAQUE_GUARDS__MIN_READY", "2");
    let plan = with(&shop, setting, &["plan"]);
    assert!(
        plan.line("deployment/search").contains(
            "min_ready: can never pass: 2 of 2 must stay ready (guards.min_ready = 2) held by guard min_ready"
        ),
        "{plan:?}"
    );
    let json = with(&shop, setting, &["plan", "-o", "json"]).json();
    assert_eq!(
        owner(&json, "deployment/search")["unreachable_min_ready"],
        "can never pass: 2 of 2 must stay ready (guards.min_ready = 2)"
    );
    assert_eq!(
        owner(&json, "deployment/web")["unreachable_min_ready"],
        Value::Null
    );
}

#[test]
fn a_frozen_namespace_holds_every_owner_and_a_frozen_owner_only_itself() {
    let shop = ShopFixture::open();
    change(&shop, "Deployment", "web", |web| {
        web["metadata"]["annotations"] =
            json!({"macaque/frozen-until": "2999-01-01T00:00:00Z", "macaque/freeze": "1"});
    });
    let plan = shop.macaque(&["plan"]);
    assert!(
        plan.line("deployment/web").contains(
            " 0% freeze: deployment/web is frozen until 2999-01-01T00:00:00Z by macaque/frozen-until held by"
        ),
        "{plan:?}"
    );
    assert!(plan.line("deployment/cart").contains("% ok allowed"), "{plan:?}");
    assert_eq!(
        plan.line("warning"),
        "warning: macaque/freeze on deployment/web: no such key; did you mean macaque/frozen?"
    );

    freeze_namespace(&shop);
    let plan = shop.macaque(&["plan"]);
    let held = "freeze: namespace shop is frozen by macaque/frozen=\"true\" held by guard freeze";
    assert_eq!(
        plan.out
            .lines()
            .filter(|line| line
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
                .ends_with(held))
            .count(),
        4,
        "{plan:?}"
    );
    assert_eq!(plan.code, 0);
}

#[test]
fn a_guard_of_the_round_ends_it_for_every_candidate_and_the_seed_picks_nothing() {
    let shop = ShopFixture::open();
    for name in ["a", "b"] {
        let mut pod = shop.sandbox().object("Pod", "shop", "db-0").unwrap();
        pod["metadata"]["name"] = json!(name);
        pod["metadata"]["uid"] = json!(name);
        pod["metadata"]["ownerReferences"] = json!(null);
        pod["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        pod["metadata"]["deletionGracePeriodSeconds"] = json!(30);
        pod["status"]["conditions"] = json!([{
            "type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI",
        }]);
        shop.sandbox().apply(&[pod]).unwrap();
    }

    let plan = shop.macaque(&["plan", "--seed", "1"]);
    assert_eq!(plan.code, 0, "{plan:?}");
    let block = plan.line("round guards:");
    assert!(
        block.starts_with("round guards: drains holds back: 2 pods"),
        "{block}"
    );
    for app in ["deployment/cart", "deployment/web", "statefulset/db"] {
        let line = plan.line(app);
        assert!(
            line.contains(" 0% ok the round would end: guard drains holds back: 2 pods"),
            "{line}"
        );
    }
    assert!(
        plan.line("seed 1")
            .starts_with("seed 1 picks no pod: the round would end: guard drains holds back"),
        "{plan:?}"
    );
    let json = shop.macaque(&["plan", "--seed", "1", "-o", "json"]).json();
    assert_eq!(json["round_guards"][0]["answer"], "holds-back");
    assert_eq!(json["candidates"][0]["verdict"], "round-held");
    assert_eq!(json["draw"]["held"]["guard"], "drains");
    assert_eq!(json["draw"]["victims"], json!([]));

    let why = shop.macaque(&["why", "deploy/web"]);
    assert!(
        why.out
            .contains("can be picked, but the round would end: guard drains holds back: 2 pods"),
        "{why:?}"
    );
    let once = shop.macaque(&["once", "--seed", "1", "-o", "json"]);
    assert_eq!(once.code, 6, "{once:?}");
    assert_eq!(once.json()["end"]["guard"], "drains");
}

#[test]
fn a_pod_that_is_missing_is_seen_by_the_wanted_number_and_without_the_grant_a_note_says_so() {
    let shop = ShopFixture::open();
    shop.sandbox().remove("Pod", "shop", "db-1");
    let line = shop.macaque(&["plan"]).line("statefulset/db");
    assert!(
        line.starts_with("shop statefulset/db 2/3 ") && line.contains("whole: 2 of 2 pods ready, 3 wanted"),
        "{line}"
    );

    shop.sandbox()
        .deny(AccessDenial::new("get", "statefulsets.apps/scale"));
    shop.sandbox()
        .deny(AccessDenial::new("get", "statefulsets/scale"));
    let plan = shop.macaque(&["plan"]);
    assert!(
        plan.line("statefulset/db")
            .starts_with("shop statefulset/db 2/2 "),
        "{plan:?}"
    );
    assert_eq!(
        plan.line("note"),
        "note: how many replicas are wanted is not known without the permission to get statefulsets/scale: a missing \
         pod is not noticed"
    );
}

#[test]
fn siblings_outside_the_selector_are_seen_too() {
    let shop = with_an_unready_pod();
    let plan = shop.macaque(&["plan", "-l", "statefulset.kubernetes.io/pod-name=db-0"]);
    assert_eq!(
        plan.line("statefulset/db"),
        "shop statefulset/db 2/3 db 0 1 0% whole: 2 of 3 pods ready, 1 not ready since 12m held by guard whole"
    );
}

#[test]
fn without_guards_none_is_asked_and_nothing_is_said_of_them() {
    let shop = with_an_unready_pod();
    freeze_namespace(&shop);
    let plan = shop.macaque(&["plan", "--no-guards"]);
    let line = plan.line("statefulset/db");
    assert!(line.contains(" not asked 2 refused by budget db"), "{line}");
    assert!(!plan.out.contains("round guards"), "{plan:?}");
    let json = shop.macaque(&["plan", "--no-guards", "-o", "json"]).json();
    assert_eq!(json["round_guards"], Value::Null);
    assert_eq!(owner(&json, "statefulset/db")["guards"], Value::Null);

    let mut requests = shop.cluster.requests().into_iter();
    assert!(!requests.any(|request| request.contains("/scale") || request.ends_with("/namespaces/shop")));
}

#[test]
fn a_round_of_a_seed_is_held_where_the_plan_of_the_seed_said_so() {
    let mut held = 0;
    for seed in ["1", "2", "3", "4", "5", "6", "7", "8"] {
        let shop = with_an_unready_pod();
        let words = ["--seed", seed, "--count", "2", "--dry-run=false", "-o", "json"];
        let plan = shop.macaque(&[&["plan"], &words[..]].concat()).json();
        let report = shop.macaque(&[&["once"], &words[..]].concat()).json();

        let of = |victim: &Value, outcome: &Value| (victim["pod"].clone(), outcome["guard"].clone());
        let predicted = plan["draw"]["victims"].as_array().unwrap().iter();
        let predicted: Vec<_> = predicted.map(|victim| of(victim, victim)).collect();
        let happened = report["attempts"].as_array().unwrap().iter();
        let happened: Vec<_> = happened.map(|attempt| of(attempt, &attempt["outcome"])).collect();
        assert_eq!(happened, predicted, "seed {seed}");
        held += predicted.iter().filter(|(_, guard)| guard == "whole").count();
    }
    assert!(held > 0, "some seed draws a pod of db");
}

#[test]
fn an_exempt_pod_shows_the_guards_of_its_owner_too() {
    let shop = ShopFixture::open();
    let logs = shop.macaque(&["why", "ds/logs"]);
    assert!(
        logs.line("whole  ")
            .starts_with("whole ok guards.whole = true 2 of 2 pods ready"),
        "{logs:?}"
    );
    assert!(
        logs.out.contains("cannot be picked: belongs to a DaemonSet."),
        "{logs:?}"
    );

    let bare = kube_sandbox::scenario::pod("shop", "debug", "debug");
    shop.sandbox().apply(&[bare]).unwrap();
    let debug = shop.macaque(&["why", "shop/debug"]);
    assert_eq!(
        debug.line("whole  "),
        "whole - guards.whole = true nothing owns the pod"
    );
}

#[test]
fn a_gate_that_cannot_answer_is_named_by_plan_and_why() {
    let shop = ShopFixture::open();
    let gate = "[[guards.http]]\nname = \"release-freeze\"\nurl = \"http://127.0.0.1:1/\"\n";
    let file = shop.cluster.file("macaque.toml", gate);
    let plan = shop.macaque(&["plan", "--config", &file]);
    assert!(
        plan.line("round guards:")
            .contains("; release-freeze cannot answer: "),
        "{plan:?}"
    );
    assert!(
        plan.line("deployment/web")
            .contains("the round would end: guard release-freeze cannot answer: "),
        "{plan:?}"
    );
    let why = shop.macaque(&["why", "deploy/web", "--config", &file]);
    assert!(
        why.line("release-freeze  ")
            .starts_with("release-freeze cannot answer guards.http release-freeze "),
        "{why:?}"
    );
}

#[test]
fn pods_that_macaque_evicted_itself_are_no_drain_to_plan_and_why() {
    let shop = ShopFixture::open();
    let journal = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "macaque-journal", "namespace": "shop"},
    });
    shop.sandbox().apply(&[journal]).unwrap();
    let run = |words: &[&str]| {
        let program = macaque("")
            .on(&shop.cluster)
            .env("MACAQUE_NAMESPACE", "shop")
            .env("MACAQUE_POD_NAMESPACE", "shop")
            .env("MACAQUE_JOURNAL", "configmap/macaque-journal");
        words
            .iter()
            .fold(program, |program, word| program.arg(word))
            .run()
    };
    let once = run(&["once", "--dry-run=false", "--count", "2", "-o", "json"]);
    let attempts = once.json()["attempts"].clone();
    let evicted = attempts.as_array().unwrap().iter();
    let evicted = evicted.filter(|attempt| attempt["outcome"]["result"] == "evicted");
    assert_eq!(evicted.count(), 2, "{once:?}");

    let none = "drains ok (0 pods are being disrupted by others)";
    let plan = run(&["plan", "--dry-run=false"]);
    assert!(plan.out.contains(none), "{plan:?}");
    let why = run(&["why", "sts/db", "--dry-run=false"]);
    assert!(why.line("drains  ").starts_with("drains ok "), "{why:?}");
    let elsewhere = shop.macaque(&["plan", "--dry-run=false"]);
    assert!(
        elsewhere
            .line("round guards")
            .starts_with("round guards: drains holds back: 2 pods"),
        "{elsewhere:?}"
    );
}
