//! What the verdict and the times are worth if the pods were not seen all the time, or late.

use macaque_core::recovery::{AcceptedBy, DesiredReplicas, RecoveryPrecision, WatchedSince};

use super::scene::{BEFORE, Opening, RECOVERING, Steps, played, seconds};

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
            "unwatched at 400",
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
fn only_what_was_asked_for_after_the_timeout_shows_that_an_owner_has_not_recovered() {
    // The process was suspended from 10 s on, and reads at 400 s what was answered then.
    let late = || {
        let mut scene = Opening::of("Deployment").begin();
        scene.change(seconds(0.0), "b c d:running");
        scene.read_answer(seconds(10.0), seconds(400.0));
        assert_eq!(scene.ending(), "none");
        assert!(
            scene.tracker.next_change() <= seconds(400.0),
            "it is to look again at once"
        );
        scene
    };

    let mut whole = late();
    whole.ready_again("d", seconds(50.0));
    whole.list(seconds(401.0), "b c d");
    whole.pass(seconds(1000.0));
    assert_eq!(whole.ending(), "recovered at 406 whole at 50");

    let mut missing = late();
    missing.look(seconds(401.0));
    assert_eq!(missing.ending(), "unrecovered at 401");
}

#[test]
fn an_owner_that_is_whole_when_it_is_looked_at_too_late_is_not_said_not_to_have_recovered() {
    let wanting = Opening {
        desired: Some(3),
        ..Opening::of("Deployment")
    };
    let mut scene = wanting.begin();
    scene.change(seconds(0.0), "b c d:running");

    // It was scaled down meanwhile, nobody knows when.
    scene.desired = DesiredReplicas::Known(2);
    for read in [400.0, 406.0] {
        scene.read_answer(seconds(10.0), seconds(read));
        assert_eq!(scene.ending(), "none", "{read}");
    }
    scene.look(seconds(407.0));
    assert_eq!(scene.ending(), "unwatched at 407");
}

#[test]
fn an_owner_whose_pods_conditions_show_just_after_the_timeout_that_it_was_not_whole_in_time_has_not_recovered()
 {
    for (looked, expected) in [(302.0, "unrecovered at 302"), (400.0, "unwatched at 400")] {
        let mut scene = Opening::of("Deployment").begin();
        scene.change(seconds(0.0), "b c d:running");
        scene.list(seconds(290.0), "b c d:running");
        scene.ready_again("d", seconds(looked - 1.0));
        scene.list(seconds(looked), "b c d");
        assert_eq!(scene.ending(), expected);
    }
}

#[test]
fn an_owner_that_was_whole_while_nobody_looked_and_loses_another_pod_is_not_said_not_to_have_recovered() {
    let mut scene = Opening::of("Deployment").begin();
    scene.change(seconds(0.0), "b c d:running");
    scene.ready_again("d", seconds(50.0));
    scene.list(seconds(400.0), "b c d");
    scene.change(seconds(403.0), "c d e:running");
    scene.pass(seconds(1000.0));
    assert_eq!(scene.ending(), "unwatched at 403");
}

#[test]
fn an_owner_that_may_have_been_whole_for_a_minute_while_nobody_looked_is_not_said_not_to_have_recovered() {
    // The pods are not seen between two times; at the second, they are these.
    let rows = [
        ("Deployment", 10.0, 400.0, "b c", "unwatched at 400"),
        // Another replacement, which nobody saw before.
        ("Deployment", 10.0, 400.0, "b c e:running", "unwatched at 400"),
        ("Deployment", 10.0, 400.0, "b c d:running", "unrecovered at 400"),
        ("Deployment", 240.1, 400.0, "b c", "unrecovered at 400"),
        ("Deployment", 200.0, 259.0, "b c", "unrecovered at 300"),
        // Its replacement comes only after it.
        ("StatefulSet", 10.0, 400.0, "a:leaving b c", "unrecovered at 400"),
        ("StatefulSet", 10.0, 400.0, "b c", "unwatched at 400"),
    ];
    for (kind, from, to, pods, expected) in rows {
        let mut scene = Opening::of(kind).begin();
        scene.change(
            seconds(0.0),
            if kind == "StatefulSet" {
                "a:leaving b c"
            } else {
                "b c d:running"
            },
        );
        scene.interrupt(seconds(from));
        scene.change(seconds(to), pods);
        scene.look(seconds(to));
        scene.pass(seconds(1000.0));
        assert_eq!(scene.ending(), expected, "{kind} {from} {to} {pods}");
    }
}

#[test]
fn an_owner_that_was_whole_for_long_enough_by_its_pods_conditions_was_so_whether_it_was_looked_at_or_not() {
    for looked in [None, Some(15.5)] {
        let mut scene = Opening::of("Deployment").begin();
        scene.change(seconds(0.0), "b c d:running");
        scene.interrupt(seconds(5.0));
        scene.ready_again("d", seconds(10.0));
        scene.change(seconds(14.0), "b c d");
        scene.look(seconds(14.0));
        if let Some(looked) = looked {
            scene.look(seconds(looked));
        }
        scene.change(seconds(16.0), "b c d:running");
        scene.pass(seconds(1000.0));
        assert_eq!(scene.ending(), "unwatched at 300", "{looked:?}");
    }
}

