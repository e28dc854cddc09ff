//! `macaque check`: each finding with its remedy, in every format, and nothing disrupted.

use kube_sandbox::AccessDenial;
use kube_sandbox::scenario::deployment;
use serde_json::{Value, json};

use crate::macaque;
use macaque_testkit::{ProgramOutput, TestCluster};

fn shop() -> TestCluster {
    TestCluster::with(vec![deployment("shop", "web", 2)])
}

/// The finding about `what` in a report as JSON.
fn finding(output: &ProgramOutput, what: &str) -> Value {
    let findings = output.json();
    let found = findings
        .as_array()
        .unwrap()
        .iter()
        .find(|finding| finding["what"] == what);

    found
        .unwrap_or_else(|| panic!("{what} is not in {output:?}"))
        .clone()
}

#[test]
fn all_is_well() {
    let cluster = shop();
    let output = macaque("check -n shop --dry-run=false")
        .env("MACAQUE_CRONTAB", "*/5 * * * *")
        .on(&cluster)
        .run();
    let words = [
        "armed, evict 1 per round",
        "v1.37",
        "namespace shop",
        "may create pods/eviction in namespace shop",
    ];

    output.says(0, &words);
    assert!(
        !output.out.contains("FAILED") && !output.out.contains("note"),
        "{output:?}"
    );

    let writes = cluster
        .sandbox
        .requests()
        .into_iter()
        .filter(|request| request.method != "GET");

    for request in writes {
        let reviews = ["/selfsubjectaccessreviews", "/selfsubjectreviews"];
        let asks = reviews
            .iter()
            .any(|review| request.path_and_query.ends_with(review));
        assert!(asks, "{request:?}");
    }
}

#[test]
fn a_missing_grant_is_1_with_the_rule_to_add() {
    let cluster = shop();
    cluster.sandbox.deny(AccessDenial::new("create", "pods/eviction"));
    let rule =
        "add to macaque's Role: {apiGroups: [\"\"], resources: [\"pods/eviction\"], verbs: [\"create\"]}";
    let call = || macaque("check -n shop --dry-run=false").on(&cluster);

    call().run().says(1, &["FAILED", "not granted", rule]);
    let found = finding(
        &call().arg("-ojson").run(),
        "may create pods/eviction in namespace shop",
    );

    assert_eq!(
        (&found["result"], &found["remedy"]),
        (&json!("failed"), &json!(rule))
    );
}

#[test]
fn a_grant_that_a_dry_run_does_not_need_is_a_note() {
    let cluster = shop();
    cluster.sandbox.deny(AccessDenial::new("create", "pods/eviction"));
    let output = macaque("check -n shop -o json").on(&cluster).run();
    let found = finding(&output, "may create pods/eviction in namespace shop");
    assert_eq!((output.code, &found["result"]), (0, &json!("note")));
}

#[test]
fn a_missing_grant_of_events_is_a_note_and_so_is_where_those_about_deployments_are_written() {
    let cluster = shop();
    cluster
        .sandbox
        .deny(AccessDenial::new("create", "events.events.k8s.io"));
    cluster
        .sandbox
        .deny(AccessDenial::new("get", "deployments.apps/scale"));
    let call = |enabled| {
        macaque("check -n shop --dry-run=false -o json")
            .env("MACAQUE_EVENTS__ENABLED", enabled)
            .on(&cluster)
            .run()
    };

    let output = call("true");
    for (what, detail) in [
        (
            "may create events.events.k8s.io in namespace shop",
            "not granted, and optional: without it no Events are written",
        ),
        (
            "Events about Deployments in namespace shop",
            "written on the ReplicaSet instead, without the permission to get deployments.apps/scale",
        ),
    ] {
        let found = finding(&output, what);
        assert_eq!(
            (&found["result"], &found["detail"]),
            (&json!("note"), &json!(detail))
        );
    }
    assert_eq!(output.code, 0);

    let findings = call("false").json();
    let mut findings = findings.as_array().unwrap().iter();
    assert!(findings.all(|finding| !finding["what"].to_string().to_lowercase().contains("events")));
}

#[test]
fn for_all_namespaces_the_rule_belongs_in_a_cluster_role() {
    let cluster = shop();
    cluster.sandbox.deny(AccessDenial::new("delete", "pods"));
    let output = macaque("check -A --method delete --dry-run=false")
        .on(&cluster)
        .run();

    output.says(
        1,
        &[
            "may delete pods in all namespaces",
            "add to macaque's ClusterRole:",
        ],
    );
}

#[test]
fn an_absent_namespace_is_1_with_a_remedy() {
    let output = macaque("check -n shpo").on(&shop()).run();
    output.says(
        1,
        &[
            "FAILED",
            "namespace shpo",
            "not found; create what is missing, or fix target.namespaces",
        ],
    );
}

#[test]
fn many_namespaces_are_one_line_for_each_answer_and_whole_in_json() {
    let names: Vec<_> = (0..30).map(|n| format!("team-{n}")).collect();
    let cluster = TestCluster::with(names.iter().map(|name| deployment(name, "web", 2)).collect());
    let check = |more: &str| {
        let call = format!("check -n {} {more}", names.join(","));
        macaque(&call).on(&cluster).run()
    };

    let table = check("");
    table.says(0, &["30 namespaces", "may list pods in 30 namespaces", "granted"]);
    // One for each permission, the four optional ones among them, and a few that concern no namespace.
    assert!(table.out.lines().count() < 16, "{table:?}");
    table.says(
        0,
        &["may get namespaces in 30 namespaces", "granted; it is optional"],
    );

    let findings = check("-o json");
    for name in &names {
        let found = finding(&findings, &format!("may list pods in namespace {name}"));
        assert_eq!(found["result"], json!("ok"));
    }
}

