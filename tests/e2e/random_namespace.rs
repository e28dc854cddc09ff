//! A namespace full of random groups of pods: created, brought into their states, and waited for until nothing changes.

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Value, json};

use crate::pod_groups::{GroupGenerator, OwnerDisturbance, PodGroup, PodState};
use crate::test_namespace::{TestNamespace, uid, until};

/// A namespace and what is to be in it.
pub(crate) struct RandomNamespace {
    pub(crate) namespace: TestNamespace,
    groups: Vec<PodGroup>,
    budgets: Vec<Value>,
}

impl RandomNamespace {
    /// So many groups, with a budget over all of them if `general` says so.
    pub(crate) async fn plan(generator: &mut GroupGenerator, groups: usize, general: bool) -> Self {
        let mut groups: Vec<_> = (0..groups)
            .map(|number| generator.group(format!("g{number}")))
            .collect();
        let mut budgets: Vec<_> = groups
            .iter_mut()
            .flat_map(|group| std::mem::take(&mut group.budgets))
            .collect();

        if general {
            budgets.truncate(1);
            let pods = groups.iter().map(|group| group.states.len()).sum();
            budgets.push(generator.budget_over_all("all", pods));
        }

        Self {
            namespace: TestNamespace::new().await,
            groups,
            budgets,
        }
    }

    /// Creates every other budget, waits until it is computed over no pod, and creates the workloads.
    pub(crate) async fn create_workloads(&self) {
        for budget in self.budgets.iter().step_by(2) {
            self.post(budget).await;
        }
        self.await_budgets().await;
        for object in self.groups.iter().flat_map(PodGroup::objects) {
            self.post(&object).await;
        }
    }

    /// Waits for the pods and brings each into its state.
    pub(crate) async fn set_pod_states(&self) {
        let wanted = until("all pods are created", async || self.wanted().await).await;
        for (pod, state) in wanted.values() {
            self.set_pod_state(pod, *state).await;
        }
        until("all pods are in their states", async || {
            let pods = self.namespace.pods().await;
            let is_done = pods.iter().all(|pod| {
                wanted
                    .get(&uid(pod))
                    .is_some_and(|(_, state)| state_of(pod) == *state)
            });
            (is_done && pods.len() == wanted.len()).then_some(())
        })
        .await;
    }

    /// Freezes some owners, begins a rollout of others, and deletes pods of still others, which stay terminating. The
    /// replacements stay Pending.
    pub(crate) async fn disturb_owners(&self, generator: &mut GroupGenerator) {
        for group in &self.groups {
            let Some(disturbance) = generator.disturbance(group) else {
                continue;
            };
            match disturbance {
                OwnerDisturbance::Freeze => {
                    let frozen = json!({"metadata": {"annotations": {"macaque/frozen": "true"}}});
                    self.patch_owner(group, &frozen).await;
                }
                OwnerDisturbance::Rollout => {
                    let template = json!({"metadata": {"annotations": {"revision": "2"}}});
                    self.patch_owner(group, &json!({"spec": {"template": template}}))
                        .await;
                }
                OwnerDisturbance::LosePod => {
                    let pods = self.namespace.pods_of(&group.name).await;
                    let path = self.namespace.path_of(&pods[0]);
                    self.namespace
                        .send(Method::DELETE, &path, &Value::Null)
                        .await
                        .accepted();
                }
            }
        }
    }

    async fn patch_owner(&self, group: &PodGroup, change: &Value) {
        let path = format!("{}/{}", self.namespace.path(group.kind), group.name);
        self.namespace.send(Method::PATCH, &path, change).await.accepted();
    }

    /// Creates the other budgets.
    pub(crate) async fn create_budgets(&self) {
        for budget in self.budgets.iter().skip(1).step_by(2) {
            self.post(budget).await;
        }
    }

    /// Waits until every budget counts the pods as they are.
    pub(crate) async fn await_budgets(&self) {
        until("all budgets are computed", async || {
            let pods = self.namespace.pods().await;
            let budgets = self.namespace.list("PodDisruptionBudget").await;
            budgets
                .iter()
                .all(|budget| is_computed(budget, &pods))
                .then_some(())
        })
        .await;
    }

