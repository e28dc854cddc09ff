//! Asks how many nodes are ready.

use macaque_core::guard::{GuardFinding, NodesGuard, judge_nodes};

use super::RoundGuards;

impl RoundGuards<'_> {
    /// Asks the guard `nodes`, unless its last answer is fresh; `None` if it is off.
    pub(super) async fn ask_nodes(&mut self) -> Option<GuardFinding> {
        let config = self.context.config;
        if config.nodes == NodesGuard::Off {
            return None;
        }
        if let Some(known) = self.nodes.as_ref().filter(|known| self.is_fresh(known.at)) {
            return Some(known.finding.clone());
        }

        let cluster = self.context.cluster;
        let by_leases = config.nodes == NodesGuard::Leases;
        let read = async || {
            if by_leases {
                cluster.node_leases().await
            } else {
                cluster.nodes().await
            }
        };
        let finding = match self.read(read).await {
            Ok(nodes) => judge_nodes(&nodes, config)?,
            // Without nodes there is no answer either.
            Err(why) => GuardFinding {
                seen: why,
                ..judge_nodes(&[], config)?
            },
        };

        self.nodes = Some(self.dated(&finding));
        Some(finding)
    }
}
