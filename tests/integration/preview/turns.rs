//! Whose turn comes when: `schedule --owners` foretells it, `plan` and `why` name the next turn, and with another pace
//! nothing is foretold.

use std::collections::{BTreeMap, BTreeSet};

use kube_sandbox::AccessDenial;
use kube_sandbox::scenario::{deployment, pod};
use serde_json::Value;

use super::fixture::ShopFixture;

/// Office hours of two weeks, and a turn for each owner in them.
const ROTA: &str = "[schedule]\ncron = \"*/30 9-16 * * Mon-Fri\"\ntimezone = \"Europe/Berlin\"\n[disrupt]\npace = \
                    \"rota\"\nevery = \"14d\"\n";

fn rota(shop: &ShopFixture) -> String {
    shop.cluster.file("rota.toml", ROTA)
}

/// The first turn of each owner, as `schedule --owners` lists them.
fn first_turns(shop: &ShopFixture, file: &str) -> BTreeMap<String, String> {
    let listed = shop.macaque(&[
        "schedule", "--owners", "--weeks", "5", "--config", file, "-o", "json",
    ]);
    let listed = listed.json();
    let mut first = BTreeMap::new();
    for turn in listed["turns"].as_array().unwrap() {
        let slot = turn["local"].as_str().unwrap().to_owned();
        first.entry(name(&turn["owner"])).or_insert(slot);
    }
    first
}

/// `deployment/web` of an owner in JSON.
fn name(owner: &Value) -> String {
    let kind = owner["kind"].as_str().unwrap().to_lowercase();
    format!("{kind}/{}", owner["name"].as_str().unwrap())
}

#[test]
fn every_owner_with_a_pod_that_is_or_will_be_eligible_has_one_turn_in_each_period() {
    let shop = ShopFixture::open();
    let from = ["--from", "2026-12-07T00:00:00Z"];
    let words = ["schedule", "--owners", "--weeks", "8", "-o", "json"];
    let listed = shop.macaque(&[&words[..], &from, &["--config", &rota(&shop)]].concat());
    let listed = listed.json();
    assert_eq!(listed["owners"], 4, "no DaemonSet has a turn: {listed}");
    assert_eq!((&listed["every"], &listed["count"]), (&"14d".into(), &1.into()));

    let mut turns: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut slots = BTreeSet::new();
    for turn in listed["turns"].as_array().unwrap() {
        let period = turn["period_end"].as_str().unwrap().to_owned();
        turns.entry(name(&turn["owner"])).or_default().push(period);
        assert!(
            slots.insert(turn["slot"].to_string()),
            "one turn in a slot: {turn}"
        );
    }
    let owners: Vec<_> = turns.keys().map(String::as_str).collect();
    let expected = [
        "deployment/cart",
        "deployment/search",
        "deployment/web",
        "statefulset/db",
    ];
    assert_eq!(owners, expected);
    for (owner, periods) in &turns {
        let distinct: BTreeSet<_> = periods.iter().collect();
        assert_eq!(distinct.len(), periods.len(), "{owner}: {periods:?}");
        assert!((4..=5).contains(&periods.len()), "{owner}: {periods:?}");
    }
}

#[test]
fn the_list_begins_with_the_schedule_and_how_full_the_rota_is() {
    let shop = ShopFixture::open();
    let words = ["schedule", "--owners", "--from", "2026-12-07", "--config"];
    let listed = shop.macaque(&[&words[..], &[&rota(&shop)]].concat());
    assert_eq!(listed.code, 0, "{listed:?}");

    let mut lines = listed.out.lines();
    assert_eq!(lines.next(), Some("*/30 9-16 * * Mon-Fri (Europe/Berlin)"));
    let load =
        "every 14d each of 4 owners has a turn, at most 1 in a slot; this period: 4 of 160 turns taken (2 %)";
    assert_eq!(lines.next(), Some(load));
    assert!(listed.line("SLOT").starts_with("SLOT IN NAMESPACE OWNER EVERY"));
    assert!(listed.line("deployment/web").ends_with("shop deployment/web 14d"));
}

