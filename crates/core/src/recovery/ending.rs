//! Decides how a recovery ends.

use std::time::Duration;

use super::steady::Steady;
use super::tracker::UNREADABLE;
use super::wholeness::{OwnerSize, OwnerView, target_before};
use super::words::length;
use super::{DisruptedVictim, RecoveryTracker, RecoveryVerdict, WatchedSince};

/// How a recovery ended, and why.
#[derive(Debug, Clone)]
pub(super) struct Ending {
    pub verdict: RecoveryVerdict,
    /// The reason, where numbers do not show it.
    pub why: Option<String>,
}

impl Ending {
    fn new(verdict: RecoveryVerdict, why: Option<String>) -> Self {
        Self { verdict, why }
    }

    /// The end of a recovery of which nothing could be read any more.
    pub(super) fn unread(victim: &DisruptedVictim) -> Self {
        let why = "its pods could not be read".to_owned();
        Self::new(RecoveryVerdict::Unwatched, Some(why)).unless_in_doubt(victim)
    }

    /// The end if the victim was disrupted for sure; what is not known to have begun cannot be seen to end.
    fn unless_in_doubt(self, victim: &DisruptedVictim) -> Self {
        match victim.doubt() {
            Some(why) => Self::new(RecoveryVerdict::Unwatched, Some(why)),
            None => self,
        }
    }
}

/// How the recovery ends when its owner's pods are seen at `now`, if it does.
pub(super) fn judge(
    tracker: &RecoveryTracker,
    view: OwnerView<'_>,
    size: OwnerSize,
    now: Duration,
) -> Option<Ending> {
    let changed = || owner_changed(view);
    let unseen = || unseen_transition(tracker, size, now);
    let lasting = || lasting_whole(tracker, view, size, now);
    let completed = || {
        let is_over = |completed: Steady<()>| completed.is_over(now) || now >= tracker.timeout;
        let ending = Ending::new(RecoveryVerdict::Completed, None);
        tracker.completed.is_some_and(is_over).then_some(ending)
    };
    let late = || timed_out(tracker, view, now);

    let ending = changed()
        .or_else(unseen)
        .or_else(lasting)
        .or_else(completed)
        .or_else(late);
    ending.map(|ending| ending.unless_in_doubt(view.victim))
}

/// The end because the owner is not what it was.
fn owner_changed(view: OwnerView<'_>) -> Option<Ending> {
    if view.is_deleted() {
        return Some(Ending::new(RecoveryVerdict::Ownerless, None));
    }
    let revision = view.new_revision()?;
    let why = format!("revision {revision} appeared");
    Some(Ending::new(RecoveryVerdict::Rolled, Some(why)))
}

/// The end because the owner is whole, and nobody saw since when.
fn unseen_transition(tracker: &RecoveryTracker, size: OwnerSize, now: Duration) -> Option<Ending> {
    if !size.is_whole {
        return None;
    }

    let is_late = |at: Duration| at > tracker.timeout;
    let is_adopted = tracker.since == WatchedSince::Adoption && !tracker.is_begun();
    let is_seen_too_late = now >= tracker.timeout.saturating_add(UNREADABLE);
    let was_unseen = !tracker.is_continuous() && tracker.whole.is_some_and(|whole| is_late(whole.at.at));
    if !is_adopted && !is_seen_too_late && !was_unseen {
        return None;
    }
    let why = format!(
        "its owner was whole already when it was looked at, {} after the disruption",
        length(now)
    );
    Some(Ending::new(RecoveryVerdict::Unwatched, Some(why)))
}

/// The end because the owner has been whole for long enough.
fn lasting_whole(
    tracker: &RecoveryTracker,
    view: OwnerView<'_>,
    size: OwnerSize,
    now: Duration,
) -> Option<Ending> {
    let whole = tracker.whole.filter(|whole| whole.is_over(now))?;
    let before = target_before(&tracker.victim);
    if size.target < before {
        let why = match view.wanted() {
            Some(_) => format!("{} instead of {before}, as its scale says", size.target),
            None => format!(
                "{} instead of {before}; without its scale it is not known whether it was scaled down or lacks a \
                 replacement",
                size.target
            ),
        };
        return Some(Ending::new(RecoveryVerdict::Shrunk, Some(why)));
    }

    let expect = Duration::from_millis(tracker.victim.baseline.expect_ms);
    let verdict = if whole.at.at > expect {
        RecoveryVerdict::Slow
    } else {
        RecoveryVerdict::Recovered
    };
    Some(Ending::new(verdict, None))
}

/// The end because the owner was not whole in time.
fn timed_out(tracker: &RecoveryTracker, view: OwnerView<'_>, now: Duration) -> Option<Ending> {
    let is_in_time = tracker.whole.is_some_and(|whole| whole.at.at <= tracker.timeout);
    if now < tracker.timeout || is_in_time {
        return None;
    }

    let mut why = format!("not whole within {}", length(tracker.timeout));
    if view.rule.awaits_victim() && view.victim().is_some() {
        why.push_str(&format!(", and {} is still there", view.victim.pod));
    }
    Some(Ending::new(RecoveryVerdict::Unrecovered, Some(why)))
}
