//! What guards read, under Roles that grant just that: scales, siblings, annotations, leases and nodes, and the reason
//! why an evicted pod leaves.

use std::rc::Rc;

use http::Method;
use macaque::guards::siblings::SiblingReader;
use macaque::k8s::{ApiError, Cluster, OptionalRead, WorkloadRef};
use macaque::platform::Platform;
use macaque::stop::StopSwitch;
use macaque_core::outcome::DisruptionMethod;
use macaque_core::pod::{Pod, PodRef};
use macaque_core::selector::Selector;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::LocalSet;

use crate::round_proxy::RoundProxy;
use crate::run_scenario::connect;
use crate::server::ServerKind;
use crate::table::objects::{pod, workload};
use crate::table::with;
use crate::test_namespace::TestNamespace;

/// One permission: the group, the resource and the verb.
pub(crate) type Grant = (&'static str, &'static str, &'static str);

const NODE_LEASES: &str = "kube-node-lease";

/// What the scales of Deployments, the own namespace and pods need.
const LEAST: [Grant; 4] = [
    ("", "pods", "list"),
    ("", "pods", "get"),
    ("apps", "deployments/scale", "get"),
    ("", "namespaces", "get"),
];

/// What those grants leave out, as the sandbox denies it.
const LACKING: [Grant; 5] = [
    ("apps", "deployments", "get"),
    ("apps", "statefulsets/scale", "get"),
    ("apps", "statefulsets", "get"),
    ("coordination.k8s.io", "leases", "list"),
    ("", "nodes", "list"),
];

/// macaque's connection, with what it leads through.
pub(crate) struct Connection {
    pub(crate) cluster: Cluster,
    _proxy: RoundProxy,
    _home: TempDir,
}

impl TestNamespace {
    /// Grants these permissions to macaque's account by a Role in `namespace`, and waits until they are in force.
    pub(crate) async fn grant_in(&self, namespace: &str, grants: &[Grant]) {
        if self.server.kind == ServerKind::Sandbox {
            return;
        }

        let rule = |(group, resource, verb): &Grant| json!({"apiGroups": [group], "resources": [resource], "verbs": [verb]});
        let rules: Vec<Value> = grants.iter().map(rule).collect();
        // Roles of all runs live together in the namespace of the leases.
        let name = self.name();
        let (api, group) = ("rbac.authorization.k8s.io/v1", "rbac.authorization.k8s.io");
        let path = format!("/apis/{api}/namespaces/{namespace}");
        let metadata = json!({"name": name});
        let role = json!({"apiVersion": api, "kind": "Role", "metadata": metadata, "rules": rules});
        self.create_at(&format!("{path}/roles"), name, &role).await;
        let binding = json!({
            "apiVersion": api, "kind": "RoleBinding", "metadata": metadata,
            "roleRef": {"apiGroup": group, "kind": "Role", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": "macaque", "namespace": name}],
        });
        self.create_at(&format!("{path}/rolebindings"), name, &binding)
            .await;
        for grant in grants {
            self.until(&format!("{grant:?} is granted"), async || {
                self.is_granted(namespace, grant).await
            })
            .await;
        }
    }

    async fn is_granted(&self, namespace: &str, (group, resource, verb): &Grant) -> bool {
        let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
            "spec": {
                "user": format!("system:serviceaccount:{}:macaque", self.name()),
                "resourceAttributes": {
                    "namespace": namespace, "verb": verb, "group": group, "resource": resource,
                    "subresource": subresource,
                },
            },
        });
        let path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
        self.send(Method::POST, path, &review).await.1["status"]["allowed"] == true
    }

    /// macaque's connection, on the sandbox without these permissions.
    pub(crate) async fn connection(self: &Rc<Self>, lacking: &[Grant], platform: &Platform) -> Connection {
        let resources: Vec<(&str, String)> = lacking.iter().map(|grant| (grant.2, denied(grant))).collect();
        let mut lacking: Vec<(&str, &str)> = resources.iter().map(|(verb, name)| (*verb, &**name)).collect();
        // The account on the real server lacks whatever no Role grants.
        lacking.push(("get", "secrets"));
        let client = self.server.client_lacking(&lacking).await;
        let proxy = RoundProxy::start(client, Rc::clone(self));
        let home = tempfile::tempdir().unwrap();
        let cluster = connect(&proxy, home.path(), platform).await;
        Connection {
            cluster,
            _proxy: proxy,
            _home: home,
        }
    }

    fn workload(&self, kind: &str, name: &str) -> WorkloadRef {
        WorkloadRef {
            namespace: self.name().to_owned(),
            api_version: "apps/v1".to_owned(),
            kind: kind.to_owned(),
            name: name.to_owned(),
        }
    }

    pub(crate) async fn uid(&self, kind: &str, name: &str) -> String {
        let object = self.read(kind, name).await.unwrap();
        object["metadata"]["uid"].as_str().unwrap().to_owned()
    }

    /// The pod of macaque's list whose name begins so.
    async fn listed(&self, cluster: &Cluster, begin: &str) -> Pod {
        let page = cluster.pods(Some(self.name()), &Selector::default(), None).await;
        let mut pods = page.unwrap().pods.into_iter();
        pods.find(|pod| pod.id.name.starts_with(begin)).unwrap()
    }
}

