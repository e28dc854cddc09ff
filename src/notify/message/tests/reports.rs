//! The reports that the tests of messages and of chat services draw on.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use macaque_core::guard::{GuardHold, HoldAnswer};
use macaque_core::outcome::{DisruptionMethod, Outcome};
use macaque_core::pod::{PodOwner, PodRef};
use macaque_core::refusal::Refusal;
use macaque_core::report::{AttemptReport, ExemptionTally, RoundEnd, RoundReport};

fn pod(name: &str) -> PodRef {
    PodRef {
        namespace: "shop".to_owned(),
        name: name.to_owned(),
        uid: format!("uid-{name}"),
    }
}

pub(crate) fn attempt(name: &str, outcome: Outcome) -> AttemptReport {
    AttemptReport {
        team: None,
        pod: pod(name),
        owner: Some(PodOwner {
            kind: "Deployment".to_owned(),
            name: "web".to_owned(),
        }),
        outcome,
        warnings: vec![],
    }
}

pub(crate) fn budget(name: &str) -> Outcome {
    Outcome::Refused(Refusal::Budget {
        name: Some(name.to_owned()),
        message: "needs 3 healthy pods and has 3 currently".to_owned(),
        unsynced: false,
    })
}

/// The guard `whole` with two of three pods ready.
pub(crate) fn whole() -> GuardHold {
    GuardHold {
        guard: "whole".to_owned(),
        answer: HoldAnswer::HoldsBack,
        why: "2 of 3 pods ready, 1 not ready since 12m".to_owned(),
    }
}

/// A gate that is down.
pub(crate) fn unanswered() -> GuardHold {
    GuardHold {
        guard: "no-page".to_owned(),
        answer: HoldAnswer::CannotAnswer,
        why: "connection refused".to_owned(),
    }
}

/// A round that lists five pods, three of them candidates.
pub(crate) fn report(attempts: impl Into<Vec<AttemptReport>>) -> RoundReport {
    let slot: Timestamp = "2027-03-01T09:30:00Z".parse().unwrap();
    let tally = |count, name, detail: &str| ExemptionTally {
        count,
        example: pod(name),
        detail: detail.to_owned(),
    };
    RoundReport {
        slot,
        finished: slot + Duration::from_secs(2),
        seed: 42,
        dry_run: false,
        method: DisruptionMethod::Evict,
        namespaces: vec!["shop".to_owned()],
        selector: "app=web".to_owned(),
        listed: 5,
        candidates: 3,
        exempted: BTreeMap::from([
            (
                "daemonset".to_owned(),
                tally(1, "agent-0", "owned by a DaemonSet"),
            ),
            ("too-young".to_owned(), tally(7, "web-9", "younger than 1m (12s)")),
        ]),
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
