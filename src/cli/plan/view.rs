//! The plan as data: what `-o json` prints and the tables are drawn from.

use std::collections::BTreeSet;
use std::rc::Rc;

use jiff::{SignedDuration, Timestamp};
use macaque_core::budget::PlannedDisruptions;
use macaque_core::config::{ChaosConfig, DrawBy};
use macaque_core::guard::{GuardFinding, GuardHold};
use macaque_core::outcome::DisruptionMethod;
use macaque_core::pod::{OwnerRef, PodDetails, PodRef, ReplicaState};
use macaque_core::preview::{BudgetIndex, PredictedVictim, PreviewedPod, RoundPreview};
use macaque_core::report::{ExemptionTallies, SkippedNamespace};
use macaque_core::schedule::Calendar;
use serde::Serialize;

use super::count::{ShownCount, every};
use super::recoveries::RecoveryView;
use super::rows::{BudgetCover, CandidateRow, OwnerRow, by_owner};
use super::turns::{NextTurns, SlotTurns};
use crate::cli::schedule::{SlotRow, slots};
use crate::preview::{ClusterSnapshot, PreviewedJournal};
use crate::round::RoundConfig;

/// How many slots are shown.
pub(super) const SLOTS: usize = 3;

/// The number of simulated draws from which chances are estimated.
const SEEDS: usize = 2_000;
/// The most draws times candidates: more would take noticeable time.
const MOST_WORK: usize = 2_000_000;

/// Everything that a plan shows.
#[derive(Serialize)]
pub(super) struct PlanView {
    pub(super) now: Timestamp,
    pub(super) dry_run: bool,
    /// The pause that holds now, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) paused: Option<String>,
    /// The limit that no disruption may exceed now, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) withheld: Option<String>,
    pub(super) method: DisruptionMethod,
    /// The most victims of a round.
    pub(super) count: usize,
    /// What the configuration says instead, if that is a share or a range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) configured_count: Option<String>,
    /// How many owners the share is of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) count_owners: Option<usize>,
    /// Whose pods a round may take.
    pub(super) pace: &'static str,
    /// How often each owner has a turn, if owners have turns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) every: Option<String>,
    pub(super) attempts: usize,
    /// How many of them may follow a refusal by a webhook.
    pub(super) attempts_after_webhook: usize,
    /// How victims are picked.
    pub(super) draw_by: DrawBy,
    /// The namespaces looked at; empty means all of the cluster.
    pub(super) namespaces: Vec<String>,
    /// The label selector by which they were found, if they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) namespace_selector: Option<String>,
    /// The namespaces that are left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) skipped: Vec<SkippedNamespace>,
    pub(super) selector: String,
    pub(super) schedule: Option<String>,
    pub(super) next: Vec<SlotRow>,
    /// The owners whose turn it is in the slots of `next`, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) turns: Option<Vec<SlotTurns>>,
    pub(super) listed: usize,
    pub(super) exempted: ExemptionTallies,
    pub(super) candidates: Vec<CandidateRow>,
    /// How many candidates wait for their owner's turn, which is not in the next round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) waiting: Option<usize>,
    pub(super) owners: Vec<OwnerRow>,
    /// The guards of the round; `None` if guards were not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) round_guards: Option<Vec<GuardFinding>>,
    /// The recoveries that go on and their limits; `None` if they are not known, or not watched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) recovery: Option<RecoveryView>,
    /// Whether the chances are counted over many draws, rather than computed.
    pub(super) chances_estimated: bool,
    /// The number of candidates about which the API server was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) asked: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) draw: Option<SeedDraw>,
    pub(super) problems: Vec<String>,
    pub(super) warnings: Vec<String>,
    pub(super) notes: Vec<String>,
}

/// The victims of a seed.
#[derive(Serialize)]
pub(super) struct SeedDraw {
    pub(super) seed: u64,
    /// The guard of the round that would end it before its first victim.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) held: Option<GuardHold>,
    pub(super) victims: Vec<PredictedVictim>,
    /// The picks of a dry run, where its attempts differ: it sends no request, so none is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) picked_in_dry_run: Option<Vec<PodRef>>,
}

