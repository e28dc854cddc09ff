//! Scenarios about the guards of a victim's owner: what it has, what it wants, and what its revisions are.

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use macaque_core::guard::{MinReady, RolloutGuard};
use macaque_core::report::RoundStatus::{Disrupted, DryRun, Held};
use serde_json::{Value, json};

use super::objects::{pod, workload};
use super::with;
use crate::scenario::FinalState::{Alive, Going};
use crate::scenario::{Scenario, delete, evict, scenario};
use crate::test_namespace::TestNamespace;

/// The StatefulSet `db`, whose pods keep their names and their revisions.
pub(super) fn db(replicas: usize) -> Value {
    let strategy =
        json!({"spec": {"updateStrategy": {"type": "OnDelete"}, "podManagementPolicy": "Parallel"}});
    with(workload("StatefulSet", "db", replicas), strategy)
}

pub(super) fn table() -> Vec<Scenario> {
    let mut table = whole();
    table.extend(min_ready());
    table.extend(wishes());
    table.extend(rollout());
    table
}

fn whole() -> Vec<Scenario> {
    let whole = |name| scenario(name, &[41]).guards(|guards| guards.whole = true);
    vec![
        whole("an owner that is whole loses a pod")
            .given([db(2)])
            .first("db-1")
            .sends(evict("db-1"), 201)
            .reports(&["db-1: evicted"])
            .ends(Disrupted)
            .after([Going("db-1"), Alive("db-0")]),
        whole("an owner with an unready pod is held back")
            .given([db(2)])
            .arrange(unready_db_1)
            .first("db-0")
            .reports(&["db-0: guard whole holds back: 1 of 2 pods ready, 1 not ready since SOME-TIME"])
            .ends(Held)
            .after([Alive("db-0"), Alive("db-1")]),
        whole("an owner with a terminating pod is held back")
            .given([db(2)])
            .arrange(delete_db_1)
            .reports(&["db-0: guard whole holds back: 1 of 1 pod ready, 1 terminating, 2 wanted"])
            .exempt(&[("terminating", 1)])
            .ends(Held)
            .after([Alive("db-0")]),
        whole("an owner that lacks a pod which nobody schedules is held back")
            .given([with(
                workload("Deployment", "web", 1),
                json!({"spec": {"template": {"spec": {"schedulerName": "nobody"}}}}),
            )])
            .include(&["pending"])
            .reports(&["web-*: guard whole holds back: 0 of 1 pod ready, 1 not ready since SOME-TIME"])
            .ends(Held)
            .after([Alive("web-*")]),
        whole("a pod without an owner has nobody to be whole")
            .given([pod("web-0", "web")])
            .sends(evict("web-0"), 201)
            .reports(&["web-0: evicted"])
            .ends(Disrupted),
        whole("an unready pod of another owner holds nobody back")
            .given([db(2), workload("Deployment", "web", 1)])
            .arrange(unready_db_1)
            .first("web-*")
            .sends(evict("web-*"), 201)
            .reports(&["web-*: evicted"])
            .ends(Disrupted),
        whole("a held owner gives way to another")
            .given([db(2), pod("web-0", "web")])
            .arrange(unready_db_1)
            .first("db-0")
            .sends(evict("web-0"), 201)
            .reports(&[
                "db-0: guard whole holds back: 1 of 2 pods ready, 1 not ready since SOME-TIME",
                "web-0: evicted",
            ])
            .ends(Disrupted),
        whole("a dry run asks the guards too")
            .given([db(2)])
            .arrange(unready_db_1)
            .first("db-0")
            .dry_run()
            .reports(&["db-0: guard whole holds back: 1 of 2 pods ready, 1 not ready since SOME-TIME"])
            .ends(Held),
        whole("a dry run names the victim of an owner that is whole")
            .given([db(1)])
            .dry_run()
            .reports(&["db-0: would be tried (dry run)"])
            .ends(DryRun),
        whole("a deletion is held back as an eviction is")
            .given([db(2)])
            .arrange(unready_db_1)
            .first("db-0")
            .delete()
            .reports(&["db-0: guard whole holds back: 1 of 2 pods ready, 1 not ready since SOME-TIME"])
            .ends(Held),
        whole("a deletion of an owner that is whole")
            .given([db(1)])
            .delete()
            .sends(delete("db-0"), 200)
            .reports(&["db-0: deleted"])
            .ends(Disrupted),
        scenario("with the guard off an owner that is not whole loses a pod", &[41])
            .given([db(2)])
            .arrange(unready_db_1)
            .first("db-0")
            .sends(evict("db-0"), 201)
            .reports(&["db-0: evicted"])
            .ends(Disrupted),
        whole("an owner whose scale may not be read goes by its pods")
            .given([db(2)])
            .lacking("get", "statefulsets.apps/scale")
            .first("db-0")
            .sends(evict("db-0"), 201)
            .reports(&["db-0: evicted"])
            .ends(Disrupted),
    ]
}

