//! Which entries of the target's lists match none of the pods listed: a zone without pods, or a misspelt name.

use std::collections::BTreeSet;

use super::EligibilityConfig;
use crate::config::{NamespaceScope, TargetConfig};
use crate::pod::Pod;

/// What is said of zones beside: it may be the API server that is too old.
const ZONES_NEED: &str = "; API servers before 1.35 do not label pods with their zone";

/// One entry of a list of the target: the list, and its place there.
type ListEntry = (TargetList, usize);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum TargetList {
    ExcludedNamespaces,
    Owners,
    Names,
    Zones,
    Nodes,
}

/// The entries of the target's lists that match a pod among those listed. Nothing is kept where no list is set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetMatches(BTreeSet<ListEntry>);

impl TargetMatches {
    /// Notes what matches `pod`.
    pub fn note(&mut self, pod: &Pod, target: &TargetConfig) {
        let name = pod.owner_name();
        let zone = pod.place().zone;
        let excluded = target.exclude_namespaces.iter();
        self.add(
            TargetList::ExcludedNamespaces,
            excluded.map(|glob| glob.matches(&pod.id.namespace)),
        );
        self.add(
            TargetList::Owners,
            target.owners.iter().map(|kind| kind.owns(pod)),
        );
        self.add(
            TargetList::Names,
            target.names.iter().map(|pattern| pattern.glob.matches(name)),
        );
        self.add(
            TargetList::Zones,
            target.zones.iter().map(|one| Some(one) == zone.as_ref()),
        );
        // A pod whose node is not known may be on any.
        let is_on = |node| pod.is_node_unknown || Some(node) == pod.node.as_ref();
        self.add(TargetList::Nodes, target.nodes.iter().map(is_on));
    }

    fn add(&mut self, list: TargetList, matches: impl Iterator<Item = bool>) {
        let matching = matches.enumerate().filter(|(_, matches)| *matches);
        self.0.extend(matching.map(|(nth, _)| (list, nth)));
    }

    /// Adds what matches other pods.
    pub fn append(&mut self, more: Self) {
        self.0.extend(more.0);
    }

    /// What matches none of the pods listed, in words.
    pub fn texts(&self, config: &EligibilityConfig) -> Vec<String> {
        let target = &config.target;
        // The API server leaves out the pods of namespaces that are excluded by name, so nothing is known of those; and a
        // namespace that is named and excluded is not listed either.
        let named = target.namespaces.names();
        let is_unlisted = |nth: usize| {
            let glob = &target.exclude_namespaces[nth];
            let is_left_out = target.namespaces == NamespaceScope::All && glob.is_exact();
            is_left_out || named.iter().any(|name| glob.matches(name))
        };

        let excluded = self.missing(TargetList::ExcludedNamespaces, &target.exclude_namespaces);
        let excluded = excluded.filter(|(nth, _)| !is_unlisted(*nth));
        let excluded =
            excluded.map(|(_, glob)| format!("target.exclude_namespaces: {glob} matches no pod's namespace"));
        let owners = self.missing(TargetList::Owners, &target.owners);
        let owners = owners.map(|(_, kind)| format!("target.owners: no pod has an owner of the kind {kind}"));
        let names = self.missing(TargetList::Names, &target.names);
        let names = names.map(|(_, pattern)| format!("target.names: {pattern} matches no owner's name"));
        let zones = self.missing(TargetList::Zones, &target.zones);
        let zones = zones.map(|(_, zone)| format!("target.zones: no pod is in the zone {zone}{ZONES_NEED}"));
        let nodes = self.missing(TargetList::Nodes, &target.nodes);
        let nodes = nodes.map(|(_, node)| format!("target.nodes: no pod is on the node {node}"));
        excluded
            .chain(owners)
            .chain(names)
            .chain(zones)
            .chain(nodes)
            .collect()
    }

    /// The entries of a list that matched nothing, with their places.
    fn missing<T>(
        &self,
        list: TargetList,
        entries: impl IntoIterator<Item = T>,
    ) -> impl Iterator<Item = (usize, T)> {
        let entries = entries.into_iter().enumerate();
        entries.filter(move |(nth, _)| !self.0.contains(&(list, *nth)))
    }
}

#[cfg(test)]
mod tests;
