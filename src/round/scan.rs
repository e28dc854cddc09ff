//! Lists the pods in scope page by page and judges each. Only the counts stay in memory, and what the caller's sink
//! keeps.

mod metadata;
mod names;
mod owners;
mod sink;

use std::borrow::Cow;

use jiff::Timestamp;
use macaque_core::eligibility::{EligibilityConfig, TargetMatches, judge};
use macaque_core::guard::DisruptedPods;
use macaque_core::key_warnings::PodKeyWarnings;
use macaque_core::pod::{Pod, PodPhase};
use macaque_core::report::{ExemptionTallies, ExemptionTally, RoundEnd, SkippedNamespace};

pub(crate) use self::metadata::ScannedPhases;
pub(crate) use self::owners::ScannedOwners;
pub(super) use self::sink::EveryOwner;
pub(crate) use self::sink::{PodSink, WithOwners};
use super::scope::namespaces::refused;
use super::scope_size::ScopeSize;
use crate::k8s::{ApiError, Cluster, describe_list};
use crate::list_pager::ListPager;
use crate::platform::Platform;
use crate::read_retry::with_retries;
use crate::stop::StopToken;

/// The result of a scan.
#[derive(Default)]
pub(crate) struct PodScan<S> {
    pub(crate) listed: usize,
    pub(crate) exempted: ExemptionTallies,
    pub(crate) sink: S,
    /// The pods that are being disrupted, for the guard `drains`.
    pub(crate) disrupted: DisruptedPods,
    /// The warnings about macaque's own keys on the pods.
    pub(crate) key_warnings: PodKeyWarnings,
    /// The entries of the target's lists that match a pod.
    pub(crate) matches: TargetMatches,
    /// Problems that did not end the scan.
    pub(crate) problems: Vec<String>,
    /// The namespaces that are left out.
    pub(crate) skipped: Vec<SkippedNamespace>,
}

/// Whether a scan judged every pod.
pub(crate) enum ScanOutcome {
    /// Every pod was judged.
    Complete,
    /// There are too many pods to judge them all.
    TooLarge(ScopeSize),
}

/// Scans the pods in scope.
#[derive(Clone, Copy)]
pub(crate) struct PodScanner<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) eligibility: &'a EligibilityConfig,
    pub(crate) stop: &'a StopToken,
    pub(crate) platform: &'a Platform,
    /// Whether the namespaces were found by their labels, so that one is left out where macaque may not work.
    pub(crate) by_labels: bool,
}

/// The pods that a scan reads, and how much of each.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PodDetail {
    /// The whole pods, in every phase.
    Full,
    /// The metadata of the pods in the phases in which a pod may be eligible.
    Metadata,
    /// The metadata of the pods in this phase, in which none is eligible.
    ExemptPhase(PodPhase),
}

impl PodDetail {
    /// The phases of the pods of which the metadata are read; `None` if whole pods are.
    fn phases(self, eligibility: &EligibilityConfig) -> Option<Cow<'static, [PodPhase]>> {
        match self {
            Self::Full => None,
            Self::Metadata => Some(eligibility.phases().into()),
            Self::ExemptPhase(phase) => Some(vec![phase].into()),
        }
    }
}

/// A step of a scan: one namespace, or all of them at once.
#[derive(Clone, Copy)]
struct ScanStep<'a> {
    namespace: Option<&'a str>,
    detail: PodDetail,
    /// How many pods earlier steps saw.
    before: usize,
    /// Whether other namespaces follow.
    more: bool,
}

impl<S: PodSink> PodScan<S> {
    fn add(&mut self, pod: Pod, eligibility: &EligibilityConfig, now: Timestamp) {
        self.listed += 1;
        self.disrupted.add(&pod);
        self.key_warnings.note(&pod);
        self.matches.note(&pod, &eligibility.target);
        let judged = judge(&pod, eligibility, now);
        if let Err(exemption) = &judged {
            ExemptionTally::note(&mut self.exempted, pod.id.clone(), exemption);
        }
        self.sink.push(pod, judged, eligibility);
    }

    fn append(&mut self, more: Self) {
        self.listed += more.listed;
        ExemptionTally::merge(&mut self.exempted, more.exempted);
        self.sink.append(more.sink);
        self.disrupted.append(more.disrupted);
        self.key_warnings.append(more.key_warnings);
        self.matches.append(more.matches);
        self.problems.extend(more.problems);
        self.skipped.extend(more.skipped);
    }
}