/// A permission as the sandbox denies it: `deployments.apps/scale`.
fn denied((group, resource, _): &Grant) -> String {
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    let group = if group.is_empty() {
        String::new()
    } else {
        format!(".{group}")
    };
    let subresource = if subresource.is_empty() {
        String::new()
    } else {
        format!("/{subresource}")
    };
    format!("{resource}{group}{subresource}")
}

/// Three pods of the Deployment `web`, whose selector is a set, and two of the StatefulSet `db`.
async fn two_workloads(kind: ServerKind) -> Rc<TestNamespace> {
    let namespace = Rc::new(TestNamespace::new(kind).await);
    let name = namespace.name();
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "macaque"}});
    namespace.create(&account).await;
    let annotations = json!({"metadata": {"annotations": {"macaque/frozen": "true"}}});
    let path = format!("/api/v1/namespaces/{name}");
    let (code, answer) = namespace.send(Method::PATCH, &path, &annotations).await;
    assert_eq!(code, 200, "{answer}");

    let expressions = json!([
        {"key": "tier", "operator": "DoesNotExist"},
        {"key": "app", "operator": "In", "values": ["web", "www"]},
    ]);
    let web = with(
        workload("Deployment", "web", 3),
        json!({
            "metadata": {"annotations": {"macaque/frozen-until": "2027-01-01T00:00:00Z"}},
            "spec": {"selector": {"matchExpressions": expressions}},
        }),
    );
    namespace
        .create_all(&[web, workload("StatefulSet", "db", 2), pod("alone", "alone")])
        .await;
    namespace
}

async fn least_reads(kind: ServerKind) {
    let namespace = two_workloads(kind).await;
    namespace.grant_in(namespace.name(), &LEAST).await;
    // The sandbox knows one user only, so the test reads before the grants are taken away.
    let uid = namespace.uid("Deployment", "web").await;
    let platform = Platform::system();
    let connection = namespace.connection(&LACKING, &platform).await;
    let cluster = &connection.cluster;
    let web = namespace.workload("Deployment", "web");
    let db = namespace.workload("StatefulSet", "db");

    let scale = cluster.scale(&web).await.unwrap().found().unwrap();
    assert_eq!(scale.uid, uid);
    assert_eq!(
        (scale.desired, &*scale.selector),
        (3, "app=web,app in (web,www),!tier")
    );
    assert_eq!(cluster.scale(&db).await, Ok(OptionalRead::NotGranted));
    let gone = cluster.scale(&namespace.workload("Deployment", "gone")).await;
    assert_eq!(gone, Ok(OptionalRead::Missing));

    assert_eq!(cluster.owner_keys(&web).await, Ok(OptionalRead::NotGranted));
    let keys = cluster.namespace_keys(namespace.name()).await.unwrap();
    assert_eq!(keys.found().unwrap().annotations["macaque/frozen"], "true");
    for read in [cluster.node_leases().await, cluster.nodes().await] {
        assert!(matches!(read, Err(ApiError::Forbidden { .. })), "{read:?}");
    }

    let (_switch, stop) = StopSwitch::new(&platform);
    let reader = SiblingReader {
        cluster,
        stop: &stop,
        platform: &platform,
    };
    for (begin, pods, desired) in [("web-", 3, Some(3)), ("db-", 2, None)] {
        let pod = namespace.listed(cluster, begin).await;
        let siblings = reader.of(&pod).await.unwrap().unwrap();
        let count = siblings.count();
        assert_eq!((count.ready, count.live), (pods, pods), "{begin}: {siblings:?}");
        assert_eq!(siblings.desired(), desired, "{begin}");
        assert_eq!(siblings.revisions().len(), 1, "{begin}: {siblings:?}");
    }
    let alone = namespace.listed(cluster, "alone").await;
    assert_eq!(reader.of(&alone).await, Ok(None));
    namespace.clear().await;
}