#[test]
fn an_api_server_that_is_away_is_1_with_a_remedy() {
    let output = macaque("check -n shop").on_absent_server().run();
    output.says(
        1,
        &[
            "FAILED  API server",
            "connection refused",
            "check that the API server runs at that address",
        ],
    );
}

#[test]
fn a_schedule_that_is_not_set_is_a_note() {
    let output = macaque("check -n shop -o json").on(&shop()).run();
    let found = finding(&output, "schedule");
    assert_eq!((output.code, &found["remedy"]), (0, &json!("set schedule.cron")));
}

#[test]
fn a_step_that_does_not_divide_the_hour_is_a_note() {
    let call = macaque("check -n shop -o json").env("MACAQUE_CRONTAB", "*/45 * * * *");
    let output = call.on(&shop()).run();
    let found = finding(&output, "schedule");
    assert_eq!((output.code, &found["result"]), (0, &json!("note")));
    let remedy = found["remedy"].as_str().unwrap();
    assert!(remedy.contains("*/45 starts anew with each hour"), "{remedy}");
}

#[test]
fn that_every_pod_must_stay_ready_is_a_warning() {
    let cluster = shop();
    let check = |value| {
        let call = macaque("check -n shop -o json").env("MACAQUE_GUARDS__MIN_READY", value);
        call.on(&cluster).run()
    };
    let output = check("100%");
    let found = finding(&output, "guards.min_ready");
    assert_eq!((output.code, &found["result"]), (0, &json!("warning")));
    assert_eq!(found["remedy"], "use a lower percentage, or a number");

    let all = check("50%").json();
    let mut findings = all.as_array().unwrap().iter();
    assert!(
        findings.all(|finding| finding["what"] != "guards.min_ready"),
        "{all}"
    );
}

#[test]
fn the_findings_are_printed_as_yaml_too() {
    let output = macaque("check -n shop -o yaml").on(&shop()).run();
    output.says(0, &["- what: configuration\n  result: ok\n", "  detail: v1.37"]);
}

#[test]
fn owners_that_min_ready_never_lets_go_are_counted_in_a_note() {
    let workloads = vec![
        deployment("shop", "web", 3),
        deployment("shop", "cart", 1),
        deployment("shop", "mail", 2),
    ];
    let cluster = TestCluster::with(workloads);
    let found = |min_ready: &str| {
        let check = macaque("check -n shop -ojson").env("MACAQUE_GUARDS__MIN_READY", min_ready);
        finding(&check.on(&cluster).run(), "guards.min_ready")
    };

    let cart = "deployment/cart in shop: can never pass: 1 of 1 must stay ready (guards.min_ready = 1)";
    assert_eq!(found("1")["result"], "note");
    assert_eq!(found("1")["detail"], cart);
    let several = found("2")["detail"].to_string();
    assert!(
        several.starts_with("\"2 of 3 owners, such as deployment/cart in shop: "),
        "{several}"
    );

    // Two of its pods are missing for a while.
    let mut web = cluster.sandbox.object("Deployment", "shop", "web").unwrap();
    web["spec"]["replicas"] = json!(5);
    cluster.sandbox.apply(&[web]).unwrap();
    let several = found("3")["detail"].to_string();
    assert!(
        several.starts_with("\"2 of 3 owners"),
        "web wants five: {several}"
    );
}

#[test]
fn how_full_the_rota_is_and_whose_period_is_not_honoured_is_said() {
    let mut hasty = deployment("shop", "hasty", 2);
    hasty["metadata"]["annotations"] = json!({"macaque/every": "1m"});
    let mut weekly = deployment("shop", "weekly", 2);
    weekly["metadata"]["annotations"] = json!({"macaque/every": "7d"});
    let cluster = TestCluster::with(vec![hasty, weekly, deployment("shop", "web", 2)]);
    let run = |args: &str| {
        macaque(args)
            .env("MACAQUE_CRONTAB", "*/30 * * * *")
            .env("MACAQUE_DISRUPT__PACE", "rota")
            .on(&cluster)
            .run()
    };

    let output = run("check -n shop -o json");
    let rota = finding(&output, "rota");
    assert_eq!(rota["result"], "ok", "{rota}");
    let detail = rota["detail"].as_str().unwrap();
    assert!(
        detail.starts_with("3 owners, every 10d, at most 1 in a slot; this period: "),
        "{rota}"
    );
    let every = finding(&output, "macaque/every");
    assert_eq!(every["detail"], "1m on shop/deployment/hasty is not honoured");

    let owners = run("schedule --owners --namespace shop");
    owners.says(
        0,
        &["every 10d each of 3 owners has a turn (1 of them as often as macaque/every says), "],
    );
    let without = macaque("check -n shop -o json").on(&cluster).run();
    assert!(!without.out.contains("\"rota\""), "{without:?}");
}
