//! What `macaque check` says of the history: never a failure, for rounds need none.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kube_sandbox::scenario::deployment;
use macaque::history::pack;
use macaque_core::history::History;
use macaque_testkit::TestCluster;
use serde_json::{Value, json};

use super::fixture::empty;
use crate::journal::fixture;
use crate::macaque;

/// The finding about the history, where its ConfigMap is this one.
fn finding(config_map: Option<Value>) -> (i32, Value) {
    let mut objects = vec![deployment("shop", "web", 2), fixture::empty()];
    objects.extend(config_map);
    let cluster = TestCluster::with(objects);
    let check = macaque("check -n shop --dry-run=false -o json").env("MACAQUE_POD_NAMESPACE", "chaos");
    let output = check.on(&cluster).run();
    let findings = output.json();
    let mut findings = findings.as_array().unwrap().iter();
    let found = findings.find(|finding| finding["what"] == "ConfigMap chaos/macaque-history");
    (output.code, found.unwrap().clone())
}

fn holding(packed: &[u8], seal: &str) -> Value {
    let mut object = empty();
    object["binaryData"] = json!({"history.json.gz": STANDARD.encode(packed)});
    object["data"] = json!({"seal": seal});
    object
}

#[test]
fn a_history_that_is_missing_damaged_or_edited_is_a_warning_with_a_remedy_and_no_failure() {
    let packed = pack(&mut History::new());
    for (config_map, result, words) in [
        (Some(empty()), "ok", "no round yet"),
        (Some(holding(&packed.bytes, &packed.seal)), "ok", "no round yet"),
        (
            None,
            "warning",
            "create it: kubectl -n chaos create configmap macaque-history",
        ),
        (
            Some(holding(&packed.bytes, "")),
            "warning",
            "edited by something other than macaque",
        ),
        (
            Some(holding(b"this is no gzip", "")),
            "warning",
            "history.json.gz: invalid gzip header",
        ),
    ] {
        let (code, found) = finding(config_map);
        assert_eq!((code, &found["result"]), (0, &json!(result)), "{found}");
        assert!(found.to_string().contains(words), "{found}");
    }
}

#[test]
fn a_dry_run_writes_no_history_so_that_check_says_nothing_of_it() {
    let cluster = TestCluster::with(vec![deployment("shop", "web", 2)]);
    let output = macaque("check -n shop")
        .env("MACAQUE_POD_NAMESPACE", "chaos")
        .on(&cluster)
        .run();
    assert!(!output.out.contains("history"), "{output:?}");
}
