//! Plays a round in a crowd: names are drawn, and only the pods drawn are judged, until the victims are found.

use std::collections::HashSet;

use jiff::Timestamp;

use super::RunningRound;
use super::pager::{ScopeNames, ScopeSize};
use super::retry::patiently;
use super::scan::PodScan;
use macaque_core::config::DrawBy;
use macaque_core::eligibility::{Candidate, judge};
use macaque_core::journal::Journal;
use macaque_core::pod::Pod;
use macaque_core::report::{ExemptionTally, RoundEnd};
use macaque_core::selection::CandidateIndex;
use macaque_core::selection::DrawQueue;
use macaque_core::selection::VictimPicker;
use macaque_core::selection::{IndexedName, NameIndex};

/// So many pods drawn in a row of which nobody can be tried, and all of them are judged. Where one in a hundred is
/// eligible that happens once in twenty thousand rounds.
const MOST_IN_VAIN: usize = 1_000;

impl RunningRound<'_> {
    /// Draws pods by their names until the choice is done. Names do not tell owners: to draw those, all are judged.
    pub(super) async fn play_in_crowd(
        &mut self,
        size: ScopeSize,
        seed: u64,
        journal: &Journal,
    ) -> Result<(), RoundEnd> {
        let choice = VictimPicker::from_lot(DrawQueue::growing(), &self.table.orders.disrupt);
        match self.table.orders.disrupt.draw {
            DrawBy::Pod => {
                let ScopeNames { roster, problems } = self.field().names_of(size).await?;
                self.report.listed = roster.len();
                self.report.problems = problems;
                self.play_by_name(&roster, seed, journal, choice).await
            }
            DrawBy::Owner => self.play_surveyed(seed, journal, &HashSet::new(), choice).await,
        }
    }

    /// Where too much is drawn in vain, a survey of all settles it, and tells the reason of every exemption.
    async fn play_by_name(
        &mut self,
        roster: &NameIndex,
        seed: u64,
        journal: &Journal,
        mut choice: VictimPicker,
    ) -> Result<(), RoundEnd> {
        let mut draw = roster.draw(seed);
        let (mut seen, mut tried, mut in_vain) = (HashSet::new(), HashSet::new(), 0);
        while !choice.is_done() {
            if let Some(victim) = self.next_victim(&mut choice)? {
                let attempts = self.report.attempts.len();
                tried.insert(victim.pod.uid.clone());
                self.try_one(victim, &mut choice).await?;
                if self.report.attempts.len() > attempts {
                    in_vain = 0;
                }
                continue;
            }
            let is_left = |entry: &IndexedName<'_>| entry.namespace.is_some_and(|name| choice.has_left(name));
            let next = draw
                .find(|entry| !is_left(entry))
                .filter(|_| in_vain < MOST_IN_VAIN);
            let Some(entry) = next else {
                if in_vain == MOST_IN_VAIN || tried.is_empty() {
                    log::debug!("{in_vain} pods were drawn in vain: judging all of them");
                    return self.play_surveyed(seed, journal, &tried, choice).await;
                }
                return self.try_all(choice).await;
            };
            in_vain += 1;
            if let Some(pod) = self.uncover(entry).await?
                && seen.insert(pod.id.uid.clone())
            {
                choice.add(self.judge_drawn(&pod, journal));
            }
        }
        Ok(())
    }

    /// The pod behind a name, as far as its metadata tell; `None` if it is gone.
    async fn uncover(&self, entry: IndexedName<'_>) -> Result<Option<Pod>, RoundEnd> {
        let rules = &self.table.orders.rules;
        let (selector, phases) = (&rules.target.selector, rules.phases());
        let read = async || self.table.cluster.named(entry, selector, phases).await;
        Ok(patiently(self.table.stop, read).await?)
    }

    /// Judges a pod by its metadata; a candidate is judged once more, in full, before it is disrupted.
    fn judge_drawn(&mut self, pod: &Pod, journal: &Journal) -> Option<Candidate> {
        match judge(pod, &self.table.orders.rules, Timestamp::now()) {
            Ok(candidate) if self.is_rested(&candidate, journal) => {
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

    /// Judges every pod, and draws from those that were not `tried` before, in the order of the seed. Whoever waits to
    /// be tried is judged and drawn anew.
    async fn play_surveyed(
        &mut self,
        seed: u64,
        journal: &Journal,
        tried: &HashSet<String>,
        mut choice: VictimPicker,
    ) -> Result<(), RoundEnd> {
        choice.forget();
        let mut survey = PodScan::<CandidateIndex>::default();
        self.field().survey(&mut survey).await?;
        self.report.listed = survey.listed;
        self.report.exempted = survey.exempted;
        for problem in survey.problems {
            // The list of names met the same ones.
            if !self.report.problems.contains(&problem) {
                self.report.problems.push(problem);
            }
        }
        let mut register = survey.ledger;
        register.retain(|candidate| self.is_rested(candidate, journal));
        self.report.candidates = register.candidates();
        let mut draw = register.draw(seed, self.table.orders.disrupt.draw);
        while !choice.is_done() {
            if let Some(victim) = self.next_victim(&mut choice)? {
                self.try_one(victim, &mut choice).await?;
                continue;
            }
            let Some(candidate) = draw.find(|candidate| !tried.contains(&candidate.pod.uid)) else {
                return self.try_all(choice).await;
            };
            choice.add([candidate]);
        }
        Ok(())
    }
}
