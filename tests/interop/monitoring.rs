//! What deploy/monitoring holds and docs/monitoring.md shows, read by Prometheus and Alertmanager.

mod alertmanager;
mod queries;
mod rules;
mod scrapes;
mod selectors;

use std::process::Command;

use serde_json::Value;

/// The directory of the files.
const DIRECTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/monitoring");

/// The text of a file of the repository.
fn read(path: &str) -> String {
    std::fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// A file of deploy/monitoring, YAML or JSON.
fn deployed(name: &str) -> Value {
    let text = read(&format!("deploy/monitoring/{name}"));
    serde_saphyr::from_str(&text).unwrap_or_else(|error| unreachable!("{name}: {error}"))
}

/// The code block below the comment `<!-- NAME -->` of docs/monitoring.md.
fn example(name: &str) -> String {
    let text = read("docs/monitoring.md");
    let (_, after) = text.split_once(&format!("<!-- {name} -->\n```")).unwrap();
    let (_, block) = after.split_once('\n').unwrap();
    block.split_once("\n```").unwrap().0.to_owned() + "\n"
}

/// The scrape of pods that docs/monitoring.md shows, for a macaque at this address: what discovers pods in a cluster, and is
/// not part of Debian's Prometheus, is replaced by one pod with the labels that it would have.
fn pods_at(address: &str) -> String {
    let discovery = "    kubernetes_sd_configs:\n      - role: pod\n";
    let pod = format!(
        "    static_configs:
      - targets: [\"{address}\"]
        labels:
          __meta_kubernetes_namespace: macaque-system
          __meta_kubernetes_pod_name: macaque-0
          __meta_kubernetes_pod_label_app_kubernetes_io_name: macaque
          __meta_kubernetes_pod_container_port_name: http
"
    );
    let example = example("pods");
    assert!(example.contains(discovery), "{example}");
    example.replace(discovery, &pod)
}

/// Runs a command line in the directory of the files, which must succeed; what it prints.
fn succeeds(line: &str) -> String {
    let mut words = line.split_whitespace();
    let program = words.next().unwrap();
    let output = Command::new(program).args(words).current_dir(DIRECTORY).output();
    let output = output.unwrap_or_else(|error| unreachable!("{program}: {error}: see .ci/prometheus"));
    let printed = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{line}: {printed}");
    printed
}
