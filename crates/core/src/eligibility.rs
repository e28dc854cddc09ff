//! Judges one pod: a candidate, or exempt for a reason that can be told to people.

mod opt_out;
mod rules;

use std::fmt;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use self::rules::{RULES, RuleInput, scope};
use crate::config::{IncludedRule, TargetConfig};
use crate::outcome::DisruptionMethod;
use crate::pod::{Pod, PodOwner, PodPhase, PodRef};

/// Which pod macaque itself is, so that it is never its own victim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnPod {
    /// The namespace it runs in.
    pub namespace: String,
    /// Its pod's name.
    pub pod: String,
}

impl OwnPod {
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
pub struct EligibilityRules {
    /// The configured target.
    pub target: TargetConfig,
    /// How victims are disrupted: some pods are exempt from one method only.
    pub method: DisruptionMethod,
    /// macaque itself, when it knows.
    pub identity: Option<OwnPod>,
}

impl EligibilityRules {
    /// The phases in which a pod may be drawn; any other exempts it.
    pub fn phases(&self) -> &'static [PodPhase] {
        match self.target.include.contains(&IncludedRule::Pending) {
            false => &[PodPhase::Running],
            true => &[PodPhase::Pending, PodPhase::Running],
        }
    }
}

/// A pod that may be drawn, in as few bytes as the draw needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Which pod.
    pub pod: PodRef,
    /// Its controller.
    pub owner: Option<PodOwner>,
}

/// Why a pod is not a candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exemption {
    /// It does not match the label selector (any more).
    Unselected,
    /// It is being deleted already.
    Terminating,
    /// It is macaque, or belongs to macaque's own controller.
    Itself,
    /// A static pod's mirror: the kubelet would recreate the object and never stop the container.
    StaticPod,
    /// It lives in one of the system's namespaces.
    SystemNamespace,
    /// It is critical to the cluster.
    SystemCritical,
    /// It is not Running.
    NotRunning(PodPhase),
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
    /// Its owner is left in peace after a disruption.
    Cooldown {
        /// Until when.
        until: Timestamp,
    },
}

impl Exemption {
    /// A stable word for tallies and metrics.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Unselected => "unselected",
            Self::Terminating => "terminating",
            Self::Itself => "own",
            Self::StaticPod => "mirror",
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
            Self::Cooldown { .. } => "cooldown",
        }
    }
}

impl fmt::Display for Exemption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unselected => f.write_str("does not match the selector"),
            Self::Terminating => f.write_str("already terminating"),
            Self::Itself => f.write_str("macaque itself"),
            Self::StaticPod => f.write_str("mirror of a static pod"),
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
            Self::Cooldown { until } => {
                write!(f, "its owner is left in peace until {until} (limits.cooldown)")
            }
        }
    }
}

/// Whole seconds in the friendly form of the configuration: `1m 30s`.
fn brief(duration: Duration) -> String {
    let whole = SignedDuration::from_secs(i64::try_from(duration.as_secs()).unwrap_or(i64::MAX));
    jiff::fmt::friendly::SpanPrinter::new().duration_to_string(&whole)
}

/// What one rule says of one pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleFinding {
    /// The rule's name.
    pub rule: &'static str,
    /// How the pod stands with it.
    pub standing: RuleResult,
    /// The setting that decides, with its value: `target.min_age = 1m`; `None` where no setting has a say.
    pub setting: Option<String>,
    /// What was seen of the pod.
    pub seen: String,
    /// Why the pod is exempt, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// How a pod stands with a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RuleResult {
    /// The rule has nothing against it.
    Passed,
    /// The rule would exempt it, and the configuration opens the rule.
    Opened,
    /// The rule exempts it.
    Exempt,
}

/// Judges `pod` by `rules` at `now`. What can never be opened comes first, then what configuration may open,
/// then age, which passes by itself.
///
/// # Errors
/// The first rule that exempts the pod.
pub fn judge(pod: &Pod, rules: &EligibilityRules, now: Timestamp) -> Result<Candidate, Exemption> {
    let case = RuleInput { pod, rules, now };
    match RULES.iter().find_map(|rule| rule.judge(&case)) {
        Some(exemption) => Err(exemption),
        None => Ok(Candidate {
            pod: pod.id.clone(),
            owner: pod.owner.clone(),
        }),
    }
}

/// Every rule on `pod`, in the order in which [`judge`] asks them; before them whether macaque looks into the
/// pod's namespace at all, which `judge` need not ask of a pod that was listed.
pub fn examine(pod: &Pod, rules: &EligibilityRules, now: Timestamp) -> Vec<RuleFinding> {
    let case = RuleInput { pod, rules, now };
    let examined = RULES.iter().map(|rule| rule.examine(&case));
    std::iter::once(scope(&case)).chain(examined).collect()
}

#[cfg(test)]
mod tests;
