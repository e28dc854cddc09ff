//! Reads the pods and budgets in scope to predict a round, without disrupting anything.

mod dry_run;
mod guards;
mod journal;
pub mod lookup;
mod turns;

use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};
use std::rc::Rc;

use macaque_core::eligibility::{Candidate, EligibilityConfig, Exemption};
use macaque_core::guard::{DisruptedPods, RecoveredGuard};
use macaque_core::outcome::DisruptionMethod;
use macaque_core::pod::{Pod, PodOwner};
use macaque_core::preview::{BudgetIndex, PreviewedPod, PreviewedTurns, RoundPreview};
use macaque_core::report::{ExemptionTallies, RoundEnd, SkippedNamespace};
use macaque_core::rota::RotaOwner;
use macaque_core::selection::{CandidateIndex, SAMPLING_THRESHOLD};
use macaque_core::siblings::SiblingPods;
use macaque_core::turn_owners::TurnOwners;

pub use self::guards::GuardAnswers;
pub use self::journal::PreviewedJournal;
pub use self::turns::{ScopeTurns, TurnScan};

use crate::guards::siblings::OwnedPods;
use crate::k8s::{ApiError, Cluster, WorkloadRef};
use crate::platform::Platform;
use crate::read_retry::with_retries;
use crate::round::RoundConfig;
use crate::round::scan::{PodScan, PodScanner, PodSink};
use crate::round::scope::{RoundScope, ScopeReader};
use crate::stop::StopToken;

/// The advice if budgets may not be listed.
const MISSING_GRANT: &str =
    "; grant it {apiGroups: [\"policy\"], resources: [\"poddisruptionbudgets\"], verbs: [\"list\"]}";

/// Reads the cluster for a preview.
#[derive(Clone, Copy)]
pub struct PreviewReader<'a> {
    /// The cluster.
    pub cluster: &'a Cluster,
    /// The request to stop.
    pub stop: &'a StopToken,
    /// The source of time and randomness.
    pub platform: &'a Platform,
}

/// A namespace, and an owner in it.
pub type OwnerKey = (String, PodOwner);

/// The pods and budgets in scope at one moment.
#[derive(Debug, Clone)]
pub struct ClusterSnapshot {
    /// How many pods were listed.
    pub listed: usize,
    /// The pods that are exempt, by rule.
    pub exempted: ExemptionTallies,
    /// The pods of each owner of candidates: all of them once the guards were asked, those that match the selector
    /// before.
    pub owners: BTreeMap<OwnerKey, OwnedPods>,
    /// The owners that have turns, if owners have turns.
    pub turn_owners: BTreeSet<RotaOwner>,
    /// The pods listed that are being disrupted, until the guards are asked.
    pub disrupted: DisruptedPods,
    /// Whether the guards were asked.
    pub guards_asked: bool,
    /// The preview of the next round; its candidates are sorted by namespace, owner and name.
    pub preview: RoundPreview,
    /// Problems that did not end the preview.
    pub problems: Vec<String>,
    /// The warnings about macaque's own keys on the pods, the namespaces and the owners.
    pub warnings: Vec<String>,
    /// The namespaces in scope; empty for the whole cluster.
    pub namespaces: Vec<String>,
    /// The namespaces that are left out.
    pub skipped: Vec<SkippedNamespace>,
    /// What was not read, and what follows.
    pub notes: Vec<String>,
}

/// Collects what a snapshot keeps of the pods.
#[derive(Default)]
struct SnapshotSink {
    index: CandidateIndex,
    pods: Vec<PreviewedPod>,
    owners: BTreeMap<OwnerKey, OwnedPods>,
    turn_owners: TurnOwners,
}

impl PodSink for SnapshotSink {
    fn push(&mut self, pod: Pod, judged: Result<Candidate, Exemption>, eligibility: &EligibilityConfig) {
        self.index.push(&pod, judged.as_ref().ok(), eligibility);
        self.turn_owners.note(&pod, judged.as_ref().err(), eligibility);
        if let (Some(owner), Some(workload)) = (&pod.owner, WorkloadRef::of(&pod)) {
            let key = (pod.id.namespace.clone(), owner.clone());
            let pods = SiblingPods::default();
            let owned = self.owners.entry(key).or_insert(OwnedPods { workload, pods });
            owned.pods.add(&pod);
        }
        self.pods.extend(judged.ok().map(|candidate| PreviewedPod {
            candidate,
            pod,
            server_answer: None,
            guards: Rc::default(),
        }));
    }

