//! A real Prometheus and a real Alertmanager on loopback: Debian's, from the PATH, where `.ci/prometheus` puts them.

use serde_json::{Value, json};

use crate::loopback_server::LoopbackServer;

/// A Prometheus with a configuration of the test's own.
#[derive(Debug)]
pub struct Prometheus {
    /// Its process.
    pub server: LoopbackServer,
}

/// An Alertmanager with a configuration of the test's own.
#[derive(Debug)]
pub struct Alertmanager {
    /// Its process.
    pub server: LoopbackServer,
}

impl Prometheus {
    /// Starts one among these files, of which `prometheus.yaml` configures it.
    pub fn start(files: &[(&str, &str)]) -> Self {
        let arguments = [
            "--config.file=prometheus.yaml",
            "--storage.tsdb.path=data",
            "--web.enable-lifecycle",
            "--enable-feature=exemplar-storage",
            // An alert that fires before Alertmanager is known is sent again.
            "--rules.alert.resend-delay=1s",
        ];
        Self {
            server: LoopbackServer::start("prometheus", files, &arguments),
        }
    }

    /// The configuration that sends alerts to this Alertmanager.
    pub fn alerting_to(alertmanager: &Alertmanager) -> String {
        let targets = format!(
            "static_configs: [{{targets: ['{}']}}]",
            alertmanager.server.address()
        );
        format!("alerting: {{alertmanagers: [{{{targets}}}]}}\n")
    }

    /// Reads its files again.
    pub fn reload(&self) {
        let (status, text) = self.server.ask("POST", "/-/reload", "").unwrap();
        assert_eq!(status, 200, "{text}");
    }

    /// The result of an instant query, as a list of series.
    ///
    /// # Errors
    /// The answer of Prometheus if it refused the query, or that there was none.
    pub fn query(&self, query: &str) -> Result<Vec<Value>, String> {
        self.data(&format!("/api/v1/query?query={}", encode(query)))
    }

    /// The exemplars of the series that a query selects.
    ///
    /// # Errors
    /// As of [`query`](Self::query).
    pub fn exemplars(&self, query: &str) -> Result<Vec<Value>, String> {
        let target = format!(
            "/api/v1/query_exemplars?query={}&start=0&end=9999999999",
            encode(query)
        );
        self.data(&target)
    }

    /// The values of a label in the series that a selector selects.
    ///
    /// # Errors
    /// As of [`query`](Self::query).
    pub fn label_values(&self, selector: &str, label: &str) -> Result<Vec<Value>, String> {
        self.data(&format!(
            "/api/v1/label/{label}/values?match[]={}",
            encode(selector)
        ))
    }

    /// The list of a successful answer.
    fn data(&self, target: &str) -> Result<Vec<Value>, String> {
        let answer = self.server.json(target).ok_or("no answer")?;
        let data = &answer["data"];
        let list = data.as_array().or_else(|| data["result"].as_array());
        list.cloned().ok_or_else(|| answer.to_string())
    }
}

impl Alertmanager {
    /// Starts one with this configuration.
    pub fn start(config: &str) -> Self {
        let arguments = [
            "--config.file=alertmanager.yaml",
            "--storage.path=data",
            "--cluster.listen-address=",
        ];
        let files = [("alertmanager.yaml", config)];
        Self {
            server: LoopbackServer::start("prometheus-alertmanager", &files, &arguments),
        }
    }

    /// Its alerts; `None` if it does not answer.
    pub fn alerts(&self) -> Option<Vec<Value>> {
        self.server.json("/api/v2/alerts")?.as_array().cloned()
    }

    /// Tells it, as Prometheus does, that alerts with these labels fire.
    pub fn post(&self, alerts: &[Value]) {
        self.send(alerts, &json!({}));
    }

    /// Tells it that alerts with these labels have ended.
    pub fn resolve(&self, alerts: &[Value]) {
        self.send(
            alerts,
            &json!({"startsAt": "2000-01-01T00:00:00Z", "endsAt": "2000-01-01T00:00:01Z"}),
        );
    }

    fn send(&self, alerts: &[Value], times: &Value) {
        let with_times = |labels: &Value| {
            let mut alert = times.clone();
            alert["labels"] = labels.clone();
            alert
        };
        let body = alerts.iter().map(with_times).collect::<Value>().to_string();
        let (status, text) = self.server.ask("POST", "/api/v2/alerts", &body).unwrap();
        assert_eq!(status, 200, "{text}");
    }
}

/// A query as a part of a URL.
fn encode(query: &str) -> String {
    query
        .bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}
