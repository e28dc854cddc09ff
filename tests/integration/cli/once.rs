//! `macaque once`: what the exit code says, and the report in every format.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use kube_sandbox::AccessDenial;
use kube_sandbox::scenario::{budget, daemon_set, deployment, stateful_set};
use serde_json::{Value, json};

use crate::guards::cluster::{set_leaving, set_ready};
use crate::{answering_proxy, macaque};
use macaque_testkit::{Program, ProgramOutput, TestCluster};

const ARMED: &str = "once -n shop --dry-run=false";

fn two_webs() -> TestCluster {
    TestCluster::with(vec![deployment("shop", "web", 2)])
}

/// The methods of the requests that were no reads.
fn write_methods(cluster: &TestCluster) -> Vec<String> {
    let writes = cluster.writes().into_iter();
    writes
        .filter_map(|request| Some(request.split_once(' ')?.0.to_owned()))
        .collect()
}

#[test]
fn a_pod_disrupted_is_0() {
    let cluster = two_webs();
    let output = macaque(ARMED).on(&cluster).run();
    output.says(
        0,
        &[
            "evicted shop/web-",
            "deployment/web",
            "2 pods listed, 2 candidates",
        ],
    );
    assert_eq!(output.out.matches("2 pods listed").count(), 1, "{output:?}");
    assert_eq!(write_methods(&cluster), ["POST"]);
}

#[test]
fn a_dry_run_is_the_default_and_0() {
    let cluster = two_webs();
    let output = macaque("once -n shop").on(&cluster).run();
    output.says(0, &["dry run: would have tried to evict shop/web-"]);
    assert!(write_methods(&cluster).is_empty());
}

#[test]
fn the_time_is_given_in_the_zone_that_is_set_without_a_crontab_line_too() {
    let kathmandu = "schedule.timezone = \"Asia/Kathmandu\"\n";
    let output = macaque("once -n shop").toml(kathmandu).on(&two_webs()).run();
    output.says(0, &[" +0545) · seed"]);
}

#[test]
fn every_victim_refused_is_3_and_names_the_budget_and_its_numbers() {
    let objects = vec![
        stateful_set("shop", "db", 3),
        budget("shop", "db", json!({ "minAvailable": 3 })),
    ];
    let output = macaque(ARMED).on(&TestCluster::with(objects)).run();
    let words = "refused by budget db: The disruption budget db needs 3 healthy pods and has 3 currently";
    output.says(3, &["no pod disrupted: 3 refused by budget db", words]);
}

#[test]
fn a_victim_that_a_guard_holds_back_is_6_and_named_with_the_guard_and_its_numbers() {
    let cluster = TestCluster::with(vec![stateful_set("shop", "db", 3)]);
    set_ready(&cluster.sandbox, "db-0", false);
    let why = "2 of 3 pods ready, 1 not ready since 12m";
    let words = format!("guard whole holds back: {why}");
    macaque(ARMED)
        .on(&cluster)
        .run()
        .says(6, &["no pod disrupted: shop/db-", &words, "statefulset/db"]);

    let output = macaque(&format!("{ARMED} -o json")).on(&cluster).run();
    output.says(6, &[]);
    let report = output.json();
    assert_eq!(report["status"], "held");
    assert_eq!(
        report["attempts"][0]["outcome"],
        json!({ "result": "held", "guard": "whole", "answer": "holds-back", "why": why })
    );
    assert!(write_methods(&cluster).is_empty());
}

#[test]
fn a_status_that_means_success_to_the_caller_is_0_and_no_other_is() {
    let cluster = TestCluster::with(vec![stateful_set("shop", "db", 3)]);
    set_ready(&cluster.sandbox, "db-0", false);
    let run = |statuses| {
        let wait = format!("{ARMED} --wait --succeed-on {statuses}");
        macaque(&wait).on(&cluster).run()
    };

    run("refused,held,idle").says(0, &["no pod disrupted: shop/db-", "guard whole holds back"]);
    run("refused,idle,unanswered").says(6, &["guard whole holds back"]);
    for status in ["failed", "disrupted", "six"] {
        let output = run(status);
        output.complains(2, &["--succeed-on", "use refused, held, unanswered or idle"]);
    }
    assert!(write_methods(&cluster).is_empty());
}

