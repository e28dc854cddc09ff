//! What passes from hand to hand: who holds a round or a notice, until when, and who takes it up after.

use std::time::Duration;

use jiff::Timestamp;

use super::{Journal, LeaseHolder, Quarantine, StepContext, ahead, usage, whole_second};

impl Journal {
    pub(super) fn patrol(&mut self, moment: &StepContext<'_>) {
        let StepContext {
            now, holder, timing, ..
        } = moment;
        if let Some(round) = &mut self.round
            && !round.over
            && adopts(&mut round.holder, round.until, moment)
        {
            round.until = renewed(round.until, *now, timing.lease);
        }
        for notice in &mut self.notices {
            if notice.holder == **holder || adopts(&mut notice.holder, notice.until, moment) {
                notice.until = renewed(notice.until, *now, timing.lease);
            }
        }
    }

    pub(super) fn distrust(&mut self, why: &str, known: u64, moment: &StepContext<'_>) {
        let longest = usage::horizon(moment.limits).max(moment.timing.deadline);
        self.sequence = self.sequence.max(known);
        self.hold = Some(Quarantine {
            until: whole_second(ahead(moment.now, longest)),
            why: why.to_owned(),
        });
    }
}

/// Whether what `owner` holds until `until` passes to the acting holder, or is its own.
fn adopts(owner: &mut LeaseHolder, until: Timestamp, moment: &StepContext<'_>) -> bool {
    let StepContext { now, holder, .. } = moment;
    let replaced = owner.process == holder.process && owner.life < holder.life;
    if replaced || *now > until {
        *owner = (*holder).clone();
    }
    owner == *holder
}

/// A lease that was renewed at `now`, if it was about to run out: a write for each look would be too many.
fn renewed(until: Timestamp, now: Timestamp, lease: Duration) -> Timestamp {
    match until < ahead(now, lease / 2) {
        true => ahead(now, lease),
        false => until,
    }
}
