//! Promises about whom a route concerns, and about what it never tells.

use macaque_core::guard::{GuardHold, HoldAnswer};
use macaque_core::outcome::Outcome;
use macaque_core::recovery::RecoveryVerdict;
use macaque_core::report::{AttemptReport, ExemptionTally};
use proptest::prelude::*;

use super::*;
use crate::notify::message::recovery::tests::recovery;
use crate::notify::message::tests::{attempt, report};
use crate::notify::{MessageKind, RecoveryMessage};

fn route(namespaces: &[&str], teams: &[&str]) -> Route {
    let patterns = namespaces
        .iter()
        .map(|text| NamespacePattern::parse(text).unwrap());
    Route {
        name: "payments".to_owned(),
        namespaces: patterns.collect(),
        teams: teams.iter().map(|team| (*team).to_owned()).collect(),
    }
}

fn victim(namespace: &str, name: &str, team: Option<&str>, outcome: Outcome) -> AttemptReport {
    let mut attempt = attempt(name, outcome);
    attempt.pod.namespace = namespace.to_owned();
    attempt.team = team.map(str::to_owned);
    attempt
}

#[test]
fn a_pattern_matches_whole_names_with_any_characters_for_each_star() {
    for (pattern, names, others) in [
        ("shop", vec!["shop"], vec!["shop-1", "my-shop", ""]),
        (
            "cart-*",
            vec!["cart-", "cart-eu", "cart-eu-1"],
            vec!["cart", "my-cart-eu"],
        ),
        ("*-prod", vec!["a-prod", "-prod"], vec!["prod", "a-prod-1"]),
        ("a*b*c", vec!["abc", "axbxc", "abcbc"], vec!["ab", "acb", "abcx"]),
        ("a*a", vec!["aa", "aba"], vec!["a"]),
        ("*", vec!["", "shop"], vec![]),
        ("**", vec!["", "shop"], vec![]),
    ] {
        let pattern = NamespacePattern::parse(pattern).unwrap();
        for name in names {
            assert!(pattern.matches(name), "{pattern:?} {name}");
        }
        for name in others {
            assert!(!pattern.matches(name), "{pattern:?} {name}");
        }
    }
}

#[test]
fn what_no_namespace_can_match_is_not_a_pattern() {
    let long = "a".repeat(LONGEST + 1);
    for text in [
        "",
        "Shop",
        "shop_1",
        "shop?",
        "[a-z]",
        "shop/web",
        "shop,cart",
        "a b",
        &long,
    ] {
        assert_eq!(NamespacePattern::parse(text), None, "{text}");
    }
    let longest = format!("*{}*", "a".repeat(LONGEST));
    assert!(NamespacePattern::parse(&longest).is_some());
}

/// Whether a name matches, letter by letter.
fn matches_by_letter(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, rest) => rest.is_none(),
        (Some((b'*', rest)), None) => matches_by_letter(rest, name),
        (Some((b'*', rest)), Some((_, left))) => {
            matches_by_letter(rest, name) || matches_by_letter(pattern, left)
        }
        (Some((wanted, rest)), Some((letter, left))) => wanted == letter && matches_by_letter(rest, left),
        (Some(_), None) => false,
    }
}

proptest! {
    #[test]
    fn patterns_match_as_letter_by_letter(pattern in "[ab*]{1,8}", name in "[ab]{0,10}") {
        let expected = matches_by_letter(pattern.as_bytes(), name.as_bytes());
        prop_assert_eq!(NamespacePattern::parse(&pattern).unwrap().matches(&name), expected);
    }
}

#[test]
fn a_victim_must_be_in_a_namespace_and_of_a_team_of_the_route_if_it_names_some() {
    let payments = Some("payments");
    for (namespaces, teams, namespace, team, expected) in [
        (&["shop", "cart-*"][..], &[][..], "shop", None, true),
        (&["shop", "cart-*"], &[], "cart-eu", payments, true),
        (&["shop", "cart-*"], &[], "search", None, false),
        (&[], &["payments", "billing"], "shop", payments, true),
        (&[], &["payments", "billing"], "shop", Some("Payments"), false),
        (&[], &["payments", "billing"], "shop", None, false),
        (&["shop"], &["payments"], "shop", payments, true),
        (&["shop"], &["payments"], "shop", Some("search"), false),
        (&["shop"], &["payments"], "search", payments, false),
        (&["shop"], &["payments"], "shop", None, false),
    ] {
        let is_about = route(namespaces, teams).is_about(namespace, team);
        assert_eq!(
            is_about, expected,
            "{namespaces:?} {teams:?} {namespace} {team:?}"
        );
    }
}

/// A round of victims of two teams, which says something about pods of others wherever that is possible.
fn round() -> RoundReport {
    let foreign = || "canary/db-0".to_owned();
    let refused = Outcome::Unknown { why: foreign() };
    let mut round = report([
        victim("shop", "web-1", Some("payments"), Outcome::Evicted),
        victim("canary", "db-0", Some("search"), refused),
        victim("shop", "web-2", Some("payments"), Outcome::Gone),
    ]);
    let example = round.attempts[1].pod.clone();
    let tally = ExemptionTally {
        count: 3,
        example,
        detail: foreign(),
    };
    round.exempted.insert("opted-out".to_owned(), tally);
    round.problems.push(foreign());
    round.warnings.push(foreign());
    round.end = RoundEnd::Held(GuardHold {
        guard: "drains".to_owned(),
        answer: HoldAnswer::HoldsBack,
        why: foreign(),
    });
    round
}

#[test]
fn a_message_about_a_round_holds_only_the_victims_of_the_route() {
    let message = RoundMessage::of(&round()).into();
    let context = MessageContext::default();
    let part = route(&[], &["payments"]).part_of(&message, &context).unwrap();

    assert_eq!(part.headline(), "evicted 1 pod, 1 gone already");
    let lines: Vec<_> = part.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(part.footer().contains("route payments"), "{}", part.footer());
    let data = crate::notify::data::message_data(&part).to_string();
    assert!(!format!("{part:?}{data}").contains("canary"), "{part:?}");
    assert_eq!(part.id(), message.id());
    let kinds = [MessageKind::Disruption, MessageKind::Refusal];
    assert_eq!(MessageKind::of(&part), kinds);
}

#[test]
fn a_round_without_a_victim_of_the_route_is_not_its_concern() {
    let context = MessageContext::default();
    let route = route(&["other"], &[]);
    let message = RoundMessage::of(&round()).into();
    assert_eq!(route.part_of(&message, &context), None);

    let idle = RoundMessage::of(&report([])).into();
    assert_eq!(route.part_of(&idle, &context), None);
}

#[test]
fn a_recovery_is_passed_on_as_it_is_if_its_victim_is_of_the_route() {
    let context = MessageContext::default();
    let mut slow = recovery(Some(RecoveryVerdict::Slow));
    slow.team = Some("payments".to_owned());
    let namespace = slow.pod.namespace.clone();
    let message: OutgoingMessage = RecoveryMessage::of(slow).into();

    for (route, expected) in [
        (route(&[], &["payments"]), true),
        (route(&[&namespace], &[]), true),
        (route(&[], &["search"]), false),
        (route(&["other"], &["payments"]), false),
    ] {
        let part = route.part_of(&message, &context);
        assert_eq!(part.as_deref(), expected.then_some(&message), "{route:?}");
    }
}
