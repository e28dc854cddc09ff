//! What `macaque plan` prints.

use std::fs;

use kube_sandbox::scenario;
use serde_json::{Value, json};

use super::fixture::ShopFixture;
use crate::macaque;

#[test]
fn a_preview_never_writes() {
    let shop = ShopFixture::open();
    let web = format!("shop/{}", shop.pod_of("web"));
    let words: [&[&str]; 8] = [
        &["plan"],
        &["plan", "-o", "wide", "--dry-run=false"],
        &["plan", "--seed", "7", "--count", "3", "--dry-run=false"],
        &["plan", "--method", "delete", "-A", "-o", "yaml"],
        &["why", &web, "--dry-run=false"],
        &["why", "deploy/web", "-o", "json"],
        &["why", "sts/db", "--method", "delete"],
        &["why", "shop/nobody"],
    ];

    for words in words {
        shop.macaque(words);
    }

    assert!(shop.sandbox().requests().len() > words.len());
    assert_eq!(shop.cluster.writes(), [""; 0]);
}

#[test]
fn a_journal_that_the_next_round_will_not_use_is_said_before_anything_else() {
    let shop = ShopFixture::open();
    let armed = |words: &str| {
        let program = macaque(&format!("{words} -n shop --dry-run=false"));
        program
            .env("MACAQUE_POD_NAMESPACE", "shop")
            .on(&shop.cluster)
            .run()
    };
    let says = |words: &str| {
        for command in ["plan", "why deploy/web"] {
            armed(command).says(0, &["withheld: ", words]);
        }
    };
    let sandbox = shop.sandbox();
    let create = |data: &Value| {
        let metadata = json!({"name": "macaque-journal", "namespace": "shop"});
        let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data});
        sandbox.remove("ConfigMap", "shop", "macaque-journal");
        sandbox.apply(&[object]).unwrap();
    };

    says("the journal is missing");
    create(&json!({"journal.json": "null"}));
    says("the journal in ConfigMap shop/macaque-journal cannot be used: journal.json: ");

    create(&json!({}));
    assert!(!armed("plan").out.contains("withheld"));
    armed("once").says(0, &["evicted"]);
    assert!(!armed("plan").out.contains("withheld"));
    let journal = sandbox.object("ConfigMap", "shop", "macaque-journal").unwrap();
    create(&journal["data"]);
    says("is not trusted: it was written to another ConfigMap");
    armed("once").says(3, &["the journal is not trusted"]);
    says("the journal is not trusted: ");
}

#[test]
fn each_owner_has_its_readiness_budget_verdict_and_chance() {
    let plan = ShopFixture::open().macaque(&["plan"]);
    assert_eq!(plan.code, 0, "{plan:?}");
    assert_eq!(
        plan.line("deployment/cart"),
        "shop deployment/cart 3/3 cart 1 3 33% ok allowed: budget cart allows 1"
    );
    assert_eq!(
        plan.line("deployment/search"),
        "shop deployment/search 2/2 - - 2 22% ok allowed: no budget covers it"
    );
    assert_eq!(
        plan.line("statefulset/db"),
        "shop statefulset/db 3/3 db 0 3 0% ok refused by budget db: The disruption budget db needs 3 healthy pods \
         and has 3 currently"
    );
}

#[test]
fn the_funnel_leads_from_all_pods_to_the_candidates() {
    let shop = ShopFixture::open();
    shop.sandbox()
        .apply(&[scenario::pod("shop", "debug", "debug")])
        .unwrap();
    let plan = shop.macaque(&["plan"]);

    assert_eq!(plan.line("listed"), "15 listed");
    assert!(plan.line("daemonset").starts_with("-2 daemonset shop/logs-"));
    assert_eq!(plan.line("-1"), "-1 bare shop/debug: no controller to replace it");
    assert_eq!(plan.line("candidates"), "12 candidates");

    let json = shop.macaque(&["plan", "-o", "json"]).json();
    assert_eq!(json["exempted"]["bare"]["count"], 1);
}

#[test]
fn readiness_counts_all_pods_of_an_owner_and_a_mixed_verdict_counts_each() {
    let shop = ShopFixture::open();
    let db = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "db-0", "namespace": "shop", "labels": {"app": "db"}, "ownerReferences": [{
            "apiVersion": "apps/v1", "kind": "StatefulSet", "name": "db", "uid": "u", "controller": true,
        }]},
        "spec": {"nodeName": "node-1", "containers": [{"name": "db", "image": "db"}]},
        "status": {"phase": "Pending"},
    });
    shop.sandbox().apply(&[db]).unwrap();
    let config = "[target]\ninclude = [\"pending\"]\n";
    let directory = tempfile::TempDir::new().unwrap();
    let file = directory.path().join("macaque.toml");
    fs::write(&file, config).unwrap();
    let line = shop
        .macaque(&["plan", "--no-guards", "--config", file.to_str().unwrap()])
        .line("statefulset/db");

    assert!(line.starts_with("shop statefulset/db 2/3 db 0 3 ~"), "{line}");
    assert!(
        line.contains("not asked 1 allowed: no budget is checked for a pod that is Pending; 2 refused"),
        "{line}"
    );

    let without = shop.macaque(&["plan"]).line("statefulset/db");
    assert!(
        without.starts_with("shop statefulset/db 2/3 db 0 2 0%"),
        "{without}"
    );
}

