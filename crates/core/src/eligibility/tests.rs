//! Each rule exempts the pods that it should, and can be switched off where the configuration allows that.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::SignedDuration;

use super::*;
use crate::config::NamespaceScope;

/// Noon of a working day.
pub(super) fn now() -> Timestamp {
    "2026-06-10T12:00:00Z".parse().unwrap()
}

/// A healthy pod of a Deployment, an hour old.
pub(super) fn web() -> Pod {
    let hour_ago = now() - SignedDuration::from_hours(1);

    Pod {
        id: PodRef {
            namespace: "shop".into(),
            name: "web-7d4b9-x2x9k".into(),
            uid: "u1".into(),
        },
        created: Some(hour_ago),
        started: Some(hour_ago),
        priority: Some(0),
        ..Pod::sample()
    }
}

pub(super) fn owned_by(kind: &str) -> Pod {
    Pod {
        owner: Some(PodOwner {
            kind: kind.into(),
            name: "web".into(),
        }),
        ..web()
    }
}

fn annotated(key: &str, value: &str) -> Pod {
    Pod {
        annotations: BTreeMap::from([(key.into(), value.into())]),
        ..web()
    }
}

fn in_namespace(namespace: &str) -> Pod {
    let mut pod = web();
    pod.id.namespace = namespace.into();
    pod
}

pub(super) fn rules() -> EligibilityConfig {
    let target = TargetConfig {
        namespaces: NamespaceScope::All,
        min_age: Duration::from_secs(60),
        ..TargetConfig::all_of("shop")
    };

    EligibilityConfig {
        target,
        method: DisruptionMethod::Evict,
        own_pod: None,
    }
}

pub(super) fn including(include: &'static str) -> EligibilityConfig {
    let mut rules = rules();
    rules.target.include.push(include);
    rules
}

pub(super) fn exempting(pod: &Pod, rules: &EligibilityConfig) -> Option<&'static str> {
    judge(pod, rules, now()).err().map(|exemption| exemption.rule)
}

#[test]
fn a_healthy_owned_pod_is_a_candidate() {
    assert_eq!(exempting(&web(), &rules()), None);
}

#[test]
fn an_includable_rule_exempts_until_it_is_switched_off() {
    let pending = Pod {
        phase: PodPhase::Pending,
        ..web()
    };
    let critical = Pod {
        priority_class: Some("system-node-critical".into()),
        ..web()
    };
    let urgent = Pod {
        priority: Some(2_000_000_000),
        ..web()
    };
    let rows = [
        (pending, "pending", "pending"),
        (critical, "system-critical", "system-critical"),
        (urgent, "system-critical", "system-critical"),
        (
            in_namespace("kube-system"),
            "system-namespaces",
            "system-namespaces",
        ),
        (Pod { owner: None, ..web() }, "bare", "bare"),
        (owned_by("DaemonSet"), "daemonset", "daemonset"),
        (annotated("macaque/enabled", "false"), "opted-out", "opted-out"),
        (
            annotated("karpenter.sh/do-not-disrupt", "true"),
            "opted-out",
            "opted-out",
        ),
    ];

    for (pod, include, expected) in rows {
        assert_eq!(exempting(&pod, &rules()), Some(expected));
        assert_eq!(
            exempting(&pod, &including(include)),
            None,
            "{include} opens {expected}"
        );
    }
}

#[test]
fn no_setting_switches_off_the_other_rules() {
    let mut rules = rules();
    rules.target.include = includable_rules();
    rules.own_pod = Some(OwnPod {
        namespace: "shop".into(),
        name: "macaque-5f6-abcde".into(),
    });
    let mut own = web();
    own.id.name = "macaque-5f6-abcde".into();
    let rows = [
        (
            Pod {
                terminating: true,
                ..web()
            },
            "terminating",
        ),
        (annotated("kubernetes.io/config.mirror", "x"), "static-pod"),
        (owned_by("Node"), "static-pod"),
        (
            Pod {
                phase: PodPhase::Succeeded,
                ..web()
            },
            "not-running",
        ),
        (
            Pod {
                phase: PodPhase::Failed,
                ..web()
            },
            "not-running",
        ),
        (
            Pod {
                phase: PodPhase::Unknown,
                ..web()
            },
            "not-running",
        ),
        (
            Pod {
                has_eviction_responders: true,
                ..web()
            },
            "eviction-responders",
        ),
        (
            annotated("descheduler.alpha.kubernetes.io/eviction-in-progress", ""),
            "eviction-in-progress",
        ),
        (own, "self"),
    ];

    for (pod, expected) in rows {
        assert_eq!(exempting(&pod, &rules), Some(expected));
    }
}

#[test]
fn macaques_own_deployment_is_exempt_and_its_neighbours_are_not() {
    let mut rules = rules();
    rules.own_pod = Some(OwnPod {
        namespace: "shop".into(),
        name: "macaque-5f6-abcde".into(),
    });
    let sibling = Pod {
        owner: Some(PodOwner {
            kind: "Deployment".into(),
            name: "macaque".into(),
        }),
        ..web()
    };

    assert_eq!(exempting(&sibling, &rules), Some("self"));
    assert_eq!(exempting(&web(), &rules), None);

    let mut namesake = sibling;
    namesake.id.namespace = "elsewhere".into();

    assert_eq!(exempting(&namesake, &rules), None);
}

#[test]
fn jobs_are_exempt_from_deletion_only() {
    let mut delete = rules();
    delete.method = DisruptionMethod::Delete;
    assert_eq!(exempting(&owned_by("Job"), &rules()), None);
    assert_eq!(exempting(&owned_by("Job"), &delete), Some("job"));
    delete.target.include.push("job");
    assert_eq!(exempting(&owned_by("Job"), &delete), None);
}

#[test]
fn a_pod_that_asks_to_be_evicted_is_never_deleted() {
    let pod = annotated("descheduler.alpha.kubernetes.io/request-evict-only", "");
    let mut delete = rules();
    delete.method = DisruptionMethod::Delete;
    assert_eq!(exempting(&pod, &rules()), None);
    assert_eq!(exempting(&pod, &delete), Some("evict-only"));
}

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

#[test]
fn young_pods_are_exempt_until_they_are_old_enough() {
    let aged = |seconds| Pod {
        created: Some(now() - SignedDuration::from_secs(seconds)),
        ..web()
    };

    assert_eq!(exempting(&aged(59), &rules()), Some("too-young"));
    assert_eq!(exempting(&aged(60), &rules()), None);
    assert_eq!(
        exempting(&aged(-5), &rules()),
        Some("too-young"),
        "a clock ahead of ours makes no pod old"
    );
    assert_eq!(
        exempting(
            &Pod {
                created: None,
                ..web()
            },
            &rules()
        ),
        Some("too-young")
    );
}

#[test]
fn a_pod_without_the_label_is_exempt_by_the_selector() {
    let mut rules = rules();
    rules.target.selector = "app=cart".parse().unwrap();
    assert_eq!(exempting(&web(), &rules), Some("selector"));
}
