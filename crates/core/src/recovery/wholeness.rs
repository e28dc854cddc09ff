//! Judges whether an owner is whole: as many of its pods are ready as were before the disruption, or as many as it wants
//! now if those are fewer.

use std::cmp::Ordering;
use std::time::Duration;

use super::replacement_rule::ReplacementRule;
use super::times::ObjectClock;
use super::{DesiredReplicas, DisruptedVictim};
use crate::pod::{PodPhase, ReplicaState};
use crate::siblings::{SiblingPod, SiblingPods};

/// An owner's pods at one moment, seen from one of its recoveries. The victim itself never counts as one of them.
#[derive(Clone, Copy)]
pub(super) struct OwnerView<'a> {
    pub victim: &'a DisruptedVictim,
    pub rule: ReplacementRule,
    pub clock: ObjectClock,
    pub pods: &'a SiblingPods,
    pub desired: DesiredReplicas,
}

/// How many pods an owner had, or has, as far as one of its recoveries is concerned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct OwnerSize {
    /// The pods that are ready.
    pub ready: usize,
    /// How many must be ready for the owner to be whole.
    pub target: usize,
    /// Whether the owner is whole.
    pub is_whole: bool,
}

/// How many pods must be ready after a disruption if nobody scales the owner: those that were, or fewer if the owner wanted
/// fewer.
pub(super) fn target_before(victim: &DisruptedVictim) -> usize {
    let ready = victim.baseline.ready;
    victim
        .baseline
        .desired
        .map_or(ready, |desired| ready.min(desired))
}

impl OwnerSize {
    /// The size of an owner whose pods were not seen yet.
    pub(super) fn unseen(victim: &DisruptedVictim) -> Self {
        Self {
            ready: 0,
            target: target_before(victim),
            is_whole: false,
        }
    }
}

impl<'a> OwnerView<'a> {
    /// The size of the owner whose pods have been settled at the number `settled`, if they have.
    pub(super) fn size(self, settled: Option<usize>) -> OwnerSize {
        let wanted = self.wanted().or(settled);
        let before = target_before(self.victim);
        let target = wanted.map_or(before, |wanted| before.min(wanted));
        let ready = self.ready().count();

        let siblings = || self.live().filter(|pod| !self.may_replace(*pod)).count();
        let needs_no_replacement = wanted.is_some_and(|wanted| siblings() >= wanted);
        let is_replaced = !self.awaits_replacement() || needs_no_replacement || self.is_replaced();
        OwnerSize {
            ready,
            target,
            is_whole: ready >= target && is_replaced,
        }
    }

    /// The number of the pods if they are at rest: all live ones are ready, and none is terminating. One at least: where the
    /// last pod is not replaced, nothing tells that none is wanted.
    pub(super) fn number_at_rest(self) -> Option<usize> {
        let is_victim_live = self.victim().is_some_and(SiblingPod::is_live);
        if self.rule == ReplacementRule::Job || self.wanted().is_some() || is_victim_live {
            return None;
        }

        let is_terminating =
            |(_, pod): (&str, &SiblingPod)| pod.state == ReplicaState::Terminating && self.concerns(pod);
        let live = self.live().count();
        let is_at_rest = live > 0 && self.ready().count() == live && !self.pods.pods().any(is_terminating);
        is_at_rest.then_some(live)
    }

    /// Since when the owner has been whole without a break, as far as the pods' conditions prove it: `target` pods, and a
    /// replacement if one is needed, have been ready since.
    pub(super) fn proven_whole_since(self, target: usize) -> Option<Duration> {
        let since = |pod: &SiblingPod| {
            (pod.state == ReplicaState::Ready)
                .then_some(pod.ready_changed)
                .flatten()
        };
        let mut all: Vec<_> = self.ready().filter_map(|(_, pod)| since(pod)).collect();
        all.sort_unstable();
        let mut proof = match target.checked_sub(1) {
            None => None,
            Some(last) => Some(*all.get(last)?),
        };

        if self.awaits_replacement() {
            let replacements = self.ready().filter(|pod| self.may_replace(*pod));
            let first = replacements.filter_map(|(_, pod)| since(pod)).min()?;
            proof = proof.max(Some(first));
        }
        proof.map(|proof| self.clock.since_accepted(proof))
    }

