//! Runs a round with too many pods to read them all: draws names at random and judges only those pods, until the victims
//! are found. Where the owners must be known, or few pods are eligible, judges the metadata of all pods.

use std::collections::HashSet;

use macaque_core::config::{DisruptionPace, DrawBy, VictimCount};
use macaque_core::eligibility::{Candidate, judge};
use macaque_core::journal::Journal;
use macaque_core::pod::Pod;
use macaque_core::report::{ExemptionTally, RoundEnd};
use macaque_core::selection::{CandidateIndex, DrawQueue, IndexedName, NameIndex, VictimPicker};

use super::running::{RunningRound, end_of};
use super::scan::{PodScan, WithOwners};
use super::scope_size::{ScopeNames, ScopeSize};
use crate::read_retry::with_retries;

/// How many pods in a row may be drawn without an attempt before more is read of all pods instead. If one pod in a hundred
/// is eligible, that happens once in twenty thousand rounds.
const MAX_FRUITLESS_DRAWS: usize = 1_000;

impl RunningRound<'_> {
    /// Draws pods by name until the victims are found. Names do not show owners, so drawing by owner, a share of the owners,
    /// and turns judge the metadata of all pods.
    pub(super) async fn run_sampled(
        &mut self,
        size: ScopeSize,
        seed: u64,
        journal: &Journal,
    ) -> Result<(), RoundEnd> {
        let disrupt = &self.context.config.disrupt;
        let by_owners =
            matches!(disrupt.count, VictimCount::Percent(_)) || disrupt.pace != DisruptionPace::Count;
        // A share, and whose turn it is, are known once all owners are.
        let wanted = if by_owners { 1 } else { self.wanted(0) };
        let picker = VictimPicker::from_queue(DrawQueue::growing(), disrupt, wanted);
        match disrupt.draw {
            DrawBy::Pod if !by_owners => {
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
            DrawBy::Pod | DrawBy::Owner => self.run_indexed(seed, journal, HashSet::new(), picker).await,
        }
    }

    /// Draws pods by name. After too many fruitless draws, judges the metadata of all pods, which also shows every
    /// exemption.
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
                    log::debug!(
                        "{fruitless} sampled pods were not eligible: checking the metadata of all pods"
                    );
                    return self.run_indexed(seed, journal, tried, picker).await;
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

    /// Judges every pod by its metadata, and draws from the candidates that were not `tried` before, in the order of the
    /// seed; a candidate is read in full before it is disrupted. If too many in a row turn out to be exempt only then,
    /// judges every pod in full. Candidates still in the queue are discarded, because they are judged again.
    async fn run_indexed(
        &mut self,
        seed: u64,
        journal: &Journal,
        mut tried: HashSet<String>,
        mut picker: VictimPicker,
    ) -> Result<(), RoundEnd> {
        picker.restart();
        let mut scan = PodScan::<WithOwners<CandidateIndex>>::default();
        self.scanner().scan_metadata(&mut scan).await?;
        let WithOwners { sink, owners } = std::mem::take(&mut scan.sink);
        self.begin_turns(owners, journal);
        let index = self.note_index(scan, sink, journal);
        if tried.is_empty() {
            let wanted = self.wanted(index.owners());
            picker = VictimPicker::from_queue(DrawQueue::growing(), &self.context.config.disrupt, wanted);
        }
        let mut end = self
            .try_indexed(&index, MAX_FRUITLESS_DRAWS, seed, &mut tried, &mut picker)
            .await?;

        if end == DrawEnd::Fruitless {
            log::debug!(
                "{MAX_FRUITLESS_DRAWS} pods were not eligible for what metadata does not tell: reading all in full"
            );
            picker.restart();
            let mut scan = PodScan::<CandidateIndex>::default();
            self.scanner().scan(&mut scan).await?;
            let sink = std::mem::take(&mut scan.sink);
            let index = self.note_index(scan, sink, journal);
            end = self
                .try_indexed(&index, usize::MAX, seed, &mut tried, &mut picker)
                .await?;
        } else if self.report.attempts.is_empty() {
            self.note_other_phases().await?;
        }

        match end {
            DrawEnd::Done => end_of(picker),
            DrawEnd::Exhausted | DrawEnd::Fruitless => self.try_remaining(picker).await,
        }
    }

    /// Moves what a scan of all pods found into the report, and returns the candidates that the journal does not rule out.
    fn note_index<S>(
        &mut self,
        scan: PodScan<S>,
        mut index: CandidateIndex,
        journal: &Journal,
    ) -> CandidateIndex {
        self.candidates.clear();
        self.report.listed = scan.listed;
        self.report.exempted = scan.exempted;
        self.guards.note_disrupted(scan.disrupted);
        self.key_warnings = scan.key_warnings;
        self.note_skipped(scan.skipped);
        self.warn_of_unmatched(&scan.matches);
        self.note_problems(scan.problems);

        index.retain(|candidate| self.passes_journal(candidate, journal));
        self.report.candidates = index.candidates();
        self.publish_checked();
        index
    }

    /// Adds the pods to the report that are exempt by their phase, so that a round without a victim gives every reason.
    async fn note_other_phases(&mut self) -> Result<(), RoundEnd> {
        let mut scan = PodScan::<CandidateIndex>::default();
        self.scanner().scan_other_phases(&mut scan).await?;
        self.report.listed += scan.listed;
        ExemptionTally::merge(&mut self.report.exempted, scan.exempted);
        self.key_warnings.append(scan.key_warnings);
        self.note_problems(scan.problems);
        self.publish_checked();
        Ok(())
    }

    /// Adds problems to the report, each once: every list may meet the same ones.
    fn note_problems(&mut self, problems: Vec<String>) {
        for problem in problems {
            if !self.report.problems.contains(&problem) {
                self.report.problems.push(problem);
            }
        }
    }

    /// Draws candidates that were not `tried` before, and tries them, until the victims are found or, `most_fruitless`
    /// times in a row, there was nothing to try. Owners come in a random order, each with all of its pods, so that an
    /// owner whose first pods turn out to be exempt is as likely as another.
    async fn try_indexed(
        &mut self,
        index: &CandidateIndex,
        most_fruitless: usize,
        seed: u64,
        tried: &mut HashSet<String>,
        picker: &mut VictimPicker,
    ) -> Result<DrawEnd, RoundEnd> {
        let mut draw = index.draw(seed, self.context.config.disrupt.draw);
        let mut fruitless = 0;

        while !picker.is_done() {
            if let Some(victim) = self.next_victim(picker)? {
                let attempts = self.report.attempts.len();
                let uid = victim.pod.uid.clone();
                self.try_victim(victim, picker).await?;

                if self.report.attempts.len() > attempts {
                    tried.insert(uid);
                    fruitless = 0;
                } else {
                    fruitless += 1;
                }
                continue;
            }

            if fruitless >= most_fruitless {
                return Ok(DrawEnd::Fruitless);
            }
            let Some(candidate) = draw.find(|candidate| !tried.contains(&candidate.pod.uid)) else {
                return Ok(DrawEnd::Exhausted);
            };
            picker.add([candidate]);
        }
        Ok(DrawEnd::Done)
    }
}

/// How the draw from an index ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum DrawEnd {
    /// The victims were found, or may not be tried any more.
    Done,
    /// Every candidate was drawn.
    Exhausted,
    /// Too many candidates in a row were exempt after all.
    Fruitless,
}
