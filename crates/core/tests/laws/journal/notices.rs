//! Laws of notices: each is issued once over all holders, whatever they do and whenever, and none is lost.

mod digests;
mod pauses;
mod windows;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use macaque_core::config::{DisruptionLimits, RecoveryPolicy, TargetConfig};
use macaque_core::eligibility::{Candidate, EligibilityConfig, Exemption};
use macaque_core::guard::{GuardHold, HoldAnswer};
use macaque_core::journal::{JournalEvent, PauseEnd, PauseRequest, StepContext, StoredJournal};
use macaque_core::notice::{Digest, DueDigest, DueNotices, NoTurn, Notice, NoticeContent, ScopeOwners};
use macaque_core::outcome::{DisruptionMethod, Outcome};
use macaque_core::pod::{Pod, PodOwner};
use macaque_core::recovery::RecoveryVerdict;
use macaque_core::refusal::Refusal;
use macaque_core::report::{AttemptReport, RoundEnd, RoundReport};
use macaque_core::schedule::DayWindow;
use proptest::prelude::*;

use super::history::{HolderStep, JournalHistory, StepKind, steps};
use super::samples::{candidate, limits, recovery_report, report, victim};

/// A history in which people want every notice, and a round claims its slot.
fn history() -> JournalHistory {
    let mut history = JournalHistory::new(DisruptionLimits::default(), 1000);
    history.timing.spacing = Duration::ZERO;
    history
}

/// Issues what is due for one holder; returns the notices that are new in the outbox.
fn issued_by(history: &mut JournalHistory, holder: usize, due: &DueNotices) -> Vec<Notice> {
    let before = notices(history);
    let journal = history.journal.clone();
    let (_, context) = history.event(&HolderStep::of(holder, StepKind::TakeOver));
    let issue = JournalEvent::Issue(Box::new(due.clone()));
    let next = journal.step(&issue, &context).unwrap();
    assert_eq!(next.step(&issue, &context), Ok(next.clone()), "twice is once");

    history.journal = next;
    news(history, &before)
}

/// The notices in the outbox that were not there `before`, which others may have pushed out since.
fn news(history: &JournalHistory, before: &[Notice]) -> Vec<Notice> {
    let now = notices(history).into_iter();
    now.filter(|notice| !before.contains(notice)).collect()
}

/// Issues what is due for every holder, one after the other; returns the notices, each with the holder's number.
fn issued(history: &mut JournalHistory, due: &DueNotices) -> Vec<Notice> {
    let by_each = [1, 0, 2].map(|holder| issued_by(history, holder, due));
    by_each.concat()
}

fn notices(history: &JournalHistory) -> Vec<Notice> {
    let entries = history.journal.outbox().iter();
    entries.filter_map(|entry| entry.notice().cloned()).collect()
}

fn kinds(notices: &[Notice]) -> Vec<&'static str> {
    notices.iter().map(|notice| notice.content.kind()).collect()
}

fn wait(history: &mut JournalHistory, seconds: i64) {
    history.now += SignedDuration::from_secs(seconds);
}

fn pause(by: &str, end: PauseEnd) -> Option<PauseRequest> {
    Some(PauseRequest {
        end,
        by: Some(by.to_owned()),
        reason: None,
    })
}

/// The window of a day, from an hour after `now` to three hours after it.
fn window(now: Timestamp) -> DayWindow {
    DayWindow {
        day: now.to_zoned(TimeZone::UTC).date(),
        first: now + SignedDuration::from_hours(1),
        last: now + SignedDuration::from_hours(3),
        rounds: 5,
    }
}

fn due_window(window: DayWindow) -> DueNotices {
    DueNotices {
        window: Some(window),
        digest: None,
    }
}

fn due_digest(at: Timestamp, scope: Option<ScopeOwners>) -> DueNotices {
    DueNotices {
        window: None,
        digest: Some(DueDigest { at, scope }),
    }
}

/// Begins to count for a digest.
fn begin_week(history: &mut JournalHistory) {
    let due = due_digest(history.now, None);
    assert_eq!(issued(history, &due), [], "nothing is counted yet");
}

/// A round with these attempts, of the first holder.
fn round(history: &mut JournalHistory, attempts: Vec<(u8, Outcome)>) {
    assert!(history.take(&HolderStep::of(0, StepKind::Claim).after(60)));
    let attempts = attempts.into_iter().map(|(pod, outcome)| {
        let Candidate { pod, owner, team, .. } = candidate(pod);
        AttemptReport {
            pod,
            owner,
            team,
            outcome,
            warnings: Vec::new(),
        }
    });
    let slot = history.journal.round().unwrap().slot;
    history.close(RoundReport {
        attempts: attempts.collect(),
        problems: Vec::new(),
        end: RoundEnd::Complete,
        ..report(slot, 0, "")
    });
}

fn budget() -> Outcome {
    Outcome::Refused(Refusal::Budget {
        name: Some("web".to_owned()),
        message: "needs 3 and has 3".to_owned(),
        unsynced: false,
    })
}

fn held() -> Outcome {
    Outcome::Held(GuardHold {
        guard: "whole".to_owned(),
        answer: HoldAnswer::HoldsBack,
        why: "2 of 3 pods ready".to_owned(),
    })
}

