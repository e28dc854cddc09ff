//! The receivers of macaque's messages: a webhook that the reference libraries verify, and a service with a template.

use macaque_testkit::chat_server::ChatServer;
use macaque_testkit::notify::SIGNING_SECRETS;
use macaque_testkit::python;
use macaque_testkit::server_answer::reply;
use serde_json::{Value, json};

use super::RecordedDisruption;
use crate::test_namespace::until;

/// Verifies a signed event and reads it, by the reference libraries.
const READER: &str = r#"
import json, sys
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from standardwebhooks.webhooks import Webhook

sent = json.load(sys.stdin)
body = sent["body"].encode()
Webhook(sent["secret"]).verify(body, sent["headers"])
event = from_http_event(HTTPMessage(headers=sent["headers"], body=body))
print(json.dumps({"type": event.get_type(), "data": event.get_data()}))
"#;

/// The template of a message: what it is about, its round and its victim.
const TEMPLATE: &str = r#"{
  "about": {{ about }},
  "slot": {{ slot }},
  "victim": {% if about == "round" %}{{ round.attempts[0].pod.uid }}{% else %}{{ recovery.pod.uid }}{% endif %}
}"#;

/// The receivers of messages: a signed webhook, and a service with a template.
pub(super) struct Receivers {
    webhook: ChatServer,
    templated: ChatServer,
}

impl Receivers {
    pub(super) async fn start() -> Self {
        Self {
            webhook: ChatServer::answering([reply(204, "")]).await,
            templated: ChatServer::answering([reply(204, "")]).await,
        }
    }

    /// The settings of both channels.
    pub(super) fn config(&self) -> String {
        format!(
            "[notify]\nkinds = [\"all\"]\n\n[notify.webhook]\nurl = \"http://{}/\"\nsecret = \"{}\"\n\n[[notify.http]]\n\
             name = \"own\"\nurl = \"http://{}/\"\nkinds = [\"disruption\", \"recovered\"]\nbody = '''{TEMPLATE}'''\n",
            self.webhook.address, SIGNING_SECRETS[0], self.templated.address
        )
    }

    /// Asserts that the messages of both channels are about this disruption and its recovery.
    pub(super) async fn show(&self, recorded: &RecordedDisruption) {
        let about = |what: &str| json!({"about": what, "slot": recorded.slot, "victim": recorded.victim_uid});
        let told = (json!(recorded.slot), json!(recorded.victim_uid));
        assert_eq!(self.until_verified().await, [told.clone(), told]);
        assert_eq!(self.until_templated().await, [about("round"), about("recovery")]);
    }

    /// Waits for the signed events of a round and of a recovery, verified: the slots and victims that they name.
    async fn until_verified(&self) -> [(Value, Value); 2] {
        until("events about the round and its recovery are sent", async || {
            let events: Vec<_> = self
                .webhook
                .requests()
                .iter()
                .map(|sent| verified(sent))
                .collect();
            let of_type = |name: &str| events.iter().find(|event| event["type"] == name);
            let round = &of_type("io.macaque.round.finished.v1")?["data"]["round"];
            let recovery = &of_type("io.macaque.recovery.finished.v1")?["data"]["recovery"];
            Some([
                (round["slot"].clone(), round["attempts"][0]["pod"]["uid"].clone()),
                (recovery["slot"].clone(), recovery["pod"]["uid"].clone()),
            ])
        })
        .await
    }

    /// Waits for the messages by the template.
    async fn until_templated(&self) -> Vec<Value> {
        until("messages by the template are sent", async || {
            let requests = self.templated.requests();
            let bodies = requests
                .iter()
                .map(|request| request.split_once("\r\n\r\n").unwrap().1);
            let bodies: Vec<_> = bodies.map(|body| serde_json::from_str(body).unwrap()).collect();
            (bodies.len() >= 2).then_some(bodies)
        })
        .await
    }
}

/// A request of the webhook as the reference libraries read it, having verified it.
fn verified(request: &str) -> Value {
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let headers = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    let headers: serde_json::Map<_, _> = headers
        .map(|(name, value)| (name.to_ascii_lowercase(), json!(value)))
        .collect();
    let sent = json!({"secret": SIGNING_SECRETS[0], "headers": headers, "body": body});
    let read = python::run(READER, sent.to_string().as_bytes());
    serde_json::from_str(&read).unwrap()
}
