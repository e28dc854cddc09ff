//! `macaque history`: what is listed happened, what is missing is said, and what cannot be read has its word.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kube_sandbox::AccessDenial;
use kube_sandbox::scenario::deployment;
use macaque::history::{PackedHistory, pack};
use macaque_core::history::History;
use serde_json::{Value, json};

use crate::macaque;
use macaque_testkit::{ProgramOutput, TestCluster};

/// A victim with this number, of deployment/web in shop.
pub(super) fn entry(number: u64) -> Value {
    json!({
        "number": number,
        "slot": format!("2026-03-01T12:0{number}:00Z"),
        "at": format!("2026-03-01T12:0{number}:01Z"),
        "pod": {"namespace": "shop", "name": format!("web-{number}"), "uid": format!("u{number}")},
        "owner": {"kind": "Deployment", "name": "web"},
        "team": "checkout",
        "method": "evict",
        "outcome": {"result": "evicted"},
        "recovery": {
            "accepted": format!("2026-03-01T12:0{number}:02Z"),
            "ended": format!("2026-03-01T12:0{number}:12Z"),
            "verdict": "recovered",
            "times": {"gone_ms": 900, "created_ms": 950, "ready_ms": 4500, "whole_ms": 4500},
            "expect_ms": 60000,
        },
    })
}

/// A history of these victims, numbered by the journal `j1`.
pub(super) fn history(entries: &[Value]) -> Value {
    json!({
        "version": 1,
        "numbering": {
            "journal": "j1", "begun": "2026-03-01T12:00:00Z", "since": "2026-03-01T12:00:00Z", "first": 1, "count": 6,
            "counted": "2026-03-01T12:06:30Z",
        },
        "entries": entries,
        "rounds": [],
    })
}

/// The ConfigMap that holds a history.
pub(super) fn stored(history: &Value) -> Value {
    let mut history: History = serde_json::from_value(history.clone()).unwrap();
    let PackedHistory { bytes, seal } = pack(&mut history);
    config_map(&bytes, &seal)
}

fn config_map(packed: &[u8], seal: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "macaque-history", "namespace": "chaos"},
        "binaryData": {"history.json.gz": STANDARD.encode(packed)},
        "data": {"seal": seal},
    })
}

/// The journal `j1`, which gave six numbers and has the last of them.
pub(super) fn journal() -> Value {
    let journal = json!({
        "version": 1, "sequence": 40, "uid": "j1", "disruptions": 6, "numbered_since": "2026-03-01T12:00:00Z",
        "usage": [], "cooldowns": [], "outbox": [], "dropped": 0,
        "round": {
            "slot": "2026-03-01T12:06:00Z", "seed": 7, "holder": {"process": "macaque-1", "incarnation": 1},
            "claimed": "2026-03-01T12:06:00Z", "lease_until": "2026-03-01T12:06:30Z", "closed": true,
            "reservations": [{
                "number": 6, "at": "2026-03-01T12:06:01Z", "method": "evict", "state": "disrupted",
                "pod": {"namespace": "cart", "name": "cart-0", "uid": "u6"},
                "owner": {"kind": "StatefulSet", "name": "cart"},
            }],
        },
    });
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "macaque-journal", "namespace": "chaos"},
        "data": {"journal.json": journal.to_string()},
    })
}

/// A cluster whose macaque lives in `chaos`: of six disruptions the history lacks two, and the journal has one of them.
pub(super) fn with_a_history() -> TestCluster {
    let mut refused = entry(3);
    refused["outcome"] = json!({"result": "refused", "by": "budget shop/web"});
    for field in ["number", "recovery"] {
        refused.as_object_mut().unwrap().remove(field);
    }
    let entries = [entry(1), entry(2), refused, entry(5)];
    TestCluster::with(vec![
        deployment("shop", "web", 2),
        stored(&history(&entries)),
        journal(),
    ])
}

/// A cluster whose macaque lives in `chaos`, and has done nothing yet.
fn with_empty_config_maps() -> TestCluster {
    let empty = |name: &str| {
        let metadata = json!({"name": name, "namespace": "chaos"});
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
    };
    let empty = ["macaque-history", "macaque-journal"].map(empty);
    TestCluster::with([vec![deployment("shop", "web", 2)], empty.into()].concat())
}

/// `macaque history` of a macaque that lives in `chaos`.
pub(super) fn list(cluster: &TestCluster, args: &str) -> ProgramOutput {
    macaque(&format!("history --macaque-namespace chaos {args}"))
        .on(cluster)
        .run()
}

