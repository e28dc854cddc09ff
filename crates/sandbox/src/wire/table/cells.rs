//! The cells of a row, for each kind, in the order of its columns.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::store::object;

/// The cells for an object, one per column.
pub(super) fn cells(object: &Value, kind: &str) -> Vec<Value> {
    let name = json!(object::name(object));
    let age = json!(age(object::text(object, "/metadata/creationTimestamp")));
    let number = |pointer: &str| json!(object::number(object, pointer));
    let ready_of_replicas = || json!(ratio(object, "/status/readyReplicas", "/spec/replicas"));
    let containers = container_field(object, "name");
    let images = container_field(object, "image");
    let selector = json!(object::match_labels_text(object));

    match kind {
        "Pod" => pod(object, name, age),
        "Deployment" => vec![
            name,
            ready_of_replicas(),
            number("/status/updatedReplicas"),
            number("/status/availableReplicas"),
            age,
            containers,
            images,
            selector,
        ],
        "ReplicaSet" => vec![
            name,
            number("/spec/replicas"),
            number("/status/replicas"),
            number("/status/readyReplicas"),
            age,
            containers,
            images,
            selector,
        ],
        "StatefulSet" => vec![name, ready_of_replicas(), age, containers, images],
        "DaemonSet" => vec![
            name,
            number("/status/desiredNumberScheduled"),
            number("/status/currentNumberScheduled"),
            number("/status/numberReady"),
            number("/status/updatedNumberScheduled"),
            number("/status/numberAvailable"),
            json!("<none>"),
            age,
            containers,
            images,
            selector,
        ],
        "PodDisruptionBudget" => vec![
            name,
            int_or_percent(&object["spec"]["minAvailable"]),
            int_or_percent(&object["spec"]["maxUnavailable"]),
            number("/status/disruptionsAllowed"),
            age,
        ],
        "Namespace" => vec![name, object["status"]["phase"].clone(), age],
        "Node" => node(object, name, age),
        "Event" => event(object, name),
        "ConfigMap" => {
            let entries = object["data"].as_object().map_or(0, |data| data.len());
            vec![name, json!(entries), age]
        }
        _ => vec![name, age],
    }
}

fn pod(pod: &Value, name: Value, age: Value) -> Vec<Value> {
    let statuses = object::list(pod, "/status/containerStatuses");
    let is_ready = |status: &&Value| status["ready"] == json!(true);
    let ready = statuses.iter().filter(is_ready).count();
    let restarts: i64 = statuses
        .iter()
        .map(|status| object::number(status, "/restartCount"))
        .sum();
    let total = object::list(pod, "/spec/containers").len();

    vec![
        name,
        json!(format!("{ready}/{total}")),
        json!(pod_status(pod)),
        json!(restarts.to_string()),
        age,
        text_or_none(object::text(pod, "/status/podIP")),
        text_or_none(object::text(pod, "/spec/nodeName")),
        json!("<none>"),
        json!("<none>"),
    ]
}

/// The status of a pod that kubectl shows.
fn pod_status(pod: &Value) -> &str {
    if object::is_terminating(pod) {
        return "Terminating";
    }

    match object::phase(pod) {
        "Pending" if !object::text(pod, "/spec/nodeName").is_empty() => "ContainerCreating",
        "Succeeded" => "Completed",
        "Failed" => "Error",
        phase => phase,
    }
}

fn node(node: &Value, name: Value, age: Value) -> Vec<Value> {
    let status = if object::is_ready(node) {
        "Ready"
    } else {
        "NotReady"
    };
    let addresses = object::list(node, "/status/addresses");
    let internal = addresses
        .iter()
        .find(|address| address["type"] == json!("InternalIP"));

    vec![
        name,
        json!(status),
        json!("<none>"),
        age,
        json!(object::text(node, "/status/nodeInfo/kubeletVersion")),
        text_or_none(internal.map_or("", |address| object::text(address, "/address"))),
    ]
}

fn event(event: &Value, name: Value) -> Vec<Value> {
    // A field may have different names in `v1` and `events.k8s.io/v1`.
    let either = |core: &str, new: &str| match object::text(event, core) {
        "" => object::text(event, new).to_owned(),
        text => text.to_owned(),
    };
    let times = [
        either("/lastTimestamp", "/eventTime"),
        object::text(event, "/metadata/creationTimestamp").to_owned(),
    ];
    let last_seen = times
        .iter()
        .find(|time| !time.is_empty())
        .map_or("", String::as_str);
    let kind = either("/involvedObject/kind", "/regarding/kind").to_lowercase();
    let regarding = either("/involvedObject/name", "/regarding/name");

    vec![
        json!(age(last_seen)),
        json!(object::text(event, "/type")),
        json!(object::text(event, "/reason")),
        json!(format!("{kind}/{regarding}")),
        json!(either("/message", "/note")),
        name,
    ]
}

/// Two numbers of an object as `3/4`.
fn ratio(object: &Value, have: &str, want: &str) -> String {
    format!(
        "{}/{}",
        object::number(object, have),
        object::number(object, want)
    )
}

fn text_or_none(text: &str) -> Value {
    json!(if text.is_empty() { "<none>" } else { text })
}

fn int_or_percent(value: &Value) -> Value {
    match value {
        Value::Null => json!("N/A"),
        Value::String(percent) => json!(percent),
        number => json!(number.to_string()),
    }
}

/// A field of each container of a workload's pods: its name or its image.
fn container_field(workload: &Value, field: &str) -> Value {
    let containers = object::list(workload, "/spec/template/spec/containers");
    let texts: Vec<&str> = containers
        .iter()
        .filter_map(|container| container[field].as_str())
        .collect();
    text_or_none(&texts.join(","))
}

/// The time since an instant in short form: `42s`, `5m10s`, `3h`, `2d`.
fn age(since: &str) -> String {
    let Some(since) = object::parse_time(since) else {
        return "<unknown>".to_owned();
    };
    let seconds = Timestamp::now().as_second().saturating_sub(since.as_second());
    let seconds = seconds.max(0);

    match seconds {
        0..120 => format!("{seconds}s"),
        120..600 if seconds % 60 > 0 => format!("{}m{}s", seconds / 60, seconds % 60),
        120..10_800 => format!("{}m", seconds / 60),
        10_800..172_800 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}