#[test]
fn a_guard_of_the_round_that_holds_back_is_6_and_the_end_of_the_round() {
    let cluster = TestCluster::with(vec![stateful_set("shop", "db", 3)]);
    for pod in ["db-0", "db-1"] {
        set_leaving(&cluster.sandbox, pod, "EvictionByEvictionAPI");
    }
    let output = macaque(&format!("{ARMED} -o json")).on(&cluster).run();
    output.says(6, &[]);

    let report = output.json();
    assert_eq!(
        (&report["end"]["state"], &report["end"]["guard"]),
        (&json!("held"), &json!("drains"))
    );
    assert_eq!(report["attempts"], json!([]));
    assert!(write_methods(&cluster).is_empty());
}

#[test]
fn a_guard_that_cannot_answer_is_7_and_says_so() {
    let cluster = two_webs();
    let proxy = answering_proxy(&cluster.sandbox, "/scale", 500, "out of order");
    cluster.reach_at(&proxy.url());
    let words = "guard whole cannot answer: ";
    macaque(ARMED)
        .on(&cluster)
        .run()
        .says(7, &["no pod disrupted: shop/web-", words]);
    assert!(write_methods(&cluster).is_empty());
}

#[test]
fn no_eligible_pod_is_4_and_says_why() {
    let output = macaque(ARMED)
        .on(&TestCluster::with(vec![daemon_set("shop", "logs")]))
        .run();
    output.says(
        4,
        &["none of the 2 pods listed is eligible", "belongs to a DaemonSet"],
    );
}

#[test]
fn an_api_server_that_is_away_is_1() {
    let output = macaque(ARMED).on_absent_server().run();
    output.says(
        1,
        &[
            "round failed: list pods in shop: no answer from the API server at 127.0.0.1:",
            ": connection refused; check that the API server runs at that address",
        ],
    );
}

#[test]
fn a_missing_grant_is_1_and_named() {
    let missing = [
        ("list", "pods", "cannot list resource \"pods\""),
        ("get", "pods", "cannot get resource \"pods\""),
        (
            "create",
            "pods/eviction",
            "cannot create resource \"pods/eviction\"",
        ),
    ];

    for (verb, resource, words) in missing {
        let cluster = two_webs();
        cluster.sandbox.deny(AccessDenial::new(verb, resource));
        macaque(ARMED)
            .on(&cluster)
            .run()
            .says(1, &[words, "in the namespace \"shop\""]);
        assert!(!write_methods(&cluster).contains(&"DELETE".to_owned()));
    }
}

#[test]
fn an_absent_namespace_is_1_and_named() {
    let output = macaque("once -n shpo").on(&two_webs()).run();
    output.says(1, &["namespace shpo does not exist"]);
}

#[test]
fn the_flags_reach_the_round() {
    let cluster = TestCluster::with(vec![deployment("shop", "web", 2), deployment("team", "api", 2)]);
    let output = macaque("once -n shop,team -l app!=web --method delete --count 2 --dry-run=false -o json")
        .on(&cluster)
        .run();
    let report = output.json();

    assert_eq!(report["namespaces"], json!(["shop", "team"]));
    assert_eq!(
        (&report["method"], &report["selector"]),
        (&json!("delete"), &json!("app!=web"))
    );
    assert_eq!(report["attempts"][0]["outcome"], json!({ "result": "deleted" }));
    assert_eq!(write_methods(&cluster), ["DELETE"]);
}

#[test]
fn the_report_is_printed_as_json_and_yaml_and_nothing_else_is() {
    let cluster = two_webs();
    let json = macaque("once -n shop --seed 7 -o json --log-level warn")
        .on(&cluster)
        .run();
    let report = json.json();

    assert_eq!(
        (&report["seed"], &report["end"]["state"]),
        (&json!(7), &json!("complete"))
    );
    assert_eq!(report["attempts"][0]["outcome"], json!({ "result": "dry-run" }));
    assert_eq!(report["status"], json!("dry-run"));

    let yaml = macaque("once -n shop --seed 7 -o yaml --log-level warn")
        .on(&cluster)
        .run();
    for line in [
        "status: dry-run\n",
        "seed: 7\n",
        "dry_run: true\n",
        "method: evict\n",
        "    result: dry-run\n",
    ] {
        yaml.says(0, &[line]);
    }

    assert_eq!((json.code, json.err, yaml.err), (0, String::new(), String::new()));
}

