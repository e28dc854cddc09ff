//! What counts of an owner's pods, and what is known of those that count.

use super::*;
use crate::pod::{PodRef, ZONE};

fn pod(uid: &str, phase: PodPhase, ready: bool, terminating: bool) -> Pod {
    let id = PodRef {
        uid: uid.into(),
        ..Pod::sample().id
    };
    Pod {
        id,
        phase,
        ready,
        terminating,
        ..Pod::sample()
    }
}

fn siblings(pods: impl IntoIterator<Item = Pod>) -> SiblingPods {
    let mut siblings = SiblingPods::default();
    for pod in pods {
        siblings.add(&pod);
    }
    siblings
}

#[test]
fn a_terminating_or_finished_pod_counts_neither_as_live_nor_as_ready() {
    use PodPhase::*;
    let siblings = siblings([
        pod("ready", Running, true, false),
        pod("starting", Running, false, false),
        pod("waiting", Pending, false, false),
        pod("leaving", Running, true, true),
        pod("evicted", Failed, true, false),
        pod("done", Succeeded, false, false),
    ]);

    let expected = ReplicaCount {
        live: 3,
        ready: 1,
        unready: 1,
        pending: 1,
        terminating: 1,
    };
    assert_eq!(siblings.count(), expected);
    assert_eq!(siblings.pods().count(), 6, "all are known");
    assert_eq!(siblings.replicas(), 3);
}

#[test]
fn the_ready_pods_that_stay_are_those_apart_from_the_victim() {
    let siblings = siblings([
        pod("a", PodPhase::Running, true, false),
        pod("b", PodPhase::Running, true, true),
        pod("c", PodPhase::Running, false, false),
    ]);
    assert_eq!(siblings.ready_without("a"), 0);
    assert_eq!(
        siblings.ready_without("b"),
        1,
        "it counted as no ready pod before"
    );
    assert_eq!(siblings.ready_without("c"), 1);
}

#[test]
fn a_pod_that_is_listed_twice_counts_once_in_its_later_state() {
    let mut first = siblings([pod("a", PodPhase::Running, false, false)]);
    first.append(siblings([pod("a", PodPhase::Running, true, false)]));
    assert_eq!(first.count().live, 1);
    assert_eq!(first.count().ready, 1);
}

#[test]
fn the_wanted_number_is_that_of_the_owner_once_it_is_known() {
    let mut siblings = siblings([pod("a", PodPhase::Running, true, false)]);
    assert_eq!(siblings.replicas(), 1);
    siblings.set_desired(Some(3));
    assert_eq!((siblings.desired(), siblings.replicas()), (Some(3), 3));
}

#[test]
fn revisions_nodes_zones_and_ages_are_those_of_the_live_pods() {
    let at = |text: &str| Some(text.parse::<Timestamp>().unwrap());
    let placed = |uid: &str, revision: &str, node: &str, created: &str, terminating: bool| {
        let mut pod = pod(uid, PodPhase::Running, uid != "b", terminating);
        pod.labels.insert("pod-template-hash".into(), revision.into());
        pod.labels.insert(ZONE.into(), format!("zone-of-{node}"));
        pod.node = Some(node.into());
        pod.created = at(created);
        pod.ready_changed = at("2026-11-28T10:30:00Z").filter(|_| uid == "b");
        pod
    };
    let siblings = siblings([
        placed("a", "7d4b9", "n1", "2026-11-28T10:00:00Z", false),
        placed("b", "7d4b9", "n2", "2026-11-28T10:20:00Z", false),
        placed("c", "55f6c", "n1", "2026-11-28T10:10:00Z", false),
        placed("d", "00000", "n3", "2026-11-28T11:00:00Z", true),
    ]);

    assert_eq!(siblings.revisions(), BTreeMap::from([("55f6c", 1), ("7d4b9", 2)]));
    assert_eq!(siblings.nodes(), BTreeSet::from(["n1", "n2"]));
    assert_eq!(siblings.zones(), BTreeSet::from(["zone-of-n1", "zone-of-n2"]));
    assert_eq!(siblings.newest(), at("2026-11-28T10:20:00Z"));
    assert_eq!(siblings.unready_since(), at("2026-11-28T10:30:00Z"));
}

#[test]
fn a_pod_without_a_revision_label_is_of_no_revision() {
    let statefulset = Pod {
        labels: BTreeMap::from([("controller-revision-hash".into(), "db-5c9f".into())]),
        ..pod("a", PodPhase::Running, true, false)
    };
    let other = pod("b", PodPhase::Running, true, false);
    assert_eq!(
        siblings([statefulset, other]).revisions(),
        BTreeMap::from([("db-5c9f", 1)])
    );
}
