//! Lists the names of many pods in the cheapest form that the server offers, and reads the metadata of a single pod.
//!
//! For a pod of 34 kB, a Table row without its object is 150 bytes, and the server need not read the rest. The metadata
//! alone are 11 kB, most of it the records of field managers, which no request can leave out.

use http::StatusCode;
use macaque_core::eligibility::PodFilter;
use macaque_core::pod::{Pod, PodPhase};
use macaque_core::selection::{IndexedName, NameIndex};

use super::pods::PodListRequest;
use super::wire::{ObjectKind, PodObject};
use super::{ApiError, Cluster, JSON, PageCursor};

/// The forms of a list of metadata, the cheapest first; the last one has the servers of other forms answer too, and
/// refusals come in it.
const METADATA_LIST: &str = "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,\
                             application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";
const TABLE: &str = "application/json;as=Table;g=meta.k8s.io;v=v1";
/// The form of a list that holds the metadata of its objects alone.
pub(super) const METADATA: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/// What answers a request for metadata: a proxy that drops the parameters of `Accept` gets whole pods, which hold the
/// metadata too.
const METADATA_KINDS: [ObjectKind; 2] = [ObjectKind::METADATA_LIST, ObjectKind::POD_LIST];

/// Rows per page: 0.7 MB of JSON, and 50 kB on the wire.
const TABLE_LIMIT: usize = 5_000;

/// Pods per page of metadata: 6 MB, and a few hundred kilobytes on the wire.
const METADATA_LIMIT: usize = 500;

/// How many pods of one name, each in a namespace of its own, are distinguished.
const NAMESAKES: usize = 5_000;

/// A page of names.
pub struct NamePage {
    /// The names.
    pub names: NameIndex,
    /// Where the list continues.
    pub cursor: PageCursor,
}

impl Cluster {
    /// Lists one page of the names of the pods in `phases` that pass `filter` in `namespace`, or in all namespaces
    /// if it is `None`. Continues from the token `after`, as [`Cluster::pods`] does.
    ///
    /// Returns `None` if the server offers no tables; use [`Cluster::names_of_metadata`] then.
    ///
    /// # Errors
    /// The list could not be read.
    pub async fn names(
        &self,
        namespace: Option<&str>,
        filter: &PodFilter,
        phases: &[PodPhase],
        after: Option<&str>,
    ) -> Result<Option<NamePage>, ApiError> {
        let list = PodListRequest {
            fields: &in_phases(phases),
            parameters: &[("includeObject", "None")],
            ..PodListRequest::of(namespace, filter, TABLE, TABLE_LIMIT)
        };
        let (response, restarted) = self.page(&list, after).await?;
        if response.status == StatusCode::NOT_ACCEPTABLE {
            return Ok(None);
        }

        let Some(mut table) = response.into_table(|| list.describe())? else {
            return Ok(None);
        };
        let cursor = PageCursor::after(std::mem::take(&mut table.metadata), restarted);
        let Some(rows) = table.into_names() else {
            return Ok(None);
        };

        let mut names = NameIndex::default();
        for (name, node) in rows {
            names.push(namespace, &name, node.as_deref());
        }
        Ok(Some(NamePage { names, cursor }))
    }

    /// Lists one page of the metadata of the pods in `phases` that pass `filter`, as [`Cluster::each_pod`] does, and
    /// calls `each` with one pod after the other. Spec and status are not read, and are filled in such that they exempt
    /// no pod; the phase is known if there is but one. The list begins as it was `at` a version, if the server still
    /// has that.
    ///
    /// # Errors
    /// The list could not be read; the pods of this page that `each` already received must be discarded.
    pub async fn each_metadata(
        &self,
        namespace: Option<&str>,
        filter: &PodFilter,
        phases: &[PodPhase],
        after: Option<&str>,
        at: Option<&str>,
        mut each: impl FnMut(Pod),
    ) -> Result<PageCursor, ApiError> {
        let phase = if let [phase] = phases {
            *phase
        } else {
            PodPhase::Running
        };
        // A later page is as old as the first.
        let at = at.filter(|_| after.is_none());
        let at_version = at.map(|version| [("resourceVersion", version), ("resourceVersionMatch", "Exact")]);
        let latest = PodListRequest {
            fields: &in_phases(phases),
            ..PodListRequest::of(namespace, filter, METADATA_LIST, METADATA_LIMIT)
        };
        let mut list = PodListRequest {
            parameters: at_version.as_ref().map_or(&[], |parameters| parameters),
            ..latest
        };

        let (mut response, mut restarted) = self.page(&list, after).await?;
        if at.is_some() && [StatusCode::GONE, StatusCode::BAD_REQUEST].contains(&response.status) {
            list = latest;
            (response, restarted) = self.page(&list, after).await?;
        }
        if response.status == StatusCode::NOT_ACCEPTABLE {
            // A server that takes one form at a time, and no other than JSON.
            let plain = PodListRequest { accept: JSON, ..list };
            (response, restarted) = self.page(&plain, after).await?;
        }
        let each = |pod: PodObject| {
            self.progress.add_pods(1);
            each(pod.into_pod_in(phase));
        };
        let metadata = response.into_metadata_items(&METADATA_KINDS, || list.describe(), each)?;
        Ok(PageCursor::after(metadata, restarted))
    }

