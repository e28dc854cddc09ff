//! The rules of eligibility, one entry each, in the order in which they are checked.
//!
//! One entry is all that a rule needs: `macaque why`, the report, the chat messages, `target.include` and the documents
//! take its name and its texts from here.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use jiff::SignedDuration;

use super::opt_out;
use super::rule::{EligibilityRule, RuleInput, RuleSetting};
use super::scope;
use super::{EligibilityConfig, NAMESPACE};
use crate::freeze;
use crate::levels::levels;
use crate::pod::{Pod, PodPhase};

/// The system's own namespaces, in which nothing should be disrupted by accident.
pub const SYSTEM_NAMESPACES: [&str; 3] = ["kube-system", "kube-public", "kube-node-lease"];

/// The lowest priority at which pods are critical to the cluster (`SystemCriticalPriority`, Kubernetes
/// `pkg/apis/scheduling/types.go`).
const SYSTEM_CRITICAL_PRIORITY: i32 = 2_000_000_000;

/// The annotation by which the kubelet marks the mirror pod of a static pod.
const MIRROR: &str = "kubernetes.io/config.mirror";
const EVICTION_IN_PROGRESS: &str = "descheduler.alpha.kubernetes.io/eviction-in-progress";
const REQUEST_EVICT_ONLY: &str = "descheduler.alpha.kubernetes.io/request-evict-only";

