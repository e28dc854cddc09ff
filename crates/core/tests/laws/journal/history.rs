//! Random histories: what holders may do to a journal, at times that go forth and back.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use macaque_core::config::{DisruptionLimits, RecoveryPolicy};
use macaque_core::eligibility::Candidate;
use macaque_core::journal::{
    Journal, JournalEvent, JournalTiming, LeaseHolder, MessageId, PauseEnd, PauseRequest, Resolution,
    StepContext,
};
use macaque_core::outcome::DisruptionMethod;
use macaque_core::recovery::{RecoveryBaseline, RecoveryReport, RecoveryVerdict};
use macaque_core::report::RoundReport;
use proptest::prelude::*;

use super::samples::{
    baseline, candidate, due_notices, is_watched, longest_place, place, recovery_report, report, victim,
    withheld,
};

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
    Reserve {
        pod: u8,
    },
    Resolve {
        resolution: Resolution,
    },
    Close,
    Withhold,
    TakeOver,
    /// Whatever people may want to know is issued, as far as it is news.
    Issue,
    Delivered {
        done: bool,
    },
    Quarantine,
    Accept,
    /// The holder stops.
    Release,
    /// The Watcher of the holder's process reports one of the recoveries: its end, or that its replacement is stuck.
    Report {
        which: u8,
        verdict: Option<RecoveryVerdict>,
    },
    /// An operator ends the pause, or pauses for half an hour.
    Resume,
    PauseAWhile,
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
        3 => Just(StepKind::Issue),
        2 => any::<bool>().prop_map(|done| StepKind::Delivered { done }),
        1 => Just(StepKind::Quarantine),
        1 => Just(StepKind::Accept),
        1 => Just(StepKind::Release),
        6 => (any::<u8>(), verdict()).prop_map(|(which, verdict)| StepKind::Report { which, verdict }),
        1 => Just(StepKind::Resume),
        1 => Just(StepKind::PauseAWhile),
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

/// How a recovery ends, if it does.
fn verdict() -> impl Strategy<Value = Option<RecoveryVerdict>> {
    prop_oneof![
        1 => Just(None),
        2 => Just(Some(RecoveryVerdict::Recovered)),
        4 => Just(Some(RecoveryVerdict::Unrecovered)),
        2 => prop::sample::select(&RecoveryVerdict::ALL[..]).prop_map(Some),
    ]
}

