//! What is expected of a scenario: the requests, the report, and the state of the cluster afterwards.

use std::time::Duration;

use macaque_core::report::RoundStatus;

use crate::scenario::Scenario;
use crate::server::FOR_EVER;

/// What must come of a scenario.
pub(crate) struct ExpectedResult {
    pub(crate) verdict: RoundStatus,
    /// Every request that is no read, and the code of its answer; 0 is none.
    pub(crate) sends: Vec<(String, u16)>,
    /// `POD: OUTCOME`, in the order of the attempts.
    pub(crate) reports: Vec<&'static str>,
    /// What is reported instead on versions of Kubernetes up to this one.
    pub(crate) older_reports: Option<(&'static str, Vec<&'static str>)>,
    pub(crate) exempt: Vec<(&'static str, usize)>,
    /// A part of each problem.
    pub(crate) problems: Vec<&'static str>,
    /// A part of each warning of an attempt or a round.
    pub(crate) warnings: Vec<&'static str>,
    /// A part of why the round failed.
    pub(crate) failure: Option<&'static str>,
    /// A part of what is said of each recovery, in the order of the disruptions.
    pub(crate) recoveries: Vec<&'static str>,
    /// A part of each Event, sorted.
    pub(crate) events: Vec<&'static str>,
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

impl ExpectedResult {
    /// An idle round that only reads.
    pub(crate) fn idle() -> Self {
        Self {
            verdict: RoundStatus::Idle,
            sends: Vec::new(),
            reports: Vec::new(),
            older_reports: None,
            exempt: Vec::new(),
            problems: Vec::new(),
            warnings: Vec::new(),
            failure: None,
            recoveries: Vec::new(),
            events: Vec::new(),
            after: Vec::new(),
            pause: Duration::ZERO,
        }
    }

    /// What is reported on this version of Kubernetes.
    pub(crate) fn reports_on(&self, version: &str) -> &[&'static str] {
        match &self.older_reports {
            Some((last, reports)) if is_up_to(version, last) => reports,
            _ => &self.reports,
        }
    }
}

/// Whether `version` is `last` or older: all of them are of one major version.
fn is_up_to(version: &str, last: &str) -> bool {
    let minor = |version: &str| {
        version
            .split('.')
            .nth(1)
            .and_then(|minor| minor.parse::<u32>().ok())
    };
    minor(version) <= minor(last)
}

impl Scenario {
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

    /// What is reported instead on versions of Kubernetes up to this one, whose servers say it in other words.
    pub(crate) fn reports_up_to(mut self, version: &'static str, attempts: &[&'static str]) -> Self {
        self.expected.older_reports = Some((version, attempts.to_vec()));
        self
    }

    pub(crate) fn exempt(mut self, exempt: &[(&'static str, usize)]) -> Self {
        self.expected.exempt.extend(exempt);
        self
    }

    /// Just these are exempt, whatever was said before.
    pub(crate) fn exempt_only(mut self, exempt: &[(&'static str, usize)]) -> Self {
        self.expected.exempt = exempt.to_vec();
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

    /// Terminating pods are gone at once, and recoveries are followed to these ends.
    pub(crate) fn recovers(mut self, ends: &[&'static str]) -> Self {
        self.linger = Duration::ZERO;
        self.plan.follows = true;
        self.expected.recoveries.extend(ends);
        self
    }

    /// A guard of the round ends it, and its report says why.
    pub(crate) fn holds(mut self, part: &'static str) -> Self {
        self.expected.failure = Some(part);
        self.ends(RoundStatus::Held)
    }

    /// Terminating pods stay after all.
    pub(crate) fn lingers(mut self) -> Self {
        self.linger = FOR_EVER;
        self
    }

    /// The journal withholds the round, and its report says why.
    pub(crate) fn withheld(mut self, part: &'static str) -> Self {
        self.expected.failure = Some(part);
        self.ends(RoundStatus::Refused)
    }

    /// Writes Events, of which the server shows these.
    pub(crate) fn events(mut self, events: &[&'static str]) -> Self {
        self.plan.events.enabled = true;
        self.expected.events.extend(events);
        self
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
