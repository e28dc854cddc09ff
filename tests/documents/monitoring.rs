//! What docs/monitoring.md and deploy/monitoring say of the metrics, the alerts and the dashboard.

use std::collections::BTreeSet;

use macaque::metrics::{MetricDescription, Metrics, MetricsConfig};
use macaque::platform::Platform;
use macaque_core::history::HistoryLine;
use serde_json::Value;

use super::{first_cells, read, table};

const PAGE: &str = "docs/monitoring.md";

/// Where the links of alerts lead to.
const RUNBOOK: &str = "https://REPOSITORY/docs/monitoring.md#";

/// A file of deploy/monitoring.
fn deployed(name: &str) -> Value {
    let text = read(&format!("deploy/monitoring/{name}"));
    serde_saphyr::from_str(&text).unwrap_or_else(|error| unreachable!("{name}: {error}"))
}

/// The alert rules.
fn alerts() -> Vec<Value> {
    let rules = deployed("rules.yaml");
    let groups = rules["groups"].as_array().unwrap().iter();
    groups
        .flat_map(|group| group["rules"].as_array().unwrap().clone())
        .collect()
}

/// The panels of the dashboard.
fn panels() -> Vec<Value> {
    deployed("dashboard.json")["panels"].as_array().unwrap().clone()
}

/// The code block below the comment `<!-- NAME -->` of the page.
fn example(name: &str) -> String {
    let text = read(PAGE);
    let (_, after) = text.split_once(&format!("<!-- {name} -->\n```")).unwrap();
    let (_, block) = after.split_once('\n').unwrap();
    block.split_once("\n```").unwrap().0.to_owned()
}

#[test]
fn the_page_lists_every_metric_with_its_type_its_labels_and_its_help() {
    let every = MetricsConfig {
        owners: true,
        ..MetricsConfig::default()
    };
    let row = |metric: &MetricDescription| {
        let labels: Vec<_> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
        let labels = labels.join(", ");
        format!(
            "| `{}` | {} | {labels} | {}. |\n",
            metric.name,
            metric.kind.as_str(),
            metric.help
        )
    };

    let head = "| metric | type | labels | meaning |\n|---|---|---|---|\n".to_owned();
    let metrics = Metrics::new(&every, &Platform::system());
    let expected = metrics.descriptions().iter().map(row);
    let expected = expected.fold(head, |table, row| table + &row);

    assert_eq!(
        table(PAGE, "metrics"),
        expected,
        "the table that belongs below <!-- metrics --> is:\n{expected}"
    );
}

#[test]
fn the_page_has_a_row_and_a_section_for_every_alert() {
    let text = read(PAGE);
    let row = |alert: &Value| {
        let name = alert["alert"].as_str().unwrap();
        let severity = alert["labels"]["severity"].as_str().unwrap();
        let anchor = name.to_lowercase();
        assert!(text.contains(&format!("\n### {name}\n")), "a section {name}");
        assert_eq!(
            alert["annotations"]["runbook_url"],
            format!("{RUNBOOK}{anchor}"),
            "{name}"
        );
        format!("[{name}](#{anchor}), {severity}")
    };

    let expected: BTreeSet<_> = alerts().iter().map(row).collect();
    let listed = table(PAGE, "alerts");
    let rows = listed
        .lines()
        .skip(2)
        .map(|row| row.split('|').map(str::trim).collect::<Vec<_>>());
    let listed: BTreeSet<_> = rows.map(|cells| format!("{}, {}", cells[1], cells[2])).collect();
    assert_eq!(listed, expected);
}

#[test]
fn every_alert_tells_people_what_it_is_about_and_none_is_critical() {
    for alert in alerts() {
        let severity = alert["labels"]["severity"].as_str().unwrap();
        assert!(["none", "info", "warning"].contains(&severity), "{alert}");
        for text in ["summary", "description"] {
            let text = alert["annotations"][text].as_str().unwrap();
            assert!(text.ends_with('.') && !text.contains('\n'), "{text}");
        }
    }
}

#[test]
fn the_operators_resource_holds_the_rules_of_the_file() {
    assert_eq!(deployed("prometheusrule.yaml")["spec"], deployed("rules.yaml"));
}

