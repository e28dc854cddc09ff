//! What `whole`, `rollout` and `min_ready` make of an owner's pods, in answers and in words.

use super::*;
use crate::guard::GuardAnswer::{Go, HoldsBack};
use crate::pod::{Pod, PodPhase};

const NOW: &str = "2026-11-28T12:00:00Z";

/// One pod in a word: its state, its revision after a colon, and its age in minutes after an @.
fn pod(index: usize, word: &str) -> Pod {
    let (word, age) = word.split_once('@').unwrap_or((word, "60"));
    let (state, revision) = word.split_once(':').unwrap_or((word, ""));
    let now: Timestamp = NOW.parse().unwrap();
    let created = now - SignedDuration::from_mins(age.parse().unwrap());

    let mut pod = Pod::sample();
    pod.id.uid = format!("u{index}");
    pod.labels.insert("pod-template-hash".into(), revision.into());
    pod.created = Some(created);
    pod.ready_changed = Some(created);
    pod.ready = matches!(state, "ready" | "leaving");
    pod.terminating = state == "leaving";
    pod.phase = match state {
        "pending" => PodPhase::Pending,
        "failed" => PodPhase::Failed,
        _ => PodPhase::Running,
    };
    pod
}

/// The siblings that the words describe; the first is the victim.
fn siblings(words: &str, desired: Option<usize>) -> SiblingPods {
    let mut siblings = SiblingPods::wanting(desired);
    for (index, word) in words.split_whitespace().enumerate() {
        siblings.add(&pod(index, word));
    }
    siblings
}

/// The only finding with this configuration, for the first pod as the victim.
fn judged(words: &str, desired: Option<usize>, config: &GuardConfig) -> (GuardAnswer, String) {
    let siblings = siblings(words, desired);
    let found = judge_siblings("u0", &siblings, config, None, NOW.parse().unwrap());
    let [finding] = found.try_into().unwrap();
    (finding.answer, finding.seen)
}

#[test]
fn an_owner_is_whole_if_every_pod_is_ready_and_none_is_missing_or_leaving() {
    let config = GuardConfig {
        whole: true,
        ..GuardConfig::off()
    };
    let rows = [
        ("ready ready ready", None, Go, "3 of 3 pods ready"),
        ("ready", None, Go, "1 of 1 pod ready"),
        ("ready ready", Some(2), Go, "2 of 2 pods ready"),
        ("ready failed", None, Go, "1 of 1 pod ready"),
        ("ready ready", Some(3), HoldsBack, "2 of 2 pods ready, 3 wanted"),
        (
            "ready ready ready",
            Some(2),
            HoldsBack,
            "3 of 3 pods ready, 2 wanted",
        ),
        (
            "ready ready leaving",
            None,
            HoldsBack,
            "2 of 2 pods ready, 1 terminating",
        ),
        (
            "ready pending@0",
            None,
            HoldsBack,
            "1 of 2 pods ready, 1 not ready since 0s",
        ),
        (
            "ready ready unready@12",
            None,
            HoldsBack,
            "2 of 3 pods ready, 1 not ready since 12m",
        ),
        (
            "ready unready@3000 unready@5",
            None,
            HoldsBack,
            "1 of 3 pods ready, 2 not ready since 2d",
        ),
    ];

    for (words, desired, answer, seen) in rows {
        assert_eq!(
            judged(words, desired, &config),
            (answer, seen.to_owned()),
            "{words}"
        );
    }
}

#[test]
fn a_rollout_is_over_once_the_pods_are_of_one_revision() {
    let rows = [
        (RolloutGuard::On, "ready:a ready:a", Go, "1 revision"),
        (RolloutGuard::On, "ready ready", Go, "no revision label"),
        (RolloutGuard::On, "ready:a leaving:b", Go, "1 revision"),
        (
            RolloutGuard::On,
            "ready:a ready:b ready:a",
            HoldsBack,
            "2 revisions (a: 2, b: 1)",
        ),
        (
            RolloutGuard::Lenient,
            "ready:a ready:b",
            Go,
            "2 revisions (a: 1, b: 1)",
        ),
        (
            RolloutGuard::Lenient,
            "ready:a ready:b@10",
            Go,
            "2 revisions (a: 1, b: 1)",
        ),
        (
            RolloutGuard::Lenient,
            "ready:a ready:b@9",
            HoldsBack,
            "2 revisions (a: 1, b: 1)",
        ),
        (
            RolloutGuard::Lenient,
            "ready:a unready:b",
            HoldsBack,
            "2 revisions (a: 1, b: 1)",
        ),
        (
            RolloutGuard::Lenient,
            "ready:a ready:b ready:c",
            HoldsBack,
            "3 revisions (a: 1, b: 1, c: 1)",
        ),
    ];

    for (rollout, words, answer, seen) in rows {
        let config = GuardConfig {
            rollout,
            ..GuardConfig::off()
        };
        assert_eq!(
            judged(words, None, &config),
            (answer, seen.to_owned()),
            "{rollout:?} {words}"
        );
    }
}

