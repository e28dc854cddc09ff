//! Collects the owners that have turns, beside what a scan keeps of the pods.

use std::collections::BTreeMap;

use macaque_core::eligibility::{EligibilityConfig, Exemption};
use macaque_core::pod::{OwnerRef, Pod};
use macaque_core::turn_owners::TurnOwners;

/// The owners that a scan found to have turns, and why pods of theirs cannot be disrupted, if so.
#[derive(Default)]
pub(crate) struct ScannedOwners {
    pub(crate) owners: TurnOwners,
    /// The first reason of each owner.
    pub(crate) reasons: BTreeMap<OwnerRef, String>,
}

impl ScannedOwners {
    /// Notes a pod: its owner has turns if the pod is a candidate, or exempt by a rule that passes.
    pub(crate) fn note(&mut self, pod: &Pod, exemption: Option<&Exemption>, eligibility: &EligibilityConfig) {
        self.owners.note(pod, exemption, eligibility);
        if let Some(exemption) = exemption.filter(|exemption| !exemption.is_lasting()) {
            let owner = OwnerRef::of(&pod.id, pod.owner.as_ref());
            self.reasons.entry(owner).or_insert_with(|| exemption.to_string());
        }
    }

    /// Adds the owners of other pods.
    pub(crate) fn append(&mut self, more: Self) {
        self.owners.append(more.owners);
        for (owner, why) in more.reasons {
            self.reasons.entry(owner).or_insert(why);
        }
    }
}
