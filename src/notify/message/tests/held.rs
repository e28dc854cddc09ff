//! Promises about the words for what a guard held back.

use macaque_core::guard::GuardHold;

use super::*;

fn held_round(hold: GuardHold, attempts: impl Into<Vec<AttemptReport>>) -> RoundReport {
    RoundReport {
        end: RoundEnd::Held(hold),
        ..report(attempts)
    }
}

#[test]
fn a_held_victim_is_said_with_the_guard_its_answer_and_the_numbers() {
    for (hold, words, status) in [
        (
            whole(),
            "guard whole holds back: 2 of 3 pods ready, 1 not ready since 12m",
            RoundStatus::Held,
        ),
        (
            unanswered(),
            "guard no-page cannot answer: connection refused",
            RoundStatus::Unanswered,
        ),
    ] {
        let message = RoundMessage::of(&report([attempt("a", Outcome::Held(hold))]));
        assert_eq!(message.headline, format!("no pod disrupted: shop/a: {words}"));
        assert_eq!(
            message.victim_lines,
            [format!("shop/a (deployment/web): {words}")]
        );
        assert_eq!(message.victims[0].outcome, "held");
        assert_eq!(message.status, status);
    }
}

#[test]
fn a_held_round_is_said_in_the_headline_or_if_that_is_too_short_below() {
    let hold = "guard no-page cannot answer: connection refused";
    let alone = RoundMessage::of(&held_round(unanswered(), []));
    assert_eq!(alone.headline, format!("no pod disrupted: {hold}"));
    assert!(
        !alone.notes.iter().any(|note| note.contains(hold)),
        "{:?}",
        alone.notes
    );

    let after = RoundMessage::of(&held_round(unanswered(), [attempt("a", Outcome::Evicted)]));
    assert_eq!(after.headline, format!("evicted 1 pod; then no more: {hold}"));
    assert_eq!(after.status, RoundStatus::Disrupted);

    let long = GuardHold {
        why: "x".repeat(HEADLINE),
        ..unanswered()
    };
    let message = RoundMessage::of(&held_round(long.clone(), []));
    assert_eq!(message.notes[0], format!("the round ended here: {long}"));
}

#[test]
fn held_victims_are_counted_by_guard_and_answer_and_share_a_line() {
    let held = |name, hold| attempt(name, Outcome::Held(hold));
    let message = RoundMessage::of(&report([
        held("a", whole()),
        held("b", unanswered()),
        held("c", whole()),
    ]));
    assert_eq!(
        message.headline,
        "no pod disrupted: 2 held back by guard whole, 1 held because guard no-page cannot answer"
    );
    assert_eq!(
        message.victim_lines,
        [
            "2 pods (shop/a, shop/c): guard whole holds back: 2 of 3 pods ready, 1 not ready since 12m",
            "shop/b (deployment/web): guard no-page cannot answer: connection refused",
        ]
    );
}

#[test]
fn a_dry_run_that_is_held_says_that_it_is_one() {
    let held = RoundReport {
        dry_run: true,
        ..held_round(whole(), [])
    };
    let headline = headline_of(&held);
    assert!(
        headline.starts_with("dry run: no pod would have been disrupted: guard whole holds back: "),
        "{headline}"
    );
}

#[test]
fn only_five_warnings_are_shown_and_the_others_are_counted() {
    let mut warned = report([attempt("a", Outcome::Evicted)]);
    for (warnings, last) in [(5, "warning: w4"), (6, "1 warning more"), (9, "4 warnings more")] {
        warned.warnings = (0..warnings).map(|n| format!("w{n}")).collect();
        let notes = RoundMessage::of(&warned).notes;
        assert_eq!(notes[0], "warning: w0");
        assert_eq!(notes.last().unwrap(), last);
        assert!(notes.len() <= 6);
    }
}
