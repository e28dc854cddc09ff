//! What others do in the cluster: people, drains, rollouts, and the API server itself.

use std::time::Duration;

use http::{Method, Request};
use jiff::{SignedDuration, Timestamp};
use kube_sandbox::ObjectChange;
use macaque::platform::SimulatedClock;
use serde_json::{Value, json};

use crate::fault::{FAULTY, Fault, WorldFault};
use crate::objects::{DEPLOYMENTS, JOURNAL, JOURNAL_PATH, JOURNALS_PATH, journal};
use crate::wholeness::is_ready;
use crate::world::{Sender, World};

/// How often pods are looked at until one has become ready.
const READY_INTERVAL: Duration = Duration::from_millis(500);

/// Lets a fault of the world or of a clock happen at its time; does nothing for others.
pub(crate) async fn happen(world: World, clocks: Vec<SimulatedClock>, fault: Fault) {
    let (Fault::Jump(_, at, _) | Fault::Drift(_, at, _) | Fault::World(at, _)) = fault else {
        return;
    };
    world.sleep_until(at).await;
    world.tell(|| fault.to_string());
    world.note_fault(fault.kind());

    match fault {
        Fault::Jump(replica, _, by) => {
            clocks[replica].jump(SignedDuration::from_secs(by));
            repair(&world, &clocks[replica]).await;
        }
        Fault::Drift(replica, _, parts) => {
            clocks[replica].drift(parts);
            repair(&world, &clocks[replica]).await;
        }
        Fault::World(_, fault) => change(&world, fault).await,
        Fault::Request(..) | Fault::Replica(..) => {}
    }
}

/// Sets a clock right once the faults are over.
async fn repair(world: &World, clock: &SimulatedClock) {
    world.sleep_until(FAULTY).await;
    clock.drift(0);
    let error = clock.now().duration_since(world.now());
    clock.jump(-error);
}

async fn change(world: &World, fault: WorldFault) {
    let pause = |milliseconds| tokio::time::sleep(Duration::from_millis(milliseconds));
    let stored = || {
        world
            .cluster
            .object("ConfigMap", "chaos", JOURNAL)
            .unwrap_or_else(journal)
    };
    match fault {
        WorldFault::ServerRestart(length) => world.take_away(Duration::from_millis(length)),
        WorldFault::Compaction => world.compact(),
        WorldFault::Drain => disrupt(world, true),
        WorldFault::PodDeleted => disrupt(world, false),
        WorldFault::Unready(after, length) => {
            let Some(name) = next_ready(world).await else {
                return;
            };
            pause(after).await;
            set_ready(world, &name, false);
            pause(length).await;
            set_ready(world, &name, true);
        }
        WorldFault::Rollout => {
            let revision = world.draw(1_000);
            let template = json!({ "metadata": { "annotations": { "revision": revision.to_string() } } });
            patch(world, &json!({ "spec": { "template": template } }));
        }
        WorldFault::Scale(by) => patch(world, &json!({ "spec": { "replicas": 2 + by } })),
        WorldFault::JournalDeleted(length) => {
            world.cluster.remove("ConfigMap", "chaos", JOURNAL);
            pause(length).await;
            send(world, Method::POST, JOURNALS_PATH, &journal());
        }
        WorldFault::JournalRestored(length) => {
            let copy = stored();
            pause(length).await;
            replace(world, copy);
        }
        WorldFault::JournalTruncated(length) => {
            let whole = stored();
            let Some(text) = whole["data"]["journal.json"].as_str() else {
                return;
            };
            let mut half = whole.clone();
            half["data"]["journal.json"] = text[..text.len() / 2].into();
            replace(world, half);
            pause(length).await;
            replace(world, whole);
        }
        WorldFault::JournalEdited => {
            let mut edited = stored();
            edited["metadata"]["labels"]["edited"] = world.draw(1_000).to_string().into();
            replace(world, edited);
        }
        WorldFault::Pause(length) => {
            let mut paused = stored();
            let annotations = &mut paused["metadata"]["annotations"];
            annotations["macaque/paused"] = "true".into();
            annotations["simulation/paused-since"] = world.now().to_string().into();
            replace(world, paused);
            pause(length).await;
            let mut resumed = stored();
            if let Some(annotations) = resumed["metadata"]["annotations"].as_object_mut() {
                annotations.remove("macaque/paused");
                annotations.remove("simulation/paused-since");
            }
            replace(world, resumed);
        }
    }
}

