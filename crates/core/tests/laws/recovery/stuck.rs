//! A replacement that is stuck, or is created again and again.

use super::scene::{Opening, TIMEOUT, played, seconds};

#[test]
fn a_stuck_replacement_is_reported_once_for_each_reason_and_decided_at_the_timeout() {
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
