//! The values for a shared cluster: eight namespaces, and no permission in the cluster.

use macaque_testkit::chart::{examples, merged};
use serde_json::json;

use super::restricted;
use crate::test_namespace::TestNamespace;
use crate::workload::Workload;

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn the_values_for_a_shared_cluster_reach_eight_namespaces_without_a_cluster_role() {
    let (_, values) = examples()
        .into_iter()
        .find(|(name, _)| name == "shared-cluster-values.yaml")
        .unwrap();
    let count = values["config"]["target"]["namespaces"].as_array().unwrap().len();
    assert_eq!(count, 8);
    let mut teams = Vec::new();
    for _ in 0..count {
        teams.push(TestNamespace::new().await);
    }
    let names: Vec<_> = teams.iter().map(|team| team.name.clone()).collect();
    teams[7].with(Workload::deployment("web", 2)).await;
    let before = teams[7].alive().await;

    let chaos = TestNamespace::labelled(restricted()).await;
    let values = merged(values, &json!({"config": {"target": {"namespaces": names}}}));
    chaos.helms("helm3", "install macaque CHART --wait --timeout 60s", &values);
    for kind in ["ClusterRole", "ClusterRoleBinding"] {
        let all = chaos.read(&chaos.path(kind)).await;
        let bound = all["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|object| object.to_string().contains(&chaos.name));
        assert_eq!(bound.count(), 0, "{kind}");
    }

    // The pod of the Deployment, for one round at once.
    let mut pod = chaos.pod_called("macaque").await;
    let args = pod["spec"]["containers"][0]["args"].as_array_mut().unwrap();
    assert_eq!(args[0], "run");
    args[0] = json!("check");
    chaos
        .container_of(&pod)
        .await
        .exits(0)
        .await
        .says(["8 namespaces"]);
    pod["spec"]["containers"][0]["args"][0] = json!("once");
    let round = chaos.container_of(&pod).await.exits(0).await;
    round.says([&format!("{}/web-", teams[7].name)]);
    assert_eq!(teams[7].lost(&before).await.len(), 1);
}
