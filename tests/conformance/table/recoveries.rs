//! Scenarios about recoveries, from the disruption to the end, and about the Events of both.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use macaque_core::guard::MinReady;
use macaque_core::report::RoundStatus::{Disrupted, DryRun, Held, Refused};
use serde_json::{Value, json};

use super::guards::db;
use super::objects::{budget, web, workload};
use super::with;
use crate::scenario::{Scenario, delete, evict, scenario};
use crate::test_namespace::TestNamespace;

pub(super) fn table() -> Vec<Scenario> {
    let mut table = whole_again();
    table.extend(never_whole());
    table.extend(changed());
    table.extend(events());
    table
}

/// A workload whose pods leave as soon as they are deleted.
fn leaving(kind: &str, name: &str, replicas: usize) -> Value {
    let at_once =
        json!({"spec": {"template": {"metadata": {"annotations": {"controlplane.test/gone-after": null}}}}});
    without_null(with(workload(kind, name, replicas), at_once))
}

fn without_null(mut object: Value) -> Value {
    let annotations = &mut object["spec"]["template"]["metadata"]["annotations"];
    annotations
        .as_object_mut()
        .into_iter()
        .for_each(|map| map.retain(|_, value| !value.is_null()));
    object
}

fn evicted(name: &'static str, workload: Value, victim: &'static str) -> Scenario {
    let report = match victim {
        "db-1" => "db-1: evicted",
        "logs-*" => "logs-*: evicted",
        _ => "web-*: evicted",
    };
    let scenario = scenario(name, &[50])
        .given([workload])
        .first(victim)
        .sends(evict(victim), 201);
    scenario.reports(&[report]).ends(Disrupted)
}

fn whole_again() -> Vec<Scenario> {
    vec![
        evicted(
            "a Deployment is whole again",
            leaving("Deployment", "web", 2),
            "web-*",
        )
        .recovers(&["deployment/web: recovered, 2 of 2 ready"]),
        evicted(
            "a Deployment of one pod is whole again",
            leaving("Deployment", "web", 1),
            "web-*",
        )
        .recovers(&["deployment/web: recovered, 1 of 1 ready"]),
        evicted(
            "a StatefulSet is whole again",
            leaving("StatefulSet", "db", 2),
            "db-1",
        )
        .recovers(&["statefulset/db: recovered, 2 of 2 ready"]),
        evicted(
            "a DaemonSet is whole again",
            leaving("DaemonSet", "logs", 2),
            "logs-*",
        )
        .include(&["daemonset"])
        .recovers(&["daemonset/logs: recovered, 1 of 1 ready"]),
        evicted(
            "a recovery that takes longer than expected is slow",
            leaving("Deployment", "web", 2),
            "web-*",
        )
        .config(|config| config.recovery.expect = Duration::from_millis(1))
        .recovers(&["deployment/web: slow, 2 of 2 ready"]),
        evicted(
            "a team says how long a recovery is expected to take",
            with(
                leaving("Deployment", "web", 2),
                json!({"metadata": {"annotations": {"macaque/expect": "1ms"}}}),
            ),
            "web-*",
        )
        .guards(|guards| guards.freeze = true)
        .recovers(&["deployment/web: slow, 2 of 2 ready"]),
        scenario("a deletion is followed as an eviction is", &[50])
            .given([leaving("StatefulSet", "db", 1)])
            .delete()
            .sends(delete("db-0"), 200)
            .reports(&["db-0: deleted"])
            .ends(Disrupted)
            .recovers(&["statefulset/db: recovered, 1 of 1 ready"]),
        scenario("two victims of one round are followed each for itself", &[50])
            .given([leaving("StatefulSet", "db", 1), leaving("StatefulSet", "web", 1)])
            .count(2)
            .first("db-0")
            .sends(evict("db-0"), 201)
            .sends(evict("web-0"), 201)
            .reports(&["db-0: evicted", "web-0: evicted"])
            .ends(Disrupted)
            .recovers(&[
                "statefulset/db: recovered, 1 of 1 ready",
                "statefulset/web: recovered, 1 of 1 ready",
            ]),
        scenario("a bare pod has nobody to recover", &[50])
            .given(web(1))
            .sends(evict("web-0"), 201)
            .reports(&["web-0: evicted"])
            .ends(Disrupted)
            .recovers(&[])
            .lingers(),
        scenario("a dry run has nothing to follow", &[27, 50])
            .given([leaving("StatefulSet", "db", 1)])
            .dry_run()
            .reports(&["db-0: would be tried (dry run)"])
            .ends(DryRun)
            .recovers(&[]),
    ]
}

fn never_whole() -> Vec<Scenario> {
    let soon =
        |scenario: Scenario| scenario.config(|config| config.recovery.timeout = Duration::from_secs(3));
    vec![
        soon(evicted(
            "a victim that does not leave keeps its StatefulSet from recovering",
            workload("StatefulSet", "db", 2),
            "db-1",
        ))
        .recovers(&["statefulset/db: unrecovered, 1 of 2 ready"])
        .lingers(),
    ]
}