impl PodScanner<'_> {
    /// Scans every namespace in scope into `scan`, however many pods there are. A namespace that is missing or may not
    /// be read is noted as a problem, and the scan continues with the others.
    pub(crate) async fn scan<S: PodSink>(&self, scan: &mut PodScan<S>) -> Result<(), RoundEnd> {
        let mut size = ScopeSize::Unlimited;
        self.scan_within(PodDetail::Full, scan, &mut size).await?;
        Ok(())
    }

    /// Scans every pod in full or, if there turn out to be too many, as [`Self::scan_metadata`] does.
    pub(crate) async fn scan_any_size<S: PodSink>(&self, scan: &mut PodScan<S>) -> Result<(), RoundEnd> {
        match self.scan_unless_large(scan).await? {
            ScanOutcome::Complete => Ok(()),
            ScanOutcome::TooLarge(_) => self.scan_metadata(scan).await.map(|_| ()),
        }
    }

    /// Scans every namespace in scope, unless there turn out to be too many pods; `scan` is then left empty.
    pub(crate) async fn scan_unless_large<S: PodSink>(
        &self,
        scan: &mut PodScan<S>,
    ) -> Result<ScanOutcome, RoundEnd> {
        let mut size = ScopeSize::Unknown;
        if self.scan_within(PodDetail::Full, scan, &mut size).await? {
            return Ok(ScanOutcome::Complete);
        }
        *scan = PodScan::default();
        Ok(ScanOutcome::TooLarge(size))
    }

    /// Scans until there turn out to be too many pods, or nodes that the server does not tell; returns whether the scan is
    /// complete.
    async fn scan_within<S: PodSink>(
        &self,
        detail: PodDetail,
        scan: &mut PodScan<S>,
        size: &mut ScopeSize,
    ) -> Result<bool, RoundEnd> {
        let namespaces = self.eligibility.target.listed_namespaces();
        for (index, namespace) in namespaces.iter().copied().enumerate() {
            let step = ScanStep {
                namespace,
                detail,
                before: scan.listed,
                more: index + 1 < namespaces.len(),
            };
            let found = match self.scan_step::<S>(step, size).await {
                Ok(Some(found)) => found,
                Ok(None) => return Ok(false),
                Err(error) => {
                    self.note_refusal(namespace, error, &mut scan.problems, &mut scan.skipped)?;
                    continue;
                }
            };

            if found.listed == 0 && !matches!(detail, PodDetail::ExemptPhase(_)) {
                scan.problems.extend(self.missing_namespace(namespace).await);
            }
            scan.append(found);
        }
        Ok(true)
    }

    /// Lists and judges one namespace, or all; `None` if there are too many pods in the whole scope, or nodes that the
    /// server does not tell.
    async fn scan_step<S: PodSink>(
        &self,
        step: ScanStep<'_>,
        size: &mut ScopeSize,
    ) -> Result<Option<PodScan<S>>, ApiError> {
        let mut scan = PodScan::default();
        let mut pager = ListPager::default();
        let filter = self.eligibility.pod_filter();
        let phases = step.detail.phases(self.eligibility);
        let Some(nodes) = Box::pin(self.node_source(step.namespace, phases.as_deref())).await? else {
            return Ok(None);
        };
        let mut row = 0;

        loop {
            // Only the first page decides: later ones say nothing new, and a restarted list begins with its first page
            // again.
            let max_following = if pager.after().is_none() {
                size.max_following(step.before)
            } else {
                None
            };
            let read = async || {
                let mut page = PodScan::default();
                let now = self.cluster.server_time();
                let mut next_row = row;
                let add = |pod| page.add(nodes.place(pod, &mut next_row), self.eligibility, now);
                let after = pager.after();
                let cluster = self.cluster;
                let cursor = match &phases {
                    None => {
                        let page = cluster.each_pod(step.namespace, &filter, after, max_following, add);
                        Box::pin(page).await?
                    }
                    Some(phases) => {
                        let at = nodes.version();
                        let page = cluster.each_metadata(step.namespace, &filter, phases, after, at, add);
                        Box::pin(page).await?
                    }
                };
                Ok((page, cursor, next_row))
            };
            let (page, cursor, next_row) = with_retries(self.platform, self.stop, read).await?;
            row = next_row;

            let turned = pager.turn(&cursor, page.listed);
            turned.map_err(|why| endless(step.namespace, why))?;
            if cursor.restarted {
                scan = PodScan::default();
            }
            scan.append(page);

            let seen = step.before + scan.listed;
            let has_more = step.more || cursor.next.is_some();
            let mut is_large = size.is_large(seen, cursor.remaining, has_more);
            if is_large.is_none() {
                *size = ScopeSize::Counted(Box::new(self.names().await?));
                is_large = size.is_large(seen, cursor.remaining, has_more);
            }
            if is_large == Some(true) {
                return Ok(None);
            }
            if cursor.next.is_none() {
                return Ok(Some(scan));
            }
        }
    }

    /// Notes a namespace that may not be read: as left out if it was found by its labels, else as a problem.
    ///
    /// # Errors
    /// Any other error, which ends the scan.
    fn note_refusal(
        &self,
        namespace: Option<&str>,
        error: ApiError,
        problems: &mut Vec<String>,
        skipped: &mut Vec<SkippedNamespace>,
    ) -> Result<(), ApiError> {
        if !matches!(error, ApiError::Forbidden { .. }) {
            return Err(error);
        }

        match namespace.filter(|_| self.by_labels) {
            Some(namespace) => SkippedNamespace::note(skipped, namespace, refused(&error)),
            // The list of another phase may have met it too.
            None => {
                let problem = error.to_string();
                if !problems.contains(&problem) {
                    problems.push(problem);
                }
            }
        }
        Ok(())
    }

    /// The problem of a namespace without pods that does not exist, if macaque may find that out. One that was found by its
    /// labels may be gone meanwhile.
    async fn missing_namespace(&self, namespace: Option<&str>) -> Option<String> {
        let name = namespace.filter(|_| !self.by_labels)?;
        let exists = self.cluster.has_namespace(name).await;
        matches!(exists, Ok(Some(false))).then(|| format!("namespace {name} does not exist"))
    }
}

/// The error of a list that never ends.
fn endless(namespace: Option<&str>, why: &str) -> ApiError {
    ApiError::Unexpected {
        what: describe_list(namespace),
        why: why.to_owned(),
    }
}
