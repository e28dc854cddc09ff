//! One incarnation of one replica: the steps that it takes, one exchange with the server at a time.

use jiff::Timestamp;
use macaque_core::eligibility::Candidate;
use macaque_core::journal::{Journal, JournalEvent, LeaseHolder, ReservationState, Resolution};
use macaque_core::outcome::DisruptionMethod;
use macaque_core::pod::{PodOwner, PodPlace, PodRef};
use macaque_core::report::RoundReport;

use crate::model::{LateRequest, ModelState, Mutation, PodUid};
use crate::watcher::{ModelWatcher, baseline, owner};

/// The journal as it was read, with its version and the annotation.
pub(crate) type JournalPage = (Journal, u64, bool);

/// One incarnation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ModelReplica {
    pub(crate) holder: LeaseHolder,
    pub(crate) stage: ReplicaStage,
    /// The journal as it was read last.
    page: Option<JournalPage>,
    /// The victims that it tried.
    tried: Vec<PodUid>,
    /// The victim that it disrupted without an answer, and whether it may ask once more.
    in_doubt: Option<PodUid>,
    asked: bool,
    /// Whether the guards said go when they were last asked, and whether they ever held back.
    go: bool,
    held: bool,
    /// The Watcher of its process.
    pub(crate) watcher: ModelWatcher,
}

/// What a replica does next. The stages that write do it in two steps: they read, then they write.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum ReplicaStage {
    TakeOver,
    Claim,
    /// It asks the guards, before each reservation.
    Ask,
    Reserve,
    Disrupt(PodUid),
    /// No answer came: it looks the victim up.
    Doubt(PodUid),
    Resolve(PodUid, ModelOutcome),
    Close,
    Done,
}

/// The outcome of a victim, as a value that can be hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum ModelOutcome {
    Disrupted,
    Unknown,
    Released,
}

impl From<ModelOutcome> for Resolution {
    fn from(outcome: ModelOutcome) -> Self {
        match outcome {
            ModelOutcome::Disrupted => Self::Disrupted,
            ModelOutcome::Unknown => Self::Unknown,
            ModelOutcome::Released => Self::Released,
        }
    }
}

impl ModelReplica {
    pub(crate) fn new(process: String, incarnation: u64, stage: ReplicaStage) -> Self {
        Self {
            holder: LeaseHolder { process, incarnation },
            stage,
            page: None,
            tried: Vec::new(),
            in_doubt: None,
            asked: false,
            go: false,
            held: false,
            watcher: ModelWatcher::default(),
        }
    }

    /// The next slot is due: it runs a takeover pass first.
    pub(crate) fn wake(&mut self) {
        self.stage = ReplicaStage::TakeOver;
        self.page = None;
        self.tried.clear();
        self.in_doubt = None;
        self.asked = false;
        self.go = false;
    }

    /// The guards answer; whether they said go, or hold back the victims of this round.
    fn hears(&mut self, cause: bool, mutation: Mutation) {
        self.go = !(cause || self.held && mutation == Mutation::HoldsForEver);
        self.held |= !self.go;
        self.stage = if self.go || mutation == Mutation::IgnoresGuards {
            ReplicaStage::Reserve
        } else {
            ReplicaStage::Close
        };
    }

    /// Whether its next step sends something that may be lost.
    pub(crate) fn sends(&self) -> bool {
        match self.stage {
            ReplicaStage::Disrupt(_) => true,
            ReplicaStage::Ask | ReplicaStage::Doubt(_) | ReplicaStage::Done => false,
            _ => self.page.is_some(),
        }
    }

    /// No answer came to its disruption.
    fn doubts(&mut self, victim: PodUid) {
        self.asked = self.in_doubt.is_none();
        self.in_doubt = Some(victim);
        self.stage = ReplicaStage::Doubt(victim);
    }

    /// The server refuses its disruption.
    pub(crate) fn refused(&mut self) {
        if let ReplicaStage::Disrupt(victim) = self.stage {
            // After a doubt no refusal is taken at its word.
            self.stage = match self.in_doubt {
                Some(_) => ReplicaStage::Doubt(victim),
                None => ReplicaStage::Resolve(victim, ModelOutcome::Released),
            };
        }
    }

    fn event(&self, victim: Option<PodUid>, state: &ModelState, open: Option<Timestamp>) -> JournalEvent {
        let due = state.due();
        match &self.stage {
            ReplicaStage::TakeOver => JournalEvent::TakeOver,
            ReplicaStage::Claim => JournalEvent::Claim {
                slot: due,
                seed: 1,
                since: Timestamp::MIN,
            },
            ReplicaStage::Resolve(victim, outcome) => JournalEvent::Resolve {
                uid: uid(*victim),
                resolution: (*outcome).into(),
                // An answer came, unless it was looked up.
                accepted: self.in_doubt.is_none().then(|| state.now()),
            },
            ReplicaStage::Close => JournalEvent::Close(Box::new(report(open.unwrap_or(due)))),
            ReplicaStage::Ask
            | ReplicaStage::Reserve
            | ReplicaStage::Disrupt(_)
            | ReplicaStage::Doubt(_)
            | ReplicaStage::Done => JournalEvent::Reserve {
                victim: candidate(
                    victim.unwrap_or(PodUid {
                        name: 0,
                        generation: 0,
                    }),
                    state.recoveries.map(|_| owner()),
                ),
                place: PodPlace::default(),
                method: DisruptionMethod::Evict,
                baseline: state.recoveries.map(|_| Box::new(baseline())),
            },
        }
    }
}

