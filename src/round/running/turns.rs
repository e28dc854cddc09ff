//! The turns of a running round: found once its owners are known.

use std::collections::BTreeSet;

use macaque_core::config::DisruptionPace;
use macaque_core::journal::Journal;
use macaque_core::report::TurnReport;
use macaque_core::rota::{Rota, RotaOwner, by_chance};

use super::RunningRound;
use crate::facts::Fact;
use crate::round::scan::ScannedOwners;
use crate::round::turns::{RoundRota, RoundTurns, due_slot};

/// How many turns at slots at which no round ran are named; the others are counted.
const MOST_NAMED: usize = 50;

impl RunningRound<'_> {
    /// Finds whose turn it is among these owners, and whose turns were missed since the last round; without turns, it is
    /// everybody's.
    pub(in crate::round) fn begin_turns(&mut self, scanned: ScannedOwners, journal: &Journal) {
        let disrupt = &self.context.config.disrupt;
        let Some(calendar) = &self.context.config.calendar else {
            return;
        };
        if disrupt.pace == DisruptionPace::Count {
            return;
        }

        let owners = &scanned.owners.into_set();
        if let Some(rota) = Rota::of(disrupt, calendar) {
            self.begin_rota(rota, owners, journal);
        } else if let DisruptionPace::Chance { every } = &disrupt.pace {
            let most = self.wanted(owners.len());
            let due = by_chance(calendar, *every, owners, self.report.slot, self.report.seed, most);
            self.turns = RoundTurns::without_periods(due, self.report.slot);
        }
        self.turns.reasons = scanned.reasons;
    }

    /// Finds whose turn it is by the rota at the slot that is due, if one is.
    fn begin_rota(&mut self, rota: Rota<'_>, owners: &BTreeSet<RotaOwner>, journal: &Journal) {
        let deadline = self.context.writer.starting_deadline();
        let slot = due_slot(rota.calendar, self.report.slot, deadline);
        if slot.is_none() {
            self.guards.warn(
                "no slot of the schedule is due now, so that no owner has a turn: --pace count does without turns"
                    .to_owned(),
            );
        }

        let rota = RoundRota {
            rota,
            owners,
            at: self.report.slot,
            slot,
        };
        self.turns = rota.turns();
        self.context.facts.publish(Fact::TurnsPlanned {
            rota: rota.rota,
            owners,
            next: &self.turns.next,
        });
        self.tell_earlier(&rota, journal);
        self.report.turns_reported = true;
    }

    /// Tells of the turns of the slots at which no round did, since the last that reported of turns.
    fn tell_earlier(&mut self, rota: &RoundRota<'_>, journal: &Journal) {
        let Some(reported) = journal.turns_reported() else {
            return;
        };

        let (mut missed, first) = rota.between(reported);
        if let Some(first) = first {
            self.guards.warn(format!(
                "turns at slots before {first} were missed too, and are not listed"
            ));
        }
        let more = missed.len().saturating_sub(MOST_NAMED);
        missed.truncate(MOST_NAMED);
        if more > 0 {
            self.guards.warn(format!(
                "{more} more turns were missed at slots at which no round ran"
            ));
        }

        let turns = missed.into_iter().map(|turn| {
            // A round that was interrupted may have disrupted a victim before it could tell of it.
            let was_taken = journal.has_had_turn(&turn.owner, turn.period_end);
            let why = format!("no round ran its turn of {}", turn.slot);
            TurnReport {
                owner: turn.owner,
                slot: turn.slot,
                missed: (!was_taken).then_some(why),
            }
        });
        self.turns.earlier = turns.collect();
    }
}
