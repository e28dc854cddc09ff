//! Each kind of owner and each verdict, row by row.

use macaque_core::recovery::{AcceptedBy, DesiredReplicas, RecoveryPrecision, WatchedSince};

use super::scene::{BEFORE, Opening, Scene, TIMEOUT, seconds};

/// What is seen, and when.
type Steps<'a> = &'a [(f64, &'a str)];

fn played(opening: &Opening, steps: Steps<'_>) -> Scene {
    let mut scene = opening.begin();
    for (at, pods) in steps {
        scene.change(seconds(*at), pods);
    }
    scene.pass(seconds(1000.0));
    scene
}

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

const RECOVERING: [(f64, &str); 4] = [
    (0.0, "a:leaving b c"),
    (0.1, "a:leaving b c d:pending"),
    (0.2, "a:leaving b c d:running"),
    (4.5, "a:leaving b c d"),
];

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

#[test]
fn what_was_not_seen_is_unwatched() {
    let adopted = Opening {
        since: WatchedSince::Adoption,
        ..Opening::of("Deployment")
    };
    let doubt = Opening {
        origin: AcceptedBy::Doubt,
        ..Opening::of("Deployment")
    };
    let rows: [(&str, &Opening, Steps<'_>, &str); 6] = [
        (
            "whole at the first look",
            &adopted,
            &[(90.0, "b c d")],
            "unwatched at 90",
        ),
        (
            "whole at a first look past the deadline",
            &adopted,
            &[(700.0, "b c d")],
            "unwatched at 700",
        ),
        (
            "not whole at a first look past the deadline",
            &adopted,
            &[(400.0, "b c")],
            "unrecovered at 400",
        ),
        (
            "the transition was seen",
            &adopted,
            &[(30.0, "b c d:running"), (40.0, "b c d")],
            "recovered at 45 whole at 40",
        ),
        ("a doubt that recovers", &doubt, &RECOVERING, "unwatched at 9.5"),
        (
            "a doubt that does not",
            &doubt,
            &[(0.0, "b c")],
            "unwatched at 65",
        ),
    ];
    for (name, opening, steps, expected) in rows {
        let scene = played(opening, steps);
        assert_eq!(scene.ending(), expected, "{name}");
        let (_, report) = scene.verdict.unwrap();
        assert_eq!(report.precision, RecoveryPrecision::Approximate, "{name}");
    }
}

#[test]
fn a_recovery_of_which_nothing_can_be_read_ends_unwatched_five_minutes_after_the_timeout() {
    let mut scene = Opening::of("Deployment").begin();
    scene.change(seconds(0.0), "b c d:running");
    scene.interrupt(seconds(10.0));
    scene.pass(seconds(599.9));
    assert_eq!(scene.ending(), "none");
    scene.pass(seconds(600.0));
    assert_eq!(scene.ending(), "unwatched at 600");
}

#[test]
fn after_an_interruption_the_pods_conditions_tell_since_when_the_owner_is_whole() {
    // Seen whole, and the conditions are the same after the interruption: five more seconds, and the time that was seen.
    let mut scene = Opening::of("Deployment").begin();
    scene.change(seconds(0.0), "b c d:running");
    scene.change(seconds(4.5), "b c d");
    scene.interrupt(seconds(6.0));
    scene.look(seconds(20.0));
    scene.pass(seconds(1000.0));
    assert_eq!(scene.ending(), "recovered at 25 whole at 4.5");
    assert_eq!(scene.verdict.unwrap().1.precision, RecoveryPrecision::Watch);

    // Not seen whole before: the conditions' time.
    let mut scene = Opening::of("Deployment").begin();
    scene.change(seconds(0.0), "b c d:running");
    scene.interrupt(seconds(1.0));
    scene.change(seconds(8.5), "b c d");
    scene.look(seconds(400.0));
    scene.pass(seconds(1000.0));
    assert_eq!(scene.ending(), "recovered at 405 whole at 8");
    assert_eq!(scene.verdict.unwrap().1.precision, RecoveryPrecision::Timestamps);

    // Whole only after the timeout, and nobody saw whether it had been before.
    let mut scene = Opening::of("Deployment").begin();
    scene.change(seconds(0.0), "b c d:running");
    scene.interrupt(seconds(1.0));
    scene.change(seconds(330.0), "b c d");
    scene.look(seconds(331.0));
    assert_eq!(scene.ending(), "unwatched at 331");
}

#[test]
fn a_process_that_was_held_up_believes_no_span_in_which_a_pod_became_ready_again() {
    let mut scene = Opening::of("Deployment").begin();
    scene.change(seconds(0.0), "b c d:running");
    scene.change(seconds(4.5), "b c d");
    // Nobody looks until 40 s; meanwhile d was replaced by e.
    let mut held_up = Opening::of("Deployment").begin();
    held_up.change(seconds(0.0), "b c d:running");
    held_up.change(seconds(30.5), "b c e");
    held_up.tracker = scene.tracker;
    held_up.verdict = None;
    held_up.look(seconds(40.0));
    assert_eq!(held_up.ending(), "none");
    held_up.pass(seconds(1000.0));
    assert_eq!(held_up.ending(), "recovered at 45 whole at 30");
}

#[test]
fn a_list_that_is_late_takes_the_times_of_the_objects() {
    let scene = played(&Opening::of("Deployment"), &[(0.0, "a:leaving b c")]);
    assert_eq!(scene.ending(), "unrecovered at 300");

    let polled = Opening {
        precision: RecoveryPrecision::Poll { interval_ms: 10_000 },
        ..Opening::of("Deployment")
    };
    let mut scene = polled.begin();
    scene.change(seconds(0.0), BEFORE);
    scene.interrupt(seconds(0.1));
    scene.change(seconds(2.2), "b c d:running");
    scene.change(seconds(5.2), "b c d");
    scene.look(seconds(10.0));
    scene.look(seconds(20.0));
    assert_eq!(scene.ending(), "recovered at 20 whole at 5");
    let (_, report) = scene.verdict.unwrap();
    assert_eq!(report.precision, RecoveryPrecision::Timestamps);
    let times = report.times;
    assert_eq!(
        (times.gone_ms, times.created_ms, times.ready_ms),
        (None, Some(2000), Some(5000))
    );
}

#[test]
fn times_that_are_polled_say_so() {
    let precision = RecoveryPrecision::Poll { interval_ms: 1000 };
    let scene = played(
        &Opening {
            precision,
            ..Opening::of("Deployment")
        },
        &RECOVERING,
    );
    assert_eq!(scene.verdict.unwrap().1.precision, precision);
}

#[test]
fn a_stuck_replacement_is_told_once_for_each_reason_and_decided_at_the_timeout() {
    let scene = played(
        &Opening::of("Deployment"),
        &[
            (0.0, "b c"),
            (1.0, "b c d:unschedulable"),
            (2.0, "b c d:unschedulable"),
            (9.0, "b c d:running"),
            (10.0, "b c d:crashing"),
            (20.0, "b c e:unschedulable"),
        ],
    );
    let stuck = "deployment/web: the replacement d is stuck";
    assert_eq!(
        scene.stuck,
        [
            format!("{stuck}: Unschedulable: 0/3 nodes are available"),
            format!("{stuck}: CrashLoopBackOff: container app, 3 restarts"),
        ]
    );
    assert_eq!(
        scene.verdict.unwrap().1.to_string(),
        "deployment/web has not recovered: not whole within 5 min; 2 of 3 pods ready; the replacement e is stuck: \
         Unschedulable: 0/3 nodes are available"
    );
}

#[test]
fn a_pod_recreated_a_hundred_times_costs_no_memory() {
    let mut scene = Opening::of("Deployment").begin();
    scene.change(seconds(0.0), "b c d0:pending");
    let size = format!("{:?}", scene.tracker).len();
    for number in 1..=1000_u32 {
        let at = TIMEOUT * number / 1100;
        scene.change(at, &format!("b c d{number}:pending"));
    }
    let grown = format!("{:?}", scene.tracker).len();
    assert!(grown < size + 100, "{size} became {grown}");

    let many: Vec<_> = (0..1000).map(|number| format!("e{number}:pending")).collect();
    scene.change(seconds(280.0), &format!("b c {}", many.join(" ")));
    let grown = format!("{:?}", scene.tracker).len();
    assert!(grown < size * 20, "{size} became {grown}");
}
