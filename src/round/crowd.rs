//! Plays a round in a crowd: names are drawn, and only the pods drawn are judged, until the victims are found.

use std::collections::HashSet;

use jiff::Timestamp;

use super::Round;
use super::read::patiently;
use super::survey::{Ranks, Survey};
use crate::chaos::choice::Choice;
use crate::chaos::eligibility::{Candidate, judge};
use crate::chaos::journal::Journal;
use crate::chaos::pod::Pod;
use crate::chaos::report::{End, Tally};
use crate::chaos::roster::{Entry, Roster};
use crate::chaos::victims::Lot;

/// So many pods drawn in a row of which nobody can be tried, and all of them are judged. Where one in a hundred is
/// eligible that happens once in twenty thousand rounds.
const MOST_IN_VAIN: usize = 1_000;

impl Round<'_> {
    /// Draws from the roster until the choice is done. Where too much is drawn in vain, a survey of all settles it, and
    /// tells the reason of every exemption.
    pub(super) async fn play_in_crowd(
        &mut self,
        roster: &Roster,
        seed: u64,
        journal: &Journal,
    ) -> Result<(), End> {
        let mut choice = Choice::from_lot(Lot::growing(), &self.table.orders.disrupt);
        let mut draw = roster.draw(seed);
        let (mut seen, mut in_vain) = (HashSet::new(), 0);
        while !choice.is_done() {
            if let Some(victim) = self.next_victim(&mut choice)? {
                let tried = self.report.attempts.len();
                self.try_one(victim, &mut choice).await?;
                if self.report.attempts.len() > tried {
                    in_vain = 0;
                }
                continue;
            }
            if in_vain == MOST_IN_VAIN {
                return self.survey_crowd(seed, journal, &seen, choice).await;
            }
            let is_left = |entry: &Entry<'_>| entry.namespace.is_some_and(|name| choice.has_left(name));
            let Some(entry) = draw.find(|entry| !is_left(entry)) else {
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
    async fn uncover(&self, entry: Entry<'_>) -> Result<Option<Pod>, End> {
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
                Tally::note(&mut self.report.exempted, pod.id.clone(), &exemption);
                None
            }
        }
    }

    /// Judges every pod, and goes on in the order of the draw with those that were not seen before.
    async fn survey_crowd(
        &mut self,
        seed: u64,
        journal: &Journal,
        seen: &HashSet<String>,
        mut choice: Choice,
    ) -> Result<(), End> {
        log::debug!("{MOST_IN_VAIN} pods were drawn in vain: judging all of them");
        let mut survey = Survey::<Ranks>::default();
        self.field().survey(&mut survey).await?;
        self.report.listed = survey.listed;
        self.report.exempted = survey.exempted;
        self.report.problems.extend(survey.problems);
        let mut candidates = survey.ledger.arrange(seed);
        candidates.retain(|candidate| self.is_rested(candidate, journal));
        self.report.candidates = candidates.len();
        candidates.retain(|candidate| !seen.contains(&candidate.pod.uid));
        choice.add(candidates);
        self.try_all(choice).await
    }
}
