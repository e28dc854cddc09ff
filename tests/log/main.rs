//! Promises about what is shown: the round in the log, and never a secret or a destination. The log is the process's,
//! so these tests share none with others.

#![expect(
    clippy::unwrap_used,
    reason = "clippy takes the fixtures of an integration test for code of the program"
)]

mod capture;

use std::time::Duration;

use macaque::notify::{Channel, Delivery, DeliveryRetry, deliver, deliver_with_retries};
use macaque::platform::Platform;
use macaque_testkit::CANARY;
use macaque_testkit::chat_server::{ChatAnswer, ChatServer, reply, reply_with};
use macaque_testkit::notify::{hasty, http, message, slack, webex, webhook};

use self::capture::{captured, start_capture};

#[actix_rt::test]
async fn the_log_names_each_victim_and_the_round_and_warns_of_doubt() {
    start_capture();
    assert_eq!(
        deliver(&http(), &Channel::Log, &message()).await,
        Ok(Delivery::Confirmed)
    );

    let round = "slot=2027-03-01T09:30:00Z seed=42";
    let expected = [
        format!("INFO shop/web-1: evicted {round} pod=shop/web-1 uid=uid-web-1 outcome=evicted"),
        format!(
            "WARN shop/web-2: unknown: the connection broke {round} pod=shop/web-2 uid=uid-web-2 outcome=unknown"
        ),
        format!("WARN evicted 1 pod, 1 with unknown outcome {round} status=failed victims=2"),
    ];
    let target = " macaque::notify::log_channel:";
    let ours = captured().into_iter().filter(|line| line.contains(target));

    assert_eq!(
        ours.map(|line| line.replace(target, "")).collect::<Vec<_>>(),
        expected
    );
}

#[actix_rt::test]
async fn no_secret_and_no_destination_is_shown_whatever_happens() {
    start_capture();
    let echo = format!(r#"{{"ok":false,"error":"{CANARY}","message":"no {CANARY} in room-destination"}}"#);
    let location = format!("Location: http://x/{CANARY}");
    let mut addresses = vec!["127.0.0.1:1".to_owned(), format!("no host {CANARY}")];

    for answer in [
        reply(200, &echo),
        reply(400, &echo),
        reply(500, &echo),
        reply(200, CANARY),
        reply(404, CANARY),
        reply_with(302, &location),
        ChatAnswer::Stall(String::new()),
        ChatAnswer::Reset,
        ChatAnswer::Bytes(CANARY.to_owned()),
    ] {
        addresses.push(ChatServer::answering([answer]).await.address);
    }

    let platform = Platform::system();
    let mut shown = format!("{:?}\n", http());
    for address in &addresses {
        for channel in [slack(address), webhook(address), webex(address)] {
            let at_once = DeliveryRetry {
                tries: 2,
                first: Duration::ZERO,
                longest: Duration::ZERO,
            };
            let delivery = deliver_with_retries(&hasty(), &channel, &message(), &at_once, &platform).await;
            shown += &format!("{} {channel:?} {delivery:?}\n", channel.name());
            shown += &delivery.map_or_else(|error| error.to_string() + "\n", |_| String::new());
        }
    }

    // What libraries trace of addresses is not ours to word; secrets must not be in that either.
    let (ours, theirs): (Vec<_>, Vec<_>) = captured().into_iter().partition(|line| line.contains(" macaque"));
    assert!(ours.iter().any(|line| line.contains("will retry")) && !theirs.is_empty());

    for line in theirs
        .iter()
        .chain(&ours)
        .map(String::as_str)
        .chain(shown.lines())
    {
        assert!(!line.contains(CANARY) && !line.contains("destination"), "{line}");
    }

    for line in ours.iter().map(String::as_str).chain(shown.lines()) {
        assert!(
            !line.contains("127.0.0.1") && !line.contains("/services") && !line.contains("/v1"),
            "{line}"
        );
    }
}