#[test]
fn a_rota_that_is_nearly_full_is_warned_of_and_owners_without_a_slot_are_named() {
    let shop = ShopFixture::open();
    let file = |every: &str| {
        let text =
            format!("[schedule]\ncron = \"0 9 * * *\"\n[disrupt]\npace = \"rota\"\nevery = \"{every}\"\n");
        shop.cluster.file("full.toml", &text)
    };
    let list = |every: &str| shop.macaque(&["schedule", "--owners", "--config", &file(every)]);

    let roomy = list("10d").out;
    assert!(!roomy.contains("warning"), "{roomy}");
    let nearly_full = list("5d").out;
    assert!(
        nearly_full.contains("warning: 80 % of the turns of this period are taken (4 of 5)"),
        "{nearly_full}"
    );
    let too_full = list("3d").out;
    assert!(too_full.contains("no turn in this period: shop/"), "{too_full}");
}

#[test]
fn only_a_rota_foretells_turns_and_the_remedy_is_named() {
    let shop = ShopFixture::open();
    for pace in ["count", "chance"] {
        let words = ["schedule", "--owners", "--pace", pace, "--config", &rota(&shop)];
        shop.macaque(&words).complains(
            2,
            &[
                "disrupt.pace is",
                pace,
                "set disrupt.pace = \"rota\", or leave out --owners",
            ],
        );
    }

    let file = shop.cluster.file("bare.toml", "[disrupt]\npace = \"rota\"\n");
    shop.macaque(&["schedule", "--owners", "--config", &file])
        .complains(2, &["schedule.cron"]);
}

#[test]
fn flags_that_name_a_scope_or_weeks_belong_to_the_owners() {
    let shop = ShopFixture::open();
    let file = rota(&shop);
    for flags in [
        ["--namespace", "shop"],
        ["--selector", "app=web"],
        ["--count", "3"],
    ] {
        shop.macaque(&[&["schedule", "--config", &file], &flags[..]].concat())
            .complains(2, &[flags[0], "'schedule' does not use it without --owners"]);
    }
    shop.macaque(&["schedule", "--config", &file, "--weeks", "3"])
        .complains(2, &["--owners"]);
    for weeks in ["0", "53", "-1", "many"] {
        shop.macaque(&["schedule", "--owners", "--config", &file, "--weeks", weeks])
            .complains(2, &["write a whole number from 1 to 52"]);
    }
}

#[test]
fn a_selector_leaves_the_turns_of_others_out_and_a_missing_grant_is_a_problem() {
    let shop = ShopFixture::open();
    let file = rota(&shop);
    let words = ["schedule", "--owners", "--config", &file];
    let web = shop
        .macaque(&[&words[..], &["-l", "app=web", "-o", "json"]].concat())
        .json();
    assert_eq!(web["owners"], 1);

    shop.sandbox().deny(AccessDenial::new("list", "pods"));
    let denied = shop.macaque(&words);
    assert_eq!(denied.code, 1, "{denied:?}");
    assert!(denied.out.contains("problem: "), "{denied:?}");
    assert!(denied.out.contains("no owner has a turn"), "{denied:?}");
}

#[test]
fn the_plan_names_the_next_turn_of_each_owner_and_gives_a_chance_to_those_of_the_next_round() {
    let shop = ShopFixture::open();
    let file = rota(&shop);
    let first = first_turns(&shop, &file);
    let plan = shop.macaque(&["plan", "--config", &file, "-o", "json"]).json();
    assert_eq!((&plan["pace"], &plan["every"]), (&"rota".into(), &"14d".into()));

    let next_round = plan["turns"][0]["slot"].as_str().unwrap();
    let owners = plan["owners"].as_array().unwrap();
    assert_eq!(owners.len(), first.len());
    let mut due = 0;
    for owner in owners {
        let next = &owner["next_turn"];
        assert_eq!(next["local"], first[owner["owner"].as_str().unwrap()], "{owner}");
        assert_eq!(next["every"], "14d");
        let is_due = next["slot"] == next_round;
        due += owner["candidates"]
            .as_u64()
            .filter(|_| is_due)
            .unwrap_or_default();
        assert!(is_due || owner["chance"] == 0.0, "{owner}");
    }
    let candidates = plan["candidates"].as_array().unwrap();
    assert!(candidates.iter().all(|row| row["next_turn"]["slot"].is_string()));
    assert_eq!(plan["waiting"], candidates.len() as u64 - due);

    let table = shop.macaque(&["plan", "--config", &file]);
    assert!(
        table
            .line("NAMESPACE")
            .starts_with("NAMESPACE OWNER NEXT TURN READY"),
        "{table:?}"
    );
    assert!(
        table
            .out
            .contains("evict 1 pod of each owner whose turn it is, every 14d, and at most 1 per round"),
        "{table:?}"
    );
}

