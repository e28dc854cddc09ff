//! Promises about Webex: the payload to the letter, and a meaning for every answer.

use macaque_core::outcome::Outcome;
use macaque_core::recovery::RecoveryVerdict;
use macaque_core::refusal::Refusal;
use macaque_core::report::RoundReport;

use super::*;
use crate::notify::delivery::{Retryable, answer};
use crate::notify::message::recovery::tests::recovery;
use crate::notify::message::tests::{attempt, budget, report};
use crate::notify::message::{RecoveryMessage, RoundMessage};

fn room() -> WebexBot {
    WebexBot {
        token: "token-1".into(),
        room_id: "room-1".to_owned(),
        api_url: WEBEX_API.to_owned(),
    }
}

fn delivered_as(id: &str) -> DeliveryResult {
    Ok(Delivery::Confirmed {
        name: Some(id.to_owned()),
    })
}

fn round(report: &RoundReport) -> OutgoingMessage {
    RoundMessage::of(report).into()
}

fn markdown(message: &OutgoingMessage) -> String {
    payload(message, &room())["markdown"].as_str().unwrap().to_owned()
}

#[test]
fn the_payload_of_a_round_is_golden() {
    let report = report([
        attempt("web-1", Outcome::Evicted),
        attempt("web-2", budget("web")),
    ]);
    let golden = json!({
        "roomId": "room-1",
        "markdown": "**evicted 1 pod, 1 refused by budget web**\n\n\
            - shop/web-1 \\(deployment/web\\): evicted\n\
            - shop/web-2 \\(deployment/web\\): refused by budget web: needs 3 healthy pods and has 3 currently\n\n\
            slot 2027-03-01T09:30:00Z · seed 42 · 5 pods listed, 3 candidates · shop · app=web",
    });
    assert_eq!(payload(&round(&report), &room()), golden);
}

#[test]
fn no_text_of_the_cluster_can_mention_link_or_format() {
    let refusal = Refusal::Webhook {
        name: "gate".to_owned(),
        message: "<@all> [a](http://b) *c* `d` <b> &lt; _e_ \\".to_owned(),
        temporary: false,
    };
    let markdown = markdown(&round(&report([attempt("a", Outcome::Refused(refusal))])));
    let harmless = r"&lt;@all&gt; \[a\]\(http://b\) \*c\* \`d\` &lt;b&gt; &amp;lt; \_e\_ \\";
    assert!(markdown.contains(harmless), "{markdown}");
}

#[test]
fn every_payload_is_within_the_bytes_of_webex() {
    for hostile in ["&", "🐒", "x", "_", "字"].map(|c| c.repeat(2000)) {
        let victims: Vec<_> = (0..200)
            .map(|i| attempt(&hostile, budget(&format!("{i}{hostile}"))))
            .collect();
        let mut report = report(victims);
        report.problems = vec![hostile.clone(); 200];
        report.selector = hostile;
        let markdown = markdown(&round(&report));
        assert!(markdown.len() <= 7439, "{}", markdown.len());
        assert_eq!(markdown.matches(" more\n").count(), 2, "{markdown}");
    }
}

#[test]
fn a_success_has_the_id_of_the_message() {
    let created = r#"{"id":"Y2lz","roomId":"r"}"#;
    for status in [200, 201] {
        assert_eq!(judge(&answer(status, created)), delivered_as("Y2lz"));
    }

    let why = "answered 200, but not as Webex answers: is the URL right?";
    for strange in [
        "<html><body>Sign in</body></html>",
        "whatever",
        "",
        "{}",
        "[]",
        r#"{"id":7}"#,
        r#"{"id":""}"#,
        r#"{"id":null}"#,
        r#"{"message":"no"}"#,
    ] {
        let judged = judge(&answer(200, strange));
        assert_eq!(judged, Err(DeliveryError::permanent(why)), "{strange}");
    }
}

