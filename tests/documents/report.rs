//! What the documents say of reports: the findings.

use macaque_core::resilience::OwnerFinding;

use super::{first_cells, table};

#[test]
fn the_history_page_lists_every_finding() {
    let findings = first_cells(&table("docs/history.md", "findings"));
    assert_eq!(findings, OwnerFinding::ALL.map(OwnerFinding::as_str));
}
