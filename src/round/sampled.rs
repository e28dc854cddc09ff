//! Runs a round with too many pods to read them all: draws names at random and judges only those pods, until the victims
//! are found. Where the owners must be known, or few pods are eligible, judges the metadata of all pods.

mod indexed;

use std::collections::HashSet;

use macaque_core::config::{DisruptionPace, DrawBy, VictimCount};
use macaque_core::eligibility::{Candidate, judge};
use macaque_core::journal::Journal;
use macaque_core::pod::Pod;
use macaque_core::report::{ExemptionTally, RoundEnd};
use macaque_core::selection::{DrawQueue, IndexedName, NameIndex, PickLimit, VictimPicker};

use super::running::{RunningRound, end_of};
use super::scope_size::{ScopeNames, ScopeSize};
use crate::read_retry::with_retries;

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
        let mut picker = VictimPicker::from_queue(DrawQueue::growing(), disrupt, wanted);
        let mut tried = HashSet::new();
        if disrupt.draw == DrawBy::Pod && !by_owners {
            let ScopeNames {
                names,
                problems,
                skipped,
            } = self.scanner().names_of(size).await?;
            self.report.listed = names.len();
            self.report.problems = problems;
            self.note_skipped(skipped);

            // The names are not needed any more once the metadata of all pods are listed.
            let drawn = self.draw_names(&names, seed, journal, &mut picker).await?;
            drop(names);
            match drawn {
                NameDraw::Done => return end_of(picker),
                NameDraw::Exhausted => return self.try_remaining(picker).await,
                NameDraw::InVain(before) => tried = before,
            }
        }
        self.run_indexed(seed, journal, tried, picker).await
    }

    /// Draws pods by name until the victims are found, or too many picks were in vain.
    async fn draw_names(
        &mut self,
        names: &NameIndex,
        seed: u64,
        journal: &Journal,
        picker: &mut VictimPicker,
    ) -> Result<NameDraw, RoundEnd> {
        let mut draw = names.draw(seed);
        let mut seen = HashSet::new();
        let mut tried = HashSet::new();
        let mut limit = PickLimit::new(names.len());
        let mut in_vain: usize = 0;

        while !picker.is_done() {
            if let Some(victim) = self.next_victim(picker)? {
                let attempts = self.report.attempts.len();
                tried.insert(victim.pod.uid.clone());
                self.try_victim(victim, picker).await?;
                if self.report.attempts.len() > attempts {
                    in_vain = in_vain.saturating_sub(1);
                }
                continue;
            }

            if !limit.allows(in_vain) && limit.wants_sample() {
                limit.note_sample(self.scanner().sample().await?);
            }
            let next = draw.find(|entry| self.may_be_eligible(entry, picker));
            let Some(entry) = next.filter(|_| limit.allows(in_vain)) else {
                if next.is_some() || tried.is_empty() {
                    log::debug!(
                        "{in_vain} sampled pods were not eligible: checking the metadata of all pods"
                    );
                    return Ok(NameDraw::InVain(tried));
                }
                self.publish_checked();
                return Ok(NameDraw::Exhausted);
            };

            in_vain += 1;
            if let Some(pod) = self.read_drawn(entry).await?
                && seen.insert(pod.id.uid.clone())
            {
                picker.add(self.judge_drawn(&pod, journal));
            }
        }
        self.publish_checked();
        Ok(NameDraw::Done)
    }

    /// Whether the pod of a name may be eligible, as far as the list of names tells.
    fn may_be_eligible(&self, entry: &IndexedName<'_>, picker: &VictimPicker) -> bool {
        let is_excluded = entry
            .namespace
            .is_some_and(|namespace| picker.is_excluded(namespace));
        let judges_nodes = self.eligibility.judges_nodes();
        let is_elsewhere = entry
            .node
            .is_some_and(|node| judges_nodes && !self.eligibility.has_node(node));
        !is_excluded && !is_elsewhere
    }

    /// Reads what the rules need to know of a drawn pod; `None` if the pod is gone.
    async fn read_drawn(&self, entry: IndexedName<'_>) -> Result<Option<Pod>, RoundEnd> {
        let context = self.context;
        let eligibility = &self.eligibility;
        let filter = eligibility.pod_filter();
        let read = async || {
            let wants_node = eligibility.judges_nodes();
            context
                .cluster
                .named(entry, &filter, eligibility.phases(), wants_node)
                .await
        };
        Ok(with_retries(context.platform, context.stop, read).await?)
    }

    /// Judges a drawn pod by its metadata; a candidate is judged again, in full, before it is disrupted.
    fn judge_drawn(&mut self, pod: &Pod, journal: &Journal) -> Option<Candidate> {
        self.key_warnings.note(pod);
        let now = self.context.cluster.server_time();
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
}

/// How a draw of names ended.
enum NameDraw {
    /// The victims were found, or may not be tried any more.
    Done,
    /// Every name was drawn, and some pods were tried.
    Exhausted,
    /// Too many picks were in vain; the UIDs of the pods that were tried before.
    InVain(HashSet<String>),
}
