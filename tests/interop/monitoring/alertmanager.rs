//! The inhibition, in a real Alertmanager.

use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

use macaque_testkit::monitoring::Alertmanager;
use serde_json::{Value, json};

use super::{read, succeeds};

/// Generous: only a failing test waits that long.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until these of the alerts, by their label `id`, are inhibited, and no others.
fn await_inhibited(alertmanager: &Alertmanager, expected: &[&str]) {
    let expected: BTreeSet<_> = expected.iter().map(|id| Value::from(*id).to_string()).collect();
    let deadline = Instant::now() + PATIENCE;
    loop {
        let alerts = alertmanager.alerts().unwrap();
        let inhibited: BTreeSet<_> = alerts
            .iter()
            .filter(|alert| alert["status"]["state"] == "suppressed")
            .map(|alert| alert["labels"]["id"].to_string())
            .collect();
        if inhibited == expected {
            return;
        }
        assert!(Instant::now() < deadline, "{inhibited:?} are inhibited");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
#[ignore = "needs amtool: just interop"]
fn amtool_accepts_the_configuration_with_the_inhibition() {
    succeeds("amtool check-config alertmanager.yaml");
}

#[test]
#[ignore = "needs Alertmanager: just interop"]
fn while_macaque_disrupts_a_namespace_its_alerts_of_severity_info_are_inhibited_and_no_others() {
    let alertmanager = Alertmanager::start(&read("deploy/monitoring/alertmanager.yaml"));
    let alert = |id: &str, severity: &str, labels: Value| {
        let mut alert = json!({"alertname": "Broken", "severity": severity, "id": id});
        alert
            .as_object_mut()
            .unwrap()
            .extend(labels.as_object().unwrap().clone());
        alert
    };
    alertmanager.post(&[
        alert("info", "info", json!({"namespace": "shop"})),
        alert("warning", "warning", json!({"namespace": "shop"})),
        alert("critical", "critical", json!({"namespace": "shop"})),
        alert("elsewhere", "info", json!({"namespace": "db"})),
        alert("nowhere", "info", json!({})),
        alert(
            "other-cluster",
            "info",
            json!({"namespace": "shop", "cluster": "two"}),
        ),
    ]);
    await_inhibited(&alertmanager, &[]);

    let disrupting = |namespace: &str| json!({"alertname": "MacaqueDisrupting", "severity": "none", "namespace": namespace, "id": "source"});
    alertmanager.post(&[disrupting("shop")]);
    await_inhibited(&alertmanager, &["info"]);

    alertmanager.post(&[disrupting("db")]);
    await_inhibited(&alertmanager, &["info", "elsewhere"]);

    alertmanager.resolve(&[disrupting("shop")]);
    await_inhibited(&alertmanager, &["elsewhere"]);
}

#[test]
#[ignore = "needs amtool: just interop"]
fn nobody_gets_a_message_of_a_disruption_and_everybody_of_the_rest() {
    for (receiver, labels) in [
        (
            "nobody",
            "alertname=MacaqueDisrupting severity=none namespace=shop",
        ),
        (
            "people",
            "alertname=MacaqueVictimNotRecovered severity=warning namespace=shop",
        ),
        ("people", "alertname=Broken severity=critical namespace=shop"),
        ("people", "alertname=Watchdog severity=none"),
    ] {
        let test = "amtool config routes test --config.file=alertmanager.yaml";
        succeeds(&format!("{test} --verify.receivers={receiver} {labels}"));
    }
}
