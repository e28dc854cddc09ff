//! Random groups of pods with their budgets, from a seed.

use rand::rngs::ChaCha12Rng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

/// Groups of this kind are pods that nothing controls.
const BARE: &str = "Pod";

/// Generates groups of pods from a seed.
pub(crate) struct GroupGenerator(ChaCha12Rng);

/// Some pods with a label of their own, and the budgets that cover them.
pub(crate) struct PodGroup {
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    /// A state for each pod.
    pub(crate) states: Vec<PodState>,
    pub(crate) budgets: Vec<Value>,
}

/// The state that a pod is to have: what the API server reads when it judges an eviction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PodState {
    pub(crate) phase: &'static str,
    pub(crate) ready: bool,
    pub(crate) terminating: bool,
}

/// What happens to an owner whose pods are in their states.
#[derive(Debug, Clone, Copy)]
pub(crate) enum OwnerDisturbance {
    /// The annotation `macaque/frozen` is set on it.
    Freeze,
    /// Its template changes.
    Rollout,
    /// One of its pods is deleted.
    LosePod,
}

impl PodState {
    const PENDING: Self = Self::new("Pending", false);

    const fn new(phase: &'static str, ready: bool) -> Self {
        Self {
            phase,
            ready,
            terminating: false,
        }
    }
}

impl GroupGenerator {
    pub(crate) fn of(seed: u64) -> Self {
        Self(ChaCha12Rng::seed_from_u64(seed))
    }

    /// A group of this name, of one to four pods.
    pub(crate) fn group(&mut self, name: String) -> PodGroup {
        // Each kind's controller has a request limit of its own: a mix is the fastest.
        let kind = self.one_of(&[
            "Deployment",
            "ReplicaSet",
            "ReplicationController",
            "ReplicationController",
            "StatefulSet",
            "StatefulSet",
            "DaemonSet",
            "Job",
            BARE,
            BARE,
        ]);
        let pods = match kind {
            "DaemonSet" => 2,
            _ => self.0.random_range(1..=4),
        };

        // Most groups are healthy, or some of their pods are.
        let healthy = self.one_of(&[1.0, 0.8, 0.5]);
        let states = (0..pods).map(|_| self.state(kind, healthy)).collect();
        let budgets = self.one_of(&[0, 1, 1, 1, 1, 1, 2]);
        let budgets = (0..budgets).map(|number| self.budget(&name, number, pods));

        PodGroup {
            budgets: budgets.collect(),
            kind,
            name,
            states,
        }
    }

    /// What happens to the owner of `group`; mostly nothing, as to pods that nothing controls.
    pub(crate) fn disturbance(&mut self, group: &PodGroup) -> Option<OwnerDisturbance> {
        let rollout = matches!(group.kind, "Deployment" | "StatefulSet" | "DaemonSet");
        let choices = [
            Some(OwnerDisturbance::Freeze),
            rollout.then_some(OwnerDisturbance::Rollout),
            Some(OwnerDisturbance::LosePod),
            None,
            None,
            None,
        ];
        self.one_of(&choices).filter(|_| group.kind != BARE)
    }

    fn state(&mut self, kind: &str, healthy: f64) -> PodState {
        if self.0.random_bool(healthy) {
            return PodState::new("Running", true);
        }

        let unhealthy = [PodState::new("Running", false), PodState::PENDING];
        if kind != BARE {
            // A controller replaces a pod that has ended.
            return self.one_of(&[unhealthy[0], unhealthy[0], unhealthy[1]]);
        }

        let mut terminating = PodState::new("Running", true);
        terminating.terminating = true;
        let odd =
            ["Succeeded", "Failed", "Unknown"].map(|phase| PodState::new(phase, self.0.random_bool(0.5)));

        self.one_of(&[
            unhealthy[0],
            unhealthy[1],
            odd[0],
            odd[1],
            odd[2],
            odd[2],
            terminating,
        ])
    }

    /// A budget over `app`, or over nothing.
    fn budget(&mut self, app: &str, number: usize, pods: usize) -> Value {
        let selector = self.selector(app);
        let mut budget = self.limit(pods);
        budget["metadata"]["name"] = json!(format!("{app}-{number}"));
        if !selector.is_null() {
            budget["spec"]["selector"] = selector;
        }
        budget
    }

