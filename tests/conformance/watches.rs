//! What a watch of pods shows on either server, read by macaque's own connection: no proxy is in between, because a watch
//! does not end.

use http::Method;
use macaque::k8s::{Cluster, ClusterAccess, PodWatch, WatchEvent};
use macaque::platform::Platform;
use macaque_core::pod::Pod;
use macaque_core::selector::Selector;
use serde_json::json;
use tempfile::TempDir;
use tokio::task::LocalSet;

use crate::server::ServerKind;
use crate::table::objects::pod;
use crate::test_namespace::TestNamespace;

/// A connection of the administrator.
pub(crate) async fn connect(namespace: &TestNamespace, platform: &Platform) -> (Cluster, TempDir) {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("kubeconfig");
    std::fs::write(&file, namespace.server.kubeconfig()).unwrap();
    let access = ClusterAccess {
        kubeconfig: Some(file),
        ..ClusterAccess::default()
    };
    (Cluster::connect(&access, platform).await.unwrap(), home)
}

/// The version of the list of the pods.
async fn version(cluster: &Cluster, namespace: &TestNamespace) -> String {
    let all = Selector::default();
    let list = cluster.each_pod(Some(namespace.name()), &all, None, None, |_| {});
    list.await.unwrap().version.unwrap()
}

/// The pod of the first event that is `wanted`. Every pod of the watch has the label that is watched, unless it is gone.
async fn until(watch: &mut PodWatch, wanted: impl Fn(&WatchEvent) -> bool) -> Pod {
    loop {
        let event = watch.next().await.unwrap();
        let is_wanted = wanted(&event);
        match event {
            WatchEvent::Seen(pod) => {
                assert_eq!(pod.labels["app"], "web", "{pod:?}");
                if is_wanted {
                    return *pod;
                }
            }
            WatchEvent::Deleted(pod) if is_wanted => return *pod,
            WatchEvent::Deleted(_) | WatchEvent::Bookmark(_) => {}
        }
    }
}

fn seen(event: &WatchEvent, name: &str, is_so: impl Fn(&Pod) -> bool) -> bool {
    matches!(event, WatchEvent::Seen(pod) if pod.id.name == name && is_so(pod))
}

fn gone(event: &WatchEvent, name: &str) -> bool {
    matches!(event, WatchEvent::Deleted(pod) if pod.id.name == name)
}

async fn changes_of_pods(kind: ServerKind) {
    let namespace = TestNamespace::new(kind).await;
    namespace
        .create_all(&[pod("web-0", "web"), pod("db-0", "db")])
        .await;
    let platform = Platform::system();
    let (cluster, _home) = connect(&namespace, &platform).await;
    let from = version(&cluster, &namespace).await;
    let web: Selector = "app=web".parse().unwrap();
    let watched = cluster.watch_pods(namespace.name(), &web, &from).await;
    let mut watch = watched.unwrap().unwrap();

    namespace.create(&pod("web-1", "web")).await;
    let ready = until(&mut watch, |event| seen(event, "web-1", |pod| pod.ready)).await;
    assert!(ready.progress.scheduled.is_some() && ready.progress.containers_ready.is_some());
    assert_eq!(ready.progress.trouble, None);

    let label = |app: &str| json!({"metadata": {"labels": {"app": app}}});
    namespace.patch("Pod", "web-0", &label("other")).await;
    until(&mut watch, |event| gone(event, "web-0")).await;
    namespace.patch("Pod", "db-0", &label("web")).await;
    until(&mut watch, |event| seen(event, "db-0", |_| true)).await;

    let path = namespace.path_of("Pod", "web-1");
    let (code, answer) = namespace.send(Method::DELETE, &path, &json!({})).await;
    assert_eq!(code, 200, "{answer}");
    until(&mut watch, |event| seen(event, "web-1", |pod| pod.terminating)).await;
    let at_once = json!({"gracePeriodSeconds": 0});
    namespace.send(Method::DELETE, &path, &at_once).await;
    let last = until(&mut watch, |event| gone(event, "web-1")).await;
    assert_eq!(last.id, ready.id);
    namespace.clear().await;
}

/// A pod that no node has room for.
async fn an_unschedulable_pod(kind: ServerKind) {
    let namespace = TestNamespace::new(kind).await;
    let platform = Platform::system();
    let (cluster, _home) = connect(&namespace, &platform).await;
    let from = version(&cluster, &namespace).await;
    let watched = cluster
        .watch_pods(namespace.name(), &Selector::default(), &from)
        .await;
    let mut watch = watched.unwrap().unwrap();

    namespace.server.leave_pods_unscheduled();
    let mut huge = pod("web-0", "web");
    huge["spec"]["containers"][0]["resources"] = json!({"requests": {"cpu": "100k"}});
    namespace.create(&huge).await;
    let stuck = until(&mut watch, |event| {
        seen(event, "web-0", |pod| pod.progress.trouble.is_some())
    })
    .await;
    let trouble = stuck.progress.trouble.unwrap();
    assert_eq!(trouble.reason, "Unschedulable");
    assert!(trouble.message.contains("nodes are available: "), "{trouble:?}");
    assert!(trouble.message.contains("Insufficient cpu"), "{trouble:?}");
    namespace.clear().await;
}

fn run(watched: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, watched);
}

#[test]
fn a_watch_shows_every_change_of_the_selected_pods_on_the_sandbox() {
    run(changes_of_pods(ServerKind::Sandbox));
}

#[test]
#[ignore = "needs a real control plane: just e2e"]
fn a_watch_shows_every_change_of_the_selected_pods_on_a_real_api_server() {
    run(changes_of_pods(ServerKind::Real));
}

#[test]
fn a_watch_shows_why_a_pod_is_not_scheduled_on_the_sandbox() {
    run(an_unschedulable_pod(ServerKind::Sandbox));
}

#[test]
#[ignore = "needs a real control plane: just e2e"]
fn a_watch_shows_why_a_pod_is_not_scheduled_on_a_real_api_server() {
    run(an_unschedulable_pod(ServerKind::Real));
}
