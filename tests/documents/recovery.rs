//! What the documents say of recoveries: the verdicts, the phases and the JSON.

use macaque_core::recovery::{RecoveryPhase, RecoveryReport, RecoveryVerdict, phases};
use serde_json::Value;

use super::{first_cells, read, table};

/// The recovery in the JSON of `once --wait`, as the command line page shows it.
fn shown() -> Value {
    let text = read("docs/cli.md");
    let (_, after) = text.split_once("### Recoveries in JSON\n\n```json\n").unwrap();
    let (json, _) = after.split_once("\n```").unwrap();
    serde_json::from_str(json).unwrap()
}

#[test]
fn the_recovery_page_lists_every_verdict_and_every_phase() {
    let verdicts = first_cells(&table("docs/recovery.md", "verdicts"));
    assert_eq!(verdicts, RecoveryVerdict::ALL.map(RecoveryVerdict::as_str));

    let phases = first_cells(&table("docs/recovery.md", "phases"));
    assert_eq!(phases, RecoveryPhase::ALL.map(|phase| phase.to_string()));
}

#[test]
fn the_recovery_in_the_command_line_page_is_one_that_is_printed() {
    let mut shown = shown();
    let status = shown.as_object_mut().unwrap().remove("status");
    let report: RecoveryReport = serde_json::from_value(shown.clone()).unwrap();

    assert_eq!(status.unwrap(), report.verdict.unwrap().as_str());
    assert_eq!(serde_json::to_value(&report).unwrap(), shown);
    assert!(!phases(&report.times).is_empty());
}

#[test]
fn the_command_line_page_names_every_field_of_a_recovery() {
    let fields = first_cells(&table("docs/cli.md", "recovery fields"));
    let named: Vec<_> = fields.iter().flat_map(|cell| cell.split("`, `")).collect();
    let known = ["slot", "method", "pod", "owner", "verdict"];
    for field in shown().as_object().unwrap().keys() {
        assert!(
            named.contains(&field.as_str()) || known.contains(&field.as_str()),
            "{field}"
        );
    }
}