/// Replaces the journal's ConfigMap by a saved copy, as `kubectl replace` does: whatever is stored now.
fn replace(world: &World, mut copy: Value) {
    if let Some(metadata) = copy["metadata"].as_object_mut() {
        metadata.remove("resourceVersion");
        metadata.remove("managedFields");
    }
    let answer = send(world, Method::PUT, JOURNAL_PATH, &copy);
    world.tell(|| format!("somebody replaces the journal: {}", answer.0));
}

/// Evicts or deletes a pod of the shop.
fn disrupt(world: &World, evicts: bool) {
    let pods = read(world, "/api/v1/namespaces/shop/pods");
    let Some(pods) = pods["items"].as_array().filter(|pods| !pods.is_empty()) else {
        return;
    };
    let pod = &pods[usize::try_from(world.draw(pods.len() as u64)).unwrap()];
    let name = pod["metadata"]["name"].as_str().unwrap_or_default();
    let path = format!("/api/v1/namespaces/shop/pods/{name}");

    let answer = if evicts {
        let eviction = json!({
            "apiVersion": "policy/v1", "kind": "Eviction", "metadata": { "name": name, "namespace": "shop" },
        });
        send(world, Method::POST, &format!("{path}/eviction"), &eviction)
    } else {
        send(world, Method::DELETE, &path, &json!({}))
    };
    world.tell(|| format!("somebody disrupts {name}: {}", answer.0));
}

/// Waits for the next pod of the shop to become ready; `None` if none does before the faults are over.
async fn next_ready(world: &World) -> Option<String> {
    let became_ready =
        |change: &ObjectChange| is_ready(&change.after) && !change.before.as_deref().is_some_and(is_ready);
    let mut seen = world.cluster.revision();

    while world.elapsed() < FAULTY {
        tokio::time::sleep(READY_INTERVAL).await;
        // A compaction drops the changes of half a second at most. All pods are the shop's.
        let changes = world.cluster.changes_after(seen, "Pod").unwrap_or_default();
        seen = world.cluster.revision();
        if let Some(change) = changes.iter().find(|change| became_ready(change)) {
            return change.after["metadata"]["name"].as_str().map(str::to_owned);
        }
    }
    None
}

/// Makes a pod ready or not, as its kubelet does after its probes.
fn set_ready(world: &World, name: &str, ready: bool) {
    let path = format!("/api/v1/namespaces/shop/pods/{name}");
    let mut pod = read(world, &path);
    let now = Timestamp::from_second(world.now().as_second()).unwrap();
    let conditions = pod.pointer_mut("/status/conditions");
    let Some(conditions) = conditions.and_then(Value::as_array_mut) else {
        // It is gone.
        return;
    };
    for condition in conditions {
        if matches!(condition["type"].as_str(), Some("Ready" | "ContainersReady")) {
            condition["status"] = if ready { "True" } else { "False" }.into();
            condition["lastTransitionTime"] = now.to_string().into();
        }
    }

    let answer = send(world, Method::PUT, &format!("{path}/status"), &pod);
    world.tell(|| format!("{name} is ready: {ready}: {}", answer.0));
}

fn patch(world: &World, change: &Value) {
    let index = usize::try_from(world.draw(DEPLOYMENTS.len() as u64)).unwrap();
    let name = DEPLOYMENTS[index];
    let path = format!("/apis/apps/v1/namespaces/shop/deployments/{name}");
    let answer = send(world, Method::PATCH, &path, change);
    world.tell(|| format!("somebody changes {name}: {}", answer.0));
}

fn read(world: &World, path: &str) -> Value {
    send(world, Method::GET, path, &Value::Null).1
}

/// Sends a request as somebody else; returns the code and the body.
fn send(world: &World, method: Method, path: &str, body: &Value) -> (u16, Value) {
    let content_type = if method == Method::PATCH {
        "application/merge-patch+json"
    } else {
        "application/json"
    };
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", content_type)
        .header("user-agent", "kubectl/v1.37.2")
        .body(body.to_string().into_bytes())
        .unwrap();
    let answer = world.act(Sender::Person, request);

    let code = answer.status().as_u16();
    let collected =
        futures_util::FutureExt::now_or_never(http_body_util::BodyExt::collect(answer.into_body()));
    let bytes = collected
        .and_then(Result::ok)
        .map(|body| body.to_bytes())
        .unwrap_or_default();
    (code, serde_json::from_slice(&bytes).unwrap_or_default())
}
