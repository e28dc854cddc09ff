//! Judges one pod: a candidate, or exempt for a reason that can be told to people.

use std::fmt;
use std::time::Duration;

use jiff::{SignedDuration, Span, Timestamp};

use super::outcome::Method;
use super::plan::{Include, Target};
use super::pod::{Owner, Phase, Pod, PodRef};

/// The system's own namespaces, which nobody's chaos should reach by accident.
const SYSTEM_NAMESPACES: [&str; 3] = ["kube-system", "kube-public", "kube-node-lease"];

/// Pods of this priority or above are critical to the cluster (`SystemCriticalPriority`, Kubernetes
/// `pkg/apis/scheduling/types.go`).
const SYSTEM_CRITICAL_PRIORITY: i32 = 2_000_000_000;

/// Which pod macaque itself is, so that it is never its own victim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The namespace it runs in.
    pub namespace: String,
    /// Its pod's name.
    pub pod: String,
}

impl Identity {
    /// Whether `pod` is macaque, or belongs to the same controller. A controller names its pods after itself
    /// (`NAME-HASH-SUFFIX` for a Deployment, `NAME-SUFFIX` for the others), so the names alone tell.
    fn covers(&self, pod: &Pod) -> bool {
        if pod.id.namespace != self.namespace {
            return false;
        }
        let parent = |name: &str| name.rsplit_once('-').map(|(parent, _)| parent.to_owned());
        let mates = match &pod.owner {
            None => false,
            Some(owner) if owner.kind == "Deployment" => parent(&self.pod)
                .and_then(|set| parent(&set))
                .is_some_and(|name| name == owner.name),
            Some(owner) => parent(&self.pod).is_some_and(|name| name == owner.name),
        };
        mates || pod.id.name == self.pod
    }
}

/// What a pod is judged by.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The configured target.
    pub target: Target,
    /// How victims are disrupted: some pods are exempt from one method only.
    pub method: Method,
    /// macaque itself, when it knows.
    pub identity: Option<Identity>,
}

/// A pod that may be drawn, in as few bytes as the draw needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Which pod.
    pub pod: PodRef,
    /// Its controller.
    pub owner: Option<Owner>,
}

/// Why a pod is not a candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exemption {
    /// It does not match the label selector (any more).
    Unselected,
    /// It is being deleted already.
    Terminating,
    /// It is macaque, or belongs to macaque's own controller.
    Own,
    /// A static pod's mirror: the kubelet would recreate the object and never stop the container.
    Mirror,
    /// It lives in one of the system's namespaces.
    SystemNamespace,
    /// It is critical to the cluster.
    SystemCritical,
    /// It is not Running.
    NotRunning(Phase),
    /// It has no controller, so nothing would replace it.
    Bare,
    /// It belongs to a DaemonSet.
    DaemonSet,
    /// It belongs to a Job, which counts a deletion as a failure.
    Job,
    /// It opted out.
    OptedOut {
        /// The annotation or label that says so.
        key: String,
        /// Its value.
        value: String,
    },
    /// Its eviction is in progress already, in the background: a migration, say.
    EvictionInProgress,
    /// It names responders for its eviction, which a plain disruption would bypass.
    EvictionResponders,
    /// It asks to be evicted and never deleted, and the method is delete.
    EvictOnly,
    /// It is younger than the configured age.
    TooYoung {
        /// Its age.
        age: Duration,
        /// The age from which it may be drawn.
        min_age: Duration,
    },
}

impl Exemption {
    /// A stable word for tallies and metrics.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Unselected => "unselected",
            Self::Terminating => "terminating",
            Self::Own => "own",
            Self::Mirror => "mirror",
            Self::SystemNamespace => "system-namespace",
            Self::SystemCritical => "system-critical",
            Self::NotRunning(_) => "not-running",
            Self::Bare => "bare",
            Self::DaemonSet => "daemonset",
            Self::Job => "job",
            Self::OptedOut { .. } => "opted-out",
            Self::EvictionInProgress => "eviction-in-progress",
            Self::EvictionResponders => "eviction-responders",
            Self::EvictOnly => "evict-only",
            Self::TooYoung { .. } => "too-young",
        }
    }
}

impl fmt::Display for Exemption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unselected => f.write_str("does not match the selector"),
            Self::Terminating => f.write_str("already terminating"),
            Self::Own => f.write_str("macaque itself"),
            Self::Mirror => f.write_str("mirror of a static pod"),
            Self::SystemNamespace => f.write_str("in a system namespace"),
            Self::SystemCritical => f.write_str("critical to the cluster"),
            Self::NotRunning(phase) => write!(f, "not running ({phase})"),
            Self::Bare => f.write_str("no controller to replace it"),
            Self::DaemonSet => f.write_str("belongs to a DaemonSet"),
            Self::Job => f.write_str("belongs to a Job, which counts a deletion as a failure"),
            Self::OptedOut { key, value } => write!(f, "opted out by {key}={value:?}"),
            Self::EvictionInProgress => f.write_str("its eviction is in progress already"),
            Self::EvictionResponders => f.write_str("names eviction responders"),
            Self::EvictOnly => f.write_str("asks to be evicted, never deleted"),
            Self::TooYoung { age, min_age } => {
                write!(f, "younger than {} ({})", brief(*min_age), brief(*age))
            }
        }
    }
}

/// Whole seconds in the friendly form of the configuration: `1m 30s`.
fn brief(duration: Duration) -> String {
    let whole = SignedDuration::from_secs(i64::try_from(duration.as_secs()).unwrap_or(i64::MAX));
    jiff::fmt::friendly::SpanPrinter::new().duration_to_string(&whole)
}

