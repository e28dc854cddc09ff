//! Which keys and values exempt a pod, and what is said of them.

use crate::eligibility::examine;
use crate::eligibility::tests::{annotated, exempting, now, rules, web};
use crate::pod::Pod;

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
