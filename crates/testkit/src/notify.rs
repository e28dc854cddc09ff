//! A message about one round, and the channels that tests deliver it through.

use std::collections::BTreeMap;
use std::time::Duration;

use macaque::notify::{Channel, ChatClient, OutgoingMessage, RoundMessage, SlackBot, SlackWebhook, WebexBot};
use macaque::platform::Platform;
use macaque::proxy::ProxyPolicy;
use macaque_core::outcome::{DisruptionMethod, Outcome};
use macaque_core::pod::PodRef;
use macaque_core::report::{AttemptReport, RoundEnd, RoundReport};

use crate::CANARY;

/// What Slack says to a bot when all is well.
pub const OK: &str = r#"{"ok":true,"channel":"C1","ts":"1.2"}"#;

/// What Webex says to a bot when all is well.
pub const CREATED: &str = r#"{"id":"Y2lzY29","roomId":"r"}"#;

/// A round that evicted one pod and does not know of another.
pub fn message() -> OutgoingMessage {
    let attempt = |name: &str, outcome| AttemptReport {
        pod: PodRef {
            namespace: "shop".to_owned(),
            name: name.to_owned(),
            uid: format!("uid-{name}"),
        },
        owner: None,
        outcome,
        warnings: vec![],
    };
    let why = "the connection broke".to_owned();

    let report = RoundReport {
        slot: "2027-03-01T09:30:00Z".parse().unwrap(),
        finished: "2027-03-01T09:30:02Z".parse().unwrap(),
        seed: 42,
        dry_run: false,
        method: DisruptionMethod::Evict,
        namespaces: vec!["shop".to_owned()],
        selector: String::new(),
        listed: 2,
        candidates: 2,
        exempted: BTreeMap::new(),
        attempts: vec![
            attempt("web-1", Outcome::Evicted),
            attempt("web-2", Outcome::Unknown { why }),
        ],
        problems: vec![],
        warnings: Vec::new(),
        end: RoundEnd::Complete,
    };
    RoundMessage::of(&report).into()
}

/// A Slack bot whose API is at `address`.
pub fn slack(address: &str) -> Channel {
    Channel::from(SlackBot {
        token: CANARY.into(),
        channel: "C-destination".to_owned(),
        api_url: format!("http://{address}/api"),
    })
}

/// A Slack webhook at `address`.
pub fn webhook(address: &str) -> Channel {
    Channel::from(SlackWebhook {
        url: format!("http://{address}/services/{CANARY}").into(),
    })
}

/// A Webex bot whose API is at `address`.
pub fn webex(address: &str) -> Channel {
    Channel::from(WebexBot {
        token: CANARY.into(),
        room_id: "room-destination".to_owned(),
        api_url: format!("http://{address}/v1/"),
    })
}

/// A client for services on loopback.
pub fn http() -> ChatClient {
    ChatClient::new(&[], &ProxyPolicy::Direct, &Platform::system()).unwrap()
}

/// A client for services on loopback whose deadline a test can wait for.
pub fn hasty() -> ChatClient {
    http().with_deadline(Duration::from_millis(500))
}