fn min_ready() -> Vec<Scenario> {
    let least = |name, min_ready| scenario(name, &[41]).guards(|guards| guards.min_ready = min_ready);
    vec![
        least("two replicas of which one must stay ready", MinReady::Count(1))
            .given([db(2)])
            .first("db-0")
            .sends(evict("db-0"), 201)
            .reports(&["db-0: evicted"])
            .ends(Disrupted),
        least("a single replica that must stay ready", MinReady::Count(1))
            .given([db(1)])
            .reports(&["db-0: guard min_ready holds back: can never pass: 1 of 1 must stay ready (guards.min_ready = 1)"])
            .ends(Held)
            .after([Alive("db-0")]),
        least("two must stay ready, and one is not", MinReady::Count(2))
            .given([db(3)])
            .arrange(unready_db_1)
            .first("db-0")
            .reports(&["db-0: guard min_ready holds back: 1 would stay ready, 2 required"])
            .ends(Held),
        least("an unready pod may go where enough others are ready", MinReady::Count(1))
            .given([db(2)])
            .arrange(unready_db_1)
            .first("db-1")
            .sends(evict("db-1"), 201)
            .reports(&["db-1: evicted"])
            .ends(Disrupted)
            .after([Going("db-1"), Alive("db-0")]),
        least("half of two replicas must stay ready", MinReady::Percent(50))
            .given([db(2)])
            .first("db-0")
            .sends(evict("db-0"), 201)
            .reports(&["db-0: evicted"])
            .ends(Disrupted),
        least("half of three replicas is two", MinReady::Percent(50))
            .given([db(3)])
            .arrange(unready_db_1)
            .first("db-0")
            .reports(&["db-0: guard min_ready holds back: 1 would stay ready, 2 required (50% of 3)"])
            .ends(Held),
        least("nobody may go where all must stay ready", MinReady::Percent(100))
            .given([db(2)])
            .first("db-0")
            .reports(&["db-0: guard min_ready holds back: can never pass: 2 of 2 must stay ready (guards.min_ready = 100%)"])
            .ends(Held),
    ]
}

/// The StatefulSet `db` with an annotation.
fn annotated(replicas: usize, key: &str, value: &str) -> Value {
    with(db(replicas), json!({"metadata": {"annotations": {key: value}}}))
}

fn wishes() -> Vec<Scenario> {
    let least = |name| {
        scenario(name, &[42]).guards(|guards| {
            guards.min_ready = MinReady::Count(1);
            guards.freeze = true;
        })
    };
    vec![
        least("a team asks for more to stay ready")
            .given([annotated(3, "macaque/min-ready", "3")])
            .first("db-0")
            .reports(&["db-0: guard min_ready holds back: can never pass: 3 of 3 must stay ready (macaque/min-ready = 3 on statefulset/db)"])
            .ends(Held),
        least("a team cannot ask for less to stay ready")
            .given([annotated(1, "macaque/min-ready", "0")])
            .reports(&["db-0: guard min_ready holds back: can never pass: 1 of 1 must stay ready (guards.min_ready = 1)"])
            .ends(Held),
        least("a team asks for a share to stay ready")
            .given([annotated(3, "macaque/min-ready", "60%")])
            .arrange(unready_db_1)
            .first("db-0")
            .reports(&["db-0: guard min_ready holds back: 1 would stay ready, 2 required (60% of 3)"])
            .ends(Held),
        least("a wish that cannot be read warns")
            .given([annotated(2, "macaque/min-ready", "most")])
            .first("db-0")
            .sends(evict("db-0"), 201)
            .reports(&["db-0: evicted"])
            .warns("macaque/min-ready=\"most\"")
            .ends(Disrupted),
        least("a wish does not count where annotations are switched off")
            .given([annotated(2, "macaque/min-ready", "2")])
            .target(|target| target.annotations = false)
            .first("db-0")
            .sends(evict("db-0"), 201)
            .reports(&["db-0: evicted"])
            .ends(Disrupted),
    ]
}

fn rollout() -> Vec<Scenario> {
    let rollout = |name, guard| scenario(name, &[41]).guards(|guards| guards.rollout = guard);
    vec![
        rollout("one revision is no rollout", RolloutGuard::On)
            .given([db(2)])
            .first("db-0")
            .sends(evict("db-0"), 201)
            .reports(&["db-0: evicted"])
            .ends(Disrupted),
        rollout("two revisions are a rollout", RolloutGuard::On)
            .given([db(2)])
            .arrange(two_revisions)
            .first("db-0")
            .reports(&["db-0: guard rollout holds back: 2 revisions (new: 1, old: 1)"])
            .ends(Held),
        rollout("two revisions of young pods are no canary", RolloutGuard::Lenient)
            .given([db(2)])
            .arrange(two_revisions)
            .first("db-0")
            .reports(&["db-0: guard rollout holds back: 2 revisions (new: 1, old: 1)"])
            .ends(Held),
        rollout("two revisions pass where the guard is off", RolloutGuard::Off)
            .given([db(2)])
            .arrange(two_revisions)
            .first("db-0")
            .sends(evict("db-0"), 201)
            .reports(&["db-0: evicted"])
            .ends(Disrupted),
    ]
}

/// The pod `db-1` becomes unready.
pub(super) fn unready_db_1(namespace: &TestNamespace) -> LocalBoxFuture<'_, ()> {
    async move { namespace.become_unready("db-1").await }.boxed_local()
}

/// The pod `db-1` is deleted by somebody, and stays.
fn delete_db_1(namespace: &TestNamespace) -> LocalBoxFuture<'_, ()> {
    async move { namespace.delete("Pod", "db-1").await }.boxed_local()
}

/// The pods `db-0` and `db-1` are of two revisions.
fn two_revisions(namespace: &TestNamespace) -> LocalBoxFuture<'_, ()> {
    async move {
        for (name, revision) in [("db-0", "old"), ("db-1", "new")] {
            let labels = json!({"metadata": {"labels": {"controller-revision-hash": revision}}});
            namespace.patch("Pod", name, &labels).await;
        }
    }
    .boxed_local()
}
