//! The model: a journal with its version, pods that come back under their names, requests in flight, and what may
//! happen next.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use macaque_core::config::{DisruptionLimits, RecoveryPolicy};
use macaque_core::guard::RecoveredGuard;
use macaque_core::journal::{Journal, JournalTiming, LeaseHolder, PauseRequest, StepContext};
use macaque_core::recovery::RecoveryVerdict;
use stateright::{Model, Property};

use crate::replica::{ModelReplica, ReplicaStage, read_uid};

/// The safety property.
pub(crate) const NEVER_TOO_MANY: &str = "never more disruptions than ordered";
/// The safety property of the guards.
pub(crate) const NEVER_WITHOUT_GO: &str = "no pod is reserved unless the guards last said go";
/// The liveness property of the guards.
pub(crate) const LETS_GO: &str = "once the cause of a guard is gone, the next slot disrupts a pod";
/// The safety properties of recoveries.
pub(crate) const NEVER_MADE_UP: &str =
    "a recovery is reported only by who saw the owner lack a pod, and then whole";
pub(crate) const NEVER_TWICE: &str = "no recovery ends twice";
pub(crate) const NEVER_UNRECOVERED: &str =
    "no pod is reserved while its owner is known not to have recovered";
pub(crate) const PAUSES: &str = "enough strikes in a row pause macaque, and nothing less";
/// The liveness property of recoveries.
pub(crate) const NOT_FOR_EVER: &str = "no recovery is watched for ever";

/// The ingredient that a protocol lacks on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mutation {
    None,
    /// Disruptions carry no UID.
    NoUid,
    /// The journal is written whatever stands there.
    UnconditionalWrites,
    /// After an interruption the reservation is dropped and another victim picked.
    PicksAgain,
    /// The victim is reserved after it was disrupted.
    ReservesAfter,
    /// A reservation whose outcome is in doubt is released.
    ReleasesInDoubt,
    /// A victim is reserved whatever the guards say.
    IgnoresGuards,
    /// What a guard once held back it holds back for ever.
    HoldsForEver,
    /// An owner that is whole at the first look counts as recovered.
    RecoversAtFirstLook,
    /// The Watcher does not learn what the Killer took over.
    NeverAdopts,
    /// The pause is written after the strike, not with it.
    PausesApart,
    /// A victim is reserved whatever is recovering.
    IgnoresRecoveries,
}

/// The bounds of what is explored.
#[derive(Debug, Clone)]
pub(crate) struct ProtocolModel {
    pub(crate) replicas: usize,
    /// Incarnations that end at any moment, while their last request may be in flight.
    pub(crate) crashes: usize,
    /// Requests whose sender gets no answer, and which land at any later time.
    pub(crate) late: usize,
    /// Disruptions that the server refuses.
    pub(crate) refusals: usize,
    /// Whether macaque may be paused at any time.
    pub(crate) pauses: bool,
    /// How many times a cause for the guards to hold back may come or go.
    pub(crate) toggles: usize,
    /// The slots. In the last of several nothing fails, and the guards have no cause to hold back.
    pub(crate) slots: u8,
    /// Whether recoveries are watched, and how.
    pub(crate) recoveries: Option<ModelRecoveries>,
    pub(crate) mutation: Mutation,
}

/// How recoveries are watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ModelRecoveries {
    /// How long an owner has to recover.
    pub(crate) timeout: Duration,
    /// How many strikes in a row pause macaque.
    pub(crate) strikes: Option<usize>,
}

