//! Whose turn comes when, as a plan shows it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use macaque_core::config::DisruptConfig;
use macaque_core::duration::in_days;
use macaque_core::pod::OwnerRef;
use macaque_core::rota::Turn;
use macaque_core::schedule::Calendar;
use serde::Serialize;

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
