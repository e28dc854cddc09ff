//! Owners of a kind of the test's own, and their controller, which the test plays.

use std::convert::Infallible;
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use crate::test_namespace::{TestNamespace, until};
use crate::workload::is_ready;

/// An owner of a custom kind, and where it is.
pub(super) struct CustomOwner {
    object: Value,
    path: String,
}

impl TestNamespace {
    /// An owner of so many pods, of a kind with a scale or without; returned once its pods are ready. A pod that replaces
    /// one of them is ready after `ready_after`.
    pub(super) async fn with_custom_owner(
        &mut self,
        replicas: usize,
        has_scale: bool,
        ready_after: &str,
    ) -> CustomOwner {
        // A group of its own: kinds of all tests live together.
        let group = format!("{}.example.com", self.name);
        self.create_kind(&group, has_scale).await;
        let object = json!({
            "apiVersion": format!("{group}/v1"), "kind": "Fleet", "metadata": {"name": "web"},
            "spec": {"replicas": replicas}, "status": {"selector": "app=web"},
        });
        let path = format!("/apis/{group}/v1/namespaces/{}/fleets", self.name);
        let object = until("the kind is served", async || {
            let answer = self.send(Method::POST, &path, &object).await;
            (answer.code == 201).then_some(answer.body)
        })
        .await;

        let owner = CustomOwner {
            object,
            path: format!("{path}/web"),
        };
        for _ in 0..replicas {
            self.create_pod_of(&owner, "0s").await;
        }
        until("the pods are ready", async || {
            self.pods().await.iter().all(is_ready).then_some(())
        })
        .await;

        // Only the next ones take their time.
        let slow = json!({"spec": {"readyAfter": ready_after}});
        self.send(Method::PATCH, &owner.path, &slow).await.accepted();
        owner
    }

    async fn create_kind(&mut self, group: &str, has_scale: bool) {
        let scale = json!({
            "specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas",
            "labelSelectorPath": ".status.selector",
        });
        let any = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
        let mut version = json!({
            "name": "v1", "served": true, "storage": true,
            "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": any, "status": any}}},
        });
        if has_scale {
            version["subresources"] = json!({"scale": scale});
        }
        let name = format!("fleets.{group}");
        let kind = json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": name},
            "spec": {
                "group": group, "scope": "Namespaced", "names": {"kind": "Fleet", "plural": "fleets"},
                "versions": [version],
            },
        });
        let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        self.create_at(path, &name, &kind).await;
    }

    async fn create_pod_of(&self, owner: &CustomOwner, ready_after: &str) {
        let CustomOwner { object, .. } = owner;
        let reference = json!({
            "apiVersion": object["apiVersion"], "kind": object["kind"], "name": object["metadata"]["name"],
            "uid": object["metadata"]["uid"], "controller": true,
        });
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {
                "generateName": "web-", "labels": {"app": "web"}, "ownerReferences": [reference],
                "annotations": {"controlplane.test/ready-after": ready_after},
            },
            "spec": {"containers": [{"name": "main", "image": "none"}]},
        });
        self.send(Method::POST, &self.path("Pod"), &pod).await.accepted();
    }

    /// Creates a pod whenever the owner has fewer than it wants.
    pub(super) async fn control(&self, owner: &CustomOwner) -> Infallible {
        loop {
            let wanted = self.read(&owner.path).await;
            let live = self.alive().await.len() as u64;
            if wanted["spec"]["replicas"].as_u64().unwrap() > live {
                let ready_after = wanted["spec"]["readyAfter"].as_str().unwrap();
                self.create_pod_of(owner, ready_after).await;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Wants another number of pods.
    pub(super) async fn scale(&self, owner: &CustomOwner, replicas: usize) {
        let change = json!({"spec": {"replicas": replicas}});
        self.send(Method::PATCH, &owner.path, &change).await.accepted();
    }

    /// Lets the service account of this name read the scale.
    pub(super) async fn grant_scale(&mut self, owner: &CustomOwner, account: &str) {
        let api = owner.object["apiVersion"].as_str().unwrap();
        let (group, _) = api.split_once('/').unwrap();
        let rule = json!({"apiGroups": [group], "resources": ["fleets/scale"], "verbs": ["get"]});
        let rbac = "rbac.authorization.k8s.io";
        let role = json!({
            "apiVersion": format!("{rbac}/v1"), "kind": "Role", "metadata": {"name": "scale"}, "rules": [rule],
        });
        self.create(role).await;
        let binding = json!({
            "apiVersion": format!("{rbac}/v1"), "kind": "RoleBinding", "metadata": {"name": "scale"},
            "roleRef": {"apiGroup": rbac, "kind": "Role", "name": "scale"},
            "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": self.name}],
        });
        self.create(binding).await;

        let review = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
            "spec": {
                "user": format!("system:serviceaccount:{}:{account}", self.name),
                "resourceAttributes": {
                    "namespace": self.name, "verb": "get", "group": group, "resource": "fleets", "subresource": "scale",
                },
            },
        });
        self.until_reviewed(&review, true).await;
    }

    /// Waits until the API server allows, or does not allow, what a review asks for.
    pub(super) async fn until_reviewed(&self, review: &Value, allowed: bool) {
        until("the Role is in force", async || {
            let path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
            let answer = self.send(Method::POST, path, review).await.accepted();
            (answer["status"]["allowed"] == allowed).then_some(())
        })
        .await;
    }
}
