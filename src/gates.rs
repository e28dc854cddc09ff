//! Gates: guards that ask a service outside Kubernetes whether a disruption may go on: Prometheus, Alertmanager, or any
//! service over HTTP.

mod config;

use std::time::Duration;

use jiff::Timestamp;
use macaque_core::eligibility::Candidate;
use macaque_core::guard::{GuardAnswer, GuardFinding};
use macaque_core::outcome::DisruptionMethod;

pub use self::config::{GateConfig, GateKind, GateScope, HttpExpectation, HttpMethod, QueryExpectation};

use crate::platform::Platform;

/// The gates of one process, in the order in which they are asked. They are bound to the Arbiter that created them.
#[derive(Debug, Default)]
pub struct Gates {
    gates: Vec<Gate>,
}

/// One gate.
#[derive(Debug)]
pub struct Gate {
    config: GateConfig,
}

/// What a gate is asked.
#[derive(Debug, Clone, Copy)]
pub struct GateQuestion<'a> {
    /// The slot of the round; `None` where no round runs, as in `plan` and `check`.
    pub slot: Option<Timestamp>,
    /// Whether the round is a dry run.
    pub dry_run: bool,
    /// How victims are disrupted.
    pub method: DisruptionMethod,
    /// The victims picked, for a gate that is asked about them; empty otherwise.
    pub victims: &'a [Candidate],
}

impl Gates {
    /// Creates the gates of `configs`. Call this on the Arbiter that will ask them.
    pub fn new(configs: &[GateConfig], _platform: &Platform) -> Self {
        let gates = configs.iter().map(|config| Gate {
            config: config.clone(),
        });
        Self {
            gates: gates.collect(),
        }
    }

    /// The gates that are asked once for a round, or for each victim.
    pub fn in_scope(&self, scope: GateScope) -> impl Iterator<Item = &Gate> {
        self.gates.iter().filter(move |gate| gate.config.scope() == scope)
    }
}

impl Gate {
    /// The configuration.
    pub fn config(&self) -> &GateConfig {
        &self.config
    }

    /// Asks the gate, for at most `limit` or the gate's own time-out, whichever is shorter. Every failure is a finding:
    /// a gate that does not answer clearly cannot answer.
    pub async fn ask(&self, _question: &GateQuestion<'_>, _limit: Duration) -> GuardFinding {
        let seen = "not asked".to_owned();
        GuardFinding::new(
            &self.config.name,
            GuardAnswer::CannotAnswer,
            self.config.setting(),
            seen,
        )
    }
}
