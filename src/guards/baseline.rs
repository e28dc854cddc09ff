//! Reads what the pods of a victim's owner are just before the disruption, for the recovery to be compared with.

use std::collections::BTreeMap;
use std::time::Duration;

use macaque_core::annotations::team;
use macaque_core::guard::{MinReadyWish, min_ready_of};
use macaque_core::levels::{Level, levels_around};
use macaque_core::pod::Pod;
use macaque_core::recovery::{RecoveryBaseline, RecoveryConfig, expected};
use macaque_core::scope_metadata::ObjectKeys;

use super::RoundGuards;
use crate::k8s::WorkloadRef;

impl RoundGuards<'_> {
    /// The baseline of the recovery from a disruption of `victim`, for which every guard has just said go; `None` if nothing
    /// owns the victim.
    ///
    /// # Errors
    /// The reason why the pods of the owner are not known.
    pub async fn baseline(
        &mut self,
        victim: &Pod,
        config: &RecoveryConfig,
    ) -> Result<Option<RecoveryBaseline>, String> {
        let Some(owner) = WorkloadRef::of(victim) else {
            return Ok(None);
        };
        if !self.knows_siblings_of(victim)
            && let Some((siblings, _)) = self.read_siblings(victim).await?
        {
            self.keep_siblings(victim, siblings)?;
        }

        let expect = self.expected(victim, &owner, config);
        let siblings = self.siblings.as_ref();
        Ok(siblings.map(|(_, siblings)| RecoveryBaseline::of(victim, siblings, &owner.api_version, expect)))
    }

    /// Whether the guards have just read the siblings of `victim`.
    fn knows_siblings_of(&self, victim: &Pod) -> bool {
        let known = self.siblings.as_ref();
        known.is_some_and(|(uid, _)| *uid == victim.id.uid)
    }

    /// How long the recovery is expected to take by the annotations of the victim, its owner and its namespace, as far as the
    /// guards read them, or else by the configuration.
    fn expected(&mut self, victim: &Pod, owner: &WorkloadRef, config: &RecoveryConfig) -> Duration {
        if !self.context.eligibility.target.annotations {
            return config.expect;
        }
        let [of_owner, of_namespace] = self.annotations_around(victim, Some(owner));
        let (expect, warning) = expected(&victim.annotations, of_owner, of_namespace, config);
        if let Some(warning) = warning {
            self.warn(format!("{warning} (pod {})", victim.id));
        }
        expect
    }

    /// The team of `victim` by its own annotations, its owner's or its namespace's, as far as the guards read them.
    pub fn team(&self, victim: &Pod) -> Option<String> {
        let owner = WorkloadRef::of(victim);
        let around = self.annotations_around(victim, owner.as_ref());
        team(std::iter::once(&victim.annotations).chain(around.into_iter().flatten()))
    }

    /// The annotations of the owner and the namespace of `victim`, if the guards have read them.
    fn annotations_around(
        &self,
        victim: &Pod,
        owner: Option<&WorkloadRef>,
    ) -> [Option<&BTreeMap<String, String>>; 2] {
        self.keys_around(victim, owner)
            .map(|keys| keys.map(|keys| &keys.annotations))
    }

    /// The keys of the owner and the namespace of `victim`, if the guards have read them.
    pub(super) fn keys_around(&self, victim: &Pod, owner: Option<&WorkloadRef>) -> [Option<&ObjectKeys>; 2] {
        let read = self.owner_keys.as_ref();
        let of_owner = read.filter(|(read, _)| Some(read) == owner);
        let of_namespace = self.namespace_keys.get(&victim.id.namespace);
        [of_owner.map(|(_, keys)| keys), of_namespace]
    }

    /// The levels of `victim`, as far as the guards have read those around it.
    pub(super) fn levels<'v>(&'v self, victim: &'v Pod) -> impl Iterator<Item = Level<'v>> {
        let owner = WorkloadRef::of(victim);
        let [of_owner, of_namespace] = self.keys_around(victim, owner.as_ref());
        levels_around(victim, of_owner, of_namespace)
    }

    /// How many pods of its owner must stay ready by the annotations of `victim`, its owner and its namespace, where those
    /// count, and as far as the guards have read them.
    pub(crate) fn min_ready_wish(&self, victim: &Pod) -> Option<MinReadyWish> {
        let counts = self.context.eligibility.target.annotations;
        min_ready_of(self.levels(victim)).filter(|_| counts)
    }
}
