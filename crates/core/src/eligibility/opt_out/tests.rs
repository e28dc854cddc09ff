//! Which keys and values exempt a pod, and what is said of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::annotations::ENABLED;
use crate::config::TargetMode;
use crate::eligibility::tests::{annotated, exempting, including, now, owned_by, rules, web};
use crate::eligibility::{EligibilityConfig, RuleResult, examine, judge};
use crate::pod::{OwnerRef, Pod};
use crate::scope_metadata::{ObjectKeys, ScopeMetadata};

#[test]
fn the_opt_outs_of_other_tools_exempt_what_those_tools_leave_alone() {
    let rows = [
        ("cluster-autoscaler.kubernetes.io/safe-to-evict", "false", true),
        ("cluster-autoscaler.kubernetes.io/safe-to-evict", "true", false),
        ("karpenter.sh/do-not-disrupt", "true", true),
        ("karpenter.sh/do-not-disrupt", "false", false),
        ("karpenter.sh/do-not-disrupt", "4h", true), // the pod is one hour old
        ("karpenter.sh/do-not-disrupt", "30m", false),
        ("karpenter.sh/do-not-disrupt", "1h30m", true),
        ("karpenter.sh/do-not-disrupt", "soon", true),
        ("descheduler.alpha.kubernetes.io/prefer-no-eviction", "", true),
        ("descheduler.alpha.kubernetes.io/evict", "true", false),
        ("macaque/enabled", "false", true),
        ("macaque/enabled", "true", false),
    ];

    for (key, value, protected) in rows {
        let expected = protected.then_some("opted-out");
        assert_eq!(
            exempting(&annotated(key, value), &rules()),
            expected,
            "{key}={value}"
        );
    }
}

#[test]
fn only_a_value_that_is_understood_as_permission_leaves_a_pod_a_candidate() {
    let yes = [
        "true", "True", "TRUE", " true ", "yes", "Yes", "1", "on", "ON", "enabled", "y", "t", "T",
    ];
    let no = [
        "false", "False", "FALSE", " false ", "no", "No", "0", "off", "Off", "disabled", "Disabled", "n",
        "f", "F",
    ];
    let unclear = [
        "",
        " ",
        "-",
        "null",
        "none",
        "never",
        "maybe",
        "tru\u{435}",
        "\"true\"",
        "true,false",
        "2",
        "ja",
    ];
    let set = |key: &str, value: &str| {
        let mut labelled = web();
        labelled.labels.insert(key.into(), value.into());
        [annotated(key, value), labelled]
    };
    // Whether yes means that the pod may be disrupted, and whether the key is read from labels too.
    let keys = [
        ("macaque/enabled", true, true),
        ("cluster-autoscaler.kubernetes.io/safe-to-evict", true, false),
        ("karpenter.sh/do-not-disrupt", false, false),
    ];

    for (key, permits, in_labels) in keys {
        let rows = yes
            .map(|value| (value, permits))
            .into_iter()
            .chain(no.map(|value| (value, !permits)))
            .chain(unclear.map(|value| (value, false)));
        for (value, is_candidate) in rows {
            let [annotated, labelled] = set(key, value);
            let judged = |pod: &Pod| exempting(pod, &rules()).is_none();
            assert_eq!(judged(&annotated), is_candidate, "annotation {key}={value:?}");
            assert_eq!(
                judged(&labelled),
                is_candidate || !in_labels,
                "label {key}={value:?}"
            );
        }
    }
}

