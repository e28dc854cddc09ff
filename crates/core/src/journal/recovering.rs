//! The recoveries that are being watched: begun when a disruption is resolved, taken over as rounds are, and ended
//! with a verdict.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::outbox::shortened_trouble;
use super::{Denial, Journal, LeaseHolder, Reservation, StepContext, after, indented_bytes, signed};
use crate::eligibility::Candidate;
use crate::guard::judge_recovered;
use crate::pod::{PodOwner, PodRef, PodTrouble};
use crate::recovery::{AcceptedBy, DisruptedVictim, RecoveryPrecision, RecoveryReport, RecoveryVerdict};

/// The maximum number of recoveries that are watched; beyond it one is given up, and a message says so.
pub(super) const MAX_RECORDS: usize = 40;
/// How many bytes they may take together: with names of the usual length, more than forty fit.
const MOST_BYTES: usize = 80_000;
/// How long a record is kept after its end if nobody could see how the recovery ended.
pub const KEPT_OVERDUE: Duration = Duration::from_secs(3600);
/// The maximum number of reasons for which a replacement may be stuck that are reported of one recovery.
const MAX_TROUBLES: usize = 5;

/// One recovery that is being watched.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoveryRecord {
    /// The victim, and what its owner was before.
    pub victim: DisruptedVictim,
    /// When the recovery is given up, by the API server's clock.
    pub until: Timestamp,
    /// The process that watches. The incarnation is the Killer's, which keeps the lease.
    pub holder: LeaseHolder,
    /// When the lease ends, by the API server's clock: after that, another process may watch.
    pub lease_until: Timestamp,
    /// What kept the replacement from becoming ready when that was last reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<PodTrouble>,
    /// The reasons of every trouble that was reported, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reported: Vec<String>,
    /// By channel, the message of the round there, to which what follows is a reply.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub threads: BTreeMap<String, String>,
}

impl RecoveryRecord {
    /// Whether a process watches the recovery at `now`: its lease goes on, and so does the recovery.
    pub fn is_watched(&self, now: Timestamp) -> bool {
        self.is_open(now) && now <= self.lease_until
    }

    /// Whether the recovery is still open at `now`: past its end it holds nobody back.
    pub fn is_open(&self, now: Timestamp) -> bool {
        now < self.until
    }

    /// The report of a recovery that nobody watches any more.
    fn unwatched(&self, why: &str) -> RecoveryReport {
        RecoveryReport {
            verdict: Some(RecoveryVerdict::Unwatched),
            why: Some(why.to_owned()),
            ..RecoveryReport::unseen(&self.victim, RecoveryPrecision::Timestamps)
        }
    }
}

impl Journal {
    /// The recoveries that are being watched.
    pub fn recovering(&self) -> &[RecoveryRecord] {
        &self.recovering
    }

    /// The recovery from the disruption of the victim with this UID in the round of `slot`, if it goes on.
    pub fn recovery_of(&self, slot: Timestamp, uid: &str) -> Option<&RecoveryRecord> {
        let is_of = |record: &&RecoveryRecord| record.victim.slot == slot && record.victim.pod.uid == uid;
        self.recovering.iter().find(is_of)
    }

    /// The recoveries that are still open at `now`: past their end they hold nobody back.
    pub fn open_recoveries(&self, now: Timestamp) -> impl Iterator<Item = &RecoveryRecord> {
        self.recovering.iter().filter(move |record| record.is_open(now))
    }

    /// The recoveries that `holder` has to watch.
    pub fn recoveries_of(&self, holder: &LeaseHolder) -> impl Iterator<Item = &RecoveryRecord> {
        self.recovering
            .iter()
            .filter(move |record| record.holder == *holder)
    }

