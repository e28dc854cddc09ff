//! The turns that were taken: which owners had theirs in a period that is not over, so that none is hit twice in one when
//! other owners come and go; and up to which slot the turns were reported.

use jiff::Timestamp;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use super::{Denial, Journal, Reservation, indented_bytes};
use crate::eligibility::Candidate;
use crate::pod::OwnerRef;
use crate::rota::MOST_TURNS;

/// How many bytes of an owner's hash are kept. Two of 5,000 owners share them once in twenty million journals; then one of
/// them loses a turn.
const KEPT_BYTES: usize = 6;

/// The owners that had their turn in the periods that end at one instant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TakenTurns {
    /// The end of the periods.
    until: Timestamp,
    /// The hashes of the owners, sorted.
    owners: Vec<String>,
}

impl Journal {
    /// The slot up to which the turns of owners were reported, if any were.
    pub fn turns_reported(&self) -> Option<Timestamp> {
        self.turns_reported
    }

    /// Whether the owner had its turn in the period that ends at `until`, as far as the journal remembers.
    pub fn has_had_turn(&self, owner: &OwnerRef, until: Timestamp) -> bool {
        self.taken_turn(owner, |taken| taken.until == until).is_some()
    }

    /// The end of the period in which the owner had its turn, among those that `accepts` is true for.
    fn taken_turn(&self, owner: &OwnerRef, accepts: impl Fn(&TakenTurns) -> bool) -> Option<Timestamp> {
        let owner = hash(owner);
        let mut accepted = self.turns.iter().filter(|taken| accepts(taken));
        let taken = accepted.find(|taken| taken.owners.binary_search(&owner).is_ok())?;
        Some(taken.until)
    }

    /// Checks that the owner of `victim` had no turn in the same period, which a round that starts late may find over, or
    /// in another that is not over at `now`.
    pub(super) fn check_turn(&self, victim: &Candidate, now: Timestamp) -> Result<(), Denial> {
        let Some(period_end) = victim.period_end else {
            return Ok(());
        };

        let owner = OwnerRef::of(&victim.pod, victim.owner.as_ref());
        let counts = |taken: &TakenTurns| taken.until == period_end || now < taken.until;
        match self.taken_turn(&owner, counts) {
            Some(until) => Err(Denial::TurnTaken { until }),
            None => Ok(()),
        }
    }

    /// Records the turn of the owner of a reservation, if it has one.
    pub(super) fn take_turn(&mut self, reservation: &Reservation) -> Result<(), Denial> {
        let Some(until) = reservation.period_end else {
            return Ok(());
        };

        self.forget_turns();
        let turns: usize = self.turns.iter().map(|taken| taken.owners.len()).sum();
        if turns >= MOST_TURNS {
            return Err(Denial::TooManyTurns);
        }

        let owner = hash(&owner_of(reservation));
        let index = match self.turns.binary_search_by_key(&until, |taken| taken.until) {
            Ok(index) => index,
            Err(index) => {
                let owners = Vec::new();
                self.turns.insert(index, TakenTurns { until, owners });
                index
            }
        };
        let owners = &mut self.turns[index].owners;
        if let Err(place) = owners.binary_search(&owner) {
            owners.insert(place, owner);
        }
        Ok(())
    }

    /// Gives back the turn of a reservation that was released.
    pub(super) fn release_turn(&mut self, reservation: &Reservation) {
        let Some(until) = reservation.period_end else {
            return;
        };

        // No earlier turn of this owner can be removed: with one, the victim would not have been reserved.
        let owner = hash(&owner_of(reservation));
        for taken in self.turns.iter_mut().filter(|taken| taken.until == until) {
            taken.owners.retain(|known| *known != owner);
        }
        self.turns.retain(|taken| !taken.owners.is_empty());
    }

    /// Forgets the periods that the last slot is past: slots only go on, whatever clocks do.
    pub(super) fn forget_turns(&mut self) {
        let Some(round) = &self.round else {
            return;
        };
        let slot = round.slot;
        // A round that was interrupted did not report its turns: the next one has to know them.
        let reported = self.turns_reported;
        let is_open = |until| slot < until || reported.is_some_and(|reported| reported < until);
        self.turns.retain(|taken| is_open(taken.until));
    }

    /// How many bytes the turns take in the text of the journal.
    pub(super) fn bytes_of_turns(&self) -> usize {
        self.turns.iter().map(indented_bytes).sum()
    }
}

/// The owner of the victim of a reservation.
fn owner_of(reservation: &Reservation) -> OwnerRef {
    OwnerRef::of(&reservation.pod, reservation.owner.as_ref())
}

/// The hash of an owner, shortened.
fn hash(owner: &OwnerRef) -> String {
    let OwnerRef { namespace, owner } = owner;
    let name = format!("{namespace}/{}/{}", owner.kind, owner.name);
    let bytes = digest(&SHA256, name.as_bytes());
    let kept = &bytes.as_ref()[..KEPT_BYTES];
    kept.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::ReservationState;
    use crate::outcome::DisruptionMethod;
    use crate::pod::{PodOwner, PodRef};

    fn turn(owner: usize) -> Reservation {
        let at: Timestamp = "2026-11-30T09:00:00Z".parse().unwrap();
        Reservation {
            number: 0,
            pod: PodRef {
                namespace: "shop".to_owned(),
                name: format!("web-{owner}-0"),
                uid: format!("u{owner}"),
            },
            owner: Some(PodOwner {
                kind: "Deployment".to_owned(),
                name: format!("web-{owner}"),
            }),
            team: None,
            method: DisruptionMethod::Evict,
            at,
            baseline: None,
            period_end: Some("2026-12-10T00:00:00Z".parse().unwrap()),
            state: ReservationState::Pending,
            inferred: false,
        }
    }

    #[test]
    fn as_many_turns_as_there_may_be_are_kept_in_an_eighth_of_the_config_map_and_one_more_is_denied() {
        let mut journal = Journal::new("uid");
        for owner in 0..MOST_TURNS {
            journal.take_turn(&turn(owner)).unwrap();
        }
        assert!(journal.bytes_of_turns() < 128 * 1024);
        assert_eq!(journal.take_turn(&turn(MOST_TURNS)), Err(Denial::TooManyTurns));

        journal.release_turn(&turn(7));
        assert_eq!(journal.take_turn(&turn(MOST_TURNS)), Ok(()));
    }

    #[test]
    fn the_last_turn_that_is_released_leaves_nothing() {
        let mut journal = Journal::new("uid");
        journal.take_turn(&turn(1)).unwrap();
        journal.release_turn(&turn(1));
        assert_eq!(journal, Journal::new("uid"));
    }
}