#[test]
fn a_plan_of_every_slot_has_a_round_only_for_owners_that_are_due() {
    // One slot a period: whoever has the turn has the only one.
    let shop = ShopFixture::with(vec![deployment("shop", "web", 2)]);
    let file = shop.cluster.file(
        "daily.toml",
        "[schedule]\ncron = \"0 9 * * *\"\n[disrupt]\npace = \"rota\"\nevery = \"1d\"\n",
    );
    let plan = shop
        .macaque(&["plan", "--config", &file, "--seed", "1", "-o", "json"])
        .json();
    assert_eq!(plan["waiting"], 0);
    assert_eq!(plan["owners"][0]["chance"], 1.0);
    assert_eq!(plan["draw"]["victims"].as_array().unwrap().len(), 1);

    let by_count = ["plan", "--config", &file, "--pace", "count", "-o", "json"];
    let by_count = shop.macaque(&by_count).json();
    assert_eq!(by_count["pace"], "count");
    assert!(by_count["turns"].is_null() && by_count["waiting"].is_null());
    assert!(by_count["owners"][0]["next_turn"].is_null());
}

#[test]
fn why_says_when_the_owner_has_its_next_turn_or_why_it_has_none() {
    let shop = ShopFixture::open();
    shop.sandbox().apply(&[pod("shop", "debug", "debug")]).unwrap();
    let file = rota(&shop);
    let first = first_turns(&shop, &file);

    let why = shop.macaque(&["why", "deploy/web", "--config", &file]);
    let line = format!("its owner's next turn is {} (every 14d)", first["deployment/web"]);
    assert!(why.out.contains(&line), "{line}: {why:?}");
    let json = shop
        .macaque(&["why", "deploy/web", "--config", &file, "-o", "json"])
        .json();
    assert_eq!(json["next_turn"]["local"], first["deployment/web"]);

    for (words, reason) in [
        (
            ["why", "debug", "--pace", "rota"],
            "its owner has no turn: no pod of it is eligible",
        ),
        (
            ["why", "deploy/web", "--pace", "chance"],
            "its owner has no turn: turns are drawn when they come",
        ),
    ] {
        let why = shop.macaque(&[&words[..], &["--config", &file]].concat());
        assert!(why.out.contains(reason), "{why:?}");
    }
    let by_count = shop.macaque(&["why", "deploy/web", "--pace", "count", "--config", &file]);
    assert!(!by_count.out.contains("turn"), "{by_count:?}");
}

#[test]
fn shares_and_ranges_are_shown_with_what_they_mean_now() {
    let shop = ShopFixture::open();
    for (count, words, json) in [
        ("50%", "evict 50% of 4 owners: 2 per round", (2, "50%", Some(4))),
        ("1-3", "evict 1 to 3 per round", (3, "1-3", None)),
    ] {
        let table = shop.macaque(&["plan", "--count", count]);
        assert!(table.out.contains(words), "{table:?}");
        assert!(
            table.line("deployment/cart").contains('~'),
            "chances are estimated: {table:?}"
        );

        let plan = shop.macaque(&["plan", "--count", count, "-o", "json"]).json();
        let (most, configured, owners) = json;
        assert_eq!(plan["count"], most);
        assert_eq!(plan["configured_count"], configured);
        assert_eq!(plan["count_owners"].as_u64(), owners);
    }
}