impl ModelState {
    /// Replica `n` takes its next step, and gets its answer.
    pub(crate) fn step(&mut self, n: usize, mutation: Mutation) {
        match self.replicas[n].stage.clone() {
            ReplicaStage::Disrupt(victim) => {
                // Gone before it was ever asked for: not by this round.
                let untouched = !self.is_alive(victim)
                    && self.replicas[n].in_doubt.is_none()
                    && mutation != Mutation::NoUid;
                self.disrupt(victim, mutation);
                let outcome = if untouched {
                    ModelOutcome::Released
                } else {
                    ModelOutcome::Disrupted
                };
                if outcome == ModelOutcome::Disrupted && self.replicas[n].in_doubt.is_none() {
                    self.follow_accepted(n, victim);
                }
                self.replicas[n].stage = ReplicaStage::Resolve(victim, outcome);
            }
            ReplicaStage::Doubt(victim) => {
                let is_alive = self.is_alive(victim);
                let asked = self.replicas[n].asked;
                self.replicas[n].stage = match (is_alive, mutation) {
                    (false, _) => ReplicaStage::Resolve(victim, ModelOutcome::Disrupted),
                    (true, Mutation::ReleasesInDoubt) => {
                        ReplicaStage::Resolve(victim, ModelOutcome::Released)
                    }
                    // Once more for the same one, if this incarnation asked.
                    (true, _) if asked => {
                        self.replicas[n].asked = false;
                        ReplicaStage::Disrupt(victim)
                    }
                    (true, _) => ReplicaStage::Resolve(victim, ModelOutcome::Unknown),
                };
            }
            ReplicaStage::Ask => {
                let cause = self.cause;
                self.replicas[n].hears(cause, mutation);
            }
            ReplicaStage::Done => {}
            _ => self.write_or_read(n, mutation, true),
        }
    }

    /// Replica `n` takes its next step without an answer: a write is done again from what the journal then holds, a
    /// disruption is in doubt.
    pub(crate) fn step_unanswered(&mut self, n: usize, mutation: Mutation) {
        match self.replicas[n].stage {
            ReplicaStage::Disrupt(victim) => {
                self.disrupt(victim, mutation);
                self.replicas[n].doubts(victim);
            }
            _ => self.write_or_read(n, mutation, false),
        }
    }

    /// Replica `n` gives up on its next request, which lands later.
    pub(crate) fn step_late(&mut self, n: usize, mutation: Mutation) -> Option<()> {
        if let ReplicaStage::Disrupt(victim) = self.replicas[n].stage {
            self.in_flight.push(LateRequest::Disrupt(victim));
            self.replicas[n].doubts(victim);
            return Some(());
        }

        let (journal, version, ..) = self.next_page(n, mutation)?;
        self.in_flight.push(LateRequest::Write {
            journal: Box::new(journal),
            version,
            pauses: false,
        });
        self.replicas[n].page = None;

        Some(())
    }

    /// The journal that replica `n` is about to write, the version that it read, and the victim that it reserves.
    fn next_page(&self, n: usize, mutation: Mutation) -> Option<(Journal, u64, Option<PodUid>)> {
        let replica = &self.replicas[n];
        let (journal, version, paused) = replica.page.as_ref()?;
        let victim = self.choose(n);
        let settings = self.settings(mutation);
        let context = self.context(&replica.holder, *paused, &settings);
        let open = journal.open_round_of(&replica.holder).map(|round| round.slot);
        let event = replica.event(victim, self, open);
        let next = journal.step(&event, &context).ok()?;
        Some((next, *version, victim))
    }

    /// Reads the journal, or writes it if it was read before.
    fn write_or_read(&mut self, n: usize, mutation: Mutation, heard: bool) {
        if self.replicas[n].page.is_none() {
            self.replicas[n].page = Some((self.journal.clone(), self.version, self.paused));
            return;
        }

        let page = self.next_page(n, mutation);
        self.replicas[n].page = None;
        let Some((journal, version, victim)) = page else {
            return self.denied(n);
        };
        let unchanged = journal == self.journal && version == self.version;
        let reservations = self.replicas[n].stage == ReplicaStage::Reserve;

        let is_recovering = self.journal.open_recoveries(self.now()).next().is_some();
        if !unchanged && !self.write(journal.clone(), version, false, mutation) {
            return;
        }

        if reservations && let Some(victim) = victim {
            self.reserved_while_paused |= self.paused && !unchanged;
            self.reserved_unrecovered |= is_recovering && !unchanged;
            self.reserved_without_go |= !self.replicas[n].go && !unchanged;
            self.reserved.insert(victim);
        }

        if heard {
            self.adopt(n, &journal, mutation);
            self.replicas[n].stage = self.after_writing(n, &journal, victim, mutation);
        }
    }

