//! The recoveries that are being watched: begun when a disruption is resolved, taken over as rounds are, and ended with a
//! verdict. An owner that does not recover is a strike; enough of them in a row pause macaque.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Denial, Journal, LeaseHolder, PauseEnd, PauseRequest, Reservation, StepContext, after};
use crate::eligibility::Candidate;
use crate::guard::judge_recovered;
use crate::pod::PodTrouble;
use crate::recovery::{AcceptedBy, DisruptedVictim, RecoveryReport, RecoveryVerdict};

/// The maximum number of recoveries that are watched; beyond it the oldest is forgotten.
const MAX_RECORDS: usize = 40;
/// How long a record is kept after its end if no process watches it.
const KEPT_OVERDUE: jiff::SignedDuration = jiff::SignedDuration::from_hours(1);

/// By whom macaque is paused that paused itself.
const ITSELF: &str = "macaque";

/// One recovery that is being watched.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoveryRecord {
    /// The victim, and what its owner was before.
    pub victim: DisruptedVictim,
    /// When the recovery is given up, by the clock of the process that recorded it.
    pub until: Timestamp,
    /// The process that watches. The incarnation is the Killer's, which keeps the lease.
    pub holder: LeaseHolder,
    /// When the lease ends: after that, another process may watch.
    pub lease_until: Timestamp,
    /// What kept the replacement from becoming ready when people were last told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<PodTrouble>,
    /// By channel, the message of the round there, to which what follows is a reply.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub threads: BTreeMap<String, String>,
}

impl Journal {
    /// The recoveries that are being watched.
    pub fn recovering(&self) -> &[RecoveryRecord] {
        &self.recovering
    }

    /// The recoveries that are still open at `now`: past their end they stop nothing any more.
    pub fn open_recoveries(&self, now: Timestamp) -> impl Iterator<Item = &RecoveryRecord> {
        self.recovering.iter().filter(move |record| now < record.until)
    }

    /// The recoveries that `holder` has to watch.
    pub fn recoveries_of(&self, holder: &LeaseHolder) -> impl Iterator<Item = &RecoveryRecord> {
        self.recovering
            .iter()
            .filter(move |record| record.holder == *holder)
    }

    /// The owners that did not recover, in a row, since the last one that did: one line for each.
    pub fn strikes(&self) -> &[String] {
        &self.strikes
    }

    /// The pause that enough strikes in a row ask for.
    pub fn strike_pause(&self, limit: Option<usize>) -> Option<PauseRequest> {
        let limit = limit.filter(|limit| self.strikes.len() >= *limit)?;
        let reason = match limit {
            1 => format!("a victim did not recover: {}", self.strikes.join("; ")),
            _ => format!(
                "{limit} victims in a row did not recover: {}",
                self.strikes.join("; ")
            ),
        };
        Some(PauseRequest {
            end: PauseEnd::Indefinite,
            by: Some(ITSELF.to_owned()),
            reason: Some(reason),
        })
    }

    /// Begins to watch the recovery from a disruption that happened, or may have.
    pub(super) fn begin_recovery(
        &mut self,
        reservation: &Reservation,
        slot: Timestamp,
        origin: AcceptedBy,
        accepted: Timestamp,
        context: &StepContext<'_>,
    ) {
        let (Some(owner), Some(baseline)) = (&reservation.owner, &reservation.baseline) else {
            return;
        };
        let record = RecoveryRecord {
            victim: DisruptedVictim {
                slot,
                pod: reservation.pod.clone(),
                owner: owner.clone(),
                method: reservation.method,
                accepted,
                origin,
                baseline: (**baseline).clone(),
            },
            until: after(accepted, context.recovery.timeout),
            holder: context.holder.clone(),
            lease_until: after(context.now, context.timing.lease),
            trouble: None,
            threads: BTreeMap::new(),
        };
        self.recovering.push(record);
        if self.recovering.len() > MAX_RECORDS {
            self.recovering.remove(0);
        }
    }

    /// Records what became of a recovery, and puts the report in the outbox: its verdict ends it, and without a verdict its
    /// replacement is stuck. Nothing happens if it is not watched any more.
    pub(super) fn report_recovery(&mut self, report: &RecoveryReport, context: &StepContext<'_>) {
        let uid = &report.pod.uid;
        let Some(index) = self
            .recovering
            .iter()
            .position(|record| record.victim.pod.uid == *uid)
        else {
            return;
        };
        let record = &mut self.recovering[index];
        let Some(verdict) = report.verdict else {
            if record.trouble != report.trouble {
                record.trouble.clone_from(&report.trouble);
                self.add_recovery_to_outbox(report, context);
            }
            return;
        };

        self.recovering.remove(index);
        let mut report = report.clone();
        match verdict {
            RecoveryVerdict::Recovered | RecoveryVerdict::Slow => self.strikes.clear(),
            RecoveryVerdict::Unrecovered => {
                self.strikes
                    .push(format!("{} in {}", report.owner, report.pod.namespace));
                report.paused = self
                    .strike_pause(context.recovery.strikes)
                    .and_then(|pause| pause.reason);
            }
            _ => {}
        }
        self.add_recovery_to_outbox(&report, context);
    }

    /// Ends the leases of the acting holder's recoveries, so that another process may watch them at once.
    pub(super) fn release_recoveries(&mut self, context: &StepContext<'_>) {
        let own = |record: &&mut RecoveryRecord| record.holder == *context.holder;
        for record in self.recovering.iter_mut().filter(own) {
            // A lease ends after its last instant.
            record.lease_until = record.lease_until.min(before(context.now));
        }
    }

    /// Forgets what nobody watched to its end.
    pub(super) fn forget_overdue(&mut self, now: Timestamp) {
        self.recovering
            .retain(|record| now.duration_since(record.until) < KEPT_OVERDUE);
    }
}

/// The instant before `now`.
fn before(now: Timestamp) -> Timestamp {
    now.checked_sub(Duration::from_nanos(1)).unwrap_or(now)
}

impl Journal {
    /// Checks that no recovery that goes on, and no number of them, holds back `victim`.
    pub(super) fn check_recoveries(
        &self,
        victim: &Candidate,
        context: &StepContext<'_>,
    ) -> Result<(), Denial> {
        let open = || self.open_recoveries(context.now);
        if let Some(limit) = context.limits.in_flight
            && open().count() >= limit
        {
            return Err(Denial::InFlightReached { limit });
        }

        let victims = open().map(|record| &record.victim);
        let finding = judge_recovered(victim, victims, context.recovery.recovered, context.now);
        let hold = finding.and_then(|finding| finding.hold());
        hold.map_or(Ok(()), |hold| Err(Denial::NotRecovered(hold)))
    }
}
