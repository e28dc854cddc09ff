//! Reads the journal for a preview: the pause, what was disrupted lately, and the recoveries that go on.

use jiff::Timestamp;
use macaque_core::config::{ChaosConfig, ConfigMapRef, DisruptionLimits, JournalLocation};
use macaque_core::journal::{Denial, Journal, PauseRequest};

use super::PreviewReader;
use crate::guards::RoundGuards;
use crate::journal::{missing, unusable};
use crate::round::RoundConfig;

/// The journal as a preview sees it. Who previews need not be allowed to read it.
#[derive(Debug, Default)]
pub struct PreviewedJournal {
    /// The pause that holds now.
    pub pause: Option<PauseRequest>,
    /// The journal, if it is known: a dry run begins with an empty one, and one in memory belongs to another process.
    pub journal: Option<Journal>,
    /// The reason why the next round will not use it.
    pub fault: Option<String>,
}

impl PreviewedJournal {
    /// The reason why the journal allows no disruption at `now`, apart from a pause: it is missing, damaged or not trusted, or
    /// a limit on all disruptions is used up.
    pub fn withheld(&self, limits: &DisruptionLimits, now: Timestamp) -> Option<String> {
        if self.fault.is_some() {
            return self.fault.clone();
        }
        let journal = self.journal.as_ref()?;
        let quarantined = journal.quarantine(now).cloned().map(Denial::Quarantined);
        let denied = quarantined.or_else(|| journal.check_limits(limits, now).err())?;
        Some(denied.to_string())
    }

    /// Tells guards what the journal knows at `now`, as a round of `config` does.
    pub(super) fn tell(&self, guards: &mut RoundGuards<'_>, config: &RoundConfig, now: Timestamp) {
        let Some(journal) = &self.journal else {
            return;
        };
        journal
            .recent_victims(now)
            .for_each(|uid| guards.note_own_victim(uid));
        if config.recovery.enabled {
            guards.note_recoveries(journal);
        }
    }
}

impl PreviewReader<'_> {
    /// Reads the journal of `config`. One that cannot be read shows nothing.
    pub async fn journal(&self, config: &ChaosConfig) -> PreviewedJournal {
        if config.dry_run {
            return PreviewedJournal {
                journal: Some(Journal::default()),
                ..PreviewedJournal::default()
            };
        }
        let JournalLocation::ConfigMap(place) = &config.journal else {
            return PreviewedJournal::default();
        };
        let config_map = match self.cluster.journal(place).await {
            Ok(Some(config_map)) => config_map,
            Ok(None) => {
                return PreviewedJournal {
                    fault: Some(missing(place)),
                    ..PreviewedJournal::default()
                };
            }
            // Often who previews is not permitted to read it.
            Err(_) => return PreviewedJournal::default(),
        };

        let now = self.cluster.server_time();
        let stored = config_map.stored();
        let read = stored.read();
        let fault = match &read {
            Ok(journal) => stored.distrust(journal, 0).map(|why| distrusted(place, &why)),
            Err(why) => Some(unusable(place, why)),
        };
        PreviewedJournal {
            pause: config_map.pause().filter(|pause| !pause.is_over(now)),
            journal: read.ok(),
            fault,
        }
    }
}

fn distrusted(place: &ConfigMapRef, why: &str) -> String {
    format!(
        "the journal in {place} is not trusted: {why}; the next round will disrupt nothing, and none will until whatever it \
         may have forgotten no longer counts; to accept it now, run `macaque resume`"
    )
}
