//! Random histories: what holders may do to a journal, at times that go forth and back.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use macaque_core::config::{DisruptionLimits, RecoveryPolicy};
use macaque_core::eligibility::Candidate;
use macaque_core::journal::{
    Journal, JournalEvent, JournalTiming, LeaseHolder, MessageId, PauseRequest, Resolution, StepContext,
};
use macaque_core::outcome::{DisruptionMethod, Outcome};
use macaque_core::pod::{PodOwner, PodPlace, PodRef};
use macaque_core::report::{AttemptReport, ExemptionTallies, RoundEnd, RoundReport};
use proptest::prelude::*;

/// One thing that one holder does.
#[derive(Debug, Clone)]
pub(crate) struct HolderStep {
    pub(crate) holder: usize,
    pub(crate) kind: StepKind,
    /// How far the clock moves before it, in seconds.
    pub(crate) clock_shift: i64,
    pub(crate) paused: bool,
}

impl HolderStep {
    /// A step of `holder` while the clock stands and nothing is paused.
    pub(crate) fn of(holder: usize, kind: StepKind) -> Self {
        Self {
            holder,
            kind,
            clock_shift: 0,
            paused: false,
        }
    }

    /// The step, with the clock moved before it.
    pub(crate) fn after(self, clock_shift: i64) -> Self {
        Self { clock_shift, ..self }
    }
}

/// The kind of a step.
#[derive(Debug, Clone)]
pub(crate) enum StepKind {
    Claim,
    Reserve { pod: u8 },
    Resolve { resolution: Resolution },
    Close,
    Withhold,
    TakeOver,
    Delivered { done: bool },
    Quarantine,
    Accept,
}

/// Steps of three holders, most of them in good order.
pub(crate) fn steps() -> impl Strategy<Value = Vec<HolderStep>> {
    let resolution = prop_oneof![
        4 => Just(Resolution::Disrupted),
        1 => Just(Resolution::Unknown),
        2 => Just(Resolution::Released),
    ];
    let kind = prop_oneof![
        4 => Just(StepKind::Claim),
        8 => (0u8..40).prop_map(|pod| StepKind::Reserve { pod }),
        8 => resolution.prop_map(|resolution| StepKind::Resolve { resolution }),
        4 => Just(StepKind::Close),
        1 => Just(StepKind::Withhold),
        2 => Just(StepKind::TakeOver),
        2 => any::<bool>().prop_map(|done| StepKind::Delivered { done }),
        1 => Just(StepKind::Quarantine),
        1 => Just(StepKind::Accept),
    ];
    let clock_shift = prop_oneof![8 => 0i64..90, 2 => 600i64..7200, 1 => -4000i64..0];
    let step = (0usize..3, kind, clock_shift, prop::bool::weighted(0.05));
    let step = step.prop_map(|(holder, kind, clock_shift, paused)| HolderStep {
        holder,
        kind,
        clock_shift,
        paused,
    });

    prop::collection::vec(step, 1..120)
}

/// A history as it unfolds.
pub(crate) struct JournalHistory {
    pub(crate) journal: Journal,
    pub(crate) now: Timestamp,
    pub(crate) limits: DisruptionLimits,
    pub(crate) count: usize,
    pub(crate) recovery: RecoveryPolicy,
    pub(crate) timing: JournalTiming,
    holders: Vec<LeaseHolder>,
}

impl JournalHistory {
    pub(crate) fn new(limits: DisruptionLimits, count: usize) -> Self {
        let holder = |n: usize| LeaseHolder {
            process: format!("replica-{n}"),
            incarnation: 1,
        };

        Self {
            journal: Journal::new("uid"),
            now: Timestamp::from_second(1_800_000_000).unwrap(),
            limits,
            count,
            recovery: RecoveryPolicy::off(),
            timing: JournalTiming::default(),
            holders: (0..3).map(holder).collect(),
        }
    }

    /// StepKind the step writes down, and the context that it does so.
    pub(crate) fn event(&mut self, step: &HolderStep) -> (JournalEvent, StepContext<'_>) {
        self.now += SignedDuration::from_secs(step.clock_shift);
        let holder = &self.holders[step.holder];
        let open = self.journal.open_round_of(holder);
        let slot = open.map_or(self.now, |round| round.slot);
        let event = match &step.kind {
            StepKind::Claim => JournalEvent::Claim {
                slot: self.now,
                seed: 1,
                since: Timestamp::MIN,
            },
            StepKind::Reserve { pod } => JournalEvent::Reserve {
                victim: candidate(*pod),
                place: place(*pod),
                method: DisruptionMethod::Evict,
                baseline: None,
            },
            StepKind::Resolve { resolution } => {
                let last = open.and_then(|round| round.reservations.last());
                JournalEvent::Resolve {
                    uid: last.map_or_else(String::new, |reservation| reservation.pod.uid.clone()),
                    resolution: *resolution,
                    accepted: None,
                }
            }
            StepKind::Close => JournalEvent::Close(Box::new(report(slot, 1, "why"))),
            StepKind::Withhold => JournalEvent::Withhold(Box::new(withheld(self.now))),
            StepKind::TakeOver => JournalEvent::TakeOver,
            StepKind::Delivered { done } => JournalEvent::Delivered {
                message: MessageId::of_round(self.journal.round().map_or(slot, |round| round.slot)),
                channels: BTreeMap::from([("slack".to_owned(), None)]),
                done: *done,
            },
            StepKind::Quarantine => JournalEvent::Quarantine {
                why: "a test".to_owned(),
                known: self.journal.sequence(),
            },
            StepKind::Accept => JournalEvent::Accept,
        };
        let context = StepContext {
            now: self.now,
            skew: None,
            holder,
            keeps_recoveries: true,
            pause: step.paused.then_some(PauseRequest::INDEFINITE),
            count: self.count,
            limits: &self.limits,
            recovery: &self.recovery,
            timing: &self.timing,
        };

        (event, context)
    }

