//! Promises about signed webhooks and Teams over HTTP.

use std::sync::Arc;
use std::time::{Duration, Instant};

use macaque::notify::webhook::cloud_event;
use macaque::notify::{
    Channel, DeliveryError, MessageContext, MessageKinds, NotifyClient, Placement, RecoveryMessage,
    Retryable, TeamsWorkflow, check_url, deliver,
};
use macaque::platform::Platform;
use macaque::proxy::ProxyPolicy;
use macaque_core::outcome::Outcome;
use macaque_core::recovery::RecoveryVerdict;
use macaque_testkit::chat_room::{ChatRoom, RoomFault};
use macaque_testkit::chat_server::ChatServer;
use macaque_testkit::notify::{hasty, http, message, recovery, round, signed_webhook, teams};
use macaque_testkit::server_answer::{ServerAnswer, head, reply, reply_with};
use serde_json::Value;

use super::test_notifier::TestNotifier;
use super::{DELIVERED, with_retries};

/// The headers of a request, by their names in lower case, and its body.
fn parts(request: &str) -> (Vec<(String, String)>, Value) {
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let headers = head.lines().skip(1).map(|line| {
        let (name, value) = line.split_once(": ").unwrap();
        (name.to_ascii_lowercase(), value.to_owned())
    });
    (headers.collect(), serde_json::from_str(body).unwrap())
}

fn header(headers: &[(String, String)], name: &str) -> String {
    let found = headers.iter().find(|(known, _)| known == name);
    found.unwrap().1.clone()
}

#[actix_rt::test]
async fn an_event_is_posted_in_structured_mode_and_signed_by_each_secret() {
    let service = ChatServer::answering([reply(204, "")]).await;
    let delivery = deliver(
        &http(),
        &signed_webhook(&service.address),
        &message(),
        Placement::Own,
    )
    .await;
    assert_eq!(delivery, DELIVERED);

    let (headers, body) = parts(&service.requests()[0]);
    let media_type = header(&headers, "content-type");
    assert_eq!(media_type, "application/cloudevents+json; charset=utf-8");
    assert_eq!(header(&headers, "webhook-id"), body["id"].as_str().unwrap());
    assert_eq!(body["type"], "io.macaque.round.finished.v1");
    assert_eq!(body["data"]["round"]["slot"], "2027-03-01T09:30:00Z");

    let signatures = header(&headers, "webhook-signature");
    let signatures: Vec<_> = signatures.split(' ').collect();
    assert_eq!(signatures.len(), 2);
    assert!(signatures.iter().all(|signature| signature.starts_with("v1,")));
    assert!(!headers.iter().any(|(name, _)| name == "authorization"));
}

#[actix_rt::test]
async fn a_further_try_has_the_same_event_and_another_timestamp_and_signature() {
    let service = ChatServer::answering([reply(503, ""), reply(204, "")]).await;
    let channel = signed_webhook(&service.address);
    for start in ["2027-03-01T09:30:03Z", "2027-03-01T09:31:03Z"] {
        let platform = Platform::simulated(1, start.parse().unwrap());
        let http = NotifyClient::new(&[], &ProxyPolicy::Direct, &platform).unwrap();
        // The first of the two fails.
        let _ = deliver(&http, &channel, &message(), Placement::Own).await;
    }

    let tries: Vec<_> = service.requests().iter().map(|request| parts(request)).collect();
    let of_both = |name: &str| [&tries[0].0, &tries[1].0].map(|headers| header(headers, name));
    let [first, second] = of_both("webhook-id");
    assert_eq!(first, second);
    assert_eq!(tries[0].1, tries[1].1);
    for name in ["webhook-timestamp", "webhook-signature"] {
        let [first, second] = of_both(name);
        assert_ne!(first, second, "{name}");
    }
}

#[actix_rt::test]
async fn a_redirect_of_a_signed_event_is_a_failure_and_the_other_server_sees_nothing() {
    let elsewhere = ChatServer::answering([reply(200, "")]).await;
    for channel in [signed_webhook, teams] {
        let location = format!("Location: http://{}/", elsewhere.address);
        let service = ChatServer::answering([reply_with(307, &location)]).await;
        let (delivery, _) = with_retries(&channel(&service.address)).await;
        let error = delivery.unwrap_err();
        assert!(
            error.why.contains("answered 307: redirects are not followed"),
            "{error}"
        );
        assert_eq!((error.retryable, service.requests().len()), (Retryable::No, 1));
    }
    assert!(elsewhere.requests().is_empty());
}