/// Every rule, in the order of checking: the first that applies exempts the pod. Age comes last, since it passes by
/// itself.
pub(super) static RULES: &[EligibilityRule] = &[
    EligibilityRule {
        name: NAMESPACE,
        doc: "pods outside the namespaces in scope",
        setting: RuleSetting::Key("target.namespaces", |config| config.target.namespaces.to_string()),
        exempts: |input| {
            let is_outside = !input.config.target.namespaces.contains(&input.pod.id.namespace);
            is_outside.then_some("outside the namespaces in scope".into())
        },
        seen: namespace,
    },
    EligibilityRule {
        name: "selector",
        doc: "pods whose labels do not match",
        setting: RuleSetting::Key("target.selector", selector),
        exempts: |input| {
            let is_selected = input.config.target.selector.matches(&input.pod.labels);
            (!is_selected).then_some("does not match the selector".into())
        },
        seen: labels,
    },
    EligibilityRule {
        name: "excluded-namespace",
        doc: "pods in the namespaces that are excluded",
        setting: RuleSetting::Key("target.exclude_namespaces", |config| {
            in_brackets(&config.target.exclude_namespaces)
        }),
        exempts: scope::excluded_namespace,
        seen: namespace,
    },
    EligibilityRule {
        name: "owner-kind",
        doc: "pods whose owner is of another kind; a pod without an owner is of the kind `pod`",
        setting: RuleSetting::Key("target.owners", |config| config.target.owners.to_string()),
        exempts: scope::owner_kind,
        seen: scope::seen_kind,
    },
    EligibilityRule {
        name: "owner-name",
        doc: "pods whose owner has another name; of a pod without an owner, its own name counts",
        setting: RuleSetting::Key("target.names", |config| config.target.names.to_string()),
        exempts: scope::owner_name,
        seen: scope::seen_name,
    },
    EligibilityRule {
        name: "zone",
        doc: "pods in other zones, by their label `topology.kubernetes.io/zone`, which API servers before 1.35 do not set",
        setting: RuleSetting::Key("target.zones", |config| in_brackets(&config.target.zones)),
        exempts: scope::zone,
        seen: scope::seen_zone,
    },
    EligibilityRule {
        name: "node",
        doc: "pods on other nodes than `target.nodes` names and `target.node_selector` selects, and pods without a node",
        setting: RuleSetting::Key("target.nodes", scope::node_setting),
        exempts: scope::node,
        seen: scope::seen_node,
    },
    EligibilityRule {
        name: "terminating",
        doc: "pods that are being deleted already",
        setting: RuleSetting::Always,
        exempts: |input| input.pod.terminating.then_some("already terminating".into()),
        seen: |input| with_or_without(input.pod.terminating, "deletionTimestamp"),
    },
    EligibilityRule {
        name: "self",
        doc: "macaque's own pod, if `MACAQUE_POD_NAME` and `MACAQUE_POD_NAMESPACE` name it, and the other pods of its controller",
        setting: RuleSetting::Always,
        exempts: |input| {
            let own = input.config.own_pod.as_ref();
            own.is_some_and(|own| own.covers(input.pod))
                .then_some("macaque itself".into())
        },
        seen: |input| match &input.config.own_pod {
            Some(own) => format!("macaque is {}/{}", own.namespace, own.name),
            None => "macaque does not run in a pod".to_owned(),
        },
    },
    EligibilityRule {
        name: "static-pod",
        doc: "mirror pods of static pods: the kubelet would recreate the object and never stop the containers",
        setting: RuleSetting::Always,
        // A mirror pod is owned by its Node.
        exempts: |input| {
            let is_mirror = input.pod.annotations.contains_key(MIRROR) || is_owned_by(input, "Node");
            is_mirror.then_some("mirror of a static pod".into())
        },
        seen: |input| annotation(input, MIRROR),
    },
    EligibilityRule {
        name: "system-namespaces",
        doc: "pods in `kube-system`, `kube-public` and `kube-node-lease`",
        setting: RuleSetting::Include,
        exempts: |input| {
            let is_system = SYSTEM_NAMESPACES.contains(&input.pod.id.namespace.as_str());
            is_system.then_some("in a system namespace".into())
        },
        seen: namespace,
    },
    EligibilityRule {
        name: "system-critical",
        doc: "pods of the priority classes `system-node-critical` and `system-cluster-critical`, or of priority \
              2,000,000,000 and above",
        setting: RuleSetting::Include,
        exempts: |input| is_critical(input.pod).then_some("critical to the cluster".into()),
        seen: priority,
    },
    EligibilityRule {
        name: "pending",
        doc: "pods in the phase Pending; evicting one does not check budgets",
        setting: RuleSetting::Include,
        exempts: |input| (input.pod.phase == PodPhase::Pending).then_some("in the phase Pending".into()),
        seen: |input| input.pod.phase.to_string(),
    },
    EligibilityRule {
        name: "not-running",
        doc: "pods in the phase Succeeded, Failed or Unknown",
        setting: RuleSetting::Always,
        exempts: |input| match input.pod.phase {
            PodPhase::Running | PodPhase::Pending => None,
            phase => Some(format!("in the phase {phase}").into()),
        },
        seen: |input| input.pod.phase.to_string(),
    },
    EligibilityRule {
        name: "bare",
        doc: "pods without a controller, which nothing replaces",
        setting: RuleSetting::Include,
        exempts: |input| {
            input
                .pod
                .owner
                .is_none()
                .then_some("no controller to replace it".into())
        },
        seen: owner,
    },
    EligibilityRule {
        name: "daemonset",
        doc: "pods of a DaemonSet, which come back on the same node",
        setting: RuleSetting::Include,
        exempts: |input| is_owned_by(input, "DaemonSet").then_some("belongs to a DaemonSet".into()),
        seen: owner,
    },
    EligibilityRule {
        name: "job",
        doc: "pods of a Job, if the method is `delete`: the Job may count it as a failure",
        setting: RuleSetting::DeletionUnlessIncluded,
        exempts: |input| {
            let why = "belongs to a Job, which may count a deletion as a failure";
            is_owned_by(input, "Job").then_some(why.into())
        },
        seen: owner,
    },
    EligibilityRule {
        name: "frozen",
        doc: "pods that are [frozen](#freeze) by an annotation or label",
        setting: RuleSetting::Always,
        exempts: |input| {
            let freeze = freeze::frozen(&input.pod.annotations, &input.pod.labels, input.now);
            freeze.map(|freeze| freeze.to_string().into())
        },
        seen: |input| freeze::seen(&input.pod.annotations, &input.pod.labels),
    },
    EligibilityRule {
        name: "opted-out",
        doc: "pods that [opted out](#opt-out) by an annotation or label, or whose owner or namespace did",
        setting: RuleSetting::IncludeExcept("if the pod alone says so", |input| {
            let opt_out = opt_out::opt_out_around(input);
            opt_out.map(|opt_out| opt_out.reason().into())
        }),
        exempts: |input| {
            let opt_out = opt_out::opt_out(input);
            opt_out.map(|opt_out| opt_out.reason().into())
        },
        seen: opt_out::seen,
    },
    EligibilityRule {
        name: "not-opted-in",
        doc: "pods that did not [opt in](#opt-in), nor their owner or namespace, if the mode is `opt-in`",
        setting: RuleSetting::Key("target.mode", |config| config.target.mode.as_str().to_owned()),
        exempts: |input| {
            let levels = levels(input.pod, &input.config.metadata);
            let missing = opt_out::missing_opt_in(levels).filter(|_| input.config.is_opt_in());
            missing.map(Cow::from)
        },
        seen: |input| match opt_out::opt_in(input) {
            Some(opt_in) => opt_in.pair(),
            None => "no opt-in".to_owned(),
        },
    },
    EligibilityRule {
        name: "eviction-in-progress",
        doc: "pods annotated with `descheduler.alpha.kubernetes.io/eviction-in-progress`: a migration, for example",
        setting: RuleSetting::Always,
        exempts: |input| {
            let is_annotated = input.pod.annotations.contains_key(EVICTION_IN_PROGRESS);
            is_annotated.then_some("its eviction is in progress already".into())
        },
        seen: |input| annotation(input, EVICTION_IN_PROGRESS),
    },
    EligibilityRule {
        name: "eviction-responders",
        doc: "pods with `spec.evictionResponders`, which a plain disruption would bypass",
        setting: RuleSetting::Always,
        exempts: |input| {
            input
                .pod
                .has_eviction_responders
                .then_some("has eviction responders".into())
        },
        seen: |input| with_or_without(input.pod.has_eviction_responders, "evictionResponders"),
    },
    EligibilityRule {
        name: "evict-only",
        doc: "pods annotated with `descheduler.alpha.kubernetes.io/request-evict-only`, if the method is `delete`",
        setting: RuleSetting::Deletion,
        exempts: |input| {
            let is_annotated = input.pod.annotations.contains_key(REQUEST_EVICT_ONLY);
            is_annotated.then_some("may be evicted but not deleted".into())
        },
        seen: |input| annotation(input, REQUEST_EVICT_ONLY),
    },
    EligibilityRule {
        name: "too-young",
        doc: "pods younger than `target.min_age`",
        setting: RuleSetting::Key("target.min_age", |config| brief(config.target.min_age)),
        exempts: |input| {
            let age = age_of(input);
            let min_age = input.config.target.min_age;
            (age < min_age).then(|| format!("younger than {} ({})", brief(min_age), brief(age)).into())
        },
        seen: |input| match input.pod.created {
            Some(_) => format!("age {}", brief(age_of(input))),
            None => "creation unknown".to_owned(),
        },
    },
];

