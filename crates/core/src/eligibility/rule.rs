//! What a rule of eligibility is, and how it is applied to a pod.

use std::borrow::Cow;

use jiff::Timestamp;

use super::{EligibilityRules, Exemption, RuleFinding, RuleResult};
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
    pub(super) exempts: fn(&RuleInput<'_>) -> Option<Cow<'static, str>>,
    /// What the rule looked at.
    pub(super) seen: fn(&RuleInput<'_>) -> String,
}

/// The input of a rule: one pod, the configuration and the time.
pub(super) struct RuleInput<'a> {
    pub(super) pod: &'a Pod,
    pub(super) rules: &'a EligibilityRules,
    pub(super) now: Timestamp,
}

/// The setting that decides about a rule.
pub(super) enum RuleSetting {
    /// None: the rule always holds.
    Always,
    /// The rule is a setting itself: its key, and its value.
    Key(&'static str, fn(&EligibilityRules) -> String),
    /// `target.include` may switch the rule off.
    Include,
    /// The rule holds for deletions only.
    Deletion,
    /// The rule holds for deletions only, and `target.include` may switch it off.
    DeletionUnlessIncluded,
}

impl EligibilityRule {
    /// The exemption of the pod, if the rule is on and exempts it.
    pub(super) fn judge(&self, input: &RuleInput<'_>) -> Option<Exemption> {
        if self.is_off(input.rules) {
            return None;
        }
        let why = (self.exempts)(input)?;
        Some(Exemption { rule: self.name, why })
    }

    /// The rule's result for the pod, and what it saw.
    pub(super) fn examine(&self, input: &RuleInput<'_>) -> RuleFinding {
        let exemption = self.judge(input);
        let result = match &exemption {
            Some(_) => RuleResult::Exempt,
            None if (self.exempts)(input).is_some() => RuleResult::Opened,
            None => RuleResult::Passed,
        };
        RuleFinding {
            rule: self.name,
            result,
            setting: self.setting(input.rules),
            seen: (self.seen)(input),
            why: exemption.map(|exemption| exemption.why.into_owned()),
        }
    }

    /// Whether `target.include` can switch the rule off.
    pub fn is_includable(&self) -> bool {
        matches!(
            self.setting,
            RuleSetting::Include | RuleSetting::DeletionUnlessIncluded
        )
    }

    /// How to change the rule, for the documents.
    pub fn how_to_change(&self) -> String {
        let include = format!("`target.include = [\"{}\"]`", self.name);
        match self.setting {
            RuleSetting::Always => "cannot be changed".to_owned(),
            RuleSetting::Key(key, _) => format!("`{key}`"),
            RuleSetting::Include => include,
            RuleSetting::Deletion => "`disrupt.method = \"evict\"`".to_owned(),
            RuleSetting::DeletionUnlessIncluded => format!("`disrupt.method = \"evict\"`, or {include}"),
        }
    }

    fn is_off(&self, rules: &EligibilityRules) -> bool {
        let is_eviction = rules.method == DisruptionMethod::Evict;
        match self.setting {
            RuleSetting::Always | RuleSetting::Key(..) => false,
            RuleSetting::Include => self.is_included(rules),
            RuleSetting::Deletion => is_eviction,
            RuleSetting::DeletionUnlessIncluded => is_eviction || self.is_included(rules),
        }
    }

    fn is_included(&self, rules: &EligibilityRules) -> bool {
        rules.target.include.contains(&self.name)
    }

    /// The setting that decides, as `KEY = VALUE`.
    fn setting(&self, rules: &EligibilityRules) -> Option<String> {
        let method = format!("disrupt.method = {}", rules.method);
        let with = if self.is_included(rules) {
            "with"
        } else {
            "without"
        };
        let include = format!("target.include {with} {}", self.name);

        match self.setting {
            RuleSetting::Always => None,
            RuleSetting::Key(key, value) => Some(format!("{key} = {}", value(rules))),
            RuleSetting::Include => Some(include),
            RuleSetting::Deletion => Some(method),
            RuleSetting::DeletionUnlessIncluded if rules.method == DisruptionMethod::Evict => Some(method),
            RuleSetting::DeletionUnlessIncluded => Some(include),
        }
    }
}
