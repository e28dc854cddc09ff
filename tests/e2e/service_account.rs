//! The ServiceAccount, Role and RoleBinding of `deploy/macaque.yaml`, put into a test's namespace, and a
//! kubeconfig to act by them.

use http::Method;
use macaque_testkit::manifest::{FOR_ARMED, FOR_DELETIONS, with_rules};
use serde_json::{Value, json};

use crate::access::admins_token;
use crate::test_namespace::{TestNamespace, until};

const MANIFEST: &str = include_str!("../../deploy/macaque.yaml");

/// The documents of the manifest for the namespace of `namespace`, each with its kind.
pub(crate) fn documents(namespace: &TestNamespace) -> Vec<(String, String)> {
    let text = MANIFEST.replace("namespace: shop", &format!("namespace: {}", namespace.name));
    let documents = text.split("\n---\n");
    documents
        .filter_map(|document| {
            let kind = document.lines().find_map(|line| line.strip_prefix("kind: "))?;
            Some((kind.to_owned(), format!("{document}\n")))
        })
        .collect()
}

/// The name of the object in a document.
pub(crate) fn name_in(document: &str) -> &str {
    let name = document.lines().find_map(|line| line.strip_prefix("  name: "));
    name.unwrap()
}

/// The one document of `kind`, or the first.
pub(crate) fn document(namespace: &TestNamespace, kind: &str) -> String {
    let mut documents = documents(namespace).into_iter();
    let (_, document) = documents.find(|(found, _)| found == kind).unwrap();
    document
}

/// Takes one verb on one resource out of a Role.
pub(crate) fn without(mut role: Value, verb: &str, resource: &str) -> Value {
    let rules = role["rules"].as_array_mut().unwrap();
    for rule in rules
        .iter_mut()
        .filter(|rule| rule["resources"] == json!([resource]))
    {
        let verbs = rule["verbs"].as_array_mut().unwrap();
        verbs.retain(|held| held != verb);
    }
    rules.retain(|rule| rule["verbs"] != json!([]));

    role
}

impl TestNamespace {
    /// The manifest's Role, changed as its comments say for `dry_run = false`.
    pub(crate) async fn armed_role(&self) -> Value {
        let role = document(self, "Role");
        self.role(&with_rules(&role, FOR_ARMED)).await
    }

    /// The same for `method = "delete"`.
    pub(crate) async fn role_for_deletions(&self) -> Value {
        let role = with_rules(&document(self, "Role"), FOR_ARMED);
        let role = self.role(&with_rules(&role, FOR_DELETIONS)).await;
        without(role, "create", "pods/eviction")
    }

    /// The Role that the API server reads in this document; nothing is created.
    pub(crate) async fn role(&self, yaml: &str) -> Value {
        let read = self
            .apply("Role", "macaque", yaml, "&dryRun=All")
            .await
            .accepted();
        json!({"apiVersion": read["apiVersion"], "kind": "Role", "metadata": {"name": "macaque"}, "rules": read["rules"]})
    }

    /// The account of the manifest with this Role; returns a kubeconfig for it, once the Role is in force.
    pub(crate) async fn account(&mut self, role: Value) -> String {
        for kind in ["ServiceAccount", "RoleBinding"] {
            let yaml = document(self, kind);
            self.apply(kind, "macaque", &yaml, "").await.accepted();
        }

        self.create(role.clone()).await;
        for rule in role["rules"].as_array().unwrap() {
            for verb in rule["verbs"].as_array().unwrap() {
                self.until_granted(verb, rule).await;
            }
        }

        self.kubeconfig_of("macaque").await
    }

    /// A kubeconfig for the service account `name`.
    pub(crate) async fn kubeconfig_of(&self, name: &str) -> String {
        let request = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}});
        let path = format!("{}/{name}/token", self.path("ServiceAccount"));
        let token = self.send(Method::POST, &path, &request).await.accepted();
        let token = token["status"]["token"].as_str().unwrap();
        self.kubeconfig("account", &admins_token(), token)
    }

    /// Waits until the API server lets the account do this: it learns of Roles a moment after it stores them.
    pub(crate) async fn until_granted(&self, verb: &Value, rule: &Value) {
        let name = rule["resourceNames"][0].as_str().unwrap_or_default();
        let resource = &rule["resources"][0];
        let (resource, subresource) = match resource.as_str().unwrap().split_once('/') {
            Some((resource, subresource)) => (resource, subresource),
            None => (resource.as_str().unwrap(), ""),
        };
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
            "spec": {
                "user": format!("system:serviceaccount:{}:macaque", self.name),
                "resourceAttributes": {
                    "namespace": self.name, "verb": verb, "group": rule["apiGroups"][0], "resource": resource,
                    "subresource": subresource, "name": name,
                },
            },
        });
        until(
            &format!("{verb} {resource}/{subresource} is granted"),
            async || {
                let path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
                let answer = self.send(Method::POST, path, &review).await.accepted();
                (answer["status"]["allowed"] == true).then_some(())
            },
        )
        .await;
    }
}