/// One state of the model.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ModelState {
    /// The ConfigMap: the journal, its version, and the annotation.
    pub(crate) journal: Journal,
    pub(crate) version: u64,
    pub(crate) paused: bool,
    /// How many leases have passed since the slot.
    pub(crate) leases: u8,
    /// The slot that is due.
    pub(crate) slot: u8,
    /// Whether the guards have a cause to hold back, and how many times it came or went.
    pub(crate) cause: bool,
    pub(crate) toggled: usize,
    pub(crate) replicas: Vec<ModelReplica>,
    /// The generation of each pod: a disrupted one comes back under its name as the next.
    pub(crate) pods: [u8; 2],
    /// Whether the pod is ready that came back last under each name.
    pub(crate) ready: [bool; 2],
    pub(crate) recoveries: Option<ModelRecoveries>,
    /// The requests that their senders have given up on.
    pub(crate) in_flight: Vec<LateRequest>,
    pub(crate) crashed: usize,
    pub(crate) delayed: usize,
    pub(crate) refused: usize,
    /// What the server saw in this slot: the pods that were disrupted, and those that were reserved before.
    pub(crate) disrupted: BTreeSet<PodUid>,
    pub(crate) reserved: BTreeSet<PodUid>,
    pub(crate) reserved_while_paused: bool,
    pub(crate) reserved_without_go: bool,
    pub(crate) reserved_unrecovered: bool,
    /// How many owners in a row did not recover since the last one that did, or since macaque was resumed.
    pub(crate) row: usize,
    pub(crate) resumed: bool,
    /// The ends of recoveries that the journal ever held: the slot, and the victim.
    pub(crate) ended: BTreeSet<(Timestamp, String)>,
    pub(crate) ended_twice: bool,
    pub(crate) reported_unwitnessed: bool,
    pub(crate) paused_early: bool,
}

/// A pod of some generation: its UID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct PodUid {
    pub(crate) name: usize,
    pub(crate) generation: u8,
}

/// A request that lands late.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum LateRequest {
    Disrupt(PodUid),
    Write {
        journal: Box<Journal>,
        version: u64,
        /// Whether macaque is paused with it.
        pauses: bool,
    },
}

/// What may happen next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ModelAction {
    /// A replica takes its next step, and its answer comes.
    Step(usize),
    /// A replica takes its next step, and its answer is lost.
    StepUnanswered(usize),
    /// A replica gives up waiting while its request is in flight.
    StepLate(usize),
    /// The disruption of a replica is refused.
    Refused(usize),
    /// A replica ends, and its next incarnation begins in another process.
    Crash(usize),
    /// A replica is replaced by its next incarnation in the same process, and goes on as a zombie.
    Replace(usize),
    /// A late request lands.
    Land(usize),
    /// Time passes.
    Lease,
    /// Macaque is paused.
    Pause,
    /// Macaque is resumed.
    Resume,
    /// The Watcher of a replica takes its next step, and its answer comes, is lost, or comes too late.
    Watch(usize),
    WatchUnanswered(usize),
    WatchLate(usize),
    /// The pod that came back under this name becomes ready.
    Ready(usize),
    /// A cause for the guards to hold back comes or goes.
    Toggle,
    /// The next slot is due.
    NextSlot,
}

impl ProtocolModel {
    /// Whether the last of several slots is due, in which nothing fails.
    fn is_calm(&self, state: &ModelState) -> bool {
        self.slots > 1 && state.slot + 1 == self.slots
    }

    pub(crate) fn of(replicas: usize) -> Self {
        Self {
            replicas,
            crashes: 1,
            late: 1,
            refusals: 0,
            pauses: false,
            toggles: 0,
            slots: 1,
            recoveries: None,
            mutation: Mutation::None,
        }
    }
}