#[test]
fn an_opt_out_is_shown_with_the_value_that_was_read_and_what_is_wrong_with_it() {
    let long = "x".repeat(300);
    let shortened = format!("macaque/enabled=\"{}\"…", "x".repeat(60));
    let rows = [
        ("macaque/enabled", "No", "macaque/enabled=\"No\"", Some("")),
        ("macaque/enabled", "on", "macaque/enabled=\"on\"", None),
        (
            "macaque/enabled",
            "maybe\u{202e}",
            "macaque/enabled=\"maybe\\u{202e}\"",
            Some(", which is neither yes nor no"),
        ),
        (
            "macaque/enabled",
            &*long,
            &*shortened,
            Some(", which is neither yes nor no"),
        ),
        (
            "karpenter.sh/do-not-disrupt",
            "1d",
            "karpenter.sh/do-not-disrupt=\"1d\"",
            Some(", which is neither yes nor no nor a duration"),
        ),
    ];

    for (key, value, seen, why) in rows {
        let findings = examine(&annotated(key, value), &rules(), now());
        let finding = findings
            .iter()
            .find(|finding| finding.rule == "opted-out")
            .unwrap();
        let why = why.map(|why| format!("opted out by {seen}{why}"));
        assert_eq!(
            (&*finding.seen, finding.why.clone()),
            (seen, why),
            "{key}={value:?}"
        );
    }
}

#[test]
fn an_opt_out_as_a_label_counts_beside_a_permission_as_an_annotation() {
    let mut pod = annotated("macaque/enabled", "true");
    pod.labels.insert("macaque/enabled".into(), "off".into());
    assert_eq!(exempting(&pod, &rules()), Some("opted-out"));
}

#[test]
fn a_protection_that_counts_from_an_unknown_start_lasts() {
    let pod = Pod {
        started: None,
        ..annotated("karpenter.sh/do-not-disrupt", "1s")
    };
    assert_eq!(exempting(&pod, &rules()), Some("opted-out"));
}

#[test]
fn a_label_opts_out_as_an_annotation_does() {
    let mut pod = web();
    pod.labels.insert("macaque/enabled".into(), "false".into());
    assert_eq!(exempting(&pod, &rules()), Some("opted-out"));
}

/// Where a value of `macaque/enabled` is: an annotation, or a label.
#[derive(Clone, Copy)]
enum Kind {
    Annotation,
    Label,
}

/// These values of `macaque/enabled` on a Deployment's pod, the Deployment and the namespace, of which an empty one is not set,
/// with rules in this mode.
fn on_levels(
    [pod, owner, namespace]: [&str; 3],
    kind: Kind,
    mode: TargetMode,
    mut rules: EligibilityConfig,
) -> (Pod, EligibilityConfig) {
    let keys = |value: &str| {
        let pair = (!value.is_empty()).then(|| (ENABLED.to_owned(), value.to_owned()));
        let set: BTreeMap<_, _> = pair.into_iter().collect();
        match kind {
            Kind::Annotation => (set, BTreeMap::new()),
            Kind::Label => (BTreeMap::new(), set),
        }
    };
    let object = |value| {
        let (annotations, labels) = keys(value);
        ObjectKeys { annotations, labels }
    };

    let (annotations, labels) = keys(pod);
    let pod = Pod {
        annotations,
        labels,
        ..owned_by("Deployment")
    };
    let name = pod.id.namespace.clone();
    let owner_ref = OwnerRef {
        namespace: name.clone(),
        owner: pod.owner.clone().unwrap(),
    };
    rules.target.mode = mode;
    rules.metadata = Arc::new(ScopeMetadata {
        namespaces: [(name, object(namespace))].into(),
        owners: [(owner_ref, object(owner))].into(),
        ..ScopeMetadata::default()
    });
    (pod, rules)
}

#[test]
fn a_no_of_any_level_exempts_in_both_modes_and_opting_in_takes_a_yes_of_any() {
    let out = Some("opted-out");
    let missing = Some("not-opted-in");
    // The values on pod, owner and namespace, and what exempts the pod by opting out, and by opting in.
    let rows = [
        (["", "", ""], None, missing),
        (["true", "", ""], None, None),
        (["", "yes", ""], None, None),
        (["", "", "Enabled"], None, None),
        (["on", "1", "t"], None, None),
        (["false", "yes", "yes"], out, out),
        (["yes", "No", "yes"], out, out),
        (["yes", "yes", "off"], out, out),
        (["", "0", ""], out, out),
        (["", "", "Disabled"], out, out),
        (["maybe", "yes", "yes"], out, out),
        (["yes", "ja", "yes"], out, out),
        (["yes", "yes", " "], out, out),
    ];
    for (values, by_opt_out, by_opt_in) in rows {
        for kind in [Kind::Annotation, Kind::Label] {
            for (mode, expected) in [(TargetMode::OptOut, by_opt_out), (TargetMode::OptIn, by_opt_in)] {
                let (pod, rules) = on_levels(values, kind, mode, rules());
                assert_eq!(exempting(&pod, &rules), expected, "{values:?} {mode:?}");
            }
        }
    }
}

