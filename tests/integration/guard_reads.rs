//! What guards read of the cluster: the siblings of a pod, scales, annotations and nodes, each with and without its
//! grant.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kube_sandbox::AccessDenial;
use kube_sandbox::scenario::{self, deployment, pod};
use macaque::guards::siblings::SiblingReader;
use macaque::k8s::{ApiError, Cluster, OptionalRead, WorkloadRef};
use macaque::platform::Platform;
use macaque::stop::StopSwitch;
use macaque_core::guard::NodeState;
use macaque_core::pod::{Pod, PodRef};
use macaque_core::scope_metadata::ObjectKeys;
use macaque_core::selector::Selector;
use macaque_core::siblings::SiblingPods;
use macaque_testkit::TestCluster;
use macaque_testkit::fault_proxy::{Fault, FaultProxy, ProxyRequest, ProxyResponse, RequestMatch, Rewrite};
use serde_json::{Value, json};

/// Pauses between tries take a fraction of their time.
const HURRY: u32 = 50;

/// The shop behind a fault proxy.
struct Shop {
    cluster: TestCluster,
    proxy: FaultProxy,
    platform: Platform,
    connection: Cluster,
}

impl Shop {
    async fn open() -> Self {
        Self::with(scenario::shop()).await
    }

    async fn with(objects: Vec<Value>) -> Self {
        let cluster = TestCluster::with(objects);
        let proxy = FaultProxy::start(&cluster.sandbox.url());
        cluster.reach_at(&proxy.url());
        let platform = Platform::system().hurried(HURRY);
        let connection = cluster.connect(&platform).await;
        Self {
            cluster,
            proxy,
            platform,
            connection,
        }
    }

    fn deny(&self, verb: &str, resource: &str) {
        self.cluster.sandbox.deny(AccessDenial::new(verb, resource));
    }

    /// Every request whose first line holds `part` fails.
    fn fail(&self, part: &str) {
        let status = json!({
            "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 500, "message": "etcd is away",
        });
        let answer = ProxyResponse::new(500, status.to_string());
        self.proxy.inject(part, Fault::Answer(answer));
    }

    /// A pod of the shop whose name begins so.
    async fn pod(&self, begin: &str) -> Pod {
        let objects = self
            .connection
            .pods(Some("shop"), &Selector::default(), None)
            .await;
        let mut pods = objects.unwrap().pods.into_iter();
        pods.find(|pod| pod.id.name.starts_with(begin)).unwrap()
    }

    async fn siblings(&self, pod: &Pod) -> Result<Option<SiblingPods>, ApiError> {
        let (_switch, stop) = StopSwitch::new(&self.platform);
        self.reader(&stop).of(pod).await
    }

    fn reader<'a>(&'a self, stop: &'a macaque::stop::StopToken) -> SiblingReader<'a> {
        SiblingReader {
            cluster: &self.connection,
            stop,
            platform: &self.platform,
        }
    }

    /// The lists of pods that were asked for after the first `before` requests.
    fn lists_after(&self, before: usize) -> Vec<String> {
        let mut requests = self.cluster.requests().split_off(before);
        requests.retain(|request| request.starts_with("GET /api/v1/namespaces/shop/pods?"));
        requests
    }
}

fn workload(kind: &str, name: &str) -> WorkloadRef {
    WorkloadRef {
        namespace: "shop".into(),
        api_version: "apps/v1".into(),
        kind: kind.into(),
        name: name.into(),
    }
}

#[actix_rt::test]
async fn the_siblings_of_a_pod_are_the_pods_of_its_owner_with_the_wanted_number() {
    let shop = Shop::open().await;
    let rows = [
        ("web-", 4, Some(4), "limit=500&labelSelector=app%3Dweb"),
        ("db-", 3, Some(3), "limit=500&labelSelector=app%3Ddb"),
        // A DaemonSet has no scale.
        ("logs-", 2, None, "limit=500"),
    ];

    for (begin, live, desired, query) in rows {
        let pod = shop.pod(begin).await;
        let before = shop.cluster.requests().len();
        let siblings = shop.siblings(&pod).await.unwrap().unwrap();
        assert_eq!(siblings.count().ready, live, "{begin}");
        assert_eq!(siblings.count().live, live, "{begin}");
        assert_eq!(siblings.desired(), desired, "{begin}");
        assert!(siblings.pods().any(|(uid, _)| uid == pod.id.uid), "{begin}");

        let lists = shop.lists_after(before);
        assert_eq!(lists, [format!("GET /api/v1/namespaces/shop/pods?{query}")]);
    }
}

