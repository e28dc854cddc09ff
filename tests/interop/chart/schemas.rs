//! What the chart renders, read by the schemas of Kubernetes 1.30 to 1.37 and of the Prometheus Operator.

use std::process::Command;

use macaque_testkit::chart::{examples, rendered, side_by_side};
use serde_json::{Value, json};

use crate::python;

/// Prints what the schemas of Kubernetes find wrong in each of its versions, and how often they knew the kind.
const KUBERNETES: &str = r#"
import functools, json, sys
from kubernetes_validate import utils

utils.schema_contents = functools.cache(utils.schema_contents)
objects, found, known = json.load(sys.stdin), [], 0
for minor in range(30, 38):
    for name, one in objects:
        try:
            utils.validate(one, f"1.{minor}", strict=True)
            known += 1
        except utils.ValidationError as error:
            found.append(f"{name}, {one['kind']}, Kubernetes 1.{minor}: {error.message}")
        except utils.SchemaNotFoundError:
            if "monitoring.coreos.com" not in one["apiVersion"]:
                found.append(f"{name}, {one['kind']}: Kubernetes 1.{minor} does not know it")
print(json.dumps({"found": found, "known": known}))
"#;

/// Prints what the operator's own definitions, with unknown fields forbidden, find wrong, and how many objects they know.
const OPERATOR: &str = r#"
import json, pathlib, sys
import jsonschema, yaml

def strict(schema):
    if isinstance(schema, list):
        return [strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {key: strict(value) for key, value in schema.items()}
    is_open = "additionalProperties" in schema or "x-kubernetes-preserve-unknown-fields" in schema
    if "properties" in schema and schema.get("type") == "object" and not is_open:
        schema["additionalProperties"] = False
    return schema

asked = json.load(sys.stdin)
validators = {}
for kind in "podmonitors", "servicemonitors", "prometheusrules":
    file = pathlib.Path(asked["definitions"], f"monitoring.coreos.com_{kind}.yaml")
    definition = yaml.safe_load(file.read_text())["spec"]
    for version in definition["versions"]:
        schema = strict(version["schema"]["openAPIV3Schema"])
        # Of the metadata it says no more than that there is some.
        schema["properties"]["metadata"] = {"type": "object"}
        key = f"{definition['group']}/{version['name']} {definition['names']['kind']}"
        validators[key] = jsonschema.Draft202012Validator(schema)

found, known = [], 0
for name, one in asked["objects"]:
    if validator := validators.get(f"{one['apiVersion']} {one['kind']}"):
        found += [f"{name}, {one['kind']}: {error.message}" for error in validator.iter_errors(one)]
        known += 1
print(json.dumps({"found": found, "known": known}))
"#;

/// Every object of every example, with the example's name.
fn all_objects() -> Vec<(String, Value)> {
    let objects = side_by_side(&examples(), |(name, values)| {
        rendered(values)
            .into_iter()
            .map(|object| (name.clone(), object))
            .collect::<Vec<_>>()
    });
    objects.into_iter().flatten().collect()
}

/// What a script found, and how many objects it knew.
fn judged(script: &str, asked: &Value) -> (Vec<String>, u64) {
    let judged: Value = serde_json::from_str(&python::run(script, asked.to_string().as_bytes())).unwrap();
    let found = serde_json::from_value(judged["found"].clone()).unwrap();
    (found, judged["known"].as_u64().unwrap())
}

/// The definitions of the Prometheus Operator's resources.
fn definitions() -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/.ci/operator-crds");
    let output = Command::new(script).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
#[ignore = "needs .ci/tools and the libraries of .ci/verifiers: just interop"]
fn every_object_is_what_kubernetes_1_30_to_1_37_know_and_a_misspelt_field_is_not() {
    let mut objects = all_objects();
    let (found, known) = judged(KUBERNETES, &json!(objects));
    assert_eq!(found, [""; 0]);
    let core = objects
        .iter()
        .filter(|(_, object)| object["apiVersion"] != "monitoring.coreos.com/v1");
    assert_eq!(known, 8 * core.count() as u64);

    objects.retain(|(_, object)| object["kind"] == "Deployment");
    objects.truncate(1);
    objects[0].1["spec"]["template"]["spec"]["containers"][0]["imagePullPolice"] = json!("Always");
    let (found, _) = judged(KUBERNETES, &json!(objects));
    assert_eq!(found.len(), 8, "{found:?}");
    assert!(found[0].contains("imagePullPolice"), "{found:?}");
}

#[test]
#[ignore = "needs .ci/tools, Go and the libraries of .ci/verifiers: just interop"]
fn monitors_and_rules_are_what_the_prometheus_operator_defines_and_a_misspelt_field_is_not() {
    let mut objects = all_objects();
    objects.retain(|(_, object)| object["apiVersion"] == "monitoring.coreos.com/v1");
    let mut kinds: Vec<_> = objects
        .iter()
        .map(|(_, object)| object["kind"].as_str().unwrap())
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds, ["PodMonitor", "PrometheusRule", "ServiceMonitor"]);

    let definitions = definitions();
    let asked = |objects: &[(String, Value)]| json!({"definitions": definitions, "objects": objects});
    let (found, known) = judged(OPERATOR, &asked(&objects));
    assert_eq!(found, [""; 0]);
    assert_eq!(known, objects.len() as u64);

    objects.retain(|(_, object)| object["kind"] == "PodMonitor");
    objects.truncate(1);
    objects[0].1["spec"]["podMetricsEndpoints"][0]["intervall"] = json!("30s");
    let (found, _) = judged(OPERATOR, &asked(&objects));
    assert!(found.len() == 1 && found[0].contains("intervall"), "{found:?}");
}
