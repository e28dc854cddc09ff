//! The funnel of a plan adds up: each listed pod is a candidate, or exempt by exactly one rule that has a name.

use kube_sandbox::AccessDenial;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::fixture::ShopFixture;

/// A pod that somebody may have in a cluster, with whatever a rule looks at.
#[derive(Debug, Clone)]
struct AnyPod {
    namespace: &'static str,
    phase: &'static str,
    owner: Option<(&'static str, &'static str)>,
    annotation: Option<(&'static str, &'static str)>,
    label: Option<(&'static str, &'static str)>,
    priority_class: Option<&'static str>,
    terminating: bool,
    young: bool,
    zone: &'static str,
}

impl AnyPod {
    fn object(&self, index: usize) -> Value {
        let created = if self.young {
            "2099-01-01T00:00:00Z"
        } else {
            "2026-01-01T00:00:00Z"
        };
        let mut pod = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {
                "name": format!("pod-{index}"), "namespace": self.namespace, "creationTimestamp": created,
                "labels": {"topology.kubernetes.io/zone": self.zone}, "annotations": {},
            },
            "spec": {"nodeName": format!("node-{}", index % 3), "containers": [{"name": "c", "image": "c"}]},
            "status": {"phase": self.phase, "conditions": [{"type": "Ready", "status": "True"}]},
        });

        if let Some((kind, name)) = self.owner {
            pod["metadata"]["ownerReferences"] = json!([{
                "apiVersion": "apps/v1", "kind": kind, "name": name, "uid": format!("uid-{kind}-{name}"),
                "controller": true,
            }]);
        }
        if let Some((key, value)) = self.annotation {
            pod["metadata"]["annotations"][key] = json!(value);
        }
        if let Some((key, value)) = self.label {
            pod["metadata"]["labels"][key] = json!(value);
        }
        if let Some(class) = self.priority_class {
            pod["spec"]["priorityClassName"] = json!(class);
        }
        if self.terminating {
            pod["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
            pod["metadata"]["deletionGracePeriodSeconds"] = json!(30);
        }
        pod
    }
}

/// A key with a value of a person who knows, or does not know, what is read.
fn key() -> impl Strategy<Value = Option<(&'static str, &'static str)>> {
    let keys = [
        "macaque/enabled",
        "macaque/frozen",
        "macaque/frozen-until",
        "macaque/every",
        "kubernetes.io/config.mirror",
        "descheduler.alpha.kubernetes.io/eviction-in-progress",
        "descheduler.alpha.kubernetes.io/request-evict-only",
    ];
    let values = ["true", "False", "no", "", "2099-01-01", "maybe", "3d"];
    prop::option::of((select(keys.to_vec()), select(values.to_vec())))
}

fn any_pod() -> impl Strategy<Value = AnyPod> {
    let namespaces = ["shop", "shop-eu", "kube-system", "forbidden"];
    let phases = [
        "Running",
        "Running",
        "Running",
        "Pending",
        "Succeeded",
        "Failed",
        "Unknown",
    ];
    let kinds = ["ReplicaSet", "StatefulSet", "DaemonSet", "Job", "Node", "Widget"];
    let owner = prop::option::weighted(0.8, (select(kinds.to_vec()), select(["a", "b", "c"].to_vec())));
    let classes = ["system-node-critical", "high"];
    let class = prop::option::weighted(0.1, select(classes.to_vec()));
    let often = prop::bool::weighted(0.1);

    (
        (select(namespaces.to_vec()), select(phases.to_vec()), owner),
        (key(), key(), class),
        (often, often, select(["eu-1a", "eu-1b"].to_vec())),
    )
        .prop_map(
            |((namespace, phase, owner), (annotation, label, class), (terminating, young, zone))| AnyPod {
                namespace,
                phase,
                owner,
                annotation,
                label,
                priority_class: class,
                terminating,
                young,
                zone,
            },
        )
}

/// The words of a scope.
const SCOPES: [&[&str]; 5] = [
    &["-A"],
    &["-A", "--method", "delete"],
    &["-n", "shop,kube-system,ghost"],
    &["-n", "shop,shop-eu", "-l", "topology.kubernetes.io/zone=eu-1a"],
    &["-n", "shop-eu,forbidden"],
];

/// The lines of the funnel in the table: what is said of how many pods.
fn printed_funnel(out: &str) -> (i64, Vec<i64>, i64) {
    let (_, rest) = out.split_once("PODS ").unwrap();
    let rows = rest.lines().skip(1).take_while(|line| !line.is_empty());
    let numbers = rows.map(|line| {
        let mut words = line.split_whitespace();
        let number: i64 = words.next().unwrap().parse().unwrap();
        (number, words.next().unwrap().to_owned())
    });

    let mut listed = 0;
    let mut candidates = 0;
    let mut exempt = Vec::new();
    for (number, word) in numbers {
        match word.as_str() {
            "listed" => listed = number,
            "candidate" | "candidates" => candidates = number,
            _ => exempt.push(number),
        }
    }
    (listed, exempt, candidates)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn every_listed_pod_is_a_candidate_or_exempt_by_one_rule_in_any_scope(pods in vec(any_pod(), 0..60)) {
        let objects = pods.iter().enumerate().map(|(index, pod)| pod.object(index));
        let shop = ShopFixture::with(objects.collect());
        shop.sandbox().deny(AccessDenial::new("list", "pods").within("forbidden"));

        for scope in SCOPES {
            let plan = shop.macaque(&[&["plan", "--no-guards", "-o", "json"], scope].concat());
            let json = plan.json();
            let listed = json["listed"].as_u64().unwrap();
            let exempted = json["exempted"].as_object().unwrap().values();
            let exempted: u64 = exempted.map(|tally| tally["count"].as_u64().unwrap()).sum();
            let candidates = json["candidates"].as_array().unwrap().len() as u64;
            prop_assert_eq!(listed, exempted + candidates, "{:?}: {}", scope, plan.out);

            let table = shop.macaque(&[&["plan", "--no-guards"], scope].concat());
            let (printed, exempt, left) = printed_funnel(&table.out);
            prop_assert_eq!(printed + exempt.iter().sum::<i64>(), left, "{:?}: {}", scope, table.out);
            prop_assert_eq!(printed.unsigned_abs(), listed);
        }
    }
}
