//! Asks whether the owners of earlier victims are whole again, by what the journal shows.

use macaque_core::eligibility::Candidate;
use macaque_core::guard::{GuardFinding, judge_recovered};
use macaque_core::journal::Journal;
use macaque_core::pod::Pod;

use super::RoundGuards;

impl RoundGuards<'_> {
    /// Notes the recoveries that are open in `journal`, which was just read or written.
    pub fn note_recoveries(&mut self, journal: &Journal) {
        let now = self.context.cluster.server_time();
        let open = journal.open_recoveries(now);
        self.recovering = Some(open.map(|record| record.victim.clone()).collect());
    }

    /// Judges `victim` by the recoveries that were noted last; `None` if none were, or the guard is off.
    pub(crate) fn judge_recovered(&self, victim: &Pod) -> Option<GuardFinding> {
        let open = self.recovering.as_ref()?;
        let victim = Candidate::from(victim);
        let now = self.context.cluster.server_time();
        judge_recovered(&victim, open.iter(), self.context.config.recovered, now)
    }
}
