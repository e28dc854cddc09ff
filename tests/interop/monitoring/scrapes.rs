//! The configurations of Prometheus that docs/monitoring.md shows.

use std::fs;

use tempfile::TempDir;

use super::{example, pods_at, read, succeeds};

#[test]
#[ignore = "needs promtool: just interop"]
fn promtool_accepts_every_configuration_that_the_page_shows() {
    let directory = TempDir::new().unwrap();
    let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
    write("rules.yaml", &read("deploy/monitoring/rules.yaml"));
    let pods = pods_at("127.0.0.1:8080");
    for (name, text) in [
        ("pods", pods),
        ("static", example("static")),
        ("rules", example("rules")),
    ] {
        write("prometheus.yaml", &text);
        let path = directory.path().join("prometheus.yaml");
        let printed = succeeds(&format!("promtool check config {}", path.display()));
        assert!(printed.contains("SUCCESS"), "{name}: {printed}");
    }
}
