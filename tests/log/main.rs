//! Promises about what is shown: the round in the log, and never a secret or a destination. The log is the process's,
//! so these tests share none with others.

#![expect(
    clippy::unwrap_used,
    reason = "clippy takes the fixtures of an integration test for code of the program"
)]

mod capture;

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use macaque::notify::{
    Channel, Delivery, DeliveryRetry, OutgoingMessage, Placement, RecoveryMessage, deliver,
    deliver_with_retries,
};
use macaque::platform::Platform;
use macaque_core::recovery::RecoveryVerdict;
use macaque_testkit::CANARY;
use macaque_testkit::chat_server::ChatServer;
use macaque_testkit::notify::{
    SIGNING_SECRETS, hasty, http, http_channel, message, recovery, signed_webhook, slack, stuck, teams,
    webex, webhook,
};
use macaque_testkit::server_answer::{ServerAnswer, reply, reply_with};

use self::capture::{captured, start_capture};

#[actix_rt::test]
async fn the_log_names_each_victim_and_the_round_and_warns_of_doubt() {
    start_capture();
    assert_eq!(
        deliver(&http(), &Channel::Log, &message(), Placement::Own).await,
        Ok(Delivery::CONFIRMED)
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
async fn a_recovery_is_one_line_whose_level_says_whether_somebody_has_to_act() {
    let stuck = stuck("web-1", "Unschedulable");
    let ended = |verdict| recovery("web-1", verdict);
    for (report, level, verdict) in [
        (ended(RecoveryVerdict::Recovered), "INFO", "recovered seconds=4.5"),
        (ended(RecoveryVerdict::Slow), "WARN", "slow seconds=4.5"),
        (ended(RecoveryVerdict::Unrecovered), "ERROR", "unrecovered"),
        (ended(RecoveryVerdict::Shrunk), "INFO", "shrunk"),
        (ended(RecoveryVerdict::Rolled), "INFO", "rolled"),
        (ended(RecoveryVerdict::Completed), "INFO", "completed"),
        (ended(RecoveryVerdict::Ownerless), "INFO", "ownerless"),
        (ended(RecoveryVerdict::Unwatched), "WARN", "unwatched"),
        (stuck, "WARN", "stuck"),
    ] {
        start_capture();
        let message = RecoveryMessage::of(report);
        let words = [[message.headline.clone()].as_slice(), &message.notes]
            .concat()
            .join("; ");
        let delivered = deliver(&http(), &Channel::Log, &message.into(), Placement::Own).await;
        assert_eq!(delivered, Ok(Delivery::CONFIRMED));

        let line = format!(
            "{level} macaque::notify::log_channel: {words} slot=2027-03-01T09:30:00Z namespace=shop pod=shop/web-1 \
             uid=uid-web-1 owner=deployment/web verdict={verdict} ready=2 target=3"
        );
        let ours = captured().into_iter().filter(|line| line.contains("log_channel"));
        assert_eq!(ours.collect::<Vec<_>>(), [line]);
    }
}

/// A channel of each service at `address`.
fn all_channels(address: &str) -> [Channel; 6] {
    [slack, webhook, webex, teams, signed_webhook, http_channel].map(|channel| channel(address))
}

/// A message of each kind in each place, by the names of a service.
fn placements(channel: &Channel) -> Vec<(OutgoingMessage, Placement<'static>)> {
    let name = if channel.name() == "slack" {
        "C7/1.2"
    } else {
        "Y2lzY29"
    };
    let reply = RecoveryMessage::of(recovery("web-1", RecoveryVerdict::Unrecovered)).into();
    vec![
        (message(), Placement::Own),
        (reply, Placement::Reply(name)),
        (message(), Placement::Edit(name)),
    ]
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
        reply(410, CANARY),
        reply_with(302, &location),
        ServerAnswer::Stall(String::new()),
        ServerAnswer::Reset,
        ServerAnswer::Bytes(CANARY.to_owned()),
    ] {
        addresses.push(ChatServer::answering([answer]).await.address);
    }

    let platform = Platform::system();
    let mut shown = format!("{:?}\n", http());
    for address in &addresses {
        for channel in all_channels(address) {
            let at_once = DeliveryRetry {
                tries: 2,
                first: Duration::ZERO,
                longest: Duration::ZERO,
            };
            for (message, placement) in placements(&channel) {
                let delivery =
                    deliver_with_retries(&hasty(), &channel, &message, placement, &at_once, &platform).await;
                shown += &format!("{} {channel:?} {placement:?} {delivery:?}\n", channel.name());
                shown += &delivery.map_or_else(|error| error.to_string() + "\n", |_| String::new());
            }
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
        assert!(
            SIGNING_SECRETS.iter().all(|secret| !line.contains(&secret[6..])),
            "{line}"
        );
    }

    for line in ours.iter().map(String::as_str).chain(shown.lines()) {
        assert!(
            ["127.0.0.1", "/services", "/v1", "/workflows", "/events"]
                .iter()
                .all(|part| !line.contains(part)),
            "{line}"
        );
    }
}

/// The canary in encodings in which a service may echo it; each can stand in a JSON string.
fn encoded_canaries() -> Vec<String> {
    let each = |write: fn(char) -> String| CANARY.chars().map(write).collect::<String>();
    let percent = CANARY.replace('-', "%2d");
    vec![
        CANARY.to_owned(),
        CANARY.to_uppercase(),
        CANARY.replace('-', "\\u002d"),
        each(|c| format!("\\u{:04X}", u32::from(c))),
        each(|c| format!("\\\\u{:04x}", u32::from(c))),
        percent.clone(),
        percent.to_uppercase(),
        each(|c| format!("%{:02X}", u32::from(c))),
        percent.replace('%', "%25"),
        CANARY.replace('-', "&#45;"),
        STANDARD.encode(CANARY),
        STANDARD.encode(format!("bot:{CANARY}")),
        STANDARD_NO_PAD.encode(format!("is {CANARY}")),
        URL_SAFE.encode(format!("?>{CANARY}")),
        URL_SAFE_NO_PAD.encode(CANARY),
        each(|c| format!("{:02x}", u32::from(c))),
        CANARY.replace('-', "-\u{200b}"),
        CANARY.replace('-', "\u{ad}-"),
        CANARY.replace('-', "-\\u2060"),
        CANARY.replace('-', "\\n-"),
        format!("{}{CANARY}", "x".repeat(185)),
    ]
}

#[actix_rt::test]
async fn no_secret_is_shown_in_whichever_encoding_a_service_echoes_it() {
    start_capture();
    let platform = Platform::system();
    let at_once = DeliveryRetry {
        tries: 2,
        first: Duration::ZERO,
        longest: Duration::ZERO,
    };

    for canary in encoded_canaries() {
        let body = format!(r#"{{"ok":false,"error":"{canary}","message":"no {canary}"}}"#);
        let decoded: serde_json::Value = serde_json::from_str(&body).unwrap();
        let decoded = decoded["error"].as_str().unwrap();

        for answer in [
            reply(400, &body),
            reply(500, &body),
            reply(200, &body),
            reply(403, &canary),
        ] {
            let address = ChatServer::answering([answer]).await.address;
            for channel in all_channels(&address) {
                for (message, placement) in placements(&channel) {
                    let delivery =
                        deliver_with_retries(&hasty(), &channel, &message, placement, &at_once, &platform)
                            .await;
                    let answered = delivery.map_or_else(|error| error.to_string(), |ok| format!("{ok:?}"));
                    let shown = format!("{answered} {}", captured().join(" "));
                    for secret in [CANARY, &canary, decoded] {
                        assert!(!visible(&shown).contains(&visible(secret)), "{canary}: {shown}");
                    }
                    let echoes =
                        shown.contains("Webex answered 400:") || shown.contains("Webex answered 500:");
                    assert!(!echoes || shown.contains("[hidden]"), "{canary}: {shown}");
                }
            }
        }
    }
}

#[actix_rt::test]
async fn no_secret_is_kept_as_the_name_of_a_message() {
    let named = |id: &str| {
        let body = format!(r#"{{"ok":true,"channel":"{id}","ts":"1.2","id":"{id}"}}"#);
        ChatServer::answering([reply(200, &body)])
    };
    for secret in [CANARY.to_owned(), URL_SAFE_NO_PAD.encode(CANARY)] {
        let address = named(&secret).await.address;
        for channel in [slack(&address), webex(&address)] {
            let delivery = deliver(&http(), &channel, &message(), Placement::Own).await;
            assert_eq!(delivery, Ok(Delivery::CONFIRMED), "{secret}");
        }
    }

    let address = named("C1").await.address;
    for (channel, name) in [(slack(&address), "C1/1.2"), (webex(&address), "C1")] {
        let name = Some(name.to_owned());
        let delivery = deliver(&http(), &channel, &message(), Placement::Own).await;
        assert_eq!(delivery, Ok(Delivery::Confirmed { name }));
    }
}

/// The characters that a reader can tell apart, in lower case.
fn visible(text: &str) -> String {
    let visible = text
        .chars()
        .filter(|c| !matches!(c, '\u{200b}' | '\u{ad}' | '\u{2060}' | ' ' | '\n'));
    visible.flat_map(char::to_lowercase).collect()
}