    fn append(&mut self, more: Self) {
        self.index.append(more.index);
        self.pods.extend(more.pods);
        self.turn_owners.append(more.turn_owners);
        for (owner, more) in more.owners {
            match self.owners.entry(owner) {
                Entry::Occupied(mut known) => known.get_mut().pods.append(more.pods),
                Entry::Vacant(new) => {
                    new.insert(more);
                }
            }
        }
    }
}

impl PreviewReader<'_> {
    /// Reads all pods and budgets in scope.
    ///
    /// # Errors
    /// The pods could not be listed. A namespace that may not be read is only noted as a problem.
    pub async fn snapshot(&self, config: &RoundConfig) -> Result<ClusterSnapshot, RoundEnd> {
        let scope = self.scope(config).await?;
        let eligibility = &scope.eligibility;
        let mut scan = PodScan::<SnapshotSink>::default();
        self.scanner(&scope).scan(&mut scan).await?;

        let SnapshotSink {
            index,
            mut pods,
            mut owners,
            turn_owners,
        } = scan.sink;
        pods.sort_by_cached_key(|pod| {
            let Candidate { pod, owner, .. } = &pod.candidate;
            (pod.namespace.clone(), owner.clone(), pod.name.clone())
        });
        // A pod may appear on two pages, with the same UID.
        pods.dedup_by(|a, b| a.candidate.pod.uid == b.candidate.pod.uid);

        let candidates: BTreeSet<OwnerKey> = pods.iter().filter_map(guards::key).collect();
        owners.retain(|owner, _| candidates.contains(owner));

        let mut problems = scan.problems;
        let budgets = match eligibility.method {
            DisruptionMethod::Evict => {
                let namespaces = eligibility.target.listed_namespaces();
                self.budgets(namespaces, &mut problems).await?
            }
            // A deletion does not consult budgets.
            DisruptionMethod::Delete => BudgetIndex::default(),
        };

        Ok(ClusterSnapshot {
            listed: scan.listed,
            exempted: scan.exempted,
            owners,
            turn_owners: turn_owners.into_set(),
            disrupted: scan.disrupted,
            guards_asked: false,
            preview: RoundPreview {
                pods,
                budgets,
                disrupt: config.disrupt.clone(),
                turns: PreviewedTurns::Everybody,
                sampled_from: (scan.listed > SAMPLING_THRESHOLD).then_some(index),
                round_guards: Vec::new(),
                recovered: RecoveredGuard::Off,
            },
            problems,
            warnings: [
                scope.warnings,
                scan.key_warnings.texts(),
                scan.matches.texts(eligibility),
            ]
            .concat(),
            namespaces: eligibility.target.namespaces.names().to_vec(),
            skipped: [scope.skipped, scan.skipped].concat(),
            notes: Vec::new(),
        })
    }

    /// Reads the scope that a round of `config` would have.
    ///
    /// # Errors
    /// The scope could not be read.
    pub(crate) async fn scope(&self, config: &RoundConfig) -> Result<RoundScope, RoundEnd> {
        let reader = ScopeReader {
            cluster: self.cluster,
            stop: self.stop,
            platform: self.platform,
            dry_run: config.dry_run,
            method: config.disrupt.method,
        };
        Box::pin(reader.read(&config.eligibility, &config.disrupt.pace)).await
    }

    fn scanner<'a>(&'a self, scope: &'a RoundScope) -> PodScanner<'a> {
        PodScanner {
            cluster: self.cluster,
            eligibility: &scope.eligibility,
            stop: self.stop,
            platform: self.platform,
            by_labels: scope.by_labels,
        }
    }

    /// Reads the budgets in `namespaces`, and notes those that cannot be read as problems.
    ///
    /// # Errors
    /// macaque was asked to stop.
    pub async fn budgets(
        &self,
        namespaces: Vec<Option<&str>>,
        problems: &mut Vec<String>,
    ) -> Result<BudgetIndex, RoundEnd> {
        let mut budgets = BudgetIndex::default();
        for namespace in namespaces {
            let read = async || self.cluster.budgets(namespace).await;
            let error = match with_retries(self.platform, self.stop, read).await {
                Ok(read) => {
                    budgets.add(read);
                    continue;
                }
                Err(ApiError::Stopped) => return Err(RoundEnd::Interrupted),
                Err(error) => error,
            };

            let remedy = match error {
                ApiError::Forbidden { .. } => MISSING_GRANT,
                _ => "",
            };
            problems.push(format!("cannot read budgets: {error}{remedy}"));
            budgets.add_unreadable(namespace, error.to_string());
        }
        Ok(budgets)
    }
}
