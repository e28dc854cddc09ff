//! The chart with a CronJob: the Job of a round succeeds or fails as its exit code says.

use http::Method;
use macaque_testkit::chart::merged;
use serde_json::{Value, json};

use super::{restricted, three_values};
use crate::test_namespace::{TestNamespace, until};
use crate::workload::Workload;

impl TestNamespace {
    /// Starts a Job of the CronJob as `kubectl create job --from` does, and runs its pod; returns how the Job ended.
    async fn job(&mut self, name: &str) -> Value {
        let cron_job = format!("/apis/batch/v1/namespaces/{}/cronjobs/macaque", self.name);
        let template = self.read(&cron_job).await["spec"]["jobTemplate"].clone();
        let job = json!({
            "apiVersion": "batch/v1", "kind": "Job", "spec": template["spec"],
            "metadata": {"name": name, "labels": template["metadata"]["labels"]},
        });
        self.create(job).await;
        let pod = self.pod_called("macaque").await;
        self.runs_to_its_end(&pod).await;

        let path = format!("{}/{name}", self.path("Job"));
        until(&format!("the Job {name} has ended"), async || {
            let job = self.read(&path).await;
            let conditions = job["status"]["conditions"].as_array()?;
            let ends = |condition: &&Value| condition["type"] == "Complete" || condition["type"] == "Failed";
            conditions.iter().find(ends).cloned()
        })
        .await
    }
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn the_jobs_condition_says_whether_the_round_succeeded_and_with_which_exit_code_it_failed() {
    let mut shop = TestNamespace::new().await;
    shop.with(Workload::deployment("web", 2)).await;
    let before = shop.alive().await;
    let mut chaos = TestNamespace::labelled(restricted()).await;
    let cron_job = json!({
        "mode": "cronjob", "cronjob": {"schedule": "0 0 29 2 *"}, "config": {"dry_run": false},
    });
    let values = merged(three_values(&json!([shop.name]), ""), &cron_job);
    chaos.helms("helm", "install macaque CHART", &values);

    let evicted = chaos.job("evicted").await;
    assert_eq!(evicted["type"], "Complete", "{evicted}");
    assert_eq!(shop.lost(&before).await.len(), 1);

    // A budget that refuses is a finding, and no failure of the Job.
    shop.until_whole("web", 2).await;
    shop.with_budget("web", "web", json!({"maxUnavailable": 0})).await;
    let refused = chaos.job("refused").await;
    assert_eq!(refused["type"], "Complete", "{refused}");

    let role = format!("{}/macaque-{}", shop.path("Role"), chaos.name);
    shop.send(Method::DELETE, &role, &Value::Null).await.accepted();
    let failed = chaos.job("failed").await;
    assert_eq!(
        (&failed["type"], &failed["reason"]),
        (&json!("Failed"), &json!("PodFailurePolicy")),
        "{failed}"
    );
    assert!(
        failed["message"].as_str().unwrap().contains("exit code 1"),
        "{failed}"
    );
}
