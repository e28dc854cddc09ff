//! Which Events are written about which outcomes and verdicts, what they say, and what they are called.

use std::collections::BTreeSet;

use jiff::Timestamp;
use proptest::prelude::*;

use super::note::MAX_NOTE_BYTES;
use super::{EventContent, EventReason, EventsConfig, KubernetesEvent, ReferencedObject};
use crate::guard::{GuardHold, HoldAnswer};
use crate::outcome::{DisruptionMethod, Outcome};
use crate::pod::{PodOwner, PodRef};
use crate::recovery::{RecoveryPrecision, RecoveryReport, RecoveryTimes, RecoveryVerdict};
use crate::refusal::Refusal;
use crate::report::AttemptReport;

const SEED: u64 = 3;

fn slot() -> Timestamp {
    "2026-11-28T10:30:00Z".parse().unwrap()
}

fn attempt(outcome: Outcome) -> AttemptReport {
    AttemptReport {
        team: None,
        pod: PodRef {
            namespace: "shop".to_owned(),
            name: "cart-7d9f-x".to_owned(),
            uid: "u1".to_owned(),
        },
        owner: Some(PodOwner {
            kind: "Deployment".to_owned(),
            name: "cart".to_owned(),
        }),
        outcome,
        warnings: Vec::new(),
    }
}

fn owner() -> ReferencedObject {
    ReferencedObject {
        api_version: "apps/v1".to_owned(),
        kind: "Deployment".to_owned(),
        namespace: "shop".to_owned(),
        name: "cart".to_owned(),
        uid: "d1".to_owned(),
    }
}

/// The content for an attempt, where refusals are reported too.
fn content(method: DisruptionMethod, attempt: &AttemptReport) -> Option<EventContent> {
    let config = EventsConfig {
        enabled: true,
        refusals: true,
    };
    EventContent::of_attempt(config, (slot(), SEED), method, attempt)
}

fn recovery(verdict: Option<RecoveryVerdict>) -> RecoveryReport {
    let AttemptReport { pod, owner, .. } = attempt(Outcome::Evicted);
    RecoveryReport {
        team: None,
        slot: slot(),
        pod,
        owner: owner.unwrap(),
        method: DisruptionMethod::Evict,
        inferred: false,
        verdict,
        times: RecoveryTimes {
            whole_ms: Some(4500),
            ..RecoveryTimes::default()
        },
        precision: RecoveryPrecision::Watch,
        ready: 2,
        target: 3,
        expect_ms: 60_000,
        replacement: None,
        trouble: None,
        why: None,
        usual: None,
        paused: None,
    }
}

fn held() -> Outcome {
    Outcome::Held(GuardHold {
        guard: "min_ready".to_owned(),
        answer: HoldAnswer::HoldsBack,
        why: "1 ready of 2".to_owned(),
    })
}

fn unknown() -> Outcome {
    Outcome::Unknown {
        why: "no answer from the API server at https://10.0.0.1:6443".to_owned(),
    }
}

const HINT: &str = ". To keep macaque off, annotate macaque/frozen=true in the pod template of deployment/cart or on \
                    namespace shop";

#[test]
fn an_outcome_is_reported_as_far_as_it_is_known() {
    let (evict, delete) = (DisruptionMethod::Evict, DisruptionMethod::Delete);
    let round = "(round 2026-11-28T10:30:00Z, seed 3)";
    let rows = [
        (
            evict,
            Outcome::Evicted,
            Some((
                "ChaosEvicted",
                "Evict",
                format!("macaque evicted pod cart-7d9f-x {round}"),
            )),
        ),
        (
            delete,
            Outcome::Deleted,
            Some((
                "ChaosDeleted",
                "Delete",
                format!("macaque deleted pod cart-7d9f-x {round}"),
            )),
        ),
        (
            evict,
            unknown(),
            Some((
                "ChaosUnknown",
                "Evict",
                format!("it is not known whether macaque evicted pod cart-7d9f-x {round}"),
            )),
        ),
        (
            delete,
            Outcome::Refused(Refusal::SeveralBudgets),
            Some((
                "ChaosRefused",
                "Delete",
                format!(
                    "macaque has not deleted pod cart-7d9f-x {round}: {}",
                    Refusal::SeveralBudgets.phrase()
                ),
            )),
        ),
        (
            evict,
            held(),
            Some((
                "ChaosHeldBack",
                "Evict",
                format!("macaque has not evicted pod cart-7d9f-x {round}: {}", held()),
            )),
        ),
        (evict, Outcome::Gone, None),
        (evict, Outcome::DryRun, None),
    ];

    for (method, outcome, expected) in rows {
        let content = content(method, &attempt(outcome.clone()));
        let said = content.map(|content| {
            assert_eq!(content.reason.event_type(), "Normal", "{outcome:?}");
            (content.reason.as_str(), content.action, content.note)
        });
        let expected = expected.map(|(reason, action, happened)| (reason, action, happened + HINT));
        assert_eq!(said, expected, "{outcome:?}");
    }
}

#[test]
fn a_refusal_and_a_held_back_victim_are_reported_only_if_that_is_asked_for() {
    let config = EventsConfig {
        enabled: true,
        refusals: false,
    };
    for (outcome, is_reported) in [
        (Outcome::Refused(Refusal::SeveralBudgets), false),
        (held(), false),
        (Outcome::Evicted, true),
        (unknown(), true),
    ] {
        let attempt = attempt(outcome);
        let content = EventContent::of_attempt(config, (slot(), SEED), DisruptionMethod::Evict, &attempt);
        assert_eq!(content.is_some(), is_reported, "{attempt:?}");
    }
}

