//! Promises about the size of messages: no service refuses one for its length, whatever a cluster says.

use std::sync::Arc;

use jiff::tz::TimeZone;
use macaque::notify::slack::webhook_payload;
use macaque::notify::teams;
use macaque::notify::webex::{WEBEX_API, payload};
use macaque::notify::webhook::cloud_event;
use macaque::notify::{
    MessageContext, NoticeMessage, OutgoingMessage, RecoveryMessage, RoundMessage, WebexBot,
};
use macaque_core::guard::{GuardHold, HoldAnswer};
use macaque_core::notice::{Notice, NoticeContent};
use macaque_core::outcome::{DisruptionMethod, Outcome};
use macaque_core::pod::{PodOwner, PodRef, PodTrouble};
use macaque_core::recovery::{RecoveryReport, RecoveryVerdict};
use macaque_core::refusal::Refusal;
use macaque_core::report::{AttemptReport, ExemptionTally, RoundEnd, RoundReport};
use macaque_testkit::notify::recovery;
use proptest::prelude::*;
use serde_json::Value;

use super::template_limits;

/// Any text: words, escapes of every service, long ones and wide ones.
fn text() -> impl Strategy<Value = String> {
    let unit = prop_oneof![
        Just("&".to_owned()),
        Just("<_*`".to_owned()),
        Just("🐒".to_owned()),
        Just("字 ".to_owned()),
        Just("\"\\\u{1}".to_owned()),
        Just("\u{202e}\r\n".to_owned()),
        Just("2027-03-01T09:30:00Z ".to_owned()),
        "[a-z]{1,12}",
        "\\PC{0,20}",
    ];
    let length = prop_oneof![0..4usize, 0..400usize];
    (unit, length).prop_map(|(unit, length)| unit.repeat(length))
}

fn hold() -> impl Strategy<Value = GuardHold> {
    let answer = prop_oneof![Just(HoldAnswer::HoldsBack), Just(HoldAnswer::CannotAnswer)];
    (text(), answer, text()).prop_map(|(guard, answer, why)| GuardHold { guard, answer, why })
}

fn outcome() -> impl Strategy<Value = Outcome> {
    let webhook = (text(), text(), any::<bool>()).prop_map(|(name, message, temporary)| Refusal::Webhook {
        name,
        message,
        temporary,
    });
    prop_oneof![
        Just(Outcome::Evicted),
        Just(Outcome::Gone),
        Just(Outcome::DryRun),
        text().prop_map(|why| Outcome::Unknown { why }),
        webhook.prop_map(Outcome::Refused),
        hold().prop_map(Outcome::Held),
        Just(Outcome::Refused(Refusal::SeveralBudgets)),
    ]
}

fn pod() -> impl Strategy<Value = PodRef> {
    (text(), text()).prop_map(|(namespace, name)| PodRef {
        namespace,
        uid: name.clone(),
        name,
    })
}

fn attempt() -> impl Strategy<Value = AttemptReport> {
    let owner = prop::option::of((text(), text()).prop_map(|(kind, name)| PodOwner { kind, name }));
    let warnings = prop::collection::vec(text(), 0..3);
    (pod(), owner, outcome(), warnings).prop_map(|(pod, owner, outcome, warnings)| AttemptReport {
        pod,
        owner,
        team: None,
        outcome,
        warnings,
    })
}

fn end() -> impl Strategy<Value = RoundEnd> {
    prop_oneof![
        Just(RoundEnd::Complete),
        Just(RoundEnd::Interrupted),
        text().prop_map(|why| RoundEnd::Withheld { why }),
        text().prop_map(|why| RoundEnd::Failed { why }),
        hold().prop_map(RoundEnd::Held),
    ]
}

fn tally() -> impl Strategy<Value = ExemptionTally> {
    (any::<usize>(), pod(), text()).prop_map(|(count, example, detail)| ExemptionTally {
        count: count % 100_000,
        example,
        detail,
    })
}

fn report() -> impl Strategy<Value = RoundReport> {
    let attempts = prop::collection::vec(attempt(), 0..30);
    let texts = || prop::collection::vec(text(), 0..20);
    let exempted = prop::collection::btree_map("[a-z]{1,20}", tally(), 0..10);
    (
        attempts,
        [texts(), texts(), texts()],
        text(),
        exempted,
        end(),
        any::<(bool, u64)>(),
    )
        .prop_map(
            |(attempts, [problems, namespaces, warnings], selector, exempted, end, (dry_run, seed))| {
                RoundReport {
                    slot: "2027-03-01T09:30:00Z".parse().unwrap(),
                    finished: "2027-03-01T09:30:02Z".parse().unwrap(),
                    seed,
                    dry_run,
                    method: DisruptionMethod::Evict,
                    namespaces,
                    selector,
                    listed: 100,
                    candidates: 40,
                    exempted,
                    count: None,
                    turns: Vec::new(),
                    turns_reported: false,
                    attempts,
                    problems,
                    namespace_selector: String::new(),
                    skipped: Vec::new(),
                    warnings,
                    end,
                }
            },
        )
}

