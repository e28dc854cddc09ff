//! Lists the pods in scope page by page and judges each. Only the counts stay in memory, and what the caller's sink
//! keeps.

use jiff::Timestamp;
use macaque_core::config::NamespaceScope;
use macaque_core::eligibility::{Candidate, EligibilityConfig, Exemption, judge};
use macaque_core::guard::DisruptedPods;
use macaque_core::key_warnings::PodKeyWarnings;
use macaque_core::notice::ScopeOwners;
use macaque_core::pod::Pod;
use macaque_core::report::{ExemptionTallies, ExemptionTally, RoundEnd};
use macaque_core::selection::{CandidateIndex, NameIndex};

use super::scope_size::{ScopeNames, ScopeSize};
use super::turns::ScannedOwners;
use crate::k8s::{ApiError, Cluster, describe_list};
use crate::list_pager::ListPager;
use crate::platform::Platform;
use crate::read_retry::with_retries;
use crate::stop::StopToken;

/// Collects what a caller keeps of the pods that a scan sees.
pub(crate) trait PodSink: Default {
    /// Adds a pod as it was judged by `eligibility`.
    fn push(&mut self, pod: Pod, judged: Result<Candidate, Exemption>, eligibility: &EligibilityConfig);
    /// Adds the pods of another page or namespace.
    fn append(&mut self, more: Self);
}

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
    /// Problems that did not end the scan.
    pub(crate) problems: Vec<String>,
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
}

/// A step of a scan: one namespace, or all of them at once.
#[derive(Clone, Copy)]
struct ScanStep<'a> {
    namespace: Option<&'a str>,
    /// How many pods earlier steps saw.
    before: usize,
    /// Whether other namespaces follow.
    more: bool,
}

/// Keeps the candidates and nothing else.
impl PodSink for Vec<Candidate> {
    fn push(&mut self, _: Pod, judged: Result<Candidate, Exemption>, _: &EligibilityConfig) {
        self.extend(judged.ok());
    }

    fn append(&mut self, more: Self) {
        self.extend(more);
    }
}

/// A sink, and the owners that have turns: those of the pods that it was given.
#[derive(Default)]
pub(crate) struct WithOwners<S> {
    pub(crate) sink: S,
    pub(crate) owners: ScannedOwners,
}

/// Keeps the owners that have turns beside what another sink keeps.
impl<S: PodSink> PodSink for WithOwners<S> {
    fn push(&mut self, pod: Pod, judged: Result<Candidate, Exemption>, eligibility: &EligibilityConfig) {
        self.owners.note(&pod, judged.as_ref().err(), eligibility);
        self.sink.push(pod, judged, eligibility);
    }

    fn append(&mut self, more: Self) {
        self.owners.append(more.owners);
        self.sink.append(more.sink);
    }
}

/// Keeps the candidates of a large scope in a compact form.
impl PodSink for CandidateIndex {
    fn push(&mut self, pod: Pod, judged: Result<Candidate, Exemption>, eligibility: &EligibilityConfig) {
        CandidateIndex::push(self, &pod, judged.as_ref().ok(), eligibility);
    }

    fn append(&mut self, more: Self) {
        CandidateIndex::append(self, more);
    }
}

/// Keeps the owners, for a digest.
impl PodSink for ScopeOwners {
    fn push(&mut self, pod: Pod, judged: Result<Candidate, Exemption>, eligibility: &EligibilityConfig) {
        self.note(&pod, judged.as_ref().err(), eligibility);
    }

    fn append(&mut self, more: Self) {
        ScopeOwners::append(self, more);
    }
}

impl<S: PodSink> PodScan<S> {
    fn add(&mut self, pod: Pod, eligibility: &EligibilityConfig, now: Timestamp) {
        self.listed += 1;
        self.disrupted.add(&pod);
        self.key_warnings.note(&pod);
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
        self.problems.extend(more.problems);
    }
}