async fn further_reads(kind: ServerKind) {
    let namespace = two_workloads(kind).await;
    let more = [
        ("", "pods", "list"),
        ("", "pods", "get"),
        ("apps", "deployments", "get"),
    ];
    namespace.grant_in(namespace.name(), &more).await;
    let leases = [("coordination.k8s.io", "leases", "list")];
    namespace.grant_in(NODE_LEASES, &leases).await;
    let lacking = [("", "namespaces", "get"), ("apps", "deployments/scale", "get")];
    let platform = Platform::system();
    let connection = namespace.connection(&lacking, &platform).await;
    let cluster = &connection.cluster;

    let web = namespace.workload("Deployment", "web");
    let keys = cluster.owner_keys(&web).await.unwrap().found().unwrap();
    assert_eq!(keys.annotations["macaque/frozen-until"], "2027-01-01T00:00:00Z");
    let name = namespace.name();
    assert_eq!(cluster.namespace_keys(name).await, Ok(OptionalRead::NotGranted));
    assert_eq!(cluster.scale(&web).await, Ok(OptionalRead::NotGranted));

    let nodes = cluster.node_leases().await.unwrap();
    assert!(
        !nodes.is_empty() && nodes.iter().all(|node| node.ready),
        "{nodes:?}"
    );

    // The reason is there while the pod is terminating.
    for (begin, method, reason) in [
        ("web-", DisruptionMethod::Evict, Some("EvictionByEvictionAPI")),
        ("db-", DisruptionMethod::Delete, None),
    ] {
        let pod = namespace.listed(cluster, begin).await;
        namespace.remove_pod(&pod.id, method).await;
        let leaving = cluster.pod(&pod.id).await.unwrap().unwrap();
        assert!(leaving.terminating, "{begin}");
        assert_eq!(leaving.disruption.as_deref(), reason, "{begin}");
    }
    namespace.clear().await;
}

impl TestNamespace {
    /// Evicts or deletes a pod as the administrator.
    async fn remove_pod(&self, pod: &PodRef, method: DisruptionMethod) {
        let path = self.path_of("Pod", &pod.name);
        let (code, answer) = match method {
            DisruptionMethod::Delete => self.send(Method::DELETE, &path, &Value::Null).await,
            DisruptionMethod::Evict => {
                let metadata = json!({"name": pod.name, "namespace": pod.namespace});
                let eviction = json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata});
                self.send(Method::POST, &format!("{path}/eviction"), &eviction)
                    .await
            }
        };
        assert!(matches!(code, 200 | 201), "{answer}");
    }
}

pub(crate) fn run(reads: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, reads);
}

#[test]
fn guards_read_scales_siblings_and_their_namespace_by_the_least_role_on_the_sandbox() {
    run(least_reads(ServerKind::Sandbox));
}

#[test]
#[ignore = "needs a real control plane: just e2e"]
fn guards_read_scales_siblings_and_their_namespace_by_the_least_role_on_a_real_api_server() {
    run(least_reads(ServerKind::Real));
}

#[test]
fn guards_read_owners_leases_and_why_a_pod_leaves_on_the_sandbox() {
    run(further_reads(ServerKind::Sandbox));
}

#[test]
#[ignore = "needs a real control plane: just e2e"]
fn guards_read_owners_leases_and_why_a_pod_leaves_on_a_real_api_server() {
    run(further_reads(ServerKind::Real));
}
