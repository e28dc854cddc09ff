//! Promises about a message as data: the contract to the letter, and its size.

use std::sync::Arc;

use macaque_core::notice::{Notice, NoticeContent};
use macaque_core::recovery::RecoveryVerdict;

use super::*;
use crate::notify::message::recovery::tests::{recovery, unschedulable};
use crate::notify::message::tests::{attempt, budget, report};
use crate::notify::{MessageContext, NoticeMessage, RecoveryMessage, RoundMessage};

fn data(message: impl Into<OutgoingMessage>) -> Value {
    message_data(&message.into())
}

#[test]
fn the_data_of_a_round_is_golden() {
    let report = report([
        attempt("web-1", Outcome::Evicted),
        attempt("web-2", budget("web")),
    ]);
    let context = MessageContext {
        cluster: Some("prod".to_owned()),
        ..MessageContext::default()
    };
    let owner = json!({"kind": "Deployment", "name": "web"});
    let refused = json!({
        "result": "refused", "by": "budget", "name": "web", "unsynced": false,
        "message": "needs 3 healthy pods and has 3 currently",
    });

    let mut golden = json!({
        "id": "round-2027-03-01T09:30:00Z",
        "cluster": "prod",
        "kinds": ["disruption", "refusal"],
        "headline": "evicted 1 pod, 1 refused by budget web",
        "lines": [
            "shop/web-1 (deployment/web): evicted",
            "shop/web-2 (deployment/web): refused by budget web: needs 3 healthy pods and has 3 currently",
        ],
        "footer": "cluster prod · slot 2027-03-01T09:30:00Z · seed 42 · 5 pods listed, 3 candidates · shop · app=web",
        "about": "round",
        "shortened": false,
        "round": {
            "status": "disrupted",
            "slot": "2027-03-01T09:30:00Z",
            "finished": "2027-03-01T09:30:02Z",
            "seed": 42,
            "dry_run": false,
            "method": "evict",
            "namespaces": ["shop"],
            "selector": "app=web",
            "listed": 5,
            "candidates": 3,
            "exempted": {
                "daemonset": {"count": 1, "detail": "owned by a DaemonSet",
                              "example": {"namespace": "shop", "name": "agent-0", "uid": "uid-agent-0"}},
                "too-young": {"count": 7, "detail": "younger than 1m (12s)",
                              "example": {"namespace": "shop", "name": "web-9", "uid": "uid-web-9"}},
            },
            "attempts": [
                {"pod": {"namespace": "shop", "name": "web-1", "uid": "uid-web-1"}, "owner": owner,
                 "outcome": {"result": "evicted"}, "warnings": []},
                {"pod": {"namespace": "shop", "name": "web-2", "uid": "uid-web-2"}, "owner": owner,
                 "outcome": refused, "warnings": []},
            ],
            "problems": [],
            "warnings": [],
            "end": {"state": "complete"},
        },
    });
    assert_eq!(
        data(RoundMessage::in_context(Arc::new(report.clone()), &context)),
        golden
    );

    golden["cluster"] = json!(null);
    golden["footer"] =
        json!("slot 2027-03-01T09:30:00Z · seed 42 · 5 pods listed, 3 candidates · shop · app=web");
    assert_eq!(data(RoundMessage::of(&report)), golden);
}

#[test]
fn the_data_of_a_recovery_is_golden() {
    let headline = "deployment/web in shop whole again after 4.5 s (settling 4.5 s)";
    let golden = json!({
        "id": "recovery-2027-03-01T09:30:00Z-uid-1",
        "cluster": null,
        "kinds": ["recovered"],
        "headline": headline,
        "lines": [],
        "footer": "round 2027-03-01T09:30:00Z · victim shop/web-1",
        "about": "recovery",
        "shortened": false,
        "recovery": {
            "status": "recovered",
            "verdict": "recovered",
            "slot": "2027-03-01T09:30:00Z",
            "pod": {"namespace": "shop", "name": "web-1", "uid": "uid-1"},
            "owner": {"kind": "Deployment", "name": "web"},
            "method": "evict",
            "times": {"whole_ms": 4_500},
            "precision": "watch",
            "ready": 2,
            "target": 3,
            "expect_ms": 60_000,
            "replacement": "web-3",
        },
    });
    assert_eq!(
        data(RecoveryMessage::of(recovery(Some(RecoveryVerdict::Recovered)))),
        golden
    );
}

#[test]
fn a_recovery_that_is_stuck_has_no_verdict_and_says_what_it_waits_for() {
    let data = data(RecoveryMessage::of(unschedulable(None)));
    assert_eq!(data["id"], "stuck-2027-03-01T09:30:00Z-uid-1-Unschedulable");
    assert_eq!(data["recovery"]["status"], "stuck");
    assert_eq!(data["recovery"]["verdict"], json!(null));
    assert_eq!(data["recovery"]["trouble"]["reason"], "Unschedulable");
}

#[test]
fn the_data_of_a_notice_is_golden() {
    let notice = Notice {
        at: "2027-03-01T09:30:00Z".parse().unwrap(),
        content: NoticeContent::Paused {
            by: Some("jo".to_owned()),
            reason: Some("release".to_owned()),
            until: None,
        },
    };
    let message = NoticeMessage::in_context(Arc::new(notice), &MessageContext::default());
    let texts = (
        message.headline.clone(),
        message.notes.clone(),
        message.footer.clone(),
    );
    let golden = json!({
        "id": "paused-2027-03-01T09:30:00Z",
        "cluster": null,
        "kinds": ["pause"],
        "headline": texts.0,
        "lines": texts.1,
        "footer": texts.2,
        "about": "notice",
        "shortened": false,
        "notice": {
            "at": "2027-03-01T09:30:00Z",
            "content": {"kind": "paused", "by": "jo", "reason": "release", "until": null},
        },
    });
    assert_eq!(data(message), golden);
}

#[test]
fn of_a_report_that_is_too_long_the_victims_that_were_disrupted_are_kept() {
    let mut report = report([]);
    for number in 0..999 {
        report
            .attempts
            .push(attempt(&format!("web-{number}"), budget(&"x".repeat(300))));
    }
    report.attempts.push(attempt("last", Outcome::Evicted));
    report.namespaces = (0..10_000).map(|number| format!("team-{number}")).collect();

    let data = data(RoundMessage::of(&report));
    assert_eq!(data["shortened"], true);
    let round = &data["round"];
    assert_eq!(round["attempts"][0]["pod"]["name"], "last");
    assert_eq!(
        (&round["seed"], &round["status"]),
        (&json!(42), &json!("disrupted"))
    );
    assert!(json_bytes(round) <= MOST_REPORT_BYTES);
    assert!(
        json_bytes(round) > MOST_REPORT_BYTES / 8,
        "as much as fits is kept"
    );
}
