//! The world of the model: a cell with the journal, pods that come back under their names, requests on their way, and
//! what may happen next.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use macaque_core::config::DisruptionLimits;
use macaque_core::journal::{Journal, JournalTiming, LeaseHolder, PauseRequest, StepContext};
use stateright::{Model, Property};

use crate::replica::{Replica, Stage};

/// The safety property.
pub(crate) const NEVER_TOO_MANY: &str = "never more disruptions than ordered";

/// What is wrong with a protocol on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    Nothing,
    /// Disruptions carry no UID.
    NoUid,
    /// The journal is written whatever stands there.
    BlindWrites,
    /// After an interruption the charge is dropped and another victim drawn.
    DrawsAgain,
    /// The victim is charged once it is disrupted.
    RecordsAfter,
    /// A charge whose outcome is in doubt is taken back.
    RefundsInDoubt,
}

/// A bounded world.
#[derive(Debug, Clone)]
pub(crate) struct Protocol {
    pub(crate) replicas: usize,
    /// Lives that end at any moment, while their last request may be on its way.
    pub(crate) crashes: usize,
    /// Requests that are lost to who sent them, and land at any later time.
    pub(crate) late: usize,
    /// Disruptions that the server refuses.
    pub(crate) refusals: usize,
    /// Whether somebody may pause macaque at any time.
    pub(crate) pauses: bool,
    pub(crate) flaw: Flaw,
}

/// One state of the world.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct World {
    /// The ConfigMap: the journal, its version, and the annotation.
    pub(crate) journal: Journal,
    pub(crate) version: u64,
    pub(crate) paused: bool,
    /// How many leases have passed since the slot.
    pub(crate) leases: u8,
    pub(crate) replicas: Vec<Replica>,
    /// The generation of each pod: a disrupted one comes back under its name as the next.
    pub(crate) pods: [u8; 2],
    /// The requests that their senders have given up on.
    pub(crate) on_the_way: Vec<Request>,
    pub(crate) crashed: usize,
    pub(crate) delayed: usize,
    pub(crate) refused: usize,
    /// What the server saw: the pods that were disrupted, and those charged before.
    pub(crate) disrupted: BTreeSet<Victim>,
    pub(crate) charged: BTreeSet<Victim>,
    pub(crate) charged_while_paused: bool,
}

/// A pod of some generation: its UID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Victim {
    pub(crate) name: usize,
    pub(crate) generation: u8,
}

/// A request that lands late.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Request {
    Disrupt(Victim),
    Write { journal: Box<Journal>, version: u64 },
}

/// What may happen next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    /// A replica takes its next step, and its answer comes.
    Step(usize),
    /// The same, and the answer is lost.
    StepUnheard(usize),
    /// Its request is under way when it gives up waiting.
    StepLate(usize),
    /// Its disruption is refused.
    Refused(usize),
    /// It ends, and its next life begins in another process.
    Crash(usize),
    /// It is replaced by its next life in the same process, and goes on as a zombie.
    Replace(usize),
    /// A late request lands.
    Land(usize),
    /// Time passes.
    Lease,
    /// Somebody pauses macaque.
    Pause,
}

impl Protocol {
    pub(crate) fn of(replicas: usize) -> Self {
        Self {
            replicas,
            crashes: 1,
            late: 1,
            refusals: 0,
            pauses: false,
            flaw: Flaw::Nothing,
        }
    }
}

impl World {
    /// The moment as `holder` sees it, with the annotation as it read it.
    pub(crate) fn moment<'a>(
        &self,
        holder: &'a LeaseHolder,
        paused: bool,
        terms: &'a (DisruptionLimits, JournalTiming),
    ) -> StepContext<'a> {
        StepContext {
            now: slot() + LEASE * u32::from(self.leases) + Duration::from_millis(u64::from(self.leases)),
            skew: None,
            holder,
            pause: paused.then_some(PauseRequest::Indefinite),
            count: 1,
            limits: &terms.0,
            timing: &terms.1,
        }
    }

    /// A conditional write, or a blind one.
    pub(crate) fn write(&mut self, journal: Journal, version: u64, flaw: Flaw) -> bool {
        let taken = version == self.version || flaw == Flaw::BlindWrites;
        if taken {
            self.journal = journal;
            self.version += 1;
        }
        taken
    }

    /// A disruption lands at the server.
    pub(crate) fn disrupt(&mut self, victim: Victim, flaw: Flaw) {
        let generation = self.pods[victim.name];
        if generation == victim.generation || flaw == Flaw::NoUid {
            self.disrupted.insert(Victim { generation, ..victim });
            self.pods[victim.name] += 1;
        }
    }

    pub(crate) fn lives(&self, victim: Victim) -> bool {
        self.pods[victim.name] == victim.generation
    }
}

