//! An examination tells every rule, and the judgement is its first exemption.

use jiff::SignedDuration;

use crate::config::IncludedRule;
use crate::eligibility::tests::{including, now, owned_by, rules, word};
use crate::eligibility::{EligibilityRules, RuleResult, examine};
use crate::pod::Pod;

/// Every rule that says more than "passed", as `RULE STANDING`.
fn remarks(pod: &Pod, rules: &EligibilityRules) -> Vec<String> {
    let findings = examine(pod, rules, now());
    let remarks = findings.into_iter().filter(|f| f.standing != RuleResult::Passed);
    remarks.map(|f| format!("{} {:?}", f.rule, f.standing)).collect()
}

#[test]
fn an_examination_tells_every_rule_and_the_judgement_is_its_first_exemption() {
    let mut young = Pod {
        created: Some(now() - SignedDuration::from_secs(12)),
        ..owned_by("DaemonSet")
    };
    young.id.namespace = "kube-system".into();
    let expected = [
        "namespace Exempt",
        "system-namespace Exempt",
        "daemonset Exempt",
        "too-young Exempt",
    ];
    assert_eq!(remarks(&young, &rules()), expected);
    assert_eq!(word(&young, &rules()), Some("system-namespace"));
    let findings = examine(&young, &rules(), now());
    let last = findings.last().unwrap();
    assert_eq!(last.setting.as_deref(), Some("target.min_age = 1m"));
    assert_eq!(last.seen, "age 12s");
    assert_eq!(last.why.as_deref(), Some("younger than 1m (12s)"));
    assert_eq!(findings.len(), 17);
}

#[test]
fn an_examination_tells_which_rules_the_configuration_opened() {
    let rules = including(IncludedRule::DaemonSet);
    assert_eq!(remarks(&owned_by("DaemonSet"), &rules), ["daemonset Opened"]);
    let findings = examine(&owned_by("Job"), &rules, now());
    let bare = findings.iter().find(|finding| finding.rule == "bare").unwrap();
    assert_eq!(bare.setting.as_deref(), Some("target.include without bare"));
    let job = findings.iter().find(|finding| finding.rule == "job").unwrap();
    assert_eq!(
        (job.standing, job.setting.as_deref()),
        (RuleResult::Opened, Some("disrupt.method = evict"))
    );
}
