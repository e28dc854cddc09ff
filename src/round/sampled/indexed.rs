//! Draws from the metadata of all pods, and bounds what is read in full of candidates that only their whole pod exempts.

use std::collections::{HashMap, HashSet};

use macaque_core::config::DisruptionPace;
use macaque_core::eligibility::Candidate;
use macaque_core::journal::Journal;
use macaque_core::pod::OwnerRef;
use macaque_core::report::{ExemptionTally, RoundEnd};
use macaque_core::selection::{CandidateIndex, DrawQueue, SAMPLING_THRESHOLD, VictimPicker};

use crate::round::running::{RunningRound, end_of};
use crate::round::scan::{PodScan, ScannedPhases, WithOwners};

/// How many candidates in a row may turn out to be exempt once they are read in full. Each such answer is some tens of
/// kilobytes. If one candidate in twenty is eligible, that happens once in a hundred and seventy rounds.
const MAX_EXEMPT_IN_FULL: usize = 100;

/// After this many candidates of one owner were exempt once they were read in full, those of the others come first: pods of
/// one owner have the same priority class and eviction responders, but for a rollout that changes those.
const MAX_EXEMPT_OF_OWNER: usize = 5;

/// In a scope of up to this many pods, all are read in full where many candidates turned out to be exempt: about three
/// times what a round reads that judges every pod at once.
const MAX_READ_IN_FULL: usize = 3 * SAMPLING_THRESHOLD;

impl RunningRound<'_> {
    /// Judges every pod by its metadata, and draws from the candidates that were not `tried` before, in the order of the
    /// seed; a candidate is read in full before it is disrupted. If too many in a row turn out to be exempt only then,
    /// judges every pod in full, or ends if they are too many. Candidates still in the queue are discarded, because they are
    /// judged again.
    pub(super) async fn run_indexed(
        &mut self,
        seed: u64,
        journal: &Journal,
        mut tried: HashSet<String>,
        mut picker: VictimPicker,
    ) -> Result<(), RoundEnd> {
        picker.restart();
        let (index, phases) = self.scan_index(journal).await?;
        if tried.is_empty() {
            let wanted = self.wanted(index.owners());
            picker = VictimPicker::from_queue(DrawQueue::growing(), &self.context.config.disrupt, wanted);
        }

        let most_exempt = match phases {
            ScannedPhases::Eligible => MAX_EXEMPT_IN_FULL,
            ScannedPhases::All => usize::MAX,
        };
        let mut end = self
            .try_indexed(&index, most_exempt, seed, &mut tried, &mut picker)
            .await?;

        if end == DrawEnd::Fruitless && self.report.listed <= MAX_READ_IN_FULL {
            log::debug!(
                "{MAX_EXEMPT_IN_FULL} pods were not eligible for what metadata does not tell: reading all in full"
            );
            picker.restart();
            let mut scan = PodScan::<CandidateIndex>::default();
            self.scanner().scan(&mut scan).await?;
            let sink = std::mem::take(&mut scan.sink);
            let index = self.note_index(scan, sink, journal);
            end = self
                .try_indexed(&index, usize::MAX, seed, &mut tried, &mut picker)
                .await?;
        } else {
            if end == DrawEnd::Fruitless {
                self.warn_of_fruitless_draw();
            }
            if self.report.attempts.is_empty() && phases == ScannedPhases::Eligible {
                self.note_other_phases().await?;
            }
        }

        match end {
            DrawEnd::Done => end_of(picker),
            DrawEnd::Exhausted | DrawEnd::Fruitless => self.try_remaining(picker).await,
        }
    }

    /// Judges every pod by its metadata, and finds whose turn it is.
    async fn scan_index(&mut self, journal: &Journal) -> Result<(CandidateIndex, ScannedPhases), RoundEnd> {
        // Owners take much memory where there are many, and are kept only if they have turns.
        if self.context.config.disrupt.pace == DisruptionPace::Count {
            let mut scan = PodScan::<CandidateIndex>::default();
            let phases = self.scanner().scan_metadata(&mut scan).await?;
            let sink = std::mem::take(&mut scan.sink);
            return Ok((self.note_index(scan, sink, journal), phases));
        }

        let mut scan = PodScan::<WithOwners<CandidateIndex>>::default();
        let phases = self.scanner().scan_metadata(&mut scan).await?;
        let WithOwners { sink, owners } = std::mem::take(&mut scan.sink);
        self.begin_turns(owners, journal);
        Ok((self.note_index(scan, sink, journal), phases))
    }

    /// Warns that the round ends although there are candidates that it did not read.
    fn warn_of_fruitless_draw(&mut self) {
        let unread = self.report.candidates;
        self.guards.warn(format!(
            "{MAX_EXEMPT_IN_FULL} candidates in a row turned out to be exempt once they were read in full; {unread} others \
             were not read in this round"
        ));
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

    /// Draws candidates that were not `tried` before, and tries them, until the victims are found or `most_exempt` in a
    /// row were exempt. Owners come in a random order, each with all of its pods, so that an owner whose first pods turn
    /// out to be exempt is as likely as another; but one of which many were comes after all others.
    async fn try_indexed(
        &mut self,
        index: &CandidateIndex,
        most_exempt: usize,
        seed: u64,
        tried: &mut HashSet<String>,
        picker: &mut VictimPicker,
    ) -> Result<DrawEnd, RoundEnd> {
        let draw_by = self.context.config.disrupt.draw;
        let mut draw = index.draw(seed, draw_by);
        let mut exempt = ExemptCandidates::default();
        let mut is_second_draw = most_exempt == usize::MAX;

        while !picker.is_done() {
            if let Some(victim) = self.next_victim(picker)? {
                let attempts = self.report.attempts.len();
                let drawn = victim.clone();
                self.try_victim(victim, picker).await?;

                if self.report.attempts.len() > attempts {
                    tried.insert(drawn.pod.uid);
                    exempt.in_a_row = 0;
                } else {
                    exempt.note(drawn);
                }
                continue;
            }

            if exempt.in_a_row >= most_exempt {
                return Ok(DrawEnd::Fruitless);
            }
            let is_new = |candidate: &Candidate| {
                let is_known = tried.contains(&candidate.pod.uid) || exempt.uids.contains(&candidate.pod.uid);
                !is_known && (is_second_draw || !exempt.has_many_of(candidate))
            };
            match draw.find(is_new) {
                Some(candidate) => picker.add([candidate]),
                None if is_second_draw => return Ok(DrawEnd::Exhausted),
                None => {
                    is_second_draw = true;
                    draw = index.draw(seed, draw_by);
                }
            }
        }
        Ok(DrawEnd::Done)
    }
}

/// The candidates that turned out to be exempt once they were read in full.
#[derive(Default)]
struct ExemptCandidates {
    in_a_row: usize,
    uids: HashSet<String>,
    of_owner: HashMap<OwnerRef, usize>,
}

impl ExemptCandidates {
    fn note(&mut self, candidate: Candidate) {
        self.in_a_row += 1;
        *self.of_owner.entry(candidate.owner_ref()).or_default() += 1;
        self.uids.insert(candidate.pod.uid);
    }

    /// Whether so many pods of the candidate's owner were exempt that the others are too, in all probability.
    fn has_many_of(&self, candidate: &Candidate) -> bool {
        let count = self.of_owner.get(&candidate.owner_ref());
        count.is_some_and(|count| *count >= MAX_EXEMPT_OF_OWNER)
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