#[test]
fn the_inhibition_on_the_page_is_that_of_the_file() {
    let shown: Value = serde_saphyr::from_str(&example("inhibition")).unwrap();
    let mut deployed = deployed("alertmanager.yaml");
    deployed["route"].as_object_mut().unwrap().remove("group_by");
    assert_eq!(shown, deployed);
}

#[test]
fn every_scrape_on_the_page_keeps_the_namespace_of_the_victim() {
    for name in ["podmonitor", "servicemonitor", "pods", "static"] {
        let example = example(name);
        let keeps = example.contains("honorLabels: true") || example.contains("honor_labels: true");
        assert!(keeps, "{name}");
    }
}

#[test]
fn the_annotation_on_the_page_is_that_of_the_dashboard() {
    let dashboard = deployed("dashboard.json");
    let annotation = &dashboard["annotations"]["list"][0];
    let query = annotation["expr"].as_str().unwrap();
    let query = query.replace("{job=~\"$job\", namespace=~\"$namespace\"}", "");
    assert_eq!(query, example("annotation"));
    // In milliseconds, as the time of the annotation.
    assert_eq!(annotation["useValueForTime"], true);
}

#[test]
fn the_dashboard_can_be_loaded_from_a_file_into_any_grafana() {
    let dashboard = deployed("dashboard.json");
    assert_eq!(dashboard["uid"], "macaque");
    assert!(dashboard["schemaVersion"].as_u64() >= Some(41), "{dashboard}");
    for of_one_instance in ["id", "__inputs", "__requires", "__elements"] {
        assert!(dashboard.get(of_one_instance).is_none(), "{of_one_instance}");
    }

    let variables = dashboard["templating"]["list"].as_array().unwrap().iter();
    let names: Vec<_> = variables.map(|variable| &variable["name"]).collect();
    assert_eq!(names, ["datasource", "job", "namespace"]);
    let text = read("deploy/monitoring/dashboard.json");
    let sources = text.matches("\"type\": \"prometheus\"").count();
    assert_eq!(sources, text.matches("\"uid\": \"${datasource}\"").count());
}

#[test]
fn every_panel_of_the_dashboard_has_a_place_a_title_and_an_explanation() {
    let mut ids = BTreeSet::new();
    let mut cells = BTreeSet::new();
    for panel in panels() {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{panel}");
        assert!(!panel["title"].as_str().unwrap().is_empty(), "{panel}");
        assert!(panel["description"].as_str().unwrap().ends_with('.'), "{panel}");
        let grid = |name: &str| panel["gridPos"][name].as_u64().unwrap();
        assert!(grid("x") + grid("w") <= 24, "{panel}");
        for (x, y) in (0..grid("w")).flat_map(|dx| (0..grid("h")).map(move |dy| (dx, dy))) {
            assert!(
                cells.insert((grid("x") + x, grid("y") + y)),
                "it overlaps: {panel}"
            );
        }
    }
    assert!(ids.len() >= 12, "{} panels", ids.len());
}

#[test]
fn every_metric_of_the_queries_is_one_of_the_table() {
    let known = first_cells(&table(PAGE, "metrics"));
    let suffixes = ["", "_bucket", "_sum", "_count"];
    let is_known = |name: &str| {
        suffixes
            .iter()
            .filter_map(|suffix| name.strip_suffix(suffix))
            .any(|name| known.iter().any(|known| known == name))
    };
    let texts = ["rules.yaml", "dashboard.json"].map(|name| read(&format!("deploy/monitoring/{name}")));
    for text in texts.iter().map(String::as_str).chain([read(PAGE).as_str()]) {
        for word in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            let is_metric = word.starts_with("macaque_") && word.len() > "macaque_".len();
            assert!(!is_metric || is_known(word), "{word} is no metric");
        }
    }
}

#[test]
fn the_lines_of_the_history_in_the_log_are_written_as_the_page_shows_them() {
    for (name, kind) in [("history-entry", "entry"), ("history-round", "round")] {
        let line: Value = serde_json::from_str(&example(name)).unwrap();
        let read: HistoryLine = serde_json::from_value(line["history"].clone()).unwrap();
        assert_eq!(serde_json::to_value(read).unwrap(), line["history"], "{name}");
        assert!(line["history"][kind].is_object(), "{name}");
    }
}
