//! The rules that say whose pods are in scope: excluded namespaces, the kind and the name of the owner, zone and node.

use std::borrow::Cow;

use super::EligibilityConfig;
use super::rule::RuleInput;
use crate::name_patterns::NamePattern;
use crate::pod::ZONE;

/// The reason of a rule for an exemption.
type Reason = Option<Cow<'static, str>>;

/// The exemption of a pod in an excluded namespace.
pub(super) fn excluded_namespace(input: &RuleInput<'_>) -> Reason {
    let mut excluded = input.config.target.exclude_namespaces.iter();
    let by = excluded.find(|excluded| excluded.matches(&input.pod.id.namespace))?;
    let why = if by.is_exact() {
        "in an excluded namespace".into()
    } else {
        format!("in a namespace excluded by {by}").into()
    };
    Some(why)
}

/// The exemption of a pod whose owner is of a kind out of scope.
pub(super) fn owner_kind(input: &RuleInput<'_>) -> Reason {
    let owners = &input.config.target.owners;
    if owners.include(input.pod) {
        return None;
    }
    let mut excluding = owners.iter().filter(|kind| kind.excludes);
    let why = match excluding.find(|kind| kind.owns(input.pod)) {
        Some(by) => format!("its owner's kind is excluded by {by}").into(),
        None => "its owner's kind is not among the kinds in scope".into(),
    };
    Some(why)
}

/// The kind of the pod's owner, with its group.
pub(super) fn seen_kind(input: &RuleInput<'_>) -> String {
    let Some(owner) = &input.pod.owner else {
        return "kind pod, without a controller".to_owned();
    };
    let kind = owner.kind.to_lowercase();
    match input.pod.owner_group().filter(|group| !group.is_empty()) {
        Some(group) => format!("kind {kind}.{group}"),
        None => format!("kind {kind}"),
    }
}

/// The exemption of a pod whose owner has a name out of scope.
pub(super) fn owner_name(input: &RuleInput<'_>) -> Reason {
    let names = &input.config.target.names;
    let name = input.pod.owner_name();
    if names.includes(name) {
        return None;
    }
    let why = match names.deciding(name) {
        Some(NamePattern { glob, .. }) => format!("its owner's name is excluded by !{glob}").into(),
        None => "its owner's name matches no pattern".into(),
    };
    Some(why)
}

/// The name that counts.
pub(super) fn seen_name(input: &RuleInput<'_>) -> String {
    format!("name {}", input.pod.owner_name())
}

/// The exemption of a pod in another zone, or in none that is known.
pub(super) fn zone(input: &RuleInput<'_>) -> Reason {
    let zones = &input.config.target.zones;
    match input.pod.place().zone {
        _ if zones.is_empty() => None,
        Some(zone) if zones.contains(&zone) => None,
        Some(_) => Some("in another zone".into()),
        None => Some("its zone is not known".into()),
    }
}

/// The zone of the pod.
pub(super) fn seen_zone(input: &RuleInput<'_>) -> String {
    match input.pod.place().zone {
        Some(zone) => format!("zone {zone}"),
        None if input.config.target.zones.is_empty() => "no zone label".to_owned(),
        None => format!("no label {ZONE}, which API servers before 1.35 do not set"),
    }
}

/// The exemption of a pod on another node, or on none.
pub(super) fn node(input: &RuleInput<'_>) -> Reason {
    let config = input.config;
    if !config.judges_nodes() || input.pod.is_node_unknown {
        return None;
    }
    match &input.pod.node {
        Some(node) if config.has_node(node) => None,
        Some(_) => Some("on another node".into()),
        None => Some("not scheduled to a node".into()),
    }
}

/// The node of the pod.
pub(super) fn seen_node(input: &RuleInput<'_>) -> String {
    match &input.pod.node {
        Some(node) => format!("node {node}"),
        None => "no node".to_owned(),
    }
}

/// The value of the settings about nodes.
pub(super) fn node_setting(config: &EligibilityConfig) -> String {
    let target = &config.target;
    let nodes: Vec<_> = target.nodes.iter().map(String::as_str).collect();
    let nodes = format!("[{}]", nodes.join(", "));
    if target.node_selector.is_empty() {
        nodes
    } else {
        format!("{nodes}, target.node_selector = {}", target.node_selector)
    }
}

#[cfg(test)]
mod tests;