#[actix_rt::test]
async fn without_the_grant_for_the_scale_the_namespace_is_searched_and_no_number_is_wanted() {
    let shop = Shop::open().await;
    shop.deny("get", "deployments.apps/scale");
    let pod = shop.pod("web-").await;
    let before = shop.cluster.requests().len();
    let siblings = shop.siblings(&pod).await.unwrap().unwrap();

    assert_eq!((siblings.count().ready, siblings.desired()), (4, None));
    assert_eq!(
        shop.lists_after(before),
        ["GET /api/v1/namespaces/shop/pods?limit=500"]
    );
}

#[actix_rt::test]
async fn siblings_that_cannot_be_read_are_an_error_and_a_pod_without_owner_has_none() {
    let shop = Shop::with(vec![deployment("shop", "web", 2), pod("shop", "alone", "alone")]).await;
    let pod = shop.pod("web-").await;
    assert_eq!(shop.siblings(&shop.pod("alone").await).await, Ok(None));

    for part in ["/scale", "/pods?"] {
        shop.fail(part);
        let read = shop.siblings(&pod).await;
        assert!(
            matches!(read, Err(ApiError::ServerFailed { .. })),
            "{part}: {read:?}"
        );
        shop.proxy.clear();
    }
    shop.deny("list", "pods");
    let read = shop.siblings(&pod).await;
    assert!(matches!(read, Err(ApiError::Forbidden { .. })), "{read:?}");
}

#[actix_rt::test]
async fn a_selector_that_does_not_select_the_pod_is_not_used() {
    let shop = Shop::open().await;
    let pod = shop.pod("web-").await;
    let scale = json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": {"name": "web"},
        "spec": {"replicas": 4}, "status": {"replicas": 4, "selector": "app=cart"},
    });
    shop.proxy.inject(
        "/scale",
        Fault::Answer(ProxyResponse::new(200, scale.to_string())),
    );

    let siblings = shop.siblings(&pod).await.unwrap().unwrap();
    assert_eq!((siblings.count().ready, siblings.desired()), (4, Some(4)));
}

#[actix_rt::test]
async fn a_list_of_siblings_that_restarts_forgets_the_pods_that_are_gone() {
    let shop = Shop::with(vec![deployment("shop", "web", 700)]).await;
    let pod = shop.pod("web-").await;
    let uid = pod.id.uid.clone();
    let gone = shop.siblings(&pod).await.unwrap().unwrap();
    assert_eq!(gone.count().live, 700);

    // The list expires after its first page, and the first pod goes meanwhile.
    let sandbox = std::sync::Arc::clone(&shop.cluster.sandbox);
    let name = pod.id.name.clone();
    let expire = move |_: &mut ProxyRequest| {
        sandbox.remove("Pod", "shop", &name);
        sandbox.compact();
    };
    let restart = |response: &mut ProxyResponse| {
        assert_eq!(response.status, 410);
        let text = String::from_utf8_lossy(&response.body);
        response.body = text.replace("\"continue\"", "\"forget\"").into();
    };
    let fault = Fault::Rewrite(Rewrite::default().request(expire).response(restart));
    shop.proxy
        .inject(RequestMatch::containing("continue=").once(), fault);

    let siblings = shop.siblings(&pod).await.unwrap().unwrap();
    assert_eq!(siblings.count().live, 699);
    assert!(siblings.pods().all(|(other, _)| other != uid));
}

#[actix_rt::test]
async fn one_list_shows_the_siblings_of_every_owner_in_a_namespace() {
    let shop = Shop::open().await;
    let before = shop.cluster.requests().len();
    let (_switch, stop) = StopSwitch::new(&shop.platform);
    let reader = shop.reader(&stop);
    let owners = reader.in_namespace("shop").await.unwrap();
    assert_eq!(shop.lists_after(before).len(), 1);

    let counts: Vec<_> = owners
        .iter()
        .map(|(owner, owned)| (owner.to_string(), owned.pods.count().ready))
        .collect();
    let expected = [
        ("daemonset/logs", 2),
        ("deployment/cart", 3),
        ("deployment/search", 2),
        ("deployment/web", 4),
        ("statefulset/db", 3),
    ];
    assert_eq!(counts, expected.map(|(owner, ready)| (owner.to_owned(), ready)));

    for (owner, owned) in &owners {
        let desired = reader.desired(&owned.workload).await.unwrap();
        let expected = (owner.kind != "DaemonSet").then_some(owned.pods.count().ready);
        assert_eq!(desired, expected, "{owner}");
    }
}

