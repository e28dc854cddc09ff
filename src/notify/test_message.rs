//! A sample of each kind of message, which says at its head that it is a test: what `macaque notify test` sends.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use macaque_core::guard::{GuardHold, HoldAnswer};
use macaque_core::notice::{Digest, Notice, NoticeContent};
use macaque_core::outcome::{DisruptionMethod, Outcome};
use macaque_core::pod::{PodOwner, PodRef};
use macaque_core::recovery::{RecoveryPrecision, RecoveryReport, RecoveryTimes, RecoveryVerdict};
use macaque_core::refusal::Refusal;
use macaque_core::report::{AttemptReport, ExemptionTallies, RoundEnd, RoundReport};

use super::kind::MessageKind;
use super::message::{MessageContext, NoticeMessage, RecoveryMessage, RoundMessage};
use super::outgoing::OutgoingMessage;

/// The head of a sample.
const MARK: &str = "TEST: ";
/// The note of a sample.
const NOTE: &str =
    "This is a test by `macaque notify test`: nothing was disrupted, and these names are made up.";

/// What a digest is about.
const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

/// The sample of a message of this kind at `now`.
pub fn test_message(kind: MessageKind, now: Timestamp, context: &MessageContext) -> OutgoingMessage {
    let hold = GuardHold {
        guard: "whole".to_owned(),
        answer: HoldAnswer::HoldsBack,
        why: "2 of 3 pods of deployment/web are ready".to_owned(),
    };
    let refusal = Refusal::Webhook {
        name: "sample-webhook".to_owned(),
        message: "not during a sale".to_owned(),
        temporary: false,
    };
    let failure = RoundEnd::Failed {
        why: "the API server did not answer".to_owned(),
    };
    let paused = NoticeContent::Paused {
        by: Some("sample-user".to_owned()),
        reason: Some("a sample".to_owned()),
        until: None,
    };
    let window = NoticeContent::WindowOpened { last: now, rounds: 1 };
    let digest = Digest {
        since: now.checked_sub(WEEK).unwrap_or(now),
        ..Digest::default()
    };

    match kind {
        MessageKind::Disruption => round(Some(Outcome::Evicted), RoundEnd::Complete, now, context),
        MessageKind::Refusal => round(Some(Outcome::Refused(refusal)), RoundEnd::Complete, now, context),
        MessageKind::Held => round(Some(Outcome::Held(hold)), RoundEnd::Complete, now, context),
        MessageKind::Idle => round(None, RoundEnd::Complete, now, context),
        MessageKind::Failure => round(None, failure, now, context),
        MessageKind::Recovery => recovery(RecoveryVerdict::Slow, now, context),
        MessageKind::Recovered => recovery(RecoveryVerdict::Recovered, now, context),
        MessageKind::Pause => notice(paused, now, context),
        MessageKind::Window => notice(window, now, context),
        MessageKind::Digest => notice(NoticeContent::Digest(Box::new(digest)), now, context),
    }
}

fn round(
    outcome: Option<Outcome>,
    end: RoundEnd,
    now: Timestamp,
    context: &MessageContext,
) -> OutgoingMessage {
    let attempt = outcome.map(|outcome| AttemptReport {
        pod: pod(),
        owner: Some(owner()),
        team: None,
        outcome,
        warnings: Vec::new(),
    });
    let report = RoundReport {
        slot: now,
        finished: now,
        seed: 0,
        dry_run: false,
        method: DisruptionMethod::Evict,
        namespaces: vec![pod().namespace],
        selector: String::new(),
        listed: 3,
        candidates: attempt.iter().count(),
        exempted: ExemptionTallies::new(),
        count: None,
        turns: Vec::new(),
        turns_reported: false,
        attempts: attempt.into_iter().collect(),
        problems: Vec::new(),
        namespace_selector: String::new(),
        skipped: Vec::new(),
        warnings: Vec::new(),
        end,
    };

    let mut message = RoundMessage::in_context(Arc::new(report), context);
    message.headline.insert_str(0, MARK);
    message.notes.push(NOTE.to_owned());
    message.repeats_its_victim = false;
    message.into()
}

fn recovery(verdict: RecoveryVerdict, now: Timestamp, context: &MessageContext) -> OutgoingMessage {
    let took = if verdict == RecoveryVerdict::Slow {
        90_000
    } else {
        4_500
    };
    let report = RecoveryReport {
        slot: now,
        pod: pod(),
        owner: owner(),
        team: None,
        method: DisruptionMethod::Evict,
        inferred: false,
        verdict: Some(verdict),
        times: RecoveryTimes {
            whole_ms: Some(took),
            ..RecoveryTimes::default()
        },
        precision: RecoveryPrecision::Watch,
        ready: 3,
        target: 3,
        expect_ms: 60_000,
        replacement: None,
        trouble: None,
        why: None,
        usual: None,
        paused: None,
    };

    let mut message = RecoveryMessage::in_context(Arc::new(report), context);
    message.headline.insert_str(0, MARK);
    message.notes.push(NOTE.to_owned());
    message.into()
}

fn notice(content: NoticeContent, now: Timestamp, context: &MessageContext) -> OutgoingMessage {
    let notice = Notice { at: now, content };
    let mut message = NoticeMessage::in_context(Arc::new(notice), context);
    message.headline.insert_str(0, MARK);
    message.notes.push(NOTE.to_owned());
    message.into()
}

fn pod() -> PodRef {
    PodRef {
        namespace: "sample".to_owned(),
        name: "web-0".to_owned(),
        uid: "00000000-0000-0000-0000-000000000000".to_owned(),
    }
}

fn owner() -> PodOwner {
    PodOwner {
        kind: "Deployment".to_owned(),
        name: "web".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_is_of_its_kind_and_says_that_it_is_a_test() {
        for kind in MessageKind::ALL {
            let message = test_message(kind, Timestamp::UNIX_EPOCH, &MessageContext::default());
            assert_eq!(MessageKind::of(&message), [kind]);
            assert!(message.headline().starts_with("TEST: "), "{message:?}");
            assert!(message.lines().any(|line| line == NOTE), "{message:?}");
        }
    }

    #[test]
    fn the_sample_of_a_digest_is_about_the_week_before() {
        let now = "2026-11-30T08:00:00Z".parse().unwrap();
        let message = test_message(MessageKind::Digest, now, &MessageContext::default());
        assert_eq!(
            message.headline(),
            "TEST: since 2026-11-23T08:00:00Z: no round ran"
        );
    }
}
