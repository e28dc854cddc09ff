//! Discovery: what a client may find out about the API before it uses it.

use serde_json::{Value, json};

use crate::store::resource::{ApiResource, RESOURCES};
use crate::wire::reply::ApiReply;

const GIT_VERSION: &str = "v1.37.2+macaque-sandbox";
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
const REVIEWS: [(&str, &str); 2] = [
    ("selfsubjectaccessreviews", "SelfSubjectAccessReview"),
    ("selfsubjectrulesreviews", "SelfSubjectRulesReview"),
];

/// Answers a path that is no object, or nothing when nobody serves it.
pub(crate) fn answer(path: &[String]) -> Option<ApiReply> {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let body = match path.as_slice() {
        ["healthz" | "livez" | "readyz", ..] => return Some(ApiReply::text(200, "ok")),
        ["version"] => version(),
        ["api"] => json!({ "kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [] }),
        ["api", "v1"] => resources("", "v1"),
        ["apis"] => {
            let groups: Vec<Value> = groups()
                .into_iter()
                .map(|(name, version)| group(name, version))
                .collect();
            json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": groups })
        }
        ["apis", name] => {
            let (name, version) = groups().into_iter().find(|(known, _)| known == name)?;
            let mut group = group(name, version);
            group["kind"] = json!("APIGroup");
            group["apiVersion"] = json!("v1");
            group
        }
        ["apis", name, version] => {
            groups().into_iter().find(|known| *known == (*name, *version))?;
            resources(name, version)
        }
        ["openapi", "v3"] => schemas(),
        ["openapi", "v3", "api", "v1"] => schema("", "v1"),
        ["openapi", "v3", "apis", group, version] => schema(group, version),
        _ => return None,
    };
    Some(ApiReply::json(200, body))
}

/// The groups in the order of the table, reviews last; each has one version.
fn groups() -> Vec<(&'static str, &'static str)> {
    let mut groups: Vec<(&str, &str)> = Vec::new();
    for row in RESOURCES.iter().filter(|row| !row.group.is_empty()) {
        if !groups.contains(&(row.group, row.version)) {
            groups.push((row.group, row.version));
        }
    }
    groups.push(("authorization.k8s.io", "v1"));
    groups
}

fn version() -> Value {
    json!({
        "major": "1", "minor": "37", "gitVersion": GIT_VERSION, "gitCommit": "", "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "none", "compiler": "rustc", "platform": "sandbox/any",
    })
}

fn group(name: &str, version: &str) -> Value {
    let preferred = json!({ "groupVersion": format!("{name}/{version}"), "version": version });
    json!({ "name": name, "versions": [preferred.clone()], "preferredVersion": preferred })
}

fn resources(group: &str, version: &str) -> Value {
    let rows = RESOURCES
        .iter()
        .filter(|row| (row.group, row.version) == (group, version));
    let mut listed: Vec<Value> = rows.flat_map(entries).collect();
    if group == "authorization.k8s.io" {
        listed.extend(REVIEWS.map(|(plural, kind)| {
            json!({ "name": plural, "singularName": "", "namespaced": false, "kind": kind, "verbs": ["create"] })
        }));
    }
    let group_version = if group.is_empty() {
        version.to_owned()
    } else {
        format!("{group}/{version}")
    };
    json!({ "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": listed })
}

fn entries(row: &ApiResource) -> Vec<Value> {
    let mut entry = json!({
        "name": row.plural, "singularName": row.singular, "namespaced": row.is_namespaced(),
        "kind": row.kind, "verbs": VERBS, "shortNames": row.short,
    });
    if row.in_all {
        entry["categories"] = json!(["all"]);
    }
    let parts = row.subresources.iter().map(|part| {
        let name = format!("{}/{part}", row.plural);
        let (group, version, kind, verbs) = match *part {
            "eviction" => ("policy", "v1", "Eviction", json!(["create"])),
            "scale" => ("autoscaling", "v1", "Scale", json!(["get", "patch", "update"])),
            _ => ("", "", row.kind, json!(["get", "patch", "update"])),
        };
        let mut part = json!({
            "name": name, "singularName": "", "namespaced": row.is_namespaced(), "kind": kind, "verbs": verbs,
        });
        if !group.is_empty() {
            part["group"] = json!(group);
            part["version"] = json!(version);
        }
        part
    });
    let parts: Vec<Value> = parts.collect();
    [entry].into_iter().chain(parts).collect()
}

fn schemas() -> Value {
    let mut paths = json!({ "api/v1": { "serverRelativeURL": "/openapi/v3/api/v1?hash=sandbox" } });
    for (group, version) in groups() {
        let url = format!("/openapi/v3/apis/{group}/{version}?hash=sandbox");
        paths[format!("apis/{group}/{version}")] = json!({ "serverRelativeURL": url });
    }
    json!({ "paths": paths })
}

/// The least of a schema: enough for kubectl to see that this server validates fields itself.
fn schema(group: &str, version: &str) -> Value {
    let mut paths = json!({});
    for row in RESOURCES
        .iter()
        .filter(|row| (row.group, row.version) == (group, version))
    {
        let prefix = if group.is_empty() {
            "/api/v1".to_owned()
        } else {
            format!("/apis/{group}/{version}")
        };
        let middle = if row.is_namespaced() {
            "/namespaces/{namespace}"
        } else {
            ""
        };
        let kind = json!({ "group": group, "version": version, "kind": row.kind });
        let parameter = |name: &str| json!({ "name": name, "in": "query", "schema": { "type": "string" } });
        let parameters = ["dryRun", "fieldManager", "fieldValidation"].map(parameter);
        paths[format!("{prefix}{middle}/{}/{{name}}", row.plural)] = json!({
            "patch": {
                "x-kubernetes-action": "patch", "x-kubernetes-group-version-kind": kind,
                "parameters": parameters, "responses": {},
            },
        });
    }
    json!({ "openapi": "3.0.0", "info": { "title": "Kubernetes", "version": GIT_VERSION }, "paths": paths, "components": {} })
}
