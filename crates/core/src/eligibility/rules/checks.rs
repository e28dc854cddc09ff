//! What each rule looks at: first whether it exempts the pod, then what it saw, in words.

use std::time::Duration;

use super::RuleInput;
use crate::eligibility::opt_out::opt_out;
use crate::eligibility::{Exemption, brief};
use crate::pod::PodPhase;

/// The system's own namespaces, which nobody's chaos should reach by accident.
const SYSTEM_NAMESPACES: [&str; 3] = ["kube-system", "kube-public", "kube-node-lease"];

/// Pods of this priority or above are critical to the cluster (`SystemCriticalPriority`, Kubernetes
/// `pkg/apis/scheduling/types.go`).
const SYSTEM_CRITICAL_PRIORITY: i32 = 2_000_000_000;

/// The kubelet marks the API's mirror of a static pod with this annotation.
const MIRROR: &str = "kubernetes.io/config.mirror";
const EVICTION_IN_PROGRESS: &str = "descheduler.alpha.kubernetes.io/eviction-in-progress";
const REQUEST_EVICT_ONLY: &str = "descheduler.alpha.kubernetes.io/request-evict-only";

pub(super) fn unselected(case: &RuleInput<'_>) -> Option<Exemption> {
    (!case.rules.target.selector.matches(&case.pod.labels)).then_some(Exemption::Unselected)
}

pub(super) fn labels(case: &RuleInput<'_>) -> String {
    let labels = case.pod.labels.iter();
    let labels: Vec<_> = labels.map(|(key, value)| format!("{key}={value}")).collect();
    or_none(labels.join(","), "no label")
}

pub(super) fn terminating(case: &RuleInput<'_>) -> Option<Exemption> {
    case.pod.terminating.then_some(Exemption::Terminating)
}

pub(super) fn deletion_timestamp(case: &RuleInput<'_>) -> String {
    with_or_without(case.pod.terminating, "deletionTimestamp")
}

pub(super) fn own(case: &RuleInput<'_>) -> Option<Exemption> {
    let own = case.rules.identity.as_ref();
    own.is_some_and(|own| own.covers(case.pod))
        .then_some(Exemption::Itself)
}

pub(super) fn identity(case: &RuleInput<'_>) -> String {
    match &case.rules.identity {
        Some(own) => format!("macaque is {}/{}", own.namespace, own.pod),
        None => "macaque runs in no pod".to_owned(),
    }
}

/// The mirror is owned by the Node.
pub(super) fn mirror(case: &RuleInput<'_>) -> Option<Exemption> {
    (case.pod.annotations.contains_key(MIRROR) || owned_by(case, "Node")).then_some(Exemption::StaticPod)
}

pub(super) fn mirror_mark(case: &RuleInput<'_>) -> String {
    annotation(case, MIRROR)
}

pub(super) fn system_namespace(case: &RuleInput<'_>) -> Option<Exemption> {
    SYSTEM_NAMESPACES
        .contains(&case.pod.id.namespace.as_str())
        .then_some(Exemption::SystemNamespace)
}

pub(super) fn namespace(case: &RuleInput<'_>) -> String {
    format!("namespace {}", case.pod.id.namespace)
}

pub(super) fn system_critical(case: &RuleInput<'_>) -> Option<Exemption> {
    let class = case.pod.priority_class.as_deref();
    let critical = matches!(class, Some("system-node-critical" | "system-cluster-critical"))
        || case
            .pod
            .priority
            .is_some_and(|priority| priority >= SYSTEM_CRITICAL_PRIORITY);
    critical.then_some(Exemption::SystemCritical)
}

pub(super) fn priority(case: &RuleInput<'_>) -> String {
    let priority = case.pod.priority.unwrap_or_default();
    match &case.pod.priority_class {
        Some(class) => format!("priority {priority}, class {class}"),
        None => format!("priority {priority}"),
    }
}

pub(super) fn pending(case: &RuleInput<'_>) -> Option<Exemption> {
    let phase = case.pod.phase;
    (phase == PodPhase::Pending).then_some(Exemption::NotRunning(phase))
}

