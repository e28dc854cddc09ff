//! Promises about the words of a recovery.

use jiff::tz::TimeZone;
use macaque_core::outcome::DisruptionMethod;
use macaque_core::pod::{PodOwner, PodRef, PodTrouble};
use macaque_core::recovery::{RecoveryPrecision, RecoveryTimes};

use super::*;

/// How the recovery of `deployment/web` in shop from the loss of `web-1` ended, after 4.5 s if it did.
pub(crate) fn recovery(verdict: Option<RecoveryVerdict>) -> RecoveryReport {
    RecoveryReport {
        team: None,
        slot: "2027-03-01T09:30:00Z".parse().unwrap(),
        pod: PodRef {
            namespace: "shop".to_owned(),
            name: "web-1".to_owned(),
            uid: "uid-1".to_owned(),
        },
        owner: PodOwner {
            kind: "Deployment".to_owned(),
            name: "web".to_owned(),
        },
        method: DisruptionMethod::Evict,
        inferred: false,
        verdict,
        times: RecoveryTimes {
            whole_ms: verdict
                .is_some_and(RecoveryVerdict::is_recovered)
                .then_some(4_500),
            ..RecoveryTimes::default()
        },
        precision: RecoveryPrecision::Watch,
        ready: 2,
        target: 3,
        expect_ms: 60_000,
        replacement: Some("web-3".to_owned()),
        trouble: None,
        why: None,
        usual: None,
        paused: None,
    }
}

/// A recovery that ended so, with a replacement that has no node.
pub(crate) fn unschedulable(verdict: Option<RecoveryVerdict>) -> RecoveryReport {
    RecoveryReport {
        trouble: Some(PodTrouble {
            reason: "Unschedulable".to_owned(),
            message: "0/3 nodes are available".to_owned(),
        }),
        ..recovery(verdict)
    }
}

#[test]
fn every_verdict_has_a_sentence_that_names_owner_and_namespace() {
    for verdict in RecoveryVerdict::ALL.map(Some).into_iter().chain([None]) {
        let headline = RecoveryMessage::of(unschedulable(verdict)).headline;
        assert!(
            headline.starts_with("deployment/web in shop"),
            "{verdict:?}: {headline}"
        );
    }
    let whole = RecoveryMessage::of(recovery(Some(RecoveryVerdict::Recovered)));
    assert_eq!(
        whole.headline,
        "deployment/web in shop whole again after 4.5 s (settling 4.5 s)"
    );
    assert!(whole.notes.is_empty());
}

#[test]
fn a_bad_recovery_says_what_to_do() {
    let pod = "see what it waits for: kubectl -n shop describe pod/web-3";
    let owner = "see what is missing: kubectl -n shop describe deployment/web";
    let expect = "if that is as it should be, `macaque/expect` on the workload sets how long it may take";
    let unrecovered = Some(RecoveryVerdict::Unrecovered);
    for (report, note) in [
        (unschedulable(None), pod),
        (unschedulable(unrecovered), pod),
        (recovery(unrecovered), owner),
        (recovery(Some(RecoveryVerdict::Slow)), expect),
    ] {
        assert_eq!(RecoveryMessage::of(report).notes, [note]);
    }
}

#[test]
fn a_pause_is_said_with_its_remedy_and_its_reason_once() {
    let paused = |reason: &str| RecoveryReport {
        paused: Some(reason.to_owned()),
        ..recovery(Some(RecoveryVerdict::Unrecovered))
    };
    let short = RecoveryMessage::of(paused("3 victims in a row did not recover"));
    assert_eq!(short.headline.matches("3 victims in a row").count(), 1);
    let remedy = "macaque has paused itself; `macaque resume` lifts the pause";
    assert_eq!(short.notes[0], remedy);

    let long = RecoveryMessage::of(paused(&"x".repeat(LINE)));
    assert!(long.notes[0].starts_with("macaque has paused itself: xxx"));
}

#[test]
fn the_footer_leads_back_to_cluster_round_and_victim() {
    let context = MessageContext {
        cluster: Some("prod".to_owned()),
        zone: TimeZone::get("Europe/Paris").unwrap(),
    };
    let report = Arc::new(recovery(None));
    assert_eq!(
        RecoveryMessage::in_context(report, &context).footer,
        "cluster prod · round 2027-03-01T09:30:00Z (10:30 CET) · victim shop/web-1"
    );
}

#[test]
fn every_line_is_bounded_and_clean_whatever_the_cluster_says() {
    let hostile = "\u{202e}x\r\n\u{1b}]0;".repeat(1000);
    let mut report = unschedulable(Some(RecoveryVerdict::Unrecovered));
    report.owner.name.clone_from(&hostile);
    report.pod.namespace.clone_from(&hostile);
    report.pod.name.clone_from(&hostile);
    report.replacement = Some(hostile.clone());
    report.paused = Some(hostile);

    let message = RecoveryMessage::of(report);
    for line in message.notes.iter().chain([&message.headline, &message.footer]) {
        let is_clean = !line.contains(|c: char| c.is_control() || c == '\u{202e}');
        assert!(line.chars().count() <= LINE && is_clean, "{line}");
    }
}