/// A Slack that asks everybody to come back in five minutes; and the word of each time that it was asked.
fn busy_slack() -> (String, mpsc::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/api", listener.local_addr().unwrap());
    let (asked, heard) = mpsc::channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            // Who has gone away meanwhile need not be answered.
            let _ = stream.read(&mut [0; 65536]);
            let _ = stream.write_all(b"HTTP/1.1 429 Busy\r\nRetry-After: 300\r\nContent-Length: 0\r\n\r\n");
            let _ = asked.send(());
        }
    });

    (url, heard)
}

/// One pod evicted, and a Slack that should hear of it.
fn reporting_to(url: &str) -> Program {
    macaque(ARMED)
        .env("MACAQUE_SLACK_TOKEN", "xoxb-1")
        .env("MACAQUE_SLACK_CHANNEL", "C1")
        .env("MACAQUE_NOTIFY__SLACK__API_URL", url)
}

#[test]
fn a_signal_ends_the_delivery_and_the_report_is_printed_all_the_same() {
    let (url, asked) = busy_slack();
    let cluster = two_webs();
    let once = reporting_to(&url).on(&cluster).start();
    asked.recv_timeout(Duration::from_secs(60)).unwrap();
    let output = once.terminate();

    output.says(0, &["evicted shop/web-"]);
    output.complains(
        0,
        &["it is unknown whether slack received the report: interrupted by a signal"],
    );
}

#[test]
fn a_channel_that_stalls_costs_twenty_seconds_and_no_more() {
    let (url, _asked) = busy_slack();
    let cluster = two_webs();
    let started = Instant::now();
    let output = reporting_to(&url).on(&cluster).run();
    assert!((20..60).contains(&started.elapsed().as_secs()), "{output:?}");
    output.says(0, &["evicted shop/web-"]);
    output.complains(
        0,
        &["it is unknown whether slack received the report: timed out after 20 s"],
    );
}

/// An API server that takes requests and answers none.
fn silent_server() -> (String, mpsc::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (asked, heard) = mpsc::channel();
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        for stream in listener.incoming().flatten() {
            kept.push(stream);
            let _ = asked.send(());
        }
    });

    (url, heard)
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let (url, asked) = silent_server();
    let cluster = two_webs();
    let kubeconfig = cluster.sandbox.kubeconfig().replace(&cluster.sandbox.url(), &url);
    let once = macaque("once -n shop --kubeconfig silent")
        .file("silent", &kubeconfig)
        .start();
    asked.recv_timeout(Duration::from_secs(60)).unwrap();
    let asked_twice = Instant::now();
    once.signal("-INT");
    std::thread::sleep(Duration::from_millis(300));
    let output = once.terminate();

    assert!(asked_twice.elapsed() < Duration::from_secs(20), "{output:?}");
    assert_eq!(output.code, 1, "{output:?}");
}

#[test]
fn a_seed_repeats_a_choice() {
    let apps = ["a", "b", "c", "d"].map(|app| deployment("shop", app, 5));
    let cluster = TestCluster::with(apps.to_vec());
    let choice = |seed: u64| -> Value {
        let output: ProgramOutput = macaque(&format!("once -n shop --count 4 -o json --seed {seed}"))
            .on(&cluster)
            .run();
        output.json()["attempts"].clone()
    };

    assert_eq!(choice(1), choice(1));
    assert_ne!(choice(1), choice(2));
}

#[test]
fn two_in_a_row_on_one_journal_both_run_and_no_slot_is_later_than_the_claim_or_the_end() {
    let journal = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": "macaque-journal", "namespace": "chaos" },
    });
    let apps = [
        deployment("shop", "web", 2),
        deployment("shop", "api", 2),
        journal,
    ];
    let cluster = TestCluster::with(apps.to_vec());
    let instant = |value: &Value| -> jiff::Timestamp { value.as_str().unwrap().parse().unwrap() };

    for _ in 0..2 {
        let once = macaque(&format!("{ARMED} -o json")).env("MACAQUE_POD_NAMESPACE", "chaos");
        let report = once.on(&cluster).run().json();
        assert_eq!(report["status"], json!("disrupted"), "{report}");

        let object = cluster
            .sandbox
            .object("ConfigMap", "chaos", "macaque-journal")
            .unwrap();
        let recorded: Value = serde_json::from_str(object["data"]["journal.json"].as_str().unwrap()).unwrap();
        let slot = instant(&report["slot"]);
        assert_eq!(instant(&recorded["round"]["slot"]), slot);
        assert!(slot <= instant(&recorded["round"]["claimed"]), "{recorded}");
        assert!(slot <= instant(&report["finished"]), "{report}");
    }
}
