//! A message about one round, and the channels that tests deliver it through.

use std::collections::BTreeMap;
use std::time::Duration;

use macaque::notify::http::{BodyFormat, BodyTemplate, HttpChannelMethod};
use macaque::notify::{
    Channel, HttpChannel, NotifyClient, OutgoingMessage, RoundMessage, SignedWebhook, SlackBot, SlackWebhook,
    TeamsWorkflow, WebexBot,
};
use macaque::platform::Platform;
use macaque::proxy::ProxyPolicy;
use macaque_core::outcome::{DisruptionMethod, Outcome};
use macaque_core::pod::{PodOwner, PodRef, PodTrouble};
use macaque_core::recovery::{RecoveryPrecision, RecoveryReport, RecoveryTimes, RecoveryVerdict};
use macaque_core::report::{AttemptReport, RoundEnd, RoundReport};

use crate::CANARY;

/// The slot of the round.
const SLOT: &str = "2027-03-01T09:30:00Z";

/// What Slack says to a bot when all is well.
pub const OK: &str = r#"{"ok":true,"channel":"C1","ts":"1.2"}"#;

/// What Webex says to a bot when all is well.
pub const CREATED: &str = r#"{"id":"Y2lzY29","roomId":"r"}"#;

/// The secrets by which events are signed, the older one last, as during a rotation.
pub const SIGNING_SECRETS: [&str; 2] = [
    "whsec_Q0FOQVJZLU9ORS1DQU5BUlktT05FLUNBTkFSWS1PTkU=",
    "whsec_Q0FOQVJZLVRXTy1DQU5BUlktVFdPLUNBTkFSWS1UV08=",
];

/// The message about a round that evicted one pod and does not know of another.
pub fn message() -> OutgoingMessage {
    let why = "the connection broke".to_owned();
    let report = round([("web-1", Outcome::Evicted), ("web-2", Outcome::Unknown { why })]);
    RoundMessage::of(&report).into()
}

/// A round with these victims.
pub fn round<const N: usize>(victims: [(&str, Outcome); N]) -> RoundReport {
    let attempts = victims.map(|(name, outcome)| AttemptReport {
        pod: pod(name),
        owner: None,
        team: None,
        outcome,
        warnings: vec![],
    });

    RoundReport {
        slot: SLOT.parse().unwrap(),
        finished: "2027-03-01T09:30:02Z".parse().unwrap(),
        seed: 42,
        dry_run: false,
        method: DisruptionMethod::Evict,
        namespaces: vec!["shop".to_owned()],
        selector: String::new(),
        listed: 2,
        candidates: 2,
        exempted: BTreeMap::new(),
        count: None,
        turns: Vec::new(),
        turns_reported: false,
        attempts: attempts.into(),
        problems: vec![],
        namespace_selector: String::new(),
        skipped: Vec::new(),
        warnings: Vec::new(),
        end: RoundEnd::Complete,
    }
}

/// How the recovery from the disruption of a victim of that round ended: after 4.5 s, if it did.
pub fn recovery(victim: &str, verdict: RecoveryVerdict) -> RecoveryReport {
    RecoveryReport {
        team: None,
        slot: SLOT.parse().unwrap(),
        pod: pod(victim),
        owner: PodOwner {
            kind: "Deployment".to_owned(),
            name: "web".to_owned(),
        },
        method: DisruptionMethod::Evict,
        inferred: false,
        verdict: Some(verdict),
        times: RecoveryTimes {
            whole_ms: verdict.is_recovered().then_some(4_500),
            ..RecoveryTimes::default()
        },
        precision: RecoveryPrecision::Watch,
        ready: 2,
        target: 3,
        expect_ms: 60_000,
        replacement: Some("web-3".to_owned()),
        trouble: None,
        why: None,
        usual: None,
        paused: None,
    }
}

/// A recovery from the disruption of a victim of that round whose replacement is stuck.
pub fn stuck(victim: &str, reason: &str) -> RecoveryReport {
    RecoveryReport {
        verdict: None,
        trouble: Some(PodTrouble {
            reason: reason.to_owned(),
            message: "0/3 nodes are available".to_owned(),
        }),
        ..recovery(victim, RecoveryVerdict::Unrecovered)
    }
}

fn pod(name: &str) -> PodRef {
    PodRef {
        namespace: "shop".to_owned(),
        name: name.to_owned(),
        uid: format!("uid-{name}"),
    }
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

/// A workflow of Teams at `address`.
pub fn teams(address: &str) -> Channel {
    Channel::from(TeamsWorkflow {
        url: format!("http://{address}/workflows/invoke?sig={CANARY}").into(),
    })
}

/// A receiver of signed events at `address`, whose URL is a secret too.
pub fn signed_webhook(address: &str) -> Channel {
    Channel::from(SignedWebhook {
        url: format!("http://{address}/events/{CANARY}").into(),
        secret: SIGNING_SECRETS.join(" ").into(),
    })
}

/// A channel over HTTP at `address`, which has a secret wherever one may be, and its destination in a header.
pub fn http_channel(address: &str) -> Channel {
    let template = r#"{ "key": {{ secrets.key }}, "text": {{ headline }} }"#;
    Channel::from(HttpChannel {
        name: "http/it".to_owned(),
        method: HttpChannelMethod::Post,
        url: format!("http://{address}/hook/{CANARY}").into(),
        token: Some(CANARY.into()),
        headers: vec![
            ("X-Key".to_owned(), CANARY.into()),
            ("X-Room".to_owned(), "room-destination".into()),
        ],
        content_type: "application/json".to_owned(),
        template: BodyTemplate::compile(template, BodyFormat::Json).unwrap(),
        secrets: vec![("key".to_owned(), CANARY.into())],
        template_kinds: None,
    })
}

/// A client for services on loopback.
pub fn http() -> NotifyClient {
    NotifyClient::new(&[], &ProxyPolicy::Direct, &Platform::system()).unwrap()
}

/// A client for services on loopback whose deadline a test can wait for.
pub fn hasty() -> NotifyClient {
    http().with_deadline(Duration::from_millis(500))
}
