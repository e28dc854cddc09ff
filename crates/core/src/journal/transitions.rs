//! The transitions of the journal: claim a slot, reserve and resolve its victims, close the round, and take over from a
//! holder that is gone.

use std::time::Duration;

use jiff::Timestamp;

use super::{
    Denial, Journal, Quarantine, Reservation, ReservationState, Resolution, RoundRecord, StepContext, after,
    renewed, signed, usage, whole_second,
};
use crate::eligibility::Candidate;
use crate::guard::GuardHold;
use crate::outcome::DisruptionMethod;
use crate::pod::PodPlace;
use crate::recovery::{AcceptedBy, RecoveryBaseline};
use crate::report::{RoundEnd, RoundReport};

/// How much earlier than its slot a round may be claimed: the clock is read once for the timer and again for the claim.
pub(super) const EARLY_CLAIM: Duration = Duration::from_secs(1);

impl Journal {
    /// Claims the round of `slot` for the acting holder.
    pub(super) fn claim(
        &mut self,
        slot: Timestamp,
        seed: u64,
        since: Timestamp,
        context: &StepContext<'_>,
    ) -> Result<(), Denial> {
        let is_own = |round: &RoundRecord| round.slot == slot && round.is_held_by(context.holder);
        let earlier = match &self.round {
            Some(round) if is_own(round) => Ok(()),
            Some(round) => round.check_later(slot, context),
            None if self.shows_unclaimed(slot, since) => Ok(()),
            None => Err(Denial::Unrecorded { slot }),
        };
        // A slot that another replica has needs no report of what stops this one.
        if let Err(denial) = &earlier
            && denial.is_held_elsewhere()
        {
            return earlier;
        }
        self.check_allowed(context)?;
        earlier?;

        match &self.round {
            Some(round) if is_own(round) => return Ok(()),
            Some(round) => round.check_spacing(slot, context)?,
            None => {}
        }
        check_not_early(slot, context)?;
        if context.now.duration_since(slot) > signed(context.timing.deadline) {
            return Err(Denial::TooLate { slot });
        }
        let now = context.server_time();
        self.check_limits(context.limits, now)?;

        self.round = Some(RoundRecord {
            slot,
            seed,
            holder: context.holder.clone(),
            claimed: now,
            lease_until: context.lease_end(),
            closed: false,
            reservations: Vec::new(),
            withheld: None,
            held: None,
        });
        Ok(())
    }

    /// Records that the round of `report` was withheld, so that no other replica runs or reports it, and puts the
    /// report in the outbox.
    pub(super) fn withhold(&mut self, report: &RoundReport, context: &StepContext<'_>) -> Result<(), Denial> {
        let RoundEnd::Withheld { why } = &report.end else {
            return Ok(());
        };
        let slot = report.slot;
        let is_done = |round: &RoundRecord| {
            round.slot == slot && round.withheld.is_some() && round.holder == *context.holder
        };
        match &self.round {
            Some(round) if is_done(round) => return Ok(()),
            Some(round) => round.check_later(slot, context)?,
            None => {}
        }
        // Only a clock that is right may spend a slot.
        check_clock(context)?;
        check_not_early(slot, context)?;

        let now = context.server_time();
        self.round = Some(RoundRecord {
            slot,
            seed: report.seed,
            holder: context.holder.clone(),
            // The next round keeps its distance from the last one that was run.
            claimed: self.round.as_ref().map_or(now, |round| round.claimed),
            lease_until: now,
            closed: true,
            reservations: Vec::new(),
            withheld: Some(why.clone()),
            held: None,
        });
        self.notices.note_withheld();
        self.add_to_outbox(report, context);
        Ok(())
    }

