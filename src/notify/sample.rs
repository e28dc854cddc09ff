//! A message of every kind, with texts as hostile as a cluster's may be: what a template must be able to render.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use macaque_core::guard::{GuardHold, HoldAnswer};
use macaque_core::notice::{
    Activity, Digest, NoTurn, Notice, NoticeContent, OwnerWithoutTurn, OwnersWithoutTurn,
};
use macaque_core::outcome::{DisruptionMethod, Outcome};
use macaque_core::pod::{PodOwner, PodRef, PodTrouble};
use macaque_core::recovery::{RecoveryPrecision, RecoveryReport, RecoveryTimes, RecoveryVerdict};
use macaque_core::refusal::Refusal;
use macaque_core::report::{AttemptReport, RoundEnd, RoundReport};

use super::message::{MessageContext, NoticeMessage, RecoveryMessage, RoundMessage};
use super::outgoing::OutgoingMessage;

/// What a text of a cluster may contain: the ends of strings, markup, mentions, links and templates of many languages.
const HOSTILE: &str = "a\"b\\c'd`e</script><!here><@U1>@everyone<users/all>[l](https://evil.example)*_~#{{x}}{%y%}${z}&amp;\
                       %0A\r\n\u{202e}é字🐒";
/// How many victims the longest message has.
const MANY: usize = 40;

/// Messages of every kind: plain ones, hostile ones and a long one. They are made one at a time, because memory that was used
/// once stays with the process.
pub fn samples() -> impl Iterator<Item = OutgoingMessage> {
    let hostile = || MessageContext {
        cluster: Some(HOSTILE.to_owned()),
        ..MessageContext::default()
    };

    let rounds = rounds()
        .into_iter()
        .map(move |report| RoundMessage::in_context(Arc::new(report), &hostile()).into());
    let recoveries = recoveries()
        .into_iter()
        .map(move |report| RecoveryMessage::in_context(Arc::new(report), &hostile()).into());
    let notices = notices().into_iter().map(|content| {
        let at = Timestamp::UNIX_EPOCH;
        let notice = Arc::new(Notice { at, content });
        NoticeMessage::in_context(notice, &MessageContext::default()).into()
    });
    rounds.chain(recoveries).chain(notices)
}

fn rounds() -> Vec<RoundReport> {
    let why = || HOSTILE.to_owned();
    let webhook = Refusal::Webhook {
        name: why(),
        message: HOSTILE.repeat(3),
        temporary: false,
    };
    let hold = GuardHold {
        guard: why(),
        answer: HoldAnswer::CannotAnswer,
        why: why(),
    };
    let many = (0..MANY).map(|_| Outcome::Refused(webhook.clone()));

    vec![
        bare_round(),
        round(vec![Outcome::Evicted], RoundEnd::Complete),
        RoundReport {
            dry_run: true,
            ..round(vec![Outcome::DryRun], RoundEnd::Complete)
        },
        round(
            vec![Outcome::Refused(webhook.clone()), Outcome::Gone],
            RoundEnd::Complete,
        ),
        round(many.collect(), RoundEnd::Complete),
        round(vec![Outcome::Held(hold.clone())], RoundEnd::Complete),
        round(vec![], RoundEnd::Held(hold)),
        round(vec![], RoundEnd::Withheld { why: why() }),
        RoundReport {
            problems: Vec::new(),
            ..round(vec![], RoundEnd::Complete)
        },
        round(vec![], RoundEnd::Failed { why: why() }),
        round(vec![Outcome::Unknown { why: why() }], RoundEnd::Interrupted),
    ]
}

/// A round in which everything is absent that may be.
fn bare_round() -> RoundReport {
    let mut round = round(vec![Outcome::Evicted], RoundEnd::Complete);
    round.problems.clear();
    round.warnings.clear();
    for attempt in &mut round.attempts {
        attempt.owner = None;
        attempt.team = None;
        attempt.warnings.clear();
    }
    round
}