impl PodScanner<'_> {
    /// Scans every namespace in scope into `scan`, however many pods there are. A namespace that is missing or may not
    /// be read is noted as a problem, and the scan continues with the others.
    pub(crate) async fn scan<S: PodSink>(&self, scan: &mut PodScan<S>) -> Result<(), RoundEnd> {
        let mut size = ScopeSize::Unlimited;
        self.scan_within(scan, &mut size).await?;
        Ok(())
    }

    /// Scans every namespace in scope, unless there turn out to be too many pods; `scan` is then left empty.
    pub(crate) async fn scan_unless_large<S: PodSink>(
        &self,
        scan: &mut PodScan<S>,
    ) -> Result<ScanOutcome, RoundEnd> {
        let mut size = ScopeSize::Unknown;
        if self.scan_within(scan, &mut size).await? {
            return Ok(ScanOutcome::Complete);
        }
        *scan = PodScan::default();
        Ok(ScanOutcome::TooLarge(size))
    }

    /// The names of the pods in scope, listed unless they were counted already.
    pub(super) async fn names_of(&self, size: ScopeSize) -> Result<ScopeNames, RoundEnd> {
        match size {
            ScopeSize::Counted(names) => Ok(names),
            ScopeSize::Unknown | ScopeSize::Unlimited => Ok(self.names().await?),
        }
    }

    /// Scans until there turn out to be too many pods; returns whether the scan is complete.
    async fn scan_within<S: PodSink>(
        &self,
        scan: &mut PodScan<S>,
        size: &mut ScopeSize,
    ) -> Result<bool, RoundEnd> {
        let namespaces = namespaces_in(&self.eligibility.target.namespaces);
        for (index, namespace) in namespaces.iter().copied().enumerate() {
            let step = ScanStep {
                namespace,
                before: scan.listed,
                more: index + 1 < namespaces.len(),
            };
            let found = match self.scan_step::<S>(step, size).await {
                Ok(Some(found)) => found,
                Ok(None) => return Ok(false),
                Err(error) => {
                    scan.problems.push(problem(error)?);
                    continue;
                }
            };

            if found.listed == 0 {
                scan.problems.extend(self.missing_namespace(namespace).await);
            }
            scan.append(found);
        }
        Ok(true)
    }

    /// Lists and judges one namespace, or all; `None` if there are too many pods in the whole scope.
    async fn scan_step<S: PodSink>(
        &self,
        step: ScanStep<'_>,
        size: &mut ScopeSize,
    ) -> Result<Option<PodScan<S>>, ApiError> {
        let mut scan = PodScan::default();
        let mut pager = ListPager::default();

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
                let now = self.platform.now();
                let add = |pod| page.add(pod, self.eligibility, now);
                let selector = &self.eligibility.target.selector;
                let cursor = self
                    .cluster
                    .each_pod(step.namespace, selector, pager.after(), max_following, add)
                    .await?;
                Ok((page, cursor))
            };
            let (page, cursor) = with_retries(self.platform, self.stop, read).await?;

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
                *size = ScopeSize::Counted(self.names().await?);
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

    /// Lists the names of the pods in scope.
    async fn names(&self) -> Result<ScopeNames, ApiError> {
        let mut found = ScopeNames::default();
        for namespace in namespaces_in(&self.eligibility.target.namespaces) {
            match self.names_in(namespace).await {
                Ok(more) if more.is_empty() => found.problems.extend(self.missing_namespace(namespace).await),
                Ok(more) => found.names.append(more),
                Err(error) => found.problems.push(problem(error)?),
            }
        }
        Ok(found)
    }

    /// Lists the names in one namespace, or in all: from tables or, if the server offers none, from metadata.
    async fn names_in(&self, namespace: Option<&str>) -> Result<NameIndex, ApiError> {
        let cluster = self.cluster;
        let selector = &self.eligibility.target.selector;
        let phases = self.eligibility.phases();
        let mut names = NameIndex::default();
        let mut pager = ListPager::default();
        let mut has_tables = true;

        loop {
            let read = async || {
                let after = pager.after();
                if has_tables {
                    cluster.names(namespace, selector, phases, after).await
                } else {
                    let page = cluster
                        .names_of_metadata(namespace, selector, phases, after)
                        .await?;
                    Ok(Some(page))
                }
            };
            let Some(page) = with_retries(self.platform, self.stop, read).await? else {
                names = NameIndex::default();
                pager = ListPager::default();
                has_tables = false;
                continue;
            };

            let turned = pager.turn(&page.cursor, page.names.len());
            turned.map_err(|why| endless(namespace, why))?;
            if page.cursor.restarted {
                names = NameIndex::default();
            }
            names.append(page.names);
            if page.cursor.next.is_none() {
                return Ok(names);
            }
        }
    }

    /// The problem of a namespace without pods that does not exist, if macaque may find that out.
    async fn missing_namespace(&self, namespace: Option<&str>) -> Option<String> {
        let name = namespace?;
        let exists = self.cluster.has_namespace(name).await;
        matches!(exists, Ok(Some(false))).then(|| format!("namespace {name} does not exist"))
    }
}

/// The problem of one namespace that may not be read.
///
/// # Errors
/// Any other error, which ends the scan.
fn problem(error: ApiError) -> Result<String, ApiError> {
    match error {
        ApiError::Forbidden { .. } => Ok(error.to_string()),
        error => Err(error),
    }
}

/// The error of a list that never ends.
fn endless(namespace: Option<&str>, why: &str) -> ApiError {
    ApiError::Unexpected {
        what: describe_list(namespace),
        why: why.to_owned(),
    }
}

/// The namespaces to list; `None` stands for all of them at once.
pub(crate) fn namespaces_in(scope: &NamespaceScope) -> Vec<Option<&str>> {
    match scope {
        NamespaceScope::All => vec![None],
        NamespaceScope::Named(names) => names.iter().map(|name| Some(name.as_str())).collect(),
    }
}
