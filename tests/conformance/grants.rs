//! macaque's account on the real server, which may do what a monkey needs, less what a scenario takes away.

use http::Method;
use serde_json::{Value, json};

use crate::server::ServerKind;
use crate::test_namespace::TestNamespace;

/// The permissions of a round of either method, with those by which guards see more and the journal is kept.
const NEEDED: [(&str, &str); 9] = [
    ("get", "namespaces"),
    ("get", "statefulsets.apps"),
    ("get", "statefulsets.apps/scale"),
    ("get", "configmaps"),
    ("update", "configmaps"),
    ("list", "pods"),
    ("get", "pods"),
    ("create", "pods/eviction"),
    ("delete", "pods"),
];

impl TestNamespace {
    /// Grants the account everything needed but `lacking`. In the sandbox there is no account to grant to.
    pub(crate) async fn grant_all_but(&self, lacking: &[(&str, &str)]) {
        if self.server.kind == ServerKind::Sandbox {
            return;
        }

        let granted = NEEDED.into_iter().filter(|grant| !lacking.contains(grant));
        let rules: Vec<Value> = granted
            .map(|(verb, resource)| {
                let (group, resource) = of_group(resource);
                json!({"apiGroups": [group], "resources": [resource], "verbs": [verb]})
            })
            .collect();
        let (api, group) = ("rbac.authorization.k8s.io/v1", "rbac.authorization.k8s.io");
        let metadata = json!({"name": "macaque"});
        self.create(&json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}))
            .await;
        self.create(&json!({"apiVersion": api, "kind": "Role", "metadata": metadata, "rules": rules}))
            .await;
        self.create(&json!({
            "apiVersion": api, "kind": "RoleBinding", "metadata": metadata,
            "roleRef": {"apiGroup": group, "kind": "Role", "name": "macaque"},
            "subjects": [{"kind": "ServiceAccount", "name": "macaque", "namespace": self.name()}],
        }))
        .await;

        for (verb, resource) in NEEDED.into_iter().filter(|grant| !lacking.contains(grant)) {
            self.until(&format!("{verb} {resource} is granted"), async || {
                self.may(verb, resource).await
            })
            .await;
        }
    }

    async fn may(&self, verb: &str, resource: &str) -> bool {
        let (group, resource) = of_group(resource);
        let (resource, subresource) = resource.split_once('/').unwrap_or((&resource, ""));
        let namespace = &self.name();
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
            "spec": {
                "user": format!("system:serviceaccount:{namespace}:macaque"),
                "resourceAttributes": {
                    "namespace": namespace, "verb": verb, "group": group, "resource": resource, "subresource": subresource,
                },
            },
        });
        let path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";

        self.send(Method::POST, path, &review).await.1["status"]["allowed"] == true
    }
}

/// The group of `statefulsets.apps/scale`, and the resource without it.
fn of_group(resource: &str) -> (String, String) {
    match resource.split_once(".apps") {
        Some((plural, subresource)) => ("apps".to_owned(), format!("{plural}{subresource}")),
        None => (String::new(), resource.to_owned()),
    }
}
