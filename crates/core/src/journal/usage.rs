//! The ledger: what was spent of the hour's and the day's limit, and which owners rest.

use std::time::Duration;

use jiff::{RoundMode, SignedDuration, Timestamp, TimestampRound, Unit};
use serde::{Deserialize, Serialize};

use super::{Denial, Journal, LimitWindow, Reservation, StepContext, ahead, whole_second};
use crate::config::DisruptionLimits;
use crate::eligibility::Candidate;
use crate::pod::PodOwner;

/// An hour, as limits count it.
const HOUR: Duration = Duration::from_secs(3600);
/// A day, as limits count it.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Owners at rest beyond this number would swell the journal: nobody is disrupted until one has rested.
const MOST_RESTING: usize = 1000;

/// Disruptions that were charged within the minute before `by`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsageEntry {
    /// The end of the minute: rounded up, so that a window never forgets too early.
    pub by: Timestamp,
    /// How many.
    pub count: usize,
}

/// An owner that is left in peace.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnerCooldown {
    /// The owner's namespace.
    pub namespace: String,
    /// The owner.
    pub owner: PodOwner,
    /// Until when.
    pub until: Timestamp,
}

/// How long what was forgotten could still matter under `limits`.
pub(super) fn horizon(limits: &DisruptionLimits) -> Duration {
    let hour = limits.per_hour.map_or(Duration::ZERO, |_| HOUR);
    let day = limits.per_day.map_or(Duration::ZERO, |_| DAY);
    hour.max(day).max(limits.cooldown)
}

impl Journal {
    /// What is left of the limits: the smallest, if any is set.
    pub fn room(&self, limits: &DisruptionLimits, now: Timestamp) -> Option<usize> {
        let left = |limit: Option<usize>, window| {
            limit.map(|limit| limit.saturating_sub(self.spent_within(window, now)))
        };
        let both = [left(limits.per_hour, HOUR), left(limits.per_day, DAY)];
        both.into_iter().flatten().min()
    }

    /// The rest of the owner of this candidate, if it is not over.
    pub fn rest_of(&self, candidate: &Candidate, now: Timestamp) -> Option<&OwnerCooldown> {
        let owner = candidate.owner.as_ref()?;
        self.resting.iter().find(|resting| {
            now < resting.until && resting.namespace == candidate.pod.namespace && resting.owner == *owner
        })
    }

    pub(super) fn has_room(&self, moment: &StepContext<'_>) -> Result<(), Denial> {
        let windows = [
            (moment.limits.per_hour, HOUR, LimitWindow::Hour),
            (moment.limits.per_day, DAY, LimitWindow::Day),
        ];
        for (limit, length, window) in windows {
            if let Some(limit) = limit
                && self.spent_within(length, moment.now) >= limit
            {
                return Err(Denial::LimitReached { window, limit });
            }
        }
        Ok(())
    }

    pub(super) fn may_be_disturbed(&self, victim: &Candidate, now: Timestamp) -> Result<(), Denial> {
        match self.rest_of(victim, now) {
            Some(resting) => Err(Denial::InCooldown(resting.clone())),
            None => Ok(()),
        }
    }

    /// Counts one disruption at `now`.
    pub(super) fn spend(&mut self, now: Timestamp) {
        let by = minute(now);
        match self.spent.iter_mut().find(|spent| spent.by == by) {
            Some(spent) => spent.count += 1,
            None => self.spent.push(UsageEntry { by, count: 1 }),
        }
    }

    /// Lets the owner of a charge rest.
    pub(super) fn rest(&mut self, charge: &Reservation, limits: &DisruptionLimits) -> Result<(), Denial> {
        let Some(owner) = charge.owner.as_ref().filter(|_| !limits.cooldown.is_zero()) else {
            return Ok(());
        };
        self.resting.retain(|resting| charge.at < resting.until);
        if self.resting.len() >= MOST_RESTING {
            return Err(Denial::TooManyCooldowns);
        }
        self.resting.push(OwnerCooldown {
            namespace: charge.pod.namespace.clone(),
            owner: owner.clone(),
            until: whole_second(ahead(charge.at, limits.cooldown)),
        });
        Ok(())
    }

    /// Takes back what a charge spent.
    pub(super) fn take_back(&mut self, charge: &Reservation) {
        let by = minute(charge.at);
        if let Some(spent) = self.spent.iter_mut().find(|spent| spent.by == by) {
            spent.count = spent.count.saturating_sub(1);
        }
        // It was not at rest before, or it would not have been charged.
        self.resting.retain(|resting| {
            resting.namespace != charge.pod.namespace || Some(&resting.owner) != charge.owner.as_ref()
        });
    }

    /// Forgets what no window reaches any more; what lies in the future, by a clock that was set back, is kept.
    pub(super) fn forget_the_past(&mut self, now: Timestamp) {
        self.spent
            .retain(|spent| spent.count > 0 && now.duration_since(spent.by) < SignedDuration::from_hours(24));
        self.resting.retain(|resting| now < resting.until);
        if self.hold(now).is_none() {
            self.hold = None;
        }
    }

    fn spent_within(&self, window: Duration, now: Timestamp) -> usize {
        let window = super::signed(window);
        let within = self
            .spent
            .iter()
            .filter(|spent| now.duration_since(spent.by) < window);
        within.map(|spent| spent.count).sum()
    }
}

/// The end of the minute that `now` lies in.
fn minute(now: Timestamp) -> Timestamp {
    let up = TimestampRound::new().smallest(Unit::Minute).mode(RoundMode::Ceil);
    now.round(up).unwrap_or(now)
}
