//! Promises about Webex: the payload to the letter, and a meaning for every answer.

use macaque_core::outcome::Outcome;
use macaque_core::refusal::Refusal;

use super::*;
use crate::notify::delivery::{DeliveryError, answer};
use crate::notify::message::tests::{attempt, budget, report};

fn room() -> WebexBot {
    WebexBot {
        token: "token-1".into(),
        room_id: "room-1".to_owned(),
        api_url: WEBEX_API.to_owned(),
    }
}

fn markdown(message: &RoundMessage) -> String {
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
    assert_eq!(payload(&RoundMessage::of(&report), &room()), golden);
}

#[test]
fn no_text_of_the_cluster_can_mention_link_or_format() {
    let refusal = Refusal::Webhook {
        name: "gate".to_owned(),
        message: "<@all> [a](http://b) *c* `d` <b> &lt; _e_ \\".to_owned(),
        temporary: false,
    };
    let markdown = markdown(&RoundMessage::of(&report([attempt(
        "a",
        Outcome::Refused(refusal),
    )])));
    let harmless = r"&lt;@all&gt; \[a\]\(http://b\) \*c\* \`d\` &lt;b&gt; &amp;lt; \_e\_ \\";
    assert!(markdown.contains(harmless), "{markdown}");
}

#[test]
fn every_payload_is_within_the_bytes_of_webex() {
    for hostile in ["&", "🐒", "x", "_", "字"].map(|c| c.repeat(2000)) {
        let victims: Vec<_> = (0..200).map(|_| attempt(&hostile, budget(&hostile))).collect();
        let mut report = report(victims);
        report.problems = vec![hostile.clone(); 200];
        report.selector = hostile;
        let markdown = markdown(&RoundMessage::of(&report));
        assert!(markdown.len() <= 7439, "{}", markdown.len());
        assert_eq!(markdown.matches(" more\n").count(), 2, "{markdown}");
    }
}

#[test]
fn the_status_decides_and_the_body_explains() {
    for status in [200, 201, 204] {
        assert_eq!(judge(&answer(status, "whatever")), Ok(()));
    }
    let body = r#"{"message":"The room is\nlocked.","trackingId":"x"}"#;
    let gone = DeliveryError::permanent("Webex answered 404: The room is locked.");
    assert_eq!(judge(&answer(404, body)), Err(gone));
    let down = DeliveryError::transient("Webex answered 502");
    assert_eq!(judge(&answer(502, "<html>")), Err(down));
}
