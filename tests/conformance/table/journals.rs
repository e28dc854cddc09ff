//! Scenarios about the journal: limits over time, pauses, and a ConfigMap that cannot be used.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use macaque_core::config::DisruptionLimits;
use macaque_core::guard::RecoveredGuard;
use macaque_core::report::RoundStatus::{Disrupted, Held, Idle};
use serde_json::{Value, json};

use super::guards::db;
use super::objects::{pod, web};
use super::with;
use crate::rounds::JOURNAL;
use crate::scenario::FinalState::{Alive, Going};
use crate::scenario::{Scenario, evict, scenario};
use crate::test_namespace::TestNamespace;

pub(super) fn table() -> Vec<Scenario> {
    let mut table = limits();
    table.extend(recoveries());
    table.extend(stored());
    table.extend(pauses());
    table.extend(unusable());
    table
}

/// Two rounds under limits, of which the second disrupts nobody.
fn limited(name: &'static str, edit: impl FnOnce(&mut DisruptionLimits)) -> Scenario {
    let scenario = scenario(name, &[48]).rounds(2).limits(edit);
    scenario
        .sends(evict("a"), 201)
        .reports(&["a: evicted"])
        .first("a")
}

fn limits() -> Vec<Scenario> {
    let in_zone = |name: &str| {
        let labels = json!({"metadata": {"labels": {"topology.kubernetes.io/zone": "eu-1a"}}});
        with(pod(name, name), labels)
    };
    let pods = || [pod("a", "a"), pod("b", "b")];
    vec![
        limited("a limit of an hour withholds the next round", |limits| {
            limits.per_hour = Some(1)
        })
        .given(pods())
        .withheld("the limit of 1 disruptions per hour is reached (limits.per_hour)")
        .after([Going("a"), Alive("b")]),
        limited("a limit of a day withholds the next round", |limits| {
            limits.per_day = Some(1)
        })
        .given(pods())
        .withheld("the limit of 1 disruptions per day is reached (limits.per_day)"),
        limited("a cap of a day for each namespace", |limits| {
            limits.per_namespace_day = Some(1)
        })
        .given(pods())
        .exempt(&[("per_namespace_day", 1), ("terminating", 1)])
        .ends(Idle),
        limited("a cap of a day for each owner lets others go", |limits| {
            limits.per_owner_day = Some(1)
        })
        .given(pods())
        .sends(evict("b"), 201)
        .reports(&["b: evicted"])
        .exempt(&[("terminating", 1)])
        .ends(Disrupted),
        limited("a cap for each zone", |limits| limits.per_zone = Some(1))
            .given([in_zone("a"), in_zone("b")])
            .exempt(&[("per_zone", 1), ("terminating", 1)])
            .ends(Idle)
            .after([Alive("b")]),
        scenario("an owner in cooldown is exempt", &[48])
            .rounds(2)
            .limits(|limits| limits.cooldown = Duration::from_secs(3600))
            .given([db(2)])
            .first("db-0")
            .sends(evict("db-0"), 201)
            .reports(&["db-0: evicted"])
            .exempt(&[("cooldown", 1), ("terminating", 1)])
            .ends(Idle)
            .after([Alive("db-1")]),
        scenario("a limit of victims in flight withholds the next round", &[48])
            .rounds(2)
            .limits(|limits| limits.in_flight = Some(1))
            .given([db(2), pod("b", "b")])
            .first("db-0")
            .sends(evict("db-0"), 201)
            .reports(&["db-0: evicted"])
            .withheld("the limit of 1 victim that has not recovered yet is reached (limits.in_flight)")
            .after([Alive("b")]),
    ]
}

fn recoveries() -> Vec<Scenario> {
    let recovering = |name, guard| {
        let scenario = scenario(name, &[41, 48]).rounds(2).given([db(1), pod("b", "b")]);
        let scenario = scenario.guards(|guards| guards.recovered = guard).first("db-0");
        scenario.sends(evict("db-0"), 201).exempt(&[("terminating", 1)])
    };
    let held = "b: guard recovered holds back: statefulset/db has not recovered since NAMESPACE/db-0 was disrupted \
                SOME-TIME ago";
    vec![
        scenario("an owner that has not recovered is held back", &[41, 48])
            .rounds(2)
            .given([db(2)])
            .guards(|guards| guards.recovered = RecoveredGuard::Owner)
            .first("db-0")
            .sends(evict("db-0"), 201)
            .reports(&[
                "db-0: evicted",
                "db-1: guard recovered holds back: statefulset/db has not recovered since NAMESPACE/db-0 was disrupted \
                 SOME-TIME ago",
            ])
            .exempt(&[("terminating", 1)])
            .ends(Held),
        recovering("an owner that has not recovered holds back no other", RecoveredGuard::Owner)
            .sends(evict("b"), 201)
            .reports(&["db-0: evicted", "b: evicted"])
            .ends(Disrupted),
        recovering("an owner that has not recovered holds back its namespace", RecoveredGuard::Namespace)
            .reports(&["db-0: evicted", held])
            .ends(Held),
        recovering("an owner that has not recovered holds back everybody", RecoveredGuard::All)
            .reports(&["db-0: evicted", held])
            .ends(Held),
        recovering("with the guard off an owner that has not recovered holds nobody back", RecoveredGuard::Off)
            .sends(evict("b"), 201)
            .reports(&["db-0: evicted", "b: evicted"])
            .ends(Disrupted),
    ]
}