/// A list in brackets: `[a, b]`.
fn in_brackets<T: fmt::Display>(all: impl IntoIterator<Item = T>) -> String {
    let all: Vec<_> = all.into_iter().map(|one| one.to_string()).collect();
    format!("[{}]", all.join(", "))
}

fn namespace(input: &RuleInput<'_>) -> String {
    format!("namespace {}", input.pod.id.namespace)
}

fn selector(config: &EligibilityConfig) -> String {
    if config.target.selector.is_empty() {
        "\"\"".to_owned()
    } else {
        config.target.selector.to_string()
    }
}

fn labels(input: &RuleInput<'_>) -> String {
    let labels = input.pod.labels.iter();
    let labels: Vec<_> = labels.map(|(key, value)| format!("{key}={value}")).collect();
    if labels.is_empty() {
        "no label".to_owned()
    } else {
        labels.join(",")
    }
}

fn owner(input: &RuleInput<'_>) -> String {
    match &input.pod.owner {
        Some(owner) => owner.to_string(),
        None => "no controller".to_owned(),
    }
}

fn is_owned_by(input: &RuleInput<'_>, kind: &str) -> bool {
    input.pod.owner.as_ref().is_some_and(|owner| owner.kind == kind)
}

fn is_critical(pod: &Pod) -> bool {
    let class = pod.priority_class.as_deref();
    matches!(class, Some("system-node-critical" | "system-cluster-critical"))
        || pod
            .priority
            .is_some_and(|priority| priority >= SYSTEM_CRITICAL_PRIORITY)
}

fn priority(input: &RuleInput<'_>) -> String {
    let priority = input.pod.priority.unwrap_or_default();
    match &input.pod.priority_class {
        Some(class) => format!("priority {priority}, class {class}"),
        None => format!("priority {priority}"),
    }
}

/// The age of the pod. An unknown or future creation time counts as now, so that a pod in doubt is too young.
fn age_of(input: &RuleInput<'_>) -> Duration {
    input
        .pod
        .created
        .and_then(|created| Duration::try_from(input.now.duration_since(created)).ok())
        .unwrap_or_default()
}

fn annotation(input: &RuleInput<'_>, key: &str) -> String {
    match input.pod.annotations.get(key) {
        Some(value) => format!("{key}={value:?}"),
        None => "not annotated".to_owned(),
    }
}

fn with_or_without(present: bool, field: &str) -> String {
    format!("{} {field}", if present { "has" } else { "no" })
}

/// The duration in whole seconds, in the form of the configuration: `1m 30s`.
fn brief(duration: Duration) -> String {
    let whole = SignedDuration::from_secs(i64::try_from(duration.as_secs()).unwrap_or(i64::MAX));
    jiff::fmt::friendly::SpanPrinter::new().duration_to_string(&whole)
}

#[cfg(test)]
mod tests;
