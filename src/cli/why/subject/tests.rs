//! Every form in which `plan` and kubectl print a pod or an owner.

use std::collections::BTreeMap;

use macaque_core::pod::PodOwner;

use super::*;

fn pod(name: &str) -> WhySubject {
    WhySubject::Pod {
        namespace: None,
        name: name.into(),
    }
}

fn owner(kind: &str, name: &str) -> WhySubject {
    WhySubject::Owner(NamedOwner::new(kind, name))
}

#[test]
fn every_form_that_plan_and_kubectl_print_is_understood() {
    let either = |word: &str, name: &str| WhySubject::PodOrOwner {
        word: word.into(),
        name: name.into(),
    };
    let rows = [
        ("web-1", pod("web-1")),
        ("pod/web-1", pod("web-1")),
        ("pods/web-1", pod("web-1")),
        ("po/web-1", pod("web-1")),
        ("Pod/web-1", pod("web-1")),
        ("pods.v1/web-1", pod("web-1")),
        ("shop/web-1", either("shop", "web-1")),
        ("deployment/web", owner("Deployment", "web")),
        ("deployments/web", owner("Deployment", "web")),
        ("deploy/web", owner("Deployment", "web")),
        ("Deployment/web", owner("Deployment", "web")),
        ("DEPLOYMENT/web", owner("Deployment", "web")),
        ("deployment.apps/web", owner("Deployment", "web")),
        ("Deployment.apps/web", owner("Deployment", "web")),
        ("deployments.apps/web", owner("Deployment", "web")),
        ("deployments.v1.apps/web", owner("Deployment", "web")),
        ("deployment.v1/web", owner("Deployment", "web")),
        ("sts/db", owner("StatefulSet", "db")),
        ("statefulset.apps/db", owner("StatefulSet", "db")),
        ("statefulsets/db", owner("StatefulSet", "db")),
        ("ds/logs", owner("DaemonSet", "logs")),
        ("daemonset.apps/logs", owner("DaemonSet", "logs")),
        ("rs/web-7d4b9", owner("ReplicaSet", "web-7d4b9")),
        ("replicaset.apps/web-7d4b9", owner("ReplicaSet", "web-7d4b9")),
        ("rc/rc-1", owner("ReplicationController", "rc-1")),
        (
            "replicationcontroller/rc-1",
            owner("ReplicationController", "rc-1"),
        ),
        (
            "replicationcontrollers/rc-1",
            owner("ReplicationController", "rc-1"),
        ),
        ("job/import", owner("Job", "import")),
        ("jobs.batch/import", owner("Job", "import")),
        ("job.batch/import", owner("Job", "import")),
        ("cj/backup", owner("CronJob", "backup")),
        ("cronjob.batch/backup", owner("CronJob", "backup")),
        ("cronjobs.v1.batch/backup", owner("CronJob", "backup")),
        ("widget/gizmo", either("widget", "gizmo")),
        ("Widget/gizmo", owner("widget", "gizmo")),
        ("widget.example.com/gizmo", owner("widget", "gizmo")),
        ("widgets.v1alpha1.example.com/gizmo", owner("widgets", "gizmo")),
        ("rollout/web", either("rollout", "web")),
        ("rollout.argoproj.io/web", owner("rollout", "web")),
        ("deployment.example.com/gizmo", owner("deployment", "gizmo")),
        ("pods.metrics.k8s.io/web-1", owner("pods", "web-1")),
    ];

    for (text, expected) in rows {
        assert_eq!(text.parse(), Ok(expected), "{text}");
    }
}

#[test]
fn what_cannot_be_a_name_is_refused_before_it_reaches_a_path() {
    for text in [
        "",
        "/",
        "shop/",
        "/web",
        "shop/a b",
        "a/b/c",
        "shop/..",
        "../web",
        "shop/Web",
        "shop/web?x=1",
        "sh op/web",
        "Wid_get/gizmo",
        "widget..com/gizmo",
        "deployment.apps/web/x",
    ] {
        let error = text.parse::<WhySubject>().unwrap_err();
        assert!(
            error.contains("write POD, NAMESPACE/POD or KIND/NAME"),
            "{text}: {error}"
        );
    }
}

#[test]
fn what_no_namespace_can_be_called_reaches_no_path() {
    for text in ["Shop/web", "shop.example/web"] {
        let subject = text.parse::<WhySubject>().unwrap();
        assert!(matches!(subject, WhySubject::Owner(_)), "{text}: {subject:?}");
    }
}

/// A pod that this controller holds.
fn pod_of(kind: &str, name: &str) -> Pod {
    Pod {
        labels: BTreeMap::from([
            ("pod-template-hash".into(), "7d4b9".into()),
            ("rollouts-pod-template-hash".into(), "5c8f6".into()),
        ]),
        owner: Some(PodOwner {
            kind: kind.into(),
            name: name.into(),
        }),
        ..Pod::sample()
    }
}

#[test]
fn an_owner_is_found_by_every_name_that_it_has() {
    let rows = [
        ("deploy/web", "Deployment", "web", true),
        ("deploy/web", "StatefulSet", "web", false),
        ("deploy/web", "Deployment", "web-2", false),
        ("rs/web", "ReplicaSet", "web", true),
        ("rs/web-7d4b9", "Deployment", "web", true),
        ("rs/web-00000", "Deployment", "web", false),
        ("rs/web-5c8f6", "Rollout", "web", true),
        ("rs/web-7d4b9", "Rollout", "web", false),
        ("rc/rc-1", "ReplicationController", "rc-1", true),
        ("job/backup-29000000", "Job", "backup-29000000", true),
        ("cj/backup", "Job", "backup-29000000", true),
        ("cj/backup", "Job", "backup-now", false),
        ("cj/backup", "Job", "backup", false),
        ("cj/backup", "Deployment", "backup-1", false),
        ("Widget/gizmo", "Widget", "gizmo", true),
        ("widgets.example.com/gizmo", "Widget", "gizmo", true),
        ("proxies.example.com/gizmo", "Proxy", "gizmo", true),
        ("meshes.example.com/gizmo", "Mesh", "gizmo", true),
        ("StrimziPodSet/kafka", "StrimziPodSet", "kafka", true),
        ("Widget/gizmo", "Widget", "other", false),
        ("Widget/gizmo", "Gadget", "gizmo", false),
    ];

    for (text, kind, name, owned) in rows {
        let Ok(WhySubject::Owner(owner)) = text.parse() else {
            panic!("{text} names an owner");
        };
        assert_eq!(owner.owns(&pod_of(kind, name)), owned, "{text}, {kind} {name}");
    }
    let widget = NamedOwner::of_word("widget", "gizmo");
    assert!(widget.owns(&pod_of("Widget", "gizmo")));
    let bare = Pod {
        owner: None,
        ..pod_of("", "")
    };
    assert!(!widget.owns(&bare));
}
