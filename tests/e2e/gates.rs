//! Promises about gates, with a real Prometheus and a real Alertmanager: an alert holds back, a silence lets go, and a
//! service that is gone is never taken for a yes.

use std::fs;

use crate::held::ExpectedHold;
use crate::program::MacaqueCommand;
use crate::prometheus::{AlertingPrometheus, SilentAlertmanager};
use crate::test_namespace::TestNamespace;
use crate::workload::Workload;

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn a_firing_alert_holds_its_namespace_back_and_a_dead_prometheus_cannot_answer() {
    let mut namespace = TestNamespace::new().await;
    namespace.with(Workload::deployment("web", 3)).await;
    let mut other = TestNamespace::new().await;
    other.with(Workload::deployment("web", 3)).await;
    let mut prometheus = AlertingPrometheus::start(&namespace.name, None).await;
    let query = r#"ALERTS{alertstate="firing",severity="critical",namespace="{{namespace}}"}"#;
    let config = format!(
        "[[guards.prometheus]]\nname = \"no-page\"\nurl = \"{}\"\nquery = '{query}'\nexpect = \"empty\"\n",
        prometheus.url()
    );
    let config = namespace.gates(&config);
    let gated = |command: MacaqueCommand| command.arg("--config").arg(&config);

    let firing = ExpectedHold::of_web("no-page", "Broken");
    namespace.is_held(&firing, gated).await;
    other.is_disrupted(gated).await;
    namespace.checks(&config, 0, ["no-page"]).await;

    prometheus.end_alert(&namespace.name).await;
    namespace.is_disrupted(gated).await;

    prometheus.kill();
    namespace.until_whole("web", 3).await;
    namespace
        .is_held(&ExpectedHold::of_web("no-page", "").unanswered(), gated)
        .await;
    namespace.checks(&config, 1, ["no-page", "FAILED"]).await;
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn a_silence_lets_the_alertmanager_go_while_the_alert_still_fires() {
    let mut namespace = TestNamespace::new().await;
    namespace.with(Workload::deployment("web", 3)).await;
    let alertmanager = SilentAlertmanager::start();
    let prometheus = AlertingPrometheus::start(&namespace.name, Some(&alertmanager)).await;
    alertmanager.until_alerted().await;
    let by_alertmanager = namespace.gates(&format!(
        "[[guards.alertmanager]]\nname = \"am\"\nurl = \"{}\"\nmatchers = ['severity=\"critical\"']\n",
        alertmanager.url()
    ));
    let gated = |command: MacaqueCommand| command.arg("--config").arg(&by_alertmanager);

    namespace
        .is_held(&ExpectedHold::of_web("am", "Broken"), gated)
        .await;

    alertmanager.silence();
    namespace.is_disrupted(gated).await;

    namespace.until_whole("web", 3).await;
    let by_prometheus = namespace.gates(&format!(
        "[[guards.prometheus]]\nname = \"no-page\"\nurl = \"{}\"\nquery = 'ALERTS{{alertstate=\"firing\"}}'\n",
        prometheus.url()
    ));
    let gated = |command: MacaqueCommand| command.arg("--config").arg(&by_prometheus);
    namespace
        .is_held(&ExpectedHold::of_web("no-page", "Broken"), gated)
        .await;
}

impl TestNamespace {
    /// A configuration file with these gates.
    fn gates(&self, text: &str) -> String {
        let path = self
            .scratch
            .path()
            .join(format!("{:08x}.toml", rand::random::<u32>()));
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Asserts that `check` with this configuration ends with `code` and says `words`.
    async fn checks<const N: usize>(&self, config: &str, code: i32, words: [&str; N]) {
        let check = self.macaque("check").arg("--config").arg(config);
        check.exits(code).await.says(words);
    }
}
