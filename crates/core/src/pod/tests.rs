//! Which pods count as replicas, and which of them are ready.

use super::*;

fn pod(phase: PodPhase, ready: bool, terminating: bool) -> Pod {
    Pod {
        phase,
        ready,
        terminating,
        ..Pod::sample()
    }
}

#[test]
fn a_pod_that_is_terminating_or_finished_is_no_replica_even_if_its_condition_says_ready() {
    use PodPhase::*;
    let rows = [
        (pod(Running, true, false), ReplicaState::Ready, (1, 1, 0)),
        (pod(Running, false, false), ReplicaState::NotReady, (1, 0, 1)),
        (pod(Pending, false, false), ReplicaState::NotReady, (1, 0, 0)),
        (pod(Unknown, false, false), ReplicaState::NotReady, (1, 0, 1)),
        (pod(Running, true, true), ReplicaState::Terminating, (0, 0, 0)),
        (pod(Running, false, true), ReplicaState::Terminating, (0, 0, 0)),
        (pod(Pending, false, true), ReplicaState::Terminating, (0, 0, 0)),
        (pod(Failed, false, true), ReplicaState::Terminating, (0, 0, 0)),
        (pod(Failed, false, false), ReplicaState::Finished, (0, 0, 0)),
        (pod(Failed, true, false), ReplicaState::Finished, (0, 0, 0)),
        (pod(Succeeded, false, false), ReplicaState::Finished, (0, 0, 0)),
    ];

    for (pod, state, (live, ready, unready)) in rows {
        let mut count = ReplicaCount::default();
        count.add(&pod);
        let expected = ReplicaCount {
            live,
            ready,
            unready,
            pending: live - ready - unready,
            terminating: usize::from(pod.terminating),
        };
        assert_eq!((pod.state(), count), (state, expected), "{pod:?}");
        assert_eq!(pod.is_live(), live == 1, "{pod:?}");
    }
}

#[test]
fn a_controller_that_keeps_a_pods_name_or_node_waits_for_its_end() {
    let rows = [
        ("StatefulSet", "db", "db-0", true),
        ("DaemonSet", "logs", "logs-x7k2p", true),
        ("StrimziPodSet", "kafka", "kafka-2", true),
        ("CloneSet", "web", "web-x7k2p", false),
        ("CloneSet", "web", "web-", false),
        ("Deployment", "web", "web-7d4b9-22222", false),
        ("ReplicaSet", "web", "web-22222", false),
        ("ReplicationController", "web", "web-22222", false),
        ("Job", "import", "import-4", false),
    ];

    for (kind, owner, name, awaited) in rows {
        let mut pod = pod(PodPhase::Running, true, true);
        pod.id.name = name.into();
        pod.owner = Some(PodOwner {
            kind: kind.into(),
            name: owner.into(),
        });
        assert_eq!(pod.is_awaited(), awaited, "{kind} {name}");

        pod.terminating = false;
        assert!(!pod.is_awaited(), "a pod that stays is not awaited");
    }

    let bare = Pod {
        owner: None,
        ..pod(PodPhase::Running, true, true)
    };
    assert!(!bare.is_awaited(), "nothing replaces it");
}
