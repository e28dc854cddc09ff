//! Reads the nodes and their leases, by which a guard sees how many of them are unready, and the names of the nodes that a
//! selector selects.

use std::collections::BTreeSet;

use macaque_core::guard::NodeState;
use macaque_core::selector::Selector;

use super::name_list::METADATA;
use super::response::ApiResponse;
use super::wire::{LeaseObject, ListMeta, NodeObject, ObjectKind};
use super::{ApiError, ApiRequest, Cluster, JSON, get};

/// The leases that nodes renew every ten seconds.
const LEASES: &str = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases";

const NODES: &str = "/api/v1/nodes";

/// Leases or nodes per page: a node with its list of images is tens of kilobytes.
const PAGE_LIMIT: usize = 500;

/// A list of this many pages is taken for one that never ends: Kubernetes has at most five thousand nodes.
const MAX_PAGES: u32 = 200;

impl Cluster {
    /// Lists the nodes by their leases in the namespace `kube-node-lease`. The time since a renewal is measured by the
    /// API server's clock.
    ///
    /// # Errors
    /// The leases could not be listed.
    pub async fn node_leases(&self) -> Result<Vec<NodeState>, ApiError> {
        let what = || "list leases in kube-node-lease".to_owned();
        let mut renewals = Vec::new();
        self.each_page(LEASES, "", JSON, what, |response| {
            let push = |lease: LeaseObject| renewals.push(lease.into_renewal());
            response.into_items(&[LeaseObject::LIST], what, push)
        })
        .await?;

        let now = self.server_time();
        let state = |(name, renewed)| NodeState::of_lease(name, renewed, now);
        Ok(renewals.into_iter().map(state).collect())
    }

    /// Lists the nodes with their condition `Ready`.
    ///
    /// # Errors
    /// The nodes could not be listed.
    pub async fn nodes(&self) -> Result<Vec<NodeState>, ApiError> {
        let what = || "list nodes".to_owned();
        let mut nodes = Vec::new();
        self.each_page(NODES, "", JSON, what, |response| {
            let push = |node: NodeObject| nodes.push(node.into());
            response.into_items(&[NodeObject::LIST], what, push)
        })
        .await?;
        Ok(nodes)
    }

    /// Lists the names of the nodes that match `selector`, from their metadata.
    ///
    /// # Errors
    /// The nodes could not be listed.
    pub async fn node_names(&self, selector: &Selector) -> Result<BTreeSet<String>, ApiError> {
        let what = || "list nodes".to_owned();
        let selector = selector.to_string();
        let selector: String = form_urlencoded::byte_serialize(selector.as_bytes()).collect();
        let query = format!("&labelSelector={selector}");

        let mut names = BTreeSet::new();
        self.each_page(NODES, &query, METADATA, what, |response| {
            let push = |node: NodeObject| {
                names.insert(NodeState::from(node).name);
            };
            response.into_items(&[ObjectKind::METADATA_LIST, NodeObject::LIST], what, push)
        })
        .await?;
        Ok(names)
    }

    /// Reads a short list page by page, with more parameters in `query`.
    pub(super) async fn each_page(
        &self,
        path: &str,
        query: &str,
        accept: &'static str,
        what: impl Fn() -> String,
        mut read: impl FnMut(ApiResponse) -> Result<ListMeta, ApiError>,
    ) -> Result<(), ApiError> {
        let mut after = String::new();
        for _ in 0..MAX_PAGES {
            let page = format!("{path}?limit={PAGE_LIMIT}{query}{after}");
            let request = ApiRequest { accept, ..get(&page) };
            let response = self.send(request, self.access.deadlines.read, &what).await?;
            let Some(token) = read(response)?.next.filter(|token| !token.is_empty()) else {
                return Ok(());
            };
            let token: String = form_urlencoded::byte_serialize(token.as_bytes()).collect();
            after = format!("&continue={token}");
        }

        let why = "the list does not end".to_owned();
        Err(ApiError::Unexpected { what: what(), why })
    }
}