    /// How many victims have not recovered yet at `now`, a pending one whose recovery will be watched included.
    pub fn in_flight(&self, now: Timestamp) -> usize {
        let pending = self.round.as_ref().and_then(|round| round.pending_reservation());
        let is_pending = pending.is_some_and(|reservation| reservation.baseline.is_some());
        self.open_recoveries(now).count() + usize::from(is_pending)
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
        let uid = &reservation.pod.uid;
        if let Some(earlier) = self.record_index(|victim| victim.pod.uid == *uid) {
            self.give_up(earlier, "the same pod was disrupted again", context);
        }

        let now = context.server_time();
        // Of an answer it is known when it came. A pod that was looked at may have been disrupted until now, and has all the
        // time from then on. A clock that was set back meanwhile makes it no longer.
        let begun = match origin {
            AcceptedBy::Answer => accepted.min(now),
            AcceptedBy::Lookup | AcceptedBy::Doubt => now,
        };
        let lease_until = if context.keeps_recoveries {
            context.lease_end()
        } else {
            before(now)
        };
        self.recovering.push(RecoveryRecord {
            victim: DisruptedVictim {
                slot,
                pod: reservation.pod.clone(),
                owner: owner.clone(),
                team: reservation.team.clone(),
                method: reservation.method,
                accepted,
                origin,
                baseline: (**baseline).clone(),
            },
            until: after(begun, context.recovery.timeout),
            holder: context.holder.clone(),
            lease_until,
            trouble: None,
            reported: Vec::new(),
            threads: BTreeMap::new(),
        });
    }

    /// Records what became of a recovery, and puts the report in the outbox: its verdict ends it, and without a
    /// verdict its replacement is stuck. Nothing happens if it is not watched any more.
    pub(super) fn report_recovery(&mut self, report: &RecoveryReport, context: &StepContext<'_>) {
        let is_meant =
            |victim: &DisruptedVictim| victim.slot == report.slot && victim.pod.uid == report.pod.uid;
        let Some(index) = self.record_index(is_meant) else {
            return;
        };
        let Some(verdict) = report.verdict else {
            self.note_trouble(index, report, context);
            return;
        };

        let record = self.recovering.remove(index);
        // Who looks at the owner only after its next victim cannot know of which one a pod is missing.
        let is_too_late = verdict == RecoveryVerdict::Unrecovered
            && report.precision == RecoveryPrecision::Approximate
            && self.is_disrupted_after(&record);
        let too_late =
            is_too_late.then(|| "another of its pods was disrupted before it was looked at".to_owned());
        // Whole again is no recovery if perhaps nothing was disrupted, which who watched may not know.
        let (verdict, why) = match record.victim.doubt().or(too_late) {
            Some(why) => (RecoveryVerdict::Unwatched, Some(why)),
            None => (verdict, report.why.clone()),
        };
        let mut report = RecoveryReport {
            verdict: Some(verdict),
            why,
            usual: self.usual_recovery(&report.pod.namespace, &report.owner, context.server_time()),
            paused: None,
            ..report.clone()
        };

        match verdict {
            RecoveryVerdict::Recovered | RecoveryVerdict::Slow => {
                self.clear_strikes();
                self.note_usual(&report, context.server_time());
                self.bound_usual(self.bytes_of_victims());
            }
            RecoveryVerdict::Unrecovered => report.paused = self.note_strike(&report, context),
            _ => {}
        }
        if !matches!(verdict, RecoveryVerdict::Unrecovered | RecoveryVerdict::Unwatched) {
            self.release_place(&report.pod.uid);
        }
        self.add_recovery_to_outbox(report, record.threads, context);
    }

    /// Whether a pod of the same owner was disrupted, or may have been, after the recovery had to end.
    fn is_disrupted_after(&self, record: &RecoveryRecord) -> bool {
        let namespace = &record.victim.pod.namespace;
        let is_of_owner =
            |pod: &PodRef, owner: &PodOwner| pod.namespace == *namespace && *owner == record.victim.owner;
        let is_watched = self.recovering.iter().any(|other| {
            let victim = &other.victim;
            is_of_owner(&victim.pod, &victim.owner) && victim.accepted >= record.until
        });
        let mut reserved = self.round.iter().flat_map(|round| &round.reservations);
        is_watched
            || reserved.any(|victim| {
                let owner = victim.owner.as_ref();
                owner.is_some_and(|owner| is_of_owner(&victim.pod, owner)) && victim.at >= record.until
            })
    }