    /// A budget over every pod of its namespace.
    pub(crate) fn budget_over_all(&mut self, name: &str, pods: usize) -> Value {
        let mut budget = self.limit(pods);
        budget["metadata"]["name"] = json!(name);
        budget["spec"]["selector"] = json!({});
        budget
    }

    fn selector(&mut self, app: &str) -> Value {
        let equal = json!({"matchLabels": {"app": app}});
        let within =
            json!({"matchExpressions": [{"key": "app", "operator": "In", "values": [app, "other"]}]});
        let beyond =
            json!({"matchLabels": {"app": app}, "matchExpressions": [{"key": "app", "operator": "Exists"}]});
        let never = json!({"matchLabels": {"app": app}, "matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]});
        let usual = equal.clone();

        self.one_of(&[
            equal.clone(),
            equal,
            usual.clone(),
            usual,
            within,
            beyond,
            never,
            Value::Null,
        ])
    }

    /// A budget without a name and a selector, whose limit fits so many pods, more or less.
    fn limit(&mut self, pods: usize) -> Value {
        let few = json!(self.0.random_range(0..=2));
        let number = json!(self.0.random_range(0..=pods + 1));
        let share = json!(self.one_of(&["0%", "30%", "50%", "67%", "100%"]));
        let limit = self.one_of(&[
            json!({"minAvailable": number}),
            json!({"minAvailable": number}),
            json!({"minAvailable": share}),
            json!({"maxUnavailable": few}),
            json!({"maxUnavailable": few}),
            json!({"maxUnavailable": share}),
        ]);
        let mut budget = json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "spec": limit});

        if let Some(policy) = self.one_of(&[None, Some("IfHealthyBudget"), Some("AlwaysAllow")]) {
            budget["spec"]["unhealthyPodEvictionPolicy"] = json!(policy);
        }

        budget
    }

    fn one_of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices.choose(&mut self.0).unwrap().clone()
    }
}

impl PodGroup {
    /// The workloads of its pods, which stay Pending until they are patched.
    pub(crate) fn objects(&self) -> Vec<Value> {
        let Self {
            kind, name, states, ..
        } = self;
        let labels = json!({"app": name});
        let annotations =
            json!({"controlplane.test/ready-after": "1h", "controlplane.test/gone-after": "2m"});
        let metadata = json!({"labels": labels, "annotations": annotations});
        let mut pod = json!({"containers": [{"name": "main", "image": "none"}]});

        if *kind != "DaemonSet" {
            // Without the scheduler.
            pod["nodeName"] = json!("node-a");
        }

        if *kind == BARE {
            let pods = (0..states.len()).map(|number| {
                let mut metadata = metadata.clone();
                metadata["name"] = json!(format!("{name}-{number}"));
                json!({"apiVersion": "v1", "kind": kind, "metadata": metadata, "spec": pod})
            });
            return pods.collect();
        }

        let replicas = states.len();
        let selector = json!({"matchLabels": labels});
        let mut template = json!({"metadata": metadata, "spec": pod});
        let (api, spec) = match *kind {
            "ReplicationController" => (
                "v1",
                json!({"replicas": replicas, "selector": labels, "template": template}),
            ),
            "Job" => {
                template["spec"]["restartPolicy"] = json!("Never");
                (
                    "batch/v1",
                    json!({"parallelism": replicas, "completions": replicas, "template": template}),
                )
            }
            "DaemonSet" => ("apps/v1", json!({"selector": selector, "template": template})),
            "StatefulSet" => (
                "apps/v1",
                json!({
                    "replicas": replicas, "selector": selector, "template": template, "serviceName": name,
                    "podManagementPolicy": "Parallel",
                }),
            ),
            _ => (
                "apps/v1",
                json!({"replicas": replicas, "selector": selector, "template": template}),
            ),
        };

        vec![json!({"apiVersion": api, "kind": kind, "metadata": {"name": name}, "spec": spec})]
    }
}