/// Whether a payload is within Slack's limits: 50 blocks, 150 characters of a header, 3000 of a section and 2000 of a
/// context, and 4000 of the text beside them.
fn fits_slack(payload: &Value) -> bool {
    let length = |text: &Value| text.as_str().map_or(0, |text| text.chars().count());
    let blocks = payload["blocks"].as_array().unwrap();
    let fits = |block: &Value| match block["type"].as_str().unwrap() {
        "header" => (1..=150).contains(&length(&block["text"]["text"])),
        "section" => (1..=3000).contains(&length(&block["text"]["text"])),
        "context" => (1..=2000).contains(&length(&block["elements"][0]["text"])),
        other => panic!("not a block of macaque's: {other}"),
    };
    blocks.len() <= 50 && blocks.iter().all(fits) && length(&payload["text"]) <= 4000
}

fn recovery_report() -> impl Strategy<Value = RecoveryReport> {
    let verdict = prop::option::of(prop::sample::select(RecoveryVerdict::ALL.to_vec()));
    let owner = (text(), text()).prop_map(|(kind, name)| PodOwner { kind, name });
    let trouble =
        prop::option::of((text(), text()).prop_map(|(reason, message)| PodTrouble { reason, message }));
    let texts = [0; 3].map(|_| prop::option::of(text()));
    (pod(), owner, verdict, trouble, texts).prop_map(
        |(pod, owner, verdict, trouble, [replacement, why, paused])| RecoveryReport {
            pod,
            owner,
            verdict,
            trouble,
            replacement,
            why,
            paused,
            ..recovery("web-1", RecoveryVerdict::Slow)
        },
    )
}

fn pause() -> impl Strategy<Value = Notice> {
    (prop::option::of(text()), prop::option::of(text())).prop_map(|(by, reason)| Notice {
        at: "2027-03-01T09:30:00Z".parse().unwrap(),
        content: NoticeContent::Paused {
            by,
            reason,
            until: None,
        },
    })
}

/// Whether a message is within the limits of every service.
fn fits(message: &OutgoingMessage) -> Result<(), TestCaseError> {
    let slack = webhook_payload(message);
    prop_assert!(fits_slack(&slack), "{slack}");

    let room = WebexBot {
        token: "t".into(),
        room_id: "r".to_owned(),
        api_url: WEBEX_API.to_owned(),
    };
    let webex = payload(message, &room);
    let bytes = webex["markdown"].as_str().unwrap().len();
    prop_assert!(bytes <= 7439, "{bytes} bytes: {webex}");

    let bytes = teams::payload(message).to_string().len();
    prop_assert!(bytes <= 28_000, "{bytes} bytes for Teams");
    // Every receiver of CloudEvents takes that much.
    let bytes = cloud_event(message).to_string().len();
    prop_assert!(bytes <= 64 * 1024, "{bytes} bytes for the webhook");
    template_limits::fits(message)
}

fn context(cluster: Option<String>) -> MessageContext {
    let zone = TimeZone::get("Asia/Kathmandu").unwrap();
    MessageContext { cluster, zone }
}

proptest! {
    #[test]
    fn every_message_is_within_the_limits_of_every_service(
        report in report(),
        cluster in prop::option::of(text()),
    ) {
        let message = RoundMessage::in_context(Arc::new(report), &context(cluster));
        let lines = [&message.headline, &message.footer].map(String::clone);
        let marked = message.marked_recovered(&lines);

        fits(&message.into())?;
        fits(&marked.into())?;
    }

    #[test]
    fn every_message_about_a_recovery_is_within_the_limits_of_every_service(
        report in recovery_report().boxed(),
        cluster in prop::option::of(text()),
    ) {
        let message = RecoveryMessage::in_context(Arc::new(report), &context(cluster));
        fits(&message.into())?;
    }

    #[test]
    fn every_notice_is_within_the_limits_of_every_service(
        notice in pause(),
        cluster in prop::option::of(text()),
    ) {
        let message = NoticeMessage::in_context(Arc::new(notice), &context(cluster));
        fits(&message.into())?;
    }
}
