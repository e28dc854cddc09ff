//! The Roles and their bindings as Kubernetes takes them, in YAML with comments.

use macaque_core::permissions::PolicyRule;
use serde::Serialize;
use serde_saphyr::FlowSeq;

use super::{CommentedRule, ScopedRules, ServiceAccount};

const API: &str = "rbac.authorization.k8s.io";
const API_VERSION: &str = "rbac.authorization.k8s.io/v1";

/// A Role or a ClusterRole.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RoleObject {
    api_version: &'static str,
    kind: &'static str,
    metadata: ObjectMetadata,
    rules: Vec<RoleRule>,
}

/// A rule with its lists in brackets, as people write them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RoleRule {
    api_groups: FlowSeq<[&'static str; 1]>,
    resources: FlowSeq<[&'static str; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_names: Option<FlowSeq<Vec<String>>>,
    verbs: FlowSeq<Vec<&'static str>>,
}

/// A RoleBinding or a ClusterRoleBinding.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BindingObject {
    api_version: &'static str,
    kind: &'static str,
    metadata: ObjectMetadata,
    role_ref: RoleRef,
    subjects: [BindingSubject; 1],
}

#[derive(Serialize)]
struct ObjectMetadata {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    labels: ObjectLabels,
}

#[derive(Serialize)]
struct ObjectLabels {
    #[serde(rename = "app.kubernetes.io/name")]
    name: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RoleRef {
    api_group: &'static str,
    kind: &'static str,
    name: String,
}

#[derive(Serialize)]
struct BindingSubject {
    kind: &'static str,
    name: String,
    namespace: String,
}

impl From<&PolicyRule> for RoleRule {
    fn from(rule: &PolicyRule) -> Self {
        let PolicyRule {
            api_groups,
            resources,
            verbs,
            resource_names,
        } = rule;

        Self {
            api_groups: FlowSeq(*api_groups),
            resources: FlowSeq(*resources),
            resource_names: (!resource_names.is_empty()).then(|| FlowSeq(resource_names.clone())),
            verbs: FlowSeq(verbs.clone()),
        }
    }
}

/// The role as YAML, with a comment before the optional rules of each purpose.
pub(super) fn commented(role: &RoleObject, rules: &[CommentedRule]) -> String {
    let text = serde_saphyr::to_string(role).expect("a role serialises");
    let mut rules = rules.iter();
    let mut said = None;
    let mut lines = Vec::new();

    for line in text.trim_end().lines() {
        let rule = if line.starts_with("- apiGroups:") {
            rules.next()
        } else {
            None
        };
        // Rules for the same purpose follow each other, and the comment stands before the first.
        if let Some(without) = rule.and_then(|rule| rule.without)
            && said != Some(without)
        {
            said = Some(without);
            lines.push(format!("# Optional. Without it {without}."));
        }
        lines.push(line.to_owned());
    }
    lines.join("\n")
}

/// The role of one namespace, or of the cluster, and its binding. Both are named after the service account; where those
/// of other accounts of that name may be, its namespace is a part of the name.
pub(super) fn objects(scoped: &ScopedRules, account: &ServiceAccount) -> (RoleObject, BindingObject) {
    let namespace = scoped.namespace.as_deref();
    let name = if scoped.shared {
        format!("{}-{}", account.name, account.namespace)
    } else {
        account.name.clone()
    };
    let (role, binding) = match namespace {
        Some(_) => ("Role", "RoleBinding"),
        None => ("ClusterRole", "ClusterRoleBinding"),
    };
    let metadata = || ObjectMetadata {
        name: name.clone(),
        namespace: namespace.map(str::to_owned),
        labels: ObjectLabels { name: "macaque" },
    };
    let binding = BindingObject {
        api_version: API_VERSION,
        kind: binding,
        metadata: metadata(),
        role_ref: RoleRef {
            api_group: API,
            kind: role,
            name: name.clone(),
        },
        subjects: [BindingSubject {
            kind: "ServiceAccount",
            name: account.name.clone(),
            namespace: account.namespace.clone(),
        }],
    };
    let role = RoleObject {
        api_version: API_VERSION,
        kind: role,
        metadata: metadata(),
        rules: scoped
            .rules
            .iter()
            .map(|commented| RoleRule::from(&commented.rule))
            .collect(),
    };

    (role, binding)
}