#[test]
fn every_spelling_of_no_opts_out_on_every_level() {
    for no in [
        "False", "false", "FALSE", "no", "NO", "0", "off", "Off", "disabled", "Disabled", "n", "f",
    ] {
        for values in [[no, "", ""], ["", no, ""], ["", "", no]] {
            for kind in [Kind::Annotation, Kind::Label] {
                let (pod, rules) = on_levels(values, kind, TargetMode::OptOut, rules());
                assert_eq!(exempting(&pod, &rules), Some("opted-out"), "{values:?}");
            }
        }
    }
}

#[test]
fn what_is_included_is_the_no_of_the_pod_alone() {
    let rows = [
        (["no", "", ""], None, Some("not-opted-in")),
        (["no", "", "yes"], None, None),
        (["", "no", "yes"], Some("opted-out"), Some("opted-out")),
        (["yes", "", "no"], Some("opted-out"), Some("opted-out")),
        (["yes", "maybe", ""], Some("opted-out"), Some("opted-out")),
    ];
    for (values, by_opt_out, by_opt_in) in rows {
        for (mode, expected) in [(TargetMode::OptOut, by_opt_out), (TargetMode::OptIn, by_opt_in)] {
            let (pod, rules) = on_levels(values, Kind::Annotation, mode, including("opted-out"));
            assert_eq!(exempting(&pod, &rules), expected, "{values:?} {mode:?}");
        }
    }

    let (pod, rules) = on_levels(
        ["no", "", ""],
        Kind::Label,
        TargetMode::OptOut,
        including("opted-out"),
    );
    let findings = examine(&pod, &rules, now());
    let finding = findings.iter().find(|finding| finding.rule == "opted-out");
    assert_eq!(finding.unwrap().result, RuleResult::SwitchedOff);
}

#[test]
fn opting_in_and_out_is_shown_with_the_place_of_the_value() {
    let why = |values| {
        let (pod, rules) = on_levels(values, Kind::Annotation, TargetMode::OptIn, rules());
        judge(&pod, &rules, now()).unwrap_err().to_string()
    };
    assert_eq!(
        why(["yes", "no", ""]),
        "opted out by macaque/enabled=\"no\" on deployment/web"
    );
    assert_eq!(
        why(["yes", "", "nope"]),
        "opted out by macaque/enabled=\"nope\" on namespace shop, which is neither yes nor no"
    );
    assert_eq!(
        why(["", "", ""]),
        "nobody opted in: neither the pod nor its owner nor its namespace has macaque/enabled=\"true\""
    );

    let (pod, rules) = on_levels(["", "yes", "on"], Kind::Annotation, TargetMode::OptIn, rules());
    let findings = examine(&pod, &rules, now());
    let finding = |rule| findings.iter().find(|finding| finding.rule == rule).unwrap();
    let seen = "macaque/enabled=\"yes\" on deployment/web, macaque/enabled=\"on\" on namespace shop";
    assert_eq!(finding("opted-out").seen, seen);
    let opted_in = finding("not-opted-in");
    assert_eq!(opted_in.seen, "macaque/enabled=\"yes\" on deployment/web");
    assert_eq!(opted_in.setting.as_deref(), Some("target.mode = opt-in"));
}

#[test]
fn no_setting_opens_the_scope_to_pods_that_did_not_opt_in() {
    let (pod, mut rules) = on_levels(["", "", ""], Kind::Label, TargetMode::OptIn, rules());
    rules.target.include = crate::eligibility::includable_rules();
    assert_eq!(exempting(&pod, &rules), Some("not-opted-in"));
}
