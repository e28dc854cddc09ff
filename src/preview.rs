//! Looks at the pods and budgets in scope as a round would, to foretell it. It only reads.

mod dry_run;
pub mod lookup;

use std::collections::BTreeMap;

use crate::k8s::{ApiError, Cluster};
use macaque_core::eligibility::{Candidate, EligibilityRules};
use macaque_core::outcome::DisruptionMethod;
use macaque_core::pod::{Pod, PodOwner};
use macaque_core::preview::{BudgetIndex, PreviewedPod, RoundPreview};
use macaque_core::report::{ExemptionTallies, RoundEnd};
use macaque_core::selection::CROWD;
use macaque_core::selection::CandidateIndex;

use crate::round::retry::{ReadError, patiently};
use crate::round::scan::{PodScan, PodScanner, PodSink, scope};
use crate::round::{RoundConfig, StopToken};

/// What to do about budgets that may not be listed.
const MISSING_GRANT: &str =
    "; grant it {apiGroups: [\"policy\"], resources: [\"poddisruptionbudgets\"], verbs: [\"list\"]}";

/// The pods of one owner, among those listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OwnerReadiness {
    /// How many.
    pub pods: usize,
    /// How many of them are ready.
    pub ready: usize,
}

/// The pods of each owner, by namespace and owner.
pub type ReadinessByOwner = BTreeMap<(String, PodOwner), OwnerReadiness>;

/// What a look at the cluster found.
#[derive(Debug, Clone)]
pub struct ClusterSnapshot {
    /// How many pods were listed.
    pub listed: usize,
    /// Those that are no candidates, by reason.
    pub exempted: ExemptionTallies,
    /// The owners of all pods listed.
    pub owners: ReadinessByOwner,
    /// The round to come, by namespace, owner and name of the candidates.
    pub preview: RoundPreview,
    /// What went wrong beside.
    pub problems: Vec<String>,
}

#[derive(Default)]
struct SnapshotSink {
    register: CandidateIndex,
    subjects: Vec<PreviewedPod>,
    owners: ReadinessByOwner,
}

impl PodSink for SnapshotSink {
    fn enter(&mut self, pod: Pod, candidate: Option<Candidate>, rules: &EligibilityRules) {
        self.register.enter(&pod, candidate.as_ref(), rules);
        if let Some(owner) = pod.owner.clone() {
            let owner = self.owners.entry((pod.id.namespace.clone(), owner)).or_default();
            owner.pods += 1;
            owner.ready += usize::from(pod.ready);
        }
        self.subjects.extend(candidate.map(|candidate| PreviewedPod {
            candidate,
            pod,
            heard: None,
        }));
    }

    fn append(&mut self, more: Self) {
        self.register.append(more.register);
        self.subjects.extend(more.subjects);
        for (owner, more) in more.owners {
            let known = self.owners.entry(owner).or_default();
            known.pods += more.pods;
            known.ready += more.ready;
        }
    }
}

/// Looks at everything in scope.
///
/// # Errors
/// The pods could not be listed; a namespace that may not be read is only a problem.
pub async fn look(
    cluster: &Cluster,
    orders: &RoundConfig,
    stop: &StopToken,
) -> Result<ClusterSnapshot, RoundEnd> {
    let rules = &orders.rules;
    let field = PodScanner { cluster, rules, stop };
    let mut survey = PodScan::<SnapshotSink>::default();
    field.survey(&mut survey).await?;
    let SnapshotSink {
        register,
        mut subjects,
        owners,
    } = survey.ledger;
    let place = |subject: &PreviewedPod| {
        let Candidate { pod, owner } = &subject.candidate;
        (pod.namespace.clone(), owner.clone(), pod.name.clone())
    };
    subjects.sort_by_cached_key(place);
    // A page boundary may repeat a pod; by UID it is the same one.
    subjects.dedup_by(|a, b| a.candidate.pod.uid == b.candidate.pod.uid);
    let mut problems = survey.problems;
    let budgets = match rules.method {
        DisruptionMethod::Evict => {
            budgets(cluster, scope(&rules.target.namespaces), stop, &mut problems).await?
        }
        // Nobody asks them.
        DisruptionMethod::Delete => BudgetIndex::default(),
    };
    Ok(ClusterSnapshot {
        listed: survey.listed,
        exempted: survey.exempted,
        owners,
        preview: RoundPreview {
            subjects,
            budgets,
            limits: orders.disrupt.clone(),
            crowd: (survey.listed > CROWD).then_some(register),
        },
        problems,
    })
}

/// Reads the budgets of `namespaces`; those that cannot be read are problems.
///
/// # Errors
/// A request to stop.
pub async fn budgets(
    cluster: &Cluster,
    namespaces: Vec<Option<&str>>,
    stop: &StopToken,
    problems: &mut Vec<String>,
) -> Result<BudgetIndex, RoundEnd> {
    let mut budgets = BudgetIndex::default();
    for namespace in namespaces {
        match patiently(stop, async || cluster.budgets(namespace).await).await {
            Ok(read) => budgets.add(read),
            Err(ReadError::Stopped) => return Err(RoundEnd::Interrupted),
            Err(ReadError::Failed(error)) => {
                let remedy = match error {
                    ApiError::Forbidden { .. } => MISSING_GRANT,
                    _ => "",
                };
                problems.push(format!("budgets are unknown: {error}{remedy}"));
                budgets.miss(namespace, error.to_string());
            }
        }
    }
    Ok(budgets)
}
