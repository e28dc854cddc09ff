//! Promises about the words of a round.

mod held;
mod reports;

use std::time::Duration;

use macaque_core::refusal::Refusal;

pub(crate) use self::reports::{attempt, budget, report, unanswered, whole};
use super::*;

fn headline_of(report: &RoundReport) -> String {
    RoundMessage::of(report).headline
}

#[test]
fn each_outcome_is_said_as_such() {
    let unknown = Outcome::Unknown {
        why: "no answer in 40s".to_owned(),
    };
    for (outcome, headline, line) in [
        (Outcome::Evicted, "evicted shop/a", "evicted"),
        (Outcome::Deleted, "deleted shop/a", "deleted"),
        (
            budget("web"),
            "eviction of shop/a refused by budget web",
            "refused by budget web: needs 3 healthy pods and has 3 currently",
        ),
        (
            Outcome::Gone,
            "no pod disrupted: shop/a was gone already",
            "gone already",
        ),
        (
            unknown,
            "eviction of shop/a: outcome unknown",
            "unknown: no answer in 40s",
        ),
    ] {
        let message = RoundMessage::of(&report([attempt("a", outcome)]));
        assert_eq!(message.headline, headline);
        assert_eq!(
            message.victims[0].line,
            format!("shop/a (deployment/web): {line}")
        );
    }
}

#[test]
fn every_refusal_names_who_refused() {
    let message = || "no".to_owned();
    let name = || "gate".to_owned();
    for (refusal, summary) in [
        (
            Refusal::Budget {
                name: None,
                message: message(),
                unsynced: true,
            },
            "refused by a budget",
        ),
        (Refusal::SeveralBudgets, "refused by several budgets at once"),
        (
            Refusal::Webhook {
                name: name(),
                message: message(),
                temporary: false,
            },
            "refused by webhook gate",
        ),
        (
            Refusal::Policy {
                name: name(),
                binding: name(),
                message: message(),
            },
            "refused by policy gate",
        ),
        (
            Refusal::NamespaceTerminating,
            "refused by the terminating namespace",
        ),
        (Refusal::AcceptedButAlive, "accepted, but not carried out"),
        (
            Refusal::InvalidPod { message: message() },
            "refused by validation",
        ),
        (Refusal::NotNow { message: message() }, "not possible right now"),
        (
            Refusal::Throttled {
                retry_after: Duration::from_secs(1),
            },
            "refused by the API server's throttle",
        ),
    ] {
        let report = report([attempt("a", Outcome::Refused(refusal))]);
        assert_eq!(headline_of(&report), format!("eviction of shop/a {summary}"));
    }
}

#[test]
fn several_victims_are_counted_by_outcome_and_by_who_refused() {
    let mut report = report([
        attempt("a", budget("web")),
        attempt("b", Outcome::Evicted),
        attempt(
            "c",
            Outcome::Unknown {
                why: "cut".to_owned(),
            },
        ),
        attempt("d", budget("web")),
        attempt("e", Outcome::Gone),
    ]);
    let headline = "evicted 1 pod, 1 with unknown outcome, 2 refused by budget web, 1 gone already";
    assert_eq!(headline_of(&report), headline);
    report
        .attempts
        .retain(|a| matches!(a.outcome, Outcome::Refused(_) | Outcome::Gone));
    assert_eq!(
        headline_of(&report),
        "no pod disrupted: 2 refused by budget web, 1 gone already"
    );
}

#[test]
fn a_dry_run_is_unmistakable() {
    let mut report = report([attempt("a", Outcome::DryRun)]);
    report.dry_run = true;
    let message = RoundMessage::of(&report);
    assert_eq!(message.headline, "dry run: would have tried to evict shop/a");
    assert_eq!(
        message.victims[0].line,
        "shop/a (deployment/web): dry run, no eviction was requested"
    );
    assert!(message.footer.starts_with("dry run · "), "{}", message.footer);

    report.method = DisruptionMethod::Delete;
    report.attempts.push(attempt("b", Outcome::DryRun));
    assert_eq!(headline_of(&report), "dry run: would have tried to delete 2 pods");

    report.attempts.clear();
    let headline = "dry run: no pod would have been disrupted: none of 3 candidates was tried";
    assert_eq!(headline_of(&report), headline);
}

