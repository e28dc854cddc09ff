//! Promises about replies and edits in Slack.

use macaque_core::recovery::RecoveryVerdict;

use super::*;
use crate::notify::message::RecoveryMessage;
use crate::notify::message::recovery::tests::recovery;

#[test]
fn a_reply_and_an_edit_are_golden() {
    let slow = || recovery(Some(RecoveryVerdict::Slow));
    let reply: OutgoingMessage = RecoveryMessage::of(slow()).into();
    let text =
        "deployment/web in shop whole again after 4.5 s, later than the expected 1 min (settling 4.5 s)";
    let note = "• if that is as it should be, `macaque/expect` on the workload sets how long it may take";
    let thread = Thread {
        channel: "C7",
        ts: "1700000000.000100",
    };
    let golden = json!({
        "channel": "C7",
        "thread_ts": "1700000000.000100",
        "reply_broadcast": true,
        "text": text,
        "mrkdwn": false,
        "unfurl_links": false,
        "unfurl_media": false,
        "blocks": [
            {"type": "section", "text": {"type": "plain_text", "emoji": false, "text": text}},
            {"type": "section", "text": {"type": "plain_text", "emoji": false, "text": note}},
            {"type": "context", "elements": [{"type": "plain_text", "emoji": false,
                "text": "round 2027-03-01T09:30:00Z · victim shop/web-1"}]},
        ],
    });
    assert_eq!(bot_payload(&reply, &bot(), Some(thread)), golden);

    let posted = RoundMessage::of(&report([attempt("web-1", Outcome::Evicted)]));
    let marked = posted.marked_recovered(&[text.to_owned()]).into();
    let golden = json!({
        "channel": "C7",
        "ts": "1700000000.000100",
        "parse": "none",
        "text": "✓ evicted shop/web-1",
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "emoji": false, "text": "✓ evicted shop/web-1"}},
            {"type": "section", "text": {"type": "plain_text", "emoji": false,
                "text": "• shop/web-1 (deployment/web): evicted"}},
            {"type": "section", "text": {"type": "plain_text", "emoji": false, "text": format!("• ✓ {text}")}},
            {"type": "context", "elements": [{"type": "plain_text", "emoji": false,
                "text": "slot 2027-03-01T09:30:00Z · seed 42 · 5 pods listed, 3 candidates · shop · app=web"}]},
        ],
    });
    assert_eq!(edit_payload(&marked, thread), golden);
}

#[test]
fn only_an_answer_that_names_the_message_as_slack_does_gives_it_a_name() {
    for (body, name) in [
        (
            r#"{"ok":true,"channel":"C7","ts":"1700000000.000100"}"#,
            Some("C7/1700000000.000100"),
        ),
        (r#"{"ok":true,"ts":"1.2"}"#, None),
        (r#"{"ok":true,"channel":"C7"}"#, None),
        (r##"{"ok":true,"channel":"#chaos","ts":"1.2"}"##, None),
        (r#"{"ok":true,"channel":"C7","ts":"soon"}"#, None),
        (r#"{"ok":true,"channel":"C7","ts":1.2}"#, None),
    ] {
        let delivery = judge_bot(&answer(200, body));
        let name = name.map(str::to_owned);
        assert_eq!(delivery, Ok(Delivery::Confirmed { name }), "{body}");
    }
}

#[test]
fn a_reply_whose_parent_is_out_of_reach_may_be_sent_outside_of_the_thread_and_nothing_else() {
    let retryable = |code: &str, placement| {
        let body = json!({"ok": false, "error": code}).to_string();
        bot()
            .judge(&answer(200, &body), placement)
            .map_err(|error| error.retryable)
    };
    for code in [
        "thread_not_found",
        "message_not_found",
        "cannot_reply_to_message",
        "not_in_channel",
    ] {
        let reply = retryable(code, Placement::Reply("C7/1.2"));
        assert_eq!(reply, Err(Retryable::OutsideThread), "{code}");
        for placement in [Placement::Own, Placement::Edit("C7/1.2")] {
            assert_eq!(retryable(code, placement), Err(Retryable::No), "{code}");
        }
    }
    let refused = retryable("invalid_auth", Placement::Reply("C7/1.2"));
    assert_eq!(refused, Err(Retryable::No));
}