    /// What follows once the journal took what replica `n` wrote.
    fn after_writing(
        &mut self,
        n: usize,
        journal: &Journal,
        victim: Option<PodUid>,
        mutation: Mutation,
    ) -> ReplicaStage {
        match self.replicas[n].stage.clone() {
            ReplicaStage::TakeOver => self.after_takeover(n, journal, mutation),
            ReplicaStage::Claim if mutation == Mutation::ReservesAfter => {
                self.choose(n).map_or(ReplicaStage::Close, ReplicaStage::Disrupt)
            }
            ReplicaStage::Claim => ReplicaStage::Ask,
            ReplicaStage::Reserve if mutation == Mutation::ReservesAfter => ReplicaStage::Close,
            ReplicaStage::Reserve => victim.map_or(ReplicaStage::Close, ReplicaStage::Disrupt),
            ReplicaStage::Resolve(_, _) if mutation == Mutation::ReservesAfter => ReplicaStage::Reserve,
            ReplicaStage::Resolve(victim, ModelOutcome::Released) => {
                self.replicas[n].tried.push(victim);
                ReplicaStage::Ask
            }
            ReplicaStage::Resolve(..) => self
                .pending(n, journal)
                .map_or(ReplicaStage::Close, ReplicaStage::Doubt),
            // What it closed was the round of an earlier slot.
            ReplicaStage::Close if journal.round().is_none_or(|round| round.slot < self.due()) => {
                ReplicaStage::Claim
            }
            ReplicaStage::Close
            | ReplicaStage::Done
            | ReplicaStage::Ask
            | ReplicaStage::Disrupt(_)
            | ReplicaStage::Doubt(_) => ReplicaStage::Done,
        }
    }

    /// A round that was taken over is finished: its victim is looked up, and no other picked.
    fn after_takeover(&self, n: usize, journal: &Journal, mutation: Mutation) -> ReplicaStage {
        let holder = &self.replicas[n].holder;
        if journal.open_round_of(holder).is_none() {
            // Nothing to take over: it runs the slot's round, if no replica has.
            return if journal.round().is_none_or(|round| round.slot < self.due()) {
                ReplicaStage::Claim
            } else {
                ReplicaStage::Done
            };
        }
        match (self.pending(n, journal), mutation) {
            (Some(victim), Mutation::PicksAgain) => ReplicaStage::Resolve(victim, ModelOutcome::Released),
            (None, Mutation::PicksAgain) => ReplicaStage::Reserve,
            (None, Mutation::ReservesAfter) => {
                self.choose(n).map_or(ReplicaStage::Close, ReplicaStage::Disrupt)
            }
            (Some(victim), _) => ReplicaStage::Doubt(victim),
            (None, _) => ReplicaStage::Close,
        }
    }

    /// The victim of the pending reservation in the round of replica `n`.
    fn pending(&self, n: usize, journal: &Journal) -> Option<PodUid> {
        let round = journal.open_round_of(&self.replicas[n].holder)?;
        let open = round
            .reservations
            .iter()
            .find(|reservation| reservation.state == ReservationState::Pending)?;
        Some(read_uid(&open.pod.uid))
    }

    /// The journal denied what replica `n` wanted.
    fn denied(&mut self, n: usize) {
        let replica = &mut self.replicas[n];
        replica.stage = match replica.stage {
            ReplicaStage::Reserve => ReplicaStage::Close,
            _ => ReplicaStage::Done,
        };
    }

    /// The first pod that replica `n` has not tried, under its present generation.
    fn choose(&self, n: usize) -> Option<PodUid> {
        let alive = (0..self.pods.len()).map(|name| PodUid {
            name,
            generation: self.pods[name],
        });
        let tried = &self.replicas[n].tried;
        let fresh = alive.filter(|victim| !tried.iter().any(|tried| tried.name == victim.name));
        fresh.min()
    }
}

pub(crate) fn uid(victim: PodUid) -> String {
    format!("{}-{}", victim.name, victim.generation)
}

pub(crate) fn read_uid(uid: &str) -> PodUid {
    let (name, generation) = uid.split_once('-').unwrap();
    PodUid {
        name: name.parse().unwrap(),
        generation: generation.parse().unwrap(),
    }
}

fn candidate(victim: PodUid, owner: Option<PodOwner>) -> Candidate {
    Candidate {
        pod: PodRef {
            namespace: "shop".to_owned(),
            name: victim.name.to_string(),
            uid: uid(victim),
        },
        owner,
        team: None,
        period_end: None,
    }
}

fn report(slot: Timestamp) -> RoundReport {
    RoundReport::blank(slot, 1, DisruptionMethod::Evict)
}