#[test]
fn a_pod_that_was_unready_before_does_not_show_that_the_owner_was_not_whole() {
    // Three are wanted, and two were ready: it is whole with two.
    let opening = Opening {
        before: "a b c:running".to_owned(),
        desired: Some(3),
        ..Opening::of("Deployment")
    };
    let mut scene = opening.begin();
    scene.change(seconds(0.0), "b c:running d:running");
    scene.interrupt(seconds(10.0));
    scene.change(seconds(400.0), "b c:running");
    scene.look(seconds(400.0));
    assert_eq!(scene.ending(), "unwatched at 400");
}

#[test]
fn a_change_that_is_read_late_does_not_show_that_the_owner_stayed_whole_until_then() {
    let mut scene = Opening::of("Deployment").begin();
    scene.change(seconds(0.0), "a:leaving b c d:running");
    scene.change(seconds(0.6), "a:leaving b c d");

    // The process was suspended. It reads one change after the other, those of 1 s, 4 s and 9 s.
    scene.change_read_late(seconds(55.0), "b c d");
    assert_eq!(scene.ending(), "none");
    assert!(
        scene.tracker.next_change() <= seconds(55.0),
        "it is to look at once"
    );
    scene.change_read_late(seconds(55.0), "b c d:running");
    scene.ready_again("d", seconds(9.0));
    scene.change_read_late(seconds(55.0), "b c d");
    scene.look(seconds(55.0));
    assert_eq!(scene.ending(), "none");

    scene.pass(seconds(1000.0));
    assert_eq!(scene.ending(), "recovered at 60 whole at 9");
}

#[test]
fn a_job_of_which_old_changes_are_read_after_its_timeout_is_not_completed_by_the_first() {
    let mut scene = Opening::of("Job").begin();
    scene.change(seconds(0.0), "a:leaving b:succeeded c:succeeded");
    scene.change_read_late(seconds(400.0), "b:succeeded c:succeeded");
    assert_eq!(scene.ending(), "none");
    scene.change_read_late(seconds(400.0), "b:succeeded c:succeeded d:running");
    assert_eq!(scene.ending(), "none");
}

#[test]
fn a_list_that_is_answered_late_tells_nothing_of_the_time_when_it_was_asked_for() {
    let mut scene = Opening::of("Deployment").begin();
    scene.change(seconds(0.0), "b c d:running");
    scene.change(seconds(4.0), "b c d");

    // One pod was not ready from 7.2 s to 14 s; the list was asked for before, and its answer shows it ready again.
    scene.ready_again("d", seconds(14.0));
    scene.list_answered_late(seconds(7.0), seconds(37.0), "b c d");
    assert_eq!(scene.ending(), "none");
    scene.pass(seconds(1000.0));
    assert_eq!(scene.ending(), "recovered at 42 whole at 14");
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

/// Lists, each with its time, and when a pod became ready again that nobody saw unready.
type Lists<'a> = &'a [(f64, Option<f64>)];

#[test]
fn where_changes_may_have_been_missed_the_pods_conditions_tell_whether_the_owner_stayed_whole() {
    // Whole at 4.5 s; each list after it, with the time and the moment from which `d` is ready then.
    let rows: [(&str, Lists<'_>, &str); 6] = [
        (
            "nothing has changed",
            &[(7.0, None), (9.0, None)],
            "recovered at 12 whole at 4.5",
        ),
        (
            "not ready in between",
            &[(8.2, Some(7.0))],
            "recovered at 13.2 whole at 8.2",
        ),
        (
            "not ready before the last list",
            &[(9.6, Some(9.0))],
            "recovered at 14.6 whole at 9.6",
        ),
        (
            "not ready at each of two times",
            &[(7.0, Some(6.0)), (11.0, Some(10.0))],
            "recovered at 16 whole at 11",
        ),
        // Within the second of its condition a pod may be unready and ready again.
        (
            "a gap from the second of the condition on",
            &[(8.0, None)],
            "recovered at 13 whole at 4.5",
        ),
        (
            "gaps before and after it",
            &[(5.0, None), (7.0, None), (9.0, None)],
            "recovered at 12 whole at 4.5",
        ),
    ];
    for (name, lists, expected) in rows {
        let mut scene = Opening::of("Deployment").begin();
        scene.change(seconds(0.0), "b c d:running");
        scene.change(seconds(4.5), "b c d");
        for (at, ready) in lists {
            if let Some(ready) = ready {
                scene.ready_again("d", seconds(*ready));
            }
            scene.list(seconds(*at), "b c d");
        }
        scene.pass(seconds(1000.0));
        assert_eq!(scene.ending(), expected, "{name}");
    }
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
