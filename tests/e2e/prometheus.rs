//! A real Prometheus with an alert that fires for one namespace, and what people see and do in a real Alertmanager.
//!
//! The programs are Debian's, from the PATH: `.ci/prometheus` fetches them.

use macaque_testkit::monitoring::{Alertmanager, Prometheus};

use crate::test_namespace::until;

/// What an Alertmanager without receivers needs.
const NOBODY: &str = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n";

/// A Prometheus whose rules fire the alert `Broken`, critical, for one namespace.
pub(crate) struct AlertingPrometheus(Prometheus);

/// An Alertmanager without receivers.
pub(crate) struct SilentAlertmanager(Alertmanager);

impl AlertingPrometheus {
    /// Starts one whose alert fires for `namespace`, and goes to `alertmanager`; returns once it fires.
    pub(crate) async fn start(namespace: &str, alertmanager: Option<&SilentAlertmanager>) -> Self {
        let mut config = "global: {evaluation_interval: 1s}\nrule_files: [rules.yaml]\n".to_owned();
        if let Some(SilentAlertmanager(alertmanager)) = alertmanager {
            config.push_str(&Prometheus::alerting_to(alertmanager));
        }
        let rules = rules(namespace, true);
        let files = [("prometheus.yaml", config.as_str()), ("rules.yaml", &rules)];

        let prometheus = Self(Prometheus::start(&files));
        prometheus.until_alerting(true).await;
        prometheus
    }

    /// The address as a setting has it.
    pub(crate) fn url(&self) -> String {
        self.0.server.url()
    }

    /// Ends the alert, and waits until no query finds it.
    pub(crate) async fn end_alert(&self, namespace: &str) {
        self.0.server.write("rules.yaml", &rules(namespace, false));
        self.0.reload();
        self.until_alerting(false).await;
    }

    /// Ends the process as a crash would.
    pub(crate) fn kill(&mut self) {
        self.0.server.kill();
    }

    async fn until_alerting(&self, fires: bool) {
        until(&format!("the alert fires: {fires}"), async || {
            let found = self.0.query("ALERTS{alertstate=\"firing\"}").ok()?;
            (found.is_empty() != fires).then_some(())
        })
        .await;
    }
}

impl SilentAlertmanager {
    /// Starts one without alerts.
    pub(crate) fn start() -> Self {
        Self(Alertmanager::start(NOBODY))
    }

    /// The address as a setting has it.
    pub(crate) fn url(&self) -> String {
        self.0.server.url()
    }

    /// Waits until it has an active alert.
    pub(crate) async fn until_alerted(&self) {
        until("the alert is active in Alertmanager", async || {
            let mut alerts = self.0.alerts()?;
            alerts.retain(|alert| alert["status"]["state"] == "active");
            (!alerts.is_empty()).then_some(())
        })
        .await;
    }

    /// Silences every critical alert for an hour, as people do.
    pub(crate) fn silence(&self) {
        let mut amtool = self.0.server.command("amtool");
        amtool.arg(format!("--alertmanager.url={}", self.url()));
        amtool.args(["silence", "add", "--author=e2e", "--comment=known"]);
        amtool.args(["--duration=1h", "severity=critical"]);
        let output = amtool.output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
}

/// A rule whose alert fires for `namespace`, always or never.
fn rules(namespace: &str, fires: bool) -> String {
    let value = u8::from(fires);
    format!(
        "groups:\n- name: e2e\n  rules:\n  - alert: Broken\n    expr: vector({value}) > 0\n    \
         labels: {{severity: critical, namespace: {namespace}}}\n"
    )
}
