//! Decides how a recovery ends.

use std::time::Duration;

use super::steady::{MAX_DELAY, Steady, WholeSpan};
use super::times::LastAsked;
use super::wholeness::{OwnerSize, OwnerView, target_before};
use super::words::length;
use super::{DisruptedVictim, RecoveryVerdict, WatchedSince};

/// How long past its timeout a recovery goes on of which nothing can be read.
pub const UNREADABLE: Duration = Duration::from_secs(300);

/// How long an owner may have been whole unseen for it to be called unrecovered all the same.
const MAX_UNSEEN: Duration = Duration::from_secs(60);

/// What is seen of an owner, and what was seen before.
#[derive(Clone, Copy)]
pub(super) struct Sight<'a> {
    pub view: OwnerView<'a>,
    pub size: OwnerSize,
    /// When it is seen.
    pub now: Duration,
    pub asked: LastAsked,
    pub timeout: Duration,
    pub since: WatchedSince,
    /// Whether the owner was seen before.
    pub is_begun: bool,
    /// Whether it was seen without a break since.
    pub is_continuous: bool,
    /// Since when it has been whole.
    pub whole: Option<WholeSpan>,
    /// Whether it was whole before for long enough, in time, by its pods' conditions alone.
    pub was_whole_unseen: bool,
    /// How long it may have been whole in time while nobody saw its pods.
    pub unseen: Duration,
    /// Since when it, a Job, has seemed complete.
    pub completed: Option<Steady<()>>,
}

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
        let why = "its pods or its scale could not be read".to_owned();
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

/// How the recovery ends by what is seen, if it does.
pub(super) fn judge(sight: Sight<'_>) -> Option<Ending> {
    let changed = || owner_changed(sight.view);
    let unseen = || unseen_transition(sight);
    let lasting = || lasting_whole(sight);
    let completed = || {
        let is_over =
            |completed: Steady<()>| completed.is_over(sight.asked.pods) || sight.asked.pods >= sight.timeout;
        let ending = Ending::new(RecoveryVerdict::Completed, None);
        sight.completed.is_some_and(is_over).then_some(ending)
    };
    let late = || timed_out(sight);

    let ending = changed()
        .or_else(unseen)
        .or_else(lasting)
        .or_else(completed)
        .or_else(late);
    ending.map(|ending| ending.unless_in_doubt(sight.view.victim))
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
fn unseen_transition(sight: Sight<'_>) -> Option<Ending> {
    let Sight {
        size,
        now,
        timeout,
        since,
        is_begun,
        whole,
        ..
    } = sight;
    if !size.is_whole {
        return None;
    }

    let is_adopted = since == WatchedSince::Adoption && !is_begun;
    let is_seen_too_late = now >= timeout.saturating_add(UNREADABLE);
    let was_unseen = whole.is_some_and(|whole| may_be_in_time(sight, whole));
    if !is_adopted && !is_seen_too_late && !was_unseen {
        return None;
    }
    let why = format!(
        "its owner was whole already when it was looked at, {} after the disruption",
        length(now)
    );
    Some(Ending::new(RecoveryVerdict::Unwatched, Some(why)))
}

/// Whether the owner may have been whole in time, although it was first seen whole after the timeout.
fn may_be_in_time(sight: Sight<'_>, whole: WholeSpan) -> bool {
    let Sight {
        now,
        asked,
        timeout,
        is_continuous,
        ..
    } = sight;
    // Who asks soon after the timeout knows by the pods' conditions that they were not ready before it. Who asks later may
    // have missed that they were, and that the owner wanted fewer.
    let is_soon = now <= timeout.saturating_add(MAX_DELAY);
    let is_known = is_soon && whole.is_proven_after(timeout);
    let was_missed = !is_continuous || (asked.both() >= timeout && !is_known);
    was_missed && whole.at.at > timeout
}

/// The end because the owner has been whole for long enough, and was in time.
fn lasting_whole(
    Sight {
        view,
        size,
        asked,
        timeout,
        whole,
        ..
    }: Sight<'_>,
) -> Option<Ending> {
    let whole = whole.filter(|whole| whole.is_over(asked.pods) && whole.at.at <= timeout)?;
    let before = target_before(view.victim);
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

    let expect = Duration::from_millis(view.victim.baseline.expect_ms);
    let verdict = if whole.at.at > expect {
        RecoveryVerdict::Slow
    } else {
        RecoveryVerdict::Recovered
    };
    Some(Ending::new(verdict, None))
}

/// The end because the owner was not whole in time.
fn timed_out(
    Sight {
        view,
        asked,
        timeout,
        whole,
        was_whole_unseen,
        unseen,
        ..
    }: Sight<'_>,
) -> Option<Ending> {
    let is_in_time = whole.is_some_and(|whole| whole.at.at <= timeout);
    // What was asked for before may have changed by then.
    if asked.both() < timeout || is_in_time {
        return None;
    }
    if was_whole_unseen {
        let why = "its pods' conditions showed it whole in time, but it lost a pod again before macaque could confirm that";
        return Some(Ending::new(RecoveryVerdict::Unwatched, Some(why.to_owned())));
    }

    if unseen >= MAX_UNSEEN {
        let why = format!(
            "nobody saw its pods for {} in which it may have been whole",
            length(unseen)
        );
        return Some(Ending::new(RecoveryVerdict::Unwatched, Some(why)));
    }

    let mut why = format!("not whole within {}", length(timeout));
    if view.rule.awaits_victim() && view.victim().is_some() {
        why.push_str(&format!(", and {} is still there", view.victim.pod));
    }
    Some(Ending::new(RecoveryVerdict::Unrecovered, Some(why)))
}