#[actix_rt::test]
async fn an_answer_of_many_megabytes_is_read_up_to_its_limit_and_the_status_counts() {
    let patient = http().with_deadline(Duration::from_secs(60));
    for channel in [signed_webhook, teams] {
        let service = ChatServer::answering([ServerAnswer::Flood(head(200))]).await;
        let begun = Instant::now();
        let delivery = deliver(&patient, &channel(&service.address), &message(), Placement::Own).await;
        assert_eq!(delivery, DELIVERED);
        assert!(begun.elapsed() < Duration::from_secs(10));
    }
}

#[actix_rt::test]
async fn a_receiver_that_is_slow_has_accepted_the_event_once_its_status_is_there() {
    for channel in [signed_webhook, teams] {
        let service = ChatServer::answering([ServerAnswer::Stall(head(202))]).await;
        let delivery = deliver(&hasty(), &channel(&service.address), &message(), Placement::Own).await;
        assert_eq!(delivery, DELIVERED);

        let service = ChatServer::answering([ServerAnswer::Stall(String::new())]).await;
        let error = deliver(&hasty(), &channel(&service.address), &message(), Placement::Own).await;
        assert_eq!(error.unwrap_err().retryable, Retryable::InDoubt);
    }
}

#[actix_rt::test]
async fn teams_is_told_to_wait_and_gets_its_card_then() {
    let busy = reply_with(429, "Retry-After: 7");
    let service = ChatServer::answering([busy, reply(202, "")]).await;
    let (delivery, pauses) = with_retries(&teams(&service.address)).await;
    assert_eq!((delivery, pauses), (DELIVERED, vec![Duration::from_secs(7)]));

    let request = &service.requests()[1];
    assert!(
        request.starts_with("POST /workflows/invoke?sig="),
        "the whole URL: {request}"
    );
    let (_, body) = parts(request);
    assert_eq!(body["attachments"][0]["content"]["version"], "1.4");
}

#[actix_rt::test]
async fn a_receiver_that_is_gone_gets_nothing_more_and_no_message_waits_for_it() {
    let room = ChatRoom::open().await;
    room.fail_next("/events", RoomFault::Refuse(reply(410, "")));
    let mut notifier = TestNotifier::start_in(room, signed_webhook, MessageKinds::all());

    let mut later = round([("web-1", Outcome::Evicted)]);
    later.slot += Duration::from_secs(60);
    notifier.report_round(round([("web-1", Outcome::Evicted)]), false);
    notifier.report_round(later, false);
    for _ in 0..2 {
        let delivered = notifier.confirmed().await;
        assert!(
            delivered.done && delivered.channels.values().all(Option::is_none),
            "{delivered:?}"
        );
    }

    let mut last = round([("web-1", Outcome::Evicted)]);
    last.slot += Duration::from_secs(120);
    notifier.report_round(last, false);
    assert!(notifier.confirmed().await.done);
    let room = notifier.drain().await;
    assert_eq!((room.requests("/events"), room.posts().len()), (1, 0));
}

#[actix_rt::test]
async fn neither_an_event_nor_a_card_is_sent_in_the_clear_beyond_this_host() {
    assert!(check_url("http://relay.example/events").is_err());
    let in_the_clear = Channel::from(TeamsWorkflow {
        url: "http://relay.example/x".into(),
    });
    let error = deliver(&http(), &in_the_clear, &message(), Placement::Own).await;
    let why = "the URL of Teams cannot be used: it would send a secret unencrypted";
    assert_eq!(error, Err(DeliveryError::permanent(why)));
    let far = signed_webhook("relay.example");
    let error = deliver(&http(), &far, &message(), Placement::Own).await;
    let why = "the URL of the webhook cannot be used: it would send a secret unencrypted";
    assert_eq!(error, Err(DeliveryError::permanent(why)));
}

#[test]
fn the_page_shows_an_event_as_it_is_sent() {
    let context = MessageContext {
        cluster: Some("prod".to_owned()),
        ..MessageContext::default()
    };
    let report = recovery("web-1", RecoveryVerdict::Recovered);
    let event = cloud_event(&RecoveryMessage::in_context(Arc::new(report), &context).into());

    let page = include_str!("../../../docs/notifications.md");
    let (_, shown) = page.split_once("<!-- recovery event -->\n```json\n").unwrap();
    let (shown, _) = shown.split_once("```").unwrap();
    let shown: Value = serde_json::from_str(shown).unwrap();
    assert_eq!(shown, event, "docs/notifications.md: {event:#}");
}
