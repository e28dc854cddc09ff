//! Metrics of which every one has a value, and the facts and journals that lead to it.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use macaque::facts::{Fact, FactListener as _, MessageResult};
use macaque::metrics::{Metrics, MetricsConfig};
use macaque_core::config::{DisruptionLimits, RecoveryPolicy};
use macaque_core::eligibility::{Candidate, Exemption};
use macaque_core::guard::{GuardHold, HoldAnswer};
use macaque_core::journal::{
    Journal, JournalEvent, JournalTiming, LeaseHolder, PauseRequest, Resolution, StepContext,
};
use macaque_core::outcome::{DisruptionMethod, Outcome};
use macaque_core::pod::{PodOwner, PodPlace, PodRef};
use macaque_core::recovery::{RecoveryBaseline, RecoveryReport, RecoveryVerdict};
use macaque_core::refusal::Refusal;
use macaque_core::report::{AttemptReport, ExemptionTallies, ExemptionTally, RoundEnd, RoundReport};

use crate::notify::{recovery, round};

/// The limits of the metrics and journals.
pub const LIMITS: DisruptionLimits = DisruptionLimits {
    per_hour: Some(3),
    per_day: Some(10),
    per_node: None,
    per_zone: None,
    per_namespace_day: None,
    per_owner_day: None,
    in_flight: None,
    cooldown: Duration::ZERO,
};

/// What the metrics are about: a macaque that evicts in the namespace shop, asks two guards and tells Slack.
pub fn armed() -> MetricsConfig {
    MetricsConfig {
        armed: true,
        limits: LIMITS,
        namespaces: vec!["shop".to_owned()],
        guards: vec!["whole".to_owned(), "error rate".to_owned()],
        channels: vec!["slack".to_owned()],
        actors: vec!["Clock", "Killer"],
        ..MetricsConfig::default()
    }
}

/// A victim of a deployment, with its outcome.
pub fn attempt(namespace: &str, outcome: Outcome) -> AttemptReport {
    AttemptReport {
        pod: victim(namespace).pod,
        owner: Some(deployment()),
        team: None,
        outcome,
        warnings: Vec::new(),
    }
}

/// The fact that a victim was to be evicted in the round of this slot.
pub fn tried(attempt: &AttemptReport, slot: Timestamp) -> Fact<'_> {
    Fact::VictimTried {
        slot,
        seed: 7,
        method: DisruptionMethod::Evict,
        attempt,
        controller: None,
    }
}

/// A guard that held a disruption back.
pub fn hold(guard: &str) -> GuardHold {
    GuardHold {
        guard: guard.to_owned(),
        answer: HoldAnswer::HoldsBack,
        why: "2 of 3 pods ready".to_owned(),
    }
}

/// A refusal by a budget.
pub fn refused_by_budget() -> Outcome {
    Outcome::Refused(Refusal::Budget {
        name: Some("web".to_owned()),
        message: "needs 2 healthy pods and has 2 currently".to_owned(),
        unsynced: false,
    })
}

/// So many pods that a rule exempts.
pub fn exempted(rule: &'static str, count: usize) -> ExemptionTallies {
    let why = "its reason".into();
    let exemption = Exemption { rule, why };
    let mut tallies = ExemptionTallies::new();
    for _ in 0..count {
        ExemptionTally::note(&mut tallies, victim("shop").pod, &exemption);
    }
    tallies
}

/// A journal, by the steps that were taken.
#[derive(Debug, Default)]
pub struct TestJournal {
    journal: Journal,
}

impl TestJournal {
    /// The journal.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Takes a step at `now`.
    ///
    /// # Panics
    /// The step is not allowed.
    pub fn step(&mut self, event: &JournalEvent, now: Timestamp) {
        let holder = LeaseHolder {
            process: "macaque-1".to_owned(),
            incarnation: 1,
        };
        let context = StepContext {
            now,
            skew: None,
            holder: &holder,
            keeps_recoveries: true,
            pause: None,
            count: 1,
            limits: &LIMITS,
            recovery: &RecoveryPolicy::off(),
            timing: &JournalTiming::default(),
        };
        self.journal = self.journal.step(event, &context).unwrap();
    }