fn round(outcomes: Vec<Outcome>, end: RoundEnd) -> RoundReport {
    let attempts = outcomes.into_iter().map(|outcome| AttemptReport {
        pod: pod(),
        owner: Some(owner()),
        outcome,
        warnings: vec![HOSTILE.to_owned()],
        team: Some(HOSTILE.to_owned()),
    });
    RoundReport {
        slot: Timestamp::UNIX_EPOCH,
        finished: Timestamp::UNIX_EPOCH,
        seed: u64::MAX,
        dry_run: false,
        method: DisruptionMethod::Evict,
        namespaces: vec!["shop".to_owned(), HOSTILE.to_owned()],
        selector: HOSTILE.to_owned(),
        listed: 0,
        candidates: 0,
        exempted: BTreeMap::new(),
        count: None,
        turns: Vec::new(),
        turns_reported: false,
        namespace_selector: String::new(),
        skipped: Vec::new(),
        attempts: attempts.collect(),
        problems: vec![HOSTILE.to_owned()],
        warnings: vec![HOSTILE.to_owned()],
        end,
    }
}

fn recoveries() -> Vec<RecoveryReport> {
    let stuck = RecoveryReport {
        verdict: None,
        trouble: Some(PodTrouble {
            reason: HOSTILE.to_owned(),
            message: HOSTILE.to_owned(),
        }),
        ..recovery(RecoveryVerdict::Unrecovered)
    };
    let mut recoveries = vec![stuck];
    recoveries.extend(RecoveryVerdict::ALL.map(recovery));
    recoveries.extend(RecoveryVerdict::ALL.map(bare_recovery));
    recoveries
}

/// A recovery of which everything is absent that may be.
fn bare_recovery(verdict: RecoveryVerdict) -> RecoveryReport {
    RecoveryReport {
        times: RecoveryTimes::default(),
        replacement: None,
        why: None,
        team: None,
        paused: None,
        ..recovery(verdict)
    }
}

fn recovery(verdict: RecoveryVerdict) -> RecoveryReport {
    RecoveryReport {
        slot: Timestamp::UNIX_EPOCH,
        pod: pod(),
        owner: owner(),
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
        replacement: verdict.is_recovered().then(|| HOSTILE.to_owned()),
        trouble: None,
        why: Some(HOSTILE.to_owned()),
        usual: None,
        team: Some(HOSTILE.to_owned()),
        paused: (!verdict.is_recovered()).then(|| HOSTILE.to_owned()),
    }
}

fn notices() -> Vec<NoticeContent> {
    vec![
        NoticeContent::Paused {
            by: Some(HOSTILE.to_owned()),
            reason: Some(HOSTILE.to_owned()),
            until: Some(Timestamp::UNIX_EPOCH),
        },
        NoticeContent::Paused {
            by: None,
            reason: None,
            until: None,
        },
        NoticeContent::Resumed {
            since: Timestamp::UNIX_EPOCH,
        },
        NoticeContent::WindowOpened {
            last: Timestamp::UNIX_EPOCH,
            rounds: 1,
        },
        NoticeContent::WindowClosed {
            first: Timestamp::UNIX_EPOCH,
            recovering: 0,
            activity: Activity::default(),
        },
        NoticeContent::Digest(Box::default()),
        NoticeContent::Digest(Box::new(digest())),
    ]
}

fn digest() -> Digest {
    let hostile = BTreeMap::from([(HOSTILE.to_owned(), 1)]);
    Digest {
        activity: Activity {
            namespaces: hostile.clone(),
            refusals: hostile.clone(),
            holds: hostile,
            recoveries: BTreeMap::from([(RecoveryVerdict::Slow, 1)]),
            ..Activity::default()
        },
        median_ms: Some(4_500),
        owners: 1,
        without_turn: vec![OwnersWithoutTurn {
            reason: NoTurn::Refused,
            count: 1,
            owners: vec![OwnerWithoutTurn {
                namespace: "shop".to_owned(),
                owner: HOSTILE.to_owned(),
                by: Some(HOSTILE.to_owned()),
            }],
        }],
        problems: vec![HOSTILE.to_owned()],
        ..Digest::default()
    }
}

fn pod() -> PodRef {
    PodRef {
        namespace: "shop".to_owned(),
        name: HOSTILE.to_owned(),
        uid: HOSTILE.to_owned(),
    }
}

fn owner() -> PodOwner {
    PodOwner {
        kind: "Deployment".to_owned(),
        name: HOSTILE.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::kind::MessageKind;

    #[test]
    fn the_samples_are_of_every_kind_that_there_is() {
        let samples: Vec<_> = samples().collect();
        for kind in MessageKind::ALL {
            let is_of = |message: &OutgoingMessage| MessageKind::of(message).contains(&kind);
            assert!(samples.iter().any(is_of), "{kind:?}");
        }
    }
}
