//! Promises about services that are down, slow, or answer something else.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use macaque_core::guard::GuardAnswer::{CannotAnswer, Go};
use macaque_testkit::fake_gate::{FakeGate, firing};
use macaque_testkit::server_answer::{ServerAnswer, head, reply, reply_with};

use super::{GateConfig, asked, examined, gate, kinds, says_true};
use macaque::gates::HttpMethod;

/// Each kind of gate at `service`.
fn gates(service: &FakeGate) -> [GateConfig; 3] {
    kinds().map(|kind| gate(&service.url(), kind))
}

#[actix_rt::test]
async fn a_service_that_is_down_cannot_answer() {
    let address = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    for kind in kinds() {
        let finding = asked(&gate(&format!("http://{address}"), kind)).await;
        let seen = format!("connecting to {address} failed: connection refused");
        assert_eq!(finding, (CannotAnswer, seen));
    }
}

#[actix_rt::test]
async fn no_slow_service_outlasts_the_time_out() {
    let slow = [
        (ServerAnswer::Stall(String::new()), "did not answer in time"),
        (
            ServerAnswer::Drip("HTTP/1.1 200 OK\r\nX:".to_owned()),
            "did not answer in time",
        ),
        (ServerAnswer::Stall(head(200)), "did not end in time"),
        (ServerAnswer::Drip(head(200)), "did not end in time"),
    ];
    let asked_all = slow.into_iter().flat_map(|(answer, words)| {
        let service = FakeGate::start(answer);
        gates(&service).map(|config| (config, words))
    });
    join_all(asked_all.map(async |(mut config, words)| {
        config.timeout = Duration::from_millis(500);
        let begun = Instant::now();
        let (answer, seen) = asked(&config).await;
        assert_eq!(answer, CannotAnswer);
        assert!(seen.ends_with(words), "{seen}");
        assert!(begun.elapsed() < Duration::from_secs(30), "{seen}");
    }))
    .await;
}

#[actix_rt::test]
async fn a_redirect_is_not_followed_and_the_other_server_sees_nothing() {
    let elsewhere = FakeGate::start(firing(&[]));
    for status in [301, 302, 303, 307, 308] {
        let location = format!("Location: {}/s3cret", elsewhere.url());
        let service = FakeGate::start(reply_with(status, &location));
        for config in gates(&service) {
            let examined = examined(&config, &[]).await;
            let seen = format!(
                "{} answered {status}: redirects are not followed",
                service.address()
            );
            assert_eq!(
                (examined.finding.answer, examined.finding.seen),
                (CannotAnswer, seen)
            );

            let remedy = examined.remedy.unwrap();
            assert!(
                remedy.contains(&elsewhere.url()) && !remedy.contains("s3cret"),
                "{remedy}"
            );
        }
    }
    assert!(elsewhere.requests().is_empty());
}

#[actix_rt::test]
async fn what_no_such_service_says_is_no_answer() {
    let answers = [
        reply(200, "<html><body>Sign in</body></html>"),
        reply(503, "True"),
        reply(429, "[]"),
        reply(401, "[]"),
        ServerAnswer::Reset,
        ServerAnswer::Bytes(String::new()),
        ServerAnswer::Bytes("SSH-2.0-x\r\n\r\n".to_owned()),
        ServerAnswer::Bytes(format!("{}True", head(200))),
        ServerAnswer::Bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nTrue\r\n".to_owned()),
        ServerAnswer::Bytes("HTTP/1.0 200 OK\r\n\r\nTrue".to_owned()),
        ServerAnswer::Flood(head(200)),
    ];
    for answer in answers {
        let service = FakeGate::start(answer.clone());
        for config in gates(&service) {
            let finding = asked(&config).await;
            assert_eq!(finding.0, CannotAnswer, "{answer:?}: {finding:?}");
        }
    }
}

#[actix_rt::test]
async fn a_body_in_chunks_counts_once_its_last_chunk_has_come() {
    let whole = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nTrue\r\n0\r\n\r\n";
    let service = FakeGate::start(ServerAnswer::Bytes(whole.to_owned()));
    let config = gate(&service.url(), says_true(HttpMethod::Get));
    assert_eq!(asked(&config).await.0, Go);
}
