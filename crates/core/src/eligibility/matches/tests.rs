use super::super::tests::rules;
use super::*;
use crate::name_patterns::{Glob, NamePattern, NamePatterns};
use crate::owner_kinds::OwnerKinds;
use crate::pod::ZONE;

fn set(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn config() -> EligibilityConfig {
    let mut config = rules();
    let target = &mut config.target;
    target.exclude_namespaces = ["billing", "team-*"].map(Glob::new).into();
    target.owners = OwnerKinds::new(["deployment", "!job"].map(|word| word.parse().unwrap()).into());
    target.names = NamePatterns::new(["web", "cart-*", "!*-canary"].map(NamePattern::new).into());
    target.zones = set(&["eu-1a", "eu-1b"]);
    target.nodes = set(&["worker-7", "worker-8"]);
    config
}

fn texts(pods: &[Pod], config: &EligibilityConfig) -> Vec<String> {
    let mut matches = TargetMatches::default();
    for pod in pods {
        let mut of_pod = TargetMatches::default();
        of_pod.note(pod, &config.target);
        matches.append(of_pod);
    }
    matches.texts(config)
}

#[test]
fn each_entry_that_matches_no_listed_pod_is_named() {
    let mut pod = Pod::sample();
    pod.labels.insert(ZONE.to_owned(), "eu-1a".to_owned());
    pod.node = Some("worker-7".to_owned());
    let zones = "target.zones: no pod is in the zone eu-1b; API servers before 1.35 do not label pods with their zone";
    assert_eq!(
        texts(&[pod], &config()),
        [
            "target.exclude_namespaces: team-* matches no pod's namespace",
            "target.owners: no pod has an owner of the kind !job",
            "target.names: cart-* matches no owner's name",
            "target.names: !*-canary matches no owner's name",
            zones,
            "target.nodes: no pod is on the node worker-8",
        ]
    );
}

#[test]
fn nothing_is_said_of_a_namespace_that_is_not_listed_because_it_is_excluded() {
    let mut config = rules();
    config.target.exclude_namespaces = vec![Glob::new("billing")];
    assert_eq!(texts(&[Pod::sample()], &config), Vec::<String>::new());

    config.target.namespaces = NamespaceScope::Named(vec!["shop".to_owned(), "shop-test".to_owned()]);
    config.target.exclude_namespaces = vec![Glob::new("*-test"), Glob::new("*-prod")];
    assert_eq!(
        texts(&[Pod::sample()], &config),
        ["target.exclude_namespaces: *-prod matches no pod's namespace"]
    );
}

#[test]
fn the_default_has_nothing_that_could_match() {
    assert_eq!(texts(&[], &rules()), Vec::<String>::new());
}