#[test]
fn a_recovery_is_reported_when_it_ends_with_an_answer_and_one_that_failed_is_a_warning() {
    let said = |verdict| {
        let content = EventContent::of_recovery(&recovery(verdict))?;
        assert_eq!(content.action, "Watch");
        Some((content.reason.as_str(), content.reason.event_type(), content.note))
    };
    let since = "; macaque evicted pod cart-7d9f-x in round 2026-11-28T10:30:00Z";

    let whole = format!("deployment/cart whole again after 4.5 s (settling 4.5 s){since}");
    assert_eq!(
        said(Some(RecoveryVerdict::Recovered)),
        Some(("ChaosRecovered", "Normal", whole))
    );
    let late = format!(
        "deployment/cart whole again after 4.5 s, later than the expected 1 min (settling 4.5 s){since}"
    );
    assert_eq!(
        said(Some(RecoveryVerdict::Slow)),
        Some(("ChaosRecovered", "Normal", late))
    );
    let (reason, event_type, note) = said(Some(RecoveryVerdict::Unrecovered)).unwrap();
    assert_eq!((reason, event_type), ("ChaosNotRecovered", "Warning"));
    assert!(
        note.starts_with("deployment/cart has not recovered") && note.ends_with(since),
        "{note}"
    );

    for verdict in RecoveryVerdict::ALL {
        let ends_with_answer = verdict.is_recovered() || verdict == RecoveryVerdict::Unrecovered;
        assert_eq!(said(Some(verdict)).is_some(), ends_with_answer, "{verdict:?}");
    }
    assert_eq!(said(None), None);
}

#[test]
fn victim_and_owner_have_an_event_each_that_refers_to_the_other() {
    let evicted = attempt(Outcome::Evicted);
    let content = content(DisruptionMethod::Evict, &evicted).unwrap();
    let owner = owner();

    let [of_victim, of_owner] = &content.events(Some(&owner))[..] else {
        panic!("two events");
    };
    let pod = ReferencedObject::of_pod(&evicted.pod);
    assert_eq!(
        (&of_victim.regarding, &of_victim.related),
        (&pod, &Some(owner.clone()))
    );
    assert_eq!(
        (&of_owner.regarding, &of_owner.related),
        (&owner, &Some(pod.clone()))
    );
    assert_eq!(of_victim.note, of_owner.note);

    let alone = content.events(None);
    assert_eq!(alone.len(), 1);
    assert_eq!((&alone[0].regarding, &alone[0].related), (&pod, &None));
}

#[test]
fn a_bare_pod_is_kept_safe_by_its_own_annotation() {
    let bare = AttemptReport {
        owner: None,
        ..attempt(Outcome::Evicted)
    };
    let note = content(DisruptionMethod::Evict, &bare).unwrap().note;
    assert!(
        note.ends_with("annotate macaque/frozen=true on the pod or on namespace shop"),
        "{note}"
    );
}

/// The identities of the Events about a victim of this UID in the round `minutes` after the first one.
fn identities(victim: &str, minutes: i64, reason: EventReason) -> Vec<[String; 4]> {
    let attempt = attempt(Outcome::Evicted);
    let content = EventContent {
        slot: Timestamp::from_second(slot().as_second() + 60 * minutes).unwrap(),
        victim: PodRef {
            uid: victim.to_owned(),
            ..attempt.pod
        },
        reason,
        action: "Evict",
        note: String::new(),
    };
    let events = content.events(Some(&owner())).into_iter();
    events.map(|event| event.identity).collect()
}

#[test]
fn the_same_event_has_the_same_identity_and_every_other_one_has_another() {
    let mut known = BTreeSet::new();
    for victim in ["u1", "u2"] {
        for minutes in 0..3 {
            for reason in EventReason::ALL {
                let once = identities(victim, minutes, reason);
                assert_eq!(once, identities(victim, minutes, reason));
                for identity in once {
                    assert!(known.insert(identity.clone()), "{identity:?}");
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn a_note_is_one_line_within_the_limit_whatever_the_texts_of_others_are(
        name in "\\PC{0,300}",
        kind in "\\PC{0,1200}",
        message in "(?s).{0,1500}",
    ) {
        let mut attempt = attempt(Outcome::Refused(Refusal::Webhook {
            name: name.clone(),
            message: message.clone(),
            temporary: false,
        }));
        attempt.owner = Some(PodOwner { kind, name: name.clone() });
        attempt.pod.name = name;
        let recovery = RecoveryReport {
            pod: attempt.pod.clone(),
            owner: attempt.owner.clone().unwrap(),
            why: Some(message),
            ..recovery(Some(RecoveryVerdict::Unrecovered))
        };

        let contents = [content(DisruptionMethod::Evict, &attempt), EventContent::of_recovery(&recovery)];
        for note in contents.into_iter().flatten().map(|content| content.note) {
            prop_assert!(note.len() <= MAX_NOTE_BYTES, "{} bytes", note.len());
            prop_assert!(!note.chars().any(char::is_control), "{note:?}");
            prop_assert!(note.contains("macaque"), "{note}");
        }
    }
}

#[test]
fn an_event_holds_nothing_of_an_unknown_outcome_but_that_it_is_unknown() {
    let content = content(DisruptionMethod::Evict, &attempt(unknown())).unwrap();
    for event in content.events(Some(&owner())) {
        let KubernetesEvent { note, .. } = event;
        assert!(!note.contains("10.0.0.1"), "{note}");
    }
}