    /// Lists one page of names as [`Cluster::names`] does, but from the pods' metadata, which every server offers.
    ///
    /// # Errors
    /// The list could not be read.
    pub async fn names_of_metadata(
        &self,
        namespace: Option<&str>,
        filter: &PodFilter,
        phases: &[PodPhase],
        after: Option<&str>,
    ) -> Result<NamePage, ApiError> {
        let mut names = NameIndex::default();
        let push = |pod: Pod| names.push(Some(&pod.id.namespace), &pod.id.name, None);
        let cursor = self
            .each_metadata(namespace, filter, phases, after, None, push)
            .await?;
        Ok(NamePage { names, cursor })
    }

    /// Reads the metadata of the pod behind a name; `None` if no such pod passes `filter` in one of `phases` any
    /// more. Its spec and status are not read, and are filled in such that they exempt no pod; the node is known if
    /// the pod is found on the node of its name and `wants_node`.
    ///
    /// If the namespace is unknown, the server searches all pods of the cluster, unless the request names the node, for
    /// which it has an index. The node is only a hint: if that search fails, it is repeated without the node.
    ///
    /// # Errors
    /// The metadata could not be read.
    pub async fn named(
        &self,
        entry: IndexedName<'_>,
        filter: &PodFilter,
        phases: &[PodPhase],
        wants_node: bool,
    ) -> Result<Option<Pod>, ApiError> {
        let list = PodListRequest::of(entry.namespace, filter, METADATA, NAMESAKES);
        if let Some(node) = entry.node.filter(|_| wants_node || entry.namespace.is_none()) {
            let mut on_node = self.namesakes(&list, entry.name, Some(node), phases).await?;
            if on_node.len() == 1 {
                let on_node = on_node.pop();
                return Ok(on_node.map(|pod| pod.on_node(node)));
            }
        }

        let mut namesakes = self.namesakes(&list, entry.name, None, phases).await?;
        // Lists are sorted by etcd's keys, NAMESPACE/NAME, in which `shop-eu/` comes before `shop/`.
        namesakes.sort_by_cached_key(|pod| format!("{}/", pod.id.namespace));
        Ok(namesakes.into_iter().nth(entry.nth))
    }

    /// The pods of one name in the list.
    async fn namesakes(
        &self,
        list: &PodListRequest<'_>,
        name: &str,
        node: Option<&str>,
        phases: &[PodPhase],
    ) -> Result<Vec<Pod>, ApiError> {
        let mut fields = format!("metadata.name={name},{}", in_phases(phases));
        if let Some(node) = node {
            fields.push_str(&format!(",spec.nodeName={node}"));
        }

        let list = PodListRequest {
            fields: &fields,
            ..*list
        };
        let what = || format!("get the metadata of pod {name}");
        let response = self
            .send(list.call(None), self.access.deadlines.read, what)
            .await?;

        let mut namesakes = Vec::new();
        let push = |pod: PodObject| namesakes.push(pod.into_pod_in(PodPhase::Running));
        response.into_items(&METADATA_KINDS, what, push)?;
        Ok(namesakes)
    }
}

/// The field selector for pods in one of `phases`. Field selectors have no "or", so several phases are expressed by
/// excluding the others.
fn in_phases(phases: &[PodPhase]) -> String {
    if let [phase] = phases {
        return format!("status.phase={phase}");
    }
    let others = PodPhase::ALL.iter().filter(|phase| !phases.contains(phase));
    let others: Vec<_> = others.map(|phase| format!("status.phase!={phase}")).collect();
    others.join(",")
}