/// A history as it unfolds.
pub(crate) struct JournalHistory {
    pub(crate) journal: Journal,
    pub(crate) now: Timestamp,
    pub(crate) limits: DisruptionLimits,
    pub(crate) count: usize,
    pub(crate) recovery: RecoveryPolicy,
    pub(crate) timing: JournalTiming,
    /// Whether recoveries are watched at all.
    pub(crate) watches: bool,
    /// The pause that the annotations ask for.
    pub(crate) pause: Option<PauseRequest>,
    pub(crate) holders: Vec<LeaseHolder>,
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
            watches: true,
            pause: None,
            holders: (0..3).map(holder).collect(),
        }
    }

    /// StepKind the step writes down, and the context that it does so.
    pub(crate) fn event(&mut self, step: &HolderStep) -> (JournalEvent, StepContext<'_>) {
        self.now += SignedDuration::from_secs(step.clock_shift);
        match step.kind {
            StepKind::Resume => self.pause = None,
            StepKind::PauseAWhile => {
                let end = PauseEnd::Until(self.now + SignedDuration::from_mins(30));
                self.pause = Some(PauseRequest {
                    end,
                    ..PauseRequest::INDEFINITE
                });
            }
            _ => {}
        }
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
                baseline: (self.watches && is_watched(*pod)).then(|| Box::new(baseline())),
            },
            StepKind::Resolve { resolution } => {
                let last = open.and_then(|round| round.reservations.last());
                JournalEvent::Resolve {
                    uid: last.map_or_else(String::new, |reservation| reservation.pod.uid.clone()),
                    resolution: *resolution,
                    accepted: (*resolution == Resolution::Disrupted).then_some(self.now),
                }
            }
            StepKind::Close => JournalEvent::Close(Box::new(report(slot, 1, "why"))),
            StepKind::Withhold => JournalEvent::Withhold(Box::new(withheld(self.now))),
            StepKind::TakeOver => JournalEvent::TakeOver,
            StepKind::Issue => JournalEvent::Issue(Box::new(due_notices(self.now))),
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
            StepKind::Release => JournalEvent::Release,
            StepKind::Report { which, verdict } => {
                let records = self.journal.recovering();
                let record = records.get(usize::from(*which) % records.len().max(1));
                let report = record.map(|record| recovery_report(&record.victim, *verdict));
                let report = report.unwrap_or_else(|| recovery_report(&victim(0, self.now), *verdict));
                JournalEvent::ReportRecovery(Box::new(report))
            }
            // What is done to the annotations leaves the journal as it is.
            StepKind::Resume | StepKind::PauseAWhile => JournalEvent::Release,
        };
        let context = StepContext {
            now: self.now,
            skew: None,
            holder,
            keeps_recoveries: true,
            pause: if step.paused {
                Some(PauseRequest::INDEFINITE)
            } else {
                self.pause.clone()
            },
            count: self.count,
            limits: &self.limits,
            recovery: &self.recovery,
            timing: &self.timing,
        };

        (event, context)
    }

    /// The first holder disrupts `victim` through the journal, and its recovery is not watched; whether it may.
    pub(crate) fn disrupts(&mut self, victim: Candidate) -> bool {
        self.disrupts_from(victim, None)
    }

    /// The first holder disrupts `victim` through the journal, and its recovery is watched; whether it may.
    pub(crate) fn disrupts_watched(&mut self, victim: Candidate) -> bool {
        self.disrupts_from(victim, Some(baseline()))
    }

    /// The first holder disrupts `victim` through the journal; whether it may.
    pub(crate) fn disrupts_from(&mut self, victim: Candidate, baseline: Option<RecoveryBaseline>) -> bool {
        let uid = victim.pod.uid.clone();
        let reservation = JournalEvent::Reserve {
            victim,
            place: longest_place(),
            method: DisruptionMethod::Evict,
            baseline: baseline.map(Box::new),
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

    /// The Watcher of the first holder's process records this.
    pub(crate) fn record(&mut self, report: RecoveryReport) {
        assert!(self.commit(&JournalEvent::ReportRecovery(Box::new(report))));
    }

    pub(crate) fn commit(&mut self, event: &JournalEvent) -> bool {
        let journal = self.journal.clone();
        let idle = HolderStep::of(0, StepKind::TakeOver);
        let (_, context) = self.event(&idle);
        let next = journal.step(event, &context);
        let took = next.is_ok();
        let next = next.unwrap_or(journal.clone());
        let asked = next.pause_to_write(&journal, context.pause.as_ref());
        self.pause = asked.or(self.pause.take());
        self.journal = next;

        took
    }

    /// Takes the step's step; whether the journal took it.
    pub(crate) fn take(&mut self, step: &HolderStep) -> bool {
        self.take_with(step, None)
    }

    /// Takes the step's step on a machine whose clock is so far ahead of the API server's; whether the journal took it.
    pub(crate) fn take_ahead(&mut self, step: &HolderStep, ahead: SignedDuration) -> bool {
        self.take_with(step, Some(ahead))
    }

    fn take_with(&mut self, step: &HolderStep, skew: Option<SignedDuration>) -> bool {
        let journal = self.journal.clone();
        let (event, context) = self.event(step);
        let context = StepContext {
            now: context.now + skew.unwrap_or_default(),
            skew,
            ..context
        };
        match journal.step(&event, &context) {
            Ok(next) => {
                let asked = next.pause_to_write(&journal, context.pause.as_ref());
                self.pause = asked.or(self.pause.take());
                self.journal = next;
                true
            }
            Err(_) => false,
        }
    }
}