#[test]
fn a_success_that_breaks_off_counts_as_delivered_in_doubt_and_a_strange_one_not_at_all() {
    let cut = |body| ServiceAnswer {
        whole: false,
        ..answer(200, body)
    };
    let why = "Webex answered 200, but its answer is incomplete".to_owned();
    let in_doubt = Ok(Delivery::Unconfirmed { why });
    for body in ["", "{", r#"{"i"#, r#"{"id":"Y2"#, r#"{"roomId":"r","#] {
        assert_eq!(judge(&cut(body)), in_doubt, "{body}");
    }
    assert_eq!(
        judge(&cut(r#"{"id":"Y2lz","markdown":"evic"#)),
        delivered_as("Y2lz")
    );
    for body in ["<html>", "[", "no"] {
        let error = judge(&cut(body)).unwrap_err();
        assert_eq!(error.retryable, Retryable::No, "{body}");
    }
}

#[test]
fn an_error_explains_itself_and_says_what_to_do() {
    let body = r#"{"message":"The room is\nlocked.","trackingId":"x"}"#;
    for (status, body, error) in [
        (
            404,
            body,
            DeliveryError::permanent(
                "Webex answered 404: The room is locked. (check the room's ID, and that the bot is in the room)",
            ),
        ),
        (
            401,
            "",
            DeliveryError::permanent("Webex answered 401 (a new bot token is needed)"),
        ),
        (400, "<html>", DeliveryError::permanent("Webex answered 400")),
        (502, "<html>", DeliveryError::transient("Webex answered 502")),
        (504, "<html>", DeliveryError::in_doubt("Webex answered 504")),
    ] {
        assert_eq!(judge(&answer(status, body)), Err(error));
    }
}

#[test]
fn a_reply_and_an_edit_are_golden() {
    let unrecovered = recovery(Some(RecoveryVerdict::Unrecovered));
    let message = RecoveryMessage::of(unrecovered).into();
    let room = room();
    let reply = room
        .request(&message, Placement::Reply("Y2lz_1-="), Timestamp::UNIX_EPOCH)
        .unwrap();
    let golden = json!({
        "roomId": "room-1",
        "parentId": "Y2lz_1-=",
        "markdown": "**deployment/web in shop has not recovered; 2 of 3 pods ready**\n\n\
            - see what is missing: kubectl -n shop describe deployment/web\n\n\
            round 2027-03-01T09:30:00Z · victim shop/web-1",
    });
    let sent = (reply.method, reply.url.as_str(), reply.body);
    assert_eq!(
        sent,
        (
            Method::POST,
            "https://webexapis.com/v1/messages",
            golden.to_string()
        )
    );

    let edit = room
        .request(&message, Placement::Edit("Y2lz_1-="), Timestamp::UNIX_EPOCH)
        .unwrap();
    let sent = (edit.method, edit.url.as_str(), edit.body);
    let url = "https://webexapis.com/v1/messages/Y2lz_1-=";
    assert_eq!(sent, (Method::PUT, url, payload(&message, &room).to_string()));
}

#[test]
fn what_webex_never_calls_a_message_reaches_no_url() {
    let message = round(&report([]));
    for name in ["", "../people", "a/b", "a?b", "a b", &"x".repeat(201)] {
        assert!(
            room()
                .request(&message, Placement::Edit(name), Timestamp::UNIX_EPOCH)
                .is_err(),
            "{name}"
        );
        let room = room();
        let reply = room
            .request(&message, Placement::Reply(name), Timestamp::UNIX_EPOCH)
            .unwrap();
        assert!(!reply.body.contains("parentId"), "{name}");
    }
}

#[test]
fn a_reply_that_webex_refuses_may_be_sent_outside_of_the_thread_and_nothing_else() {
    let retryable = |status, placement| {
        let judged = room().judge(&answer(status, "{}"), placement);
        judged.map_err(|error| error.retryable)
    };
    for status in [400, 404] {
        let reply = retryable(status, Placement::Reply("Y2lz"));
        assert_eq!(reply, Err(Retryable::OutsideThread), "{status}");
        for placement in [Placement::Own, Placement::Edit("Y2lz")] {
            assert_eq!(retryable(status, placement), Err(Retryable::No), "{status}");
        }
    }
    assert_eq!(retryable(401, Placement::Reply("Y2lz")), Err(Retryable::No));
}
