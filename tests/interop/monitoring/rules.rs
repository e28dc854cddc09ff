//! The alert rules, checked and tried by `promtool`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{deployed, succeeds};

/// The files of the rules' tests.
const TESTS: [&str; 2] = ["rules_test.yaml", "rules_recovery_test.yaml"];

/// The elements of a list of a YAML file.
fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value[name].as_array().into_iter().flatten()
}

#[test]
#[ignore = "needs promtool: just interop"]
fn promtool_finds_nothing_to_complain_about_in_the_rules() {
    succeeds("promtool check rules --lint=all --lint-fatal rules.yaml");
}

#[test]
#[ignore = "needs promtool: just interop"]
fn every_alert_fires_and_does_not_fire_where_its_tests_say() {
    succeeds(&format!("promtool test rules {}", TESTS.join(" ")));

    let mut firing = BTreeSet::new();
    let mut silent = BTreeSet::new();
    for file in TESTS.map(deployed) {
        for case in list(&file, "tests").flat_map(|test| list(test, "alert_rule_test")) {
            let name = case["alertname"].as_str().unwrap().to_owned();
            let fires = list(case, "exp_alerts").next().is_some();
            if fires { &mut firing } else { &mut silent }.insert(name);
        }
    }
    let rules = deployed("rules.yaml");
    let alerts: BTreeSet<_> = list(&rules, "groups")
        .flat_map(|group| list(group, "rules"))
        .map(|rule| rule["alert"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(firing, alerts);
    assert_eq!(silent, alerts);
}
