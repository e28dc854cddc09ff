//! Promises about Teams: the card to the letter, which URLs it takes, and a meaning for every answer.

use std::time::Duration;

use macaque_core::outcome::Outcome;
use macaque_core::recovery::RecoveryVerdict;
use macaque_core::refusal::Refusal;

use super::*;
use crate::notify::delivery::{Retryable, answer};
use crate::notify::message::recovery::tests::recovery;
use crate::notify::message::tests::{attempt, budget, report};
use crate::notify::{RecoveryMessage, RoundMessage};

#[test]
fn the_card_of_a_round_is_golden() {
    let report = report([
        attempt("web-1", Outcome::Evicted),
        attempt("web-2", budget("web")),
    ]);
    let line = |text: &str| json!({"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text}]});
    let golden = json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "msteams": {"width": "Full"},
                "body": [
                    {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "weight": "Bolder", "size": "Medium",
                     "color": "Default", "text": "evicted 1 pod, 1 refused by budget web"}]},
                    line("shop/web-1 (deployment/web): evicted"),
                    line("shop/web-2 (deployment/web): refused by budget web: needs 3 healthy pods and has 3 currently"),
                    {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "size": "Small", "isSubtle": true,
                     "text": "slot 2027-03-01T09:30:00Z · seed 42 · 5 pods listed, 3 candidates · shop · app=web"}]},
                ],
            },
        }],
    });
    assert_eq!(payload(&RoundMessage::of(&report).into()), golden);
}

/// The style and the texts of the lines of a card.
fn lines(message: impl Into<OutgoingMessage>) -> Vec<Value> {
    let payload = payload(&message.into());
    let body = payload["attachments"][0]["content"]["body"].as_array().unwrap();
    body.iter().map(|block| block["inlines"][0].clone()).collect()
}

#[test]
fn the_headline_is_red_if_somebody_should_look_and_green_if_all_is_well_again() {
    let unknown = Outcome::Unknown {
        why: "cut".to_owned(),
    };
    let round = |outcome| lines(RoundMessage::of(&report([attempt("web-1", outcome)])));
    let recovery = |verdict| lines(RecoveryMessage::of(recovery(verdict)));

    for (lines, color) in [
        (round(unknown), "Attention"),
        (round(Outcome::Evicted), "Default"),
        (recovery(Some(RecoveryVerdict::Recovered)), "Good"),
        (recovery(Some(RecoveryVerdict::Unrecovered)), "Attention"),
        (recovery(None), "Attention"),
    ] {
        assert_eq!(lines[0]["color"], color, "{lines:?}");
    }
}

#[test]
fn no_text_of_the_cluster_is_a_link_a_mention_or_a_function() {
    let hostile = "[a](https://evil.example) **b** <at>all</at> {{{DATE(2027-03-01T09:30:00Z, SHORT)}}";
    let refusal = Refusal::Webhook {
        name: "gate".to_owned(),
        message: hostile.to_owned(),
        temporary: false,
    };
    let lines = lines(RoundMessage::of(&report([attempt(
        "web-1",
        Outcome::Refused(refusal),
    )])));

    assert!(
        lines.iter().all(|line| line["type"] == "TextRun"),
        "runs have no markdown"
    );
    let text = lines[1]["text"].as_str().unwrap();
    assert!(
        text.contains("[a](https://evil.example) **b** <at>all</at>"),
        "{text}"
    );
    assert!(text.contains("{ { {DATE("), "{text}");
}

#[test]
fn a_url_of_any_host_is_taken_but_that_of_a_connector() {
    for url in [
        "https://prod-01.westeurope.logic.azure.com:443/workflows/x/triggers/manual/paths/invoke?sig=y",
        "https://default0.00.environment.api.powerplatform.com:443/powerautomate/x?api-version=1&sig=y",
        "https://relay.example/teams",
        "https://webhook.office.com.example/x",
        "https://outlook.office.com/other",
    ] {
        assert_eq!(check_workflow_url(url), Ok(()), "{url}");
    }

    for url in [
        "https://contoso.webhook.office.com/webhookb2/x@y/IncomingWebhook/z/w",
        "https://CONTOSO.WEBHOOK.OFFICE.COM/x",
        "https://webhook.office.com/x",
        "https://outlook.office.com/webhook/x",
        "https://outlook.office365.com/webhook/x",
    ] {
        let fault = check_workflow_url(url).unwrap_err();
        assert!(
            fault.wrong.contains("connector") && fault.right == WAY_OUT,
            "{url}: {fault:?}"
        );
    }
    assert!(check_workflow_url("http://relay.example").is_err());
    assert!(check_workflow_url("https://relay.example/ x").is_err());
}

#[test]
fn every_answer_has_a_meaning_and_those_that_last_a_remedy() {
    for status in [200, 202, 204] {
        assert_eq!(judge(&answer(status, "")), Ok(Delivery::CONFIRMED), "{status}");
    }

    let disabled = r#"{"error":{"code":"WorkflowTriggerIsNotEnabled","message":"secret"}}"#;
    let spoken = r#"{"error":{"code":"a word <at>","message":"secret"}}"#;
    for (status, body, words) in [
        (
            400,
            disabled,
            "Teams answered 400: WorkflowTriggerIsNotEnabled (is the workflow turned on",
        ),
        (400, spoken, "Teams answered 400 (is the workflow turned on"),
        (401, "", "let anyone trigger it"),
        (403, "", "let anyone trigger it"),
        (404, "<html>", "create a new one"),
        (410, "[]", "create a new one"),
        (302, "", "redirects are not followed"),
    ] {
        let error = judge(&answer(status, body)).unwrap_err();
        assert!(
            error.why.contains(words) && !error.why.contains("secret"),
            "{error}"
        );
        assert_eq!(error.retryable, Retryable::No, "{error}");
    }

    let busy = ServiceAnswer {
        retry_after: Some(Duration::from_secs(9)),
        ..answer(429, "")
    };
    let later = Retryable::Yes {
        retry_after: busy.retry_after,
    };
    assert_eq!(judge(&busy).unwrap_err().retryable, later);
}

#[test]
fn a_card_is_never_edited() {
    let teams = TeamsWorkflow {
        url: "https://relay.example/x".into(),
    };
    let message = RoundMessage::of(&report([])).into();
    let edit = teams.request(&message, Placement::Edit("x"), Timestamp::UNIX_EPOCH);
    assert_eq!(edit.err(), Some(DeliveryError::no_edit("Teams")));
}
