//! One life of one replica: the steps that it takes, one exchange with the server at a time.

use macaque_core::eligibility::Candidate;
use macaque_core::journal::{Journal, JournalEvent, LeaseHolder, ReservationState, Resolution};
use macaque_core::outcome::DisruptionMethod;
use macaque_core::pod::PodRef;
use macaque_core::report::{ExemptionTallies, RoundEnd, RoundReport};

use crate::model::{Flaw, Request, Victim, World, slot, terms};

/// One life.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Replica {
    pub(crate) holder: LeaseHolder,
    pub(crate) stage: Stage,
    /// The journal as it was read last, with its version and the annotation.
    page: Option<(Journal, u64, bool)>,
    /// The victims that it tried.
    tried: Vec<Victim>,
    /// Whom it asked for without an answer, and whether it may ask once more.
    doubted: Option<Victim>,
    asked: bool,
}

/// What it does next. The stages that write do it in two steps: they read, then they write.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Stage {
    Patrol,
    Claim,
    Charge,
    Disrupt(Victim),
    /// No answer came: it looks the victim up.
    Doubt(Victim),
    Settle(Victim, Outcome),
    Close,
    Done,
}

/// What became of a victim, so that it can be hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Outcome {
    Disrupted,
    Unknown,
    Undone,
}

impl From<Outcome> for Resolution {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Disrupted => Self::Disrupted,
            Outcome::Unknown => Self::Unknown,
            Outcome::Undone => Self::Released,
        }
    }
}

impl Replica {
    pub(crate) fn new(process: String, life: u64, stage: Stage) -> Self {
        Self {
            holder: LeaseHolder { process, life },
            stage,
            page: None,
            tried: Vec::new(),
            doubted: None,
            asked: false,
        }
    }

    /// Whether its next step sends something that may be lost.
    pub(crate) fn sends(&self) -> bool {
        match self.stage {
            Stage::Disrupt(_) => true,
            Stage::Doubt(_) | Stage::Done => false,
            _ => self.page.is_some(),
        }
    }

    /// No answer came to its disruption.
    fn doubts(&mut self, victim: Victim) {
        self.asked = self.doubted.is_none();
        self.doubted = Some(victim);
        self.stage = Stage::Doubt(victim);
    }

    /// The server refuses its disruption.
    pub(crate) fn refused(&mut self) {
        if let Stage::Disrupt(victim) = self.stage {
            // After a doubt no refusal is taken at its word.
            self.stage = match self.doubted {
                Some(_) => Stage::Doubt(victim),
                None => Stage::Settle(victim, Outcome::Undone),
            };
        }
    }

    fn event(&self, victim: Option<Victim>) -> JournalEvent {
        match &self.stage {
            Stage::Patrol => JournalEvent::Recover,
            Stage::Claim => JournalEvent::Claim {
                slot: slot(),
                seed: 1,
                since: jiff::Timestamp::MIN,
            },
            Stage::Settle(victim, outcome) => JournalEvent::Resolve {
                uid: uid(*victim),
                settled: (*outcome).into(),
            },
            Stage::Close => JournalEvent::Close(Box::new(report())),
            Stage::Charge | Stage::Disrupt(_) | Stage::Doubt(_) | Stage::Done => JournalEvent::Reserve {
                victim: candidate(victim.unwrap_or(Victim {
                    name: 0,
                    generation: 0,
                })),
                method: DisruptionMethod::Evict,
            },
        }
    }
}

impl World {
    /// Replica `n` takes its next step, and hears what came of it.
    pub(crate) fn step(&mut self, n: usize, flaw: Flaw) {
        match self.replicas[n].stage.clone() {
            Stage::Disrupt(victim) => {
                // Gone before it was ever asked for: nothing of ours ended it.
                let untouched =
                    !self.lives(victim) && self.replicas[n].doubted.is_none() && flaw != Flaw::NoUid;
                self.disrupt(victim, flaw);
                let outcome = if untouched {
                    Outcome::Undone
                } else {
                    Outcome::Disrupted
                };
                self.replicas[n].stage = Stage::Settle(victim, outcome);
            }
            Stage::Doubt(victim) => {
                let (lives, asked) = (self.lives(victim), self.replicas[n].asked);
                self.replicas[n].stage = match (lives, flaw) {
                    (false, _) => Stage::Settle(victim, Outcome::Disrupted),
                    (true, Flaw::RefundsInDoubt) => Stage::Settle(victim, Outcome::Undone),
                    // Once more for the same one, if it was this life that asked.
                    (true, _) if asked => {
                        self.replicas[n].asked = false;
                        Stage::Disrupt(victim)
                    }
                    (true, _) => Stage::Settle(victim, Outcome::Unknown),
                };
            }
            Stage::Done => {}
            _ => self.write_or_read(n, flaw, true),
        }
    }

    /// The same, and what came of it is not heard: a write is done again from what then stands there, a disruption is
    /// in doubt.
    pub(crate) fn step_unheard(&mut self, n: usize, flaw: Flaw) {
        match self.replicas[n].stage {
            Stage::Disrupt(victim) => {
                self.disrupt(victim, flaw);
                self.replicas[n].doubts(victim);
            }
            _ => self.write_or_read(n, flaw, false),
        }
    }

    /// The request lands later; its sender has given up on it.
    pub(crate) fn step_late(&mut self, n: usize) -> Option<()> {
        if let Stage::Disrupt(victim) = self.replicas[n].stage {
            self.on_the_way.push(Request::Disrupt(victim));
            self.replicas[n].doubts(victim);
            return Some(());
        }
        let (journal, version, _) = self.next_page(n)?;
        let journal = Box::new(journal);
        self.on_the_way.push(Request::Write { journal, version });
        self.replicas[n].page = None;
        Some(())
    }

