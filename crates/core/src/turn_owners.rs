//! The owners that have turns: those with a pod that is eligible, or exempt for a reason that passes by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::eligibility::{EligibilityConfig, Exemption};
use crate::every::every_of;
use crate::pod::{OwnerRef, Pod};
use crate::rota::RotaOwner;

/// The owners that have turns, as a scan finds them page by page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TurnOwners {
    every: BTreeMap<OwnerRef, Option<Duration>>,
}

impl TurnOwners {
    /// Adds the owner of `pod`, which is a candidate or has this `exemption`, unless that is a lasting one.
    pub fn note(&mut self, pod: &Pod, exemption: Option<&Exemption>, eligibility: &EligibilityConfig) {
        if exemption.is_some_and(Exemption::is_lasting) {
            return;
        }
        let owner = OwnerRef::of(&pod.id, pod.owner.as_ref());
        let wished = eligibility
            .target
            .annotations
            .then(|| every_of(pod, &eligibility.metadata));
        self.add(owner, wished.flatten());
    }

    /// Adds the owners of another page or namespace.
    pub fn append(&mut self, more: Self) {
        for (owner, every) in more.every {
            self.add(owner, every);
        }
    }

    /// Every owner, with the period that its annotations name.
    pub fn into_set(self) -> BTreeSet<RotaOwner> {
        let owners = self.every.into_iter();
        owners.map(|(owner, every)| RotaOwner { owner, every }).collect()
    }

    /// Pods of one owner disagree during a rollout: then the shortest period counts, whatever the order of the pods.
    fn add(&mut self, owner: OwnerRef, every: Option<Duration>) {
        let known = self.every.entry(owner).or_default();
        *known = match (*known, every) {
            (Some(known), Some(every)) => Some(known.min(every)),
            (known, every) => known.or(every),
        };
    }
}
