//! A promise about what everybody sees of a disruption: metrics, exemplars, alerts and Alertmanager name the same round and
//! namespace, in a real Prometheus and a real Alertmanager with the files of deploy/monitoring.

use std::fs;
use std::time::Duration;

use macaque_testkit::loopback_server::free_address;
use macaque_testkit::monitoring::{Alertmanager, Prometheus};
use serde_json::Value;

use crate::program::RunningMacaque;
use crate::test_namespace::{TestNamespace, until, until_within};
use crate::workload::Workload;

/// Longer than a namespace counts as disrupted after its recovery, which is two minutes.
const AFTERMATH: Duration = Duration::from_secs(180);

/// A Prometheus that scrapes a macaque, and the Alertmanager that gets its alerts.
struct Monitoring {
    prometheus: Prometheus,
    alertmanager: Alertmanager,
}

/// A disruption, as the journal has it.
struct RecordedDisruption {
    slot: String,
    victim_uid: String,
}

impl Monitoring {
    /// Monitors the macaque at this address. Beside its alerts, two that always fire are about the namespace.
    fn start(address: &str, namespace: &str) -> Self {
        let alertmanager = Alertmanager::start(&deployed("alertmanager.yaml"));
        let config = format!(
            "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: [rules.yaml, own.yaml]\n\
             {}scrape_configs:\n- job_name: macaque\n  honor_labels: true\n  static_configs:\n  \
             - targets: ['{address}']\n    labels: {{namespace: macaque-system}}\n",
            Prometheus::alerting_to(&alertmanager)
        );
        let files = [
            ("prometheus.yaml", config.as_str()),
            ("rules.yaml", &deployed("rules.yaml")),
            ("own.yaml", &always_firing(namespace)),
        ];
        Self {
            prometheus: Prometheus::start(&files),
            alertmanager,
        }
    }

    /// Waits until the query has this one value.
    async fn until_is(&self, query: &str, value: &str) {
        until(&format!("{query} is {value}"), async || {
            let found = self.prometheus.query(query).unwrap();
            (found.len() == 1 && found[0]["value"][1] == value).then_some(())
        })
        .await;
    }

    /// The rounds that the exemplars of these series name.
    async fn until_exemplars(&self, selector: &str) -> Vec<Value> {
        until(&format!("exemplars of {selector}"), async || {
            let series = self.prometheus.exemplars(selector).unwrap();
            let exemplars = series
                .iter()
                .flat_map(|series| series["exemplars"].as_array().unwrap());
            let rounds: Vec<_> = exemplars
                .map(|exemplar| exemplar["labels"]["round"].clone())
                .collect();
            (!rounds.is_empty()).then_some(rounds)
        })
        .await
    }

    /// Waits until Alertmanager has the alert of this severity in this state.
    async fn until_state(&self, severity: &str, state: &str) {
        let what = format!("the alert of severity {severity} is {state}");
        until_within(&what, AFTERMATH, async || {
            let alerts = self.alertmanager.alerts()?;
            let own = alerts.iter().find(|alert| {
                alert["labels"]["alertname"] == "Own" && alert["labels"]["severity"] == severity
            })?;
            (own["status"]["state"] == state).then_some(())
        })
        .await;
    }
}

impl TestNamespace {
    /// An armed macaque with a round a minute, of which the limits allow one to disrupt, and its metrics at this address.
    async fn monitored(&mut self, address: &str) -> RunningMacaque {
        let account = self.granted("--dry-run=false").await;
        let daemon = self.macaque("run --dry-run=false").by(&account);
        let daemon = daemon
            .env("MACAQUE_POD_NAMESPACE", &self.name)
            .env("MACAQUE_SCHEDULE__CRON", "* * * * *")
            .env("MACAQUE_LIMITS__PER_DAY", "1")
            .env("MACAQUE_HEALTH__LISTEN", address);
        daemon.start()
    }

    /// The disruption whose recovery the journal holds.
    async fn until_recovering(&self) -> RecordedDisruption {
        until("a recovery is in the journal", async || {
            let object = self
                .read(&format!("{}/macaque-journal", self.path("ConfigMap")))
                .await;
            let journal: Value = serde_json::from_str(object["data"]["journal.json"].as_str()?).unwrap();
            let victim = &journal["recovering"][0]["victim"];
            Some(RecordedDisruption {
                slot: victim["slot"].as_str()?.to_owned(),
                victim_uid: victim["pod"]["uid"].as_str()?.to_owned(),
            })
        })
        .await
    }
}

/// A file of deploy/monitoring.
fn deployed(name: &str) -> String {
    fs::read_to_string(format!("{}/deploy/monitoring/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// Two alerts about a namespace, of high and of low severity.
fn always_firing(namespace: &str) -> String {
    let rule = |severity: &str| {
        format!(
            "  - {{alert: Own, expr: vector(1), labels: {{severity: {severity}, namespace: {namespace}}}}}\n"
        )
    };
    format!(
        "groups:\n- name: own\n  rules:\n{}{}",
        rule("info"),
        rule("critical")
    )
}

/// Takes up to four minutes: the slot is up to a minute and a half away, and what follows a recovery lasts two.
#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn one_disruption_and_its_recovery_are_the_same_in_metrics_alerts_and_alertmanager() {
    let mut namespace = TestNamespace::new().await;
    namespace.create_journal().await;
    namespace.with(Workload::deployment("web", 3)).await;
    let before = namespace.alive().await;
    let address = free_address();
    let monitoring = Monitoring::start(&address, &namespace.name);
    let macaque = namespace.monitored(&address).await;
    let of_namespace = |query: &str| query.replace("NS", &format!("namespace=\"{}\"", namespace.name));

    monitoring.until_is("macaque_armed", "1").await;
    monitoring.until_state("info", "active").await;

    let recorded = namespace.until_recovering().await;
    let lost = namespace.lost(&before).await;
    assert_eq!(lost, [recorded.victim_uid.clone()]);

    let disruptions = of_namespace("macaque_disruptions_total{NS, outcome=\"evicted\"}");
    monitoring.until_is(&disruptions, "1").await;
    let firing = of_namespace("ALERTS{alertname=\"MacaqueDisrupting\", alertstate=\"firing\", NS}");
    monitoring.until_is(&firing, "1").await;
    monitoring.until_state("info", "suppressed").await;
    monitoring.until_state("critical", "active").await;

    let recoveries = of_namespace("macaque_recoveries_total{NS, verdict=\"recovered\"}");
    monitoring.until_is(&recoveries, "1").await;
    let seconds = of_namespace("macaque_recovery_seconds_count{NS}");
    monitoring.until_is(&seconds, "1").await;
    let buckets = of_namespace("macaque_recovery_seconds_bucket{NS}");
    for selector in [&disruptions, &buckets] {
        assert_eq!(
            monitoring.until_exemplars(selector).await,
            [recorded.slot.as_str()],
            "{selector}"
        );
    }

    monitoring.until_state("info", "active").await;
    let is_over = of_namespace("absent(ALERTS{alertname=\"MacaqueDisrupting\", NS})");
    monitoring.until_is(&is_over, "1").await;
    assert_eq!(namespace.lost(&before).await, lost, "one was allowed");
    macaque.stopped().await.exited(0);
}
