//! The metrics, read by promtool and by the parsers of Prometheus's own Python library.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use jiff::Timestamp;
use macaque::facts::{Fact, FactListener as _};
use macaque::metrics::{ExpositionFormat, Metrics, MetricsConfig};
use macaque::platform::Platform;
use macaque_testkit::metrics::{armed, fill};
use macaque_testkit::scrape::Scrape;

use crate::python;

/// A namespace that nobody may call so, and that is written like a line of the text.
const HOSTILE: &str = "x\"} 1\n# EOF\n\\";

/// Prints what a parser read, as JSON: the type of each family, and each sample with its labels and the round of its
/// exemplar.
const READ: &str = "
import json, sys
from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics
families = list({'classic': parser, 'openmetrics': openmetrics}[FORMAT].text_string_to_metric_families(sys.stdin.read()))
samples = [sample for family in families for sample in family.samples]
print(json.dumps({
    'types': {family.name: family.type for family in families},
    'samples': [[s.name, s.labels, s.value] for s in samples],
    'rounds': [s.name for s in samples if s.exemplar and s.exemplar.labels == {'round': '2027-03-01T09:30:00Z'}],
}))
";

/// Metrics of which every one has a value, one of them with a name that is hard to write.
fn filled() -> Metrics {
    let start: Timestamp = "2027-03-01T09:30:00Z".parse().unwrap();
    let config = MetricsConfig {
        owners: true,
        ..armed()
    };
    let metrics = Metrics::new(&config, &Platform::simulated(1, start));
    fill(&metrics, start);
    metrics.note(Fact::NamespaceForbidden(HOSTILE));
    metrics
}

/// What Python's parser of this format reads.
fn read(format: &str, text: &[u8]) -> serde_json::Value {
    let script = READ.replace("FORMAT", &format!("'{format}'"));
    serde_json::from_str(&python::run(&script, text)).unwrap()
}

/// The samples that Python read, in the form of our own reading.
fn samples(read: &serde_json::Value) -> BTreeMap<(String, BTreeMap<String, String>), f64> {
    let samples: Vec<(String, BTreeMap<String, String>, f64)> =
        serde_json::from_value(read["samples"].clone()).unwrap();
    samples
        .into_iter()
        .map(|(name, labels, value)| ((name, labels), value))
        .collect()
}

#[test]
#[ignore = "needs the programs of .ci/prometheus: just interop"]
fn promtool_has_nothing_to_say_about_the_classic_text() {
    let mut child = Command::new("promtool")
        .args(["check", "metrics", "--extended"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool is on the PATH");
    let text = filled().write(ExpositionFormat::Classic).text;
    child.stdin.take().unwrap().write_all(&text).unwrap();

    let output = child.wait_with_output().unwrap();
    let complaints = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && complaints.is_empty(), "{complaints}");
    // The table of the largest metrics shows that the text was read.
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.contains("macaque_recovery_seconds"), "{table}");
}

#[test]
#[ignore = "needs the libraries of .ci/verifiers: just interop"]
fn the_classic_parser_reads_each_sample_as_it_was_meant() {
    let text = filled().write(ExpositionFormat::Classic).text;

    let read = read("classic", &text);
    let ours = Scrape::read(std::str::from_utf8(&text).unwrap());
    assert_eq!(&samples(&read), ours.series());
    assert_eq!(read["rounds"].as_array().map(Vec::len), Some(0));
}

#[test]
#[ignore = "needs the libraries of .ci/verifiers: just interop"]
fn the_parser_of_open_metrics_reads_the_same_samples_with_their_rounds() {
    let metrics = filled();
    let read = read("openmetrics", &metrics.write(ExpositionFormat::OpenMetrics).text);

    let classic = metrics.write(ExpositionFormat::Classic).text;
    let mut classic = Scrape::read(std::str::from_utf8(&classic).unwrap())
        .series()
        .clone();
    let mut open_metrics = samples(&read);
    for series in [&mut classic, &mut open_metrics] {
        // The memory differs from one writing to the next.
        series.retain(|(name, _), _| name != "process_resident_memory_bytes");
        // OpenMetrics writes whole bounds with a point.
        *series = std::mem::take(series)
            .into_iter()
            .map(|((name, mut labels), value)| {
                if let Some(le) = labels.get_mut("le") {
                    *le = le.parse::<f64>().unwrap().to_string();
                }
                ((name, labels), value)
            })
            .collect();
    }
    assert_eq!(open_metrics, classic);
    assert_eq!(read["types"]["macaque_build"], "info");
    assert_eq!(read["types"]["macaque_disruptions"], "counter");

    let rounds: Vec<String> = serde_json::from_value(read["rounds"].clone()).unwrap();
    for name in ["macaque_disruptions_total", "macaque_recovery_seconds_bucket"] {
        assert!(rounds.iter().any(|round| round == name), "{name}: {rounds:?}");
    }
}
