//! Promises about Slack: the payloads to the letter, and a meaning for every answer.

mod threads;

use std::time::Duration;

use macaque_core::outcome::Outcome;
use macaque_core::refusal::Refusal;
use macaque_core::report::RoundReport;
use serde_json::{Value, json};

use super::*;
use crate::notify::delivery::{Retryable, answer};
use crate::notify::message::RoundMessage;
use crate::notify::message::tests::{attempt, budget, report};
use crate::text::chars;

fn bot() -> SlackBot {
    SlackBot {
        token: "xoxb-1".into(),
        channel: "C0123456789".to_owned(),
        api_url: SLACK_API.to_owned(),
    }
}

fn round(report: &RoundReport) -> OutgoingMessage {
    RoundMessage::of(report).into()
}

#[test]
fn the_payload_of_a_round_is_golden() {
    let report = report([
        attempt("web-1", Outcome::Evicted),
        attempt("web-2", budget("web")),
    ]);
    let golden = json!({
        "channel": "C0123456789",
        "text": "evicted 1 pod, 1 refused by budget web",
        "mrkdwn": false,
        "unfurl_links": false,
        "unfurl_media": false,
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "emoji": false,
                "text": "evicted 1 pod, 1 refused by budget web"}},
            {"type": "section", "text": {"type": "plain_text", "emoji": false,
                "text": "• shop/web-1 (deployment/web): evicted\n\
                         • shop/web-2 (deployment/web): refused by budget web: needs 3 healthy pods and has 3 currently"}},
            {"type": "context", "elements": [{"type": "plain_text", "emoji": false,
                "text": "slot 2027-03-01T09:30:00Z · seed 42 · 5 pods listed, 3 candidates · shop · app=web"}]},
        ],
    });
    assert_eq!(bot_payload(&round(&report), &bot(), None), golden);
}

#[test]
fn the_payload_of_a_dry_run_with_nobody_to_spare_is_golden() {
    let mut report = report([]);
    (report.dry_run, report.candidates) = (true, 0);
    let headline = "dry run: no pod would have been disrupted: none of the 5 pods listed is eligible";
    let golden = json!({
        "text": headline,
        "mrkdwn": false,
        "unfurl_links": false,
        "unfurl_media": false,
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "emoji": false, "text": headline}},
            {"type": "section", "text": {"type": "plain_text", "emoji": false,
                "text": "• 7 exempt, too-young: e.g. shop/web-9 (younger than 1m (12s))\n\
                         • 1 exempt, daemonset: shop/agent-0 (owned by a DaemonSet)"}},
            {"type": "context", "elements": [{"type": "plain_text", "emoji": false,
                "text": "dry run · slot 2027-03-01T09:30:00Z · seed 42 · 5 pods listed, 0 candidates · shop · app=web"}]},
        ],
    });
    assert_eq!(webhook_payload(&round(&report)), golden);
}

#[test]
fn no_text_of_the_cluster_can_ping_or_link() {
    let refusal = Refusal::Webhook {
        name: "<!channel>".to_owned(),
        message: "<@U1> & <https://evil.example|ok>".to_owned(),
        temporary: false,
    };
    let payload = webhook_payload(&round(&report([attempt("a", Outcome::Refused(refusal))])));
    assert_eq!(
        payload["text"],
        "eviction of shop/a refused by webhook &lt;!channel&gt;"
    );
    let line = payload["blocks"][1]["text"]["text"].as_str().unwrap();
    assert!(
        line.ends_with("&lt;@U1&gt; &amp; &lt;https://evil.example|ok&gt;"),
        "{line}"
    );
    assert!(!payload.to_string().contains(['<', '>']));
}

#[test]
fn every_payload_is_within_the_limits_of_slack() {
    let hostile = "&<🐒".repeat(2000);
    let mut report = report(
        (0..200)
            .map(|i| attempt(&format!("{i}{hostile}"), budget(&format!("{i}{hostile}"))))
            .collect::<Vec<_>>(),
    );
    report.problems = vec![hostile.clone(); 200];
    report.selector = hostile;
    let payload = webhook_payload(&round(&report));
    let blocks = payload["blocks"].as_array().unwrap();
    let size = |block: &Value, path: &str| chars(block.pointer(path).unwrap().as_str().unwrap());
    assert_eq!(blocks.len(), 4);
    assert!(size(&blocks[0], "/text/text") <= 150);
    assert!(size(&blocks[1], "/text/text") <= 3000 && size(&blocks[2], "/text/text") <= 3000);
    assert!(size(&blocks[3], "/elements/0/text") <= 2000);
    assert!(chars(&payload.to_string()) < 13_000);
    assert!(blocks[1]["text"]["text"].as_str().unwrap().ends_with(" more"));
}

