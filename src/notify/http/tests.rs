//! Promises about channels over HTTP: what is sent, and a meaning for every answer.

use serde_json::json;

use super::*;
use crate::notify::delivery::{Retryable, answer};
use crate::notify::message::RoundMessage;
use crate::notify::message::tests::report;
use crate::notify::sample::samples;

fn channel(template: &str) -> HttpChannel {
    HttpChannel {
        name: "http/on-call".to_owned(),
        method: HttpChannelMethod::Put,
        url: "https://on-call.example/canary-path".into(),
        token: Some("canary-token".into()),
        headers: vec![("X-Key".to_owned(), "canary-header".into())],
        content_type: "application/json".to_owned(),
        template: BodyTemplate::compile(template, BodyFormat::Json).unwrap(),
        secrets: vec![("key".to_owned(), "canary-secret".into())],
        template_kinds: None,
    }
}

fn message() -> OutgoingMessage {
    RoundMessage::of(&report([])).into()
}

#[test]
fn a_request_has_what_the_channel_is_set_to_and_what_the_template_renders() {
    let channel = channel(r#"{"key": {{ secrets.key }}, "slot": {{ slot }}}"#);
    let request = channel.request(&message(), Placement::Own, Timestamp::UNIX_EPOCH);
    let request = request.unwrap();
    assert_eq!(request.method, Method::PUT);
    assert_eq!(request.url, "https://on-call.example/canary-path");
    assert_eq!(request.content_type, "application/json");
    assert_eq!(request.bearer.unwrap().expose_secret(), "canary-token");
    assert_eq!(
        request.headers,
        [("X-Key".to_owned(), "canary-header".to_owned())]
    );
    let body: Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(
        body,
        json!({"key": "canary-secret", "slot": "2027-03-01T09:30:00Z"})
    );
}

#[test]
fn a_reply_is_a_message_of_its_own_and_nothing_is_edited() {
    let channel = channel("{{ headline }}");
    let request = |placement| channel.request(&message(), placement, Timestamp::UNIX_EPOCH);
    assert_eq!(
        request(Placement::Reply("1")).unwrap().body,
        request(Placement::Own).unwrap().body
    );
    let error = request(Placement::Edit("1")).err().unwrap();
    assert_eq!(error, DeliveryError::no_edit("http/on-call"));
    assert!(!channel.has_threads());
}

#[test]
fn a_success_is_any_2xx_and_an_error_quotes_what_the_service_explains() {
    let channel = channel("{{ headline }}");
    let judge = |status, body: &str| channel.judge(&answer(status, body), Placement::Own);
    for (status, body) in [(200, "ok"), (201, ""), (202, "<html>"), (204, ""), (299, "{}")] {
        assert_eq!(judge(status, body), Ok(Delivery::CONFIRMED), "{status}");
    }
    for (body, why) in [
        (
            r#"{"message":"no such hook","code":10015}"#,
            "http/on-call answered 404: no such hook",
        ),
        (
            r#"{"code":40001,"error":"topic invalid"}"#,
            "http/on-call answered 404: topic invalid",
        ),
        (
            r#"{"error":{"code":404,"message":"Space not found"}}"#,
            "http/on-call answered 404: Space not found",
        ),
        ("<html>canary</html>", "http/on-call answered 404"),
        (r#"["canary"]"#, "http/on-call answered 404"),
        ("", "http/on-call answered 404"),
    ] {
        assert_eq!(judge(404, body), Err(DeliveryError::permanent(why)), "{body}");
    }
    let retryable = |status| judge(status, "").unwrap_err().retryable;
    assert_eq!(retryable(301), Retryable::No);
    assert_eq!(retryable(429), Retryable::Yes { retry_after: None });
    assert_eq!(retryable(503), Retryable::Yes { retry_after: None });
    assert_eq!(retryable(504), Retryable::InDoubt);
}

#[test]
fn a_message_that_a_template_fails_on_is_given_up_with_the_line() {
    let channel = channel("{\n\"x\": {{ round.nothing }}}");
    let error = channel.request(&message(), Placement::Own, Timestamp::UNIX_EPOCH);
    let why = "the template of http/on-call failed: line 2: round.nothing is not defined";
    assert_eq!(error.err(), Some(DeliveryError::permanent(why)));
}

#[test]
fn everything_that_may_be_a_secret_is_hidden() {
    let channel = channel("{{ headline }}");
    let hidden = channel.hidden();
    for canary in ["canary-path", "canary-token", "canary-header", "canary-secret"] {
        assert!(hidden.iter().any(|secret| secret.contains(canary)), "{canary}");
    }
    assert!(!format!("{channel:?}").contains("canary"));
}

#[test]
fn every_template_of_macaques_renders_every_sample() {
    for built_in in BUILT_IN {
        let template = BodyTemplate::compile(built_in.source, BuiltInTemplate::FORMAT).unwrap();
        let secrets: Vec<_> = built_in
            .secrets
            .iter()
            .map(|name| ((*name).to_owned(), SecretString::from("s")))
            .collect();
        prove(&template, &secrets, &MessageKinds::all()).unwrap();
    }
}

#[test]
fn a_proof_renders_the_kinds_that_the_channel_gets_and_no_other() {
    let template = r#"{% if "digest" in kinds %}{{ nothing }}{% endif %}{}"#;
    let template = BodyTemplate::compile(template, BodyFormat::Json).unwrap();
    prove(&template, &[], &MessageKinds::default()).unwrap();
    let fault = prove(&template, &[], &MessageKinds::all()).unwrap_err();
    assert_eq!(
        fault.wrong,
        "nothing is not defined (for a message of kind digest)"
    );

    // What is not in every message shows in a sample.
    for optional in [
        r#"{% if about == "round" and round.attempts %}{{ round.attempts[0].team }}{% endif %}"#,
        r#"{% if about == "recovery" %}{{ recovery.replacement }}{% endif %}"#,
    ] {
        let template = BodyTemplate::compile(optional, BodyFormat::Text).unwrap();
        let data: Vec<_> = samples().map(|message| template_data(&message)).collect();
        let failures = data.iter().filter_map(|data| template.render(data, &[]).err());
        let undefined = failures
            .filter(|fault| fault.wrong.ends_with("is not defined"))
            .count();
        assert!(undefined > 0 && undefined < data.len(), "{optional}: {undefined}");
    }
}
