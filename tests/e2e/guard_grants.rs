//! Promises about guards with least privilege: what `macaque rbac` prints is enough for all of them, and without an
//! optional grant a round says what it does not see.

use http::Method;
use serde_json::{Value, json};

use crate::held::{ExpectedHold, HELD, UNANSWERED};
use crate::least_privilege::NODES_BY_LEASES;
use crate::program::MacaqueCommand;
use crate::test_namespace::{NO_PODS, TestNamespace, until};
use crate::workload::Workload;

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn a_missing_pod_is_seen_with_what_rbac_prints_and_without_the_scale_a_round_says_what_it_does_not_see()
{
    let mut namespace = TestNamespace::new().await;
    namespace.with(Workload::deployment("web", 3)).await;
    let account = namespace.granted("--dry-run=false").await;
    let by_account = |command: MacaqueCommand| command.by(&account);
    namespace.lacks_a_pod("web", 4).await;

    let hold = ExpectedHold::of_web("whole", "3 of 3 pods ready, 4 wanted");
    namespace.is_held(&hold, by_account).await;

    namespace.revoke("deployments/scale").await;
    let round = by_account(namespace.macaque("once --dry-run=false"))
        .exits(0)
        .await;
    round.says(["evicted", "deployments/scale"]);
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn a_freeze_of_the_namespace_is_seen_with_what_rbac_prints() {
    let mut namespace = TestNamespace::new().await;
    namespace.with(Workload::deployment("web", 3)).await;
    let account = namespace.granted("--dry-run=false").await;
    let by_account = |command: MacaqueCommand| command.by(&account);

    namespace.annotate_namespace("macaque/frozen", Some("true")).await;
    namespace
        .is_held(&ExpectedHold::of_web("freeze", "macaque/frozen"), by_account)
        .await;

    namespace.annotate_namespace("macaque/frozen", None).await;
    namespace.is_disrupted(by_account).await;
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn an_owner_opts_in_and_is_frozen_with_what_rbac_prints() {
    let mut namespace = TestNamespace::new().await;
    for name in ["web", "search"] {
        namespace.with(Workload::deployment(name, 3)).await;
    }
    let opt_in = ("MACAQUE_TARGET__MODE", "opt-in");
    let account = namespace.granted_for("--dry-run=false", &[opt_in]).await;
    let by_account = |command: MacaqueCommand| command.by(&account).env(opt_in.0, opt_in.1);
    namespace.annotate_owner("web", "macaque/enabled", "true").await;

    namespace.annotate_owner("web", "macaque/frozen", "true").await;
    namespace
        .is_held(&ExpectedHold::of_web("freeze", "macaque/frozen"), by_account)
        .await;

    namespace.annotate_owner("web", "macaque/frozen", "false").await;
    namespace.is_disrupted(by_account).await;
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn without_the_grant_for_namespaces_a_round_works_on_and_says_what_it_does_not_see() {
    let mut namespace = TestNamespace::new().await;
    namespace.with(Workload::deployment("web", 3)).await;
    let account = namespace.granted("--dry-run=false").await;
    namespace.revoke("namespaces").await;
    namespace.annotate_namespace("macaque/frozen", Some("true")).await;

    let round = namespace
        .macaque("once --dry-run=false")
        .by(&account)
        .exits(0)
        .await;
    round.says(["evicted", "namespaces"]);
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn leases_that_may_not_be_listed_cannot_answer() {
    let mut namespace = TestNamespace::new().await;
    namespace.with(Workload::deployment("web", 3)).await;
    let account = namespace.granted("--dry-run=false").await;
    let before = namespace.alive().await;
    let (key, value) = NODES_BY_LEASES;
    let macaque = |words: &str| namespace.macaque(words).by(&account).env(key, value);

    let round = macaque("once --dry-run=false").exits(UNANSWERED).await;

    round.says(["guard nodes cannot answer", "leases"]);
    assert_eq!(namespace.lost(&before).await, NO_PODS);
    macaque("check")
        .exits(1)
        .await
        .says(["leases", "kube-node-lease"]);
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn min_ready_that_can_never_pass_is_found_by_check_and_plan() {
    let mut namespace = TestNamespace::new().await;
    namespace.with(Workload::deployment("web", 3)).await;
    let macaque = |words: &str| namespace.macaque(words).env("MACAQUE_GUARDS__MIN_READY", "3");

    let never = "can never pass: 3 of 3 must stay ready";
    macaque("check").ends().await.says([never]);
    macaque("plan").exits(0).await.says([never]);
    macaque("once --dry-run=false").exits(HELD).await.says([never]);
}

impl TestNamespace {
    /// Scales the Deployment up, beyond what a quota allows: the pods that are there stay ready, and none is added.
    async fn lacks_a_pod(&mut self, name: &str, replicas: usize) {
        let pods = self.pods().await.len().to_string();
        let quota = json!({
            "apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "pods"},
            "spec": {"hard": {"pods": pods}},
        });
        self.create(quota).await;
        let quota = format!("{}/pods", self.path("ResourceQuota"));
        until("the quota is in force", async || {
            let quota = self.read(&quota).await;
            (quota["status"]["used"]["pods"] == pods.as_str()).then_some(())
        })
        .await;

        let path = format!("{}/{name}", self.path("Deployment"));
        let more = json!({"spec": {"replicas": replicas}});
        self.send(Method::PATCH, &path, &more).await.accepted();
        until("the quota stops the Deployment", async || {
            let deployment = self.read(&path).await;
            let conditions = deployment["status"]["conditions"].as_array()?;
            let failed = |condition: &Value| condition["type"] == "ReplicaFailure";
            conditions.iter().any(failed).then_some(())
        })
        .await;
    }

    /// Gives the Deployment itself this annotation, and not its pods.
    async fn annotate_owner(&self, name: &str, key: &str, value: &str) {
        let path = format!("{}/{name}", self.path("Deployment"));
        let change = json!({"metadata": {"annotations": {key: value}}});
        self.send(Method::PATCH, &path, &change).await.accepted();
    }

    /// Takes what concerns `resource` out of the Role that [`granted`](Self::granted) made, and waits until it is in
    /// force.
    pub(crate) async fn revoke(&self, resource: &str) {
        let path = format!("{}/{}", self.path("Role"), self.name);
        let mut role = self.read(&path).await;
        let rules = role["rules"].as_array_mut().unwrap();
        let before = rules.len();
        rules.retain(|rule| {
            !rule["resources"]
                .as_array()
                .unwrap()
                .iter()
                .any(|held| held == resource)
        });
        assert!(rules.len() < before, "{resource} was not granted: {role:#}");
        let change = json!({"rules": role["rules"]});
        self.send(Method::PATCH, &path, &change).await.accepted();

        let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
            "spec": {
                "user": format!("system:serviceaccount:{0}:{0}", self.name),
                "resourceAttributes": {
                    "namespace": self.name, "verb": "get", "resource": resource, "subresource": subresource,
                    "group": if subresource.is_empty() { "" } else { "apps" }, "name": self.name,
                },
            },
        });
        until("the grant is gone", async || {
            let path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
            let answer = self.send(Method::POST, path, &review).await.accepted();
            (answer["status"]["allowed"] == false).then_some(())
        })
        .await;
    }
}