#[test]
fn a_round_that_disrupts_nothing_says_why_largest_reason_first() {
    let mut idle = report([]);
    idle.candidates = 0;
    let message = RoundMessage::of(&idle);
    assert_eq!(
        message.headline,
        "no pod disrupted: none of the 5 pods listed is eligible"
    );
    let why = [
        "7 exempt, too-young: e.g. shop/web-9 (younger than 1m (12s))",
        "1 exempt, daemonset: shop/agent-0 (owned by a DaemonSet)",
    ];
    assert_eq!(message.notes, why);
    assert_eq!(
        RoundMessage::of(&report([attempt("a", budget("web"))])).notes,
        why
    );
    assert!(
        RoundMessage::of(&report([attempt("a", Outcome::Evicted)]))
            .notes
            .is_empty()
    );
}

#[test]
fn problems_and_early_ends_are_said() {
    let mut report = report([]);
    report.problems = vec![
        "shop cannot be read: forbidden".to_owned(),
        "search does not exist".to_owned(),
    ];
    let message = RoundMessage::of(&report);
    assert_eq!(
        message.headline,
        "no pod disrupted: shop cannot be read: forbidden (and 1 problem more)"
    );
    assert_eq!(
        message.notes[0], "problem: search does not exist",
        "the headline says the other"
    );

    report.end = RoundEnd::Interrupted;
    assert_eq!(
        headline_of(&report),
        "round interrupted by a shutdown before any pod was tried"
    );
    report.attempts = vec![attempt("a", Outcome::Evicted)];
    assert_eq!(
        headline_of(&report),
        "round interrupted by a shutdown: evicted 1 pod"
    );

    report.end = RoundEnd::Failed {
        why: "the API server is unreachable".to_owned(),
    };
    assert_eq!(
        headline_of(&report),
        "round failed (evicted 1 pod): the API server is unreachable"
    );
    assert_eq!(RoundMessage::of(&report).status, RoundStatus::Failed);
}

#[test]
fn a_cause_too_long_for_the_headline_follows_in_full_below() {
    let why = "x".repeat(HEADLINE);
    let long = RoundReport {
        end: RoundEnd::Failed { why: why.clone() },
        ..report([])
    };
    assert_eq!(
        RoundMessage::of(&long).notes[0],
        format!("the round could not go on: {why}")
    );
}

#[test]
fn warnings_and_the_way_back_to_the_round_are_part_of_the_message() {
    let mut warned = attempt("a", Outcome::Evicted);
    warned.warnings = vec!["old API".to_owned()];
    let message = RoundMessage::of(&report([warned]));
    assert_eq!(
        message.victims[0].line,
        "shop/a (deployment/web): evicted; warning: old API"
    );
    let footer = "slot 2027-03-01T09:30:00Z · seed 42 · 5 pods listed, 3 candidates · shop · app=web";
    assert_eq!(message.footer, footer);
}

#[test]
fn a_sampled_round_says_how_many_pods_were_checked() {
    let mut large = report([attempt("a", Outcome::Evicted)]);
    large.listed = 50_000;
    let footer = RoundMessage::of(&large).footer;
    assert!(
        footer.contains("50000 pods listed, 11 of them sampled and checked, 3 candidates"),
        "{footer}"
    );
}

#[test]
fn every_line_is_bounded_and_clean_whatever_the_cluster_says() {
    let hostile = "\u{202e}x\r\n\u{1b}]0;".repeat(1000);
    let mut report = report(
        (0..300)
            .map(|i| {
                let refusal = Refusal::Webhook {
                    name: format!("{hostile}{i}"),
                    message: hostile.clone(),
                    temporary: false,
                };
                attempt(&hostile, Outcome::Refused(refusal))
            })
            .collect::<Vec<_>>(),
    );
    report.problems = vec![hostile.clone(); 300];
    report.namespaces = vec![hostile.clone(); 300];
    report.end = RoundEnd::Failed { why: hostile.clone() };
    let message = RoundMessage::of(&report);
    assert_eq!(text::chars(&message.headline), HEADLINE);
    let lines = message.victims.iter().map(|victim| &victim.line);
    for line in lines
        .chain(&message.notes)
        .chain([&message.headline, &message.footer])
    {
        assert!(text::chars(line) <= LINE && !line.contains(|c: char| c.is_control() || c == '\u{202e}'));
    }
}