    /// The journal that replica `n` is about to write, the version that it read, and whom it charges.
    fn next_page(&self, n: usize) -> Option<(Journal, u64, Option<Victim>)> {
        let replica = &self.replicas[n];
        let (journal, version, paused) = replica.page.as_ref()?;
        let victim = self.choose(n);
        let terms = terms();
        let moment = self.moment(&replica.holder, *paused, &terms);
        let next = journal.step(&replica.event(victim), &moment).ok()?;
        Some((next, *version, victim))
    }

    /// Reads the journal, or writes it if it was read before.
    fn write_or_read(&mut self, n: usize, flaw: Flaw, heard: bool) {
        if self.replicas[n].page.is_none() {
            self.replicas[n].page = Some((self.journal.clone(), self.version, self.paused));
            return;
        }
        let page = self.next_page(n);
        self.replicas[n].page = None;
        let Some((journal, version, victim)) = page else {
            return self.denied(n);
        };
        let unchanged = journal == self.journal && version == self.version;
        let charges = self.replicas[n].stage == Stage::Charge;
        if !unchanged && !self.write(journal.clone(), version, flaw) {
            return;
        }
        if charges && let Some(victim) = victim {
            self.charged_while_paused |= self.paused && !unchanged;
            self.charged.insert(victim);
        }
        if heard {
            self.replicas[n].stage = self.after_writing(n, &journal, victim, flaw);
        }
    }

    /// What follows once the journal took what replica `n` wrote.
    fn after_writing(&mut self, n: usize, journal: &Journal, victim: Option<Victim>, flaw: Flaw) -> Stage {
        match self.replicas[n].stage.clone() {
            Stage::Patrol => self.after_patrol(n, journal, flaw),
            Stage::Claim if flaw == Flaw::RecordsAfter => self.choose(n).map_or(Stage::Close, Stage::Disrupt),
            Stage::Claim => Stage::Charge,
            Stage::Charge if flaw == Flaw::RecordsAfter => Stage::Close,
            Stage::Charge => victim.map_or(Stage::Close, Stage::Disrupt),
            Stage::Settle(_, _) if flaw == Flaw::RecordsAfter => Stage::Charge,
            Stage::Settle(victim, Outcome::Undone) => {
                self.replicas[n].tried.push(victim);
                Stage::Charge
            }
            Stage::Settle(..) => self.unsettled(n, journal).map_or(Stage::Close, Stage::Doubt),
            Stage::Close | Stage::Done | Stage::Disrupt(_) | Stage::Doubt(_) => Stage::Done,
        }
    }

    /// A round that was adopted is looked after: its victim is looked up, and nobody else drawn.
    fn after_patrol(&self, n: usize, journal: &Journal, flaw: Flaw) -> Stage {
        let holder = &self.replicas[n].holder;
        if journal.open_round_of(holder).is_none() {
            // Nothing to adopt: it plays the slot, if nobody has.
            return if journal.round().is_none() {
                Stage::Claim
            } else {
                Stage::Done
            };
        }
        match (self.unsettled(n, journal), flaw) {
            (Some(victim), Flaw::DrawsAgain) => Stage::Settle(victim, Outcome::Undone),
            (None, Flaw::DrawsAgain) => Stage::Charge,
            (None, Flaw::RecordsAfter) => self.choose(n).map_or(Stage::Close, Stage::Disrupt),
            (Some(victim), _) => Stage::Doubt(victim),
            (None, _) => Stage::Close,
        }
    }

    /// The victim of the open charge in the round of replica `n`.
    fn unsettled(&self, n: usize, journal: &Journal) -> Option<Victim> {
        let round = journal.open_round_of(&self.replicas[n].holder)?;
        let open = round
            .charges
            .iter()
            .find(|charge| charge.state == ReservationState::Pending)?;
        let (name, generation) = open.pod.uid.split_once('-').unwrap();
        Some(Victim {
            name: name.parse().unwrap(),
            generation: generation.parse().unwrap(),
        })
    }

    /// The journal does not allow what replica `n` wanted.
    fn denied(&mut self, n: usize) {
        let replica = &mut self.replicas[n];
        replica.stage = match replica.stage {
            Stage::Charge => Stage::Close,
            _ => Stage::Done,
        };
    }

    /// The first pod that replica `n` has not tried, under the generation that lives.
    fn choose(&self, n: usize) -> Option<Victim> {
        let alive = (0..self.pods.len()).map(|name| Victim {
            name,
            generation: self.pods[name],
        });
        let tried = &self.replicas[n].tried;
        let fresh = alive.filter(|victim| !tried.iter().any(|tried| tried.name == victim.name));
        fresh.min()
    }
}

fn uid(victim: Victim) -> String {
    format!("{}-{}", victim.name, victim.generation)
}

fn candidate(victim: Victim) -> Candidate {
    Candidate {
        pod: PodRef {
            namespace: "shop".to_owned(),
            name: victim.name.to_string(),
            uid: uid(victim),
        },
        owner: None,
    }
}

fn report() -> RoundReport {
    RoundReport {
        slot: slot(),
        finished: slot(),
        seed: 1,
        dry_run: false,
        method: DisruptionMethod::Evict,
        namespaces: Vec::new(),
        selector: String::new(),
        listed: 0,
        candidates: 0,
        exempted: ExemptionTallies::new(),
        attempts: Vec::new(),
        problems: Vec::new(),
        end: RoundEnd::Complete,
    }
}
