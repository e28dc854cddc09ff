//! A promise about what everybody sees of a disruption: metrics, exemplars, alerts, Alertmanager, Events and messages are
//! about the same round and victim, in a real Prometheus and a real Alertmanager with the files of deploy/monitoring.

mod receivers;

use std::fs;
use std::time::Duration;

use macaque_testkit::loopback_server::free_address;
use macaque_testkit::monitoring::{Alertmanager, Prometheus};
use serde_json::Value;
use tokio::task::LocalSet;

use self::receivers::Receivers;
use crate::program::RunningMacaque;
use crate::test_namespace::{TestNamespace, uid, until, until_within};
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

    /// Waits until the disruption is counted, its alert fires, and inhibits the alert of low severity and no other.
    async fn shows_disruption(&self, namespace: &str) {
        let disruptions =
            format!("macaque_disruptions_total{{namespace=\"{namespace}\", outcome=\"evicted\"}}");
        self.until_is(&disruptions, "1").await;
        let firing = format!(
            "ALERTS{{alertname=\"MacaqueDisrupting\", alertstate=\"firing\", namespace=\"{namespace}\"}}"
        );
        self.until_is(&firing, "1").await;
        self.until_state("info", "suppressed").await;
        self.until_state("critical", "active").await;
    }

    /// Waits until the recovery is counted and timed, with the round as the exemplar of both.
    async fn shows_recovery(&self, namespace: &str, slot: &str) {
        let recoveries =
            format!("macaque_recoveries_total{{namespace=\"{namespace}\", verdict=\"recovered\"}}");
        self.until_is(&recoveries, "1").await;
        let of = |name: &str| format!("{name}{{namespace=\"{namespace}\"}}");
        self.until_is(&of("macaque_recovery_seconds_count"), "1").await;
        for name in ["macaque_disruptions_total", "macaque_recovery_seconds_bucket"] {
            assert_eq!(self.until_exemplars(&of(name)).await, [slot], "{name}");
        }
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
    /// An armed macaque with a round a minute, of which the limits allow one to disrupt, with its metrics at this address,
    /// Events, and these receivers.
    async fn monitored(&mut self, address: &str, receivers: &Receivers) -> RunningMacaque {
        let settings = [("MACAQUE_EVENTS__ENABLED", "true")];
        let account = self.granted_for("--dry-run=false", &settings).await;
        let config = self.scratch.path().join("macaque.toml");
        fs::write(&config, receivers.config()).unwrap();

        let daemon = self.macaque("run --dry-run=false").by(&account);
        let daemon = daemon
            .arg("--config")
            .arg(config.to_str().unwrap())
            .env(settings[0].0, settings[0].1)
            .env("MACAQUE_POD_NAMESPACE", &self.name)
            .env("MACAQUE_SCHEDULE__CRON", "* * * * *")
            .env("MACAQUE_LIMITS__PER_DAY", "1")
            .env("MACAQUE_HEALTH__LISTEN", address);
        daemon.start()
    }

    /// Asserts that the Events on the victim and on its owner are about this disruption.
    async fn shows_events(&self, recorded: &RecordedDisruption) {
        let owner = self.read(&format!("{}/web", self.path("Deployment"))).await;
        for uid in [&recorded.victim_uid, &uid(&owner)] {
            self.until_events(uid, &recorded.slot, ["ChaosEvicted", "ChaosRecovered"])
                .await;
        }
    }

    /// Waits until Events of these reasons are on the object of this UID, each with the round.
    async fn until_events(&self, uid: &str, slot: &str, reasons: [&str; 2]) {
        until(&format!("Events on {uid}"), async || {
            let path = format!("/apis/events.k8s.io/v1/namespaces/{}/events", self.name);
            let events = self.read(&path).await["items"].as_array()?.clone();
            let is_there = |reason: &str| {
                events.iter().any(|event| {
                    event["regarding"]["uid"] == uid
                        && event["reason"] == reason
                        && event["note"].as_str().unwrap().contains(&format!("round {slot}"))
                })
            };
            reasons.into_iter().all(is_there).then_some(())
        })
        .await;
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
async fn one_disruption_and_its_recovery_are_the_same_in_metrics_alerts_events_and_messages() {
    LocalSet::new()
        .run_until(disrupt_once_and_see_it_everywhere())
        .await;
}

async fn disrupt_once_and_see_it_everywhere() {
    let mut namespace = TestNamespace::new().await;
    namespace.create_journal().await;
    namespace.with(Workload::deployment("web", 3)).await;
    let before = namespace.alive().await;
    let address = free_address();
    let monitoring = Monitoring::start(&address, &namespace.name);
    let receivers = Receivers::start().await;
    let macaque = namespace.monitored(&address, &receivers).await;
    monitoring.until_is("macaque_armed", "1").await;
    monitoring.until_state("info", "active").await;

    let recorded = namespace.until_recovering().await;
    let lost = namespace.lost(&before).await;
    assert_eq!(lost, std::slice::from_ref(&recorded.victim_uid));
    monitoring.shows_disruption(&namespace.name).await;
    monitoring.shows_recovery(&namespace.name, &recorded.slot).await;
    namespace.shows_events(&recorded).await;
    receivers.show(&recorded).await;

    monitoring.until_state("info", "active").await;
    let alert = format!(
        "ALERTS{{alertname=\"MacaqueDisrupting\", namespace=\"{}\"}}",
        namespace.name
    );
    monitoring.until_is(&format!("absent({alert})"), "1").await;
    assert_eq!(namespace.lost(&before).await, lost, "one was allowed");
    macaque.stopped().await.exited(0);
}
