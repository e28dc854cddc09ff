//! The cells of a row, for each kind, in the order of its columns.

mod others;

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
        "ReplicaSet" | "ReplicationController" => vec![
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
            vec![name, json!(entries(object)), age]
        }
        "Secret" => vec![name, object["type"].clone(), json!(entries(object)), age],
        "Service" => others::service(object, name, age),
        "Job" => others::job(object, name, age),
        "CronJob" => others::cron_job(object, name, age),
        "Role" | "ClusterRole" => vec![name, object["metadata"]["creationTimestamp"].clone()],
        "RoleBinding" | "ClusterRoleBinding" => others::role_binding(object, name, age),
        "Lease" => vec![name, json!(object::text(object, "/spec/holderIdentity")), age],
        "PriorityClass" => vec![
            name,
            json!(object::number(object, "/value")),
            json!(object["globalDefault"] == json!(true)),
            age,
            json!(object::text(object, "/preemptionPolicy")),
        ],
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
    let mut status = match object::condition(node, "Ready") {
        None => "Unknown".to_owned(),
        Some(_) if object::is_ready(node) => "Ready".to_owned(),
        Some(_) => "NotReady".to_owned(),
    };
    if node["spec"]["unschedulable"] == json!(true) {
        status += ",SchedulingDisabled";
    }

    let address = |kind: &str| {
        let addresses = object::list(node, "/status/addresses");
        let address = addresses.iter().find(|address| address["type"] == *kind);
        text_or_none(address.map_or("", |address| object::text(address, "/address")))
    };
    let info = |field: &str| object::text(node, &format!("/status/nodeInfo/{field}"));
    let known = |text: &str| if text.is_empty() { "<unknown>" } else { text }.to_owned();
    let architecture = match info("architecture") {
        "" => String::new(),
        architecture => format!(" ({architecture})"),
    };

    vec![
        name,
        json!(status),
        json!(roles(node)),
        age,
        json!(info("kubeletVersion")),
        address("InternalIP"),
        address("ExternalIP"),
        json!(known(info("osImage"))),
        json!(known(info("kernelVersion")) + &architecture),
        json!(known(info("containerRuntimeVersion"))),
    ]
}

/// The roles of a node, which are in the names of its labels.
fn roles(node: &Value) -> String {
    let labels = object::labels(node).into_iter().flatten();
    let roles = labels.filter_map(|(key, value)| match key.as_str() {
        "kubernetes.io/role" => value.as_str(),
        key => key.strip_prefix("node-role.kubernetes.io/"),
    });
    let roles: Vec<&str> = roles.filter(|role| !role.is_empty()).collect();

    if roles.is_empty() {
        "<none>".to_owned()
    } else {
        roles.join(",")
    }
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

/// How many entries a ConfigMap or a Secret has.
fn entries(object: &Value) -> usize {
    let count = |field: &str| object[field].as_object().map_or(0, |data| data.len());
    count("data") + count("binaryData")
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
    field_of_containers(object::list(workload, "/spec/template/spec/containers"), field)
}

fn field_of_containers(containers: &[Value], field: &str) -> Value {
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
