//! Tracks one recovery: from what is seen of the owner's pods, and the time that passes, to the phases and the verdict.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::ending::{Ending, Sight, UNREADABLE, judge};
use super::replacement::{Replacement, Replacements};
use super::replacement_rule::ReplacementRule;
use super::steady::{Between, MAX_DELAY, Steady, WHOLE_SPAN, WholeSpan};
use super::times::{LastAsked, MAX_LAG, ObjectClock, millis};
use super::wholeness::{OwnerSize, OwnerView, target_before};
use super::{
    AcceptedBy, DisruptedVictim, RecoveryPrecision, RecoveryReport, RecoveryTimes, RecoveryVerdict,
    WatchedSince,
};
use crate::pod::PodPhase;
use crate::siblings::SiblingPods;

/// How many kinds of trouble are reported of one recovery.
const MAX_TROUBLES: usize = 10;

/// How many replicas an owner wants, as far as its scale tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DesiredReplicas {
    /// This many.
    Known(usize),
    /// The owner is gone: its kind has a scale, and this one is not found.
    Gone,
    /// The owner has no scale, as Jobs and DaemonSets, or macaque may not read it.
    Unknown,
}

/// One recovery that is being tracked. All times are since the disruption was accepted.
#[derive(Debug, Clone)]
pub struct RecoveryTracker {
    victim: Arc<DisruptedVictim>,
    timeout: Duration,
    since: WatchedSince,
    rule: ReplacementRule,
    clock: ObjectClock,
    is_victim_gone: bool,
    /// When the victim was gone, if that was seen.
    gone: Option<Duration>,
    has_victim_succeeded: bool,
    replacements: Replacements,
    /// Since when the owner has been whole.
    whole: Option<WholeSpan>,
    /// Whether it was whole before for long enough, in time, by its pods' conditions alone: nobody saw it for as long.
    was_whole_unseen: bool,
    /// How long the owner may have been whole in time while nobody saw its pods, at most.
    unseen: Duration,
    /// Since when the owner's pods have been at rest, and how many those are.
    settled: Option<Steady<usize>>,
    /// Since when the owner, a Job, has seemed complete.
    completed: Option<Steady<()>>,
    last: Option<Observation>,
    ending: Option<Ending>,
    /// The kinds of trouble that were reported.
    troubles: BTreeSet<String>,
}

/// What was seen last.
#[derive(Debug, Clone, Copy)]
struct Observation {
    at: Duration,
    asked: LastAsked,
    precision: RecoveryPrecision,
    size: OwnerSize,
    /// Whether the pods have not been seen since.
    is_interrupted: bool,
    /// From when on changes may be missed.
    gap: Option<Duration>,
}

impl RecoveryTracker {
    /// Begins to track the recovery from the disruption of `victim`.
    pub fn new(victim: DisruptedVictim, timeout: Duration, since: WatchedSince) -> Self {
        let rule = ReplacementRule::of(&victim.owner, &victim.pod.name);
        let clock = ObjectClock::new(victim.accepted);
        Self {
            victim: Arc::new(victim),
            timeout,
            since,
            rule,
            clock,
            is_victim_gone: false,
            gone: None,
            has_victim_succeeded: false,
            replacements: Replacements::default(),
            whole: None,
            was_whole_unseen: false,
            unseen: Duration::ZERO,
            settled: None,
            completed: None,
            last: None,
            ending: None,
            troubles: BTreeSet::new(),
        }
    }

    /// Notes that the owner's pods are these after `elapsed`: they were listed or changed, or are known to be unchanged. What
    /// lasts is known to have lasted until the pods were `asked` for.
    ///
    /// The pods and the number are taken to stay as they are until the next call, unless [`RecoveryTracker::interrupt`]
    /// comes in between. `precision` is by watch or by polling, and tells how `pods` are followed.
    pub fn observe(
        &mut self,
        pods: &SiblingPods,
        desired: DesiredReplicas,
        asked: LastAsked,
        elapsed: Duration,
        precision: RecoveryPrecision,
    ) {
        if self.ending.is_some() {
            return;
        }

        let now = self.last.map_or(elapsed, |last| elapsed.max(last.at));
        let victim = Arc::clone(&self.victim);
        let view = OwnerView {
            victim: &victim,
            rule: self.rule,
            clock: self.clock,
            pods,
            desired,
        };
        self.note_victim(view, now);
        self.note_unseen(view, now);
        self.replacements.note(view, now);

        let size = self.note_size(view, asked, now, precision);
        self.ending = judge(Sight {
            view,
            size,
            now,
            asked,
            timeout: self.timeout,
            since: self.since,
            is_begun: self.is_begun(),
            is_continuous: self.is_continuous(),
            whole: self.whole,
            was_whole_unseen: self.was_whole_unseen,
            unseen: self.unseen,
            completed: self.completed,
        });
        self.last = Some(Observation {
            at: now,
            asked,
            precision,
            size,
            is_interrupted: false,
            gap: None,
        });
    }