#[test]
fn enough_pods_stay_ready_without_the_victim() {
    use MinReady::{Count, Percent};
    let never = "can never pass: 2 of 2 must stay ready (guards.min_ready = 2)";
    let rows = [
        (
            Count(1),
            "ready ready",
            None,
            Go,
            "1 would stay ready, 1 required",
        ),
        (
            Count(1),
            "unready ready",
            None,
            Go,
            "1 would stay ready, 1 required",
        ),
        (
            Count(2),
            "ready ready ready",
            None,
            Go,
            "2 would stay ready, 2 required",
        ),
        (
            Count(2),
            "ready ready leaving",
            Some(3),
            HoldsBack,
            "1 would stay ready, 2 required",
        ),
        (Count(2), "ready ready", None, HoldsBack, never),
        (
            Count(1),
            "ready",
            Some(1),
            HoldsBack,
            "can never pass: 1 of 1 must stay ready (guards.min_ready = 1)",
        ),
        (
            Percent(50),
            "ready ready ready",
            None,
            Go,
            "2 would stay ready, 2 required (50% of 3)",
        ),
        (
            Percent(50),
            "ready ready unready",
            None,
            HoldsBack,
            "1 would stay ready, 2 required (50% of 3)",
        ),
        (
            Percent(34),
            "ready ready ready",
            Some(6),
            HoldsBack,
            "2 would stay ready, 3 required (34% of 6)",
        ),
        (
            Percent(100),
            "ready ready",
            None,
            HoldsBack,
            "can never pass: 2 of 2 must stay ready (guards.min_ready = 100%)",
        ),
    ];

    for (min_ready, words, desired, answer, seen) in rows {
        let config = GuardConfig {
            min_ready,
            ..GuardConfig::off()
        };
        assert_eq!(
            judged(words, desired, &config),
            (answer, seen.to_owned()),
            "{min_ready} {words}"
        );
    }
}

#[test]
fn only_guards_that_are_on_are_asked_in_their_order() {
    let siblings = siblings("ready ready", None);
    let now = NOW.parse().unwrap();
    let names = |config: &GuardConfig| {
        let found = judge_siblings("u0", &siblings, config, None, now);
        found.into_iter().map(|finding| finding.guard).collect::<Vec<_>>()
    };
    assert_eq!(names(&GuardConfig::default()), ["whole", "rollout", "min_ready"]);
    assert_eq!(names(&GuardConfig::off()), [""; 0]);
    assert!(GuardConfig::default().needs_siblings() && !GuardConfig::off().needs_siblings());
}

#[test]
fn a_wish_of_the_team_raises_the_guard_and_never_lowers_it() {
    let wish = |min_ready| MinReadyWish {
        min_ready,
        said_by: format!("macaque/min-ready = {min_ready} on deployment/cart"),
    };
    let configured = |min_ready: MinReady| format!("guards.min_ready = {min_ready}");
    let [one, two, three] = [1, 2, 3].map(MinReady::Count);
    let [half, all] = [50, 100].map(MinReady::Percent);
    let rows = [
        // Of four ready pods, three stay.
        (one, two, Go, wish(two).said_by, "3 would stay ready, 2 required"),
        (two, one, Go, configured(two), "3 would stay ready, 2 required"),
        (two, two, Go, configured(two), "3 would stay ready, 2 required"),
        (two, half, Go, configured(two), "3 would stay ready, 2 required"),
        (
            one,
            half,
            Go,
            wish(half).said_by,
            "3 would stay ready, 2 required (50% of 4)",
        ),
        (
            half,
            three,
            Go,
            wish(three).said_by,
            "3 would stay ready, 3 required",
        ),
        (
            half,
            all,
            HoldsBack,
            wish(all).said_by,
            "can never pass: 4 of 4 must stay ready (macaque/min-ready = 100% on deployment/cart)",
        ),
        (
            MinReady::Count(0),
            two,
            Go,
            wish(two).said_by,
            "3 would stay ready, 2 required",
        ),
        (
            two,
            MinReady::Count(0),
            Go,
            configured(two),
            "3 would stay ready, 2 required",
        ),
    ];

    let siblings = siblings("ready ready ready ready", None);
    for (min_ready, wished, answer, setting, seen) in rows {
        let config = GuardConfig {
            min_ready,
            ..GuardConfig::off()
        };
        let wish = wish(wished);
        let found = judge_siblings("u0", &siblings, &config, Some(&wish), NOW.parse().unwrap());
        let [finding] = found.try_into().unwrap();
        assert_eq!(
            (finding.answer, finding.setting),
            (answer, setting),
            "{min_ready} {wished}"
        );
        assert_eq!(finding.seen, seen, "{min_ready} {wished}");
    }
}

#[test]
fn a_wish_for_no_pods_switches_nothing_on() {
    let wish = MinReadyWish {
        min_ready: MinReady::Percent(0),
        said_by: "macaque/min-ready = 0%".to_owned(),
    };
    let siblings = siblings("ready", None);
    let found = judge_siblings(
        "u0",
        &siblings,
        &GuardConfig::off(),
        Some(&wish),
        NOW.parse().unwrap(),
    );
    assert_eq!(found, []);
}
