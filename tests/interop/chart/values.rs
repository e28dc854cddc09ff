//! Every value of the chart changes what values.yaml beside this file says, and no value is forgotten there.

use std::collections::BTreeSet;
use std::fs;

use macaque_testkit::chart::{CHART, is_wanted, merged, object, rendered, side_by_side};
use serde_json::{Value, json};

use super::minimal;

/// The rows of the table.
fn rows() -> Vec<Value> {
    serde_saphyr::from_str(include_str!("values.yaml")).unwrap()
}

/// What a row looks at in the objects of these values; `None` if it is not there.
fn seen(row: &Value, values: &Value) -> Option<Value> {
    let objects = rendered(values);
    let object = objects
        .iter()
        .find(|object| is_wanted(object, row["in"].as_str().unwrap()))?;
    if let Some(pointer) = row["at"].as_str() {
        return object.pointer(pointer).cloned();
    }
    if let Some(pointer) = row["toml"].as_str() {
        let text = object["data"]["macaque.toml"].as_str()?;
        let config: Value = toml::from_str(text).unwrap();
        return config.pointer(pointer).cloned();
    }
    match row["holds"].as_str() {
        Some(words) => object.to_string().contains(words).then(|| json!(words)),
        None => Some(json!("there")),
    }
}

/// What a row expects to see.
fn expected(row: &Value) -> Value {
    let looked = ["is", "holds"].into_iter().find_map(|key| row.get(key));
    looked.cloned().unwrap_or_else(|| json!("there"))
}

/// The names of the values in this part of values.yaml that no row names, where a map with rows counts as one value.
fn forgotten(values: &Value, name: &str, named: &BTreeSet<String>) -> Vec<String> {
    if named.contains(name) {
        return Vec::new();
    }
    match values.as_object().filter(|map| !map.is_empty()) {
        Some(map) => map
            .iter()
            .flat_map(|(key, value)| {
                let name = if name.is_empty() {
                    key.clone()
                } else {
                    format!("{name}.{key}")
                };
                forgotten(value, &name, named)
            })
            .collect(),
        None => vec![name.to_owned()],
    }
}

#[test]
#[ignore = "needs .ci/tools: just interop"]
fn each_value_changes_what_it_should() {
    let cron_job = json!({
        "mode": "cronjob", "cronjob": {"schedule": "0 * * * *"}, "config": {"schedule": {"cron": ""}},
    });
    let wrong = side_by_side(&rows(), |row| {
        let with = if row["with"] == "cronjob" {
            &cron_job
        } else {
            &row["with"]
        };
        let before = if with.is_null() {
            minimal()
        } else {
            merged(minimal(), with)
        };
        let after = merged(before.clone(), &row["set"]);

        let (before, after) = (seen(row, &before), seen(row, &after));
        let expected = Some(expected(row));
        let is_right = before != expected && after == expected;
        (!is_right).then(|| format!("{}: {before:?} became {after:?}", row["value"]))
    });
    let wrong: Vec<_> = wrong.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
#[ignore = "needs .ci/tools: just interop"]
fn labels_of_your_own_are_there_once_and_never_break_a_selector() {
    let labels = json!({"team": "b", "app.kubernetes.io/name": "x", "app.kubernetes.io/managed-by": "me"});
    let common = json!({"team": "a", "app.kubernetes.io/instance": "y", "cost": "c"});
    let objects = rendered(&merged(
        minimal(),
        &json!({"commonLabels": common, "podLabels": labels}),
    ));
    let deployment = object(&objects, "Deployment");
    let pod = &deployment["spec"]["template"]["metadata"]["labels"];
    for (key, value) in deployment["spec"]["selector"]["matchLabels"].as_object().unwrap() {
        assert_eq!(&pod[key], value, "{key}");
    }
    assert_eq!((&pod["team"], &pod["cost"]), (&json!("b"), &json!("c")));
    assert_eq!(pod["app.kubernetes.io/managed-by"], "Helm");
}

#[test]
fn no_value_is_forgotten_and_none_is_made_up() {
    let text = fs::read_to_string(format!("{CHART}/values.yaml")).unwrap();
    let values: Value = serde_saphyr::from_str(&text).unwrap();
    let rows = rows();
    let named: BTreeSet<_> = rows
        .iter()
        .map(|row| row["value"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(named.len(), rows.len(), "a value has two rows");
    assert_eq!(forgotten(&values, "", &named), [""; 0]);

    for name in &named {
        let pointer = format!("/{}", name.replace('.', "/"));
        assert!(
            values.pointer(&pointer).is_some(),
            "{name} is no value of the chart"
        );
    }
}