impl ModelState {
    /// The context of a step by `holder`, with the annotation as it was read.
    pub(crate) fn context<'a>(
        &self,
        holder: &'a LeaseHolder,
        paused: bool,
        settings: &'a (DisruptionLimits, RecoveryPolicy, JournalTiming),
    ) -> StepContext<'a> {
        StepContext {
            now: self.now(),
            skew: None,
            holder,
            keeps_recoveries: true,
            pause: paused.then_some(PauseRequest::INDEFINITE),
            count: 1,
            limits: &settings.0,
            recovery: &settings.1,
            timing: &settings.2,
        }
    }

    /// The time by every clock.
    pub(crate) fn now(&self) -> Timestamp {
        self.due() + LEASE * u32::from(self.leases) + Duration::from_millis(u64::from(self.leases))
    }

    /// The limits and the timing of every step.
    pub(crate) fn settings(&self, mutation: Mutation) -> (DisruptionLimits, RecoveryPolicy, JournalTiming) {
        let timing = JournalTiming {
            deadline: Duration::from_secs(300),
            lease: LEASE,
            ..JournalTiming::default()
        };
        let policy = self.recoveries.map(|scenario| RecoveryPolicy {
            timeout: scenario.timeout,
            recovered: if mutation == Mutation::IgnoresRecoveries {
                RecoveredGuard::Off
            } else {
                RecoveredGuard::Owner
            },
            strikes: scenario.strikes,
        });
        let policy = policy.unwrap_or_else(RecoveryPolicy::off);
        (DisruptionLimits::default(), policy, timing)
    }

    /// A conditional write, or a blind one, and the pause that is written with it.
    pub(crate) fn write(&mut self, journal: Journal, version: u64, pauses: bool, mutation: Mutation) -> bool {
        let taken = version == self.version || mutation == Mutation::UnconditionalWrites;
        if taken {
            self.note_ends(&journal);
            self.journal = journal;
            self.version += 1;
            self.paused |= pauses && mutation != Mutation::PausesApart;
            self.paused_early |= pauses && !self.is_struck_out();
        }
        taken
    }

    /// Notes the ends of recoveries that the journal is about to tell of for the first time.
    fn note_ends(&mut self, next: &Journal) {
        let of = |journal: &Journal| {
            let reports = journal
                .outbox()
                .iter()
                .filter_map(|entry| entry.recovery_report());
            let ends =
                reports.filter_map(|report| Some((report.slot, report.pod.uid.clone(), report.verdict?)));
            ends.collect::<Vec<_>>()
        };
        let known = of(&self.journal);
        for (slot, uid, verdict) in of(next).into_iter().filter(|end| !known.contains(end)) {
            let victim = read_uid(&uid);
            self.ended_twice |= !self.ended.insert((slot, uid));
            match verdict {
                RecoveryVerdict::Recovered => {
                    self.row = 0;
                    self.reported_unwitnessed |= self.is_alive(victim);
                }
                RecoveryVerdict::Unrecovered => self.row += 1,
                _ => {}
            }
        }
    }

    /// Whether enough owners in a row did not recover.
    fn is_struck_out(&self) -> bool {
        let limit = self.recoveries.and_then(|scenario| scenario.strikes);
        limit.is_some_and(|limit| self.row >= limit)
    }

    /// Whether the owner of both pods is whole.
    pub(crate) fn is_whole(&self) -> bool {
        self.ready == [true; 2]
    }

    /// A disruption lands at the server.
    pub(crate) fn disrupt(&mut self, victim: PodUid, mutation: Mutation) {
        let generation = self.pods[victim.name];
        if generation == victim.generation || mutation == Mutation::NoUid {
            self.disrupted.insert(PodUid { generation, ..victim });
            self.pods[victim.name] += 1;
            self.ready[victim.name] = false;
        }
    }

    /// Every replica learns of the slot, and no zombie does.
    fn begin_slot(&mut self) {
        let holders: Vec<_> = self
            .replicas
            .iter()
            .map(|replica| replica.holder.clone())
            .collect();
        let replaces = |replica: &ModelReplica, other: &LeaseHolder| {
            let LeaseHolder { process, incarnation } = &replica.holder;
            other.process == *process && other.incarnation > *incarnation
        };
        for n in 0..holders.len() {
            // The Watcher of a process is replaced with no Killer.
            if let Some(heir) = holders
                .iter()
                .position(|other| replaces(&self.replicas[n], other))
            {
                let watcher = self.replicas[n].watcher.clone();
                self.replicas[heir].watcher.join(watcher);
            }
        }
        self.replicas
            .retain(|replica| !holders.iter().any(|other| replaces(replica, other)));
        self.replicas.iter_mut().for_each(ModelReplica::wake);
    }

    /// The slot that is due.
    pub(crate) fn due(&self) -> Timestamp {
        Timestamp::from_second(1_800_000_000).unwrap() + PERIOD * u32::from(self.slot)
    }

    pub(crate) fn is_alive(&self, victim: PodUid) -> bool {
        self.pods[victim.name] == victim.generation
    }
}

const LEASE: Duration = Duration::from_secs(20);
/// The time between two slots, after which every lease has ended.
const PERIOD: Duration = Duration::from_secs(600);

impl Model for ProtocolModel {
    type State = ModelState;
    type Action = ModelAction;

