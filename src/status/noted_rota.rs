//! The rota as a round used it last: from it follows whose turn comes when, weeks ahead.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use macaque_core::pod::OwnerRef;
use macaque_core::rota::{Rota, RotaOwner};
use macaque_core::schedule::Calendar;

use crate::calendar_feed::FeedTurns;

/// The rota and its owners.
#[derive(Debug, Clone)]
pub(super) struct NotedRota {
    every: Duration,
    capacity: usize,
    seed: u64,
    owners: Arc<BTreeSet<RotaOwner>>,
}

impl NotedRota {
    /// The rota of these owners.
    pub(super) fn new(rota: Rota<'_>, owners: &BTreeSet<RotaOwner>) -> Self {
        Self {
            every: rota.every,
            capacity: rota.capacity,
            seed: rota.seed,
            owners: Arc::new(owners.clone()),
        }
    }

    /// The owners.
    pub(super) fn owners(&self) -> impl Iterator<Item = &OwnerRef> {
        self.owners.iter().map(|owner| &owner.owner)
    }

    /// How the owners come to their turns at the slots of `calendar`.
    pub(super) fn turns<'a>(&'a self, calendar: &'a Calendar) -> FeedTurns<'a> {
        FeedTurns {
            rota: Rota {
                calendar,
                every: self.every,
                capacity: self.capacity,
                seed: self.seed,
            },
            owners: &self.owners,
        }
    }
}