#[test]
fn pods_that_are_terminating_or_finished_are_no_replicas() {
    let shop = ShopFixture::open();
    let before = ["cart 3/3", "db 3/3"];
    for (app, expected) in ["cart", "db"].into_iter().zip(before) {
        shop.add_departing_pods(app);
        let line = shop.macaque(&["plan"]).line(&format!("/{app} "));
        assert!(line.contains(&format!("/{expected} ")), "{line}");
    }

    let json = shop.macaque(&["plan", "-o", "json"]).json();
    let owners = json["owners"].as_array().unwrap();
    let cart = owners.iter().find(|owner| owner["owner"] == "deployment/cart");
    let counts = cart.map(|cart| {
        (
            cart["ready"].clone(),
            cart["pods"].clone(),
            cart["candidates"].clone(),
        )
    });
    assert_eq!(counts, Some((json!(3), json!(3), json!(3))));
}

#[test]
fn the_mode_and_the_next_rounds_are_printed_first() {
    let shop = ShopFixture::open();
    let dry = shop.macaque(&["plan"]);
    assert!(
        dry.out
            .starts_with("DRY RUN: nothing is disrupted; evict 1 per round"),
        "{dry:?}"
    );
    assert!(dry.out.contains("no schedule: only `macaque once` runs rounds"));

    let directory = tempfile::TempDir::new().unwrap();
    let file = directory.path().join("macaque.toml");
    fs::write(
        &file,
        "dry_run = false\n[schedule]\ncron = \"0 * * * *\"\nquiet = [\"00:00-24:00\"]\n",
    )
    .unwrap();
    let armed = shop.macaque(&["plan", "--config", file.to_str().unwrap()]);

    assert!(armed.out.starts_with("ARMED; evict 1 per round"), "{armed:?}");
    assert_eq!(armed.out.matches("(quiet: Mon-Sun)").count(), 3, "{armed:?}");
    assert!(armed.out.contains("every slot is in a quiet time"), "{armed:?}");

    fs::write(
        &file,
        "[schedule]\ncron = \"* * * * *\"\nquiet = [\"2020-01-01/2099-12-31\"]\n",
    )
    .unwrap();
    let late = shop.macaque(&["plan", "--config", file.to_str().unwrap()]);

    assert!(
        late.line("next:").contains("then Fri 2100-01-01 00:00 UTC (in "),
        "{late:?}"
    );
}

/// The victims as `POD RESULT`.
fn tried(victims: &Value, allowed: &str) -> Vec<String> {
    let lines = victims.as_array().unwrap().iter().map(|victim| {
        let refused = victim["verdict"] == "refused" || victim["outcome"]["result"] == "refused";
        let result = if refused { "refused" } else { allowed };
        format!("{} {result}", victim["pod"]["name"].as_str().unwrap())
    });
    lines.collect()
}

#[test]
fn a_round_of_a_seed_tries_the_victims_that_the_plan_of_the_seed_predicted() {
    let mut refusals = 0;
    for seed in ["1", "2", "3", "4", "5", "6", "7", "8"] {
        let shop = ShopFixture::open();
        let plan = shop
            .macaque(&["plan", "--seed", seed, "--count", "2", "-o", "json"])
            .json();
        let predicted = tried(&plan["draw"]["victims"], "evicted");
        let words = [
            "once",
            "--seed",
            seed,
            "--count",
            "2",
            "--dry-run=false",
            "-o",
            "json",
        ];
        let report = shop.macaque(&words).json();
        assert_eq!(tried(&report["attempts"], "evicted"), predicted, "seed {seed}");
        refusals += predicted.iter().filter(|line| line.ends_with("refused")).count();
    }

    assert!(refusals > 0, "some seed draws a pod of db");
}

#[test]
fn a_dry_run_picks_those_that_the_plan_of_its_seed_says_it_would_pick() {
    let shop = ShopFixture::open();
    let mut differed = 0;
    for seed in ["1", "2", "3", "4", "5", "6", "7", "8"] {
        let draw = shop.macaque(&["plan", "--seed", seed, "-o", "json"]).json()["draw"].clone();
        let picked = match &draw["picked_in_dry_run"] {
            Value::Null => draw["victims"][0]["pod"].clone(),
            picked => {
                differed += 1;
                picked[0].clone()
            }
        };
        let report = shop.macaque(&["once", "--seed", seed, "-o", "json"]).json();
        assert_eq!(report["attempts"][0]["pod"], picked, "seed {seed}");
    }

    assert!(differed > 0, "some seed draws a pod of db");
}

#[test]
fn keys_that_direct_nothing_are_warned_of_by_plan_and_why() {
    let mut web = scenario::deployment("shop", "web", 2);
    web["spec"]["template"]["metadata"]["annotations"] =
        json!({"macaque/enable": "false", "macaque/frozen-until": "2026-12-24"});
    let shop = ShopFixture::with(vec![web]);
    let unknown = "no such key; did you mean macaque/enabled?";
    let unreadable =
        "it has no time and offset: write 2026-12-24T00:00:00Z, for example; it counts as frozen";

    let plan = shop.macaque(&["plan"]);
    let counted = format!("warning: macaque/enable: {unknown} (2 pods, such as shop/web-");
    plan.says(0, &[&counted, unreadable]);
    let warnings = shop.macaque(&["plan", "-o", "json"]).json()["warnings"].clone();
    assert_eq!(warnings.as_array().unwrap().len(), 2, "{warnings}");

    let why = shop.macaque(&["why", "deploy/web"]);
    why.says(
        0,
        &[
            "warning: macaque/enable on pod shop/web-",
            "warning: macaque/frozen-until=\"2026-12-24\" on pod shop/web-",
            unknown,
            unreadable,
            "cannot be picked: frozen by macaque/frozen-until=\"2026-12-24\"",
        ],
    );
}
