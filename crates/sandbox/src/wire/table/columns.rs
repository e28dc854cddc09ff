//! The columns of Tables, for each kind, as Kubernetes prints them (`pkg/printers/internalversion/printers.go`).

/// A column of a Table.
pub(super) struct TableColumn {
    pub(super) name: &'static str,
    /// The OpenAPI type of the column.
    pub(super) kind: &'static str,
    /// Whether only `kubectl get -o wide` shows it.
    pub(super) wide: bool,
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

const fn flag(name: &'static str) -> TableColumn {
    TableColumn {
        name,
        kind: "boolean",
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
    wide("External-IP"),
    wide("OS-Image"),
    wide("Kernel-Version"),
    wide("Container-Runtime"),
];
const EVENTS: &[TableColumn] = &[
    column("Last Seen"),
    column("Type"),
    column("Reason"),
    column("Object"),
    column("Message"),
    wide("Name"),
];
const JOBS: &[TableColumn] = &[
    column("Name"),
    column("Status"),
    column("Completions"),
    column("Duration"),
    column("Age"),
    wide("Containers"),
    wide("Images"),
    wide("Selector"),
];
const CRON_JOBS: &[TableColumn] = &[
    column("Name"),
    column("Schedule"),
    column("Timezone"),
    flag("Suspend"),
    count("Active"),
    column("Last Schedule"),
    column("Age"),
    wide("Containers"),
    wide("Images"),
    wide("Selector"),
];
const SERVICES: &[TableColumn] = &[
    column("Name"),
    column("Type"),
    column("Cluster-IP"),
    column("External-IP"),
    column("Port(s)"),
    column("Age"),
    wide("Selector"),
];
const SECRETS: &[TableColumn] = &[column("Name"), column("Type"), column("Data"), column("Age")];
const ROLES: &[TableColumn] = &[column("Name"), column("Created At")];
const ROLE_BINDINGS: &[TableColumn] = &[
    column("Name"),
    column("Role"),
    column("Age"),
    wide("Users"),
    wide("Groups"),
    wide("ServiceAccounts"),
];
const LEASES: &[TableColumn] = &[column("Name"), column("Holder"), column("Age")];
const PRIORITY_CLASSES: &[TableColumn] = &[
    column("Name"),
    count("Value"),
    flag("Global-Default"),
    column("Age"),
    column("PreemptionPolicy"),
];
const CONFIG_MAPS: &[TableColumn] = &[column("Name"), count("Data"), column("Age")];

/// The columns for objects of a kind.
pub(super) fn columns(kind: &str) -> &'static [TableColumn] {
    match kind {
        "Pod" => PODS,
        "Deployment" => DEPLOYMENTS,
        "ReplicaSet" | "ReplicationController" => REPLICA_SETS,
        "StatefulSet" => STATEFUL_SETS,
        "DaemonSet" => DAEMON_SETS,
        "PodDisruptionBudget" => BUDGETS,
        "Namespace" => NAMESPACES,
        "Node" => NODES,
        "Event" => EVENTS,
        "ConfigMap" => CONFIG_MAPS,
        "Secret" => SECRETS,
        "Service" => SERVICES,
        "Job" => JOBS,
        "CronJob" => CRON_JOBS,
        "Role" | "ClusterRole" => ROLES,
        "RoleBinding" | "ClusterRoleBinding" => ROLE_BINDINGS,
        "Lease" => LEASES,
        "PriorityClass" => PRIORITY_CLASSES,
        _ => ANY,
    }
}