    /// Runs a round at `now` that disrupts a pod of this namespace, whose recovery is watched.
    pub fn disrupt(&mut self, namespace: &str, now: Timestamp) {
        let victim = victim(namespace);
        let uid = victim.pod.uid.clone();
        let report = RoundReport {
            slot: now,
            finished: now,
            ..round([])
        };
        for event in [
            JournalEvent::Claim {
                slot: now,
                seed: 7,
                since: Timestamp::MIN,
            },
            JournalEvent::Reserve {
                victim,
                place: PodPlace::default(),
                method: DisruptionMethod::Evict,
                baseline: Some(Box::new(RecoveryBaseline::default())),
            },
            JournalEvent::Resolve {
                uid,
                resolution: Resolution::Disrupted,
                accepted: Some(now),
            },
            JournalEvent::Close(Box::new(report)),
        ] {
            self.step(&event, now);
        }
    }

    /// Records at `now` that the pods of the namespace that were disrupted are whole again.
    pub fn recover(&mut self, namespace: &str, now: Timestamp) {
        let records = self.journal.recovering().iter().map(|record| &record.victim);
        let records: Vec<_> = records
            .filter(|victim| victim.pod.namespace == namespace)
            .cloned()
            .collect();
        for victim in records {
            let report = RecoveryReport {
                slot: victim.slot,
                pod: victim.pod,
                ..recovery("", RecoveryVerdict::Recovered)
            };
            self.step(&JournalEvent::ReportRecovery(Box::new(report)), now);
        }
    }
}

/// Publishes every sort of fact, so that every metric has a value that is not 0.
pub fn fill(metrics: &Metrics, now: Timestamp) {
    let mut journal = TestJournal::default();
    journal.disrupt("shop", now);
    let held_round = RoundReport {
        end: RoundEnd::Held(hold("error rate")),
        ..round([])
    };
    let refused = attempt("shop", refused_by_budget());
    let evicted = attempt("shop", Outcome::Evicted);

    for fact in [
        Fact::SlotPlanned(now.checked_add(SignedDuration::from_mins(30)).ok()),
        Fact::PodsChecked {
            candidates: &BTreeMap::from([("shop".to_owned(), 4)]),
            exempted: &exempted("too-young", 2),
        },
        tried(&refused, now),
        tried(&evicted, now),
        Fact::NamespaceForbidden("bank"),
        Fact::RoundFinished(&held_round),
        Fact::RecoveryReported(&recovery("web-1", RecoveryVerdict::Recovered)),
        Fact::JournalRead {
            journal: journal.journal(),
            pause: Some(&PauseRequest::INDEFINITE),
            now,
        },
        Fact::RequestEnded {
            verb: "create",
            resource: "pods/eviction",
            code: Some(201),
            took: Duration::from_millis(12),
        },
        Fact::RequestEnded {
            verb: "list",
            resource: "pods",
            code: None,
            took: Duration::from_secs(30),
        },
        Fact::MessageHandled {
            channel: "slack",
            result: MessageResult::Sent,
        },
        Fact::MessagesWaiting {
            channel: "slack",
            count: 2,
        },
        Fact::ReloadEnded { is_success: true },
        Fact::ActorRestarted("Killer"),
    ] {
        metrics.note(fact);
    }
}

fn victim(namespace: &str) -> Candidate {
    Candidate {
        pod: PodRef {
            namespace: namespace.to_owned(),
            name: "web-1".to_owned(),
            uid: format!("uid-{namespace}"),
        },
        owner: Some(deployment()),
        team: None,
        period_end: None,
    }
}

fn deployment() -> PodOwner {
    PodOwner {
        kind: "Deployment".to_owned(),
        name: "web".to_owned(),
    }
}