#[test]
fn a_headline_keeps_a_reason_however_long_a_name_is() {
    let long = "x".repeat(253);
    let message = RoundMessage::of(&report([
        attempt("a", budget(&long)),
        attempt("b", budget(&long)),
    ]));
    assert!(
        message
            .headline
            .starts_with("no pod disrupted: 2 refused by budget xxx"),
        "{}",
        message.headline
    );
}

#[test]
fn the_cluster_is_named_and_times_are_given_in_the_zone_of_the_schedule_too() {
    let context = MessageContext {
        cluster: Some("prod-\u{202e}eu".to_owned()),
        zone: TimeZone::get("Europe/Paris").unwrap(),
    };
    let mut withheld = report([]);
    withheld.end = RoundEnd::Withheld {
        why: "nothing is disrupted until 2027-03-01T12:00:00Z".to_owned(),
    };
    withheld.problems = vec!["shop cannot be read since 2027-03-01T09:00:00Z".to_owned()];
    let message = RoundMessage::in_context(Arc::new(withheld), &context);

    assert_eq!(
        message.headline,
        "no pod disrupted: nothing is disrupted until 2027-03-01T12:00:00Z (13:00 CET)"
    );
    assert_eq!(
        message.notes[0],
        "problem: shop cannot be read since 2027-03-01T09:00:00Z (10:00 CET)"
    );
    assert!(
        message
            .footer
            .starts_with("cluster prod-eu · slot 2027-03-01T09:30:00Z (10:30 CET) · seed 42"),
        "{}",
        message.footer
    );
}

#[test]
fn a_footer_counts_pods_only_where_they_were_listed() {
    let mut nothing = report([]);
    (nothing.listed, nothing.candidates) = (0, 0);
    let footer_of = |end, problems: &[&str]| {
        let problems = problems.iter().map(|problem| (*problem).to_owned()).collect();
        let report = RoundReport {
            end,
            problems,
            ..nothing.clone()
        };
        RoundMessage::of(&report).footer
    };
    let counted = "slot 2027-03-01T09:30:00Z · seed 42 · 0 pods listed, 0 candidates · shop · app=web";
    let uncounted = "slot 2027-03-01T09:30:00Z · seed 42 · shop · app=web";
    let why = "the API server is unreachable".to_owned();

    assert_eq!(footer_of(RoundEnd::Complete, &[]), counted);
    assert_eq!(footer_of(RoundEnd::Complete, &["shop cannot be read"]), uncounted);
    assert_eq!(footer_of(RoundEnd::Interrupted, &[]), uncounted);
    assert_eq!(footer_of(RoundEnd::Withheld { why: why.clone() }, &[]), uncounted);
    assert_eq!(footer_of(RoundEnd::Failed { why }, &[]), uncounted);
}

#[test]
fn only_a_complete_round_without_notes_repeats_its_one_victim() {
    let one = report([attempt("a", Outcome::Evicted)]);
    assert!(RoundMessage::of(&one).repeats_its_victim);

    let two = report([attempt("a", Outcome::Evicted), attempt("b", Outcome::Evicted)]);
    assert!(!RoundMessage::of(&two).repeats_its_victim);

    let mut withheld = report([attempt("a", Outcome::Evicted)]);
    withheld.end = RoundEnd::Withheld {
        why: "the budget of the hour is used up".to_owned(),
    };
    assert!(!RoundMessage::of(&withheld).repeats_its_victim);

    let with_notes = report([attempt("a", budget("web"))]);
    assert!(
        !RoundMessage::of(&with_notes).repeats_its_victim,
        "its notes say more"
    );
}
