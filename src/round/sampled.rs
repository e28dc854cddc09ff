//! Runs a round with too many pods to judge them all: draws names at random and judges only those pods, until the
//! victims are found.

use std::collections::HashSet;

use macaque_core::config::DrawBy;
use macaque_core::eligibility::{Candidate, judge};
use macaque_core::journal::Journal;
use macaque_core::pod::Pod;
use macaque_core::report::{ExemptionTally, RoundEnd};
use macaque_core::selection::{CandidateIndex, DrawQueue, IndexedName, NameIndex, VictimPicker};

use super::running::{RunningRound, end_of};
use super::scan::PodScan;
use super::scope_size::{ScopeNames, ScopeSize};
use crate::read_retry::with_retries;

/// How many pods in a row may be drawn without an attempt before all pods are judged instead. If one pod in a hundred
/// is eligible, that happens once in twenty thousand rounds.
const MAX_FRUITLESS_DRAWS: usize = 1_000;

impl RunningRound<'_> {
    /// Draws pods by name until the victims are found. Names do not show owners, so drawing by owner judges all pods.
    pub(super) async fn run_sampled(
        &mut self,
        size: ScopeSize,
        seed: u64,
        journal: &Journal,
    ) -> Result<(), RoundEnd> {
        let disrupt = &self.context.config.disrupt;
        let picker = VictimPicker::from_queue(DrawQueue::growing(), disrupt, disrupt.count.most());
        match disrupt.draw {
            DrawBy::Pod => {
                let ScopeNames {
                    names,
                    problems,
                    skipped,
                } = self.scanner().names_of(size).await?;
                self.report.listed = names.len();
                self.report.problems = problems;
                self.note_skipped(skipped);
                self.run_by_name(&names, seed, journal, picker).await
            }
            DrawBy::Owner => self.run_indexed(seed, journal, &HashSet::new(), picker).await,
        }
    }

    /// Draws pods by name. After too many fruitless draws, judges all pods, which also shows every exemption.
    async fn run_by_name(
        &mut self,
        names: &NameIndex,
        seed: u64,
        journal: &Journal,
        mut picker: VictimPicker,
    ) -> Result<(), RoundEnd> {
        let mut draw = names.draw(seed);
        let mut seen = HashSet::new();
        let mut tried = HashSet::new();
        let mut fruitless = 0;

        while !picker.is_done() {
            if let Some(victim) = self.next_victim(&mut picker)? {
                let attempts = self.report.attempts.len();
                tried.insert(victim.pod.uid.clone());
                self.try_victim(victim, &mut picker).await?;
                if self.report.attempts.len() > attempts {
                    fruitless = 0;
                }
                continue;
            }

            let is_excluded = |entry: &IndexedName<'_>| {
                entry
                    .namespace
                    .is_some_and(|namespace| picker.is_excluded(namespace))
            };
            let next = draw.find(|entry| !is_excluded(entry));
            let Some(entry) = next.filter(|_| fruitless < MAX_FRUITLESS_DRAWS) else {
                if fruitless == MAX_FRUITLESS_DRAWS || tried.is_empty() {
                    log::debug!("{fruitless} sampled pods were not eligible: checking all pods");
                    return self.run_indexed(seed, journal, &tried, picker).await;
                }
                self.publish_checked();
                return self.try_remaining(picker).await;
            };

            fruitless += 1;
            if let Some(pod) = self.read_drawn(entry).await?
                && seen.insert(pod.id.uid.clone())
            {
                picker.add(self.judge_drawn(&pod, journal));
            }
        }
        self.publish_checked();
        end_of(picker)
    }

    /// Reads what the rules need to know of a drawn pod; `None` if the pod is gone.
    async fn read_drawn(&self, entry: IndexedName<'_>) -> Result<Option<Pod>, RoundEnd> {
        let context = self.context;
        let eligibility = &self.eligibility;
        let filter = eligibility.pod_filter();
        let read = async || {
            let in_full = eligibility.judges_nodes();
            context
                .cluster
                .named(entry, &filter, eligibility.phases(), in_full)
                .await
        };
        Ok(with_retries(context.platform, context.stop, read).await?)
    }

    /// Judges a drawn pod by its metadata; a candidate is judged again, in full, before it is disrupted.
    fn judge_drawn(&mut self, pod: &Pod, journal: &Journal) -> Option<Candidate> {
        self.key_warnings.note(pod);
        let now = self.context.platform.now();
        match judge(pod, &self.eligibility, now) {
            Ok(candidate) if self.passes_journal(&candidate, journal) => {
                self.report.candidates += 1;
                Some(candidate)
            }
            Ok(_) => None,
            Err(exemption) => {
                ExemptionTally::note(&mut self.report.exempted, pod.id.clone(), &exemption);
                None
            }
        }
    }

    /// Judges every pod, and draws from those that were not `tried` before, in the order of the seed. Candidates still
    /// in the queue are discarded, because they are judged again.
    async fn run_indexed(
        &mut self,
        seed: u64,
        journal: &Journal,
        tried: &HashSet<String>,
        mut picker: VictimPicker,
    ) -> Result<(), RoundEnd> {
        picker.restart();
        self.candidates.clear();

        let mut scan = PodScan::<CandidateIndex>::default();
        self.scanner().scan(&mut scan).await?;
        self.report.listed = scan.listed;
        self.report.exempted = scan.exempted;
        self.guards.note_disrupted(scan.disrupted);
        self.key_warnings = scan.key_warnings;
        self.note_skipped(scan.skipped);
        for problem in scan.problems {
            // The list of names may have met the same problems.
            if !self.report.problems.contains(&problem) {
                self.report.problems.push(problem);
            }
        }

        let mut index = scan.sink;
        index.retain(|candidate| self.passes_journal(candidate, journal));
        self.report.candidates = index.candidates();
        self.publish_checked();

        let mut draw = index.draw(seed, self.context.config.disrupt.draw);
        while !picker.is_done() {
            if let Some(victim) = self.next_victim(&mut picker)? {
                self.try_victim(victim, &mut picker).await?;
                continue;
            }
            let Some(candidate) = draw.find(|candidate| !tried.contains(&candidate.pod.uid)) else {
                return self.try_remaining(picker).await;
            };
            picker.add([candidate]);
        }
        end_of(picker)
    }
}
