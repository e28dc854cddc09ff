//! Laws of digests: one a week, with all that happened, and of bounded size.

use std::sync::Arc;

use super::*;

#[test]
fn a_digest_is_issued_once_a_week_and_waits_for_the_owners_in_scope() {
    let mut history = history();
    let week = SignedDuration::from_hours(7 * 24);
    let first = history.now;
    assert!(!history.journal.is_digest_due(first));
    assert_eq!(
        issued(&mut history, &due_digest(first, None)),
        [],
        "nothing is counted yet"
    );
    let begun = history.now;

    history.now = first + week;
    let at = history.now;
    assert_eq!(issued(&mut history, &due_digest(at, None)), []);
    assert!(history.journal.is_digest_due(at));
    let digest = digest_of(&issued(&mut history, &due_digest(at, Some(scope(&[])))));
    assert_eq!(
        (digest.since, digest.activity.rounds),
        (begun, 0),
        "nothing happened, and it says so"
    );
    assert!(!history.journal.is_digest_due(at));

    round(&mut history, vec![(1, Outcome::Evicted)]);
    history.now = at + week;
    let next = due_digest(history.now, Some(scope(&[1])));
    let digest = digest_of(&issued(&mut history, &next));
    assert_eq!((digest.since, digest.activity.disrupted), (at, 1));
}

#[test]
fn a_digest_names_the_owners_without_a_turn_by_what_kept_them_from_it() {
    let mut history = history();
    begin_week(&mut history);
    round(&mut history, vec![(1, budget()), (2, held()), (3, Outcome::Gone)]);
    round(&mut history, vec![(1, Outcome::Evicted), (4, budget())]);
    round(&mut history, vec![(4, held()), (1, budget())]);

    wait(&mut history, 3600);
    let due = due_digest(history.now, Some(scope(&[1, 2, 3, 4])));
    let digest = digest_of(&issued(&mut history, &due));
    let named: Vec<_> = digest
        .without_turn
        .iter()
        .flat_map(|group| group.owners.iter().map(|owner| (group.reason, owner)))
        .map(|(reason, owner)| (reason, owner.owner.as_str(), owner.by.as_deref()))
        .collect();
    assert_eq!(
        named,
        [
            (NoTurn::Held, "deployment/web-2", Some("whole")),
            (NoTurn::Held, "deployment/web-4", Some("whole")),
            (NoTurn::NotDrawn, "deployment/web-3", None),
            (NoTurn::Exempt, "daemonset/agent", Some("daemonset")),
        ],
        "the last that kept an owner from its turn counts, and one that had a turn is not named"
    );
    assert_eq!((digest.owners, digest.unjudged, digest.forgotten), (5, 0, 0));
}

#[test]
fn the_median_of_a_week_is_that_of_the_recoveries_in_it() {
    let mut history = history();
    begin_week(&mut history);
    assert!(history.take(&HolderStep::of(0, StepKind::Claim)));
    for (n, millis) in [9000, 1000, 4000].into_iter().enumerate() {
        let mut of_pod = candidate(1);
        of_pod.pod.uid = format!("uid-{n}");
        assert!(history.disrupts_watched(of_pod.clone()));
        let mut victim = victim(1, history.journal.round().unwrap().slot);
        victim.pod = of_pod.pod;
        let mut report = recovery_report(&victim, Some(RecoveryVerdict::Recovered));
        report.times.whole_ms = Some(millis);
        history.record(report);
    }

    wait(&mut history, 3600);
    let due = due_digest(history.now, Some(ScopeOwners::default()));
    let digest = digest_of(&issued(&mut history, &due));
    assert_eq!(digest.median_ms, Some(4000));
    assert_eq!(digest.activity.recoveries[&RecoveryVerdict::Recovered], 3);
}

#[test]
fn what_a_week_holds_is_bounded_and_says_what_was_forgotten() {
    let mut history = history();
    begin_week(&mut history);
    for n in 0..2000 {
        assert!(history.take(&HolderStep::of(0, StepKind::Claim).after(60)));
        let slot = history.journal.round().unwrap().slot;
        let mut disrupted = report(slot, 2, "");
        for (which, attempt) in disrupted.attempts.iter_mut().enumerate() {
            attempt.owner.as_mut().unwrap().name = format!("{n}-{which}-{}", "w".repeat(200));
            attempt.outcome = if which == 0 { Outcome::Evicted } else { budget() };
        }
        history.close(disrupted);
    }

    let (text, _) = history.journal.write();
    assert!(text.len() < 450_000, "{} bytes", text.len());
    let due = due_digest(history.now, Some(scope(&[1])));
    let digest = digest_of(&issued(&mut history, &due));
    assert_eq!(digest.activity.disrupted, 2000);
    assert!((1500..2000).contains(&digest.forgotten), "{}", digest.forgotten);
}

#[test]
fn the_longest_digest_stays_in_the_outbox() {
    let long = |letter: &str, n: usize, most: usize| format!("{n:02}{}", letter.repeat(most - 2));
    let owner = |n| PodOwner {
        kind: "K".repeat(63),
        name: long("o", n, 253),
    };
    let mut history = history();
    begin_week(&mut history);
    assert!(history.take(&HolderStep::of(0, StepKind::Claim).after(60)));
    let slot = history.journal.round().unwrap().slot;
    let mut busy = report(slot, 51, "");
    for (n, attempt) in busy.attempts.iter_mut().enumerate() {
        attempt.pod.namespace = long("s", n, 63);
        attempt.owner = Some(owner(n));
        attempt.outcome = match n % 3 {
            0 => Outcome::Evicted,
            1 => Outcome::Refused(Refusal::Budget {
                name: Some(long("b", n, 253)),
                message: String::new(),
                unsynced: false,
            }),
            _ => Outcome::Held(GuardHold {
                guard: long("\"", n, 63),
                answer: HoldAnswer::HoldsBack,
                why: String::new(),
            }),
        };
    }
    history.close(busy);

    let exemption = Exemption {
        rule: "daemonset",
        why: "owned by a DaemonSet".into(),
    };
    let eligibility = EligibilityConfig {
        target: TargetConfig::all_of("shop"),
        method: DisruptionMethod::Evict,
        own_pod: None,
        metadata: Arc::default(),
    };
    let mut in_scope = scope(&[]);
    for n in 0..140 {
        let mut pod = pod_of(candidate(0));
        pod.id.namespace = long("s", n, 63);
        pod.owner = Some(owner(n));
        in_scope.note(&pod, Some(&exemption).filter(|_| n >= 100), &eligibility);
    }
    wait(&mut history, 3600);
    let due = due_digest(history.now, Some(in_scope));
    let digest = digest_of(&issued(&mut history, &due));
    let named: Vec<_> = digest
        .without_turn
        .iter()
        .map(|group| (group.count, group.owners.len()))
        .collect();
    assert!(
        named.len() == 4 && named.iter().all(|(count, named)| *count >= 17 && *named >= 3),
        "{named:?}"
    );
    assert_eq!(history.journal.dropped(), 0);
}
