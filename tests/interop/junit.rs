//! The report as JUnit XML, read by junitparser, the Python library that pipelines use.

use macaque_testkit::Program;
use macaque_testkit::history_log::{entry_line, evicted, shop_log, tried};
use serde_json::{Value, json};

use crate::python;

/// Prints what the library finds.
const READER: &str = r#"
import json, sys
from junitparser import Error, Failure, JUnitXml, Skipped

def result_of(case):
    kinds = {Error: "error", Failure: "failure", Skipped: "skipped"}
    return [[kinds[type(result)], result.type, result.message] for result in case.result]

xml = JUnitXml.fromstring(sys.stdin.buffer.read())
suites = []
for suite in xml:
    counted = [suite.tests, suite.failures, suite.errors, suite.skipped]
    suite.update_statistics()
    suites.append({
        "name": suite.name, "timestamp": suite.timestamp, "counts": counted,
        "recounted": [suite.tests, suite.failures, suite.errors, suite.skipped],
        "properties": {property.name: property.value for property in suite.properties()},
        "cases": {case.name: {"class": case.classname, "time": case.time, "result": result_of(case)} for case in suite},
    })
print(json.dumps({"name": xml.name, "counts": [xml.tests, xml.failures, xml.errors, xml.skipped], "suites": suites}))
"#;

/// What the library finds in the report of a log.
fn read(log: &str) -> Value {
    let program =
        Program::new(env!("CARGO_BIN_EXE_macaque")).args("report --from macaque.log --since 60d -o junit");
    let output = program.file("macaque.log", log).run();
    let read = python::run(READER, output.out.as_bytes());
    serde_json::from_str(&read).unwrap()
}

#[test]
#[ignore = "needs the libraries of .ci/verifiers: just interop"]
fn a_junit_parser_finds_the_suites_the_cases_and_why_each_failed_or_was_skipped() {
    let read = read(&shop_log());
    assert_eq!(
        (&read["name"], &read["counts"]),
        (&json!("macaque"), &json!([6, 2, 1, 2]))
    );

    let [bank, shop] = [0, 1].map(|suite| &read["suites"][suite]);
    assert_eq!(
        (&bank["name"], &bank["counts"]),
        (&json!("bank"), &json!([1, 0, 1, 0]))
    );
    assert_eq!(
        (&shop["name"], &shop["counts"]),
        (&json!("shop"), &json!([5, 2, 0, 2]))
    );
    for suite in [bank, shop] {
        assert_eq!(suite["counts"], suite["recounted"]);
        assert_eq!(suite["timestamp"], "2026-05-31T09:30:00");
        assert_eq!(suite["properties"]["macaque.version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(suite["properties"]["rounds"], "31");
        assert_eq!(suite["properties"]["from"], "2026-04-01T09:30:00Z");
    }

    let case = |name: &str, time: Value, result: Value| {
        let expected = json!({"class": "shop", "time": time, "result": result});
        assert_eq!(shop["cases"][name], expected, "{name}");
    };
    case("deployment/cart recovers", json!(5.3), json!([]));
    case(
        "statefulset/search recovers",
        json!(121.0),
        json!([["failure", "slow", "1 of 6 recovered later than expected"]]),
    );
    case(
        "deployment/web recovers",
        Value::Null,
        json!([[
            "failure",
            "unrecovered",
            "1 of 1 not recovered in time: CrashLoopBackOff"
        ]]),
    );
    let refused = "no turn: refused by budget shop/db";
    case(
        "statefulset/db recovers",
        Value::Null,
        json!([["skipped", null, refused]]),
    );
    let unknown = json!([["error", "unknown", "outcome unknown once"]]);
    assert_eq!(bank["cases"]["deployment/api recovers"]["result"], unknown);
}

#[test]
#[ignore = "needs the libraries of .ci/verifiers: just interop"]
fn a_junit_parser_reads_hostile_names_and_an_empty_report() {
    let hostile = "]]><x a='1\"&\u{0}\u{b}\u{1b}\u{7f}\u{85}\u{fffe}\u{ffff}\u{1f412}\r\n";
    let mut broken = evicted("Deployment", hostile, 2, "unrecovered");
    broken["recovery"]["trouble"] = json!(hostile);
    let mut refused = tried(
        "Deployment",
        "db",
        3,
        &json!({"result": "refused", "by": hostile}),
    );
    refused["pod"]["namespace"] = json!(hostile);

    let found = read(&[entry_line(&broken), entry_line(&refused)].concat());
    assert_eq!(found["counts"], json!([2, 1, 0, 1]));
    let suites = found["suites"].as_array().unwrap();
    let is_hostile = |suite: &Value| suite["name"].as_str().unwrap().starts_with("]]><x a='1\"&");
    assert!(suites.iter().any(is_hostile), "{suites:?}");

    let empty = read("");
    assert_eq!(empty["counts"], json!([0, 0, 0, 0]));
    assert_eq!(empty["suites"][0]["cases"], json!({}));
}
