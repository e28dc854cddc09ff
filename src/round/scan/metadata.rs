//! Scans the metadata of pods, which is enough for most rules, and knows the nodes from elsewhere.

use macaque_core::eligibility::judge;
use macaque_core::pod::{Pod, PodPhase};
use macaque_core::report::RoundEnd;
use macaque_core::selection::{NodeHints, PageSample};

use super::{PodDetail, PodScan, PodScanner, PodSink};
use crate::k8s::ApiError;
use crate::read_retry::with_retries;
use crate::round::scope_size::ScopeSize;

/// A sample is complete with this many pods, which is a page.
const SAMPLE_PODS: usize = 500;

/// So many namespaces are looked at for a sample, if they have few pods each.
const SAMPLE_NAMESPACES: usize = 10;

/// The pods that a scan of metadata judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScannedPhases {
    /// Those that run or are pending.
    Eligible,
    /// Those in every phase.
    All,
}

/// From where a scan knows the nodes of pods of which it reads the metadata alone.
pub(super) enum NodeSource<'a> {
    /// Nobody asks for nodes, or they are read with the pods.
    None,
    /// The server lists the pods of this node only.
    OnlyNode(&'a str),
    /// A Table of the same pods shows them, in the same order and at this version, if the server says it.
    Table {
        hints: NodeHints,
        version: Option<String>,
    },
}

impl NodeSource<'_> {
    /// Puts the pod on its node, as far as that is known; `row` is the row of a Table at which the pod is expected.
    pub(super) fn place(&self, pod: Pod, row: &mut usize) -> Pod {
        match self {
            Self::None => pod,
            Self::OnlyNode(node) => pod.on_node(node),
            Self::Table { hints, .. } => hints.place(pod, row),
        }
    }

    /// The version at which the metadata should be listed.
    pub(super) fn version(&self) -> Option<&str> {
        match self {
            Self::None | Self::OnlyNode(_) => None,
            Self::Table { version, .. } => version.as_deref(),
        }
    }
}

impl PodScanner<'_> {
    /// Scans the metadata of the pods that run or are pending, however many there are. What metadata does not tell exempts no
    /// pod: the priority, eviction responders and, with `pending` included, the phase. Where nodes decide, a Table tells
    /// them; a server without Tables is asked for every pod in full instead.
    pub(crate) async fn scan_metadata<S: PodSink>(
        &self,
        scan: &mut PodScan<S>,
    ) -> Result<ScannedPhases, RoundEnd> {
        let mut size = ScopeSize::Unlimited;
        let has_eligible = self.scan_within(PodDetail::Metadata, scan, &mut size).await?;
        if has_eligible
            && self
                .scan_exempt_phases(scan, |phase| phase == PodPhase::Pending)
                .await?
        {
            return Ok(ScannedPhases::Eligible);
        }

        *scan = PodScan::default();
        self.scan(scan).await?;
        Ok(ScannedPhases::All)
    }

    /// Scans the metadata of the other pods, which have come to their end, for their exemptions: the rest of the scope after
    /// [`Self::scan_metadata`].
    pub(in crate::round) async fn scan_other_phases<S: PodSink>(
        &self,
        scan: &mut PodScan<S>,
    ) -> Result<(), RoundEnd> {
        self.scan_exempt_phases(scan, |phase| phase != PodPhase::Pending)
            .await?;
        Ok(())
    }

    /// Scans the metadata of the pods in those phases that are chosen, and in which no pod is eligible; returns whether the
    /// nodes of all were known, if they decide.
    async fn scan_exempt_phases<S: PodSink>(
        &self,
        scan: &mut PodScan<S>,
        is_chosen: impl Fn(PodPhase) -> bool,
    ) -> Result<bool, RoundEnd> {
        let eligible = self.eligibility.phases();
        // A list of one phase tells the phase of its pods.
        for phase in PodPhase::ALL {
            if is_chosen(phase) && !eligible.contains(&phase) {
                let mut size = ScopeSize::Unlimited;
                let detail = PodDetail::ExemptPhase(phase);
                if !self.scan_within(detail, scan, &mut size).await? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Finds out from where the nodes of the pods of a step are known; `None` if the server has no Tables to tell them.
    pub(super) async fn node_source(
        &self,
        namespace: Option<&str>,
        phases: Option<&[PodPhase]>,
    ) -> Result<Option<NodeSource<'_>>, ApiError> {
        let Some(phases) = phases.filter(|_| self.eligibility.judges_nodes()) else {
            return Ok(Some(NodeSource::None));
        };
        if let Some(node) = self.eligibility.only_node() {
            return Ok(Some(NodeSource::OnlyNode(node)));
        }

        let table = self.table_of(namespace, phases).await?;
        Ok(table.map(|table| NodeSource::Table {
            hints: table.names.into(),
            version: table.version,
        }))
    }

    /// Counts the eligible pods in the first page of metadata, or in the first namespaces, to tell how many there are in
    /// the whole scope. A namespace that may not be read counts as empty.
    pub(in crate::round) async fn sample(&self) -> Result<PageSample, RoundEnd> {
        let filter = self.eligibility.pod_filter();
        let phases = self.eligibility.phases();
        let namespaces = self.eligibility.target.listed_namespaces();

        let mut sample = PageSample::default();
        for namespace in namespaces.into_iter().take(SAMPLE_NAMESPACES) {
            let read = async || {
                let mut page = PageSample::default();
                let now = self.cluster.server_time();
                let count = |pod: Pod| {
                    page.checked += 1;
                    page.eligible += usize::from(judge(&pod, self.eligibility, now).is_ok());
                };
                let list = self
                    .cluster
                    .each_metadata(namespace, &filter, phases, None, None, count);
                Box::pin(list).await?;
                Ok(page)
            };
            let page = match with_retries(self.platform, self.stop, read).await {
                Err(ApiError::Forbidden { .. }) => PageSample::default(),
                page => page?,
            };

            sample.checked += page.checked;
            sample.eligible += page.eligible;
            if sample.checked >= SAMPLE_PODS {
                break;
            }
        }
        Ok(sample)
    }
}