/// Judges `pod` by `rules` at `now`. What can never be opened comes first, then what configuration may open,
/// then age, which passes by itself.
///
/// # Errors
/// The first rule that exempts the pod.
pub fn judge(pod: &Pod, rules: &Rules, now: Timestamp) -> Result<Candidate, Exemption> {
    let closed = |include: Include| !rules.target.include.contains(&include);
    if !rules.target.selector.matches(&pod.labels) {
        return Err(Exemption::Unselected);
    }
    if pod.terminating {
        return Err(Exemption::Terminating);
    }
    if rules.identity.as_ref().is_some_and(|own| own.covers(pod)) {
        return Err(Exemption::Own);
    }
    if is_mirror(pod) {
        return Err(Exemption::Mirror);
    }
    if closed(Include::SystemNamespaces) && SYSTEM_NAMESPACES.contains(&pod.id.namespace.as_str()) {
        return Err(Exemption::SystemNamespace);
    }
    if closed(Include::SystemCritical) && is_system_critical(pod) {
        return Err(Exemption::SystemCritical);
    }
    let awake = pod.phase == Phase::Running || (pod.phase == Phase::Pending && !closed(Include::Pending));
    if !awake {
        return Err(Exemption::NotRunning(pod.phase));
    }
    let owned_by = |kind: &str| pod.owner.as_ref().is_some_and(|owner| owner.kind == kind);
    if closed(Include::Bare) && pod.owner.is_none() {
        return Err(Exemption::Bare);
    }
    if closed(Include::DaemonSet) && owned_by("DaemonSet") {
        return Err(Exemption::DaemonSet);
    }
    if closed(Include::Job) && rules.method == Method::Delete && owned_by("Job") {
        return Err(Exemption::Job);
    }
    if closed(Include::OptedOut)
        && let Some((key, value)) = opt_out(pod, now)
    {
        return Err(Exemption::OptedOut { key, value });
    }
    if pod.annotations.contains_key(EVICTION_IN_PROGRESS) {
        return Err(Exemption::EvictionInProgress);
    }
    if pod.has_eviction_responders {
        return Err(Exemption::EvictionResponders);
    }
    if rules.method == Method::Delete && pod.annotations.contains_key(REQUEST_EVICT_ONLY) {
        return Err(Exemption::EvictOnly);
    }
    let age = age_at(pod.created, now);
    if age < rules.target.min_age {
        return Err(Exemption::TooYoung {
            age,
            min_age: rules.target.min_age,
        });
    }
    Ok(Candidate {
        pod: pod.id.clone(),
        owner: pod.owner.clone(),
    })
}

/// The kubelet marks the API's mirror of a static pod with this annotation, and owns it by the Node.
fn is_mirror(pod: &Pod) -> bool {
    pod.annotations.contains_key("kubernetes.io/config.mirror")
        || pod.owner.as_ref().is_some_and(|owner| owner.kind == "Node")
}

fn is_system_critical(pod: &Pod) -> bool {
    let class = pod.priority_class.as_deref();
    matches!(class, Some("system-node-critical" | "system-cluster-critical"))
        || pod
            .priority
            .is_some_and(|priority| priority >= SYSTEM_CRITICAL_PRIORITY)
}

const EVICTION_IN_PROGRESS: &str = "descheduler.alpha.kubernetes.io/eviction-in-progress";
const REQUEST_EVICT_ONLY: &str = "descheduler.alpha.kubernetes.io/request-evict-only";
const PREFER_NO_EVICTION: &str = "descheduler.alpha.kubernetes.io/prefer-no-eviction";
const DO_NOT_DISRUPT: &str = "karpenter.sh/do-not-disrupt";
const SAFE_TO_EVICT: &str = "cluster-autoscaler.kubernetes.io/safe-to-evict";
/// macaque's own opt-out, read from annotations and labels alike.
const ENABLED: &str = "macaque/enabled";

/// The pod's own word that it wants no disruption: macaque's, cluster-autoscaler's, Karpenter's or descheduler's.
fn opt_out(pod: &Pod, now: Timestamp) -> Option<(String, String)> {
    let said = |key: &str, value: &String| Some((key.to_owned(), value.clone()));
    for words in [&pod.annotations, &pod.labels] {
        if let Some(value) = words.get(ENABLED).filter(|value| *value == "false") {
            return said(ENABLED, value);
        }
    }
    if let Some(value) = pod
        .annotations
        .get(SAFE_TO_EVICT)
        .filter(|value| *value == "false")
    {
        return said(SAFE_TO_EVICT, value);
    }
    if let Some(value) = pod.annotations.get(PREFER_NO_EVICTION) {
        return said(PREFER_NO_EVICTION, value);
    }
    let value = pod.annotations.get(DO_NOT_DISRUPT)?;
    protects(value, pod.started, now).then(|| (DO_NOT_DISRUPT.to_owned(), value.clone()))
}

/// Karpenter's rule: `"true"` protects for good, a duration protects that long from the pod's start (and as long
/// as the start is unknown), anything else protects nothing.
fn protects(value: &str, started: Option<Timestamp>, now: Timestamp) -> bool {
    if value == "true" {
        return true;
    }
    let Ok(span) = value.parse::<Span>() else {
        return false;
    };
    let Ok(shield) = SignedDuration::try_from(span) else {
        return false;
    };
    started.is_none_or(|start| now.duration_since(start) < shield)
}

/// An unknown or future creation counts as just now: when in doubt, too young.
fn age_at(created: Option<Timestamp>, now: Timestamp) -> Duration {
    created
        .and_then(|born| Duration::try_from(now.duration_since(born)).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
