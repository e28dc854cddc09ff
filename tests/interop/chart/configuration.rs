//! The ConfigMap of the chart is the map of the values, as TOML that macaque takes.

use macaque_testkit::chart::{examples, merged, rendered, side_by_side};
use serde_json::{Value, json};

use super::{minimal, run_on};

/// The text of the configuration in what these values render.
fn text(values: &Value) -> String {
    let objects = rendered(values);
    let map = objects
        .iter()
        .find(|object| !object["data"]["macaque.toml"].is_null())
        .unwrap_or_else(|| unreachable!("no configuration: {values}"));
    map["data"]["macaque.toml"].as_str().unwrap().to_owned()
}

/// The map without its nulls: keys that are not set.
fn set(config: &Value) -> Value {
    match config {
        Value::Object(map) => {
            let set = map.iter().filter(|(_, value)| !value.is_null());
            set.map(|(key, value)| (key.clone(), self::set(value))).collect()
        }
        Value::Array(list) => list.iter().map(set).collect(),
        other => other.clone(),
    }
}

/// Asserts that the text means the map, and that macaque takes it.
fn assert_same(config: &Value, text: &str) {
    let read: Value = toml::from_str(text).unwrap_or_else(|error| unreachable!("{error}: {text}"));
    assert_eq!(read, set(config), "{text}");

    run_on(text, "chaos", "rbac");
}

#[test]
#[ignore = "needs .ci/tools: just interop"]
fn values_that_are_hard_to_write_reach_macaque_as_they_were() {
    let default = json!({"dry_run": true, "schedule": {"timezone": "UTC"}});
    let base = merged(default, &minimal()["config"]);
    let gate = |more: Value| {
        let gate = json!({"name": "one", "url": "http://prometheus:9090", "query": "up", "expect": "empty"});
        json!({"guards": {"prometheus": [merged(gate, &more)]}})
    };
    let rows = [
        json!({"schedule": {"quiet": ["Fri 15:00-24:00", "12-25", "2026-12-20/2027-01-03"]}}),
        json!({"disrupt": {"count": 3, "attempts": 1000}, "limits": {"per_day": 100_000}}),
        json!({"guards": {"min_ready": "50%", "rollout": "lenient", "strikes": 0, "drains": "off"}}),
        json!({"target": {"selector": "app=web,tier!=database", "include": ["job", "pending"]}}),
        json!({"target": {"selector": ""}, "schedule": {"timezone": null}}),
        json!({"cluster": {"name": "\"prod\" \\ 'eu' \t # = [x] é 🐒"}}),
        gate(json!({"query": "max(rate(errors{app=\"web\", path=~\"/a\\\\d+\"}[5m]))\n  < bool 2\n"})),
        gate(
            json!({"query": "up{ns=\"{{namespace}}\"} # ''' \r\n", "headers": {"X-Scope-OrgID": "a b", "x.y": "1"}}),
        ),
        json!({"guards": {"http": [
            {"name": "a", "url": "https://a.example", "expect_json": "/n", "equals": 2},
            {"name": "b", "url": "https://b.example", "expect_json": "/n", "equals": false},
            {"name": "c", "url": "https://c.example", "expect_json": "/n", "equals": "2"},
        ]}}),
        json!({"notify": {"kinds": []}, "target": {"include": []}}),
    ];
    side_by_side(&rows, |row| {
        let config = merged(base.clone(), row);
        assert_same(&config, &text(&merged(minimal(), &json!({"config": config}))));
    });
}

#[test]
#[ignore = "needs .ci/tools: just interop"]
fn the_configuration_of_every_example_is_taken() {
    let mut examples = examples();
    examples.retain(|(_, values)| values["existingConfigMap"].is_null());
    side_by_side(&examples, |(_, values)| {
        let default = json!({
            "dry_run": true, "schedule": {"cron": "", "timezone": "UTC"}, "target": {"namespaces": []},
        });
        assert_same(&merged(default, &values["config"]), &text(values));
    });
}