#[actix_rt::test]
async fn an_optional_read_tells_apart_what_is_missing_what_is_not_granted_and_what_failed() {
    let shop = Shop::open().await;
    let web = workload("Deployment", "web");
    let scale = shop.connection.scale(&web).await.unwrap().found().unwrap();
    let stored = shop.cluster.sandbox.object("Deployment", "shop", "web").unwrap();
    assert_eq!(scale.uid, stored["metadata"]["uid"]);
    assert_eq!((scale.desired, &*scale.selector), (4, "app=web"));

    for missing in [
        workload("Deployment", "gone"),
        workload("DaemonSet", "logs"),
        workload("Widget", "web"),
        workload("Deployment", "../../../secrets/key"),
        WorkloadRef {
            api_version: "gone.example.com/v1".into(),
            ..workload("Widget", "web")
        },
    ] {
        let read = shop.connection.scale(&missing).await;
        assert_eq!(read, Ok(OptionalRead::Missing), "{missing:?}");
    }

    shop.deny("get", "deployments.apps/scale");
    shop.deny("get", "deployments.apps");
    shop.deny("get", "namespaces");
    assert_eq!(shop.connection.scale(&web).await, Ok(OptionalRead::NotGranted));
    assert_eq!(
        shop.connection.owner_keys(&web).await,
        Ok(OptionalRead::NotGranted)
    );
    assert_eq!(
        shop.connection.namespace_keys("shop").await,
        Ok(OptionalRead::NotGranted)
    );

    let shop = Shop::open().await;
    shop.fail("");
    let failed = [
        shop.connection.scale(&web).await.map(drop),
        shop.connection.owner_keys(&web).await.map(drop),
        shop.connection.namespace_keys("shop").await.map(drop),
    ];
    for read in failed {
        assert!(matches!(read, Err(ApiError::ServerFailed { .. })), "{read:?}");
    }
}

#[actix_rt::test]
async fn a_refusal_is_remembered_for_ten_minutes_in_which_nothing_is_asked() {
    let shop = Shop::open().await;
    let web = workload("Deployment", "web");
    shop.deny("get", "deployments.apps/scale");
    assert_eq!(shop.connection.scale(&web).await, Ok(OptionalRead::NotGranted));
    let asked = shop.proxy.requests().len();

    shop.cluster.sandbox.allow_all();
    assert_eq!(shop.connection.scale(&web).await, Ok(OptionalRead::NotGranted));
    assert_eq!(shop.proxy.requests().len(), asked);

    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(600)).await;
    tokio::time::resume();
    let scale = shop.connection.scale(&web).await.unwrap();
    assert_eq!(scale.found().unwrap().desired, 4);
}

#[actix_rt::test]
async fn the_scale_of_a_custom_resource_is_found_by_asking_for_its_resources_once() {
    let shop = Shop::open().await;
    let resource = |name: &str, kind: &str| json!({"name": name, "kind": kind, "namespaced": true});
    let resources = json!({
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "example.com/v1",
        "resources": [resource("gizmos", "Gizmo"), resource("gizmos/scale", "Scale"), resource("widgets", "Widget")],
    });
    let scale = json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": {"name": "web", "uid": "u1"},
        "spec": {}, "status": {"replicas": 0},
    });
    for (path, answer) in [
        ("GET /apis/example.com/v1/namespaces/shop/gizmos/web/scale", scale),
        ("GET /apis/example.com/v1", resources),
    ] {
        let answer = ProxyResponse::new(200, answer.to_string());
        shop.proxy.inject(path, Fault::Answer(answer));
    }
    let custom = |kind: &str| WorkloadRef {
        api_version: "example.com/v1".into(),
        ..workload(kind, "web")
    };

    shop.proxy.take_exchanges();
    for _ in 0..2 {
        let scale = shop
            .connection
            .scale(&custom("Gizmo"))
            .await
            .unwrap()
            .found()
            .unwrap();
        assert_eq!((scale.desired, &*scale.uid, &*scale.selector), (0, "u1", ""));
    }
    let without_scale = shop.connection.scale(&custom("Widget")).await;
    assert_eq!(without_scale, Ok(OptionalRead::Missing));
    let asked = shop.proxy.take_exchanges().into_iter();
    let asked = asked.filter(|exchange| exchange.request.target == "/apis/example.com/v1");
    assert_eq!(asked.count(), 1);
}

#[actix_rt::test]
async fn a_list_of_leases_without_an_end_is_given_up() {
    let shop = Shop::open().await;
    let page = json!({
        "kind": "LeaseList", "apiVersion": "coordination.k8s.io/v1", "metadata": {"continue": "more"}, "items": [],
    });
    let answer = ProxyResponse::new(200, page.to_string());
    shop.proxy.inject("/leases", Fault::Answer(answer));
    let read = shop.connection.node_leases().await;
    let Err(ApiError::Unexpected { why, .. }) = &read else {
        panic!("{read:?}");
    };
    assert_eq!(why, "the list does not end");
}

