//! Promises about signed webhooks: the event to the letter, its signature, and a meaning for every answer.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use macaque_core::notice::{Activity, Notice, NoticeContent};
use macaque_core::outcome::Outcome;
use macaque_core::recovery::RecoveryVerdict;
use macaque_core::report::RoundReport;
use serde_json::{Value, json};

use super::*;
use crate::notify::data::message_data;
use crate::notify::delivery::{Retryable, answer};
use crate::notify::message::recovery::tests::{recovery, unschedulable};
use crate::notify::message::tests::{attempt, budget, report};
use crate::notify::{Channel, MessageContext, NoticeMessage, RecoveryMessage, RoundMessage, Route};

/// The secret, the message and the signature that the reference libraries of Standard Webhooks are tested with.
const SECRET_VECTOR: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const SIGNED_VECTOR: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{\"test\": 2432232314}";
const SIGNATURE_VECTOR: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

fn in_cluster(cluster: &str) -> MessageContext {
    MessageContext {
        cluster: Some(cluster.to_owned()),
        ..MessageContext::default()
    }
}

fn round(report: RoundReport, cluster: &str) -> OutgoingMessage {
    RoundMessage::in_context(Arc::new(report), &in_cluster(cluster)).into()
}

fn notice(content: NoticeContent, cluster: &str) -> OutgoingMessage {
    let at = "2027-03-01T09:30:00Z".parse().unwrap();
    NoticeMessage::in_context(Arc::new(Notice { at, content }), &in_cluster(cluster)).into()
}

fn hook() -> SignedWebhook {
    SignedWebhook {
        url: "https://receiver.example/events?key=k".into(),
        secret: SECRET_VECTOR.into(),
    }
}

#[test]
fn the_event_of_a_round_is_golden() {
    let message = round(report([attempt("web-1", Outcome::Evicted)]), "prod eu/1");
    let golden = json!({
        "specversion": "1.0",
        "id": event_id(&message),
        "source": "/macaque/prod%20eu%2F1",
        "type": "io.macaque.round.finished.v1",
        "subject": "shop/deployment/web",
        "time": "2027-03-01T09:30:02Z",
        "datacontenttype": "application/json",
        "data": message_data(&message),
    });
    assert_eq!(cloud_event(&message), golden);
}

fn resumed() -> NoticeContent {
    NoticeContent::Resumed {
        since: "2027-03-01T09:00:00Z".parse().unwrap(),
    }
}

fn closed(disrupted: usize) -> NoticeContent {
    NoticeContent::WindowClosed {
        first: "2027-03-01T08:00:00Z".parse().unwrap(),
        recovering: 0,
        activity: Activity {
            disrupted,
            ..Activity::default()
        },
    }
}

#[test]
fn every_message_has_a_type_and_the_time_that_is_known() {
    let digest = NoticeContent::Digest(Box::default());
    let paused = NoticeContent::Paused {
        by: None,
        reason: None,
        until: None,
    };
    let opened = NoticeContent::WindowOpened {
        last: "2027-03-01T17:00:00Z".parse().unwrap(),
        rounds: 3,
    };
    let page = include_str!("../../../docs/notifications.md");
    let of_recovery = |verdict| RecoveryMessage::of(unschedulable(verdict)).into();
    let at = json!("2027-03-01T09:30:00Z");
    for (message, kind, time) in [
        (
            round(report([]), "c"),
            "round.finished",
            json!("2027-03-01T09:30:02Z"),
        ),
        (
            of_recovery(Some(RecoveryVerdict::Recovered)),
            "recovery.finished",
            json!(null),
        ),
        (
            of_recovery(Some(RecoveryVerdict::Unrecovered)),
            "recovery.finished",
            json!(null),
        ),
        (of_recovery(None), "recovery.stuck", json!(null)),
        (notice(paused, "c"), "paused", at.clone()),
        (notice(resumed(), "c"), "resumed", at.clone()),
        (notice(opened, "c"), "window.opened", at.clone()),
        (notice(closed(1), "c"), "window.closed", at.clone()),
        (notice(digest, "c"), "digest", at),
    ] {
        let event = cloud_event(&message);
        let event_type = format!("io.macaque.{kind}.v1");
        assert_eq!(event["type"], event_type);
        assert!(
            page.contains(&format!("`{event_type}`")),
            "docs/notifications.md: {event_type}"
        );
        assert_eq!(event["time"], time, "{kind}");
        let channel = Channel::from(hook());
        let view = channel.view(&message, &MessageContext::default());
        assert!(view.is_some(), "{kind}");
    }
}

#[test]
fn the_subject_is_the_one_workload_that_was_disrupted_or_tried() {
    let subject = |victims: Vec<_>| {
        let report = RoundReport {
            attempts: victims,
            ..report([])
        };
        cloud_event(&round(report, "c"))["subject"].clone()
    };
    let evicted = |name| attempt(name, Outcome::Evicted);
    let mut bare = evicted("lone");
    bare.owner = None;

    assert_eq!(subject(vec![evicted("web-1")]), "shop/deployment/web");
    assert_eq!(
        subject(vec![attempt("web-1", budget("web"))]),
        "shop/deployment/web"
    );
    assert_eq!(subject(vec![bare.clone()]), "shop/pods/lone");
    assert_eq!(
        subject(vec![attempt("web-1", budget("web")), bare.clone()]),
        "shop/pods/lone"
    );
    assert_eq!(subject(vec![evicted("web-1"), bare]), json!(null));
    assert_eq!(subject(vec![]), json!(null));
    let two = vec![attempt("web-1", budget("web")), attempt("web-2", budget("web"))];
    assert_eq!(subject(two), json!(null));

    let recovery = RecoveryMessage::of(recovery(None)).into();
    assert_eq!(cloud_event(&recovery)["subject"], "shop/deployment/web");
    assert_eq!(cloud_event(&notice(resumed(), "c"))["subject"], json!(null));
}

#[test]
fn without_a_name_of_the_cluster_the_source_is_macaque() {
    let message = RoundMessage::of(&report([])).into();
    assert_eq!(cloud_event(&message)["source"], "/macaque");
}

#[test]
fn an_id_is_the_same_for_each_try_and_no_other_message_has_it() {
    let seeded = |seed| RoundReport { seed, ..report([]) };
    let with_victim = RoundReport {
        attempts: vec![attempt("web-1", Outcome::Evicted)],
        ..seeded(1)
    };
    let of_route = |name: &str| {
        let route = Route {
            name: name.to_owned(),
            namespaces: Vec::new(),
            teams: Vec::new(),
        };
        let whole = round(with_victim.clone(), "a");
        route.part_of(&whole, &in_cluster("a")).unwrap().into_owned()
    };
    let on_demand = RoundReport {
        slot: "2027-03-01T09:30:00.123Z".parse().unwrap(),
        ..report([])
    };
    let messages = || {
        [
            round(seeded(1), "a"),
            round(seeded(2), "a"),
            round(seeded(1), "b"),
            of_route("payments"),
            of_route("carts"),
            round(on_demand.clone(), "a"),
            RecoveryMessage::of(recovery(Some(RecoveryVerdict::Recovered))).into(),
            RecoveryMessage::of(unschedulable(None)).into(),
            notice(closed(1), "a"),
            notice(closed(2), "a"),
            notice(closed(1), "b"),
        ]
    };

    let ids: Vec<_> = messages().iter().map(event_id).collect();
    assert_eq!(ids, messages().iter().map(event_id).collect::<Vec<_>>());
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{ids:?}");
    assert!(ids[0].starts_with("round-2027-03-01T09:30:00Z-"), "{ids:?}");
    assert!(ids[5].starts_with("round-2027-03-01T09:30:00%2E123Z-"), "{ids:?}");
    assert_eq!(
        event_id(&round(with_victim, "a")),
        ids[0],
        "the journal may have left victims out"
    );
}

#[test]
fn an_id_fits_a_header_whatever_the_reason_says() {
    let mut stuck = unschedulable(None);
    stuck.trouble.as_mut().unwrap().reason = "a.b\r\nwebhook-id: 日".repeat(500);
    let id = event_id(&RecoveryMessage::of(stuck).into());
    assert!(
        id.len() < 200 && id.bytes().all(|b| b.is_ascii_graphic() && b != b'.'),
        "{id}"
    );
}

#[test]
fn a_signature_is_that_of_the_reference_libraries() {
    assert_eq!(
        signatures(SECRET_VECTOR, SIGNED_VECTOR).unwrap(),
        SIGNATURE_VECTOR
    );

    let other = format!("whsec_{}", "A".repeat(32));
    let both = signatures(&format!("{other} \n {SECRET_VECTOR}"), SIGNED_VECTOR).unwrap();
    let (first, second) = both.split_once(' ').unwrap();
    assert_eq!(first, signatures(&other, SIGNED_VECTOR).unwrap());
    assert_eq!(second, SIGNATURE_VECTOR);
}

#[test]
fn a_secret_of_another_form_is_a_mistake_that_says_what_is_right_and_never_shows_it() {
    let key = |bytes: usize| STANDARD.encode(vec![7; bytes]);
    for good in [
        format!("whsec_{}", key(24)),
        format!("whsec_{}", key(64)),
        format!("whsec_{}", key(25).trim_end_matches('=')),
        format!("{SECRET_VECTOR}  whsec_{}", key(32)),
    ] {
        assert_eq!(check_signing_secrets(&good), Ok(()), "{good}");
    }

    for (bad, wrong) in [
        (String::new(), "holds no secret"),
        (" \n".to_owned(), "holds no secret"),
        (key(32), "the secret does not begin with whsec_"),
        (
            format!("WHSEC_{}", key(32)),
            "the secret does not begin with whsec_",
        ),
        (format!("whsec_{}", key(23)), "the secret has fewer than 24 bytes"),
        (format!("whsec_{}", key(65)), "the secret has more than 64 bytes"),
        ("whsec_".to_owned(), "the secret has fewer than 24 bytes"),
        (
            format!("whsec_{}", "-_".repeat(20)),
            "the secret is not base64 after whsec_",
        ),
        (
            format!("whsec_{},", key(32)),
            "the secret is not base64 after whsec_",
        ),
        (
            format!("{SECRET_VECTOR} {}", key(32)),
            "secret number 2 does not begin with whsec_",
        ),
    ] {
        let fault = check_signing_secrets(&bad).unwrap_err();
        assert_eq!(fault.wrong, wrong);
        assert!(
            fault.right.starts_with("use whsec_ and the base64 of 24 to 64"),
            "{fault:?}"
        );
        assert!(
            bad.len() < 9 || !format!("{fault:?}").contains(&bad[6..]),
            "{fault:?}"
        );
    }
}

/// The value of a header, and the body.
fn sent(message: &OutgoingMessage, at: &str) -> (String, String, String, Value) {
    let hook = hook();
    let request = hook
        .request(message, Placement::Own, at.parse().unwrap())
        .unwrap();
    assert_eq!(
        request.content_type,
        "application/cloudevents+json; charset=utf-8"
    );
    let header = |name| {
        let found = request.headers.iter().find(|(known, _)| known == name);
        found.unwrap().1.clone()
    };
    let (id, seconds, signature) = (
        header("webhook-id"),
        header("webhook-timestamp"),
        header("webhook-signature"),
    );
    let signed = format!("{id}.{seconds}.{}", request.body);
    assert_eq!(signature, signatures(SECRET_VECTOR, &signed).unwrap());
    (
        id,
        seconds,
        signature,
        serde_json::from_str(&request.body).unwrap(),
    )
}

#[test]
fn a_try_is_signed_with_its_time_and_the_id_of_the_event() {
    let message = round(report([attempt("web-1", Outcome::Evicted)]), "prod");
    let (id, seconds, signature, body) = sent(&message, "2027-03-01T09:30:02.9Z");
    assert_eq!(
        (id.as_str(), seconds.as_str()),
        (body["id"].as_str().unwrap(), "1803893402")
    );

    let again = sent(&message, "2027-03-01T09:31:02Z");
    assert_eq!((&again.0, &again.3), (&id, &body));
    assert!(again.1 != seconds && again.2 != signature);
}

#[test]
fn every_answer_has_a_meaning_and_410_turns_the_channel_off() {
    for status in [200, 201, 202, 204, 299] {
        let cut = ServiceAnswer {
            whole: false,
            ..answer(status, "{\"ok\":false}")
        };
        assert_eq!(judge(&cut), Ok(Delivery::CONFIRMED), "{status}");
    }
    for (status, words) in [
        (301, "redirects are not followed"),
        (401, "does the receiver know this notify.webhook.secret"),
        (404, "check notify.webhook.url"),
        (415, "application/cloudevents+json"),
        (422, "the webhook answered 422"),
    ] {
        let error = judge(&answer(status, "an echo")).unwrap_err();
        assert!(
            error.why.contains(words) && !error.why.contains("echo"),
            "{error}"
        );
        assert_eq!(error.retryable, Retryable::No, "{error}");
    }

    let gone = judge(&answer(410, "")).unwrap_err();
    assert_eq!(gone.retryable, Retryable::ChannelGone);
    let busy = ServiceAnswer {
        retry_after: Some(Duration::from_secs(9)),
        ..answer(429, "")
    };
    let later = |retry_after| Err(Retryable::Yes { retry_after });
    assert_eq!(judge(&busy).map_err(|e| e.retryable), later(busy.retry_after));
    for status in [408, 500, 502, 503] {
        assert_eq!(
            judge(&answer(status, "")).map_err(|e| e.retryable),
            later(None),
            "{status}"
        );
    }
}

#[test]
fn an_event_is_never_edited_and_a_bad_secret_is_never_signed_with() {
    let message = round(report([]), "c");
    let edit = hook()
        .request(&message, Placement::Edit("x"), Timestamp::UNIX_EPOCH)
        .err();
    assert_eq!(edit, Some(DeliveryError::no_edit("the webhook")));

    let bad = SignedWebhook {
        secret: "canary".into(),
        ..hook()
    };
    let error = bad
        .request(&message, Placement::Own, Timestamp::UNIX_EPOCH)
        .err()
        .unwrap();
    assert_eq!(
        error.why,
        "notify.webhook.secret: the secret does not begin with whsec_"
    );
}

#[test]
fn the_url_each_secret_and_each_key_are_hidden() {
    let hook = SignedWebhook {
        secret: "whsec_one whsec_two".into(),
        ..hook()
    };
    let url = "https://receiver.example/events?key=k";
    assert_eq!(hook.hidden(), [url, "whsec_one", "whsec_two", "one", "two"]);
}
