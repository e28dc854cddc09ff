//! Promises about services that redirect, stall, flood or break.

use std::time::{Duration, Instant};

use futures_util::future::{join, join_all};
use macaque::notify::delivery::Retryable;
use macaque::notify::{Delivery, DeliveryError, DeliveryRetry, Placement, TryCount, deliver};
use macaque::platform::Platform;

use super::{DELIVERED, delivered_as, with_retries};
use macaque_testkit::chat_server::ChatServer;
use macaque_testkit::notify::{OK, hasty, http, message, slack, webex, webhook};
use macaque_testkit::server_answer::{ServerAnswer, head, reply, reply_with};

#[actix_rt::test]
async fn a_redirect_is_a_failure_and_the_other_server_sees_nothing() {
    let elsewhere = ChatServer::answering([reply(200, OK)]).await;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("Location: http://{}/latest/meta-data/", elsewhere.address);
        let service = ChatServer::answering([reply_with(status, &location)]).await;
        let (delivery, _) = with_retries(&slack(&service.address)).await;
        let why = format!("Slack answered {status}: redirects are not followed");
        assert_eq!(delivery, Err(DeliveryError::permanent(why)));
        assert_eq!(service.requests().len(), 1);
    }

    assert_eq!(elsewhere.requests().len(), 0);
}

#[actix_rt::test]
async fn no_stall_outlasts_the_deadline() {
    let late = Err(DeliveryError::in_doubt("Slack did not answer in time"));
    let why = "Slack answered 200, but its answer is incomplete".to_owned();
    let cut = Ok(Delivery::Unconfirmed { why });
    let failed = Err(DeliveryError::transient("Slack answered 500"));
    let json = |status| format!("{}{{\"channel\":", head(status));
    let stalls = [
        (ServerAnswer::Stall(String::new()), late.clone()),
        (ServerAnswer::Stall("HTTP/1.1 200 O".to_owned()), late.clone()),
        (ServerAnswer::Drip("HTTP/1.1 200 OK\r\nX:".to_owned()), late),
        (ServerAnswer::Stall(head(200)), cut.clone()),
        (ServerAnswer::Stall(json(200)), cut.clone()),
        (ServerAnswer::Drip(json(200)), cut),
        (ServerAnswer::Stall(head(500)), failed),
    ];
    join_all(stalls.map(async |(answer, expected)| {
        let service = ChatServer::answering([answer]).await;
        let begun = Instant::now();
        let delivery = deliver(&hasty(), &slack(&service.address), &message(), Placement::Own).await;
        assert_eq!(delivery, expected);
        assert!(begun.elapsed() < Duration::from_secs(5), "{expected:?}");
    }))
    .await;
}

#[actix_rt::test]
async fn what_was_delivered_stays_so_even_if_the_rest_of_the_answer_stalls() {
    let service = ChatServer::answering([ServerAnswer::Drip(format!("{}{{\"ok\":true,", head(200)))]).await;
    assert_eq!(
        deliver(&hasty(), &slack(&service.address), &message(), Placement::Own).await,
        DELIVERED
    );

    let service =
        ChatServer::answering([ServerAnswer::Stall(format!("{}{{\"id\":\"Y2\",", head(200)))]).await;
    assert_eq!(
        deliver(&hasty(), &webex(&service.address), &message(), Placement::Own).await,
        delivered_as("Y2")
    );
}

/// The head of an answer in chunks, and its beginning.
fn chunked(beginning: &str) -> String {
    format!("HTTP/1.1 200 Words\r\nTransfer-Encoding: chunked\r\n\r\n{beginning}")
}

#[actix_rt::test]
async fn what_was_accepted_is_not_sent_again_whatever_becomes_of_the_rest_of_the_answer() {
    let breaks = [
        ServerAnswer::Bytes(head(200)),
        ServerAnswer::Stall(head(200)),
        ServerAnswer::Drip(head(200)),
        ServerAnswer::Bytes(head(201)),
        ServerAnswer::Bytes(chunked("")),
        ServerAnswer::Bytes(chunked("5\r\n")),
        ServerAnswer::Bytes(chunked("zz\r\n")),
    ];
    for answer in breaks {
        for channel in [slack, webhook, webex] {
            let service = ChatServer::answering([answer.clone()]).await;
            let http = hasty();
            let message = message();
            let channel = channel(&service.address);
            let mut count = TryCount::default();
            let once = async || deliver(&http, &channel, &message, Placement::Own).await;
            let delivery = DeliveryRetry::default()
                .run(&Platform::system(), &mut count, once, async |_| {})
                .await;

            assert!(
                matches!(delivery, Ok(Delivery::Unconfirmed { .. })),
                "{answer:?}: {delivery:?}"
            );
            assert_eq!(service.requests().len(), 1, "{answer:?}");
        }
    }
}

#[actix_rt::test]
async fn what_may_have_been_delivered_is_sent_ten_times_in_all() {
    let service = ChatServer::answering([ServerAnswer::Bytes(String::new())]).await;
    let http = http();
    let message = message();
    let channel = webhook(&service.address);
    let retry = DeliveryRetry::default();
    let mut count = TryCount::default();

    loop {
        let once = async || deliver(&http, &channel, &message, Placement::Own).await;
        let delivery = retry
            .run(&Platform::system(), &mut count, once, async |_| {})
            .await;
        if retry
            .pause_between_series(&delivery.unwrap_err(), count)
            .is_none()
        {
            break;
        }
    }
    assert_eq!((service.requests().len(), count.in_doubt), (10, 10));
}

#[actix_rt::test]
async fn of_a_huge_body_only_the_beginning_is_read() {
    let service = ChatServer::answering([ServerAnswer::Flood(head(200))]).await;
    let patient = http().with_deadline(Duration::from_secs(60));
    let begun = Instant::now();
    let error = deliver(&patient, &webhook(&service.address), &message(), Placement::Own)
        .await
        .unwrap_err();
    assert_eq!(error.retryable, Retryable::No);
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[actix_rt::test]
async fn a_connection_that_fails_is_tried_again_one_that_breaks_is_in_doubt_and_neither_names_an_address() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let error = deliver(&http(), &slack(&gone.to_string()), &message(), Placement::Own)
        .await
        .unwrap_err();

    assert_eq!(
        error,
        DeliveryError::transient("connecting to Slack failed: connection refused")
    );

    for answer in [
        ServerAnswer::Reset,
        ServerAnswer::Bytes(String::new()),
        ServerAnswer::Bytes("SSH-2.0-x\r\n\r\n".to_owned()),
    ] {
        let service = ChatServer::answering([answer]).await;
        let error = deliver(&http(), &slack(&service.address), &message(), Placement::Own)
            .await
            .unwrap_err();
        assert_eq!(error.retryable, Retryable::InDoubt, "{error}");
        assert!(!error.to_string().contains("127.0.0.1"), "{error}");
    }
}

#[actix_rt::test]
async fn a_channel_that_stalls_delays_no_other() {
    let stalled = ChatServer::answering([ServerAnswer::Stall(String::new())]).await;
    let well = ChatServer::answering([reply(200, "ok")]).await;
    let http = http().with_deadline(Duration::from_secs(2));
    let message = message();
    let slow = slack(&stalled.address);
    let fast = webhook(&well.address);
    let begun = Instant::now();
    let second = async {
        deliver(&http, &fast, &message, Placement::Own).await.unwrap();
        begun.elapsed()
    };
    let (first, second) = join(deliver(&http, &slow, &message, Placement::Own), second).await;

    assert!(first.is_err() && second < Duration::from_secs(1), "{second:?}");
}