#[actix_rt::test]
async fn annotations_and_labels_are_read_from_the_metadata_alone() {
    let mut web = deployment("shop", "web", 1);
    web["metadata"]["annotations"] = json!({"macaque/frozen": "true"});
    let namespace = json!({
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": "shop", "annotations": {"macaque/frozen-until": "2027-01-01T00:00:00Z"}},
    });
    let shop = Shop::with(vec![namespace, web]).await;

    let of_owner = shop.connection.owner_keys(&workload("Deployment", "web")).await;
    let texts = |keys: &[(&str, &str)]| {
        let keys = keys.iter();
        BTreeMap::from_iter(keys.map(|(key, value)| ((*key).to_owned(), (*value).to_owned())))
    };
    let keys = ObjectKeys {
        annotations: texts(&[
            ("deployment.kubernetes.io/revision", "1"),
            ("macaque/frozen", "true"),
        ]),
        labels: texts(&[("app", "web")]),
    };
    assert_eq!(of_owner, Ok(OptionalRead::Found(keys)));
    let of_namespace = shop.connection.namespace_keys("shop").await.unwrap();
    let until = &of_namespace.found().unwrap().annotations["macaque/frozen-until"];
    assert_eq!(until, "2027-01-01T00:00:00Z");
    assert_eq!(
        shop.connection.namespace_keys("gone").await,
        Ok(OptionalRead::Missing)
    );
}

#[actix_rt::test]
async fn a_custom_resource_that_leaves_its_replicas_open_has_no_scale() {
    let shop = Shop::open().await;
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "InternalError", "code": 500,
        "message": "Internal error occurred: the spec replicas field \".spec.replicas\" does not exist",
    });
    shop.proxy.inject(
        "/scale",
        Fault::Answer(ProxyResponse::new(500, status.to_string())),
    );
    let read = shop.connection.scale(&workload("Deployment", "web")).await;
    assert_eq!(read, Ok(OptionalRead::Missing));
}

#[actix_rt::test]
async fn nodes_are_read_by_their_leases_or_by_their_condition_and_need_the_grant() {
    let node = |name: &str, ready: &str, cordoned: bool| {
        json!({
            "apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "spec": {"unschedulable": cordoned},
            "status": {"conditions": [{"type": "Ready", "status": ready}]},
        })
    };
    let lease = |name: &str, age: i64| {
        let renewed = Timestamp::now() - SignedDuration::from_secs(age);
        json!({
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
            "metadata": {"name": name, "namespace": "kube-node-lease"},
            "spec": {"holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": format!("{renewed:.6}")},
        })
    };
    let shop = Shop::with(vec![
        node("node-1", "True", true),
        node("node-2", "Unknown", false),
        lease("node-1", 5),
        lease("node-2", 90),
    ])
    .await;

    let state = |name: &str, ready: bool, cordoned: bool| NodeState {
        name: name.to_owned(),
        ready,
        cordoned,
    };
    let by_leases = [state("node-1", true, false), state("node-2", false, false)];
    assert_eq!(shop.connection.node_leases().await.unwrap(), by_leases);
    let by_condition = [state("node-1", true, true), state("node-2", false, false)];
    assert_eq!(shop.connection.nodes().await.unwrap(), by_condition);

    shop.deny("list", "leases.coordination.k8s.io");
    shop.deny("list", "nodes");
    let refused = [shop.connection.node_leases().await, shop.connection.nodes().await];
    for read in refused {
        assert!(matches!(read, Err(ApiError::Forbidden { .. })), "{read:?}");
    }
}

#[actix_rt::test]
async fn an_evicted_pod_shows_why_it_leaves_while_it_is_terminating() {
    let shop = Shop::open().await;
    let pod = shop.pod("web-").await;
    assert_eq!(pod.disruption, None);
    let method = macaque_core::outcome::DisruptionMethod::Evict;
    shop.connection.disrupt(&pod.id, method, None).await.unwrap();

    let id: &PodRef = &pod.id;
    let evicted = shop.connection.pod(id).await.unwrap().unwrap();
    assert!(evicted.terminating);
    assert_eq!(evicted.disruption.as_deref(), Some("EvictionByEvictionAPI"));
    let siblings = shop.siblings(&evicted).await.unwrap().unwrap();
    assert_eq!((siblings.count().ready, siblings.count().terminating), (3, 1));
}
