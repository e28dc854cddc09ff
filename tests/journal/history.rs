//! Random histories: what holders may do to a journal, at times that go forth and back.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use macaque_core::config::DisruptionLimits;
use macaque_core::eligibility::Candidate;
use macaque_core::journal::{
    Journal, JournalEvent, JournalTiming, LeaseHolder, PauseRequest, Resolution, StepContext,
};
use macaque_core::outcome::{DisruptionMethod, Outcome};
use macaque_core::pod::{PodOwner, PodRef};
use macaque_core::report::{AttemptReport, ExemptionTallies, RoundEnd, RoundReport};
use proptest::prelude::*;

/// One thing that somebody does.
#[derive(Debug, Clone)]
pub(crate) struct Deed {
    pub(crate) holder: usize,
    pub(crate) what: What,
    /// How far the clock moves before it.
    pub(crate) moves: i64,
    pub(crate) paused: bool,
}

/// What is done.
#[derive(Debug, Clone)]
pub(crate) enum What {
    Claim,
    Charge { pod: u8 },
    Settle { settled: Resolution },
    Close,
    Patrol,
    Told { done: bool },
    Distrust,
    Trust,
}

/// Deeds of three holders, most of them in good order.
pub(crate) fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let settled = prop_oneof![
        4 => Just(Resolution::Disrupted),
        1 => Just(Resolution::Unknown),
        2 => Just(Resolution::Released),
    ];
    let what = prop_oneof![
        4 => Just(What::Claim),
        8 => (0u8..40).prop_map(|pod| What::Charge { pod }),
        8 => settled.prop_map(|settled| What::Settle { settled }),
        4 => Just(What::Close),
        2 => Just(What::Patrol),
        2 => any::<bool>().prop_map(|done| What::Told { done }),
        1 => Just(What::Distrust),
        1 => Just(What::Trust),
    ];
    let moves = prop_oneof![8 => 0i64..90, 2 => 600i64..7200, 1 => -4000i64..0];
    let deed = (0usize..3, what, moves, prop::bool::weighted(0.05));
    let deed = deed.prop_map(|(holder, what, moves, paused)| Deed {
        holder,
        what,
        moves,
        paused,
    });
    prop::collection::vec(deed, 1..120)
}

/// A history as it unfolds.
pub(crate) struct Unfolding {
    pub(crate) journal: Journal,
    pub(crate) now: Timestamp,
    pub(crate) limits: DisruptionLimits,
    pub(crate) count: usize,
    pub(crate) timing: JournalTiming,
    holders: Vec<LeaseHolder>,
}

impl Unfolding {
    pub(crate) fn new(limits: DisruptionLimits, count: usize) -> Self {
        let holder = |n: usize| LeaseHolder {
            process: format!("replica-{n}"),
            life: 1,
        };
        Self {
            journal: Journal::new("uid"),
            now: Timestamp::from_second(1_800_000_000).unwrap(),
            limits,
            count,
            timing: JournalTiming::default(),
            holders: (0..3).map(holder).collect(),
        }
    }

    /// What the deed writes down, and the moment that it does so.
    pub(crate) fn event(&mut self, deed: &Deed) -> (JournalEvent, StepContext<'_>) {
        self.now += SignedDuration::from_secs(deed.moves);
        let holder = &self.holders[deed.holder];
        let open = self.journal.open_round_of(holder);
        let slot = open.map_or(self.now, |round| round.slot);
        let event = match &deed.what {
            What::Claim => JournalEvent::Claim {
                slot: self.now,
                seed: 1,
                since: Timestamp::MIN,
            },
            What::Charge { pod } => JournalEvent::Reserve {
                victim: candidate(*pod),
                method: DisruptionMethod::Evict,
            },
            What::Settle { settled } => {
                let last = open.and_then(|round| round.charges.last());
                JournalEvent::Resolve {
                    uid: last.map_or_else(String::new, |charge| charge.pod.uid.clone()),
                    settled: *settled,
                }
            }
            What::Close => JournalEvent::Close(Box::new(report(slot, 1, "why"))),
            What::Patrol => JournalEvent::Recover,
            What::Told { done } => JournalEvent::Delivered {
                slot: self.journal.round().map_or(slot, |round| round.slot),
                channels: vec!["slack".to_owned()],
                done: *done,
            },
            What::Distrust => JournalEvent::Quarantine {
                why: "a test".to_owned(),
                known: self.journal.sequence(),
            },
            What::Trust => JournalEvent::Accept,
        };
        let moment = StepContext {
            now: self.now,
            skew: None,
            holder,
            pause: deed.paused.then_some(PauseRequest::Indefinite),
            count: self.count,
            limits: &self.limits,
            timing: &self.timing,
        };
        (event, moment)
    }

    /// The first holder disrupts `victim` by the book; whether it may.
    pub(crate) fn disrupts(&mut self, victim: Candidate) -> bool {
        let uid = victim.pod.uid.clone();
        let charge = JournalEvent::Reserve {
            victim,
            method: DisruptionMethod::Evict,
        };
        let settled = Resolution::Disrupted;
        self.enter(&charge) && self.enter(&JournalEvent::Resolve { uid, settled })
    }

    /// The first holder closes its round.
    pub(crate) fn close(&mut self, report: RoundReport) {
        assert!(self.enter(&JournalEvent::Close(Box::new(report))));
    }

    fn enter(&mut self, event: &JournalEvent) -> bool {
        let journal = self.journal.clone();
        let idle = Deed {
            holder: 0,
            what: What::Patrol,
            moves: 0,
            paused: false,
        };
        let (_, moment) = self.event(&idle);
        let next = journal.step(event, &moment);
        let took = next.is_ok();
        self.journal = next.unwrap_or(journal);
        took
    }

    /// Takes the deed's step; whether the journal took it.
    pub(crate) fn take(&mut self, deed: &Deed) -> bool {
        let journal = self.journal.clone();
        let (event, moment) = self.event(deed);
        match journal.step(&event, &moment) {
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
    (limit(), limit(), 0u64..8000).prop_map(|(per_hour, per_day, cooldown)| DisruptionLimits {
        per_hour,
        per_day,
        cooldown: Duration::from_secs(cooldown),
    })
}

/// A pod of one of ten owners.
pub(crate) fn candidate(pod: u8) -> Candidate {
    Candidate {
        pod: PodRef {
            namespace: "shop".to_owned(),
            name: format!("web-{pod}"),
            uid: format!("uid-{pod}"),
        },
        owner: Some(PodOwner {
            kind: "Deployment".to_owned(),
            name: format!("web-{}", pod % 10),
        }),
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
        end: RoundEnd::Failed {
            why: words.to_owned(),
        },
    }
}