    fn init_states(&self) -> Vec<ModelState> {
        let replica = |n| ModelReplica::new(format!("replica-{n}"), 1, ReplicaStage::Claim);
        vec![ModelState {
            journal: Journal::new("uid"),
            version: 0,
            paused: false,
            leases: 0,
            slot: 0,
            cause: false,
            toggled: 0,
            replicas: (0..self.replicas).map(replica).collect(),
            pods: [0, 0],
            ready: [true, true],
            recoveries: self.recoveries,
            in_flight: Vec::new(),
            crashed: 0,
            delayed: 0,
            refused: 0,
            disrupted: BTreeSet::new(),
            reserved: BTreeSet::new(),
            reserved_while_paused: false,
            reserved_without_go: false,
            reserved_unrecovered: false,
            row: 0,
            resumed: false,
            ended: BTreeSet::new(),
            ended_twice: false,
            reported_unwitnessed: false,
            paused_early: false,
        }]
    }

    fn actions(&self, state: &ModelState, actions: &mut Vec<ModelAction>) {
        let is_calm = self.is_calm(state);
        for (n, replica) in state.replicas.iter().enumerate() {
            if state.can_watch(n, self.mutation) {
                actions.push(ModelAction::Watch(n));
                if state.delayed < self.late && state.watcher_sends(n) && !is_calm {
                    actions.extend([ModelAction::WatchUnanswered(n), ModelAction::WatchLate(n)]);
                }
            }
            if replica.stage == ReplicaStage::Done {
                continue;
            }
            actions.push(ModelAction::Step(n));
            if is_calm {
                continue;
            }
            if state.delayed < self.late && replica.sends() {
                actions.extend([ModelAction::StepUnanswered(n), ModelAction::StepLate(n)]);
            }
            if state.refused < self.refusals && matches!(replica.stage, ReplicaStage::Disrupt(_)) {
                actions.push(ModelAction::Refused(n));
            }
            if state.crashed < self.crashes {
                actions.extend([ModelAction::Crash(n), ModelAction::Replace(n)]);
            }
        }

        actions.extend((0..state.in_flight.len()).map(ModelAction::Land));
        if state.leases < 1 && !is_calm {
            actions.push(ModelAction::Lease);
        }

        if self.pauses && !state.paused {
            actions.push(ModelAction::Pause);
        }
        if self.recoveries.is_some() {
            let broken = (0..state.ready.len()).filter(|name| !state.ready[*name]);
            actions.extend(broken.map(ModelAction::Ready));
            if state.paused && !state.resumed {
                actions.push(ModelAction::Resume);
            }
        }
        if state.toggled < self.toggles && !is_calm {
            actions.push(ModelAction::Toggle);
        }
        let is_over = |replica: &ModelReplica| replica.stage == ReplicaStage::Done;
        if state.slot + 1 < self.slots && state.replicas.iter().all(is_over) {
            actions.push(ModelAction::NextSlot);
        }
    }

