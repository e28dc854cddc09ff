//! Promises of the notify layer over HTTP: what a service receives, and what its answers do to a
//! delivery. What services do wrong is in `faults`, what must not be shown in `discretion`.
mod discretion;
mod documents;
mod faults;
mod http_channels;
mod limits;
mod recoveries;
mod routes;
mod template_limits;
mod test_notifier;
mod tls;
mod webhooks;

use std::time::{Duration, Instant};

use macaque::notify::{
    Channel, Delivery, DeliveryError, DeliveryResult, DeliveryRetry, Placement, Retryable, SlackWebhook,
    TryCount, deliver, deliver_with_retries,
};
use macaque::platform::Platform;
use serde_json::json;

use macaque_testkit::CANARY;
use macaque_testkit::chat_server::ChatServer;
use macaque_testkit::notify::{CREATED, OK, http, message, slack, webex, webhook};
use macaque_testkit::server_answer::{reply, reply_with};

const DELIVERED: DeliveryResult = Ok(Delivery::CONFIRMED);

/// The delivery of a message that the service named.
fn delivered_as(name: &str) -> DeliveryResult {
    Ok(Delivery::Confirmed {
        name: Some(name.to_owned()),
    })
}

/// Follows the default policy for one series of tries, without its pauses; they are returned.
async fn with_retries(channel: &Channel) -> (DeliveryResult, Vec<Duration>) {
    let http = http();
    let message = message();
    let mut pauses = vec![];
    let once = async || deliver(&http, channel, &message, Placement::Own).await;
    let delivery = DeliveryRetry::default()
        .run(
            &Platform::system(),
            &mut TryCount::default(),
            once,
            async |pause| pauses.push(pause),
        )
        .await;
    (delivery, pauses)
}

#[actix_rt::test]
async fn a_bot_posts_the_message_with_its_token_in_the_header_alone() {
    let service = ChatServer::answering([reply(200, OK)]).await;
    assert_eq!(
        deliver(&http(), &slack(&service.address), &message(), Placement::Own).await,
        delivered_as("C1/1.2")
    );

    let (head, body) = service.request();
    let mut lines: Vec<_> = head.lines().map(str::to_ascii_lowercase).collect();
    lines.retain(|line| !line.starts_with("date: "));
    lines[1..].sort();

    assert_eq!(lines.remove(0), "post /api/chat.postmessage http/1.1");
    let length = format!("content-length: {}", body.to_string().len());
    let agent = concat!("user-agent: macaque/", env!("CARGO_PKG_VERSION"));
    let expected = [
        "accept-encoding: identity",
        &format!("authorization: bearer {}", CANARY.to_ascii_lowercase()),
        "connection: close",
        &length,
        "content-type: application/json; charset=utf-8",
        &format!("host: {}", service.address),
        agent,
    ];

    assert_eq!(lines, expected);
    assert_eq!(body["channel"], "C-destination");
    assert_eq!(body["text"], "evicted 1 pod, 1 with unknown outcome");

    let lines = "• shop/web-1: evicted\n• shop/web-2: unknown: the connection broke";
    assert_eq!(body["blocks"][1]["text"]["text"], lines);
    assert!(!body.to_string().contains(CANARY));
}

#[actix_rt::test]
async fn a_webhook_is_posted_to_its_whole_url_and_carries_no_token() {
    let service = ChatServer::answering([reply(200, "ok")]).await;
    assert_eq!(
        deliver(&http(), &webhook(&service.address), &message(), Placement::Own).await,
        DELIVERED
    );

    let (head, body) = service.request();
    assert!(
        head.starts_with(&format!("POST /services/{CANARY} HTTP/1.1\r\n")),
        "{head}"
    );
    assert!(!head.to_ascii_lowercase().contains("authorization"));
    assert_eq!(body["channel"], json!(null));
}

#[actix_rt::test]
async fn webex_gets_its_room_and_the_message_in_markdown() {
    let service = ChatServer::answering([reply(200, CREATED)]).await;
    assert_eq!(
        deliver(&http(), &webex(&service.address), &message(), Placement::Own).await,
        delivered_as("Y2lzY29")
    );

    let (head, body) = service.request();
    assert!(head.starts_with("POST /v1/messages HTTP/1.1\r\n"), "{head}");
    assert!(head.contains(&format!("Bearer {CANARY}")));
    assert_eq!(body["roomId"], "room-destination");

    let markdown = body["markdown"].as_str().unwrap();
    assert!(markdown.starts_with("**evicted 1 pod, 1 with unknown outcome**\n\n- shop/web-1: evicted"));
}