/// The names of the pods that are listed in JSON.
fn pods(output: &ProgramOutput) -> Vec<String> {
    let json = output.json();
    let entries = json["entries"].as_array().unwrap().iter();
    entries
        .map(|entry| entry["pod"]["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn the_history_lists_the_newest_last_with_what_only_the_journal_has_and_says_what_is_missing() {
    let cluster = with_a_history();
    let output = list(&cluster, "");
    output.says(
        0,
        &[
            "2 disruptions between 2026-03-01 12:02:01 UTC and 2026-03-01 12:05:01 UTC are not in the history",
            "the history begins 2026-03-01 12:00:00 UTC",
        ],
    );
    assert_eq!(
        output.line("TIME"),
        "TIME NAMESPACE OWNER POD OUTCOME BY RECOVERY"
    );
    assert_eq!(
        output.line("web-1"),
        "2026-03-01 12:01:01 UTC shop deployment/web web-1 evicted - recovered in 4.5 s"
    );
    assert_eq!(
        output.line("cart-0"),
        "2026-03-01 12:06:01 UTC cart statefulset/cart cart-0 evicted - -"
    );
    assert!(!output.out.contains("refused"), "{output:?}");
    assert_eq!(output.err, "");
    assert_eq!(
        pods(&list(&cluster, "-o json")),
        ["web-1", "web-2", "web-5", "cart-0"]
    );

    let wide = list(&cluster, "-o wide --all");
    assert!(
        wide.line("TIME").ends_with("NUMBER SLOT METHOD TEAM PHASES"),
        "{wide:?}"
    );
    assert!(
        wide.line("web-5").ends_with(
            "5 2026-03-01 12:05:00 UTC evict checkout leaving 0.9 s, creating 0.1 s, readying 3.6 s"
        ),
        "{wide:?}"
    );
    assert!(wide.line("web-3").contains("refused budget shop/web"), "{wide:?}");
}

#[test]
fn the_list_is_narrowed_by_time_namespace_and_owner() {
    let cluster = with_a_history();
    let listed = |args: &str| pods(&list(&cluster, &format!("{args} -o json")));
    assert_eq!(
        listed("--since 2026-03-01T12:02:00Z"),
        ["web-2", "web-5", "cart-0"]
    );
    assert_eq!(listed("-n cart"), ["cart-0"]);
    assert_eq!(listed("-n cart,shop"), ["web-1", "web-2", "web-5", "cart-0"]);
    assert_eq!(listed("--owner sts/cart"), ["cart-0"]);
    assert_eq!(
        listed("--owner deploy/web --all"),
        ["web-1", "web-2", "web-3", "web-5"]
    );

    list(&cluster, "-n elsewhere").says(0, &["no such disruptions since 2026-03-01 12:00:00 UTC"]);
    list(&cluster, "--since 1h").says(0, &["no disruptions since 20"]);
    list(&cluster, "-n shop --since 2026-03-01T12:02:30Z").says(0, &["web-5", "2 disruptions between"]);
    let yaml = list(&cluster, "-n cart -o yaml");
    yaml.says(0, &["name: cart-0", "number: 6"]);
}

#[test]
fn the_json_has_a_version_where_the_history_begins_and_ends_and_its_gaps() {
    let json = list(&with_a_history(), "-o json --since 2026-03-01T12:01:00Z").json();
    assert_eq!(json["version"], 1);
    assert_eq!(json["since"], "2026-03-01T12:01:00Z");
    assert_eq!(json["begins"], "2026-03-01T12:00:00Z");
    assert_eq!(
        json["gaps"],
        json!([{"from": "2026-03-01T12:02:01Z", "to": "2026-03-01T12:05:01Z", "count": 2}])
    );
    assert_eq!(json["warnings"], json!([]));
    assert_eq!(json["entries"][0], entry(1));
    let ends: jiff::Timestamp = json["ends"].as_str().unwrap().parse().unwrap();
    assert!(ends <= jiff::Timestamp::now());
}

#[test]
fn what_a_round_has_just_done_is_listed_before_the_history_is_written() {
    let cluster = with_empty_config_maps();
    list(&cluster, "").says(0, &["no disruptions: the history has none"]);

    let once = macaque("once -n shop --dry-run=false").env("MACAQUE_POD_NAMESPACE", "chaos");
    once.on(&cluster).run().says(0, &["evicted shop/web-"]);
    let output = list(&cluster, "");
    output.says(0, &["deployment/web", "evicted", "the history begins 20"]);
}

#[test]
fn a_history_that_cannot_be_read_says_why_and_what_to_do() {
    let refused = |cluster: &TestCluster, words: &[&str]| {
        let output = list(cluster, "");
        output.complains(1, words);
        assert_eq!(output.out, "");
    };
    let absent = TestCluster::with(vec![journal()]);
    refused(
        &absent,
        &[
            "ConfigMap chaos/macaque-history does not exist; create it: kubectl -n chaos create configmap \
             macaque-history; or is chaos not the namespace that macaque runs in (--macaque-namespace)?",
        ],
    );
    let forbidden = with_a_history();
    forbidden.sandbox.deny(AccessDenial::new("get", "configmaps"));
    refused(
        &forbidden,
        &[
            "forbidden",
            "grant in chaos: {apiGroups: [\"\"], resources: [\"configmaps\"], resourceNames: [\"macaque-history\"], verbs: [\"get\"]}",
        ],
    );
    let corrupt = TestCluster::with(vec![config_map(b"no gzip", "0"), journal()]);
    refused(
        &corrupt,
        &["the history in ConfigMap chaos/macaque-history cannot be used"],
    );
    let away = macaque("history --macaque-namespace chaos")
        .on_absent_server()
        .run();
    away.complains(1, &["no answer from the API server"]);

    let off = macaque("history --macaque-namespace chaos").env("MACAQUE_HISTORY", "off");
    off.on(&with_a_history())
        .run()
        .complains(2, &["history = off: no history is kept", "--from"]);
}

#[test]
fn an_edited_history_is_shown_with_a_warning_and_one_without_a_journal_too() {
    let mut edited = stored(&history(&[entry(1)]));
    edited["data"]["seal"] = json!("0");
    let output = list(&TestCluster::with(vec![edited, journal()]), "");
    output.says(0, &["web-1"]);
    output.complains(0, &["was edited by something other than macaque"]);

    let output = list(
        &TestCluster::with(vec![stored(&history(&[entry(1), entry(4)]))]),
        "",
    );
    output.says(0, &["web-1", "2 disruptions between 2026-03-01 12:01:01 UTC"]);
    output.complains(
        0,
        &[
            "the journal cannot be read, so what is not in the history yet is missing: ConfigMap \
             chaos/macaque-journal does not exist",
        ],
    );
}

#[test]
fn the_place_is_that_of_the_pod_or_of_the_context_as_for_pause() {
    let cluster = with_a_history();
    let in_pod = macaque("history -o json").env("MACAQUE_POD_NAMESPACE", "chaos");
    assert_eq!(pods(&in_pod.on(&cluster).run()).len(), 4);

    let by_context = macaque("history -n shop").on(&cluster).run();
    by_context.complains(
        1,
        &[
            "from the context sandbox; --macaque-namespace names another",
            "macaque-history does not exist",
        ],
    );
    macaque("history --macaque-namespace Chaos")
        .on(&cluster)
        .run()
        .complains(
            2,
            &["--macaque-namespace: \"Chaos\" is not a valid namespace name"],
        );
}

#[test]
fn flags_that_make_no_sense_are_refused_with_what_would() {
    for (args, words) in [
        ("--since tomorrow", "write how long ago it is"),
        ("--since -1h", "it is negative"),
        ("--since 7", "it has no unit"),
        ("--owner web", "write KIND/NAME"),
        ("-n Shop", "it is not a valid namespace name"),
        ("--watch -o yaml", "--watch: use -o table, wide or json"),
        ("--from log --watch", "cannot be used with"),
        ("--from log --macaque-namespace chaos", "cannot be used with"),
        ("--from log --context prod", "--context is not used with --from"),
        ("-o chart", "possible values: table, wide, json, yaml"),
    ] {
        macaque(&format!("history {args}")).run().complains(2, &[words]);
    }
    let cluster = with_a_history();
    let future = macaque("history --since 2999-01-01 --macaque-namespace chaos").on(&cluster);
    future
        .run()
        .complains(2, &["--since: 2999-01-01T00:00:00Z lies in the future"]);
}

#[test]
fn a_watch_prints_what_comes_through_an_outage_and_ends_with_0_by_a_signal() {
    let cluster = with_empty_config_maps();
    let reads = || {
        let requests = cluster.requests();
        requests
            .iter()
            .filter(|request| request.ends_with("/macaque-journal"))
            .count()
    };
    let watch = macaque("history --macaque-namespace chaos --watch")
        .on(&cluster)
        .start();
    let await_reads = |more: usize| {
        let wanted = reads() + more;
        while reads() < wanted {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    };
    await_reads(1);

    cluster.sandbox.deny(AccessDenial::new("get", "configmaps"));
    watch.await_words("still watching");
    cluster.sandbox.allow_all();
    watch.await_words("can be read again");
    let once = macaque("once -n shop --dry-run=false").env("MACAQUE_POD_NAMESPACE", "chaos");
    once.on(&cluster).run().says(0, &["evicted shop/web-"]);
    await_reads(2);

    let output = watch.terminate();
    output.says(0, &["TIME", "deployment/web"]);
    assert!(output.line("deployment/web").contains("evicted"), "{output:?}");
}
