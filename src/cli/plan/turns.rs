//! Whose turn comes when, as a plan shows it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use macaque_core::config::DisruptConfig;
use macaque_core::duration::in_days;
use macaque_core::pod::OwnerRef;
use macaque_core::rota::Turn;
use macaque_core::schedule::Calendar;
use serde::Serialize;

use super::view::{CandidateRow, PlanView};
use crate::cli::output::{line, names};
use crate::cli::schedule::{SlotRow, local};
use crate::preview::{ClusterSnapshot, ScopeTurns};

/// The next turn of each owner in scope.
#[derive(Default)]
pub(super) struct NextTurns {
    by_owner: BTreeMap<OwnerRef, NextTurn>,
    /// The owners whose turn it is in the slots that are shown.
    pub(super) slots: Vec<SlotTurns>,
    /// The warning about a rota that is too full.
    pub(super) overload: Option<String>,
}

/// The next turn of one owner.
#[derive(Clone, Serialize)]
pub(in crate::cli) struct NextTurn {
    /// The instant of the slot, in UTC.
    pub(in crate::cli) slot: Timestamp,
    /// The instant on the wall clock of the schedule's zone.
    pub(in crate::cli) local: String,
    /// The length of the owner's periods.
    pub(in crate::cli) every: String,
}

/// The owners whose turn it is in one slot.
#[derive(Serialize)]
pub(super) struct SlotTurns {
    pub(super) slot: Timestamp,
    pub(super) owners: Vec<OwnerRef>,
}

impl NextTurns {
    /// The turns of the owners in `snapshot` after `now`; `None` if no turn is known.
    pub(super) fn of(
        snapshot: &ClusterSnapshot,
        disrupt: &DisruptConfig,
        calendar: Option<&Calendar>,
        now: Timestamp,
        shown: &[SlotRow],
    ) -> Option<Self> {
        let calendar = calendar?;
        let turns = ScopeTurns::of(disrupt, calendar, &snapshot.turn_owners)?;
        let next = turns.next(now).into_iter();
        let slots = shown.iter().filter(|slot| slot.round).map(|slot| SlotTurns {
            slot: slot.slot,
            owners: turns.at(slot.slot).into_iter().collect(),
        });

        Some(Self {
            by_owner: next
                .map(|(owner, turn)| (owner, NextTurn::of(&turn, calendar)))
                .collect(),
            slots: slots.collect(),
            overload: turns.rota().load(&snapshot.turn_owners, now).warning(),
        })
    }

    /// The next turn of `owner`.
    pub(super) fn get(&self, owner: &OwnerRef) -> Option<NextTurn> {
        self.by_owner.get(owner).cloned()
    }

    /// The owners that have a turn, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&OwnerRef, &NextTurn)> {
        self.by_owner.iter()
    }
}

impl NextTurn {
    /// A turn as it is printed.
    pub(in crate::cli) fn of(turn: &Turn, calendar: &Calendar) -> Self {
        Self {
            slot: turn.slot,
            local: local(turn.slot, calendar.zone()),
            every: in_days(turn.every),
        }
    }
}

/// The header of the column of the next turns.
pub(super) const NEXT_TURN: &str = "NEXT TURN";

/// The next turn in its column.
pub(super) fn next_turn(turn: Option<&NextTurn>) -> String {
    turn.map_or_else(|| "-".to_owned(), |turn| turn.local.clone())
}

/// Whose turn it is in a slot.
pub(super) fn of_whom(turns: &SlotTurns) -> String {
    let owners: Vec<_> = turns.owners.iter().map(ToString::to_string).collect();
    if owners.is_empty() {
        "nobody's turn".to_owned()
    } else {
        line(&format!("the turn of {}", names(&owners)))
    }
}

/// Notes of the owners that have turns, and no candidate now.
pub(super) fn idle(turns: &NextTurns, rows: &[CandidateRow]) -> Vec<String> {
    let has_candidate: BTreeSet<OwnerRef> = rows.iter().map(CandidateRow::owner_ref).collect();
    let idle = turns.iter().filter(|(owner, _)| !has_candidate.contains(owner));
    let words =
        idle.map(|(owner, turn)| format!("{owner} has no candidate now; its next turn is {}", turn.local));
    words.collect()
}

/// The last rows of the funnel: the candidates whose owners have their turn later, and the others.
pub(super) fn waiting(view: &PlanView) -> Vec<[String; 3]> {
    let (Some(waiting), false) = (view.waiting, view.candidates.is_empty()) else {
        return Vec::new();
    };
    let due: BTreeSet<&OwnerRef> = view
        .turns
        .iter()
        .flatten()
        .take(1)
        .flat_map(|turns| &turns.owners)
        .collect();
    let example = view.candidates.iter().find(|row| !due.contains(&row.owner_ref()));
    let example = example.map_or_else(String::new, |row| {
        let turn = row.next_turn.as_ref();
        let when = turn.map_or_else(
            || "its owner finds no slot".to_owned(),
            |turn| format!("its owner's next turn is {}", turn.local),
        );
        format!("{}: {when}", row.pod)
    });

    let waits = [format!("-{waiting}"), "no-turn".to_owned(), example];
    let due = view.candidates.len() - waiting;
    let due = [due.to_string(), "in the next round".to_owned(), String::new()];
    (waiting > 0).then_some(waits).into_iter().chain([due]).collect()
}
