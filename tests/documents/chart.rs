//! The reviewer's table of the chart: each line names a test that exists, each value is tested, and nothing is missing that
//! both of the charts beside it have.

use std::collections::BTreeSet;

use super::{read, suite_files, tables};

/// The text in backquotes of a cell.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// The values with a row in the table of the interop suite.
fn tested_values() -> BTreeSet<String> {
    let text = read("tests/interop/chart/values.yaml");
    let rows = text.lines().filter_map(|line| line.strip_prefix("- {value: "));
    rows.map(|row| row.split(',').next().unwrap().to_owned())
        .collect()
}

/// The lines of all tables, as cells.
fn lines() -> Vec<Vec<String>> {
    let tables = tables("docs/chart.md", "chart");
    let rows = tables.iter().flat_map(|table| table.lines().skip(2));
    rows.map(|row| row.split('|').map(|cell| cell.trim().to_owned()).collect())
        .collect()
}

#[test]
fn each_line_of_the_charts_review_names_a_test_that_exists() {
    let tested = tested_values();
    let lines = lines();
    assert!(lines.len() >= 50, "{} lines: none is dropped", lines.len());

    for line in lines {
        let [_, feature, _, _, ours, proof, _] = &line[..] else {
            unreachable!("{line:?}");
        };
        if ours.starts_with("no: ") {
            continue;
        }
        let values: Vec<_> = quoted(ours).collect();
        for value in &values {
            assert!(
                tested.contains(*value),
                "{feature}: a row of {value} in values.yaml"
            );
        }
        if proof == "values" {
            assert!(!values.is_empty(), "{feature}: which value?");
            continue;
        }
        let test = quoted(proof)
            .next()
            .unwrap_or_else(|| unreachable!("{feature}: no test"));
        let (suite, name) = test.rsplit_once("::").unwrap();
        let wanted = format!("fn {name}(");
        let found = suite_files(suite).iter().any(|file| read(file).contains(&wanted));
        assert!(found, "{feature}: {test}");
    }
}

#[test]
fn nothing_is_missing_in_the_chart_that_both_charts_beside_it_have() {
    for line in lines() {
        let [_, feature, one, other, ours, ..] = &line[..] else {
            unreachable!("{line:?}");
        };
        let both_have = one.starts_with("yes") && other.starts_with("yes");
        assert!(!(both_have && ours.starts_with("no")), "{feature}");
    }
}
