//! Each rule exempts the pods that it should, and can be switched off where the configuration allows that.

use std::collections::BTreeMap;
use std::sync::Arc;
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

pub(super) fn annotated(key: &str, value: &str) -> Pod {
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
        metadata: Arc::default(),
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
        (annotated("macaque/frozen", "true"), "frozen"),
        (
            annotated("macaque/frozen-until", "2026-06-10T12:00:01Z"),
            "frozen",
        ),
        (annotated("macaque/frozen-until", "2026-12-24"), "frozen"),
        (own, "self"),
    ];

    for (pod, expected) in rows {
        assert_eq!(exempting(&pod, &rules), Some(expected));
    }
}

#[test]
fn a_freeze_beats_every_permission_and_is_over_by_itself() {
    let mut pod = annotated("macaque/enabled", "true");
    pod.labels.insert("macaque/enabled".into(), "true".into());
    assert_eq!(exempting(&pod, &rules()), None);

    let mut labelled = pod.clone();
    labelled.labels.insert("macaque/frozen".into(), "true".into());
    assert_eq!(exempting(&labelled, &rules()), Some("frozen"));

    let until = "2026-06-10T12:30:00Z";
    pod.annotations
        .insert("macaque/frozen-until".into(), until.into());
    let judged_at = |now: &str| judge(&pod, &rules(), now.parse().unwrap()).map_err(|why| why.to_string());
    let frozen = format!("frozen until {until} by macaque/frozen-until");
    assert_eq!(judged_at("2026-06-10T12:29:59Z").unwrap_err(), frozen);
    assert!(judged_at(until).is_ok());
}

#[test]
fn macaques_own_deployment_is_exempt_and_its_neighbours_are_not() {
    let mut rules = rules();
    rules.own_pod = Some(OwnPod {
        namespace: "shop".into(),
        name: "macaque-5f6-abcde".into(),
    });
    let sibling = |kind: &str| Pod {
        owner: Some(PodOwner {
            kind: kind.to_owned(),
            name: "macaque".into(),
        }),
        ..web()
    };

    for kind in ["Deployment", "Rollout"] {
        assert_eq!(exempting(&sibling(kind), &rules), Some("self"), "{kind}");
    }
    let sibling = sibling("Deployment");
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
