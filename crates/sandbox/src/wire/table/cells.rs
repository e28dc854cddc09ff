//! The cells of a row, kind by kind, in the order of the columns.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::store::object;

/// One cell a column.
pub(super) fn cells(object: &Value, kind: &str) -> Vec<Value> {
    let name = json!(object::name(object));
    let age = json!(age(object::text(object, "/metadata/creationTimestamp")));
    let number = |pointer: &str| json!(object::number(object, pointer));
    let (containers, images) = containers(object);
    let selector = json!(selector(object));
    match kind {
        "Pod" => pod(object, name, age),
        "Deployment" => vec![
            name,
            json!(of(object, "/status/readyReplicas", "/spec/replicas")),
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
        "StatefulSet" => {
            vec![
                name,
                json!(of(object, "/status/readyReplicas", "/spec/replicas")),
                age,
                containers,
                images,
            ]
        }
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
            amount(&object["spec"]["minAvailable"]),
            amount(&object["spec"]["maxUnavailable"]),
            number("/status/disruptionsAllowed"),
            age,
        ],
        "Namespace" => vec![name, object["status"]["phase"].clone(), age],
        "Node" => node(object, name, age),
        "Event" => event(object, name),
        "ConfigMap" => vec![
            name,
            json!(object["data"].as_object().map_or(0, |data| data.len())),
            age,
        ],
        _ => vec![name, age],
    }
}

fn pod(pod: &Value, name: Value, age: Value) -> Vec<Value> {
    let statuses = pod.pointer("/status/containerStatuses").and_then(Value::as_array);
    let statuses = || statuses.into_iter().flatten();
    let ready = statuses().filter(|status| status["ready"] == json!(true)).count();
    let restarts: i64 = statuses()
        .map(|status| object::number(status, "/restartCount"))
        .sum();
    let total = pod
        .pointer("/spec/containers")
        .and_then(Value::as_array)
        .map_or(0, |list| list.len());
    let status = match (object::is_terminating(pod), object::phase(pod)) {
        (true, _) => "Terminating",
        (false, "Pending") if !object::text(pod, "/spec/nodeName").is_empty() => "ContainerCreating",
        (false, "Succeeded") => "Completed",
        (false, "Failed") => "Error",
        (false, phase) => phase,
    };
    vec![
        name,
        json!(format!("{ready}/{total}")),
        json!(status),
        json!(restarts.to_string()),
        age,
        shown(object::text(pod, "/status/podIP")),
        shown(object::text(pod, "/spec/nodeName")),
        json!("<none>"),
        json!("<none>"),
    ]
}

fn node(node: &Value, name: Value, age: Value) -> Vec<Value> {
    let status = if object::is_ready(node) {
        "Ready"
    } else {
        "NotReady"
    };
    let addresses = node.pointer("/status/addresses").and_then(Value::as_array);
    let internal = addresses
        .into_iter()
        .flatten()
        .find(|address| address["type"] == json!("InternalIP"));
    vec![
        name,
        json!(status),
        json!("<none>"),
        age,
        json!(object::text(node, "/status/nodeInfo/kubeletVersion")),
        shown(internal.map_or("", |address| object::text(address, "/address"))),
    ]
}

fn event(event: &Value, name: Value) -> Vec<Value> {
    let part = |core: &str, new: &str| match object::text(event, core) {
        "" => object::text(event, new).to_owned(),
        text => text.to_owned(),
    };
    let seen = [
        part("/lastTimestamp", "/eventTime"),
        object::text(event, "/metadata/creationTimestamp").to_owned(),
    ];
    let seen = seen
        .iter()
        .find(|time| !time.is_empty())
        .map_or("", String::as_str);
    let kind = part("/involvedObject/kind", "/regarding/kind").to_lowercase();
    vec![
        json!(age(seen)),
        json!(object::text(event, "/type")),
        json!(object::text(event, "/reason")),
        json!(format!(
            "{kind}/{}",
            part("/involvedObject/name", "/regarding/name")
        )),
        json!(part("/message", "/note")),
        name,
    ]
}

fn of(object: &Value, have: &str, want: &str) -> String {
    format!(
        "{}/{}",
        object::number(object, have),
        object::number(object, want)
    )
}

fn shown(text: &str) -> Value {
    json!(if text.is_empty() { "<none>" } else { text })
}

fn amount(value: &Value) -> Value {
    match value {
        Value::Null => json!("N/A"),
        Value::String(percent) => json!(percent),
        number => json!(number.to_string()),
    }
}

fn containers(object: &Value) -> (Value, Value) {
    let list = object
        .pointer("/spec/template/spec/containers")
        .and_then(Value::as_array);
    let joined = |field: &str| {
        let texts: Vec<&str> = list
            .into_iter()
            .flatten()
            .filter_map(|item| item[field].as_str())
            .collect();
        shown(&texts.join(","))
    };
    (joined("name"), joined("image"))
}

fn selector(object: &Value) -> String {
    let labels = object
        .pointer("/spec/selector/matchLabels")
        .and_then(Value::as_object);
    let pairs = labels
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()));
    pairs.collect::<Vec<_>>().join(",")
}

/// The time since an instant in the units that a reader wants: `42s`, `5m10s`, `3h`, `2d`.
fn age(since: &str) -> String {
    let Some(since) = object::parse_time(since) else {
        return "<unknown>".to_owned();
    };
    let seconds = Timestamp::now()
        .as_second()
        .saturating_sub(since.as_second())
        .max(0);
    match seconds {
        0..120 => format!("{seconds}s"),
        120..600 if seconds % 60 > 0 => format!("{}m{}s", seconds / 60, seconds % 60),
        120..10_800 => format!("{}m", seconds / 60),
        10_800..172_800 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}
