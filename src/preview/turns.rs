//! Finds the owners that have turns, and tells their turns beforehand.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use macaque_core::config::{DisruptConfig, DisruptionPace};
use macaque_core::eligibility::{Candidate, EligibilityConfig, Exemption};
use macaque_core::pod::{OwnerRef, Pod};
use macaque_core::preview::{ChanceTurns, PreviewedTurns};
use macaque_core::report::{RoundEnd, SkippedNamespace};
use macaque_core::rota::{Rota, RotaOwner, Turn};
use macaque_core::schedule::Calendar;
use macaque_core::turn_owners::TurnOwners;

use super::{ClusterSnapshot, PreviewReader};
use crate::round::RoundConfig;
use crate::round::scan::{PodScan, PodSink};

/// The owners in scope that have turns.
#[derive(Debug, Clone, Default)]
pub struct TurnScan {
    /// How many pods were listed.
    pub listed: usize,
    /// The owners.
    pub owners: BTreeSet<RotaOwner>,
    /// Problems that did not end the scan.
    pub problems: Vec<String>,
    /// The warnings about macaque's own keys on the pods, the namespaces and the owners.
    pub warnings: Vec<String>,
    /// The namespaces that are left out.
    pub skipped: Vec<SkippedNamespace>,
}

/// The rota over the owners of a scope.
#[derive(Clone, Copy)]
pub struct ScopeTurns<'a> {
    rota: Rota<'a>,
    owners: &'a BTreeSet<RotaOwner>,
}

/// Keeps the owners that have turns, and nothing else.
impl PodSink for TurnOwners {
    fn push(&mut self, pod: Pod, judged: Result<Candidate, Exemption>, eligibility: &EligibilityConfig) {
        self.note(&pod, judged.as_ref().err(), eligibility);
    }

    fn append(&mut self, more: Self) {
        TurnOwners::append(self, more);
    }
}

impl PreviewReader<'_> {
    /// Lists the owners in scope that have turns.
    ///
    /// # Errors
    /// The pods could not be listed. A namespace that may not be read is only noted as a problem.
    pub async fn turn_owners(&self, config: &RoundConfig) -> Result<TurnScan, RoundEnd> {
        let scope = self.scope(config).await?;
        let mut scan = PodScan::<TurnOwners>::default();
        Box::pin(self.scanner(&scope).scan_any_size(&mut scan)).await?;

        Ok(TurnScan {
            listed: scan.listed,
            owners: scan.sink.into_set(),
            problems: scan.problems,
            warnings: [scope.warnings, scan.key_warnings.texts()].concat(),
            skipped: [scope.skipped, scan.skipped].concat(),
        })
    }
}

impl ClusterSnapshot {
    /// Lets the preview be of the next round of `calendar` after `now`, in which only some owners may have a turn.
    pub fn give_turns(&mut self, disrupt: &DisruptConfig, calendar: Option<&Calendar>, now: Timestamp) {
        let slot = calendar.and_then(|calendar| Some((calendar, calendar.next_round(now)?)));
        self.preview.turns = match (&disrupt.pace, slot) {
            (DisruptionPace::Count, _) => PreviewedTurns::Everybody,
            (DisruptionPace::Rota { .. } | DisruptionPace::Chance { .. }, None) => {
                PreviewedTurns::Of(BTreeSet::new())
            }
            (DisruptionPace::Rota { .. }, Some((calendar, slot))) => {
                let turns = ScopeTurns::of(disrupt, calendar, &self.turn_owners);
                PreviewedTurns::Of(turns.map(|turns| turns.at(slot)).unwrap_or_default())
            }
            (DisruptionPace::Chance { every }, Some((calendar, slot))) => {
                PreviewedTurns::ByChance(Box::new(ChanceTurns {
                    calendar: calendar.clone(),
                    every: *every,
                    owners: self.turn_owners.clone(),
                    slot,
                    count: disrupt.count,
                }))
            }
        };
    }
}

impl<'a> ScopeTurns<'a> {
    /// The turns of `owners` by `disrupt` in the slots of `calendar`; `None` if the pace is no rota.
    pub fn of(
        disrupt: &DisruptConfig,
        calendar: &'a Calendar,
        owners: &'a BTreeSet<RotaOwner>,
    ) -> Option<Self> {
        let rota = Rota::of(disrupt, calendar)?;
        Some(Self { rota, owners })
    }

    /// The rota.
    pub fn rota(&self) -> Rota<'a> {
        self.rota
    }

    /// The turns in slots from `from` until before `to`.
    pub fn between(&self, from: Timestamp, to: Timestamp) -> Vec<Turn> {
        self.rota.turns(self.owners, from, to)
    }

    /// The owners whose turn it is in `slot`.
    pub fn at(&self, slot: Timestamp) -> BTreeSet<OwnerRef> {
        let turns = self.rota.turns_at(self.owners, slot);
        turns.into_iter().map(|turn| turn.owner).collect()
    }

    /// The next turn of each owner after `now`.
    pub fn next(&self, now: Timestamp) -> BTreeMap<OwnerRef, Turn> {
        self.rota.next_turns(self.owners, now)
    }
}