    fn next_state(&self, state: &ModelState, action: ModelAction) -> Option<ModelState> {
        let mut next = state.clone();
        match action {
            ModelAction::Step(n) => next.step(n, self.mutation),
            ModelAction::StepUnanswered(n) => {
                next.delayed += 1;
                next.step_unanswered(n, self.mutation);
            }
            ModelAction::StepLate(n) => {
                next.delayed += 1;
                next.step_late(n, self.mutation)?;
            }
            ModelAction::Refused(n) => {
                next.refused += 1;
                next.replicas[n].refused();
            }
            ModelAction::Crash(n) => {
                next.crashed += 1;
                let process = format!("{}-again", next.replicas[n].holder.process);
                next.replicas[n] = ModelReplica::new(process, 1, ReplicaStage::TakeOver);
            }
            ModelAction::Replace(n) => {
                next.crashed += 1;
                let LeaseHolder { process, incarnation } = next.replicas[n].holder.clone();
                next.replicas.push(ModelReplica::new(
                    process,
                    incarnation + 1,
                    ReplicaStage::TakeOver,
                ));
            }
            ModelAction::Land(k) => match next.in_flight.remove(k) {
                LateRequest::Disrupt(victim) => next.disrupt(victim, self.mutation),
                LateRequest::Write {
                    journal,
                    version,
                    pauses,
                } => drop(next.write(*journal, version, pauses, self.mutation)),
            },
            ModelAction::Lease => next.leases += 1,
            ModelAction::Pause => {
                next.paused = true;
                next.version += 1;
            }
            ModelAction::Resume => {
                next.paused = false;
                next.resumed = true;
                next.row = 0;
                next.version += 1;
            }
            ModelAction::Watch(n) => next.watch(n, self.mutation, true),
            ModelAction::WatchUnanswered(n) => {
                next.delayed += 1;
                next.watch(n, self.mutation, false);
            }
            ModelAction::WatchLate(n) => {
                next.delayed += 1;
                next.watch_late(n)?;
            }
            ModelAction::Ready(name) => next.ready[name] = true,
            ModelAction::Toggle => {
                next.cause = !next.cause;
                next.toggled += 1;
            }
            ModelAction::NextSlot => {
                next.slot += 1;
                next.leases = 0;
                next.disrupted.clear();
                next.reserved.clear();
                next.cause &= !self.is_calm(&next);
                next.begin_slot();
            }
        }
        (next != *state).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties = vec![
            Property::always(NEVER_TOO_MANY, |_, state: &ModelState| state.disrupted.len() <= 1),
            Property::sometimes("a pod is disrupted", |_, state: &ModelState| {
                !state.disrupted.is_empty()
            }),
            Property::sometimes("the round is closed", |_, state: &ModelState| is_closed(state)),
        ];
        if self.toggles > 0 {
            properties.push(Property::always(NEVER_WITHOUT_GO, |_, state: &ModelState| {
                !state.reserved_without_go
            }));
        }
        if let Some(recoveries) = self.recoveries {
            properties.extend(recoveries.properties(self.slots));
        } else if self.slots > 1 {
            properties.push(Property::eventually(
                LETS_GO,
                |protocol: &Self, state: &ModelState| protocol.is_calm(state) && !state.disrupted.is_empty(),
            ));
        }
        if self.mutation == Mutation::None {
            properties.extend([
                Property::always(
                    "no pod is disrupted that was not reserved",
                    |_, state: &ModelState| state.disrupted.is_subset(&state.reserved),
                ),
                Property::always(
                    "no pod is reserved while macaque is paused",
                    |_, state: &ModelState| !state.reserved_while_paused,
                ),
                Property::always(
                    "a closed round has its report in the outbox",
                    |_, state: &ModelState| !is_closed(state) || has_outbox_entry(state),
                ),
            ]);
        }
        properties
    }
}

impl ModelRecoveries {
    fn properties(self, slots: u8) -> Vec<Property<ProtocolModel>> {
        let mut properties = vec![
            Property::always(NEVER_MADE_UP, |_, state: &ModelState| !state.reported_unwitnessed),
            Property::always(NEVER_TWICE, |_, state: &ModelState| !state.ended_twice),
            Property::always(NEVER_UNRECOVERED, |_, state: &ModelState| {
                !state.reserved_unrecovered
            }),
            Property::sometimes("a recovery ends", |_, state: &ModelState| !state.ended.is_empty()),
        ];
        if self.strikes.is_some() {
            properties.push(Property::always(PAUSES, |_, state: &ModelState| {
                !state.paused_early && (state.paused || !state.is_struck_out())
            }));
            properties.push(Property::sometimes(
                "macaque pauses itself",
                |_, state: &ModelState| state.paused,
            ));
        }
        if slots > 1 {
            properties.push(Property::eventually(
                NOT_FOR_EVER,
                |protocol: &ProtocolModel, state: &ModelState| {
                    protocol.is_calm(state) && state.journal.recovering().is_empty()
                },
            ));
        }
        properties
    }
}

fn is_closed(state: &ModelState) -> bool {
    state.journal.round().is_some_and(|round| round.closed)
}

fn has_outbox_entry(state: &ModelState) -> bool {
    let holders = state.replicas.iter().map(|replica| &replica.holder);
    let by_the_running = holders.flat_map(|holder| state.journal.outbox_of(holder)).count();
    // The replica that closed it may be gone: then the entry waits for another.
    by_the_running > 0 || state.crashed > 0
}