/// The ConfigMap of the journal, with these annotations.
fn journal(annotations: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": JOURNAL, "annotations": annotations}})
}

const WRITE: &str = "PUT configmaps/journal?fieldManager=macaque";

fn stored() -> Vec<Scenario> {
    vec![
        scenario(
            "a stored journal records a victim before and after its eviction",
            &[49],
        )
        .given(web(1))
        .journal(journal(json!({})))
        .sends(WRITE.to_owned(), 200)
        .sends(WRITE.to_owned(), 200)
        .sends(evict("web-0"), 201)
        .sends(WRITE.to_owned(), 200)
        .sends(WRITE.to_owned(), 200)
        .reports(&["web-0: evicted"])
        .ends(Disrupted),
        scenario(
            "a stored journal that somebody changes meanwhile is read and written again",
            &[49],
        )
        .given(web(1))
        .journal(journal(json!({})))
        .meanwhile("PUT /api/v1", touch)
        .sends(WRITE.to_owned(), 409)
        .sends(WRITE.to_owned(), 200)
        .sends(WRITE.to_owned(), 200)
        .sends(evict("web-0"), 201)
        .sends(WRITE.to_owned(), 200)
        .sends(WRITE.to_owned(), 200)
        .reports(&["web-0: evicted"])
        .ends(Disrupted),
        scenario("a pause that comes between claim and eviction stops it", &[49])
            .given(web(1))
            .journal(journal(json!({})))
            .meanwhile("/pods/web-0", pause)
            .sends(WRITE.to_owned(), 200)
            .sends(WRITE.to_owned(), 409)
            .sends(WRITE.to_owned(), 200)
            .withheld("paused by the annotation macaque/paused")
            .after([Alive("web-0")]),
    ]
}

fn pauses() -> Vec<Scenario> {
    let paused = |name, annotations: Value| scenario(name, &[49]).given(web(1)).journal(journal(annotations));
    vec![
        paused("a pause withholds the round", json!({"macaque/paused": "true"}))
            .sends(WRITE.to_owned(), 200)
            .withheld("paused by the annotation macaque/paused; `macaque resume` lifts it")
            .after([Alive("web-0")]),
        paused(
            "a pause says who paused, and why",
            json!({"macaque/paused": "true", "macaque/paused-by": "ada", "macaque/paused-reason": "the sale"}),
        )
        .sends(WRITE.to_owned(), 200)
            .withheld("paused by ada: the sale (annotation macaque/paused)"),
        paused("a pause until a later time", json!({"macaque/paused": "2126-01-01T00:00:00Z"})).sends(WRITE.to_owned(), 200)
            .withheld("paused until 2126-01-01T00:00:00Z by the annotation macaque/paused"),
        paused("a pause that is over", json!({"macaque/paused": "2020-01-01T00:00:00Z"}))
            .sends(WRITE.to_owned(), 200)
            .sends(WRITE.to_owned(), 200)
            .sends(evict("web-0"), 201)
            .sends(WRITE.to_owned(), 200)
            .sends(WRITE.to_owned(), 200)
            .reports(&["web-0: evicted"])
            .ends(Disrupted),
        paused("a pause that cannot be read is one", json!({"macaque/paused": "soon"})).sends(WRITE.to_owned(), 200)
            .withheld("whose value \"soon\" is neither true nor an instant"),
    ]
}

fn unusable() -> Vec<Scenario> {
    let damaged = with(
        journal(json!({})),
        json!({"data": {"journal.json": "{", "seal": "none"}}),
    );
    vec![
        scenario("without its ConfigMap there is no round", &[49])
            .given(web(1))
            .journal(Value::Null)
            .fails("the journal is missing, and nothing is disrupted without it")
            .after([Alive("web-0")]),
        scenario("a journal that is damaged is not trusted", &[49])
            .given(web(1))
            .journal(damaged)
            .fails("the journal in ConfigMap NAMESPACE/journal cannot be used")
            .after([Alive("web-0")]),
        scenario(
            "without the grant to read its journal there is no round",
            &[15, 49],
        )
        .given(web(1))
        .journal(journal(json!({})))
        .lacking("get", "configmaps")
        .fails("read the journal, ConfigMap NAMESPACE/journal: forbidden")
        .after([Alive("web-0")]),
        scenario(
            "without the grant to write its journal there is no round",
            &[15, 49],
        )
        .given(web(1))
        .journal(journal(json!({})))
        .lacking("update", "configmaps")
        .sends(WRITE.to_owned(), 403)
        .fails("write the journal, ConfigMap NAMESPACE/journal: forbidden")
        .after([Alive("web-0")]),
    ]
}

/// Somebody annotates the journal.
fn annotate<'a>(namespace: &'a TestNamespace, key: &'static str) -> LocalBoxFuture<'a, ()> {
    async move {
        let change = json!({"metadata": {"annotations": {key: "true"}}});
        namespace.patch("ConfigMap", JOURNAL, &change).await;
    }
    .boxed_local()
}

fn touch(namespace: &TestNamespace) -> LocalBoxFuture<'_, ()> {
    annotate(namespace, "example.test/touched")
}

fn pause(namespace: &TestNamespace) -> LocalBoxFuture<'_, ()> {
    annotate(namespace, "macaque/paused")
}
