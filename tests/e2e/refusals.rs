//! Promises about refusals: the report names who said no, as the real API server says it.

use http::Method;
use serde_json::{Value, json};

use crate::test_namespace::{NO_PODS, TestNamespace, until};
use crate::workload::Workload;

const POLICIES: &str = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies";
const BINDINGS: &str = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings";

/// Runs a round in which every victim is refused and no pod lost; returns one refusal, whose report says `report`.
async fn refused(namespace: &TestNamespace, report: &str) -> Value {
    let before = namespace.alive().await;
    let round = namespace.macaque("once --dry-run=false -o json").exits(3).await;
    let attempts = round.attempts();

    assert_eq!(round.uids("refused").len(), attempts.len());

    namespace
        .macaque("once --dry-run=false")
        .exits(3)
        .await
        .says([report]);

    assert_eq!(namespace.lost(&before).await, NO_PODS);

    attempts[0]["outcome"].clone()
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn a_budget_of_no_disruption_refuses_by_name() {
    let mut namespace = TestNamespace::new().await;
    namespace.with(Workload::deployment("web", 2)).await;
    namespace
        .with_budget("none", "web", json!({"maxUnavailable": 0}))
        .await;
    let refusal = refused(&namespace, "refused by budget none").await;

    assert_eq!(
        refusal["message"],
        "The disruption budget none needs 2 healthy pods and has 2 currently"
    );
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn two_budgets_on_one_pod_refuse_as_several() {
    let mut namespace = TestNamespace::new().await;
    namespace.with(Workload::deployment("web", 2)).await;

    for name in ["one", "two"] {
        namespace
            .with_budget(name, "web", json!({"maxUnavailable": 1}))
            .await;
    }

    let refusal = refused(&namespace, "several budgets at once").await;
    assert_eq!(refusal["by"], "several-budgets");
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn an_admission_policy_refuses_by_its_name_and_its_bindings() {
    let mut namespace = TestNamespace::new().await;
    let pods = namespace.with(Workload::deployment("web", 2)).await;
    let name = namespace.forbid("CREATE", "pods/eviction").await;
    until("the policy is in force", async || {
        (namespace.dry_run_eviction(&pods[0]).await.code == 422).then_some(())
    })
    .await;
    let refusal = refused(
        &namespace,
        &format!("policy {name} (binding {name}-binding): not here"),
    )
    .await;
    let who = ["by", "name", "binding", "message"].map(|key| refusal[key].as_str().unwrap());

    assert_eq!(who, ["policy", &name, &format!("{name}-binding"), "not here"]);
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn a_terminating_namespace_refuses_evictions_and_is_named() {
    let mut namespace = TestNamespace::new().await;
    let pods = namespace.with(Workload::deployment("web", 2)).await;

    // The namespace's end begins with its pods: without this they were terminating too.
    namespace.forbid("DELETE", "pods").await;
    until("the policy is in force", async || {
        let dry_run = json!({"dryRun": ["All"]});
        let answer = namespace
            .send(Method::DELETE, &namespace.path_of(&pods[0]), &dry_run)
            .await;
        (answer.code == 422).then_some(())
    })
    .await;
    let path = format!("/api/v1/namespaces/{}", namespace.name);
    namespace
        .send(Method::DELETE, &path, &Value::Null)
        .await
        .accepted();
    until("the namespace is terminating", async || {
        (namespace.dry_run_eviction(&pods[0]).await.code == 403).then_some(())
    })
    .await;
    let refusal = refused(&namespace, "the namespace, which is terminating").await;

    assert_eq!(refusal["by"], "namespace-terminating");
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn an_admission_policy_sees_which_round_evicts_and_why() {
    let mut namespace = TestNamespace::new().await;
    let pods = namespace.with(Workload::deployment("web", 2)).await;
    let annotation = |name: &str| format!("object.metadata.annotations['macaque/{name}']");
    let message = format!(
        "'{{' + {} + '}} in ' + {}",
        annotation("reason"),
        annotation("round")
    );
    let validation = json!({"expression": "false", "message": "not here", "messageExpression": message});
    namespace.forbid_by(validation, "CREATE", "pods/eviction").await;
    until("the policy is in force", async || {
        (namespace.dry_run_eviction(&pods[0]).await.code == 422).then_some(())
    })
    .await;

    let round = namespace.macaque("once --dry-run=false -o json").exits(3).await;
    let refusal = &round.attempts()[0]["outcome"];
    let slot = round.json()["slot"].as_str().unwrap().to_owned();
    assert_eq!(
        refusal["message"],
        format!("{{chaos: drawn at random}} in {slot}")
    );
}

impl TestNamespace {
    /// Denies `operation` on `resource` in this namespace by an admission policy; returns the policy's name.
    async fn forbid(&mut self, operation: &str, resource: &str) -> String {
        let validation = json!({"expression": "false", "message": "not here"});
        self.forbid_by(validation, operation, resource).await
    }

    /// Validates `operation` on `resource` in this namespace by an admission policy; returns the policy's name.
    pub(crate) async fn forbid_by(&mut self, validation: Value, operation: &str, resource: &str) -> String {
        let name = format!("{}-policy", self.name);
        let api = "admissionregistration.k8s.io/v1";
        let policy = json!({
            "apiVersion": api, "kind": "ValidatingAdmissionPolicy", "metadata": {"name": name},
            "spec": {
                "matchConstraints": {"resourceRules": [{
                    "apiGroups": [""], "apiVersions": ["v1"], "operations": [operation], "resources": [resource],
                }]},
                "validations": [validation],
            },
        });
        self.create_at(POLICIES, &name, &policy).await;
        let here = json!({"matchLabels": {"kubernetes.io/metadata.name": self.name}});
        let binding = json!({
            "apiVersion": api, "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": {"name": format!("{name}-binding")},
            "spec": {
                "policyName": name, "validationActions": ["Deny"], "matchResources": {"namespaceSelector": here},
            },
        });
        self.create_at(BINDINGS, &format!("{name}-binding"), &binding)
            .await;

        name
    }
}
