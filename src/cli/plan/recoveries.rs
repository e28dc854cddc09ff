//! The recoveries that a plan shows: those that go on, how many may go on at once, and the strikes so far.

use std::time::Duration;

use jiff::{Timestamp, Unit};
use macaque_core::config::ChaosConfig;
use macaque_core::journal::{Journal, RecoveryRecord};
use macaque_core::pod::{PodOwner, PodRef, PodTrouble};
use serde::Serialize;

use crate::cli::output::{line, server_text, table};
use crate::preview::PreviewedJournal;

/// What the journal says of recoveries.
#[derive(Serialize)]
pub(super) struct RecoveryView {
    pub(super) open: Vec<OpenRecovery>,
    /// How many victims have not recovered.
    pub(super) in_flight: usize,
    /// How many may be in flight at once, if that is limited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) in_flight_limit: Option<usize>,
    /// The owners that did not recover, in a row, since the last one that did.
    pub(super) strikes: Vec<String>,
    /// With how many strikes macaque pauses itself, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) strike_limit: Option<usize>,
}

/// A recovery that goes on.
#[derive(Serialize)]
pub(super) struct OpenRecovery {
    pub(super) victim: PodRef,
    pub(super) owner: PodOwner,
    /// When the disruption was accepted.
    pub(super) since: Timestamp,
    /// Until when the recovery is not slow.
    pub(super) expected_until: Timestamp,
    /// When the owner counts as not recovered.
    pub(super) until: Timestamp,
    /// What keeps the replacement from becoming ready, if it is stuck.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stuck: Option<PodTrouble>,
}

impl RecoveryView {
    /// What `journal` says at `now`; `None` if it is not known, or no recovery is watched.
    pub(super) fn of(journal: &PreviewedJournal, config: &ChaosConfig, now: Timestamp) -> Option<Self> {
        if config.dry_run || !config.recovery.enabled {
            return None;
        }
        let journal: &Journal = journal.journal.as_ref()?;
        Some(Self {
            open: journal.open_recoveries(now).map(OpenRecovery::of).collect(),
            in_flight: journal.in_flight(now),
            in_flight_limit: config.limits.in_flight,
            strikes: journal.strikes().to_vec(),
            strike_limit: config.recovery_policy().strikes,
        })
    }

    /// The recoveries for people; `None` if there is nothing to say.
    pub(super) fn text(&self) -> Option<String> {
        let mut parts = Vec::new();
        if !self.open.is_empty() {
            let rows = self.open.iter().map(OpenRecovery::row);
            let header = [
                "NAMESPACE",
                "OWNER",
                "VICTIM",
                "SINCE",
                "EXPECTED UNTIL",
                "WATCHED UNTIL",
                "STUCK",
            ];
            parts.push(format!("recovering:\n{}", table(header, rows)));
        }
        parts.extend(self.counts());
        (!parts.is_empty()).then(|| parts.join("\n"))
    }

    /// How many victims are in flight and how many strikes there are, where that matters.
    fn counts(&self) -> Option<String> {
        let of = |limit: Option<usize>| limit.map_or_else(String::new, |limit| format!(" of {limit}"));
        let mut counts = Vec::new();
        if self.in_flight > 0 || self.in_flight_limit.is_some() {
            counts.push(format!(
                "in flight: {}{}",
                self.in_flight,
                of(self.in_flight_limit)
            ));
        }
        if !self.strikes.is_empty() {
            let count = self.strikes.len();
            let owners = self.strikes.join(", ");
            counts.push(format!("strikes: {count}{} ({owners})", of(self.strike_limit)));
        }
        (!counts.is_empty()).then(|| line(&counts.join("; ")))
    }
}

impl OpenRecovery {
    fn of(record: &RecoveryRecord) -> Self {
        let victim = &record.victim;
        let expected = Duration::from_millis(victim.baseline.expect_ms);
        Self {
            victim: victim.pod.clone(),
            owner: victim.owner.clone(),
            since: victim.accepted,
            expected_until: victim
                .accepted
                .saturating_add(expected)
                .unwrap_or(victim.accepted),
            until: record.until,
            stuck: record.trouble.clone(),
        }
    }

    fn row(&self) -> [String; 7] {
        let second = |instant: Timestamp| instant.round(Unit::Second).unwrap_or(instant).to_string();
        let stuck = self
            .stuck
            .as_ref()
            .map(|trouble| server_text(&trouble.to_string()));
        [
            self.victim.namespace.clone(),
            self.owner.to_string(),
            self.victim.name.clone(),
            second(self.since),
            second(self.expected_until),
            second(self.until),
            stuck.unwrap_or_else(|| "-".to_owned()),
        ]
    }
}
