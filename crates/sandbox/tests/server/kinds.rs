//! The kinds that are served: all of them can be listed and watched, and what every cluster keeps cannot be deleted.

use kube_sandbox::scenario;
use serde_json::{Value, json};

use crate::test_server::TestServer;

/// The kinds that others watch and nothing in the sandbox acts on.
const EMPTY_KINDS: [&str; 15] = [
    "/api/v1/endpoints",
    "/api/v1/limitranges",
    "/api/v1/persistentvolumeclaims",
    "/api/v1/persistentvolumes",
    "/api/v1/replicationcontrollers",
    "/api/v1/resourcequotas",
    "/apis/autoscaling/v2/horizontalpodautoscalers",
    "/apis/batch/v1/cronjobs",
    "/apis/discovery.k8s.io/v1/endpointslices",
    "/apis/scheduling.k8s.io/v1/priorityclasses",
    "/apis/storage.k8s.io/v1/csidrivers",
    "/apis/storage.k8s.io/v1/csinodes",
    "/apis/storage.k8s.io/v1/csistoragecapacities",
    "/apis/storage.k8s.io/v1/storageclasses",
    "/apis/storage.k8s.io/v1/volumeattachments",
];

#[test]
fn kinds_that_nothing_acts_on_can_be_listed_and_watched() {
    let server = TestServer::paused(&[]);
    for path in EMPTY_KINDS {
        let list = server.get(path);
        assert_eq!((list.code, list.names()), (200, Vec::new()), "{path}");

        let watch = format!(
            "{path}?watch=true&sendInitialEvents=true&allowWatchBookmarks=true\
            &resourceVersionMatch=NotOlderThan"
        );
        let first: Value = server.watch(&watch).next().unwrap();
        assert_eq!(first["type"], "BOOKMARK", "{path}");
    }
}

#[test]
fn every_kind_of_discovery_can_be_listed() {
    let server = TestServer::paused(&scenario::shop());
    let groups = server.get("/apis").json();
    let versions = groups["groups"].as_array().unwrap().iter();
    let apis = versions.map(|group| {
        format!(
            "/apis/{}",
            group["preferredVersion"]["groupVersion"].as_str().unwrap()
        )
    });

    for api in apis.chain(["/api/v1".to_owned()]) {
        let resources = server.get(&api).json();
        for resource in resources["resources"].as_array().unwrap() {
            let is_listed = resource["verbs"].as_array().unwrap().contains(&json!("list"));
            let path = format!("{api}/{}", resource["name"].as_str().unwrap());
            if is_listed {
                assert_eq!(
                    server.get(&path).json()["kind"],
                    format!("{}List", resource["kind"].as_str().unwrap())
                );
            }
        }
    }
}

#[test]
fn a_node_says_what_the_types_of_clients_require() {
    let server = TestServer::paused(&[]);
    let node = server.get("/api/v1/nodes/node-1").json();
    for field in [
        "architecture",
        "bootID",
        "containerRuntimeVersion",
        "kernelVersion",
        "kubeProxyVersion",
        "kubeletVersion",
        "machineID",
        "operatingSystem",
        "osImage",
        "systemUUID",
    ] {
        assert!(node["status"]["nodeInfo"][field].is_string(), "{field}");
    }
}

#[test]
fn the_namespaces_of_every_cluster_cannot_be_deleted() {
    let server = TestServer::paused(&[scenario::pod("shop", "web-0", "web")]);
    for name in ["default", "kube-system", "kube-public"] {
        let answer = server.delete(&format!("/api/v1/namespaces/{name}"), None);
        let why = format!("namespaces {name:?} is forbidden: this namespace may not be deleted");
        assert_eq!((answer.code, answer.message()), (403, why));
    }
    assert_eq!(server.delete("/api/v1/namespaces", None).code, 405);
    assert_eq!(server.delete("/api/v1/namespaces/shop", None).code, 200);
}

#[test]
fn tables_show_what_kubectl_shows_of_a_kind() {
    let server = TestServer::paused(&[]);
    let table = [
        (
            "/api/v1/namespaces/default/services",
            json!({
                "kind": "Service", "apiVersion": "v1", "metadata": { "name": "web" },
                "spec": { "clusterIP": "None", "selector": { "app": "web" }, "ports": [{ "port": 80 }] },
            }),
            json!(["web", "ClusterIP", "None", "<none>", "80/TCP", "0s", "app=web"]),
        ),
        (
            "/api/v1/namespaces/default/secrets",
            json!({ "kind": "Secret", "apiVersion": "v1", "metadata": { "name": "key" }, "data": { "a": "Yg==" } }),
            json!(["key", "Opaque", 1, "0s"]),
        ),
        (
            "/apis/batch/v1/namespaces/default/cronjobs",
            json!({
                "kind": "CronJob", "apiVersion": "batch/v1", "metadata": { "name": "nightly" },
                "spec": { "schedule": "0 0 * * *", "jobTemplate": { "spec": { "template": { "spec": {
                    "restartPolicy": "Never", "containers": [{ "name": "main", "image": "once:1" }],
                } } } } },
            }),
            json!([
                "nightly",
                "0 0 * * *",
                "<none>",
                "False",
                0,
                "<none>",
                "0s",
                "main",
                "once:1",
                "<none>"
            ]),
        ),
        (
            "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings",
            json!({
                "kind": "RoleBinding", "apiVersion": "rbac.authorization.k8s.io/v1", "metadata": { "name": "readers" },
                "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader" },
                "subjects": [
                    { "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "jane" },
                    { "kind": "ServiceAccount", "namespace": "shop", "name": "robot" },
                ],
            }),
            json!(["readers", "Role/reader", "0s", "jane", "", "shop/robot"]),
        ),
    ];

    for (path, object, expected) in table {
        assert_eq!(server.post(path, &object).code, 201, "{path}");
        let shown = server.get_accepting(path, "application/json;as=Table;g=meta.k8s.io;v=v1");
        let mut cells = shown.json()["rows"][0]["cells"].clone();
        let columns = shown.json()["columnDefinitions"].clone();
        let ages = columns
            .as_array()
            .unwrap()
            .iter()
            .position(|column| column["name"] == "Age");
        cells[ages.unwrap()] = json!("0s");
        assert_eq!(cells, expected, "{path}");
        assert_eq!(
            columns.as_array().unwrap().len(),
            cells.as_array().unwrap().len(),
            "{path}"
        );
    }
}
