//! Which owners are known, and as what.

use std::sync::Arc;

use super::*;
use crate::config::TargetConfig;
use crate::outcome::DisruptionMethod;
use crate::pod::PodPhase;

fn rules() -> EligibilityConfig {
    EligibilityConfig {
        target: TargetConfig::all_of("shop"),
        method: DisruptionMethod::Evict,
        own_pod: None,
        metadata: Arc::default(),
    }
}

fn exempt(rule: &'static str) -> Exemption {
    Exemption {
        rule,
        why: "it is".into(),
    }
}

fn pod_of(owner: &str) -> Pod {
    let mut pod = Pod::sample();
    pod.owner.as_mut().unwrap().name = owner.to_owned();
    pod
}

fn known(owners: &ScopeOwners) -> Vec<(String, Option<&'static str>)> {
    owners
        .iter()
        .map(|(namespace, owner, rule)| (format!("{namespace}/{owner}"), rule))
        .collect()
}

#[test]
fn an_owner_is_exempt_only_if_all_its_pods_are_whichever_page_they_are_on() {
    let mut first = ScopeOwners::default();
    first.note(&pod_of("a"), Some(&exempt("daemonset")), &rules());
    first.note(&pod_of("a"), Some(&exempt("min-age")), &rules());
    first.note(&pod_of("b"), Some(&exempt("min-age")), &rules());
    first.note(&pod_of("c"), None, &rules());
    let mut second = ScopeOwners::default();
    second.note(&pod_of("b"), None, &rules());
    second.note(&pod_of("c"), Some(&exempt("min-age")), &rules());

    first.append(second);
    let expected = [
        ("shop/deployment/a".to_owned(), Some("daemonset")),
        ("shop/deployment/b".to_owned(), None),
        ("shop/deployment/c".to_owned(), None),
    ];
    assert_eq!(known(&first), expected);
}

#[test]
fn a_pod_without_an_owner_and_one_at_its_end_say_nothing() {
    let mut owners = ScopeOwners::default();
    owners.note(
        &Pod {
            owner: None,
            ..Pod::sample()
        },
        Some(&exempt("unowned")),
        &rules(),
    );
    owners.note(
        &Pod {
            phase: PodPhase::Succeeded,
            ..Pod::sample()
        },
        Some(&exempt("phase")),
        &rules(),
    );
    assert_eq!(owners, ScopeOwners::default());
}

#[test]
fn owners_without_end_are_counted_and_take_no_more_room() {
    let mut owners = ScopeOwners::default();
    for n in 0..MAX_OWNERS + 50 {
        for _ in 0..2 {
            owners.note(&pod_of(&format!("web-{n}")), None, &rules());
        }
    }
    assert_eq!(owners.iter().count(), MAX_OWNERS);
    assert_eq!(owners.unjudged(), 50);
}

#[test]
fn a_command_that_ends_has_room_for_every_owner_by_name() {
    let mut owners = ScopeOwners::unbounded();
    for n in 0..MAX_OWNERS + 50 {
        owners.note(&pod_of(&format!("web-{n}")), None, &rules());
    }
    assert_eq!((owners.iter().count(), owners.unjudged()), (MAX_OWNERS + 50, 0));
}
