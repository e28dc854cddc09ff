//! An examination has a finding for every rule, and the judgement is its first exemption.

use jiff::SignedDuration;

use crate::config::NamespaceScope;
use crate::eligibility::tests::{exempting, including, now, owned_by, rules};
use crate::eligibility::{EligibilityConfig, RuleResult, examine};
use crate::pod::Pod;

/// Every rule that the pod did not pass, as `RULE RESULT`.
fn not_passed(pod: &Pod, rules: &EligibilityConfig) -> Vec<String> {
    let findings = examine(pod, rules, now());
    let not_passed = findings.into_iter().filter(|f| f.result != RuleResult::Passed);
    not_passed.map(|f| format!("{} {:?}", f.rule, f.result)).collect()
}

#[test]
fn an_examination_has_every_rule_and_the_judgement_is_its_first_exemption() {
    let mut young = Pod {
        created: Some(now() - SignedDuration::from_secs(12)),
        ..owned_by("DaemonSet")
    };
    young.id.namespace = "kube-system".into();
    let expected = [
        "namespace Exempt",
        "system-namespaces Exempt",
        "daemonset Exempt",
        "too-young Exempt",
    ];
    let mut rules = rules();
    rules.target.namespaces = NamespaceScope::Named(vec!["shop".into()]);
    assert_eq!(not_passed(&young, &rules), expected);
    assert_eq!(exempting(&young, &rules), Some("namespace"));

    let findings = examine(&young, &rules, now());
    let last = findings.last().unwrap();
    assert_eq!(last.setting.as_deref(), Some("target.min_age = 1m"));
    assert_eq!(last.seen, "age 12s");
    assert_eq!(last.why.as_deref(), Some("younger than 1m (12s)"));
    assert_eq!(findings.len(), crate::eligibility::rules().len());
}

#[test]
fn an_examination_says_which_rules_the_configuration_switches_off() {
    let rules = including("daemonset");

    assert_eq!(
        not_passed(&owned_by("DaemonSet"), &rules),
        ["daemonset SwitchedOff"]
    );

    let findings = examine(&owned_by("Job"), &rules, now());
    let bare = findings.iter().find(|finding| finding.rule == "bare").unwrap();

    assert_eq!(bare.setting.as_deref(), Some("target.include without bare"));

    let job = findings.iter().find(|finding| finding.rule == "job").unwrap();
    assert_eq!(
        (job.result, job.setting.as_deref()),
        (RuleResult::SwitchedOff, Some("disrupt.method = evict"))
    );
}
