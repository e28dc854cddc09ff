//! What the API server is asked to leave out of lists of pods, so that only what may be in scope is sent.

use std::collections::BTreeSet;

use super::EligibilityConfig;
use crate::config::NamespaceScope;
use crate::pod::ZONE;
use crate::selector::Selector;

/// How many excluded namespaces a request names; a rule exempts the pods of the others. Proxies refuse addresses that are
/// longer than some kilobytes.
const MOST_EXCLUDED: usize = 50;

/// What a list of pods is limited to by the API server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PodFilter {
    /// The label selector.
    pub labels: Selector,
    /// The field selector in the form of a query; empty for none.
    pub fields: String,
}

impl EligibilityConfig {
    /// What the API server is to limit the lists of pods to. The rules exempt whatever it does not leave out.
    pub fn pod_filter(&self) -> PodFilter {
        let target = &self.target;
        let excluded = target.exclude_namespaces.iter().filter(|glob| glob.is_exact());
        let excluded = excluded.filter(|_| target.namespaces == NamespaceScope::All);
        let excluded = excluded.map(|name| format!("metadata.namespace!={name}"));

        let only_node = self.only_node().into_iter();
        let only_node = only_node.map(|node| format!("spec.nodeName={node}"));

        let fields: Vec<_> = excluded.take(MOST_EXCLUDED).chain(only_node).collect();
        PodFilter {
            labels: target.selector.with_values(ZONE, &target.zones),
            fields: fields.join(","),
        }
    }

    /// Whether the lists may lack some of an owner's pods while they show others.
    pub fn splits_owners(&self) -> bool {
        let target = &self.target;
        !target.selector.is_empty() || !target.zones.is_empty() || self.judges_nodes()
    }

    /// The nodes in scope by name: those that are configured, and selected; `None` for every node.
    fn nodes(&self) -> Option<BTreeSet<&str>> {
        let named = self.target.nodes.iter().map(String::as_str);
        let named = Some(named.collect::<BTreeSet<_>>()).filter(|nodes| !nodes.is_empty());
        let selected = self.metadata.nodes.as_ref();
        let selected = selected.map(|nodes| nodes.iter().map(String::as_str).collect::<BTreeSet<_>>());

        match (named, selected) {
            (Some(named), Some(selected)) => Some(&named & &selected),
            (named, selected) => named.or(selected),
        }
    }

    /// The node in scope, if there is but one: the API server then lists the pods of no other.
    pub fn only_node(&self) -> Option<&str> {
        let nodes = self.nodes()?;
        nodes.first().copied().filter(|_| nodes.len() == 1)
    }

    /// Whether the node `name` is in scope; every node is if none is configured.
    pub fn has_node(&self, name: &str) -> bool {
        let target = &self.target;
        let is_named = target.nodes.is_empty() || target.nodes.contains(name);
        let selected = self.metadata.nodes.as_ref();
        // What was not read selects nothing.
        let is_selected = selected.is_some_and(|nodes| nodes.contains(name));
        is_named && (is_selected || target.node_selector.is_empty())
    }

    /// Whether a pod's node decides about it, which the metadata of a pod do not tell; a Table of their names does.
    pub fn judges_nodes(&self) -> bool {
        !self.target.nodes.is_empty() || !self.target.node_selector.is_empty()
    }
}