fn changed() -> Vec<Scenario> {
    vec![
        evicted(
            "an owner that is scaled down meanwhile has shrunk",
            leaving("StatefulSet", "db", 2),
            "db-1",
        )
        .then(scale_db_to_one)
        .recovers(&["statefulset/db: shrunk, 1 of 1 ready"]),
        evicted(
            "an owner that is deleted meanwhile is gone",
            workload("Deployment", "web", 2),
            "web-*",
        )
        .then(delete_web)
        .recovers(&["deployment/web: ownerless, 0 of 2 ready"])
        .lingers(),
        evicted(
            "an owner that is rolled out meanwhile cannot be compared",
            workload("Deployment", "web", 1),
            "web-*",
        )
        .then(roll_out_web)
        .recovers(&["deployment/web: rolled"])
        .lingers(),
    ]
}

fn events() -> Vec<Scenario> {
    let lingering = |name, number| {
        scenario(name, &[51])
            .given([db(2)])
            .config(|config| config.recovery.expect = Duration::from_secs(number))
    };
    vec![
        lingering("an eviction is an Event on the pod and on its owner", 60)
            .first("db-1")
            .sends(evict("db-1"), 201)
            .reports(&["db-1: evicted"])
            .ends(Disrupted)
            .events(&[
                "ChaosEvicted on Pod db-1: macaque evicted pod db-1",
                "ChaosEvicted on StatefulSet db: macaque evicted pod db-1",
            ]),
        lingering("a deletion is an Event on the pod and on its owner", 60)
            .delete()
            .first("db-1")
            .sends(delete("db-1"), 200)
            .reports(&["db-1: deleted"])
            .ends(Disrupted)
            .events(&[
                "ChaosDeleted on Pod db-1: macaque deleted pod db-1",
                "ChaosDeleted on StatefulSet db: macaque deleted pod db-1",
            ]),
        scenario("an eviction of a bare pod is an Event on the pod", &[51])
            .given(web(1))
            .sends(evict("web-0"), 201)
            .reports(&["web-0: evicted"])
            .ends(Disrupted)
            .events(&["ChaosEvicted on Pod web-0: macaque evicted pod web-0"]),
        scenario("a Deployment has an Event, and not its ReplicaSet", &[51])
            .given([workload("Deployment", "web", 1)])
            .sends(evict("web-*"), 201)
            .reports(&["web-*: evicted"])
            .ends(Disrupted)
            .events(&[
                "ChaosEvicted on Deployment web: macaque evicted pod web-*",
                "ChaosEvicted on Pod web-*: macaque evicted pod web-*",
            ]),
        scenario("a refusal is an Event where refusals are wanted", &[51])
            .given(web(1))
            .given([budget("web", "web", json!({"minAvailable": 1}))])
            .sends(evict("web-0"), 429)
            .reports(&["web-0: refused by budget web: The disruption budget web needs 1 healthy pods and has 1 currently"])
            .ends(Refused)
            .refusals()
            .events(&["ChaosRefused on Pod web-0: macaque has not evicted pod web-0"]),
        scenario("a refusal is no Event by default", &[51])
            .given(web(1))
            .given([budget("web", "web", json!({"minAvailable": 1}))])
            .sends(evict("web-0"), 429)
            .reports(&["web-0: refused by budget web: The disruption budget web needs 1 healthy pods and has 1 currently"])
            .ends(Refused)
            .events(&[]),
        scenario("a victim that was held back has an Event where refusals are wanted", &[51])
            .given([db(1)])
            .guards(|guards| guards.min_ready = MinReady::Count(1))
            .reports(&["db-0: guard min_ready holds back: can never pass: 1 of 1 must stay ready (guards.min_ready = 1)"])
            .ends(Held)
            .refusals()
            .events(&[
                "ChaosHeldBack on Pod db-0: macaque has not evicted pod db-0",
                "ChaosHeldBack on StatefulSet db: macaque has not evicted pod db-0",
            ]),
        evicted("a recovery is an Event on the owner", leaving("StatefulSet", "db", 2), "db-1")
            .recovers(&["statefulset/db: recovered, 2 of 2 ready"])
            .events(&[
                "ChaosEvicted on Pod db-1",
                "ChaosEvicted on StatefulSet db",
                "ChaosRecovered on Pod db-1",
                "ChaosRecovered on StatefulSet db",
            ]),
    ]
}

fn scale_db_to_one(namespace: &TestNamespace) -> LocalBoxFuture<'_, ()> {
    async move {
        namespace
            .patch("StatefulSet", "db", &json!({"spec": {"replicas": 1}}))
            .await
    }
    .boxed_local()
}

fn delete_web(namespace: &TestNamespace) -> LocalBoxFuture<'_, ()> {
    async move { namespace.delete("Deployment", "web").await }.boxed_local()
}

fn roll_out_web(namespace: &TestNamespace) -> LocalBoxFuture<'_, ()> {
    let image = json!({"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "next"}]}}}});
    async move { namespace.patch("Deployment", "web", &image).await }.boxed_local()
}