/// The slot that is played.
pub(crate) fn slot() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

const LEASE: Duration = Duration::from_secs(20);

/// The terms of every step.
pub(crate) fn terms() -> (DisruptionLimits, JournalTiming) {
    let timing = JournalTiming {
        deadline: Duration::from_secs(300),
        lease: LEASE,
        ..JournalTiming::default()
    };
    (DisruptionLimits::default(), timing)
}

impl Model for Protocol {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        let replica = |n| Replica::new(format!("replica-{n}"), 1, Stage::Claim);
        vec![World {
            journal: Journal::new("uid"),
            version: 0,
            paused: false,
            leases: 0,
            replicas: (0..self.replicas).map(replica).collect(),
            pods: [0, 0],
            on_the_way: Vec::new(),
            crashed: 0,
            delayed: 0,
            refused: 0,
            disrupted: BTreeSet::new(),
            charged: BTreeSet::new(),
            charged_while_paused: false,
        }]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        for (n, replica) in world.replicas.iter().enumerate() {
            if replica.stage == Stage::Done {
                continue;
            }
            actions.push(Action::Step(n));
            if world.delayed < self.late && replica.sends() {
                actions.extend([Action::StepUnheard(n), Action::StepLate(n)]);
            }
            if world.refused < self.refusals && matches!(replica.stage, Stage::Disrupt(_)) {
                actions.push(Action::Refused(n));
            }
            if world.crashed < self.crashes {
                actions.extend([Action::Crash(n), Action::Replace(n)]);
            }
        }
        actions.extend((0..world.on_the_way.len()).map(Action::Land));
        if world.leases < 1 {
            actions.push(Action::Lease);
        }
        if self.pauses && !world.paused {
            actions.push(Action::Pause);
        }
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        let mut next = world.clone();
        match action {
            Action::Step(n) => next.step(n, self.flaw),
            Action::StepUnheard(n) => {
                next.delayed += 1;
                next.step_unheard(n, self.flaw);
            }
            Action::StepLate(n) => {
                next.delayed += 1;
                next.step_late(n)?;
            }
            Action::Refused(n) => {
                next.refused += 1;
                next.replicas[n].refused();
            }
            Action::Crash(n) => {
                next.crashed += 1;
                let process = format!("{}-again", next.replicas[n].holder.process);
                next.replicas[n] = Replica::new(process, 1, Stage::Patrol);
            }
            Action::Replace(n) => {
                next.crashed += 1;
                let LeaseHolder { process, life } = next.replicas[n].holder.clone();
                next.replicas.push(Replica::new(process, life + 1, Stage::Patrol));
            }
            Action::Land(k) => match next.on_the_way.remove(k) {
                Request::Disrupt(victim) => next.disrupt(victim, self.flaw),
                Request::Write { journal, version } => drop(next.write(*journal, version, self.flaw)),
            },
            Action::Lease => next.leases += 1,
            Action::Pause => {
                next.paused = true;
                next.version += 1;
            }
        }
        (next != *world).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties = vec![
            Property::always(NEVER_TOO_MANY, |_, world: &World| world.disrupted.len() <= 1),
            Property::sometimes("somebody is disrupted", |_, world: &World| {
                !world.disrupted.is_empty()
            }),
            Property::sometimes("the round is closed", |_, world: &World| is_over(world)),
        ];
        if self.flaw == Flaw::Nothing {
            properties.extend([
                Property::always("nobody is disrupted who was not charged", |_, world: &World| {
                    world.disrupted.is_subset(&world.charged)
                }),
                Property::always("nobody is charged while macaque is paused", |_, world: &World| {
                    !world.charged_while_paused
                }),
                Property::always("a closed round has a notice", |_, world: &World| {
                    !is_over(world) || has_notice(world)
                }),
            ]);
        }
        properties
    }
}

fn is_over(world: &World) -> bool {
    world.journal.round().is_some_and(|round| round.over)
}

fn has_notice(world: &World) -> bool {
    let holders = world.replicas.iter().map(|replica| &replica.holder);
    let by_the_living = holders
        .flat_map(|holder| world.journal.notices_of(holder))
        .count();
    // Who closed it may be gone: then the notice waits for another.
    by_the_living > 0 || world.crashed > 0
}