    /// The first holder disrupts `victim` through the journal; whether it may.
    pub(crate) fn disrupts(&mut self, victim: Candidate) -> bool {
        let uid = victim.pod.uid.clone();
        let reservation = JournalEvent::Reserve {
            victim,
            place: longest_place(),
            method: DisruptionMethod::Evict,
            baseline: None,
        };
        let resolved = JournalEvent::Resolve {
            uid,
            resolution: Resolution::Disrupted,
            accepted: Some(self.now),
        };
        self.commit(&reservation) && self.commit(&resolved)
    }

    /// The first holder closes its round.
    pub(crate) fn close(&mut self, report: RoundReport) {
        assert!(self.commit(&JournalEvent::Close(Box::new(report))));
    }

    fn commit(&mut self, event: &JournalEvent) -> bool {
        let journal = self.journal.clone();
        let idle = HolderStep::of(0, StepKind::TakeOver);
        let (_, context) = self.event(&idle);
        let next = journal.step(event, &context);
        let took = next.is_ok();
        self.journal = next.unwrap_or(journal);

        took
    }

    /// Takes the step's step; whether the journal took it.
    pub(crate) fn take(&mut self, step: &HolderStep) -> bool {
        let journal = self.journal.clone();
        let (event, context) = self.event(step);
        match journal.step(&event, &context) {
            Ok(next) => {
                self.journal = next;
                true
            }
            Err(_) => false,
        }
    }
}

/// Limits, or none.
pub(crate) fn limits() -> impl Strategy<Value = DisruptionLimits> {
    let limit = || prop::option::of(1usize..6);
    let overall = (limit(), limit(), 0u64..8000);
    let caps = (limit(), limit(), limit(), limit());
    (overall, caps).prop_map(|(overall, caps)| {
        let (per_hour, per_day, cooldown) = overall;
        let (per_node, per_zone, per_namespace_day, per_owner_day) = caps;
        DisruptionLimits {
            per_hour,
            per_day,
            per_node,
            per_zone,
            per_namespace_day,
            per_owner_day,
            in_flight: None,
            cooldown: Duration::from_secs(cooldown),
        }
    })
}

/// The place of a pod: one of five nodes in two zones, and that of one pod in five is in a zone that is not known.
pub(crate) fn place(pod: u8) -> PodPlace {
    let zone = Some(pod % 5).filter(|node| *node > 0).map(|node| node % 2);
    PodPlace {
        node: Some(format!("node-{}", pod % 5)),
        zone: zone.map(|zone| format!("zone-{zone}")),
    }
}

/// A place with the longest names that there can be.
fn longest_place() -> PodPlace {
    PodPlace {
        node: Some("n".repeat(253)),
        zone: Some("z".repeat(63)),
    }
}

/// A pod of one of twenty owners, in one of two namespaces.
pub(crate) fn candidate(pod: u8) -> Candidate {
    Candidate {
        pod: PodRef {
            namespace: if pod < 20 { "shop" } else { "team" }.to_owned(),
            name: format!("web-{pod}"),
            uid: format!("uid-{pod}"),
        },
        owner: Some(PodOwner {
            kind: "Deployment".to_owned(),
            name: format!("web-{}", pod % 10),
        }),
    }
}

/// The report of a round that no replica may run.
pub(crate) fn withheld(slot: Timestamp) -> RoundReport {
    RoundReport {
        end: RoundEnd::Withheld {
            why: "a limit".to_owned(),
        },
        ..report(slot, 0, "")
    }
}

/// A report with so many victims.
pub(crate) fn report(slot: Timestamp, victims: u8, words: &str) -> RoundReport {
    let attempt = |pod| {
        let Candidate { pod, owner } = candidate(pod);
        AttemptReport {
            pod,
            owner,
            outcome: Outcome::Unknown {
                why: words.to_owned(),
            },
            warnings: vec![words.to_owned()],
        }
    };

    RoundReport {
        slot,
        finished: slot,
        seed: 1,
        dry_run: false,
        method: DisruptionMethod::Evict,
        namespaces: vec!["shop".to_owned()],
        selector: "app=web".to_owned(),
        listed: 100,
        candidates: 50,
        exempted: ExemptionTallies::new(),
        attempts: (0..victims).map(attempt).collect(),
        problems: vec![words.to_owned(); 40],
        warnings: Vec::new(),
        end: RoundEnd::Failed {
            why: words.to_owned(),
        },
    }
}