impl PlanView {
    pub(super) fn of(
        snapshot: &ClusterSnapshot,
        round_config: &RoundConfig,
        calendar: Option<&Calendar>,
        now: Timestamp,
    ) -> Self {
        let preview = &snapshot.preview;
        let seeds = (MOST_WORK / preview.pods.len().max(1)).clamp(SEEDS / 10, SEEDS);
        let chances = preview.chances(&(0..seeds as u64).collect::<Vec<_>>());
        let next = calendar.map_or_else(Vec::new, |calendar| next(calendar, now));
        let turns = NextTurns::of(snapshot, &round_config.disrupt, calendar, now, &next);
        let rows: Vec<_> = preview
            .pods
            .iter()
            .zip(chances.of)
            .map(|(pod, chance)| row(snapshot, pod, chance, turns.as_ref()))
            .collect();
        let target = &round_config.eligibility.target;
        let disrupt = &round_config.disrupt;
        let count = ShownCount::of(disrupt.count, preview.count_owners());

        Self {
            now,
            dry_run: round_config.dry_run,
            paused: None,
            withheld: None,
            method: disrupt.method,
            count: count.most,
            configured_count: count.configured,
            count_owners: count.owners,
            pace: disrupt.pace.as_str(),
            every: every(&disrupt.pace),
            attempts: disrupt.attempts,
            attempts_after_webhook: disrupt.attempts_after_webhook,
            draw_by: disrupt.draw,
            namespaces: snapshot.namespaces.clone(),
            namespace_selector: target.namespaces.selector().map(ToString::to_string),
            skipped: snapshot.skipped.clone(),
            selector: target.selector.to_string(),
            schedule: calendar.map(ToString::to_string),
            next,
            notes: [
                snapshot.notes.clone(),
                turns.as_ref().map_or_else(Vec::new, |turns| idle(turns, &rows)),
            ]
            .concat(),
            warnings: [
                snapshot.warnings.clone(),
                turns
                    .as_ref()
                    .and_then(|turns| turns.overload.clone())
                    .into_iter()
                    .collect(),
            ]
            .concat(),
            waiting: turns.as_ref().map(|_| preview.waiting()),
            turns: turns.map(|turns| turns.slots),
            listed: snapshot.listed,
            exempted: snapshot.exempted.clone(),
            owners: by_owner(&rows, snapshot, round_config),
            candidates: rows,
            round_guards: snapshot.guards_asked.then(|| preview.round_guards.clone()),
            recovery: None,
            chances_estimated: chances.estimated,
            asked: None,
            draw: None,
            problems: snapshot.problems.clone(),
        }
    }

    pub(super) fn with_journal(mut self, journal: &PreviewedJournal, config: &ChaosConfig) -> Self {
        self.paused = journal.pause.as_ref().map(ToString::to_string);
        self.withheld = journal.withheld(&config.limits, self.now);
        self.recovery = RecoveryView::of(journal, config, self.now);
        self
    }

    pub(super) fn with_asked(mut self, asked: Option<usize>) -> Self {
        self.asked = asked;
        self
    }

    pub(super) fn with_seed(mut self, seed: Option<u64>, preview: &RoundPreview) -> Self {
        self.draw = seed.map(|seed| {
            let victims = preview.pick(seed);
            let in_dry_run = preview.pick_in_dry_run(seed);
            let pods = |victims: &[PredictedVictim]| -> Vec<_> {
                victims.iter().map(|victim| victim.pod.clone()).collect()
            };
            let differs = self.dry_run && pods(&in_dry_run) != pods(&victims);
            let picked = in_dry_run
                .into_iter()
                .filter(|victim| !victim.prediction.is_stopped())
                .map(|victim| victim.pod);
            SeedDraw {
                seed,
                held: preview.round_hold(),
                picked_in_dry_run: differs.then(|| picked.collect()),
                victims,
            }
        });

        self
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

/// The next slots and, if all of them are quiet, the next round after them.
fn next(calendar: &Calendar, now: Timestamp) -> Vec<SlotRow> {
    let mut next: Vec<_> = slots(calendar, now).take(SLOTS).collect();
    if !next.iter().any(|slot| slot.round)
        && let Some(round) = calendar.next_round(now)
    {
        next.extend(slots(calendar, round - SignedDuration::from_secs(1)).next());
    }
    next
}

fn row(
    snapshot: &ClusterSnapshot,
    pod: &PreviewedPod,
    chance: f64,
    turns: Option<&NextTurns>,
) -> CandidateRow {
    let preview = &snapshot.preview;
    CandidateRow {
        pod: pod.pod.id.clone(),
        owner: pod.pod.owner.clone(),
        ready: pod.pod.state() == ReplicaState::Ready,
        details: PodDetails::of(&pod.pod),
        next_turn: turns.and_then(|turns| turns.get(&pod.candidate.owner_ref())),
        guards: snapshot.guards_asked.then(|| Rc::clone(&pod.guards)),
        budgets: cover(&preview.budgets, pod, preview.disrupt.method),
        chance,
        prediction: preview.prediction(pod, &PlannedDisruptions::default()),
    }
}

fn cover(budgets: &BudgetIndex, pod: &PreviewedPod, method: DisruptionMethod) -> BudgetCover {
    match (method, budgets.covering(&pod.pod)) {
        (DisruptionMethod::Delete, _) => BudgetCover::NotAsked,
        (DisruptionMethod::Evict, Err(_)) => BudgetCover::Unknown,
        (DisruptionMethod::Evict, Ok(budgets)) => {
            let allows = budgets.into_iter().map(|budget| {
                let left = budget.headroom(&PlannedDisruptions::default());
                (budget.name.clone(), left)
            });
            BudgetCover::Known(allows.collect())
        }
    }
}