    /// Since when so many live pods have been unready that the owner was not whole, by the earliest times that they tell.
    pub(super) fn unready_since(self) -> Option<Duration> {
        let live = self.live().count();
        let most = self.wanted().unwrap_or(live).max(live);
        let spare = most.saturating_sub(self.size(None).target);
        let unready = self.live().filter(|(_, pod)| pod.state == ReplicaState::NotReady);
        let mut since: Vec<_> = unready
            .filter_map(|(_, pod)| pod.ready_changed.or(pod.created))
            .collect();
        since.sort_unstable();
        since.get(spare).map(|since| self.clock.since_accepted(*since))
    }

    /// A revision that none of the live pods had before.
    pub(super) fn new_revision(self) -> Option<&'a str> {
        let known = &self.victim.baseline.revisions;
        if known.is_empty() {
            return None;
        }
        let revisions = self.live().filter_map(|(_, pod)| pod.revision.as_deref());
        revisions
            .into_iter()
            .find(|revision| !known.iter().any(|known| known == revision))
    }

    /// Whether the owner is deleted: its scale is gone, and so are its pods.
    pub(super) fn is_deleted(self) -> bool {
        let is_gone = self.rule.has_scale() && self.desired == DesiredReplicas::Gone;
        is_gone && self.live().next().is_none()
    }

    /// Whether all pods of a Job have succeeded and none replaces the victim. `has_victim_succeeded` tells whether the victim
    /// did, which may be gone.
    pub(super) fn is_completed(self, has_victim_succeeded: bool) -> bool {
        if self.rule != ReplacementRule::Job {
            return false;
        }

        let others = || self.others();
        let is_victim_over = self.victim().is_none_or(|victim| !victim.is_live());
        let have_succeeded = others().all(|(_, pod)| pod.phase == PodPhase::Succeeded);
        let is_any_known = has_victim_succeeded || others().next().is_some();
        let is_replaced = others().any(|pod| self.may_replace(pod));
        is_victim_over && have_succeeded && is_any_known && !is_replaced
    }

    /// The victim, if it is still there.
    pub(super) fn victim(self) -> Option<&'a SiblingPod> {
        self.pods.get(&self.victim.pod.uid)
    }

    /// Whether a replacement is ready.
    fn is_replaced(self) -> bool {
        self.ready().any(|pod| self.may_replace(pod))
    }

    /// Whether the owner is whole only with a replacement.
    pub(super) fn awaits_replacement(self) -> bool {
        self.victim.baseline.victim_ready || self.rule == ReplacementRule::Job
    }

    /// How many replicas the owner wants, if its scale tells.
    pub(super) fn wanted(self) -> Option<usize> {
        match self.desired {
            DesiredReplicas::Known(desired) if self.rule.has_scale() => Some(desired),
            _ => None,
        }
    }

    fn concerns(self, pod: &SiblingPod) -> bool {
        self.rule.concerns(pod, self.victim.baseline.node.as_deref())
    }

    /// Whether this pod may replace the victim: its UID is not known from before, and it is where a replacement is.
    pub(super) fn may_replace(self, (uid, pod): (&str, &SiblingPod)) -> bool {
        let counts = pod.is_live() || self.rule.is_ready(pod);
        if uid == self.victim.pod.uid || !counts || !self.concerns(pod) {
            return false;
        }
        if self.rule == ReplacementRule::SameName {
            return pod.name == self.victim.pod.name;
        }

        let baseline = &self.victim.baseline;
        let newest = baseline.newest.unwrap_or(self.clock.first_second());
        match pod.created.map(|created| created.cmp(&newest)) {
            Some(Ordering::Greater) => true,
            Some(Ordering::Equal) => !baseline.newest_uids.iter().any(|known| known == uid),
            Some(Ordering::Less) | None => false,
        }
    }

    fn others(self) -> impl Iterator<Item = (&'a str, &'a SiblingPod)> {
        let others = self
            .pods
            .pods()
            .filter(move |(uid, _)| *uid != self.victim.pod.uid);
        others.filter(move |(_, pod)| self.concerns(pod))
    }

    fn live(self) -> impl Iterator<Item = (&'a str, &'a SiblingPod)> {
        self.others().filter(|(_, pod)| pod.is_live())
    }

    fn ready(self) -> impl Iterator<Item = (&'a str, &'a SiblingPod)> {
        self.others().filter(move |(_, pod)| self.rule.is_ready(pod))
    }
}
