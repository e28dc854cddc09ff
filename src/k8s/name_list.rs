//! Reads names: those of many pods from the cheapest list that the server offers, and then the metadata of one.
//!
//! Of a pod of 34 kB a Table row without its object is 150 bytes, and the server need not touch the rest of it. The
//! metadata alone are 11 kB, most of them the bookkeeping of field managers, which no request can leave out.

use http::StatusCode;
use macaque_core::pod::{Pod, PodPhase};
use macaque_core::selection::{IndexedName, NameIndex};
use macaque_core::selector::Selector;

use super::pods::PodListRequest;
use super::wire::{NameTable, PodObject};
use super::{ApiError, Cluster, PageCursor};

const TABLE: &str = "application/json;as=Table;g=meta.k8s.io;v=v1";
const METADATA: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/// Rows a page: 0.7 MB of JSON, and 50 kB on the wire.
const TABLE_LIMIT: usize = 5_000;

/// Pods a page where the server gives no table: 6 MB of JSON, and a few hundred kilobytes on the wire.
const METADATA_LIMIT: usize = 500;

/// More pods of one name than this, each in a namespace of its own, are not told apart.
const NAMESAKES: usize = 5_000;

/// A page of names.
pub struct NamePage {
    /// The names.
    pub names: NameIndex,
    /// How the list goes on.
    pub cursor: PageCursor,
}

impl Cluster {
    /// Lists one page of the names of the pods in `phases` that match `selector` in `namespace` (`None`: in all), from
    /// where `after` left off; as [`Cluster::pods`] does. `None` if the server gives no tables: ask for
    /// [`Cluster::names_of_metadata`] then.
    ///
    /// # Errors
    /// The list could not be read.
    pub async fn names(
        &self,
        namespace: Option<&str>,
        selector: &Selector,
        phases: &[PodPhase],
        after: Option<&str>,
    ) -> Result<Option<NamePage>, ApiError> {
        let list = PodListRequest {
            parameters: &[("fieldSelector", &in_phases(phases)), ("includeObject", "None")],
            ..PodListRequest::of(namespace, selector, TABLE, TABLE_LIMIT)
        };
        let (response, restarted) = self.page(&list, after).await?;
        if response.status == StatusCode::NOT_ACCEPTABLE {
            return Ok(None);
        }

        let mut table: NameTable = response.into_object(|| list.describe())?;
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

    /// Lists one page of names as [`Cluster::names`] does, from the pods' metadata, which every server gives.
    ///
    /// # Errors
    /// The list could not be read.
    pub async fn names_of_metadata(
        &self,
        namespace: Option<&str>,
        selector: &Selector,
        phases: &[PodPhase],
        after: Option<&str>,
    ) -> Result<NamePage, ApiError> {
        let list = PodListRequest {
            parameters: &[("fieldSelector", &in_phases(phases))],
            ..PodListRequest::of(namespace, selector, METADATA, METADATA_LIMIT)
        };
        let (response, restarted) = self.page(&list, after).await?;

        let mut names = NameIndex::default();
        let metadata = response.into_items(
            || list.describe(),
            |pod: PodObject| {
                let pod = Pod::from(pod).id;
                names.push(Some(&pod.namespace), &pod.name, None);
            },
        )?;
        let cursor = PageCursor::after(metadata, restarted);
        Ok(NamePage { names, cursor })
    }

    /// The pod behind a name, as its metadata tell it, if it still matches `selector` and is in one of `phases`: what
    /// is in its spec and status is unknown, and is taken for what exempts nobody. `None` if it is gone.
    ///
    /// Where the namespace is unknown the server looks through every pod of the cluster, unless it is told the node,
    /// by which it has an index. The node is only a hint: if nothing is found with it, the same is asked without.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn named(
        &self,
        entry: IndexedName<'_>,
        selector: &Selector,
        phases: &[PodPhase],
    ) -> Result<Option<Pod>, ApiError> {
        if entry.namespace.is_none() && entry.node.is_some() {
            let mut on_node = self.namesakes(entry, entry.node, selector, phases).await?;
            if on_node.len() == 1 {
                return Ok(on_node.pop());
            }
        }
        let mut namesakes = self.namesakes(entry, None, selector, phases).await?;
        // The order of all lists is that of etcd's keys, NAMESPACE/NAME: `shop-eu` comes before `shop`.
        namesakes.sort_by_cached_key(|pod| format!("{}/", pod.id.namespace));
        Ok(namesakes.into_iter().nth(entry.nth))
    }

    /// The pods of one name.
    async fn namesakes(
        &self,
        entry: IndexedName<'_>,
        node: Option<&str>,
        selector: &Selector,
        phases: &[PodPhase],
    ) -> Result<Vec<Pod>, ApiError> {
        let mut fields = format!("metadata.name={},{}", entry.name, in_phases(phases));
        if let Some(node) = node {
            fields.push_str(&format!(",spec.nodeName={node}"));
        }

        let list = PodListRequest {
            parameters: &[("fieldSelector", &fields)],
            ..PodListRequest::of(entry.namespace, selector, METADATA, NAMESAKES)
        };
        let what = || format!("get the metadata of pod {}", entry.name);
        let response = self
            .send(list.call(None), self.access.deadlines.read, what)
            .await?;

        let mut namesakes = Vec::new();
        response.into_items(what, |pod: PodObject| namesakes.push(pod.running()))?;
        Ok(namesakes)
    }
}

/// The field selector of the pods in one of `phases`: it has no "or", so several are what the others are not.
fn in_phases(phases: &[PodPhase]) -> String {
    if let [phase] = phases {
        return format!("status.phase={phase}");
    }
    let others = PodPhase::ALL.iter().filter(|phase| !phases.contains(phase));
    let others: Vec<_> = others.map(|phase| format!("status.phase!={phase}")).collect();
    others.join(",")
}
