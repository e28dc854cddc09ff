//! Reads what the pods of a victim's owner are just before the disruption, for the recovery to be compared with.

use std::time::Duration;

use macaque_core::pod::Pod;
use macaque_core::recovery::{RecoveryBaseline, RecoveryConfig, expected};
use macaque_core::siblings::SiblingPods;

use super::RoundGuards;
use super::siblings::SiblingReader;
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
        if !self.knows_siblings_of(victim) {
            let siblings = self.read_siblings(victim).await?;
            self.siblings = siblings.map(|siblings| (victim.id.uid.clone(), siblings));
        }
        let expect = self.expected(victim, &owner, config);
        let Some((_, siblings)) = &self.siblings else {
            return Ok(None);
        };
        if !siblings.contains(&victim.id.uid) {
            return Err("the victim is not among the pods of its owner that were listed".to_owned());
        }

        let baseline = RecoveryBaseline::of(victim, siblings, &owner.api_version, expect);
        Ok(Some(baseline))
    }

    /// Whether the guards have just read the siblings of `victim`.
    fn knows_siblings_of(&self, victim: &Pod) -> bool {
        let known = self.siblings.as_ref();
        known.is_some_and(|(uid, _)| *uid == victim.id.uid)
    }

    async fn read_siblings(&mut self, victim: &Pod) -> Result<Option<SiblingPods>, String> {
        let context = self.context;
        let reader = SiblingReader {
            cluster: context.cluster,
            stop: context.stop,
            platform: context.platform,
        };
        let reading = async { reader.of(victim).await.map_err(|error| error.to_string()) };
        self.in_time(reading).await
    }

    /// How long the recovery is expected to take by the annotations of the victim, its owner and its namespace, as far as the
    /// guards read them, or else by the configuration.
    fn expected(&mut self, victim: &Pod, owner: &WorkloadRef, config: &RecoveryConfig) -> Duration {
        let of_owner = self.owner_keys.as_ref().filter(|(read, _)| read == owner);
        let of_owner = of_owner.map(|(_, keys)| &keys.annotations);
        let of_namespace = self.namespace_keys.get(&victim.id.namespace);
        let of_namespace = of_namespace.map(|keys| &keys.annotations);
        let (expect, warning) = expected(&victim.annotations, of_owner, of_namespace, config);
        if let Some(warning) = warning {
            self.warn(format!("{warning} (pod {})", victim.id));
        }
        expect
    }
}