    async fn post(&self, object: &Value) {
        let path = self.namespace.path(object["kind"].as_str().unwrap());
        self.namespace.send(Method::POST, &path, object).await.accepted();
    }

    /// Each pod with the state that it is to have, by UID; `None` while there are not all of them.
    async fn wanted(&self) -> Option<BTreeMap<String, (Value, PodState)>> {
        let pods = self.namespace.pods().await;
        let mut wanted = BTreeMap::new();

        for group in &self.groups {
            let mut own: Vec<_> = pods
                .iter()
                .filter(|pod| pod["metadata"]["labels"]["app"] == group.name.as_str())
                .collect();
            // Until a node has the pod, its state cannot be set.
            own.retain(|pod| !pod["spec"]["nodeName"].is_null());
            own.sort_by_key(|pod| pod["metadata"]["name"].to_string());
            if own.len() != group.states.len() {
                return None;
            }
            let pairs = own.into_iter().zip(&group.states);
            wanted.extend(pairs.map(|(pod, state)| (uid(pod), (pod.clone(), *state))));
        }

        Some(wanted)
    }

    async fn set_pod_state(&self, pod: &Value, state: PodState) {
        let path = self.namespace.path_of(pod);
        let change = match (state.phase, state.ready) {
            ("Pending", _) => return,
            ("Running", true) => {
                json!({"metadata": {"annotations": {"controlplane.test/ready-after": "0s"}}})
            }
            ("Running", false) => json!({"metadata": {"annotations": {"controlplane.test/ready": "false"}}}),
            (phase, ready) => {
                let ready = if ready { "True" } else { "False" };
                let status =
                    json!({"status": {"phase": phase, "conditions": [{"type": "Ready", "status": ready}]}});
                let path = format!("{path}/status");
                self.namespace
                    .send(Method::PATCH, &path, &status)
                    .await
                    .accepted();
                return;
            }
        };
        self.namespace
            .send(Method::PATCH, &path, &change)
            .await
            .accepted();

        if state.terminating {
            until("the pod is ready before it goes", async || {
                state_of(&self.namespace.read(&path).await).ready.then_some(())
            })
            .await;
            self.namespace
                .send(Method::DELETE, &path, &Value::Null)
                .await
                .accepted();
        }
    }
}

/// The state that `pod` has.
fn state_of(pod: &Value) -> PodState {
    let phases = ["Pending", "Running", "Succeeded", "Failed", "Unknown"];
    let conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
    let mut ready = conditions.filter(|condition| condition["type"] == "Ready");

    PodState {
        phase: phases
            .into_iter()
            .find(|phase| pod["status"]["phase"] == *phase)
            .unwrap_or_default(),
        ready: ready.any(|condition| condition["status"] == "True"),
        terminating: !pod["metadata"]["deletionTimestamp"].is_null(),
    }
}

/// Whether the disruption controller has computed `budget` for these pods, or cannot.
fn is_computed(budget: &Value, pods: &[Value]) -> bool {
    let status = &budget["status"];
    let spec = &budget["spec"];
    let mut conditions = status["conditions"].as_array().into_iter().flatten();

    if conditions.any(|condition| condition["reason"] == "SyncFailed") {
        return true;
    }

    let counted = |pod: &&Value| {
        let state = state_of(pod);
        let app = &pod["metadata"]["labels"]["app"];
        state.ready && !state.terminating && selects(&spec["selector"], app)
    };
    let healthy = pods.iter().filter(counted).count();

    status["observedGeneration"] == budget["metadata"]["generation"] && status["currentHealthy"] == healthy
}

/// Whether a selector of the kinds that the generator knows selects the label `app`.
fn selects(selector: &Value, app: &Value) -> bool {
    let equal = &selector["matchLabels"]["app"];
    let mut demands = selector["matchExpressions"].as_array().into_iter().flatten();
    let meets = demands.all(|demand| match demand["operator"].as_str() {
        Some("In") => demand["values"].as_array().unwrap().contains(app),
        Some("Exists") => true,
        _ => false,
    });
    selector.is_object() && (equal.is_null() || equal == app) && meets
}
