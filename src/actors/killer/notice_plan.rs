//! What notices there may be at some moment: by the calendar, and by what the channels ask for. The journal decides which of
//! them are news.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use macaque_core::notice::{DueDigest, DueNotices, ScopeOwners};
use macaque_core::schedule::{Calendar, WeeklyTime};

use crate::actors::ActorsConfig;
use crate::actors::clock::Trigger;
use crate::notify::MessageKind;

/// How long before the first slot of a day its window is announced: several takeover passes.
const LEAD: Duration = Duration::from_secs(300);

/// What notices this process may issue beside those of pauses.
pub(super) struct NoticePlan {
    /// The calendar of the windows, if anybody wants to know of them.
    windows: Option<Calendar>,
    /// When digests are due and in which zone, if anybody wants them.
    digests: Option<(WeeklyTime, TimeZone)>,
}

impl NoticePlan {
    /// The plan of a process with these channels. Nothing is counted or written that no service asks for.
    pub(super) fn of(config: &ActorsConfig) -> Self {
        let is_wanted = |kind| config.channels.iter().any(|channel| channel.asks_for(kind));
        let calendar = match &config.trigger {
            Trigger::Cron(calendar) => Some(calendar.clone()),
            Trigger::Interval { .. } => None,
        };
        let digest = (config.digest, config.messages.zone.clone());
        Self {
            windows: calendar.filter(|_| is_wanted(MessageKind::Window)),
            digests: is_wanted(MessageKind::Digest).then_some(digest),
        }
    }

    /// What may be due at `now`, with the `owners` in scope if they were just listed.
    pub(super) fn due(&self, now: Timestamp, owners: Option<ScopeOwners>) -> DueNotices {
        let windows = self.windows.as_ref();
        let digests = self.digests.as_ref();
        let last = digests.and_then(|(time, zone)| time.last(now, zone));
        DueNotices {
            window: windows.and_then(|calendar| calendar.window(now, LEAD)),
            digest: last.map(|at| DueDigest { at, scope: owners }),
        }
    }
}