#[actix_rt::test]
async fn slacks_ok_false_is_a_failure_that_is_not_repeated_if_it_is_permanent() {
    let service = ChatServer::answering([reply(200, r#"{"ok":false,"error":"not_in_channel"}"#)]).await;
    let (delivery, pauses) = with_retries(&slack(&service.address)).await;
    let why = "Slack refused the message: not_in_channel (invite the bot to the channel)";
    assert_eq!(delivery, Err(DeliveryError::permanent(why)));
    assert_eq!((service.requests().len(), pauses.len()), (1, 0));
}

#[actix_rt::test]
async fn a_refusal_for_good_is_sent_once_and_says_what_to_do() {
    let html = "<html><body>Sign in</body></html>";
    let services: [fn(&str) -> Channel; 3] = [slack, webhook, webex];
    let [bot, hook, room] = services;
    let refusals = [
        (
            bot,
            200,
            r#"{"ok":false,"error":"channel_not_found"}"#,
            "use the channel's ID",
        ),
        (
            bot,
            200,
            r#"{"ok":false,"error":"invalid_auth"}"#,
            "a new bot token is needed",
        ),
        (bot, 200, html, "is the URL right?"),
        (bot, 404, html, "check notify.slack.api_url"),
        (hook, 404, "no_service", "create a new one"),
        (hook, 410, "channel_is_archived", "the channel is archived"),
        (hook, 200, html, "is the URL right?"),
        (room, 401, "{}", "a new bot token is needed"),
        (room, 404, "{}", "check the room's ID"),
        (room, 200, html, "is the URL right?"),
    ];

    for (channel, status, body, remedy) in refusals {
        let service = ChatServer::answering([reply(status, body)]).await;
        let (delivery, _) = with_retries(&channel(&service.address)).await;
        let error = delivery.unwrap_err();
        assert_eq!(error.retryable, Retryable::No, "{error}");
        assert!(error.why.contains(remedy), "{error}");
        assert_eq!(service.requests().len(), 1, "{error}");
    }
}

#[actix_rt::test]
async fn slacks_ok_false_is_repeated_if_it_may_pass() {
    for code in ["internal_error", "service_unavailable"] {
        let sick = reply(200, &format!(r#"{{"ok":false,"error":"{code}"}}"#));
        let service = ChatServer::answering([sick, reply(200, OK)]).await;
        let (delivery, pauses) = with_retries(&slack(&service.address)).await;

        assert_eq!(delivery, delivered_as("C1/1.2"));
        let requests = service.requests();
        assert_eq!((requests.len(), pauses.len()), (2, 1));
        assert_eq!(
            requests[0].split_once("\r\n\r\n").unwrap().1,
            requests[1].split_once("\r\n\r\n").unwrap().1
        );
    }
}

#[actix_rt::test]
async fn a_retry_after_is_waited_for_and_then_the_message_arrives() {
    let busy = reply_with(429, "Retry-After: 7");
    let past = reply_with(429, "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT");
    let far = reply_with(429, "Retry-After: Wed, 31 Dec 2200 23:59:59 GMT");
    let endless = reply_with(429, "Retry-After: 99999999999999999999");
    let service = ChatServer::answering([busy, far, endless, past, reply(200, "ok")]).await;
    let (delivery, pauses) = with_retries(&webhook(&service.address)).await;
    assert_eq!(delivery, DELIVERED);
    assert_eq!(pauses[..3], [7, 300, 300].map(Duration::from_secs));
    let usual = Duration::from_secs(4)..=Duration::from_secs(8);
    assert!(
        usual.contains(&pauses[3]),
        "a date that has passed asks for nothing: {pauses:?}"
    );
}

#[actix_rt::test]
async fn a_series_has_five_tries() {
    let service = ChatServer::answering([reply(500, "")]).await;
    let (delivery, pauses) = with_retries(&webex(&service.address)).await;
    assert_eq!(delivery.unwrap_err().to_string(), "Webex answered 500");
    assert_eq!((service.requests().len(), pauses.len()), (5, 4));
}

#[actix_rt::test]
async fn a_delivery_that_fails_for_good_says_how_often_it_was_tried() {
    let service = ChatServer::answering([reply(500, "")]).await;
    let at_once = DeliveryRetry {
        tries: 3,
        first: Duration::ZERO,
        longest: Duration::ZERO,
    };
    let platform = Platform::system();
    let channel = webex(&service.address);
    let delivery =
        deliver_with_retries(&http(), &channel, &message(), Placement::Own, &at_once, &platform).await;
    assert_eq!(
        delivery.unwrap_err().to_string(),
        "Webex answered 500 (after 3 tries)"
    );
}

#[actix_rt::test]
async fn a_webhook_with_a_query_is_posted_to_with_it() {
    let service = ChatServer::answering([reply(200, "ok")]).await;
    let url = format!("http://{}/api/webhooks/1/x/slack?thread_id=5", service.address);
    let channel = Channel::from(SlackWebhook { url: url.into() });
    assert_eq!(
        deliver(&http(), &channel, &message(), Placement::Own).await,
        DELIVERED
    );

    let (head, _) = service.request();
    assert!(
        head.starts_with("POST /api/webhooks/1/x/slack?thread_id=5 HTTP/1.1\r\n"),
        "{head}"
    );
}

#[actix_rt::test]
async fn the_pauses_are_really_made() {
    let service = ChatServer::answering([reply(503, ""), reply(200, "ok")]).await;
    let short = Duration::from_millis(50);
    let retry = DeliveryRetry {
        tries: 2,
        first: short,
        longest: short,
    };
    let begun = Instant::now();
    let delivery = deliver_with_retries(
        &http(),
        &webhook(&service.address),
        &message(),
        Placement::Own,
        &retry,
        &Platform::system(),
    )
    .await;

    assert_eq!(delivery, DELIVERED);
    assert!(begun.elapsed() >= short / 2);
}
