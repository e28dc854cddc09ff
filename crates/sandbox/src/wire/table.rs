//! Tables: the form in which kubectl asks for what it prints.

mod cells;

use serde_json::{Value, json};

use crate::wire::representation;
use crate::wire::representation::IncludeObjectPolicy;

/// A column: its name, its type, and whether only wide output shows it.
struct TableColumn {
    name: &'static str,
    kind: &'static str,
    wide: bool,
}

const fn column(name: &'static str) -> TableColumn {
    TableColumn {
        name,
        kind: "string",
        wide: false,
    }
}

const fn count(name: &'static str) -> TableColumn {
    TableColumn {
        name,
        kind: "integer",
        wide: false,
    }
}

const fn wide(name: &'static str) -> TableColumn {
    TableColumn {
        name,
        kind: "string",
        wide: true,
    }
}

const ANY: &[TableColumn] = &[column("Name"), column("Age")];

const PODS: &[TableColumn] = &[
    column("Name"),
    column("Ready"),
    column("Status"),
    column("Restarts"),
    column("Age"),
    wide("IP"),
    wide("Node"),
    wide("Nominated Node"),
    wide("Readiness Gates"),
];
const DEPLOYMENTS: &[TableColumn] = &[
    column("Name"),
    column("Ready"),
    count("Up-to-date"),
    count("Available"),
    column("Age"),
    wide("Containers"),
    wide("Images"),
    wide("Selector"),
];
const REPLICA_SETS: &[TableColumn] = &[
    column("Name"),
    count("Desired"),
    count("Current"),
    count("Ready"),
    column("Age"),
    wide("Containers"),
    wide("Images"),
    wide("Selector"),
];
const STATEFUL_SETS: &[TableColumn] = &[
    column("Name"),
    column("Ready"),
    column("Age"),
    wide("Containers"),
    wide("Images"),
];
const DAEMON_SETS: &[TableColumn] = &[
    column("Name"),
    count("Desired"),
    count("Current"),
    count("Ready"),
    count("Up-to-date"),
    count("Available"),
    column("Node Selector"),
    column("Age"),
    wide("Containers"),
    wide("Images"),
    wide("Selector"),
];
const BUDGETS: &[TableColumn] = &[
    column("Name"),
    column("Min available"),
    column("Max unavailable"),
    count("Allowed disruptions"),
    column("Age"),
];
const NAMESPACES: &[TableColumn] = &[column("Name"), column("Status"), column("Age")];
const NODES: &[TableColumn] = &[
    column("Name"),
    column("Status"),
    column("Roles"),
    column("Age"),
    column("Version"),
    wide("Internal-IP"),
];
const EVENTS: &[TableColumn] = &[
    column("Last Seen"),
    column("Type"),
    column("Reason"),
    column("Object"),
    column("Message"),
    wide("Name"),
];
const CONFIG_MAPS: &[TableColumn] = &[column("Name"), count("Data"), column("Age")];

fn columns(kind: &str) -> &'static [TableColumn] {
    match kind {
        "Pod" => PODS,
        "Deployment" => DEPLOYMENTS,
        "ReplicaSet" => REPLICA_SETS,
        "StatefulSet" => STATEFUL_SETS,
        "DaemonSet" => DAEMON_SETS,
        "PodDisruptionBudget" => BUDGETS,
        "Namespace" => NAMESPACES,
        "Node" => NODES,
        "Event" => EVENTS,
        "ConfigMap" => CONFIG_MAPS,
        _ => ANY,
    }
}

/// A Table of objects, which are all of one kind.
pub(crate) fn table<'a>(
    objects: impl IntoIterator<Item = &'a Value>,
    included: IncludeObjectPolicy,
    metadata: Value,
    kind: &str,
) -> Value {
    let definitions: Vec<Value> = columns(kind)
        .iter()
        .map(|TableColumn { name, kind, wide }| {
            let format = if *name == "Name" { "name" } else { "" };
            let priority = i32::from(*wide);
            json!({ "name": name, "type": kind, "format": format, "description": name, "priority": priority })
        })
        .collect();
    let rows: Vec<Value> = objects
        .into_iter()
        .map(|object| row(object, included, kind))
        .collect();
    json!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
        "columnDefinitions": definitions, "rows": rows,
    })
}

fn row(object: &Value, included: IncludeObjectPolicy, kind: &str) -> Value {
    let cells = cells::cells(object, kind);
    match included {
        IncludeObjectPolicy::Nothing => json!({ "cells": cells, "object": null }),
        IncludeObjectPolicy::Metadata => json!({ "cells": cells, "object": representation::partial(object) }),
        IncludeObjectPolicy::Object => json!({ "cells": cells, "object": object }),
    }
}
