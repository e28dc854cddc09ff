//! The guard `nodes`: at most a share of the nodes may be unready.

use super::{GuardAnswer, GuardConfig, GuardFinding};
use crate::words::first_of;

/// How many nodes the finding names.
const NAMED: usize = 3;

/// The nodes of a cluster, counted by whether they are ready.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeStates {
    ready: usize,
    unready: Vec<String>,
}

impl NodeStates {
    /// Counts the node of this name.
    pub fn add(&mut self, name: &str, is_ready: bool) {
        if is_ready {
            self.ready += 1;
        } else {
            self.unready.push(name.to_owned());
        }
    }

    /// Judges whether no more nodes are unready than the configuration allows.
    pub fn judge(&self, config: &GuardConfig) -> GuardFinding {
        let total = self.ready + self.unready.len();
        let allowed = config.nodes_unready;
        let answer = if total == 0 {
            GuardAnswer::CannotAnswer
        } else if self.unready.len() * 100 > allowed * total {
            GuardAnswer::HoldsBack
        } else {
            GuardAnswer::Go
        };

        let seen = match self.unready.len() {
            _ if total == 0 => "no node was listed".to_owned(),
            0 => format!("all {total} nodes ready"),
            unready => format!(
                "{unready} of {total} nodes not ready ({}), {allowed}% allowed",
                first_of(&self.unready, NAMED)
            ),
        };
        GuardFinding::new("nodes", answer, setting(config), seen)
    }
}

/// The finding of the guard `nodes` if the nodes cannot be read, for this reason.
pub fn unknown_nodes(config: &GuardConfig, why: String) -> GuardFinding {
    GuardFinding::new("nodes", GuardAnswer::CannotAnswer, setting(config), why)
}

fn setting(config: &GuardConfig) -> String {
    let GuardConfig {
        nodes, nodes_unready, ..
    } = config;
    format!(
        "guards.nodes = \"{}\", guards.nodes_unready = \"{nodes_unready}%\"",
        nodes.as_str()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::NodesGuard;

    fn judged(ready: usize, unready: usize, allowed: usize) -> (GuardAnswer, String) {
        let mut nodes = NodeStates::default();
        for n in 0..ready {
            nodes.add(&format!("ready-{n}"), true);
        }
        for n in 0..unready {
            nodes.add(&format!("node-{n}"), false);
        }
        let finding = nodes.judge(&GuardConfig {
            nodes: NodesGuard::Leases,
            nodes_unready: allowed,
            ..GuardConfig::default()
        });
        assert_eq!(
            finding.setting,
            format!("guards.nodes = \"leases\", guards.nodes_unready = \"{allowed}%\"")
        );
        (finding.answer, finding.seen)
    }

    #[test]
    fn more_unready_nodes_than_the_share_hold_back_and_exactly_the_share_does_not() {
        for (ready, unready, allowed, answer, seen) in [
            (10, 0, 0, GuardAnswer::Go, "all 10 nodes ready"),
            (
                9,
                1,
                10,
                GuardAnswer::Go,
                "1 of 10 nodes not ready (node-0), 10% allowed",
            ),
            (
                8,
                1,
                10,
                GuardAnswer::HoldsBack,
                "1 of 9 nodes not ready (node-0), 10% allowed",
            ),
            (
                9,
                1,
                0,
                GuardAnswer::HoldsBack,
                "1 of 10 nodes not ready (node-0), 0% allowed",
            ),
            (
                0,
                1,
                100,
                GuardAnswer::Go,
                "1 of 1 nodes not ready (node-0), 100% allowed",
            ),
            (
                0,
                5,
                50,
                GuardAnswer::HoldsBack,
                "5 of 5 nodes not ready (node-0, node-1, node-2 and 2 more), 50% allowed",
            ),
        ] {
            assert_eq!(judged(ready, unready, allowed), (answer, seen.to_owned()));
        }
    }

    #[test]
    fn a_cluster_without_a_node_is_no_answer() {
        let nothing = (GuardAnswer::CannotAnswer, "no node was listed".to_owned());
        assert_eq!(judged(0, 0, 100), nothing);
    }
}
