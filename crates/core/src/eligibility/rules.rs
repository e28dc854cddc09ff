//! The rules of eligibility, one a row, in the order in which they are asked. `judge` takes the first that exempts,
//! `examine` tells them all.

mod checks;

use jiff::Timestamp;

use super::{Exemption, Finding, Rules, Standing, brief};
use crate::config::Include;
use crate::outcome::Method;
use crate::pod::Pod;

/// One pod before the rules.
pub(super) struct Case<'a> {
    pub(super) pod: &'a Pod,
    pub(super) rules: &'a Rules,
    pub(super) now: Timestamp,
}

/// One rule.
pub(super) struct Rule {
    name: &'static str,
    say: Say,
    exempts: fn(&Case<'_>) -> Option<Exemption>,
    seen: fn(&Case<'_>) -> String,
}

/// Which setting has a say in a rule.
enum Say {
    /// None: nothing opens it.
    Nobody,
    /// The selector is the rule.
    Selector,
    /// The age is the rule.
    MinAge,
    /// `target.include` may open it.
    Include(Include),
    /// It holds for deletions only.
    Deletion,
    /// It holds for deletions only, and `target.include` may open it.
    DeletionUnless(Include),
}

/// What can never be opened, what configuration may open, and age, which passes by itself.
pub(super) const RULES: [Rule; 16] = [
    rule("selector", Say::Selector, checks::unselected, checks::labels),
    rule(
        "terminating",
        Say::Nobody,
        checks::terminating,
        checks::deletion_timestamp,
    ),
    rule("own", Say::Nobody, checks::own, checks::identity),
    rule("mirror", Say::Nobody, checks::mirror, checks::mirror_mark),
    rule(
        "system-namespace",
        Say::Include(Include::SystemNamespaces),
        checks::system_namespace,
        checks::namespace,
    ),
    rule(
        "system-critical",
        Say::Include(Include::SystemCritical),
        checks::system_critical,
        checks::priority,
    ),
    rule(
        "pending",
        Say::Include(Include::Pending),
        checks::pending,
        checks::phase,
    ),
    rule("not-running", Say::Nobody, checks::not_running, checks::phase),
    rule("bare", Say::Include(Include::Bare), checks::bare, checks::owner),
    rule(
        "daemonset",
        Say::Include(Include::DaemonSet),
        checks::daemon_set,
        checks::owner,
    ),
    rule(
        "job",
        Say::DeletionUnless(Include::Job),
        checks::job,
        checks::owner,
    ),
    rule(
        "opted-out",
        Say::Include(Include::OptedOut),
        checks::opted_out,
        checks::opt_out_mark,
    ),
    rule(
        "eviction-in-progress",
        Say::Nobody,
        checks::in_progress,
        checks::progress_mark,
    ),
    rule(
        "eviction-responders",
        Say::Nobody,
        checks::responders,
        checks::responders_named,
    ),
    rule(
        "evict-only",
        Say::Deletion,
        checks::evict_only,
        checks::evict_only_mark,
    ),
    rule("too-young", Say::MinAge, checks::too_young, checks::age),
];

const fn rule(
    name: &'static str,
    say: Say,
    exempts: fn(&Case<'_>) -> Option<Exemption>,
    seen: fn(&Case<'_>) -> String,
) -> Rule {
    Rule {
        name,
        say,
        exempts,
        seen,
    }
}

impl Rule {
    /// Why this rule exempts the pod, if it does.
    pub(super) fn judge(&self, case: &Case<'_>) -> Option<Exemption> {
        if self.say.opens(case.rules) {
            return None;
        }
        (self.exempts)(case)
    }

    /// What this rule says of the pod, and what it saw.
    pub(super) fn examine(&self, case: &Case<'_>) -> Finding {
        let exemption = self.judge(case);
        let standing = match &exemption {
            Some(_) => Standing::Exempt,
            None if (self.exempts)(case).is_some() => Standing::Opened,
            None => Standing::Passed,
        };
        Finding {
            rule: self.name,
            standing,
            setting: self.say.setting(case.rules),
            seen: (self.seen)(case),
            why: exemption.map(|exemption| exemption.to_string()),
        }
    }
}

impl Say {
    fn opens(&self, rules: &Rules) -> bool {
        let included = |include: &Include| rules.target.include.contains(include);
        match self {
            Self::Nobody | Self::Selector | Self::MinAge => false,
            Self::Include(include) => included(include),
            Self::Deletion => rules.method == Method::Evict,
            Self::DeletionUnless(include) => rules.method == Method::Evict || included(include),
        }
    }

    /// The setting that decides, as `KEY = VALUE`.
    fn setting(&self, rules: &Rules) -> Option<String> {
        let target = &rules.target;
        let method = || format!("disrupt.method = {}", rules.method);
        let include = |include: &Include| {
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
            Self::DeletionUnless(_) if rules.method == Method::Evict => Some(method()),
            Self::DeletionUnless(word) => Some(include(word)),
        }
    }
}

/// Whether macaque looks into the pod's namespace at all.
pub(super) fn scope(case: &Case<'_>) -> Finding {
    let namespaces = &case.rules.target.namespaces;
    let inside = namespaces.hold(&case.pod.id.namespace);
    Finding {
        rule: "namespace",
        standing: if inside {
            Standing::Passed
        } else {
            Standing::Exempt
        },
        setting: Some(format!("target.namespaces = {namespaces}")),
        seen: checks::namespace(case),
        why: (!inside).then(|| "outside the namespaces that macaque looks into".to_owned()),
    }
}

#[cfg(test)]
mod tests;
