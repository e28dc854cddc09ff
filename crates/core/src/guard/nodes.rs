//! The guard `nodes`: a cluster that loses nodes is left alone.

use jiff::{SignedDuration, Timestamp};

use super::{GuardAnswer, GuardConfig, GuardFinding, NodesGuard};

/// How long a node may go without renewing its lease: after that time the node controller makes it unready, by its
/// default `--node-monitor-grace-period`.
const LEASE_GRACE: SignedDuration = SignedDuration::from_secs(50);

/// The state of one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeState {
    /// The name of the node.
    pub name: String,
    /// Whether the node is ready.
    pub ready: bool,
    /// Whether the node takes no new pods (`spec.unschedulable`), as far as that is known. A cordoned node may be ready.
    pub cordoned: bool,
}

impl NodeState {
    /// The state of a node whose lease was last `renewed` at this time, as seen at `now`.
    pub fn of_lease(name: String, renewed: Option<Timestamp>, now: Timestamp) -> Self {
        Self {
            name,
            ready: renewed.is_some_and(|renewed| now.duration_since(renewed) <= LEASE_GRACE),
            cordoned: false,
        }
    }
}

/// Judges the `nodes` of a cluster; `None` if the guard is off.
pub fn judge_nodes(nodes: &[NodeState], config: &GuardConfig) -> Option<GuardFinding> {
    let nothing = match config.nodes {
        NodesGuard::Off => return None,
        NodesGuard::Leases => "no leases in kube-node-lease",
        NodesGuard::Nodes => "the cluster shows no nodes",
    };

    let most = config.nodes_unready;
    let unready: Vec<&NodeState> = nodes.iter().filter(|node| !node.ready).collect();
    let passes = unready.len() * 100 <= most * nodes.len();
    let answer = match passes {
        _ if nodes.is_empty() => GuardAnswer::CannotAnswer,
        true => GuardAnswer::Go,
        false => GuardAnswer::HoldsBack,
    };
    let seen = if nodes.is_empty() {
        nothing.to_owned()
    } else {
        seen(nodes, &unready, passes, most)
    };

    let setting = format!("guards.nodes_unready = \"{most}%\"");
    Some(GuardFinding::new("nodes", answer, setting, seen))
}

/// The numbers behind the answer: `1 of 12 nodes unready (8%), at most 10%`.
fn seen(nodes: &[NodeState], unready: &[&NodeState], passes: bool, most: usize) -> String {
    let all = nodes.len();
    let noun = if all == 1 { "node" } else { "nodes" };
    let percent = unready.len() * 100 / all;
    let share = if !passes && percent == most {
        format!("over {percent}%")
    } else {
        format!("{percent}%")
    };
    let mut seen = format!(
        "{} of {all} {noun} unready ({share}), at most {most}%",
        unready.len()
    );

    if let (Some(first), false) = (unready.first(), passes) {
        seen.push_str(&format!("; {}", first.name));
        if unready.len() > 1 {
            seen.push_str(&format!(" and {} more", unready.len() - 1));
        }
    }
    let cordoned = nodes.iter().filter(|node| node.cordoned).count();
    if cordoned > 0 {
        seen.push_str(&format!("; {cordoned} cordoned"));
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(nodes: NodesGuard, nodes_unready: usize) -> GuardConfig {
        GuardConfig {
            nodes,
            nodes_unready,
            ..GuardConfig::off()
        }
    }

    /// So many nodes, the first of them unready, and the last of them cordoned.
    fn nodes(all: usize, unready: usize, cordoned: usize) -> Vec<NodeState> {
        let node = |nth: usize| NodeState {
            name: format!("node-{nth}"),
            ready: nth >= unready,
            cordoned: nth >= all - cordoned,
        };
        (0..all).map(node).collect()
    }

    #[test]
    fn more_unready_nodes_than_the_share_hold_back_with_the_numbers() {
        let rows = [
            (
                (12, 1, 0),
                10,
                GuardAnswer::Go,
                "1 of 12 nodes unready (8%), at most 10%",
            ),
            (
                (10, 1, 0),
                10,
                GuardAnswer::Go,
                "1 of 10 nodes unready (10%), at most 10%",
            ),
            (
                (1, 0, 0),
                0,
                GuardAnswer::Go,
                "0 of 1 node unready (0%), at most 0%",
            ),
            (
                (3, 0, 2),
                0,
                GuardAnswer::Go,
                "0 of 3 nodes unready (0%), at most 0%; 2 cordoned",
            ),
            (
                (4, 4, 0),
                100,
                GuardAnswer::Go,
                "4 of 4 nodes unready (100%), at most 100%",
            ),
            (
                (9, 1, 0),
                10,
                GuardAnswer::HoldsBack,
                "1 of 9 nodes unready (11%), at most 10%; node-0",
            ),
            (
                (48, 5, 1),
                10,
                GuardAnswer::HoldsBack,
                "5 of 48 nodes unready (over 10%), at most 10%; node-0 and 4 more; 1 cordoned",
            ),
            (
                (1, 1, 0),
                99,
                GuardAnswer::HoldsBack,
                "1 of 1 node unready (100%), at most 99%; node-0",
            ),
        ];
        for ((all, unready, cordoned), most, answer, seen) in rows {
            let finding = judge_nodes(&nodes(all, unready, cordoned), &config(NodesGuard::Nodes, most));
            let finding = finding.unwrap();
            assert_eq!((finding.answer, &*finding.seen), (answer, seen));
            assert_eq!(finding.setting, format!("guards.nodes_unready = \"{most}%\""));
        }
    }

    #[test]
    fn no_nodes_at_all_tell_nothing_and_a_guard_that_is_off_has_no_finding() {
        for (guard, seen) in [
            (NodesGuard::Leases, "no leases in kube-node-lease"),
            (NodesGuard::Nodes, "the cluster shows no nodes"),
        ] {
            let finding = judge_nodes(&[], &config(guard, 100)).unwrap();
            assert_eq!(
                (finding.answer, &*finding.seen),
                (GuardAnswer::CannotAnswer, seen)
            );
        }
        assert_eq!(judge_nodes(&nodes(3, 3, 0), &config(NodesGuard::Off, 0)), None);
    }

    #[test]
    fn a_lease_is_good_for_fifty_seconds() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        let rows = [
            (Some(0), true),
            (Some(50), true),
            (Some(51), false),
            // A node whose clock is ahead.
            (Some(-600), true),
            (None, false),
        ];
        for (age, ready) in rows {
            let renewed = age.map(|age| now - SignedDuration::from_secs(age));
            let state = NodeState::of_lease("node-0".to_owned(), renewed, now);
            assert_eq!(state.ready, ready, "{age:?}");
        }
    }
}
