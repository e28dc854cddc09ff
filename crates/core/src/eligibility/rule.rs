//! What a rule of eligibility is, and how it is applied to a pod.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Serialize;

use super::{EligibilityConfig, Exemption};
use crate::outcome::DisruptionMethod;
use crate::pod::Pod;

/// One rule of eligibility.
pub struct EligibilityRule {
    /// The rule's name, wherever it is shown or configured.
    pub name: &'static str,
    /// What the rule exempts, for the documents.
    pub doc: &'static str,
    pub(super) setting: RuleSetting,
    /// The reason for which the rule exempts the pod, if it does.
    pub(super) exempts: Exempts,
    /// What the rule looked at.
    pub(super) seen: fn(&RuleInput<'_>) -> String,
}

/// Finds the reason for which a rule exempts the pod, if it does.
pub(super) type Exempts = fn(&RuleInput<'_>) -> Option<Cow<'static, str>>;

/// The input of a rule: one pod, the configuration and the time.
pub(super) struct RuleInput<'a> {
    pub(super) pod: &'a Pod,
    pub(super) config: &'a EligibilityConfig,
    pub(super) now: Timestamp,
}

/// The setting that decides about a rule.
pub(super) enum RuleSetting {
    /// None: the rule always holds.
    Always,
    /// The rule is a setting itself: its key, and its value.
    Key(&'static str, fn(&EligibilityConfig) -> String),
    /// `target.include` may switch the rule off.
    Include,
    /// `target.include` may switch the rule off but for what the function still exempts; the words say when it may.
    IncludeExcept(&'static str, Exempts),
    /// The rule holds for deletions only.
    Deletion,
    /// The rule holds for deletions only, and `target.include` may switch it off.
    DeletionUnlessIncluded,
}

/// The finding of one rule about one pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleFinding {
    /// The rule's name.
    pub rule: &'static str,
    /// The result.
    pub result: RuleResult,
    /// The setting that decides, with its value: `target.min_age = 1m`; `None` if no setting does.
    pub setting: Option<String>,
    /// What the rule looked at: `namespace shop`, for example.
    pub seen: String,
    /// The reason in words, if the rule exempts the pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// The result of a rule for one pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RuleResult {
    /// The rule does not exempt the pod.
    Passed,
    /// The rule would exempt the pod, but the configuration switches the rule off.
    SwitchedOff,
    /// The rule exempts the pod.
    Exempt,
}

impl EligibilityRule {
    /// The exemption of the pod, if the rule is on and exempts it.
    pub(super) fn judge(&self, input: &RuleInput<'_>) -> Option<Exemption> {
        if self.is_off(input.config) {
            return None;
        }
        let exempts = match self.setting {
            RuleSetting::IncludeExcept(_, still_exempts) if self.is_included(input.config) => still_exempts,
            _ => self.exempts,
        };
        let why = exempts(input)?;
        Some(Exemption { rule: self.name, why })
    }

    /// The rule's result for the pod, and what it saw.
    pub(super) fn examine(&self, input: &RuleInput<'_>) -> RuleFinding {
        let exemption = self.judge(input);
        let result = match &exemption {
            Some(_) => RuleResult::Exempt,
            None if (self.exempts)(input).is_some() => RuleResult::SwitchedOff,
            None => RuleResult::Passed,
        };
        RuleFinding {
            rule: self.name,
            result,
            setting: self.setting(input.config),
            seen: (self.seen)(input),
            why: exemption.map(|exemption| exemption.why.into_owned()),
        }
    }

    /// Whether `target.include` can switch the rule off.
    pub fn is_includable(&self) -> bool {
        matches!(
            self.setting,
            RuleSetting::Include | RuleSetting::IncludeExcept(..) | RuleSetting::DeletionUnlessIncluded
        )
    }

    /// How to change the rule, for the documents.
    pub fn how_to_change(&self) -> String {
        let include = format!("`target.include = [\"{}\"]`", self.name);
        match self.setting {
            RuleSetting::Always => "cannot be changed".to_owned(),
            RuleSetting::Key(key, _) => format!("`{key}`"),
            RuleSetting::Include => include,
            RuleSetting::IncludeExcept(when, _) => format!("{include}, {when}"),
            RuleSetting::Deletion => "`disrupt.method = \"evict\"`".to_owned(),
            RuleSetting::DeletionUnlessIncluded => format!("`disrupt.method = \"evict\"`, or {include}"),
        }
    }

    fn is_off(&self, config: &EligibilityConfig) -> bool {
        let is_eviction = config.method == DisruptionMethod::Evict;
        match self.setting {
            RuleSetting::Always | RuleSetting::Key(..) | RuleSetting::IncludeExcept(..) => false,
            RuleSetting::Include => self.is_included(config),
            RuleSetting::Deletion => is_eviction,
            RuleSetting::DeletionUnlessIncluded => is_eviction || self.is_included(config),
        }
    }

    fn is_included(&self, config: &EligibilityConfig) -> bool {
        config.target.include.contains(&self.name)
    }

    /// The setting that decides, as `KEY = VALUE`.
    fn setting(&self, config: &EligibilityConfig) -> Option<String> {
        let method = format!("disrupt.method = {}", config.method);
        let with = if self.is_included(config) {
            "with"
        } else {
            "without"
        };
        let include = format!("target.include {with} {}", self.name);

        match self.setting {
            RuleSetting::Always => None,
            RuleSetting::Key(key, value) => Some(format!("{key} = {}", value(config))),
            RuleSetting::Include | RuleSetting::IncludeExcept(..) => Some(include),
            RuleSetting::Deletion => Some(method),
            RuleSetting::DeletionUnlessIncluded if config.method == DisruptionMethod::Evict => Some(method),
            RuleSetting::DeletionUnlessIncluded => Some(include),
        }
    }
}
