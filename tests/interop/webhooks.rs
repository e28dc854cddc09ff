//! Signed webhooks, as macaque sends them, read by the reference libraries of CloudEvents and Standard Webhooks.

use macaque::notify::{OutgoingMessage, Placement, RecoveryMessage, deliver};
use macaque_core::recovery::RecoveryVerdict;
use macaque_testkit::chat_server::ChatServer;
use macaque_testkit::notify::{SIGNING_SECRETS, http, message, recovery, signed_webhook, stuck};
use macaque_testkit::server_answer::reply;
use serde_json::{Value, json};

use crate::python;

/// Reads a request that was sent, changed or not, by both libraries.
const READER: &str = r#"
import json, sys
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

sent = json.load(sys.stdin)
body, headers = sent["body"].encode(), sent["headers"]

def is_verified(secret, body=body, **changed):
    try:
        Webhook(secret).verify(body, headers | changed)
        return True
    except WebhookVerificationError:
        return False

event = from_http_event(HTTPMessage(headers=headers, body=body))
print(json.dumps({
    "verified": [is_verified(secret) for secret in sent["secrets"]],
    "changed": {
        "body": is_verified(sent["secrets"][0], body.replace(b"shop", b"shoq", 1)),
        "id": is_verified(sent["secrets"][0], **{"webhook-id": headers["webhook-id"] + "x"}),
        "time": is_verified(sent["secrets"][0], **{"webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)}),
        "secret": is_verified("whsec_" + "A" * 32),
    },
    "event": {
        "specversion": event.get_specversion(), "id": event.get_id(), "source": event.get_source(),
        "type": event.get_type(), "subject": event.get_subject(), "media_type": event.get_datacontenttype(),
        "data": event.get_data(),
    },
}))
"#;

/// Sends the message for real; returns what the libraries read of it.
async fn read(message: OutgoingMessage) -> Value {
    let service = ChatServer::answering([reply(204, "")]).await;
    let channel = signed_webhook(&service.address);
    deliver(&http(), &channel, &message, Placement::Own)
        .await
        .unwrap();

    let requests = service.requests();
    let (head, body) = requests[0].split_once("\r\n\r\n").unwrap();
    let headers = head.lines().skip(1).map(|line| {
        let (name, value) = line.split_once(": ").unwrap();
        (name.to_ascii_lowercase(), json!(value))
    });
    let headers: serde_json::Map<_, _> = headers.collect();
    let sent = json!({"headers": headers, "body": body, "secrets": SIGNING_SECRETS});
    let read = python::run(READER, sent.to_string().as_bytes());
    serde_json::from_str(&read).unwrap()
}

#[actix_rt::test]
#[ignore = "needs the libraries of .ci/verifiers: just interop"]
async fn an_event_is_verified_and_read_by_the_reference_libraries_and_no_byte_can_be_changed() {
    let messages = [
        (message(), "round.finished", json!(null)),
        (
            RecoveryMessage::of(recovery("web-1", RecoveryVerdict::Recovered)).into(),
            "recovery.finished",
            json!("shop/deployment/web"),
        ),
        (
            RecoveryMessage::of(stuck("web-1", "Unschedulable")).into(),
            "recovery.stuck",
            json!("shop/deployment/web"),
        ),
    ];
    for (message, kind, subject) in messages {
        let id = message.id().to_string();
        let read = read(message).await;
        assert_eq!(read["verified"], json!([true, true]), "{kind}");
        let changed = json!({"body": false, "id": false, "time": false, "secret": false});
        assert_eq!(read["changed"], changed, "{kind}");

        let event = &read["event"];
        assert_eq!(event["type"], format!("io.macaque.{kind}.v1"));
        assert_eq!(
            (&event["specversion"], &event["source"]),
            (&json!("1.0"), &json!("/macaque"))
        );
        assert_eq!(
            (&event["subject"], &event["media_type"]),
            (&subject, &json!("application/json"))
        );
        assert_eq!(event["data"]["id"], id);
        assert!(event["id"].as_str().unwrap().len() > id.len());
    }
}
