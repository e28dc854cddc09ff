//! docs/schemas/status.schema.json describes what /api/v1/status says, and nothing else.

use serde_json::{Value, json};

use super::page::busy;
use super::{board, config};
use macaque::status::StatusConfig;

fn schema() -> Value {
    serde_json::from_str(include_str!("../../../docs/schemas/status.schema.json")).unwrap()
}

/// The schema, by which what it does not name is a fault. Published it is not, so that a later macaque may add something.
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

#[tokio::test(start_paused = true)]
async fn every_status_is_valid_by_its_schema_and_has_no_field_that_it_does_not_name() {
    assert!(jsonschema::draft202012::meta::is_valid(&schema()));
    let mut strict = schema();
    close(&mut strict);
    let validator = jsonschema::draft202012::new(&strict).unwrap();
    let without_names = StatusConfig {
        names: false,
        ..config()
    };
    for board in [busy(config()), busy(without_names), board(config())] {
        let status = super::json(&board);
        let faults: Vec<_> = validator
            .iter_errors(&status)
            .map(|fault| fault.to_string())
            .collect();
        assert!(faults.is_empty(), "{faults:#?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_schema_refuses_another_version_and_a_state_that_there_is_not() {
    let validator = jsonschema::draft202012::new(&schema()).unwrap();
    for (pointer, wrong) in [
        ("/version", json!(2)),
        ("/banner/state", json!("fine")),
        ("/rounds/items/0/victims", json!([])),
    ] {
        let mut status = super::json(&busy(config()));
        *status.pointer_mut(pointer).unwrap() = wrong;
        assert!(!validator.is_valid(&status), "{pointer}");
    }
}
