//! Every query that deploy/monitoring and docs/monitoring.md hold, asked of a real Prometheus that scrapes a real macaque.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use kube_sandbox::{Sandbox, SandboxOptions, scenario};
use macaque_testkit::loopback_server::free_address;
use macaque_testkit::monitoring::Prometheus;
use macaque_testkit::{Program, RunningProgram, TestCluster};
use serde_json::{Value, json};

use super::selectors::selectors;
use super::{deployed, example, pods_at};

/// A round is up to a minute and a half away; the rest is only for a failing test.
const PATIENCE: Duration = Duration::from_secs(240);

/// What macaque does in the test: a round a minute, with every kind of series on.
const CONFIG: &str = r#"
dry_run = false

[schedule]
cron = "* * * * *"

[target]
namespaces = ["shop"]
min_age = "0s"

[limits]
per_hour = 100
per_day = 1000
"#;

/// A macaque on a sandbox, and a Prometheus that scrapes it.
struct Monitored {
    prometheus: Prometheus,
    _macaque: RunningProgram,
    _cluster: TestCluster,
}

impl Monitored {
    fn start() -> Self {
        let sandbox = Sandbox::start(SandboxOptions {
            objects: vec![
                json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "macaque-journal", "namespace": "shop"}}),
                scenario::deployment("shop", "web", 3),
                scenario::daemon_set("shop", "logs"),
            ],
            ..SandboxOptions::default()
        });
        let cluster = TestCluster::of(sandbox.unwrap());
        let address = free_address();
        let macaque = Program::new(env!("CARGO_BIN_EXE_macaque"))
            .args("run")
            .toml(CONFIG);
        let macaque = macaque
            .env("MACAQUE_HEALTH__LISTEN", &address)
            .env("MACAQUE_POD_NAMESPACE", "shop")
            .on(&cluster)
            .start();

        let config = format!("global: {{scrape_interval: 1s}}\n{}", pods_at(&address));
        Self {
            prometheus: Prometheus::start(&[("prometheus.yaml", &config)]),
            _macaque: macaque,
            _cluster: cluster,
        }
    }

    /// Asks each question until none is left without data.
    fn await_data(&self, mut questions: BTreeMap<String, Question>) {
        let deadline = Instant::now() + PATIENCE;
        while !questions.is_empty() {
            questions.retain(|_, question| question.ask(&self.prometheus).is_empty());
            let unanswered: Vec<_> = questions.keys().collect();
            assert!(Instant::now() < deadline, "no data: {unanswered:#?}");
            thread::sleep(Duration::from_secs(1));
        }
    }
}

/// What is asked of Prometheus.
enum Question {
    Query(String),
    LabelValues { selector: String, label: String },
}

impl Question {
    /// The question of a variable of the dashboard: `label_values(SELECTOR, LABEL)`.
    fn of_variable(text: &str) -> Self {
        let inside = text
            .strip_prefix("label_values(")
            .unwrap()
            .strip_suffix(')')
            .unwrap();
        let (selector, label) = inside.rsplit_once(", ").unwrap();
        Self::LabelValues {
            selector: with_variables(selector),
            label: label.to_owned(),
        }
    }

    /// The data, which must not be an error.
    fn ask(&self, prometheus: &Prometheus) -> Vec<Value> {
        let answer = match self {
            Self::Query(query) => prometheus.query(query),
            Self::LabelValues { selector, label } => prometheus.label_values(selector, label),
        };
        answer.unwrap_or_else(|error| unreachable!("{error}"))
    }
}

/// The text with the variables of the dashboard as Grafana replaces them.
fn with_variables(text: &str) -> String {
    let replaced = text.replace("$__rate_interval", "4m");
    let replaced = replaced.replace("$job", ".*").replace("$namespace", ".*");
    assert!(!replaced.contains('$'), "{text}");
    replaced
}

/// The texts of all fields of this name, at any depth.
fn fields(value: &Value, name: &str) -> Vec<String> {
    let below = match value {
        Value::Array(list) => list.iter().flat_map(|value| fields(value, name)).collect(),
        Value::Object(map) => map.values().flat_map(|value| fields(value, name)).collect(),
        _ => Vec::new(),
    };
    let here = value.get(name).and_then(Value::as_str).map(str::to_owned);
    here.into_iter().chain(below).collect()
}

#[test]
#[ignore = "needs Prometheus: just interop"]
fn every_query_of_the_dashboard_the_rules_and_the_page_finds_data_of_a_real_macaque() {
    let dashboard = deployed("dashboard.json");
    let shown = fields(&dashboard, "expr");
    let alerting = fields(&deployed("rules.yaml"), "expr");
    let variables = fields(&dashboard["templating"], "definition");
    assert_eq!(
        (shown.len(), alerting.len(), variables.len()),
        (18, 12, 2),
        "queries are found by the names of their fields"
    );

    let mut questions = BTreeMap::new();
    for query in shown.iter().chain([&example("annotation")]) {
        questions.insert(query.clone(), Question::Query(with_variables(query)));
    }
    for query in &variables {
        questions.insert(query.clone(), Question::of_variable(query));
    }
    // An alert that does not fire has no data, but every series that it is about has.
    for query in shown.iter().chain(&alerting) {
        for selector in selectors(&with_variables(query)) {
            questions.insert(selector.clone(), Question::Query(selector));
        }
    }
    let monitored = Monitored::start();
    monitored.await_data(questions);
    for query in &alerting {
        monitored.prometheus.query(query).unwrap();
    }
}
