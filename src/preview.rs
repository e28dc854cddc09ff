//! Looks at the pods and budgets in scope as a round would, to foretell it. It only reads.

mod dry_run;
pub mod lookup;

use std::collections::BTreeMap;

use crate::k8s::{Cluster, ClusterError};
use macaque_core::eligibility::{Candidate, Rules};
use macaque_core::outcome::Method;
use macaque_core::pod::{Owner, Pod};
use macaque_core::preview::{Budgets, Preview, Subject};
use macaque_core::report::{End, Exempted};
use macaque_core::selection::CROWD;
use macaque_core::selection::Register;

use crate::round::retry::{Ended, patiently};
use crate::round::scan::{Field, Ledger, Survey, scope};
use crate::round::{Orders, Stop};

/// What to do about budgets that may not be listed.
const MISSING_GRANT: &str =
    "; grant it {apiGroups: [\"policy\"], resources: [\"poddisruptionbudgets\"], verbs: [\"list\"]}";

/// The pods of one owner, among those listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Readiness {
    /// How many.
    pub pods: usize,
    /// How many of them are ready.
    pub ready: usize,
}

/// The pods of each owner, by namespace and owner.
pub type Readinesses = BTreeMap<(String, Owner), Readiness>;

/// What a look at the cluster found.
#[derive(Debug, Clone)]
pub struct Sighting {
    /// How many pods were listed.
    pub listed: usize,
    /// Those that are no candidates, by reason.
    pub exempted: Exempted,
    /// The owners of all pods listed.
    pub owners: Readinesses,
    /// The round to come, by namespace, owner and name of the candidates.
    pub preview: Preview,
    /// What went wrong beside.
    pub problems: Vec<String>,
}

#[derive(Default)]
struct Notes {
    register: Register,
    subjects: Vec<Subject>,
    owners: Readinesses,
}

impl Ledger for Notes {
    fn enter(&mut self, pod: Pod, candidate: Option<Candidate>, rules: &Rules) {
        self.register.enter(&pod, candidate.as_ref(), rules);
        if let Some(owner) = pod.owner.clone() {
            let owner = self.owners.entry((pod.id.namespace.clone(), owner)).or_default();
            owner.pods += 1;
            owner.ready += usize::from(pod.ready);
        }
        self.subjects.extend(candidate.map(|candidate| Subject {
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
pub async fn look(cluster: &Cluster, orders: &Orders, stop: &Stop) -> Result<Sighting, End> {
    let rules = &orders.rules;
    let field = Field { cluster, rules, stop };
    let mut survey = Survey::<Notes>::default();
    field.survey(&mut survey).await?;
    let Notes {
        register,
        mut subjects,
        owners,
    } = survey.ledger;
    let place = |subject: &Subject| {
        let Candidate { pod, owner } = &subject.candidate;
        (pod.namespace.clone(), owner.clone(), pod.name.clone())
    };
    subjects.sort_by_cached_key(place);
    // A page boundary may repeat a pod; by UID it is the same one.
    subjects.dedup_by(|a, b| a.candidate.pod.uid == b.candidate.pod.uid);
    let mut problems = survey.problems;
    let budgets = match rules.method {
        Method::Evict => budgets(cluster, scope(&rules.target.namespaces), stop, &mut problems).await?,
        // Nobody asks them.
        Method::Delete => Budgets::default(),
    };
    Ok(Sighting {
        listed: survey.listed,
        exempted: survey.exempted,
        owners,
        preview: Preview {
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
    stop: &Stop,
    problems: &mut Vec<String>,
) -> Result<Budgets, End> {
    let mut budgets = Budgets::default();
    for namespace in namespaces {
        match patiently(stop, async || cluster.budgets(namespace).await).await {
            Ok(read) => budgets.add(read),
            Err(Ended::Stopped) => return Err(End::Interrupted),
            Err(Ended::Failed(error)) => {
                let remedy = match error {
                    ClusterError::Forbidden { .. } => MISSING_GRANT,
                    _ => "",
                };
                problems.push(format!("budgets are unknown: {error}{remedy}"));
                budgets.miss(namespace, error.to_string());
            }
        }
    }
    Ok(budgets)
}
