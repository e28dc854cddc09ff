//! Reads the journal for a preview: the pause, what was disrupted lately, and the recoveries that go on.

use jiff::Timestamp;
use macaque_core::config::{ChaosConfig, DisruptionLimits, JournalLocation};
use macaque_core::journal::{Journal, PauseRequest};

use super::PreviewReader;
use crate::guards::RoundGuards;
use crate::round::RoundConfig;

/// The journal as a preview sees it. Who previews need not be allowed to read it.
#[derive(Debug, Default)]
pub struct PreviewedJournal {
    /// The pause that holds now.
    pub pause: Option<PauseRequest>,
    /// The journal, if it is known: a dry run begins with an empty one, and one in memory belongs to another process.
    pub journal: Option<Journal>,
}

impl PreviewedJournal {
    /// The limit on all disruptions that is used up at `now`, in words.
    pub fn withheld(&self, limits: &DisruptionLimits, now: Timestamp) -> Option<String> {
        let denied = self.journal.as_ref()?.check_limits(limits, now).err()?;
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
                pause: None,
                journal: Some(Journal::default()),
            };
        }
        let JournalLocation::ConfigMap(place) = &config.journal else {
            return PreviewedJournal::default();
        };
        let Ok(Some(config_map)) = self.cluster.journal(place).await else {
            return PreviewedJournal::default();
        };

        let now = self.cluster.server_time();
        PreviewedJournal {
            pause: config_map.pause().filter(|pause| !pause.is_over(now)),
            journal: config_map.stored().read().ok(),
        }
    }
}
