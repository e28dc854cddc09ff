//! docs/schemas/report.schema.json describes what `-o json` prints, and nothing else.

use macaque_testkit::history_log::shop_log;
use serde_json::{Value, json};

use super::report_json;

fn schema() -> Value {
    let text = include_str!("../../../../docs/schemas/report.schema.json");
    serde_json::from_str(text).unwrap()
}

/// The schema, by which what it does not name is a fault. Published it is not, so that a later macaque may add something.
fn strict(mut schema: Value) -> Value {
    close(&mut schema);
    schema
}

fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.contains_key("properties") {
                fields.insert("additionalProperties".to_owned(), json!(false));
            }
            fields.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

#[test]
fn every_report_is_valid_by_its_schema_and_has_no_field_that_it_does_not_name() {
    assert!(jsonschema::draft202012::meta::is_valid(&schema()));
    let validator = jsonschema::draft202012::new(&strict(schema())).unwrap();
    for report in [
        report_json(&shop_log(), "--since 60d"),
        report_json(&shop_log(), "--since 60d -n shop"),
        report_json("", ""),
    ] {
        let faults: Vec<_> = validator
            .iter_errors(&report)
            .map(|fault| fault.to_string())
            .collect();
        assert!(faults.is_empty(), "{faults:#?}");
    }
}

#[test]
fn the_schema_refuses_another_version_and_a_finding_that_there_is_not() {
    let validator = jsonschema::draft202012::new(&schema()).unwrap();
    for (pointer, wrong) in [
        ("/version", json!(2)),
        ("/owners/0/finding", json!("fine")),
        ("/owners/0/recovery/p90_ms", json!("4 s")),
    ] {
        let mut report = report_json(&shop_log(), "--since 60d");
        *report.pointer_mut(pointer).unwrap() = wrong;
        assert!(!validator.is_valid(&report), "{pointer}");
    }
}

#[test]
fn the_schema_names_every_finding() {
    let named = &schema()["$defs"]["owner"]["properties"]["finding"]["enum"];
    let findings = macaque_core::resilience::OwnerFinding::ALL.map(|finding| finding.as_str());
    assert_eq!(*named, json!(findings));
}
