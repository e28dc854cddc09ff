//! Asks the guards that judge the pods of a victim's owner.

use macaque_core::guard::{DisruptedPods, GuardFinding, judge_siblings, unknown_siblings};
use macaque_core::pod::Pod;
use macaque_core::siblings::SiblingPods;

use super::RoundGuards;
use super::siblings::SiblingReader;

impl RoundGuards<'_> {
    /// Asks the guards that judge the pods of the victim's owner, and notes which of those are being disrupted. A pod
    /// without an owner has no siblings.
    pub(super) async fn ask_replicas(&mut self, victim: &Pod) -> Vec<GuardFinding> {
        let context = self.context;
        let wish = self.min_ready_wish(victim);
        if !context.config.needs_siblings() && wish.is_none() {
            return Vec::new();
        }

        let (siblings, disrupted) = match self.read_siblings(victim).await {
            Ok(Some(read)) => read,
            Ok(None) => return Vec::new(),
            Err(why) => return Vec::from_iter(unknown_siblings(context.config, wish.as_ref(), why)),
        };

        self.disrupted.append(disrupted);
        let now = context.cluster.server_time();
        match self.keep_siblings(victim, siblings) {
            Ok(siblings) => judge_siblings(&victim.id.uid, siblings, context.config, wish.as_ref(), now),
            Err(why) => Vec::from_iter(unknown_siblings(context.config, wish.as_ref(), why)),
        }
    }

    /// Reads all pods of the victim's owner, and those of them that are being disrupted; `None` if nothing owns it. What was
    /// kept before is forgotten.
    ///
    /// # Errors
    /// The reason why the pods are not known.
    pub(super) async fn read_siblings(
        &mut self,
        victim: &Pod,
    ) -> Result<Option<(SiblingPods, DisruptedPods)>, String> {
        let context = self.context;
        let reader = SiblingReader {
            cluster: context.cluster,
            stop: context.stop,
            platform: context.platform,
        };
        let reading = async {
            let read = reader.of_with_disrupted(victim).await;
            read.map_err(|error| error.to_string())
        };
        self.siblings = None;
        self.in_time(reading).await
    }

    /// Keeps the siblings of `victim` that were read, for the baseline of its recovery.
    ///
    /// # Errors
    /// The victim is not among them.
    pub(super) fn keep_siblings(
        &mut self,
        victim: &Pod,
        siblings: SiblingPods,
    ) -> Result<&SiblingPods, String> {
        if !siblings.contains(&victim.id.uid) {
            return Err("the victim is not among the pods of its owner that were listed".to_owned());
        }
        let (_, siblings) = self.siblings.insert((victim.id.uid.clone(), siblings));
        Ok(siblings)
    }
}
