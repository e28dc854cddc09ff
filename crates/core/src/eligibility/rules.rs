//! The rules of eligibility, one a row, in the order in which they are asked. `judge` takes the first that exempts,
//! `examine` tells them all.

mod checks;

use jiff::Timestamp;

use super::{EligibilityRules, Exemption, RuleFinding, RuleResult, brief};
use crate::config::IncludedRule;
use crate::outcome::DisruptionMethod;
use crate::pod::Pod;

/// One pod before the rules.
pub(super) struct RuleInput<'a> {
    pub(super) pod: &'a Pod,
    pub(super) rules: &'a EligibilityRules,
    pub(super) now: Timestamp,
}

/// One rule.
pub(super) struct EligibilityRule {
    name: &'static str,
    say: RuleSetting,
    exempts: fn(&RuleInput<'_>) -> Option<Exemption>,
    seen: fn(&RuleInput<'_>) -> String,
}

/// Which setting has a say in a rule.
enum RuleSetting {
    /// None: nothing opens it.
    Nobody,
    /// The selector is the rule.
    Selector,
    /// The age is the rule.
    MinAge,
    /// `target.include` may open it.
    Include(IncludedRule),
    /// It holds for deletions only.
    Deletion,
    /// It holds for deletions only, and `target.include` may open it.
    DeletionUnless(IncludedRule),
}

/// What can never be opened, what configuration may open, and age, which passes by itself.
pub(super) const RULES: [EligibilityRule; 16] = [
    rule(
        "selector",
        RuleSetting::Selector,
        checks::unselected,
        checks::labels,
    ),
    rule(
        "terminating",
        RuleSetting::Nobody,
        checks::terminating,
        checks::deletion_timestamp,
    ),
    rule("own", RuleSetting::Nobody, checks::own, checks::identity),
    rule("mirror", RuleSetting::Nobody, checks::mirror, checks::mirror_mark),
    rule(
        "system-namespace",
        RuleSetting::Include(IncludedRule::SystemNamespaces),
        checks::system_namespace,
        checks::namespace,
    ),
    rule(
        "system-critical",
        RuleSetting::Include(IncludedRule::SystemCritical),
        checks::system_critical,
        checks::priority,
    ),
    rule(
        "pending",
        RuleSetting::Include(IncludedRule::Pending),
        checks::pending,
        checks::phase,
    ),
    rule(
        "not-running",
        RuleSetting::Nobody,
        checks::not_running,
        checks::phase,
    ),
    rule(
        "bare",
        RuleSetting::Include(IncludedRule::Bare),
        checks::bare,
        checks::owner,
    ),
    rule(
        "daemonset",
        RuleSetting::Include(IncludedRule::DaemonSet),
        checks::daemon_set,
        checks::owner,
    ),
    rule(
        "job",
        RuleSetting::DeletionUnless(IncludedRule::Job),
        checks::job,
        checks::owner,
    ),
    rule(
        "opted-out",
        RuleSetting::Include(IncludedRule::OptedOut),
        checks::opted_out,
        checks::opt_out_mark,
    ),
    rule(
        "eviction-in-progress",
        RuleSetting::Nobody,
        checks::in_progress,
        checks::progress_mark,
    ),
    rule(
        "eviction-responders",
        RuleSetting::Nobody,
        checks::responders,
        checks::responders_named,
    ),
    rule(
        "evict-only",
        RuleSetting::Deletion,
        checks::evict_only,
        checks::evict_only_mark,
    ),
    rule("too-young", RuleSetting::MinAge, checks::too_young, checks::age),
];

const fn rule(
    name: &'static str,
    say: RuleSetting,
    exempts: fn(&RuleInput<'_>) -> Option<Exemption>,
    seen: fn(&RuleInput<'_>) -> String,
) -> EligibilityRule {
    EligibilityRule {
        name,
        say,
        exempts,
        seen,
    }
}

impl EligibilityRule {
    /// Why this rule exempts the pod, if it does.
    pub(super) fn judge(&self, case: &RuleInput<'_>) -> Option<Exemption> {
        if self.say.opens(case.rules) {
            return None;
        }
        (self.exempts)(case)
    }

    /// What this rule says of the pod, and what it saw.
    pub(super) fn examine(&self, case: &RuleInput<'_>) -> RuleFinding {
        let exemption = self.judge(case);
        let standing = match &exemption {
            Some(_) => RuleResult::Exempt,
            None if (self.exempts)(case).is_some() => RuleResult::Opened,
            None => RuleResult::Passed,
        };
        RuleFinding {
            rule: self.name,
            standing,
            setting: self.say.setting(case.rules),
            seen: (self.seen)(case),
            why: exemption.map(|exemption| exemption.to_string()),
        }
    }
}

impl RuleSetting {
    fn opens(&self, rules: &EligibilityRules) -> bool {
        let included = |include: &IncludedRule| rules.target.include.contains(include);
        match self {
            Self::Nobody | Self::Selector | Self::MinAge => false,
            Self::Include(include) => included(include),
            Self::Deletion => rules.method == DisruptionMethod::Evict,
            Self::DeletionUnless(include) => rules.method == DisruptionMethod::Evict || included(include),
        }
    }

    /// The setting that decides, as `KEY = VALUE`.
    fn setting(&self, rules: &EligibilityRules) -> Option<String> {
        let target = &rules.target;
        let method = || format!("disrupt.method = {}", rules.method);
        let include = |include: &IncludedRule| {
            let with = if target.include.contains(include) {
                "with"
            } else {
                "without"
            };
            format!("target.include {with} {include}")
        };
        match self {
            Self::Nobody => None,
            Self::Selector if target.selector.is_empty() => Some("target.selector = \"\"".to_owned()),
            Self::Selector => Some(format!("target.selector = {}", target.selector)),
            Self::MinAge => Some(format!("target.min_age = {}", brief(target.min_age))),
            Self::Include(word) => Some(include(word)),
            Self::Deletion => Some(method()),
            Self::DeletionUnless(_) if rules.method == DisruptionMethod::Evict => Some(method()),
            Self::DeletionUnless(word) => Some(include(word)),
        }
    }
}

/// Whether macaque looks into the pod's namespace at all.
pub(super) fn scope(case: &RuleInput<'_>) -> RuleFinding {
    let namespaces = &case.rules.target.namespaces;
    let inside = namespaces.hold(&case.pod.id.namespace);
    RuleFinding {
        rule: "namespace",
        standing: if inside {
            RuleResult::Passed
        } else {
            RuleResult::Exempt
        },
        setting: Some(format!("target.namespaces = {namespaces}")),
        seen: checks::namespace(case),
        why: (!inside).then(|| "outside the namespaces that macaque looks into".to_owned()),
    }
}

#[cfg(test)]
mod tests;
