//! The round that the tests tell people of, the channels they tell it through, and the log they listen to.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Once;
use std::time::Duration;

use log::kv;
use macaque::notify::{Channel, HttpClient, RoundMessage, SlackBot, SlackWebhook, WebexBot};
use macaque_core::outcome::{DisruptionMethod, Outcome};
use macaque_core::pod::PodRef;
use macaque_core::report::{AttemptReport, RoundEnd, RoundReport};

/// The secret that must not be seen anywhere but on the wire.
pub(crate) const CANARY: &str = "xoxb-CANARY-5ecr3t";
/// What Slack says to a bot when all is well.
pub(crate) const OK: &str = r#"{"ok":true,"channel":"C1","ts":"1.2"}"#;

/// A round that evicted one pod and does not know of another.
pub(crate) fn message() -> RoundMessage {
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
    RoundMessage::of(&RoundReport {
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
        end: RoundEnd::Complete,
    })
}

pub(crate) fn slack(address: &str) -> Channel {
    Channel::SlackBot(SlackBot {
        token: CANARY.into(),
        channel: "C-destination".to_owned(),
        api_url: format!("http://{address}/api"),
    })
}

pub(crate) fn webhook(address: &str) -> Channel {
    Channel::SlackWebhook(SlackWebhook {
        url: format!("http://{address}/services/{CANARY}").into(),
    })
}

pub(crate) fn webex(address: &str) -> Channel {
    Channel::Webex(WebexBot {
        token: CANARY.into(),
        room_id: "room-destination".to_owned(),
        api_url: format!("http://{address}/v1/"),
    })
}

/// A client for services on loopback.
pub(crate) fn http() -> HttpClient {
    HttpClient::new(&[]).unwrap()
}

/// The same with a deadline that a test can wait for.
pub(crate) fn hasty() -> HttpClient {
    http().with_deadline(Duration::from_millis(500))
}

thread_local! {
    static HEARD: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Starts to listen to this thread's log, every crate's, at every level.
pub(crate) fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        log::set_logger(&Ear).unwrap();
        log::set_max_level(log::LevelFilter::Trace);
    });
    HEARD.take();
}

/// The lines since [`listen`]: level, target, text, then `key=value`.
pub(crate) fn heard() -> Vec<String> {
    HEARD.take()
}

struct Ear;

impl log::Log for Ear {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let mut line = format!("{} {}: {}", record.level(), record.target(), record.args());
        let _ = record.key_values().visit(&mut Values(&mut line));
        HEARD.with_borrow_mut(|heard| heard.push(line));
    }

    fn flush(&self) {}
}

struct Values<'a>(&'a mut String);

impl<'kvs> kv::VisitSource<'kvs> for Values<'_> {
    fn visit_pair(&mut self, key: kv::Key<'kvs>, value: kv::Value<'kvs>) -> Result<(), kv::Error> {
        self.0.push_str(&format!(" {key}={value}"));
        Ok(())
    }
}
