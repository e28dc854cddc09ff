//! The turns of a round: whose turn it is at its slot, whose were missed since the last round, and what became of each.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use macaque_core::eligibility::{Candidate, Exemption};
use macaque_core::pod::OwnerRef;
use macaque_core::report::{AttemptReport, RoundEnd, TurnReport};
use macaque_core::rota::{Rota, RotaOwner, Turn};
use macaque_core::schedule::Calendar;

/// How far back the turns of slots at which no round ran are reported, and of how many slots.
const LONGEST_GAP: SignedDuration = SignedDuration::from_hours(7 * 24);
const MOST_SLOTS: usize = 1_000;
/// The shortest time there is between two instants.
const TICK: SignedDuration = SignedDuration::from_nanos(1);

/// The turns that a round has to give.
#[derive(Default)]
pub(super) struct RoundTurns {
    /// The turns of this round, if owners have turns: each owner with the end of the period, where it has periods.
    due: Option<BTreeMap<OwnerRef, Option<Timestamp>>>,
    /// The turns of earlier slots.
    pub(super) earlier: Vec<TurnReport>,
    /// The slot of the turns that are due.
    slot: Timestamp,
    /// When the next turn of each owner is that has none now.
    pub(super) next: BTreeMap<OwnerRef, Timestamp>,
    /// The reason why pods of an owner cannot be disrupted.
    pub(super) reasons: BTreeMap<OwnerRef, String>,
}

/// The rota of a round, with what it is asked about.
pub(super) struct RoundRota<'a> {
    pub(super) rota: Rota<'a>,
    pub(super) owners: &'a BTreeSet<RotaOwner>,
    /// The instant of the round.
    pub(super) at: Timestamp,
    /// The slot of the schedule that is due.
    pub(super) slot: Option<Timestamp>,
}

impl RoundRota<'_> {
    /// The turns of the slot that is due.
    pub(super) fn turns(&self) -> RoundTurns {
        let due = self.slot.map(|slot| self.rota.turns_at(self.owners, slot));
        let due = due.into_iter().flatten();
        RoundTurns {
            due: Some(due.map(|turn| (turn.owner, Some(turn.period_end))).collect()),
            slot: self.slot.unwrap_or(self.at),
            next: self.next_turns(),
            ..RoundTurns::default()
        }
    }

    /// When the next turn of each owner is.
    fn next_turns(&self) -> BTreeMap<OwnerRef, Timestamp> {
        let next = self.rota.next_turns(self.owners, self.at).into_iter();
        next.map(|(owner, turn)| (owner, turn.slot)).collect()
    }

    /// The turns of the slots after `reported` and before the one that is due, of as many slots as are reported of, and the
    /// first of these slots if there were more.
    pub(super) fn between(&self, reported: Timestamp) -> (Vec<Turn>, Option<Timestamp>) {
        let end = self.slot.unwrap_or(self.at + TICK);
        let begin = reported.max(self.at.checked_sub(LONGEST_GAP).unwrap_or(reported));

        let mut slots = VecDeque::new();
        let mut is_cut = self.rota.calendar.next_round(reported) != self.rota.calendar.next_round(begin);
        let mut next = self.rota.calendar.next_round(begin);
        while let Some(slot) = next.filter(|slot| *slot < end) {
            if slots.len() == MOST_SLOTS {
                slots.pop_front();
                is_cut = true;
            }
            slots.push_back(slot);
            next = self.rota.calendar.next_round(slot);
        }
        let first = slots.front().copied();
        let turns = first.map_or_else(Vec::new, |first| self.rota.turns(self.owners, first, end));
        (turns, first.filter(|_| is_cut))
    }
}

impl RoundTurns {
    /// The turns of these owners at `slot`, which belong to no period.
    pub(super) fn without_periods(due: impl IntoIterator<Item = OwnerRef>, slot: Timestamp) -> Self {
        Self {
            due: Some(due.into_iter().map(|owner| (owner, None)).collect()),
            slot,
            ..Self::default()
        }
    }

    /// How many owners have their turn, if owners have turns.
    pub(super) fn due(&self) -> Option<usize> {
        self.due.as_ref().map(BTreeMap::len)
    }

    /// The end of the period of the turn of the candidate's owner, if it has one.
    pub(super) fn period_end(&self, candidate: &Candidate) -> Option<Timestamp> {
        *self.due.as_ref()?.get(&candidate.owner_ref())?
    }

    /// Checks that the candidate's owner has its turn.
    ///
    /// # Errors
    /// The exemption of its pods.
    pub(super) fn check(&self, candidate: &Candidate) -> Result<(), Exemption> {
        let Some(due) = &self.due else {
            return Ok(());
        };
        let owner = candidate.owner_ref();
        if due.contains_key(&owner) {
            Ok(())
        } else {
            Err(Exemption::no_turn(self.next.get(&owner).copied()))
        }
    }

    /// Notes why a candidate cannot be disrupted after all, which says more of its owner than why others never were one.
    pub(super) fn note_reason(&mut self, candidate: &Candidate, why: impl ToString) {
        if self.due.is_some() {
            self.reasons.insert(candidate.owner_ref(), why.to_string());
        }
    }

    /// What became of every turn in a round that tried these victims and ended so.
    pub(super) fn reports(self, attempts: &[AttemptReport], end: &RoundEnd) -> Vec<TurnReport> {
        let due = self.due.unwrap_or_default();
        let of_round = due.into_keys().map(|owner| {
            let tried = attempts
                .iter()
                .filter(|attempt| OwnerRef::of(&attempt.pod, attempt.owner.as_ref()) == owner);
            let outcomes: Vec<_> = tried.map(|attempt| &attempt.outcome).collect();
            let was_disrupted = outcomes.iter().any(|outcome| outcome.counts_as_disruption());
            let missed = (!was_disrupted).then(|| match outcomes.last() {
                Some(outcome) => outcome.to_string(),
                None => self.reasons.get(&owner).cloned().unwrap_or_else(|| untried(end)),
            });
            TurnReport {
                owner,
                slot: self.slot,
                missed,
            }
        });
        self.earlier.into_iter().chain(of_round).collect()
    }
}

/// The reason why no pod of an owner was tried although there were candidates.
fn untried(end: &RoundEnd) -> String {
    match end {
        RoundEnd::Complete => "the round tried no more victims (disrupt.attempts)".to_owned(),
        RoundEnd::Interrupted => "macaque was stopped".to_owned(),
        RoundEnd::Withheld { why } | RoundEnd::Failed { why } => why.clone(),
        RoundEnd::Held(hold) => hold.to_string(),
    }
}

/// The last slot of the schedule up to `at`, unless that is too long ago for a round to start.
pub(super) fn due_slot(calendar: &Calendar, at: Timestamp, deadline: Duration) -> Option<Timestamp> {
    let begin = at.checked_sub(deadline).unwrap_or(at) - TICK;
    let mut due = None;
    let mut next = calendar.next_round(begin);
    while let Some(slot) = next.filter(|slot| *slot <= at) {
        due = Some(slot);
        next = calendar.next_round(slot);
    }
    due
}