    /// Takes over the recoveries whose leases are free, and renews the leases of the acting holder.
    pub(super) fn take_over_recoveries(&mut self, context: &StepContext<'_>) {
        let latest_end = after(context.server_time(), context.recovery.timeout);
        for record in &mut self.recovering {
            if record.holder.try_acquire(record.lease_until, context) {
                record.lease_until = super::renewed(record.lease_until, context);
                // After a clock was set back the end may be far away.
                record.until = record.until.min(latest_end);
            }
        }
        self.forget_overdue(context);
    }

    /// Ends the leases of the acting holder's recoveries, so that another process may watch them at once.
    pub(super) fn release_recoveries(&mut self, context: &StepContext<'_>) {
        let own = |record: &&mut RecoveryRecord| record.holder == *context.holder;
        for record in self.recovering.iter_mut().filter(own) {
            record.lease_until = record.lease_until.min(before(context.server_time()));
        }
    }

    /// Gives up what nobody watched to its end.
    pub(super) fn forget_overdue(&mut self, context: &StepContext<'_>) {
        let now = context.earlier_time();
        let is_overdue = |record: &RecoveryRecord| now.duration_since(record.until) >= signed(KEPT_OVERDUE);
        while let Some(index) = self.recovering.iter().position(is_overdue) {
            self.give_up(index, "no replica of macaque watched it to its end", context);
        }
    }

    /// Checks that no recovery that goes on holds back `victim`.
    pub(super) fn check_recovered(
        &self,
        victim: &Candidate,
        context: &StepContext<'_>,
    ) -> Result<(), Denial> {
        let now = context.server_time();
        let victims = self.open_recoveries(now).map(|record| &record.victim);
        let finding = judge_recovered(victim, victims, context.recovery.recovered, now);
        let hold = finding.and_then(|finding| finding.hold());
        hold.map_or(Ok(()), |hold| Err(Denial::NotRecovered(hold)))
    }

    /// The record of the victim with this UID, if its recovery is open at `now`.
    pub(super) fn open_recovery_of(&self, uid: &str, now: Timestamp) -> Option<&RecoveryRecord> {
        self.open_recoveries(now)
            .find(|record| record.victim.pod.uid == uid)
    }

    fn record_index(&self, is_meant: impl Fn(&DisruptedVictim) -> bool) -> Option<usize> {
        self.recovering.iter().position(|record| is_meant(&record.victim))
    }

    /// Notes that the replacement is stuck; each reason is reported once.
    fn note_trouble(&mut self, index: usize, report: &RecoveryReport, context: &StepContext<'_>) {
        let record = &mut self.recovering[index];
        let Some(trouble) = report.trouble.as_ref().map(shortened_trouble) else {
            return;
        };
        // Without a disruption nobody waits for a replacement.
        if record.victim.doubt().is_some() {
            return;
        }
        if record.reported.contains(&trouble.reason) || record.reported.len() >= MAX_TROUBLES {
            return;
        }

        record.reported.push(trouble.reason.clone());
        record.trouble = Some(trouble);
        let threads = record.threads.clone();
        self.add_recovery_to_outbox(report.clone(), threads, context);
    }

    /// Ends a recovery without having seen its end, and reports why.
    fn give_up(&mut self, index: usize, why: &str, context: &StepContext<'_>) {
        let record = self.recovering.remove(index);
        self.add_recovery_to_outbox(record.unwatched(why), record.threads, context);
    }

    /// Gives up recoveries if there are too many.
    pub(super) fn bound_recoveries(&mut self, context: &StepContext<'_>) {
        let bytes = |journal: &Self| journal.recovering.iter().map(indented_bytes).sum::<usize>();
        while self.recovering.len() > MAX_RECORDS || bytes(self) > MOST_BYTES {
            // One past its end holds nobody back, and the oldest is the nearest to its own.
            let overdue = self
                .recovering
                .iter()
                .position(|record| !record.is_open(context.server_time()));
            let why = "too many workloads are recovering at once for the journal";
            self.give_up(overdue.unwrap_or(0), why, context);
        }
    }
}

/// The instant before `now`, at which a lease ends that is free at `now`.
fn before(now: Timestamp) -> Timestamp {
    now.checked_sub(Duration::from_nanos(1)).unwrap_or(now)
}
