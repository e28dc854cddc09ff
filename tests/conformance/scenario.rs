//! One scenario: what is given, which faults are injected, and what is expected of macaque and of the server.

use std::sync::Arc;
use std::time::Duration;

use macaque::round::RoundConfig;
use macaque_core::config::{DisruptConfig, DisruptionLimits, NamespaceScope, TargetConfig, VictimCount};
use macaque_core::eligibility::{EligibilityConfig, OwnPod};
use macaque_core::guard::GuardConfig;
use macaque_core::outcome::DisruptionMethod;
use macaque_core::recovery::RecoveryConfig;
use macaque_testkit::fault_proxy::{Fault, RequestMatch};
use serde_json::Value;

use crate::admission::AdmissionSetup;
use crate::expected::ExpectedResult;
pub(crate) use crate::expected::FinalState;
use crate::round_proxy::ScenarioFault;
use crate::rounds::RoundPlan;
use crate::server::FOR_EVER;
use crate::test_namespace::NamespaceChange;

/// A row of the table.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// The numbers of the requirements that it proves.
    pub(crate) requirements: &'static [u8],
    /// Objects of the scenario's namespace, in the order of their creation.
    pub(crate) given: Vec<Value>,
    /// Changes once the given objects are ready, before the round.
    pub(crate) arrange: Vec<NamespaceChange>,
    pub(crate) admission: Option<AdmissionSetup>,
    /// The verbs that macaque's account lacks; with none, the administrator runs the round.
    pub(crate) lacking: Vec<(&'static str, &'static str)>,
    pub(crate) round_config: RoundConfig,
    /// The labels by which the namespace is found, instead of by its name.
    pub(crate) labels: Option<&'static str>,
    /// The pod that is to be picked first.
    pub(crate) first: Option<&'static str>,
    /// How long a terminating pod stays on the sandbox; on a real server its annotation says so.
    pub(crate) linger: Duration,
    pub(crate) plan: RoundPlan,
    pub(crate) faults: Vec<(RequestMatch, ScenarioFault)>,
    pub(crate) expected: ExpectedResult,
}

/// The request of an eviction, as the table writes it.
pub(crate) fn evict(pod: &str) -> String {
    format!("POST pods/{pod}/eviction?fieldValidation=Strict uid")
}

/// The request of a deletion, as the table writes it.
pub(crate) fn delete(pod: &str) -> String {
    format!("DELETE pods/{pod} uid")
}

/// A scenario that expects nothing yet: an idle round that only reads.
pub(crate) fn scenario(name: &'static str, requirements: &'static [u8]) -> Scenario {
    Scenario {
        name,
        requirements,
        given: Vec::new(),
        arrange: Vec::new(),
        admission: None,
        lacking: Vec::new(),
        round_config: round_config(),
        labels: None,
        first: None,
        linger: FOR_EVER,
        plan: RoundPlan::once(),
        faults: Vec::new(),
        expected: ExpectedResult::idle(),
    }
}

/// To evict one pod of any age, bare ones too: their names are known and nothing replaces them.
pub(crate) fn round_config() -> RoundConfig {
    RoundConfig {
        calendar: None,
        dry_run: false,
        eligibility: EligibilityConfig {
            target: TargetConfig {
                namespaces: NamespaceScope::All,
                include: vec!["bare"],
                ..TargetConfig::all_of("default")
            },
            method: DisruptionMethod::Evict,
            own_pod: None,
            metadata: Arc::default(),
        },
        disrupt: DisruptConfig::default(),
        recovery: RecoveryConfig::default(),
        guards: GuardConfig::off(),
        gates: Vec::new(),
    }
}

impl Scenario {
    pub(crate) fn given(mut self, objects: impl IntoIterator<Item = Value>) -> Self {
        self.given.extend(objects);
        self
    }

    pub(crate) fn arrange(mut self, change: NamespaceChange) -> Self {
        self.arrange.push(change);
        self
    }

    pub(crate) fn admission(mut self, admission: AdmissionSetup) -> Self {
        self.admission = Some(admission);
        self
    }

