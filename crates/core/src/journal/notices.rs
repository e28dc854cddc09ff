//! Notices: which of what people may want to know is news, and what was issued before, so that no two replicas and no
//! restart issue a notice twice.
//!
//! A pause that macaque calls for itself is announced by the message about the recovery that called for it, which channels
//! for pauses get too. It is only noted here, so that a notice announces its end.

use std::time::Duration;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::transitions::check_clock;
use super::week::WeekRecord;
use super::{Journal, KEPT, PauseEnd, PauseRequest, StepContext, after, whole_second};
use crate::notice::{Activity, DueDigest, DueNotices, Notice, NoticeContent};
use crate::recovery::RecoveryReport;
use crate::report::RoundReport;
use crate::schedule::DayWindow;

/// How long a week is counted for a digest that nobody issues: it is not wanted any more.
const KEPT_WEEK: SignedDuration = SignedDuration::from_hours(35 * 24);

/// What was issued last, of each kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IssuedNotices {
    /// The last pause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pause: Option<PauseRecord>,
    /// The last window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    window: Option<WindowRecord>,
    /// What is counted for the next digest, if anybody wants one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    week: Option<WeekRecord>,
}

/// A pause that people know of.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PauseRecord {
    /// The instant of the last notice about it.
    at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
    /// Whether people know that it is over.
    lifted: bool,
}

/// A window that people know of.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WindowRecord {
    day: Date,
    first: Timestamp,
    last: Timestamp,
    /// What has happened on that day.
    activity: Activity,
    /// Whether people know that it is closed.
    closed: bool,
}

impl IssuedNotices {
    /// Whether nothing was issued that matters, and nothing is counted.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Counts a round that ran.
    pub(super) fn note_round(&mut self, report: &RoundReport) {
        if let Some(activity) = self.activity_of_day() {
            activity.note_round(report);
        }
        if let Some(week) = &mut self.week {
            week.note_round(report);
        }
    }

    /// Counts a round that was withheld.
    pub(super) fn note_withheld(&mut self) {
        if let Some(activity) = self.activity_of_day() {
            activity.note_withheld();
        }
        if let Some(week) = &mut self.week {
            week.note_withheld();
        }
    }

    /// Counts a recovery that ended.
    pub(super) fn note_recovery(&mut self, report: &RecoveryReport) {
        let Some(verdict) = report.verdict else { return };
        if let Some(activity) = self.activity_of_day() {
            activity.note_recovery(verdict);
        }
        if let Some(week) = &mut self.week {
            week.note_recovery(report, verdict);
        }
    }

    /// Forgets what is too old to be issued again.
    pub(super) fn forget_expired(&mut self, now: Timestamp) {
        let is_recent = |at: Timestamp, kept| now.duration_since(at) < kept;
        self.pause
            .take_if(|pause| pause.lifted && !is_recent(pause.at, KEPT));
        self.window.take_if(|window| !is_recent(window.last, KEPT));
        self.week.take_if(|week| !is_recent(week.since, KEPT_WEEK));
    }

    /// What is counted for the window that is open.
    fn activity_of_day(&mut self) -> Option<&mut Activity> {
        let window = self.window.as_mut().filter(|window| !window.closed)?;
        Some(&mut window.activity)
    }
}

impl PauseRecord {
    fn new(pause: &PauseRequest, at: Timestamp) -> Self {
        Self {
            at,
            by: pause.by.clone(),
            reason: pause.reason_in_words(),
            until: match pause.end {
                PauseEnd::Until(until) => Some(until),
                PauseEnd::Indefinite | PauseEnd::Unreadable(_) | PauseEnd::Restart => None,
            },
            lifted: false,
        }
    }

    /// Whether it is the same pause as `other`, whenever it was announced.
    fn is_same(&self, other: &Self) -> bool {
        self.by == other.by && self.reason == other.reason && self.until == other.until
    }

    fn content(&self) -> NoticeContent {
        NoticeContent::Paused {
            by: self.by.clone(),
            reason: self.reason.clone(),
            until: self.until,
        }
    }
}

impl Journal {
    /// Whether the digest that became due at `at` was not issued yet, and a week is counted for it.
    pub fn is_digest_due(&self, at: Timestamp) -> bool {
        self.notices.week.as_ref().is_some_and(|week| week.since < at)
    }

    /// Issues what of `due` is news, and what is news of the pause.
    pub(super) fn issue(&mut self, due: &DueNotices, context: &StepContext<'_>) {
        self.issue_pause(context);
        // By a clock that is wrong, a day or a week would be over too early.
        if check_clock(context).is_err() {
            return;
        }
        self.issue_window(due.window.as_ref(), context);
        if let Some(digest) = &due.digest {
            self.issue_digest(digest, context);
        }
    }

