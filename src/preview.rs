//! Reads the pods and budgets in scope to predict a round, without disrupting anything.

mod dry_run;
pub mod lookup;

use std::collections::BTreeMap;

use macaque_core::config::{ChaosConfig, JournalLocation};
use macaque_core::eligibility::{Candidate, EligibilityConfig};
use macaque_core::outcome::DisruptionMethod;
use macaque_core::pod::{Pod, PodOwner, ReplicaCount};
use macaque_core::preview::{BudgetIndex, PreviewedPod, RoundPreview};
use macaque_core::report::{ExemptionTallies, RoundEnd};
use macaque_core::selection::{CandidateIndex, SAMPLING_THRESHOLD};

use crate::k8s::{ApiError, Cluster};
use crate::platform::Platform;
use crate::read_retry::with_retries;
use crate::round::RoundConfig;
use crate::round::scan::{PodScan, PodScanner, PodSink, namespaces_in};
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

/// The replicas of each owner, by namespace and owner.
pub type ReplicasByOwner = BTreeMap<(String, PodOwner), ReplicaCount>;

/// The pods and budgets in scope at one moment.
#[derive(Debug, Clone)]
pub struct ClusterSnapshot {
    /// How many pods were listed.
    pub listed: usize,
    /// The pods that are exempt, by rule.
    pub exempted: ExemptionTallies,
    /// The owners of all pods listed.
    pub owners: ReplicasByOwner,
    /// The preview of the next round; its candidates are sorted by namespace, owner and name.
    pub preview: RoundPreview,
    /// Problems that did not end the preview.
    pub problems: Vec<String>,
    /// The warnings about macaque's own keys on the pods.
    pub warnings: Vec<String>,
}

/// Collects what a snapshot keeps of the pods.
#[derive(Default)]
struct SnapshotSink {
    index: CandidateIndex,
    pods: Vec<PreviewedPod>,
    owners: ReplicasByOwner,
}

impl PodSink for SnapshotSink {
    fn push(&mut self, pod: Pod, candidate: Option<Candidate>, eligibility: &EligibilityConfig) {
        self.index.push(&pod, candidate.as_ref(), eligibility);
        if let Some(owner) = pod.owner.clone() {
            let key = (pod.id.namespace.clone(), owner);
            self.owners.entry(key).or_default().add(&pod);
        }
        self.pods.extend(candidate.map(|candidate| PreviewedPod {
            candidate,
            pod,
            server_answer: None,
        }));
    }

    fn append(&mut self, more: Self) {
        self.index.append(more.index);
        self.pods.extend(more.pods);
        for (owner, more) in more.owners {
            self.owners.entry(owner).or_default().append(more);
        }
    }
}

impl PreviewReader<'_> {
    /// The pause that holds now, in words. A dry run keeps no journal, and a journal that cannot be read here shows
    /// nothing: who previews need not be allowed to read it.
    pub async fn pause(&self, config: &ChaosConfig) -> Option<String> {
        let JournalLocation::ConfigMap(place) = &config.journal else {
            return None;
        };
        if config.dry_run {
            return None;
        }

        let journal = self.cluster.journal(place).await.ok().flatten()?;
        let pause = journal
            .pause()
            .filter(|pause| !pause.is_over(self.platform.now()));
        pause.map(|pause| pause.to_string())
    }

    /// Reads all pods and budgets in scope.
    ///
    /// # Errors
    /// The pods could not be listed. A namespace that may not be read is only noted as a problem.
    pub async fn snapshot(&self, config: &RoundConfig) -> Result<ClusterSnapshot, RoundEnd> {
        let eligibility = &config.eligibility;
        let scanner = PodScanner {
            cluster: self.cluster,
            eligibility,
            stop: self.stop,
            platform: self.platform,
        };
        let mut scan = PodScan::<SnapshotSink>::default();
        scanner.scan(&mut scan).await?;

        let SnapshotSink {
            index,
            mut pods,
            owners,
        } = scan.sink;
        pods.sort_by_cached_key(|pod| {
            let Candidate { pod, owner } = &pod.candidate;
            (pod.namespace.clone(), owner.clone(), pod.name.clone())
        });
        // A pod may appear on two pages, with the same UID.
        pods.dedup_by(|a, b| a.candidate.pod.uid == b.candidate.pod.uid);

        let mut problems = scan.problems;
        let budgets = match eligibility.method {
            DisruptionMethod::Evict => {
                let namespaces = namespaces_in(&eligibility.target.namespaces);
                self.budgets(namespaces, &mut problems).await?
            }
            // A deletion does not consult budgets.
            DisruptionMethod::Delete => BudgetIndex::default(),
        };

        Ok(ClusterSnapshot {
            listed: scan.listed,
            exempted: scan.exempted,
            owners,
            preview: RoundPreview {
                pods,
                budgets,
                disrupt: config.disrupt.clone(),
                sampled_from: (scan.listed > SAMPLING_THRESHOLD).then_some(index),
            },
            problems,
            warnings: scan.key_warnings.texts(),
        })
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
