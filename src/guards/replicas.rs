//! Asks the guards that judge the pods of a victim's owner.

use macaque_core::guard::{GuardFinding, judge_siblings, unknown_siblings};
use macaque_core::pod::Pod;

use super::RoundGuards;
use super::siblings::SiblingReader;

impl RoundGuards<'_> {
    /// Asks the guards that judge the pods of the victim's owner, and notes which of those are being disrupted. A pod
    /// without an owner has no siblings.
    pub(super) async fn ask_replicas(&mut self, victim: &Pod) -> Vec<GuardFinding> {
        let context = self.context;
        if !context.config.needs_siblings() {
            return Vec::new();
        }

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
        let (siblings, disrupted) = match self.in_time(reading).await {
            Ok(Some(read)) => read,
            Ok(None) => return Vec::new(),
            Err(why) => return Vec::from_iter(unknown_siblings(context.config, why)),
        };

        self.disrupted.append(disrupted);
        if !siblings.contains(&victim.id.uid) {
            let why = "the victim is not among the pods of its owner that were listed".to_owned();
            return Vec::from_iter(unknown_siblings(context.config, why));
        }
        let findings = judge_siblings(&victim.id.uid, &siblings, context.config, context.platform.now());
        self.siblings = Some((victim.id.uid.clone(), siblings));
        findings
    }
}