    pub(crate) fn lacking(mut self, verb: &'static str, resource: &'static str) -> Self {
        self.lacking.push((verb, resource));
        self
    }

    pub(crate) fn delete(mut self) -> Self {
        self.round_config.disrupt.method = DisruptionMethod::Delete;
        self.round_config.eligibility.method = DisruptionMethod::Delete;
        self
    }

    pub(crate) fn count(mut self, count: usize) -> Self {
        self.round_config.disrupt.count = VictimCount::Fixed(count);
        self
    }

    pub(crate) fn grace(mut self, seconds: u64) -> Self {
        self.round_config.disrupt.grace_period = Some(Duration::from_secs(seconds));
        self
    }

    pub(crate) fn dry_run(mut self) -> Self {
        self.round_config.dry_run = true;
        self
    }

    pub(crate) fn include(mut self, include: &[&'static str]) -> Self {
        self.round_config.eligibility.target.include = include.to_vec();
        self
    }

    /// macaque runs in this pod of the scenario's namespace.
    pub(crate) fn own_pod(mut self, pod: &str) -> Self {
        let namespace = String::new();
        let name = pod.to_owned();
        self.round_config.eligibility.own_pod = Some(OwnPod { namespace, name });
        self
    }

    pub(crate) fn first(mut self, pod: &'static str) -> Self {
        self.first = Some(pod);
        self
    }

    /// `fault` is injected into the first request whose first line contains `part`.
    pub(crate) fn once(self, part: &'static str, fault: Fault) -> Self {
        self.fault(RequestMatch::containing(part).once(), ScenarioFault::Proxy(fault))
    }

    /// `fault` is injected into every request whose first line contains `part`.
    pub(crate) fn always(self, part: &'static str, fault: Fault) -> Self {
        self.fault(part.into(), ScenarioFault::Proxy(fault))
    }

    /// The namespace changes just before the server gets the first request whose first line contains `part`.
    pub(crate) fn meanwhile(self, part: &'static str, change: NamespaceChange) -> Self {
        self.fault(
            RequestMatch::containing(part).once(),
            ScenarioFault::Meanwhile(change),
        )
    }

    fn fault(mut self, matching: RequestMatch, fault: ScenarioFault) -> Self {
        self.faults.push((matching, fault));
        self
    }

    /// Edits the configuration of the rounds.
    pub(crate) fn config(mut self, edit: impl FnOnce(&mut RoundConfig)) -> Self {
        edit(&mut self.round_config);
        self
    }

    /// Edits whose pods are in scope.
    pub(crate) fn target(self, edit: impl FnOnce(&mut TargetConfig)) -> Self {
        self.config(|config| edit(&mut config.eligibility.target))
    }

    /// Edits which guards are on; at first all are off.
    pub(crate) fn guards(self, edit: impl FnOnce(&mut GuardConfig)) -> Self {
        self.config(|config| edit(&mut config.guards))
    }

    /// Finds the namespace by these labels.
    pub(crate) fn labels(mut self, labels: &'static str) -> Self {
        self.labels = Some(labels);
        self
    }

    /// Runs so many rounds, one after the other.
    pub(crate) fn rounds(mut self, rounds: usize) -> Self {
        self.plan.rounds = rounds;
        self
    }

    /// Edits the limits on disruptions over time.
    pub(crate) fn limits(mut self, edit: impl FnOnce(&mut DisruptionLimits)) -> Self {
        edit(&mut self.plan.limits);
        self
    }

    /// Changes the namespace after a round.
    pub(crate) fn then(mut self, change: NamespaceChange) -> Self {
        self.plan.changes.push(change);
        self
    }

    /// Events are written of refusals too.
    pub(crate) fn refusals(mut self) -> Self {
        self.plan.events.refusals = true;
        self
    }

    /// Keeps the journal in this ConfigMap of the namespace, unless it is null.
    pub(crate) fn journal(mut self, object: Value) -> Self {
        self.plan.is_stored = true;
        self.given.extend((!object.is_null()).then_some(object));
        self
    }
}