    /// Reserves `victim` for a disruption, and counts it for the limits.
    pub(super) fn reserve(
        &mut self,
        victim: &Candidate,
        place: &PodPlace,
        method: DisruptionMethod,
        baseline: Option<&RecoveryBaseline>,
        context: &StepContext<'_>,
    ) -> Result<(), Denial> {
        self.check_allowed(context)?;

        let now = context.server_time();
        let round = self.open_round_of(context.holder).ok_or(Denial::LeaseLost)?;
        if now > round.lease_until {
            return Err(Denial::LeaseLost);
        }
        match round.reservation_of(&victim.pod.uid) {
            Some(reservation) if reservation.state == ReservationState::Pending => return Ok(()),
            Some(_) => return Err(Denial::LeaseLost),
            None => {}
        }
        if let Some(pending) = round.pending_reservation() {
            let pod = pending.pod.clone();
            return Err(Denial::UnresolvedVictim { pod });
        }
        if round.reservations.len() >= context.count {
            let count = context.count;
            return Err(Denial::CountReached { count });
        }
        self.check_limits(context.limits, now)?;
        self.check_cooldown(victim, now)?;
        self.check_turn(victim, now)?;
        self.check_caps(victim, place, context.limits, now)?;
        self.check_recovered(victim, context)?;

        self.disruptions = self.disruptions.saturating_add(1);
        let reservation = Reservation {
            number: self.disruptions,
            pod: victim.pod.clone(),
            owner: victim.owner.clone(),
            team: victim.team.clone(),
            method,
            at: now,
            baseline: baseline.map(|baseline| Box::new(baseline.clone().bounded())),
            period_end: victim.period_end,
            state: ReservationState::Pending,
            inferred: false,
        };
        self.count_usage(now);
        self.start_cooldown(&reservation, context.limits)?;
        self.take_turn(&reservation)?;
        self.note_victim(victim, place, context)?;
        if let Some(round) = &mut self.round {
            round.lease_until = context.lease_end();
            round.reservations.push(reservation);
        }
        Ok(())
    }

    /// Records the outcome of a pending reservation.
    pub(super) fn resolve(
        &mut self,
        uid: &str,
        resolution: Resolution,
        accepted: Option<Timestamp>,
        context: &StepContext<'_>,
    ) {
        let Some(round) = &mut self.round else { return };
        let is_pending = |reservation: &Reservation| {
            reservation.pod.uid == uid && reservation.state == ReservationState::Pending
        };
        let Some(index) = round.reservations.iter().position(is_pending) else {
            return;
        };

        let slot = round.slot;
        let mut reservation = round.reservations[index].clone();
        let origin = match (resolution, accepted) {
            (Resolution::Disrupted, Some(_)) => AcceptedBy::Answer,
            (Resolution::Disrupted, None) => AcceptedBy::Lookup,
            (Resolution::Unknown, _) => AcceptedBy::Doubt,
            (Resolution::Released, _) => {
                round.reservations.remove(index);
                // No other was reserved since: only one is pending at a time.
                self.disruptions = self.disruptions.saturating_sub(u64::from(reservation.number > 0));
                self.release_usage(&reservation);
                self.release_victim(&reservation);
                self.release_turn(&reservation);
                return;
            }
        };

        reservation.state = match resolution {
            Resolution::Unknown => ReservationState::Unknown,
            _ => ReservationState::Disrupted,
        };
        reservation.inferred = origin == AcceptedBy::Lookup;
        // What the recovery needs moves on with it.
        round.reservations[index] = Reservation {
            baseline: None,
            ..reservation.clone()
        };
        self.begin_recovery(
            &reservation,
            slot,
            origin,
            accepted.unwrap_or(reservation.at),
            context,
        );
    }

    /// Closes the round and puts its report in the outbox.
    pub(super) fn close(&mut self, report: &RoundReport, context: &StepContext<'_>) -> Result<(), Denial> {
        let round = match &self.round {
            Some(round) if round.slot == report.slot && round.holder == *context.holder => round,
            Some(round) if round.slot >= report.slot => return Err(Denial::LeaseLost),
            _ => return Err(Denial::UnknownRound),
        };
        if round.closed {
            return Ok(());
        }

        let slot = round.slot;
        // What the report knows of a pending victim could not be recorded before.
        for attempt in &report.attempts {
            self.resolve(
                &attempt.pod.uid,
                Resolution::from(&attempt.outcome),
                None,
                context,
            );
        }
        let in_doubt = self.close_round(report.held_before_any_victim().map(GuardHold::cause));
        for reservation in &in_doubt {
            self.begin_recovery(reservation, slot, AcceptedBy::Doubt, reservation.at, context);
        }
        if report.turns_reported {
            self.turns_reported = self.turns_reported.max(Some(slot));
        }
        self.notices.note_round(report);
        self.add_to_outbox(report, context);
        Ok(())
    }

