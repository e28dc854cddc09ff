//! Guards: the conditions around a victim that must hold just before it is disrupted.
//!
//! A guard says go, holds the disruption back, or cannot answer. The last two both stop the disruption, and every
//! report says which of them it was. Guards of one owner let the next owner be picked; guards of the round end it.

mod config;
mod drains;
mod freeze;
mod min_ready_wish;
mod nodes;
mod recovered;
mod replicas;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::config::{GuardConfig, MinReady, NodesGuard, RecoveredGuard, RolloutGuard};
pub use self::drains::{DisruptedPods, judge_drains};
pub use self::freeze::{
    judge_freeze, judge_opt_out, not_opted_in, unknown_freeze, unknown_selection, unseen_freeze,
    unselected_namespace,
};
pub(crate) use self::min_ready_wish::unreadable_min_ready;
pub use self::min_ready_wish::{MinReadyWish, min_ready_of};
pub use self::nodes::{NodeState, judge_nodes};
pub use self::recovered::judge_recovered;
pub use self::replicas::{judge_siblings, unknown_siblings, unreachable_min_ready};

/// The answer of a guard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum GuardAnswer {
    /// The condition holds: the disruption may go on.
    Go,
    /// The condition does not hold.
    HoldsBack,
    /// Nothing shows whether the condition holds.
    CannotAnswer,
}

/// The finding of one guard: its answer, and what it saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GuardFinding {
    /// The name of the guard: `whole`, or the configured name of a gate.
    pub guard: String,
    /// The answer.
    pub answer: GuardAnswer,
    /// The setting that decides, with its value: `guards.min_ready = 1`.
    pub setting: String,
    /// What the guard saw, in words and numbers: `2 of 3 pods ready`. The reason, unless the answer is to go.
    pub seen: String,
    /// How long the guard took to answer, in milliseconds; `None` if it asked nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub millis: Option<u64>,
}

/// The guard that stopped a disruption.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct GuardHold {
    /// The name of the guard.
    pub guard: String,
    /// Whether the guard held the disruption back, or could not answer.
    pub answer: HoldAnswer,
    /// The reason in words and numbers.
    pub why: String,
}

/// The two answers that stop a disruption.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HoldAnswer {
    /// The guard's condition does not hold.
    HoldsBack,
    /// The guard could not find out whether its condition holds.
    CannotAnswer,
}

impl GuardFinding {
    /// The finding of a guard that asked nobody.
    pub fn new(guard: &str, answer: GuardAnswer, setting: String, seen: String) -> Self {
        Self {
            guard: guard.to_owned(),
            answer,
            setting,
            seen,
            millis: None,
        }
    }

    /// What stops the disruption, unless the answer is to go.
    pub fn hold(&self) -> Option<GuardHold> {
        let answer = match self.answer {
            GuardAnswer::Go => return None,
            GuardAnswer::HoldsBack => HoldAnswer::HoldsBack,
            GuardAnswer::CannotAnswer => HoldAnswer::CannotAnswer,
        };
        Some(GuardHold {
            guard: self.guard.clone(),
            answer,
            why: self.seen.clone(),
        })
    }
}

impl GuardHold {
    /// The guard and its answer without the reason, whose numbers change from round to round: `guard drains holds back`.
    pub fn cause(&self) -> String {
        format!("guard {} {}", self.guard, self.answer)
    }

    /// The guard and its answer without the reason, for counts: `held back by guard whole`.
    pub fn summary(&self) -> String {
        match self.answer {
            HoldAnswer::HoldsBack => format!("held back by guard {}", self.guard),
            HoldAnswer::CannotAnswer => format!("held because guard {} cannot answer", self.guard),
        }
    }
}

/// The hold of the first finding that does not say go, in the order of asking.
pub fn first_hold(findings: &[GuardFinding]) -> Option<GuardHold> {
    findings.iter().find_map(GuardFinding::hold)
}

impl fmt::Display for GuardAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Go => "ok",
            Self::HoldsBack => "holds back",
            Self::CannotAnswer => "cannot answer",
        })
    }
}

impl fmt::Display for HoldAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HoldsBack => "holds back",
            Self::CannotAnswer => "cannot answer",
        })
    }
}

/// Shows the hold as `guard whole holds back: 2 of 3 pods ready`.
impl fmt::Display for GuardHold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.cause(), self.why)
    }
}
