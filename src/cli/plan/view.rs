//! The plan as data: what `-o json` prints and the tables are drawn from.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use macaque_core::budget::PlannedDisruptions;
use macaque_core::config::{DrawBy, NamespaceScope};
use macaque_core::outcome::DisruptionMethod;
use macaque_core::pod::{PodOwner, PodRef, ReplicaState};
use macaque_core::prediction::Prediction;
use macaque_core::preview::{BudgetIndex, PredictedVictim, PreviewedPod, RoundPreview};
use macaque_core::report::ExemptionTallies;
use macaque_core::schedule::Calendar;
use serde::Serialize;

use crate::cli::schedule::{SlotRow, slots};
use crate::preview::ClusterSnapshot;
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
    pub(super) method: DisruptionMethod,
    pub(super) count: usize,
    pub(super) attempts: usize,
    /// How many of them may follow a refusal by a webhook.
    pub(super) attempts_after_webhook: usize,
    /// How victims are picked.
    pub(super) draw_by: DrawBy,
    /// The namespaces looked at; empty means all of the cluster.
    pub(super) namespaces: Vec<String>,
    pub(super) selector: String,
    pub(super) schedule: Option<String>,
    pub(super) next: Vec<SlotRow>,
    pub(super) listed: usize,
    pub(super) exempted: ExemptionTallies,
    pub(super) candidates: Vec<CandidateRow>,
    pub(super) owners: Vec<OwnerRow>,
    /// Whether the chances are counted over many draws, rather than computed.
    pub(super) chances_estimated: bool,
    /// The number of candidates about which the API server was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) asked: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) draw: Option<SeedDraw>,
    pub(super) problems: Vec<String>,
    pub(super) warnings: Vec<String>,
}

/// One candidate.
#[derive(Serialize)]
pub(super) struct CandidateRow {
    pub(super) pod: PodRef,
    pub(super) owner: Option<PodOwner>,
    pub(super) ready: bool,
    pub(super) budgets: BudgetCover,
    pub(super) chance: f64,
    #[serde(flatten)]
    pub(super) prediction: Prediction,
}

/// The candidates of one owner, or one without an owner.
#[derive(Serialize)]
pub(super) struct OwnerRow {
    pub(super) namespace: String,
    pub(super) owner: String,
    /// How many of the pods are ready.
    pub(super) ready: usize,
    /// How many pods count as replicas: those that are neither terminating nor finished.
    pub(super) pods: usize,
    pub(super) budgets: BudgetCover,
    pub(super) candidates: usize,
    pub(super) chance: f64,
    pub(super) verdict: String,
}

/// The budgets over a pod, and how many disruptions each allows.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum BudgetCover {
    Known(BTreeMap<String, i64>),
    /// The budgets could not be read.
    Unknown,
    /// The method is deletion, which does not check budgets.
    NotAsked,
}

/// The victims of a seed.
#[derive(Serialize)]
pub(super) struct SeedDraw {
    pub(super) seed: u64,
    pub(super) victims: Vec<PredictedVictim>,
    /// The picks of a dry run, where they differ: it sends no request, so none is refused.
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
        let rows: Vec<_> = preview
            .pods
            .iter()
            .zip(chances.of)
            .map(|(pod, chance)| row(preview, pod, chance))
            .collect();
        let target = &round_config.eligibility.target;

        Self {
            now,
            dry_run: round_config.dry_run,
            paused: None,
            method: round_config.disrupt.method,
            count: round_config.disrupt.count,
            attempts: round_config.disrupt.attempts,
            attempts_after_webhook: round_config.disrupt.attempts_after_webhook,
            draw_by: round_config.disrupt.draw,
            namespaces: match &target.namespaces {
                NamespaceScope::All => Vec::new(),
                NamespaceScope::Named(names) => names.clone(),
            },
            selector: target.selector.to_string(),
            schedule: calendar.map(ToString::to_string),
            next: calendar.map_or_else(Vec::new, |calendar| next(calendar, now)),
            listed: snapshot.listed,
            exempted: snapshot.exempted.clone(),
            owners: by_owner(&rows, snapshot),
            candidates: rows,
            chances_estimated: chances.estimated,
            asked: None,
            draw: None,
            problems: snapshot.problems.clone(),
            warnings: snapshot.warnings.clone(),
        }
    }

    pub(super) fn with_pause(mut self, paused: Option<String>) -> Self {
        self.paused = paused;
        self
    }

    pub(super) fn with_asked(mut self, asked: Option<usize>) -> Self {
        self.asked = asked;
        self
    }

    pub(super) fn with_seed(mut self, seed: Option<u64>, preview: &RoundPreview) -> Self {
        self.draw = seed.map(|seed| {
            let victims = preview.pick(seed);
            let pods =
                |victims: &[PredictedVictim]| -> Vec<_> { victims.iter().map(|v| v.pod.clone()).collect() };
            let in_dry_run = pods(&preview.pick_in_dry_run(seed));
            SeedDraw {
                seed,
                picked_in_dry_run: (self.dry_run && in_dry_run != pods(&victims)).then_some(in_dry_run),
                victims,
            }
        });

        self
    }
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

fn row(preview: &RoundPreview, pod: &PreviewedPod, chance: f64) -> CandidateRow {
    CandidateRow {
        pod: pod.pod.id.clone(),
        owner: pod.pod.owner.clone(),
        ready: pod.pod.state() == ReplicaState::Ready,
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

/// The candidates by owner, which they are sorted by.
fn by_owner(rows: &[CandidateRow], snapshot: &ClusterSnapshot) -> Vec<OwnerRow> {
    let same = |a: &CandidateRow, b: &CandidateRow| {
        a.owner.is_some() && (&a.pod.namespace, &a.owner) == (&b.pod.namespace, &b.owner)
    };
    let groups = rows.chunk_by(same).filter_map(|rows| {
        let first = rows.first()?;
        let namespace = first.pod.namespace.clone();
        let (owner, ready, pods) = match &first.owner {
            Some(owner) => {
                let known = snapshot.owners.get(&(namespace.clone(), owner.clone()));
                let replicas = known.copied().unwrap_or_default();
                (owner.to_string(), replicas.ready, replicas.live)
            }
            None => (format!("pod/{}", first.pod.name), usize::from(first.ready), 1),
        };
        Some(OwnerRow {
            namespace,
            owner,
            ready,
            pods,
            budgets: first.budgets.clone(),
            candidates: rows.len(),
            chance: rows.iter().map(|row| row.chance).sum(),
            verdict: verdict(rows),
        })
    });

    groups.collect()
}

/// The verdict on the pods of one owner: the prediction that all share, else how many pods have each.
fn verdict(rows: &[CandidateRow]) -> String {
    let mut words: Vec<(String, usize)> = Vec::new();
    for row in rows {
        let said = row.prediction.to_string();
        match words.iter_mut().find(|(known, _)| *known == said) {
            Some((_, count)) => *count += 1,
            None => words.push((said, 1)),
        }
    }

    if let [(only, _)] = &words[..] {
        return only.clone();
    }

    let words: Vec<_> = words
        .iter()
        .map(|(said, count)| format!("{count} {said}"))
        .collect();

    words.join("; ")
}
