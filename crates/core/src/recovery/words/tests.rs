//! Each verdict has its sentence.

use jiff::Timestamp;

use super::*;
use crate::outcome::DisruptionMethod;
use crate::pod::{PodOwner, PodRef, PodTrouble};
use crate::recovery::RecoveryTimes;

fn report(verdict: Option<RecoveryVerdict>) -> RecoveryReport {
    RecoveryReport {
        team: None,
        slot: Timestamp::UNIX_EPOCH,
        pod: PodRef {
            namespace: "shop".into(),
            name: "cart-7d9f-x1".into(),
            uid: "u1".into(),
        },
        owner: PodOwner {
            kind: "Deployment".into(),
            name: "cart".into(),
        },
        method: DisruptionMethod::Evict,
        inferred: false,
        verdict,
        times: RecoveryTimes {
            gone_ms: Some(2100),
            created_ms: Some(2110),
            scheduled_ms: Some(2200),
            containers_ready_ms: Some(4100),
            ready_ms: Some(4500),
            whole_ms: Some(4520),
        },
        precision: RecoveryPrecision::Watch,
        ready: 2,
        target: 3,
        expect_ms: 60_000,
        replacement: Some("cart-7d9f-x2".into()),
        trouble: None,
        why: None,
        usual: None,
        paused: None,
    }
}

#[test]
fn a_recovery_is_one_sentence_with_its_phases_and_what_is_usual() {
    let usual = UsualRecovery {
        count: 5,
        median_ms: 4100,
        slowest_ms: 9000,
    };
    let recovered = RecoveryReport {
        usual: Some(usual),
        ..report(Some(RecoveryVerdict::Recovered))
    };
    assert_eq!(
        recovered.to_string(),
        "deployment/cart whole again after 4.5 s (leaving 2.1 s, scheduling 0.1 s, starting 1.9 s, readying 0.4 s); usual \
         4.1 s, slowest of 7 days 9 s"
    );

    let slow = RecoveryReport {
        times: RecoveryTimes {
            whole_ms: Some(75_000),
            ..RecoveryTimes::default()
        },
        ..report(Some(RecoveryVerdict::Slow))
    };
    assert_eq!(
        slow.to_string(),
        "deployment/cart whole again after 1 min 15 s, later than the expected 1 min (settling 1 min 15 s)"
    );
}

#[test]
fn a_time_that_is_not_exact_says_how_it_is_known() {
    for (precision, words) in [
        (RecoveryPrecision::Watch, "after 4.5 s ("),
        (
            RecoveryPrecision::Poll { interval_ms: 2000 },
            "after 4.5 s, seen by polling every 2 s (",
        ),
        (RecoveryPrecision::Timestamps, "after 4.5 s ±1 s ("),
        (RecoveryPrecision::Approximate, "after approximately 4.5 s ("),
    ] {
        let report = RecoveryReport {
            precision,
            ..report(Some(RecoveryVerdict::Recovered))
        };
        assert!(report.to_string().contains(words), "{report}");
    }
}

#[test]
fn each_verdict_has_its_sentence() {
    let trouble = PodTrouble {
        reason: "Unschedulable".into(),
        message: "0/3 nodes are available".into(),
    };
    let why = |verdict, why: &str| RecoveryReport {
        why: Some(why.into()),
        ..report(Some(verdict))
    };
    let stuck = |report: RecoveryReport| RecoveryReport {
        trouble: Some(trouble.clone()),
        ..report
    };
    let unrecovered = || why(RecoveryVerdict::Unrecovered, "not whole within 5 min");
    for (report, sentence) in [
        (
            report(None),
            "deployment/cart is not whole yet: 2 of 3 pods ready",
        ),
        (
            stuck(report(None)),
            "deployment/cart: the replacement cart-7d9f-x2 is stuck: Unschedulable: 0/3 nodes are available",
        ),
        (
            unrecovered(),
            "deployment/cart has not recovered: not whole within 5 min; 2 of 3 pods ready",
        ),
        (
            stuck(unrecovered()),
            "deployment/cart has not recovered: not whole within 5 min; 2 of 3 pods ready; the replacement cart-7d9f-x2 is \
             stuck: Unschedulable: 0/3 nodes are available",
        ),
        (
            RecoveryReport {
                replacement: None,
                paused: Some("3 victims in a row did not recover: deployment/cart in shop".into()),
                ..unrecovered()
            },
            "deployment/cart has not recovered: not whole within 5 min; 2 of 3 pods ready; there is no replacement; macaque \
             paused itself: 3 victims in a row did not recover: deployment/cart in shop",
        ),
        (
            why(RecoveryVerdict::Shrunk, "2 instead of 3, as its scale says"),
            "deployment/cart whole after 4.5 s with fewer replicas: 2 instead of 3, as its scale says",
        ),
        (
            why(RecoveryVerdict::Rolled, "revision 5c4 appeared"),
            "deployment/cart was rolled out before it was whole again: revision 5c4 appeared",
        ),
        (
            report(Some(RecoveryVerdict::Completed)),
            "deployment/cart completed, and needs no replacement",
        ),
        (
            report(Some(RecoveryVerdict::Ownerless)),
            "deployment/cart was deleted before it was whole again",
        ),
        (
            why(
                RecoveryVerdict::Unwatched,
                "its pods or its scale could not be read",
            ),
            "deployment/cart: the recovery was not watched: its pods or its scale could not be read",
        ),
    ] {
        assert_eq!(report.to_string(), sentence);
    }
}

#[test]
fn a_length_of_time_has_the_unit_that_suits_it() {
    for (millis, words) in [
        (0, "0 ms"),
        (49, "49 ms"),
        (50, "0.1 s"),
        (4549, "4.5 s"),
        (9000, "9 s"),
        (59_949, "59.9 s"),
        (59_950, "1 min"),
        (75_000, "1 min 15 s"),
        (300_000, "5 min"),
        (3_600_000, "1 h"),
        (7_500_000, "2 h 5 min"),
    ] {
        assert_eq!(length_ms(millis), words, "{millis}");
    }
}
