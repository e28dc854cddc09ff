use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::super::tests::rules;
use super::super::{EligibilityConfig, PodFilter, examine, judge};
use crate::config::{NamespaceScope, TargetConfig};
use crate::name_patterns::{Glob, NamePattern, NamePatterns};
use crate::owner_kinds::OwnerKinds;
use crate::pod::{Pod, ZONE};
use crate::scope_metadata::ScopeMetadata;

/// A pod of the Deployment `web` in the namespace `shop`, in this zone and on this node.
fn pod(zone: Option<&str>, node: Option<&str>) -> Pod {
    let mut pod = Pod::sample();
    pod.labels
        .extend(zone.map(|zone| (ZONE.to_owned(), zone.to_owned())));
    pod.node = node.map(str::to_owned);
    pod
}

fn bare(name: &str) -> Pod {
    let mut pod = pod(None, None);
    pod.id.name = name.to_owned();
    pod.owner = None;
    pod.controller = None;
    pod
}

fn set(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn kinds(words: &[&str]) -> OwnerKinds {
    OwnerKinds::new(words.iter().map(|word| word.parse().unwrap()).collect())
}

fn names(words: &[&str]) -> NamePatterns {
    NamePatterns::new(words.iter().map(|word| NamePattern::new(word)).collect())
}

fn with(edit: impl FnOnce(&mut TargetConfig)) -> EligibilityConfig {
    let mut config = rules();
    config.target.min_age = Duration::ZERO;
    edit(&mut config.target);
    config
}

/// The rule that exempts the pod, with its reason; the rules beside those of the scope pass.
fn exemption(pod: &Pod, config: &EligibilityConfig) -> Option<(&'static str, String)> {
    let now = "2026-06-10T12:00:00Z".parse().unwrap();
    let exemption = judge(pod, config, now).err()?;
    Some((exemption.rule, exemption.why.into_owned()))
}

/// What the rule saw in the pod.
fn seen(rule: &str, pod: &Pod, config: &EligibilityConfig) -> String {
    let now = "2026-06-10T12:00:00Z".parse().unwrap();
    let mut findings = examine(pod, config, now).into_iter();
    findings.find(|finding| finding.rule == rule).unwrap().seen
}

#[test]
fn each_key_of_the_scope_exempts_by_its_rule_and_says_why() {
    let web = pod(Some("eu-1a"), Some("worker-7"));
    let rows: [(EligibilityConfig, Option<(&str, &str)>); 12] = [
        (with(|_| {}), None),
        (
            with(|target| target.exclude_namespaces = vec![Glob::new("shop")]),
            Some(("excluded-namespace", "in an excluded namespace")),
        ),
        (
            with(|target| target.exclude_namespaces = vec![Glob::new("cart"), Glob::new("sh*")]),
            Some(("excluded-namespace", "in a namespace excluded by sh*")),
        ),
        (with(|target| target.owners = kinds(&["deployment"])), None),
        (
            with(|target| target.owners = kinds(&["statefulset"])),
            Some(("owner-kind", "its owner's kind is not among the kinds in scope")),
        ),
        (
            with(|target| target.owners = kinds(&["!deploy"])),
            Some(("owner-kind", "its owner's kind is excluded by !deployment")),
        ),
        (
            with(|target| target.names = names(&["cart-*"])),
            Some(("owner-name", "its owner's name matches no pattern")),
        ),
        (
            with(|target| target.names = names(&["*", "!w*"])),
            Some(("owner-name", "its owner's name is excluded by !w*")),
        ),
        (with(|target| target.zones = set(&["eu-1a"])), None),
        (
            with(|target| target.zones = set(&["eu-1b"])),
            Some(("zone", "in another zone")),
        ),
        (with(|target| target.nodes = set(&["worker-7"])), None),
        (
            with(|target| target.nodes = set(&["worker-8"])),
            Some(("node", "on another node")),
        ),
    ];
    for (config, expected) in rows {
        let expected = expected.map(|(rule, why)| (rule, why.to_owned()));
        assert_eq!(exemption(&web, &config), expected, "{:?}", config.target);
    }
}

#[test]
fn what_is_not_known_of_a_pod_exempts_it_where_it_would_decide() {
    let nowhere = pod(None, None);
    let zones = with(|target| target.zones = set(&["eu-1a"]));
    assert_eq!(
        exemption(&nowhere, &zones),
        Some(("zone", "its zone is not known".to_owned()))
    );
    assert_eq!(
        seen("zone", &nowhere, &zones),
        "no label topology.kubernetes.io/zone, which API servers before 1.35 do not set"
    );
    let nodes = with(|target| target.nodes = set(&["worker-7"]));
    assert_eq!(
        exemption(&nowhere, &nodes),
        Some(("node", "not scheduled to a node".to_owned()))
    );
    assert_eq!(exemption(&nowhere, &with(|_| {})), None);
}

#[test]
fn a_bare_pod_counts_by_its_own_name() {
    let mut config = with(|target| target.names = names(&["job-runner-*"]));
    config.target.include = vec!["bare"];
    assert_eq!(exemption(&bare("job-runner-7"), &config), None);
    let other = exemption(&bare("web-7"), &config);
    assert_eq!(other.unwrap().0, "owner-name");
    assert_eq!(seen("owner-name", &bare("web-7"), &config), "name web-7");
    assert_eq!(
        seen("owner-kind", &bare("web-7"), &config),
        "kind pod, without a controller"
    );
}

#[test]
fn a_node_must_be_named_and_selected_if_both_are_configured() {
    let select = |named: &[&str], selected: Option<&[&str]>| {
        let mut config = with(|target| {
            target.nodes = set(named);
            target.node_selector = "pool=spot".parse().unwrap();
        });
        config.metadata = Arc::new(ScopeMetadata {
            nodes: selected.map(set),
            ..ScopeMetadata::default()
        });
        config
    };
    let web = pod(None, Some("worker-7"));
    let is_in_scope = |named: &[&str], selected| exemption(&web, &select(named, selected)).is_none();

    assert!(is_in_scope(&[], Some(&["worker-7", "worker-8"])));
    assert!(is_in_scope(&["worker-7"], Some(&["worker-7"])));
    assert!(!is_in_scope(&["worker-8"], Some(&["worker-7"])));
    assert!(!is_in_scope(&["worker-7"], Some(&["worker-8"])));
    assert!(!is_in_scope(&[], Some(&[])));
    // Nodes that were not read are not selected.
    assert!(!is_in_scope(&["worker-7"], None));
}

#[test]
fn the_server_leaves_out_what_selectors_can_say() {
    let filter = |edit: fn(&mut TargetConfig)| {
        let PodFilter { labels, fields } = with(edit).pod_filter();
        (labels.to_string(), fields)
    };
    let pair = |labels: &str, fields: &str| (labels.to_owned(), fields.to_owned());

    assert_eq!(filter(|_| {}), pair("", ""));
    assert_eq!(
        filter(|target| {
            target.selector = "app=web".parse().unwrap();
            target.zones = set(&["b", "a"]);
        }),
        pair("app=web,topology.kubernetes.io/zone in (a,b)", "")
    );
    let excluded = vec![Glob::new("billing"), Glob::new("team-*"), Glob::new("hr")];
    let everywhere = with(|target| target.exclude_namespaces = excluded.clone());
    assert_eq!(
        everywhere.pod_filter().fields,
        "metadata.namespace!=billing,metadata.namespace!=hr"
    );
    let named = with(|target| {
        target.namespaces = NamespaceScope::Named(vec!["shop".to_owned(), "team-a".to_owned()]);
        target.exclude_namespaces = excluded;
    });
    assert_eq!(named.pod_filter().fields, "");
    assert_eq!(named.target.listed_namespaces(), [Some("shop")]);
    assert_eq!(
        filter(|target| target.nodes = set(&["worker-7"])),
        pair("", "spec.nodeName=worker-7")
    );
    assert_eq!(filter(|target| target.nodes = set(&["a", "b"])), pair("", ""));
}

#[test]
fn a_request_names_a_bounded_number_of_excluded_namespaces() {
    let many = (0..200).map(|n| Glob::new(&format!("team-{n}"))).collect();
    let config = with(|target| target.exclude_namespaces = many);
    assert_eq!(config.pod_filter().fields.split(',').count(), 50);
}
