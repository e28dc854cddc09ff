//! The steps of a round: its slot is claimed, its victims are charged and settled, it is closed.

use std::time::Duration;

use jiff::Timestamp;

use super::{
    Denial, Journal, PauseRequest, Reservation, ReservationState, Resolution, RoundRecord, StepContext,
    ahead, signed,
};
use crate::eligibility::Candidate;
use crate::outcome::DisruptionMethod;
use crate::report::RoundReport;

/// How much earlier than its slot a round may be claimed: a clock is read twice on the way.
const TOLERANCE: Duration = Duration::from_secs(1);

impl Journal {
    pub(super) fn claim(
        &mut self,
        slot: Timestamp,
        seed: u64,
        since: Timestamp,
        moment: &StepContext<'_>,
    ) -> Result<(), Denial> {
        self.may_disrupt(moment)?;
        let StepContext {
            now, holder, timing, ..
        } = moment;
        match &self.round {
            Some(round) if round.slot == slot && round.is_held_by(holder) => return Ok(()),
            Some(round) => round.may_be_followed_by(slot, moment)?,
            None if slot <= since => return Err(Denial::Unrecorded { slot }),
            None => {}
        }
        if slot > ahead(*now, TOLERANCE) {
            return Err(Denial::SlotInFuture { slot });
        }
        if now.duration_since(slot) > signed(timing.deadline) {
            return Err(Denial::TooLate { slot });
        }
        self.has_room(moment)?;
        self.round = Some(RoundRecord {
            slot,
            seed,
            holder: (*holder).clone(),
            claimed: *now,
            until: ahead(*now, timing.lease),
            over: false,
            charges: Vec::new(),
        });
        Ok(())
    }

    pub(super) fn charge(
        &mut self,
        victim: &Candidate,
        method: DisruptionMethod,
        moment: &StepContext<'_>,
    ) -> Result<(), Denial> {
        self.may_disrupt(moment)?;
        let round = self.open_round_of(moment.holder).ok_or(Denial::LeaseLost)?;
        let known = round
            .charges
            .iter()
            .find(|charge| charge.pod.uid == victim.pod.uid);
        match known {
            Some(charge) if charge.state == ReservationState::Pending => return Ok(()),
            Some(_) => return Err(Denial::LeaseLost),
            None => {}
        }
        if moment.now > round.until {
            return Err(Denial::LeaseLost);
        }
        if let Some(open) = round
            .charges
            .iter()
            .find(|charge| charge.state == ReservationState::Pending)
        {
            return Err(Denial::UnresolvedVictim {
                pod: open.pod.clone(),
            });
        }
        if round.charges.len() >= moment.count {
            return Err(Denial::CountReached);
        }
        self.has_room(moment)?;
        self.may_be_disturbed(victim, moment.now)?;
        self.spend(moment.now);
        let charge = Reservation {
            pod: victim.pod.clone(),
            owner: victim.owner.clone(),
            method,
            at: moment.now,
            state: ReservationState::Pending,
        };
        self.rest(&charge, moment.limits)?;
        if let Some(round) = &mut self.round {
            round.until = round.until.max(ahead(moment.now, moment.timing.lease));
            round.charges.push(charge);
        }
        Ok(())
    }

    pub(super) fn settle(&mut self, uid: &str, settled: Resolution) {
        let Some(round) = &mut self.round else { return };
        let is_meant =
            |charge: &Reservation| charge.pod.uid == uid && charge.state == ReservationState::Pending;
        let Some(place) = round.charges.iter().position(is_meant) else {
            return;
        };
        match settled {
            Resolution::Disrupted => round.charges[place].state = ReservationState::Disrupted,
            Resolution::Unknown => round.charges[place].state = ReservationState::Unknown,
            Resolution::Released => {
                let charge = round.charges.remove(place);
                self.take_back(&charge);
            }
        }
    }

    pub(super) fn close(&mut self, report: &RoundReport, moment: &StepContext<'_>) -> Result<(), Denial> {
        let round = match &mut self.round {
            Some(round) if round.slot == report.slot && round.holder == *moment.holder => round,
            Some(round) if round.slot >= report.slot => return Err(Denial::LeaseLost),
            _ => return Err(Denial::UnknownRound),
        };
        if round.over {
            return Ok(());
        }
        round.over = true;
        for charge in &mut round.charges {
            if charge.state == ReservationState::Pending {
                charge.state = ReservationState::Unknown;
            }
        }
        self.notify(report, moment);
        Ok(())
    }

    /// What keeps anybody from disrupting anything at this moment.
    fn may_disrupt(&self, moment: &StepContext<'_>) -> Result<(), Denial> {
        match &moment.pause {
            Some(PauseRequest::Until(until)) if moment.now >= *until => {}
            Some(pause) => return Err(Denial::Paused(pause.clone())),
            None => {}
        }
        if let Some(hold) = self.hold(moment.now) {
            return Err(Denial::Quarantined(hold.clone()));
        }
        match moment.skew {
            Some(skew) if skew.unsigned_abs() > moment.timing.skew => Err(Denial::ClockSkewed { skew }),
            _ => Ok(()),
        }
    }
}
