//! Judges whether one pod is a candidate, or exempt and for which reason.

mod listing;
mod matches;
mod opt_out;
mod rule;
mod rules;
mod scope;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

pub use self::listing::PodFilter;
pub use self::matches::TargetMatches;
pub use self::opt_out::missing_opt_in;
pub use self::rule::{EligibilityRule, RuleFinding, RuleResult};
pub use self::rules::SYSTEM_NAMESPACES;

use self::rule::RuleInput;
use self::rules::RULES;
use crate::annotations::team;
use crate::config::{TargetConfig, TargetMode};
use crate::outcome::DisruptionMethod;
use crate::pod::{OwnerRef, Pod, PodOwner, PodPhase, PodRef};
use crate::scope_metadata::ScopeMetadata;
use crate::selector::Selector;

/// The name of the rule about the namespaces in scope.
const NAMESPACE: &str = "namespace";

/// The name under which a report counts pods whose owner is in cooldown, which the journal decides and not a rule.
pub const COOLDOWN: &str = "cooldown";
/// The name under which a report counts pods whose owner does not have its turn now.
pub const NO_TURN: &str = "no-turn";
/// The name under which a report counts pods whose owner had its turn in this period already, which the journal knows.
pub const TURN_TAKEN: &str = "turn-taken";

/// The pod that macaque itself runs in, so that it is never its own victim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnPod {
    /// The namespace.
    pub namespace: String,
    /// The pod's name.
    pub name: String,
}

/// The settings and facts that the rules judge a pod by.
#[derive(Debug, Clone)]
pub struct EligibilityConfig {
    /// The configured target.
    pub target: TargetConfig,
    /// The disruption method: some rules exempt pods from deletion only.
    pub method: DisruptionMethod,
    /// The pod that macaque runs in, if it is known.
    pub own_pod: Option<OwnPod>,
    /// What was read about the namespaces, owners and nodes in scope; empty until a round reads it.
    pub metadata: Arc<ScopeMetadata>,
}

/// A pod that may be picked, reduced to what the draw needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The pod.
    pub pod: PodRef,
    /// The pod's controller.
    pub owner: Option<PodOwner>,
    /// The team that the pod's annotations name.
    pub team: Option<String>,
    /// The end of the period in which the owner has its turn, if it is hit because of one: until then it has no other.
    pub period_end: Option<Timestamp>,
}

impl From<&Pod> for Candidate {
    fn from(pod: &Pod) -> Self {
        Self {
            pod: pod.id.clone(),
            owner: pod.owner.clone(),
            team: team([&pod.annotations]),
            period_end: None,
        }
    }
}

impl Candidate {
    /// The owner; a pod without an owner is its own.
    pub fn owner_ref(&self) -> OwnerRef {
        OwnerRef::of(&self.pod, self.owner.as_ref())
    }
}

/// The reason why a pod is not a candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exemption {
    /// The name of the rule.
    pub rule: &'static str,
    /// The reason in words.
    pub why: Cow<'static, str>,
}

/// Every rule, in the order in which [`judge`] checks them.
pub fn rules() -> &'static [EligibilityRule] {
    RULES
}

/// The names of the rules that `target.include` can switch off, in the order of the rules.
pub fn includable_rules() -> Vec<&'static str> {
    let includable = RULES.iter().filter(|rule| rule.is_includable());
    includable.map(|rule| rule.name).collect()
}

/// Judges `pod` by the rules, as `config` sets them, at `now`.
///
/// # Errors
/// The exemption by the first rule that applies.
pub fn judge(pod: &Pod, config: &EligibilityConfig, now: Timestamp) -> Result<Candidate, Exemption> {
    let input = RuleInput { pod, config, now };
    match RULES.iter().find_map(|rule| rule.judge(&input)) {
        Some(exemption) => Err(exemption),
        None => Ok(Candidate::from(pod)),
    }
}

/// Examines `pod` by every rule, in the order in which [`judge`] checks them.
pub fn examine(pod: &Pod, config: &EligibilityConfig, now: Timestamp) -> Vec<RuleFinding> {
    let input = RuleInput { pod, config, now };
    RULES.iter().map(|rule| rule.examine(&input)).collect()
}

impl EligibilityConfig {
    /// The phases in which a pod may be eligible; in any other it is exempt.
    pub fn phases(&self) -> &'static [PodPhase] {
        if self.target.include.contains(&"pending") {
            &[PodPhase::Pending, PodPhase::Running]
        } else {
            &[PodPhase::Running]
        }
    }

    /// Whether a pod is in scope only if somebody says yes.
    pub fn is_opt_in(&self) -> bool {
        self.target.mode == TargetMode::OptIn
    }
}

impl Exemption {
    /// Whether the exemption lasts: one that passes by itself leaves the owner its turns.
    pub fn is_lasting(&self) -> bool {
        let passing = [
            "terminating",
            "pending",
            "frozen",
            "eviction-in-progress",
            "too-young",
            "cooldown",
            "turn-taken",
        ];
        !passing.contains(&self.rule)
    }

    /// The exemption of a pod whose namespace was found by `selector`, and does not match it any more.
    pub fn unselected_namespace(selector: &Selector) -> Self {
        Self {
            rule: NAMESPACE,
            why: format!("its namespace does not match {selector} any more").into(),
        }
    }

    /// The exemption of a pod whose owner is in cooldown until `until`.
    pub fn cooldown(until: Timestamp) -> Self {
        Self {
            rule: COOLDOWN,
            why: format!("its owner is in cooldown until {until} (limits.cooldown)").into(),
        }
    }

    /// The exemption of a pod whose owner does not have its turn now, but at `next`; without `next`, none is known.
    pub fn no_turn(next: Option<Timestamp>) -> Self {
        let why = match next {
            Some(next) => format!("its owner's next turn is {next}").into(),
            None => "its owner has no turn in this round".into(),
        };
        Self { rule: NO_TURN, why }
    }

    /// The exemption of a pod whose owner was disrupted in the period that ends at `until`.
    pub fn turn_taken(until: Timestamp) -> Self {
        Self {
            rule: TURN_TAKEN,
            why: format!("its owner had its turn in the period that ends at {until}").into(),
        }
    }
}

impl OwnPod {
    /// Whether `pod` is macaque's own pod or belongs to the same controller. A controller names its pods after itself
    /// (`NAME-HASH-SUFFIX` for a Deployment or a Rollout, `NAME-SUFFIX` for the others), so the names are enough to tell.
    fn covers(&self, pod: &Pod) -> bool {
        if pod.id.namespace != self.namespace {
            return false;
        }

        let parent = |name: &str| name.rsplit_once('-').map(|(parent, _)| parent.to_owned());
        let is_sibling = pod.owner.as_ref().is_some_and(|owner| {
            let controller = match owner.kind.as_str() {
                "Deployment" | "Rollout" => parent(&self.name).and_then(|replica_set| parent(&replica_set)),
                _ => parent(&self.name),
            };
            controller.is_some_and(|name| name == owner.name)
        });
        is_sibling || pod.id.name == self.name
    }
}

impl fmt::Display for Exemption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

#[cfg(test)]
mod tests;
