//! Each kind of owner and each verdict, row by row.

use macaque_core::recovery::DesiredReplicas;

use super::scene::{Opening, RECOVERING, Steps, played, seconds};

fn ending(opening: &Opening, steps: Steps<'_>) -> String {
    played(opening, steps).ending()
}

fn stateful_set() -> Opening {
    Opening {
        before: "web-0 web-1 web-2".to_owned(),
        ..Opening::of("StatefulSet")
    }
}

fn daemon_set() -> Opening {
    Opening {
        before: "a@n1 b@n2 c@n3".to_owned(),
        ..Opening::of("DaemonSet")
    }
}

fn wanting(desired: usize) -> Opening {
    Opening {
        desired: Some(desired),
        ..Opening::of("Deployment")
    }
}

#[test]
fn each_kind_of_owner_has_its_own_replacement() {
    let crd = Opening {
        before: "web-0 web-1".to_owned(),
        ..Opening::of("Cache")
    };
    let job = Opening {
        before: "a:running b:running".to_owned(),
        ..Opening::of("Job")
    };
    let rows: [(&str, Opening, Steps<'_>, &str); 9] = [
        (
            "a Deployment's is any new pod",
            Opening::of("Deployment"),
            &RECOVERING,
            "recovered at 9.5 whole at 4.5",
        ),
        (
            "and so is a custom owner's",
            Opening::of("Cache"),
            &RECOVERING,
            "recovered at 9.5 whole at 4.5",
        ),
        (
            "a StatefulSet's has the victim's name",
            stateful_set(),
            &[
                (0.0, "web-0:leaving web-1 web-2"),
                (1.0, "web-0:leaving web-1 web-2 web-3"),
                (2.1, "web-1 web-2 web-3"),
                (2.2, "web-0#2:pending web-1 web-2 web-3"),
                (14.5, "web-0#2 web-1 web-2 web-3"),
            ],
            "recovered at 19.5 whole at 14.5",
        ),
        (
            "and so has that of a custom owner which numbers its pods",
            crd,
            &[
                (0.0, "web-1"),
                (1.0, "web-1 web-2"),
                (14.5, "web-0#2 web-1 web-2"),
            ],
            "recovered at 19.5 whole at 14.5",
        ),
        (
            "a DaemonSet's is on the victim's node",
            daemon_set(),
            &[
                (0.0, "a:leaving@n1 b@n2 c@n3"),
                (1.0, "b@n2 c@n3 d@n4"),
                (2.0, "b@n2 c@n3 d@n4 e:pending"),
                (14.5, "b@n2 c@n3 d@n4 e@n1"),
            ],
            "recovered at 19.5 whole at 14.5",
        ),
        (
            "other nodes of a DaemonSet may be in any state",
            daemon_set(),
            &[
                (0.0, "b:running@n2 c@n3"),
                (4.5, "b:running@n2 c:running@n3 d@n1"),
            ],
            "recovered at 9.5 whole at 4.5",
        ),
        (
            "a Job's only has to run",
            job.clone(),
            &[(0.0, "a:stopping b:running"), (4.5, "b:running d:running")],
            "recovered at 9.5 whole at 4.5",
        ),
        (
            "or to succeed",
            job.clone(),
            &[
                (0.0, "a:stopping b:running"),
                (2.0, "b:running d:pending"),
                (4.5, "b:succeeded d:succeeded"),
            ],
            "recovered at 9.5 whole at 4.5",
        ),
        (
            "a Job's that failed is none",
            job,
            &[
                (0.0, "b:running"),
                (4.5, "b:running d:failed"),
                (14.5, "b:running d:failed e:running"),
            ],
            "recovered at 19.5 whole at 14.5",
        ),
    ];
    for (name, opening, steps, expected) in rows {
        assert_eq!(ending(&opening, steps), expected, "{name}");
    }
}

#[test]
fn an_owner_is_whole_when_as_many_pods_are_ready_as_before_throughout_five_seconds() {
    let deployment = Opening::of("Deployment");
    let rows: [(&str, Opening, Steps<'_>, &str); 7] = [
        (
            "a sibling that breaks in between begins the span anew",
            deployment.clone(),
            &[
                (0.0, "b c"),
                (4.0, "b c d"),
                (8.9, "b:running c d"),
                (20.0, "b c d"),
            ],
            "recovered at 25 whole at 20",
        ),
        (
            "ready siblings replace no victim that was ready",
            Opening {
                before: "a b c e:running".to_owned(),
                ..wanting(4)
            },
            &[
                (0.0, "b c e:running"),
                (1.0, "b c e"),
                (2.0, "b c e d:running"),
                (30.0, "b c e d"),
            ],
            "recovered at 35 whole at 30",
        ),
        (
            "unless there are as many as the owner wants",
            wanting(2),
            &[(0.0, "a:leaving b c")],
            "recovered at 5 whole at 0",
        ),
        (
            "more pods than before are no part of the recovery",
            wanting(3),
            &[(0.0, "b c"), (4.0, "b c d e:pending f:pending")],
            "recovered at 9 whole at 4",
        ),
        (
            "a victim that was not ready needs no replacement",
            Opening {
                before: "a:running b c".to_owned(),
                ..deployment.clone()
            },
            &[(0.0, "a:stopping b c")],
            "recovered at 5 whole at 0",
        ),
        (
            "a pod recreated a hundred times is no replacement until it stays",
            deployment.clone(),
            &[
                (0.0, "b c"),
                (1.0, "b c d"),
                (5.0, "b c e"),
                (9.0, "b c f:running"),
                (12.0, "b c f"),
            ],
            "recovered at 6 whole at 1",
        ),
        (
            "the victim itself never counts",
            deployment,
            &[(0.0, "a b c"), (290.0, "a b c")],
            "unrecovered at 300",
        ),
    ];
    for (name, opening, steps, expected) in rows {
        assert_eq!(ending(&opening, steps), expected, "{name}");
    }
}

#[test]
fn each_verdict_has_its_reason() {
    let job = Opening {
        before: "a:running b:running".to_owned(),
        ..Opening::of("Job")
    };
    let rows: [(&str, Opening, Steps<'_>, &str); 10] = [
        (
            "slow",
            Opening::of("Deployment"),
            &[(0.0, "b c"), (60.5, "b c d")],
            "slow at 65.5 whole at 60.5",
        ),
        (
            "just in time",
            Opening::of("Deployment"),
            &[(0.0, "b c d:running"), (60.0, "b c d")],
            "recovered at 65 whole at 60",
        ),
        (
            "never ready",
            Opening::of("Deployment"),
            &[(0.0, "b c d:running")],
            "unrecovered at 300",
        ),
        (
            "whole at the timeout",
            Opening::of("Deployment"),
            &[(0.0, "b c d:running"), (299.0, "b c d")],
            "slow at 304 whole at 299",
        ),
        (
            "whole too late",
            Opening::of("Deployment"),
            &[
                (0.0, "b c d:running"),
                (299.0, "b c d"),
                (303.0, "b c d:running"),
                (304.0, "b c d"),
            ],
            "unrecovered at 303",
        ),
        (
            "at rest with fewer pods",
            Opening::of("Deployment"),
            &[(0.0, "a:leaving b c"), (2.0, "b c")],
            "shrunk at 67 whole at 62",
        ),
        (
            "a new revision",
            Opening::of("Deployment"),
            &[(0.0, "b c"), (3.0, "b c d:pending/r2")],
            "rolled at 3",
        ),
        (
            "the last pod is not replaced",
            Opening {
                before: "a".to_owned(),
                ..Opening::of("Deployment")
            },
            &[(0.0, "")],
            "unrecovered at 300",
        ),
        (
            "the Job is done",
            job.clone(),
            &[(0.0, "a:stopping b:running"), (3.0, "b:succeeded")],
            "completed at 63",
        ),
        (
            "the Job only waits to replace its pod",
            job,
            &[
                (0.0, "a:stopping b:succeeded"),
                (3.0, "b:succeeded"),
                (30.0, "b:succeeded d:running"),
            ],
            "recovered at 35 whole at 30",
        ),
    ];
    for (name, opening, steps, expected) in rows {
        assert_eq!(ending(&opening, steps), expected, "{name}");
    }
}

#[test]
fn an_owner_that_is_scaled_down_has_shrunk_and_one_that_is_scaled_back_has_not() {
    let mut scene = wanting(3).begin();
    scene.change(seconds(0.0), "b c");
    scene.scale(seconds(2.0), DesiredReplicas::Known(2));
    scene.pass(seconds(1000.0));
    assert_eq!(scene.ending(), "shrunk at 7 whole at 2");

    let mut scene = wanting(3).begin();
    scene.change(seconds(0.0), "b c");
    scene.scale(seconds(2.0), DesiredReplicas::Known(0));
    scene.pass(seconds(1000.0));
    assert_eq!(scene.ending(), "shrunk at 7 whole at 2");

    let mut scene = wanting(3).begin();
    scene.change(seconds(0.0), "b c");
    scene.scale(seconds(2.0), DesiredReplicas::Known(2));
    scene.scale(seconds(4.0), DesiredReplicas::Known(3));
    scene.change(seconds(10.0), "b c d");
    scene.pass(seconds(1000.0));
    assert_eq!(scene.ending(), "recovered at 15 whole at 10");
}

#[test]
fn an_owner_is_deleted_when_its_scale_and_its_pods_are_gone() {
    let mut scene = wanting(3).begin();
    scene.change(seconds(0.0), "b c");
    scene.scale(seconds(2.0), DesiredReplicas::Gone);
    assert_eq!(scene.ending(), "none");
    scene.change(seconds(3.0), "b:leaving c:leaving");
    assert_eq!(scene.ending(), "ownerless at 3");

    let mut job = Opening::of("Job").begin();
    job.scale(seconds(0.0), DesiredReplicas::Gone);
    job.change(seconds(0.0), "");
    assert_eq!(job.ending(), "none", "a Job never has a scale");
}