#[test]
fn ok_false_is_a_failure_and_its_code_says_for_how_long() {
    for code in ["internal_error", "fatal_error"] {
        let body = json!({"ok": false, "error": code}).to_string();
        let error = judge_bot(&answer(200, &body)).unwrap_err();
        assert_eq!(
            error,
            DeliveryError::in_doubt(format!("Slack failed on the message: {code}"))
        );
    }
    for code in [
        "ratelimited",
        "rate_limited",
        "request_timeout",
        "service_unavailable",
    ] {
        let body = json!({"ok": false, "error": code}).to_string();
        let error = judge_bot(&answer(200, &body)).unwrap_err();
        assert_eq!(
            error,
            DeliveryError::transient(format!("Slack refused the message for now: {code}"))
        );
    }
    for code in [
        "invalid_auth",
        "account_inactive",
        "token_revoked",
        "missing_scope",
        "channel_not_found",
        "not_in_channel",
        "is_archived",
        "invalid_blocks",
        "msg_blocks_too_long",
        "a_code_of_tomorrow",
    ] {
        let body = json!({"ok": false, "error": code}).to_string();
        let error = judge_bot(&answer(200, &body)).unwrap_err();
        assert_eq!(error.retryable, Retryable::No, "{code}");
        assert!(error.why.contains(code), "{error}");
    }
}

#[test]
fn a_pause_asked_for_beside_ok_false_is_honoured() {
    let slow = ServiceAnswer {
        retry_after: Some(Duration::from_secs(9)),
        ..answer(200, r#"{"ok":false,"error":"ratelimited"}"#)
    };
    let retryable = Retryable::Yes {
        retry_after: slow.retry_after,
    };
    assert_eq!(judge_bot(&slow).map_err(|error| error.retryable), Err(retryable));
}

#[test]
fn a_success_is_seen_even_if_its_echo_of_the_message_is_cut() {
    let cut = ServiceAnswer {
        whole: false,
        ..answer(200, r#"{"ok":true,"message":{"text":"evic"#)
    };
    assert_eq!(judge_bot(&cut), Ok(Delivery::CONFIRMED));
    assert_eq!(
        judge_bot(&answer(200, r#"{"ts":"1.2","ok":true}"#)),
        Ok(Delivery::CONFIRMED)
    );
}

#[test]
fn a_success_that_breaks_off_counts_as_delivered_in_doubt_and_a_strange_one_not_at_all() {
    let cut = |body| ServiceAnswer {
        whole: false,
        ..answer(200, body)
    };
    let retryable = |delivery: DeliveryResult| delivery.map_err(|error| error.retryable);
    let why = |service| format!("{service} answered 200, but its answer is incomplete");
    let in_doubt = |service| Ok(Delivery::Unconfirmed { why: why(service) });
    for body in ["", "{", r#"{"o"#, r#"{"warning":"a"#] {
        assert_eq!(retryable(judge_bot(&cut(body))), in_doubt("Slack"), "{body}");
        assert_eq!(
            retryable(judge_bot(&answer(200, body))),
            Err(Retryable::No),
            "{body}"
        );
    }
    for body in ["<html>", "[]", "ok", r#"{"ok":"true"}"#, r#"{"ok":false}"#, "{}"] {
        assert_eq!(retryable(judge_bot(&cut(body))), Err(Retryable::No), "{body}");
        assert_eq!(
            retryable(judge_bot(&answer(200, body))),
            Err(Retryable::No),
            "{body}"
        );
    }
    for body in ["", "o"] {
        assert_eq!(
            retryable(judge_webhook(&cut(body))),
            in_doubt("the Slack webhook")
        );
    }
    assert_eq!(retryable(judge_webhook(&cut("<html>"))), Err(Retryable::No));
}

#[test]
fn a_webhook_succeeds_with_the_text_ok_alone() {
    assert_eq!(judge_webhook(&answer(200, "ok\n")), Ok(Delivery::CONFIRMED));
    for (status, body, why) in [
        (
            200,
            "",
            "answered 200, but not as the Slack webhook answers: is the URL right?",
        ),
        (
            200,
            "{\"ok\":true}",
            "answered 200, but not as the Slack webhook answers: is the URL right?",
        ),
        (
            400,
            "invalid_payload",
            "the Slack webhook answered 400: invalid_payload",
        ),
        (
            404,
            "no_service",
            "the Slack webhook answered 404: no_service (the webhook does not exist or is disabled: create a new one)",
        ),
        (
            404,
            "<html>",
            "the Slack webhook answered 404 (the webhook does not exist or is disabled: create a new one)",
        ),
        (
            410,
            "channel_is_archived",
            "the Slack webhook answered 410: channel_is_archived (the channel is archived)",
        ),
        (
            403,
            "action_prohibited",
            "the Slack webhook answered 403: action_prohibited (an administrator of the workspace must allow it)",
        ),
        (403, "<html>T0/B0/SECRET", "the Slack webhook answered 403"),
    ] {
        assert_eq!(
            judge_webhook(&answer(status, body)),
            Err(DeliveryError::permanent(why))
        );
    }
    let error = judge_webhook(&answer(500, "rollup_error")).unwrap_err();
    assert_eq!(
        error,
        DeliveryError::transient("the Slack webhook answered 500: rollup_error")
    );
}