/// The owners of these pods in scope, and of one that a rule exempts.
fn scope(pods: &[u8]) -> ScopeOwners {
    let eligibility = EligibilityConfig {
        target: TargetConfig::all_of("shop"),
        method: DisruptionMethod::Evict,
        own_pod: None,
        metadata: Arc::default(),
    };
    let mut scope = ScopeOwners::default();
    for pod in pods {
        scope.note(&pod_of(candidate(*pod)), None, &eligibility);
    }
    let mut agent = candidate(0);
    agent.owner = Some(PodOwner {
        kind: "DaemonSet".to_owned(),
        name: "agent".to_owned(),
    });
    let exemption = Exemption {
        rule: "daemonset",
        why: "owned by a DaemonSet".into(),
    };
    scope.note(&pod_of(agent), Some(&exemption), &eligibility);
    scope
}

fn pod_of(Candidate { pod, owner, .. }: Candidate) -> Pod {
    Pod {
        id: pod,
        owner,
        ..Pod::sample()
    }
}

fn digest_of(notices: &[Notice]) -> Digest {
    assert_eq!(kinds(notices), ["digest"]);
    let digest = notices.iter().find_map(|notice| match &notice.content {
        NoticeContent::Digest(digest) => Some(digest),
        _ => None,
    });
    (**digest.unwrap()).clone()
}

/// What identifies what a notice is about: a day for a window.
fn subject(notice: &Notice) -> (&'static str, String) {
    let day = notice.at.to_zoned(TimeZone::UTC).date();
    match &notice.content {
        NoticeContent::WindowOpened { .. } | NoticeContent::WindowClosed { .. } => {
            (notice.content.kind(), day.to_string())
        }
        content => (content.kind(), notice.at.to_string()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn no_notice_is_issued_twice_and_every_pause_that_was_announced_is_announced_to_be_over(
        limits in limits(), steps in steps(),
    ) {
        let mut history = JournalHistory::new(limits, 2);
        let mut known = BTreeSet::new();
        let mut is_paused = false;
        let mut last_digest = Timestamp::MIN;
        for step in steps {
            let before = notices(&history);
            history.take(&step);
            let news = news(&history, &before);
            prop_assert!(news.is_empty() || matches!(step.kind, StepKind::Issue));

            for notice in news {
                prop_assert!(known.insert(subject(&notice)), "twice: {:?}", notice);
                match notice.content {
                    NoticeContent::Paused { .. } => is_paused = true,
                    NoticeContent::Resumed { .. } => prop_assert!(std::mem::take(&mut is_paused)),
                    NoticeContent::Digest(_) => {
                        prop_assert!(notice.at > last_digest);
                        last_digest = notice.at;
                    }
                    NoticeContent::WindowOpened { .. } | NoticeContent::WindowClosed { .. } => {}
                }
            }
        }

        wait(&mut history, 24 * 3600);
        history.pause = None;
        let last = issued(&mut history, &DueNotices::default());
        let is_resumed = last.iter().any(|notice| notice.content.kind() == "resumed");
        prop_assert_eq!(is_resumed, is_paused);
    }
}

#[test]
fn notices_push_out_no_report_and_are_bounded_themselves() {
    let mut history = history();
    round(&mut history, vec![(1, Outcome::Evicted)]);
    let nothing = DueNotices::default();
    for _ in 0..30 {
        history.pause = pause("jane", PauseEnd::Indefinite);
        issued(&mut history, &nothing);
        history.pause = None;
        issued(&mut history, &nothing);
    }
    assert_eq!(notices(&history).len(), 10);
    assert!(history.journal.outbox()[0].round_report().is_some());
    assert_eq!(kinds(&notices(&history)[8..]), ["paused", "resumed"]);
}

#[test]
fn an_idle_journal_is_not_written_and_one_that_announced_a_pause_forgets_it_after_two_days() {
    let mut history = history();
    let before = history.journal.clone();
    assert_eq!(issued(&mut history, &DueNotices::default()), []);
    assert_eq!(history.journal, before);

    history.pause = pause("jane", PauseEnd::Indefinite);
    issued(&mut history, &DueNotices::default());
    history.pause = None;
    issued(&mut history, &DueNotices::default());
    assert!(history.journal.write().0.contains("\"notices\""));
    wait(&mut history, 3 * 24 * 3600);
    round(&mut history, Vec::new());
    for entry in history.journal.outbox().to_vec() {
        assert!(history.commit(&JournalEvent::Delivered {
            message: entry.message.id(),
            channels: Default::default(),
            done: true,
        }));
    }
    let (text, _) = history.journal.write();
    assert!(!text.contains("notice"), "{text}");
}

#[test]
fn a_journal_with_every_notice_is_read_as_it_was_written() {
    let mut history = history();
    let due = DueNotices {
        window: Some(window(history.now)),
        ..due_digest(history.now, None)
    };
    history.pause = pause(
        "jane",
        PauseEnd::Until(history.now + SignedDuration::from_hours(1)),
    );
    issued(&mut history, &due);
    history.pause = None;
    round(
        &mut history,
        vec![(1, Outcome::Evicted), (2, budget()), (4, held())],
    );
    wait(&mut history, 7 * 24 * 3600);
    let due = due_digest(history.now, Some(scope(&[1, 2])));
    issued(&mut history, &due);
    round(
        &mut history,
        vec![(1, Outcome::Evicted), (2, budget()), (4, held())],
    );

    assert_eq!(
        kinds(&notices(&history)),
        ["paused", "window-opened", "resumed", "window-closed", "digest"]
    );
    let (text, seal) = history.journal.write();
    let stored = StoredJournal {
        uid: "uid".to_owned(),
        text: Some(text),
        seal: Some(seal),
        ..StoredJournal::default()
    };
    assert_eq!(stored.read(), Ok(history.journal));
}