pub(super) fn not_running(case: &RuleInput<'_>) -> Option<Exemption> {
    match case.pod.phase {
        PodPhase::Running | PodPhase::Pending => None,
        phase @ (PodPhase::Succeeded | PodPhase::Failed | PodPhase::Unknown) => {
            Some(Exemption::NotRunning(phase))
        }
    }
}

pub(super) fn phase(case: &RuleInput<'_>) -> String {
    case.pod.phase.to_string()
}

pub(super) fn bare(case: &RuleInput<'_>) -> Option<Exemption> {
    case.pod.owner.is_none().then_some(Exemption::Bare)
}

pub(super) fn daemon_set(case: &RuleInput<'_>) -> Option<Exemption> {
    owned_by(case, "DaemonSet").then_some(Exemption::DaemonSet)
}

pub(super) fn job(case: &RuleInput<'_>) -> Option<Exemption> {
    owned_by(case, "Job").then_some(Exemption::Job)
}

pub(super) fn owner(case: &RuleInput<'_>) -> String {
    match &case.pod.owner {
        Some(owner) => owner.to_string(),
        None => "no controller".to_owned(),
    }
}

pub(super) fn opted_out(case: &RuleInput<'_>) -> Option<Exemption> {
    opt_out(case.pod, case.now).map(|(key, value)| Exemption::OptedOut { key, value })
}

pub(super) fn opt_out_mark(case: &RuleInput<'_>) -> String {
    match opt_out(case.pod, case.now) {
        Some((key, value)) => format!("{key}={value:?}"),
        None => "no opt-out".to_owned(),
    }
}

pub(super) fn in_progress(case: &RuleInput<'_>) -> Option<Exemption> {
    case.pod
        .annotations
        .contains_key(EVICTION_IN_PROGRESS)
        .then_some(Exemption::EvictionInProgress)
}

pub(super) fn progress_mark(case: &RuleInput<'_>) -> String {
    annotation(case, EVICTION_IN_PROGRESS)
}

pub(super) fn responders(case: &RuleInput<'_>) -> Option<Exemption> {
    case.pod
        .has_eviction_responders
        .then_some(Exemption::EvictionResponders)
}

pub(super) fn responders_named(case: &RuleInput<'_>) -> String {
    with_or_without(case.pod.has_eviction_responders, "evictionResponders")
}

pub(super) fn evict_only(case: &RuleInput<'_>) -> Option<Exemption> {
    case.pod
        .annotations
        .contains_key(REQUEST_EVICT_ONLY)
        .then_some(Exemption::EvictOnly)
}

pub(super) fn evict_only_mark(case: &RuleInput<'_>) -> String {
    annotation(case, REQUEST_EVICT_ONLY)
}

pub(super) fn too_young(case: &RuleInput<'_>) -> Option<Exemption> {
    let (age, min_age) = (age_of(case), case.rules.target.min_age);
    (age < min_age).then_some(Exemption::TooYoung { age, min_age })
}

pub(super) fn age(case: &RuleInput<'_>) -> String {
    match case.pod.created {
        Some(_) => format!("age {}", brief(age_of(case))),
        None => "creation unknown".to_owned(),
    }
}

/// An unknown or future creation counts as just now: when in doubt, too young.
fn age_of(case: &RuleInput<'_>) -> Duration {
    case.pod
        .created
        .and_then(|born| Duration::try_from(case.now.duration_since(born)).ok())
        .unwrap_or_default()
}

fn owned_by(case: &RuleInput<'_>, kind: &str) -> bool {
    case.pod.owner.as_ref().is_some_and(|owner| owner.kind == kind)
}

fn annotation(case: &RuleInput<'_>, key: &str) -> String {
    match case.pod.annotations.get(key) {
        Some(value) => format!("{key}={value:?}"),
        None => "not annotated".to_owned(),
    }
}

fn with_or_without(present: bool, field: &str) -> String {
    format!("{} {field}", if present { "a" } else { "no" })
}

fn or_none(text: String, none: &str) -> String {
    if text.is_empty() { none.to_owned() } else { text }
}
