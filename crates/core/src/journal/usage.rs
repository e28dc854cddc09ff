//! The usage of the limits: how many disruptions each minute had, and which owners are in cooldown.

use std::time::Duration;

use jiff::{RoundMode, Timestamp, TimestampRound, Unit};
use serde::{Deserialize, Serialize};

use super::{DAY, Denial, Journal, KEPT, LimitWindow, Reservation, after, caps, whole_second};
use crate::config::DisruptionLimits;
use crate::eligibility::Candidate;
use crate::pod::PodOwner;

/// The window of `limits.per_hour`.
const HOUR: Duration = Duration::from_secs(3600);

/// The maximum number of owners in cooldown, so that the journal stays small; with more, nothing is disrupted until a
/// cooldown has ended.
pub(super) const MAX_COOLDOWNS: usize = 1000;

/// The disruptions of one minute.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsageEntry {
    /// The end of the minute, so that a disruption never leaves a window too early.
    pub minute: Timestamp,
    /// How many pods were disrupted in this minute.
    pub count: usize,
}

/// An owner in cooldown: none of its pods is disrupted for a while.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnerCooldown {
    /// The owner's namespace.
    pub namespace: String,
    /// The owner.
    pub owner: PodOwner,
    /// When the cooldown ends.
    pub until: Timestamp,
}

/// How long a disruption matters for `limits`: the longest window in use, caps included, or the cooldown if that is
/// longer.
pub(super) fn horizon(limits: &DisruptionLimits) -> Duration {
    let hour = limits.per_hour.map_or(Duration::ZERO, |_| HOUR);
    let day = limits.per_day.map_or(Duration::ZERO, |_| DAY);
    hour.max(day).max(caps::horizon(limits)).max(limits.cooldown)
}

impl Journal {
    /// The instant by which the last disruption was reserved that the journal counts, to the minute; `None` if there was no
    /// round yet. After two days without one it is the end of the lease of the last round.
    pub fn latest_reservation(&self) -> Option<Timestamp> {
        let counted = self.usage.iter().map(|entry| entry.minute).max();
        counted.or_else(|| self.round.as_ref().map(|round| round.lease_until))
    }

    /// How many more disruptions the limits on all of them allow at `now`; `None` if none is set. The caps on single
    /// nodes, zones, namespaces and owners are not among them.
    pub fn remaining(&self, limits: &DisruptionLimits, now: Timestamp) -> Option<usize> {
        let windows = LimitWindow::ALL.into_iter();
        let in_windows = windows.filter_map(|window| self.remaining_in(window, limits, now));
        let in_flight = limits
            .in_flight
            .map(|limit| limit.saturating_sub(self.in_flight(now)));
        in_windows.chain(in_flight).min()
    }

    /// How many more disruptions the limit on those of `window` allows at `now`; `None` if it is not set.
    pub fn remaining_in(
        &self,
        window: LimitWindow,
        limits: &DisruptionLimits,
        now: Timestamp,
    ) -> Option<usize> {
        let limit = window.limit(limits)?;
        Some(limit.saturating_sub(self.used_within(window.length(), now)))
    }

    /// The cooldown of this candidate's owner, if it is in one at `now`.
    pub fn cooldown_of(&self, candidate: &Candidate, now: Timestamp) -> Option<&OwnerCooldown> {
        let owner = candidate.owner.as_ref()?;
        let namespace = &candidate.pod.namespace;
        self.cooldowns.iter().find(|cooldown| {
            now < cooldown.until && cooldown.namespace == *namespace && cooldown.owner == *owner
        })
    }

    /// Checks that no limit on all disruptions is used up at `now`.
    ///
    /// # Errors
    /// The limit that is.
    pub fn check_limits(&self, limits: &DisruptionLimits, now: Timestamp) -> Result<(), Denial> {
        for window in LimitWindow::ALL {
            if let Some(limit) = window.limit(limits)
                && self.used_within(window.length(), now) >= limit
            {
                return Err(Denial::LimitReached { window, limit });
            }
        }
        if let Some(limit) = limits.in_flight
            && self.in_flight(now) >= limit
        {
            return Err(Denial::InFlightReached { limit });
        }
        Ok(())
    }

