//! Answers discovery requests: the groups, versions, resources and schemas of the API.

use serde_json::{Value, json};

use crate::store::resource::{ApiResource, RESOURCES};
use crate::store::review::{self, REVIEWS, ReviewResource};
use crate::wire::reply::ApiReply;

/// The version of Kubernetes that the sandbox imitates.
pub(crate) const GIT_VERSION: &str = "v1.37.2+kube-sandbox";

const VERBS: [&str; 8] = [
    "create",
    "delete",
    "deletecollection",
    "get",
    "list",
    "patch",
    "update",
    "watch",
];

/// Answers a path that addresses no resource; `None` if nothing is served there.
pub(crate) fn answer(path: &[String]) -> Option<ApiReply> {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let body = match path.as_slice() {
        ["healthz" | "livez" | "readyz", ..] => return Some(ApiReply::text(200, "ok")),
        ["version"] => version(),
        ["api"] => json!({ "kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [] }),
        ["api", "v1"] => resource_list("", "v1"),
        ["apis"] => group_list(),
        ["apis", name] => group(name)?,
        ["apis", name, version] => {
            api_groups()
                .into_iter()
                .find(|known| known == &(*name, *version))?;
            resource_list(name, version)
        }
        // In protobuf, a document without schemas is empty. kubectl reads it before it validates what it cannot have
        // validated by the server: lists, and kinds that are not served.
        ["openapi", "v2"] => return Some(ApiReply::text(200, "")),
        ["openapi", "v3"] => schema_index(),
        ["openapi", "v3", "api", "v1"] => schema("", "v1"),
        ["openapi", "v3", "apis", group, version] => schema(group, version),
        _ => return None,
    };
    Some(ApiReply::json(200, body))
}

fn version() -> Value {
    json!({
        "major": "1", "minor": "37", "gitVersion": GIT_VERSION, "gitCommit": "", "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "none", "compiler": "rustc", "platform": "sandbox/any",
    })
}

/// The API groups in the order of the tables of resources and reviews, each with its only version.
fn api_groups() -> Vec<(&'static str, &'static str)> {
    let mut groups: Vec<(&str, &str)> = Vec::new();
    let stored = RESOURCES
        .iter()
        .map(|resource| (resource.group, resource.version));
    let answered = REVIEWS.iter().map(|resource| (resource.group, review::VERSION));
    for group in stored.chain(answered) {
        if !group.0.is_empty() && !groups.contains(&group) {
            groups.push(group);
        }
    }
    groups
}

fn group_list() -> Value {
    let groups: Vec<Value> = api_groups()
        .into_iter()
        .map(|(name, version)| group_entry(name, version))
        .collect();
    json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": groups })
}

fn group(name: &str) -> Option<Value> {
    let (name, version) = api_groups().into_iter().find(|(known, _)| *known == name)?;
    let mut group = group_entry(name, version);
    group["kind"] = json!("APIGroup");
    group["apiVersion"] = json!("v1");
    Some(group)
}

fn group_entry(name: &str, version: &str) -> Value {
    let version = json!({ "groupVersion": format!("{name}/{version}"), "version": version });
    json!({ "name": name, "versions": [version.clone()], "preferredVersion": version })
}

/// The resources of a group and version.
fn resources_of(group: &str, version: &str) -> impl Iterator<Item = &'static ApiResource> {
    RESOURCES
        .iter()
        .filter(move |resource| resource.group == group && resource.version == version)
}

fn resource_list(group: &str, version: &str) -> Value {
    // In the order of their names, in which `kubectl get all` shows them.
    let mut resources: Vec<_> = resources_of(group, version).collect();
    resources.sort_by_key(|resource| resource.plural);
    let mut entries: Vec<Value> = resources.into_iter().flat_map(resource_entries).collect();
    let reviews = REVIEWS.iter().filter(|review| review.group == group);
    entries.extend(reviews.map(review_entry));

    let group_version = if group.is_empty() {
        version.to_owned()
    } else {
        format!("{group}/{version}")
    };
    json!({
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": entries,
    })
}

fn review_entry(review: &ReviewResource) -> Value {
    json!({
        "name": review.plural, "singularName": review.kind.to_lowercase(), "namespaced": review.namespaced,
        "kind": review.kind, "verbs": ["create"],
    })
}

/// The entries of a resource and of its subresources.
fn resource_entries(resource: &'static ApiResource) -> Vec<Value> {
    // Namespaces can only be deleted one by one.
    let is_served = |verb: &&&str| resource.kind != "Namespace" || **verb != "deletecollection";
    let verbs: Vec<&&str> = VERBS.iter().filter(is_served).collect();
    let mut entry = json!({
        "name": resource.plural, "singularName": resource.singular(), "namespaced": resource.namespaced,
        "kind": resource.kind, "verbs": verbs, "shortNames": resource.short_names,
    });
    if resource.in_all {
        entry["categories"] = json!(["all"]);
    }

    let subresources = resource.subresources.iter();
    let entries = subresources.map(|subresource| subresource_entry(resource, subresource));
    [entry].into_iter().chain(entries).collect()
}

fn subresource_entry(resource: &ApiResource, subresource: &str) -> Value {
    let (group, version, kind, verbs) = match subresource {
        "eviction" => ("policy", "v1", "Eviction", json!(["create"])),
        "scale" => ("autoscaling", "v1", "Scale", json!(["get", "patch", "update"])),
        _ => ("", "", resource.kind, json!(["get", "patch", "update"])),
    };

    let name = format!("{}/{subresource}", resource.plural);
    let mut entry = json!({
        "name": name, "singularName": "", "namespaced": resource.namespaced, "kind": kind, "verbs": verbs,
    });
    // A kind names its group only if that differs from the resource's group.
    if !group.is_empty() {
        entry["group"] = json!(group);
        entry["version"] = json!(version);
    }
    entry
}

fn schema_index() -> Value {
    let mut paths = json!({ "api/v1": { "serverRelativeURL": "/openapi/v3/api/v1?hash=sandbox" } });
    for (group, version) in api_groups() {
        let url = format!("/openapi/v3/apis/{group}/{version}?hash=sandbox");
        paths[format!("apis/{group}/{version}")] = json!({ "serverRelativeURL": url });
    }
    json!({ "paths": paths })
}

/// A minimal schema, which tells kubectl that this server validates fields itself.
///
/// Without the parameter `fieldValidation` of PATCH, kubectl would validate with schemas that the sandbox does not
/// have.
fn schema(group: &str, version: &str) -> Value {
    let stored = resources_of(group, version).map(|known| (known.kind, known.plural, known.namespaced));
    let reviews = REVIEWS
        .iter()
        .filter(|review| (review.group, review::VERSION) == (group, version));
    let answered = reviews.map(|review| (review.kind, review.plural, review.namespaced));

    let mut paths = json!({});
    for (kind, plural, namespaced) in stored.chain(answered) {
        let parameter = |name: &str| json!({ "name": name, "in": "query", "schema": { "type": "string" } });
        let parameters = ["dryRun", "fieldManager", "fieldValidation"].map(parameter);
        let kind = json!({ "group": group, "version": version, "kind": kind });
        paths[schema_path(group, version, plural, namespaced)] = json!({
            "patch": {
                "x-kubernetes-action": "patch", "x-kubernetes-group-version-kind": kind,
                "parameters": parameters, "responses": {},
            },
        });
    }

    let info = json!({ "title": "Kubernetes", "version": GIT_VERSION });
    json!({ "openapi": "3.0.0", "info": info, "paths": paths, "components": {} })
}

/// The path of an object in schemas: `/api/v1/namespaces/{namespace}/pods/{name}`.
fn schema_path(group: &str, version: &str, plural: &str, namespaced: bool) -> String {
    let prefix = if group.is_empty() {
        format!("/api/{version}")
    } else {
        format!("/apis/{group}/{version}")
    };
    let namespace = if namespaced { "/namespaces/{namespace}" } else { "" };

    format!("{prefix}{namespace}/{plural}/{{name}}")
}