    /// Issues that macaque is paused, or paused otherwise than people know, or that the pause is over.
    fn issue_pause(&mut self, context: &StepContext<'_>) {
        let known = self.notices.pause.clone();
        let now = context.earlier_time();
        let is_in_force = |pause: &&PauseRequest| !pause.is_over(now);
        // Two pauses within a second are two notices.
        let next = known
            .as_ref()
            .map(|known| after(known.at, Duration::from_secs(1)));
        let at = |instant| {
            let instant = whole_second(instant);
            next.map_or(instant, |next| next.max(instant))
        };

        match (known, context.pause.as_ref().filter(is_in_force)) {
            (Some(known), None) if !known.lifted => {
                let since = known.at;
                // It may be long over, if no process ran.
                let ended = known.until.filter(|until| *until <= now);
                let at = at(ended.unwrap_or(now));
                self.add_notice(at, NoticeContent::Resumed { since }, context);
                self.notices.pause = Some(PauseRecord {
                    at,
                    lifted: true,
                    ..known
                });
            }
            (_, None) => {}
            (known, Some(pause)) => {
                let at = at(now);
                let record = PauseRecord::new(pause, at);
                // A pause whose time has come is not over and in force again, although clocks may differ.
                let is_known = known.is_some_and(|known| {
                    let has_expired = known.until.is_some_and(|until| until <= known.at);
                    known.is_same(&record) && (!known.lifted || has_expired)
                });
                if is_known {
                    return;
                }
                let is_own = pause.is_by_macaque() && self.strike_pause().is_some();
                if !is_own {
                    self.add_notice(at, record.content(), context);
                }
                self.notices.pause = Some(record);
            }
        }
    }

    /// Issues that the window of a day is closed, or that the next one opens.
    fn issue_window(&mut self, due: Option<&DayWindow>, context: &StepContext<'_>) {
        let now = context.server_time();
        let known = self.notices.window.as_ref();
        let is_over = known.is_some_and(|known| self.is_over(known, context));
        let is_next = |due: &&DayWindow| {
            // The next day opens early only if the day before is over.
            let is_open = known.is_some_and(|known| !known.closed) && !is_over;
            let is_due = !is_open || due.first <= now;
            is_due && now <= due.last && known.is_none_or(|known| known.day < due.day)
        };
        let next = due.filter(is_next);
        if is_over || next.is_some() {
            self.close_window(context);
        }

        let Some(DayWindow {
            day,
            first,
            last,
            rounds,
        }) = next.copied()
        else {
            return;
        };
        self.notices.window = Some(WindowRecord {
            day,
            first,
            last,
            activity: Activity::default(),
            closed: false,
        });
        self.add_notice(first, NoticeContent::WindowOpened { last, rounds }, context);
    }

    /// Whether the last round of the window is over: it can begin no more, and is not running.
    fn is_over(&self, window: &WindowRecord, context: &StepContext<'_>) -> bool {
        let is_running = self.round().is_some_and(|round| !round.closed);
        context.server_time() > after(window.last, context.timing.deadline) && !is_running
    }

    fn close_window(&mut self, context: &StepContext<'_>) {
        let Some(window) = self.notices.window.as_mut().filter(|window| !window.closed) else {
            return;
        };
        window.closed = true;
        let (first, last, activity) = (window.first, window.last, window.activity.clone());
        let recovering = self.open_recoveries(context.server_time()).count();
        let content = NoticeContent::WindowClosed {
            first,
            recovering,
            activity,
        };
        self.add_notice(last, content, context);
    }

    /// Begins to count for a digest, or issues it once the owners in scope are known.
    fn issue_digest(&mut self, due: &DueDigest, context: &StepContext<'_>) {
        let Some(week) = &self.notices.week else {
            self.notices.week = Some(WeekRecord::since(whole_second(context.server_time())));
            return;
        };
        let Some(scope) = due.scope.as_ref().filter(|_| week.since < due.at) else {
            return;
        };

        let digest = Box::new(week.digest(scope));
        self.notices.week = Some(WeekRecord::since(whole_second(context.server_time()).max(due.at)));
        self.add_notice(due.at, NoticeContent::Digest(digest), context);
    }

    fn add_notice(&mut self, at: Timestamp, content: NoticeContent, context: &StepContext<'_>) {
        self.add_notice_to_outbox(Notice { at, content }, context);
    }
}