    /// Notes that changes after `known` may be missed by the next observation, which is by a list alone.
    pub fn note_gap(&mut self, known: Duration) {
        if let Some(last) = &mut self.last {
            last.gap.get_or_insert(known);
        }
    }

    /// Notes that the owner's pods are not seen any more until they are observed again: a list failed, or a watch ended and
    /// could not be continued where it was. All changes until `known` were seen.
    pub fn interrupt(&mut self, known: Duration) {
        self.note_gap(known);
        if let Some(last) = &mut self.last {
            last.is_interrupted = true;
        }
    }

    /// When, counted from the acceptance, the recovery may end although nothing changes: the pods are to be observed again
    /// by then, the same ones if a watch tells of no change.
    pub fn next_change(&self) -> Duration {
        let end = self.timeout.saturating_add(UNREADABLE);
        let Some(last) = self.last.filter(|last| !last.is_interrupted) else {
            return end;
        };

        let whole = self.whole.map(|whole| whole.due());
        let settled = self.settled.map(|settled| settled.due());
        let completed = self.completed.map(|completed| completed.due());
        let dues = [whole, settled, completed];
        let dues = dues.into_iter().flatten().filter(|due| *due > last.asked.pods);
        let timeout = Some(self.timeout).filter(|timeout| last.asked.both() < *timeout);
        dues.chain(timeout).min().map_or(end, |next| next.min(end))
    }

    /// What is known after `elapsed` if the replacement is stuck for a reason that was not taken before.
    pub fn take_stuck(&mut self, elapsed: Duration) -> Option<RecoveryReport> {
        let report = self.report(elapsed);
        if report.verdict.is_some() || self.victim.origin == AcceptedBy::Doubt {
            return None;
        }

        let topic = report.trouble.as_ref()?.topic();
        let is_news = self.troubles.len() < MAX_TROUBLES && self.troubles.insert(topic.to_owned());
        is_news.then_some(report)
    }

    /// What is known after `elapsed`, with a verdict if the recovery is over.
    pub fn report(&self, elapsed: Duration) -> RecoveryReport {
        let is_unreadable = elapsed >= self.timeout.saturating_add(UNREADABLE);
        let unreadable = || is_unreadable.then(|| Ending::unread(&self.victim));
        let ending = self.ending.clone().or_else(unreadable);
        let (verdict, why) = ending.map_or((None, None), |Ending { verdict, why }| (Some(verdict), why));

        let victim = &self.victim;
        let size = self
            .last
            .map_or_else(|| OwnerSize::unseen(victim), |last| last.size);
        let replacement = self.replacements.furthest();
        RecoveryReport {
            verdict,
            times: self.times(verdict),
            ready: size.ready,
            target: size.target,
            replacement: replacement.map(|replacement| replacement.name.clone()),
            trouble: replacement.and_then(|replacement| replacement.trouble.clone()),
            why,
            ..RecoveryReport::unseen(victim, self.precision())
        }
    }

    /// Whether the pods have been seen without a break since they were last observed.
    fn is_continuous(&self) -> bool {
        self.last.is_some_and(|last| !last.is_interrupted)
    }

    /// Whether the pods were observed before.
    pub fn is_begun(&self) -> bool {
        self.last.is_some()
    }

    fn note_victim(&mut self, view: OwnerView<'_>, now: Duration) {
        if let Some(victim) = view.victim() {
            self.has_victim_succeeded |= victim.phase == PodPhase::Succeeded;
            return;
        }

        let is_first = !self.is_begun() && self.since == WatchedSince::Acceptance && now <= MAX_LAG;
        if !self.is_victim_gone && (is_first || self.is_continuous()) {
            self.gone = Some(now);
        }
        self.is_victim_gone = true;
    }

    /// Notes how long the owner may have been whole since its pods were last seen.
    fn note_unseen(&mut self, view: OwnerView<'_>, now: Duration) {
        let gap = self.last.map_or(Some(Duration::ZERO), |last| last.gap);
        let Some(begin) = gap else {
            return;
        };
        // A victim that is still there, where its replacement comes after it, shows that it was not; so do pods that have
        // been unready since then.
        if self.rule.awaits_victim() && view.awaits_replacement() && view.victim().is_some() {
            return;
        }
        let end = view.unready_since().unwrap_or(now).min(now).min(self.timeout);
        self.unseen = self.unseen.max(end.saturating_sub(begin));
    }