    /// Checks that the owner of `victim` is not in cooldown.
    pub(super) fn check_cooldown(&self, victim: &Candidate, now: Timestamp) -> Result<(), Denial> {
        match self.cooldown_of(victim, now) {
            Some(cooldown) => Err(Denial::InCooldown(cooldown.clone())),
            None => Ok(()),
        }
    }

    /// Counts one disruption at `now`.
    pub(super) fn count_usage(&mut self, now: Timestamp) {
        let minute = end_of_minute(now);
        match self.usage.iter_mut().find(|entry| entry.minute == minute) {
            Some(entry) => entry.count += 1,
            None => self.usage.push(UsageEntry { minute, count: 1 }),
        }
    }

    /// Starts the cooldown of a victim's owner, if one is configured.
    pub(super) fn start_cooldown(
        &mut self,
        reservation: &Reservation,
        limits: &DisruptionLimits,
    ) -> Result<(), Denial> {
        let Some(owner) = reservation.owner.as_ref().filter(|_| !limits.cooldown.is_zero()) else {
            return Ok(());
        };

        self.cooldowns.retain(|cooldown| reservation.at < cooldown.until);
        if self.cooldowns.len() >= MAX_COOLDOWNS {
            return Err(Denial::TooManyCooldowns);
        }
        self.cooldowns.push(OwnerCooldown {
            namespace: reservation.pod.namespace.clone(),
            owner: owner.clone(),
            until: whole_second(after(reservation.at, limits.cooldown)),
        });
        Ok(())
    }

    /// Removes what a reservation counted: one disruption, and the cooldown of its owner.
    pub(super) fn release_usage(&mut self, reservation: &Reservation) {
        let minute = end_of_minute(reservation.at);
        if let Some(entry) = self.usage.iter_mut().find(|entry| entry.minute == minute) {
            entry.count = entry.count.saturating_sub(1);
        }

        // No earlier cooldown of this owner can be removed: with one, the victim would not have been reserved.
        self.cooldowns.retain(|cooldown| {
            cooldown.namespace != reservation.pod.namespace
                || Some(&cooldown.owner) != reservation.owner.as_ref()
        });
    }

    /// Forgets what is too old for every window. Entries in the future are kept: a clock may have been set back.
    pub(super) fn forget_expired(&mut self, now: Timestamp) {
        self.usage
            .retain(|entry| entry.count > 0 && now.duration_since(entry.minute) < KEPT);
        self.cooldowns.retain(|cooldown| now < cooldown.until);
        self.forget_turns();
        self.forget_victims(now);
        self.forget_usual(now);
        self.notices.forget_expired(now);
    }

    fn used_within(&self, window: Duration, now: Timestamp) -> usize {
        let window = super::signed(window);
        let within = self
            .usage
            .iter()
            .filter(|entry| now.duration_since(entry.minute) < window);
        within.map(|entry| entry.count).sum()
    }
}

impl LimitWindow {
    /// Every window, from the shortest to the longest.
    pub const ALL: [Self; 2] = [Self::Hour, Self::Day];

    /// The limit's key in `[limits]`.
    pub fn limit_name(self) -> &'static str {
        match self {
            Self::Hour => "per_hour",
            Self::Day => "per_day",
        }
    }

    fn limit(self, limits: &DisruptionLimits) -> Option<usize> {
        match self {
            Self::Hour => limits.per_hour,
            Self::Day => limits.per_day,
        }
    }

    fn length(self) -> Duration {
        match self {
            Self::Hour => HOUR,
            Self::Day => DAY,
        }
    }
}

/// The end of the minute around `now`.
fn end_of_minute(now: Timestamp) -> Timestamp {
    let up = TimestampRound::new().smallest(Unit::Minute).mode(RoundMode::Ceil);
    now.round(up).unwrap_or(now)
}
