//! `macaque report`: what the history says of each owner, in every format, whatever it says.

mod bounds;
mod documents;
mod formats;
mod hostile;
mod schema;
mod scope;

use macaque_testkit::history_log::{entry_line, evicted, round_line, shop_log, tried};
use macaque_testkit::{Program, ProgramOutput};
use serde_json::{Value, json};

use crate::macaque;

/// Every format.
const FORMATS: [&str; 7] = ["table", "wide", "json", "yaml", "markdown", "junit", "html"];

/// `macaque report` of a log.
fn report(log: &str, args: &str) -> Program {
    macaque(&format!("report --from macaque.log {args}")).file("macaque.log", log)
}

/// The report of a log as JSON.
fn report_json(log: &str, args: &str) -> Value {
    report(log, &format!("{args} -o json")).run().json()
}

/// The owners of a report in its order.
fn owners(report: &Value) -> Vec<String> {
    let owners = report["owners"].as_array().unwrap().iter();
    let name = |owner: &Value| {
        let [namespace, name] =
            [&owner["namespace"], &owner["owner"]["name"]].map(|name| name.as_str().unwrap());
        format!("{namespace}/{name}")
    };
    owners.map(name).collect()
}

#[test]
fn what_needs_attention_comes_first_with_its_numbers() {
    let report = report_json(&shop_log(), "--since 60d");
    let expected = [
        "shop/web",
        "shop/search",
        "bank/api",
        "shop/db",
        "shop/mail",
        "shop/cart",
    ];
    assert_eq!(owners(&report), expected);

    let search = &report["owners"][1];
    assert_eq!(search["finding"], "slow");
    let recovery = json!({"count": 6, "few": false, "p50_ms": 40_000, "p90_ms": 121_000, "max_ms": 121_000, "slow": 1,
        "unrecovered": 0, "unwatched": 0, "open": 0, "other": 0});
    assert_eq!(search["recovery"], recovery);
    assert_eq!(report["owners"][3]["refused"], json!({"budget shop/db": 2}));
    assert_eq!(report["owners"][4]["held"], json!({"min_ready": 1}));
    assert_eq!(report["owners"][5]["recovery"]["few"], true);
    assert_eq!(report["rounds"], 31);
}

#[test]
fn only_the_time_and_the_namespaces_asked_for_are_reported() {
    assert_eq!(
        owners(&report_json(&shop_log(), "--since 10d")),
        ["shop/search", "bank/api", "shop/mail"]
    );
    assert_eq!(
        owners(&report_json(&shop_log(), "--since 60d -n bank")),
        ["bank/api"]
    );
    let both = report_json(&shop_log(), "--since 60d -n bank,shop");
    assert_eq!(both["namespaces"], json!(["bank", "shop"]));
    assert_eq!(owners(&both).len(), 6);
    assert_eq!(
        owners(&report_json(&shop_log(), "--since 60d -n absent")),
        [""; 0]
    );
}

#[test]
fn an_owner_that_recovered_late_or_not_at_all_is_a_finding_for_the_exit_code_too() {
    let code = |log: &str| report(log, "").run().code;
    assert_eq!(
        code(&entry_line(&evicted("Deployment", "web", 2, "unrecovered"))),
        3
    );
    let mut late = evicted("Deployment", "web", 2, "slow");
    late["recovery"]["times"]["whole_ms"] = json!(70_000);
    assert_eq!(code(&entry_line(&late)), 3);

    let refused = json!({"result": "refused", "by": "budget shop/db"});
    assert_eq!(code(&entry_line(&tried("Deployment", "web", 2, &refused))), 0);
    let unknown = json!({"result": "unknown"});
    assert_eq!(code(&entry_line(&tried("Deployment", "web", 2, &unknown))), 0);
}

#[test]
fn a_log_does_not_say_who_never_had_a_turn_and_the_report_says_that() {
    let output = report(&shop_log(), "--since 60d").run();
    output.says(
        3,
        &[
            "note: it is not known which owners never had a turn: a log does not say which owners are in scope",
            "note: it is not known whether disruptions are missing: a log holds no journal",
        ],
    );
}

#[test]
fn a_dry_runs_findings_count_as_much() {
    let held = json!({"result": "held", "by": "min_ready"});
    let picked = json!({"result": "dry-run"});
    let log = [
        entry_line(&tried("Deployment", "web", 2, &picked)),
        entry_line(&tried("Deployment", "web", 3, &picked)),
        entry_line(&tried("StatefulSet", "db", 4, &held)),
        round_line("2026-05-02T09:30:00Z", "dry-run"),
        round_line("2026-05-04T09:30:00Z", "dry-run"),
    ]
    .concat();

    let report_of = report_json(&log, "");
    assert_eq!(report_of["dry_run"], true);
    let findings: Vec<_> = report_of["owners"].as_array().unwrap().iter().collect();
    assert_eq!(
        (&findings[0]["finding"], &findings[0]["held"]),
        (&json!("held"), &json!({"min_ready": 1}))
    );
    assert_eq!(
        (&findings[1]["finding"], &findings[1]["picked"]),
        (&json!("picked"), &json!(2))
    );
    report(&log, "").run().says(
        0,
        &["2 rounds (2 dry-run), 2 pods picked, none disrupted: dry run"],
    );
    report(&log, "-o junit")
        .run()
        .says(0, &[r#"tests="2" failures="0" errors="0" skipped="2""#]);
}

#[test]
fn a_log_without_a_history_is_reported_as_one_in_every_format() {
    for format in FORMATS {
        let output = report("not of macaque\n", &format!("-o {format}")).run();
        assert_eq!(output.code, 0, "{format}: {output:?}");
        assert!(
            output.out.contains("the history is empty"),
            "{format}: {output:?}"
        );
    }
}

#[test]
fn mistakes_are_usage_errors() {
    report("", "--since yesterday").run().complains(2, &["--since"]);
    report("", "--since 0s")
        .run()
        .complains(2, &["--since", "longer than 0"]);
    report("", "-n Shop!")
        .run()
        .complains(2, &["write the name of a namespace"]);
    report("", "-o pdf").run().complains(2, &["junit", "markdown"]);
    macaque("report --from absent.log")
        .run()
        .complains(2, &["absent.log"]);
    let both = report("", "--macaque-namespace chaos").run();
    both.complains(2, &["cannot be used with"]);
}

/// What a report of a log prints in a format.
fn printed(log: &str, args: &str) -> ProgramOutput {
    report(log, args).run()
}
