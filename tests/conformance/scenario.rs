//! One scenario: what is given, which faults are injected, and what is expected of macaque and of the server.

use std::sync::Arc;
use std::time::Duration;

use macaque::round::RoundConfig;
use macaque_core::config::{DisruptConfig, NamespaceScope, TargetConfig, VictimCount};
use macaque_core::eligibility::{EligibilityConfig, OwnPod};
use macaque_core::guard::GuardConfig;
use macaque_core::outcome::DisruptionMethod;
use macaque_core::recovery::RecoveryConfig;
use macaque_core::report::RoundStatus;
use macaque_testkit::fault_proxy::{Fault, RequestMatch};
use serde_json::Value;

use crate::admission::AdmissionSetup;
use crate::round_proxy::ScenarioFault;
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
    /// The pod that is to be picked first.
    pub(crate) first: Option<&'static str>,
    pub(crate) faults: Vec<(RequestMatch, ScenarioFault)>,
    pub(crate) expected: ExpectedResult,
}

/// What must come of it.
pub(crate) struct ExpectedResult {
    pub(crate) verdict: RoundStatus,
    /// Every request that is no read, and the code of its answer; 0 is none.
    pub(crate) sends: Vec<(String, u16)>,
    /// `POD: OUTCOME`, in the order of the attempts.
    pub(crate) reports: Vec<&'static str>,
    pub(crate) exempt: Vec<(&'static str, usize)>,
    /// A part of each problem.
    pub(crate) problems: Vec<&'static str>,
    /// A part of each warning of an attempt.
    pub(crate) warnings: Vec<&'static str>,
    /// A part of why the round failed.
    pub(crate) failure: Option<&'static str>,
    pub(crate) after: Vec<FinalState>,
    /// The round takes at least this long.
    pub(crate) pause: Duration,
}

/// Something about the cluster afterwards.
pub(crate) enum FinalState {
    /// This pod is not being deleted.
    Alive(&'static str),
    /// This pod is being deleted, or gone.
    Going(&'static str),
    /// This pod is being deleted with this grace period.
    Grace(&'static str, i64),
    /// This budget has so many disruptions left.
    Allowed(&'static str, i64),
    /// This pod's condition `DisruptionTarget` is or is not True.
    Targeted(&'static str, bool),
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
        first: None,
        faults: Vec::new(),
        expected: ExpectedResult {
            verdict: RoundStatus::Idle,
            sends: Vec::new(),
            reports: Vec::new(),
            exempt: Vec::new(),
            problems: Vec::new(),
            warnings: Vec::new(),
            failure: None,
            after: Vec::new(),
            pause: Duration::ZERO,
        },
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

    pub(crate) fn ends(mut self, verdict: RoundStatus) -> Self {
        self.expected.verdict = verdict;
        self
    }

    pub(crate) fn sends(mut self, request: String, code: u16) -> Self {
        self.expected.sends.push((request, code));
        self
    }

    pub(crate) fn reports(mut self, attempts: &[&'static str]) -> Self {
        self.expected.reports.extend(attempts);
        self
    }

    pub(crate) fn exempt(mut self, exempt: &[(&'static str, usize)]) -> Self {
        self.expected.exempt.extend(exempt);
        self
    }

    pub(crate) fn problem(mut self, part: &'static str) -> Self {
        self.expected.problems.push(part);
        self
    }

    pub(crate) fn warns(mut self, part: &'static str) -> Self {
        self.expected.warnings.push(part);
        self
    }

    /// The round fails, and its report says why.
    pub(crate) fn fails(mut self, part: &'static str) -> Self {
        self.expected.failure = Some(part);
        self.ends(RoundStatus::Failed)
    }

    pub(crate) fn after(mut self, after: impl IntoIterator<Item = FinalState>) -> Self {
        self.expected.after.extend(after);
        self
    }

    pub(crate) fn takes(mut self, pause: Duration) -> Self {
        self.expected.pause = pause;
        self
    }
}