    /// Notes the number of the pods, and since when it has been what it is.
    fn note_size(
        &mut self,
        view: OwnerView<'_>,
        asked: LastAsked,
        now: Duration,
        precision: RecoveryPrecision,
    ) -> OwnerSize {
        let since = self.last.filter(|_| self.is_continuous()).map(|last| last.at);
        self.settled = Steady::next(self.settled, view.number_at_rest(), since, now);
        let completed = view.is_completed(self.has_victim_succeeded).then_some(());
        self.completed = Steady::next(self.completed, completed, since, now);

        let settled = self.settled.filter(|settled| settled.is_over(asked.pods));
        let size = view.size(settled.map(|settled| settled.value));
        let before = self.whole.filter(|whole| self.has_lasted_unseen(whole, now));
        self.whole = size
            .is_whole
            .then(|| self.whole_span(view, size, since, now, precision));
        let lasts = |before: &WholeSpan| self.whole.is_some_and(|whole| whole.at == before.at);
        self.was_whole_unseen |= before.is_some_and(|before| !lasts(&before));
        size
    }

    /// Whether the owner was whole in time by its pods' conditions, and stayed so for long enough: until `now`, or until changes
    /// may have been missed.
    fn has_lasted_unseen(&self, whole: &WholeSpan, now: Duration) -> bool {
        let until = self.last.map_or(Duration::ZERO, |last| {
            last.gap.map_or(now, |known| known.max(last.at))
        });
        whole.at.at <= self.timeout && until >= whole.at.at + WHOLE_SPAN
    }

    /// The span in which the owner is whole, of which an earlier observation was `since`, if all changes after it were seen.
    fn whole_span(
        &self,
        view: OwnerView<'_>,
        size: OwnerSize,
        since: Option<Duration>,
        now: Duration,
        precision: RecoveryPrecision,
    ) -> WholeSpan {
        // Where the target fell, the pods do not tell since when they are enough. Where it rose, they were not enough before.
        let target = self
            .last
            .map_or(target_before(&self.victim), |last| last.size.target);
        let proof = view
            .proven_whole_since(size.target)
            .filter(|_| size.target == target);
        let whole = self.whole.filter(|_| size.target <= target);
        let between = match (since, self.last.and_then(|last| last.gap)) {
            (Some(_), Some(known)) => Between::Gap(known),
            (Some(_), None) => Between::Seen,
            (None, _) => Between::Unknown,
        };
        let whole = whole.and_then(|whole| whole.next(now, proof, between));
        let begun = || {
            let ready = self.replacements.furthest().and_then(Replacement::ready_at);
            WholeSpan::begin(now, proof, precision).not_before(ready.unwrap_or_default())
        };
        whole.unwrap_or_else(begun)
    }

    /// The times so far. Where the owner was whole before its replacement had come so far, the rest is no part of the
    /// recovery.
    fn times(&self, verdict: Option<RecoveryVerdict>) -> RecoveryTimes {
        let replaced = self
            .replacements
            .furthest()
            .map(Replacement::times)
            .unwrap_or_default();
        let whole = self
            .whole
            .filter(|_| verdict.is_some_and(RecoveryVerdict::is_whole));
        let whole_ms = whole.map(|whole| millis(whole.at.at));
        let until_whole = |ms: Option<u64>| ms.filter(|ms| whole_ms.is_none_or(|whole| *ms <= whole));
        RecoveryTimes {
            gone_ms: self.gone.map(millis),
            created_ms: until_whole(replaced.created_ms),
            scheduled_ms: until_whole(replaced.scheduled_ms),
            containers_ready_ms: until_whole(replaced.containers_ready_ms),
            ready_ms: until_whole(replaced.ready_ms),
            whole_ms,
        }
    }

    /// How precise the times are: as the last of them is.
    fn precision(&self) -> RecoveryPrecision {
        if self.victim.origin != AcceptedBy::Answer || self.since == WatchedSince::Adoption {
            return RecoveryPrecision::Approximate;
        }

        match (self.whole, self.last) {
            // Who looks so late cannot know what has happened since the timeout.
            (None, Some(last)) if last.at > self.timeout + MAX_DELAY => RecoveryPrecision::Approximate,
            (Some(whole), _) if whole.at.by_object => RecoveryPrecision::Timestamps,
            (Some(whole), _) => whole.precision,
            (None, Some(last)) => last.precision,
            (None, None) => RecoveryPrecision::Approximate,
        }
    }
}
