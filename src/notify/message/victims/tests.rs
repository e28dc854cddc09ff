//! Promises about the lines of the victims.

use crate::notify::message::RoundMessage;
use crate::notify::message::tests::{attempt, budget, report};

use super::*;

#[test]
fn pods_that_were_spared_for_the_same_reason_share_a_line() {
    let refused = |n: usize| attempt(&format!("web-{n}"), budget("web"));
    let mut attempts: Vec<_> = (0..10).map(refused).collect();
    attempts.insert(1, attempt("db-0", budget("db")));
    attempts.push(attempt("a", Outcome::Gone));
    attempts.push(attempt("b", Outcome::Gone));
    let message = RoundMessage::of(&report(attempts));

    assert_eq!(message.victims.len(), 13, "the log has a line for each");
    let lines = [
        "10 pods (shop/web-0, shop/web-1, shop/web-2, shop/web-3, shop/web-4, shop/web-5, shop/web-6, shop/web-7, \
         shop/web-8, shop/web-9): refused by budget web: needs 3 healthy pods and has 3 currently",
        "shop/db-0 (deployment/web): refused by budget db: needs 3 healthy pods and has 3 currently",
        "2 pods (shop/a, shop/b): gone already",
    ];
    assert_eq!(message.victim_lines, lines);
}

#[test]
fn a_line_of_many_pods_names_the_first_of_them() {
    let long = "x".repeat(200);
    let attempts: Vec<_> = (0..30)
        .map(|n| attempt(&format!("{n}{long}"), budget("web")))
        .collect();
    let message = RoundMessage::of(&report(attempts));
    assert_eq!(message.victim_lines.len(), 1);
    let line = &message.victim_lines[0];
    assert!(line.starts_with("30 pods (shop/0xxx"), "{line}");
    assert!(
        line.contains("…, … and 29 more): refused by budget web: needs 3"),
        "{line}"
    );
}

#[test]
fn a_pod_that_was_disrupted_or_may_have_been_has_a_line_of_its_own() {
    let unknown = || Outcome::Unknown {
        why: "no answer in 40s".to_owned(),
    };
    let attempts = ["a", "b"].map(|name| attempt(name, Outcome::Evicted));
    let in_doubt = ["c", "d"].map(|name| attempt(name, unknown()));
    let message = RoundMessage::of(&report([attempts, in_doubt].concat()));

    let lines: Vec<_> = message.victims.iter().map(|victim| victim.line.clone()).collect();
    assert_eq!(message.victim_lines, lines);
    assert_eq!(lines.len(), 4);
}