    /// Closes the round, which was `held` for this cause; returns the victims of which it is not known what became of them.
    fn close_round(&mut self, held: Option<String>) -> Vec<Reservation> {
        let Some(round) = &mut self.round else {
            return Vec::new();
        };
        round.closed = true;
        round.held = held;
        let pending = round.reservations.iter_mut();
        let pending = pending.filter(|reservation| reservation.state == ReservationState::Pending);
        pending.map(Reservation::take_doubtful).collect()
    }

    /// Takes over the round, the recoveries and the messages whose leases are free, and renews the leases of the acting
    /// holder.
    pub(super) fn take_over(&mut self, context: &StepContext<'_>) {
        // An empty journal begins now, so that one that was emptied does not show that earlier slots were not run.
        if check_clock(context).is_ok() {
            self.begin_numbering(context);
        }

        if let Some(round) = &mut self.round
            && !round.closed
            && round.holder.try_acquire(round.lease_until, context)
        {
            round.lease_until = renewed(round.lease_until, context);
        }
        self.take_over_recoveries(context);
        for entry in &mut self.outbox {
            if entry.holder.try_acquire(entry.lease_until, context) {
                entry.lease_until = renewed(entry.lease_until, context);
            }
        }
    }

    /// Begins to number disruptions, unless that has begun.
    pub(super) fn begin_numbering(&mut self, context: &StepContext<'_>) {
        self.numbered_since.get_or_insert(context.server_time());
    }

    /// Whether this journal, which has no round, shows that the round of `slot` was not run: it would have been recorded
    /// here, and this process, which started at `since`, would know of another journal.
    fn shows_unclaimed(&self, slot: Timestamp, since: Timestamp) -> bool {
        // A slot on demand is this process's own, and so is a journal in memory.
        let is_on_demand = since == Timestamp::MIN;
        let has_begun = self.uid.is_empty() || self.numbered_since.is_some_and(|begun| slot > begun);
        is_on_demand || slot > since && has_begun
    }

    /// Stops all disruptions until everything that this copy of the journal may lack is too old to matter, and numbers
    /// disruptions anew: this copy may lack some, and their numbers would be given again.
    pub(super) fn start_quarantine(&mut self, why: &str, known: u64, context: &StepContext<'_>) {
        let longest = usage::horizon(context.limits).max(context.timing.deadline);
        self.sequence = self.sequence.max(known);
        self.quarantine = Some(Quarantine {
            until: whole_second(after(context.server_time(), longest)),
            why: why.to_owned(),
        });

        self.disruptions = 0;
        self.numbered_since = Some(context.server_time());
        for reservation in self.round.iter_mut().flat_map(|round| &mut round.reservations) {
            reservation.number = 0;
        }
    }

    /// Checks that nothing stops all disruptions now: no pause, no quarantine and no clock skew.
    fn check_allowed(&self, context: &StepContext<'_>) -> Result<(), Denial> {
        let now = context.earlier_time();
        if let Some(pause) = context.pause.as_ref().filter(|pause| !pause.is_over(now)) {
            return Err(Denial::Paused(pause.clone()));
        }
        if let Some(quarantine) = self.quarantine(now) {
            return Err(Denial::Quarantined(quarantine.clone()));
        }
        check_clock(context)
    }
}

/// Checks that this machine's clock is near the API server's, as far as that is known.
pub(super) fn check_clock(context: &StepContext<'_>) -> Result<(), Denial> {
    match context.skew {
        Some(skew) if skew.unsigned_abs() > context.timing.skew => Err(Denial::ClockSkewed { skew }),
        _ => Ok(()),
    }
}

/// Checks that `slot` has come.
fn check_not_early(slot: Timestamp, context: &StepContext<'_>) -> Result<(), Denial> {
    if slot > after(context.now, EARLY_CLAIM) {
        return Err(Denial::SlotInFuture { slot });
    }
    Ok(())
}
