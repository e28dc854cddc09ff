//! Laws of pauses: the beginning, every change and the end are announced once.

use super::*;

#[test]
fn a_pause_is_announced_once_and_its_end_once_by_whichever_replica() {
    let mut history = history();
    let nothing = DueNotices::default();
    assert_eq!(issued(&mut history, &nothing), []);

    history.pause = pause("jane", PauseEnd::Indefinite);
    let news = issued(&mut history, &nothing);
    let paused = NoticeContent::Paused {
        by: Some("jane".to_owned()),
        reason: None,
        until: None,
    };
    assert_eq!(
        news.iter().map(|notice| &notice.content).collect::<Vec<_>>(),
        [&paused]
    );
    let since = news[0].at;

    wait(&mut history, 7200);
    assert_eq!(issued(&mut history, &nothing), []);
    history.pause = None;
    let news = issued(&mut history, &nothing);
    assert_eq!(news[0].content, NoticeContent::Resumed { since });
    assert_eq!(news.len(), 1);
    wait(&mut history, 7200);
    assert_eq!(issued(&mut history, &nothing), []);
}

#[test]
fn a_pause_that_is_changed_is_announced_again_and_no_two_notices_have_the_same_identity() {
    let mut history = history();
    let nothing = DueNotices::default();
    let until = PauseEnd::Until(history.now + SignedDuration::from_hours(1));
    for pause in [
        pause("jane", PauseEnd::Indefinite),
        pause("jane", until.clone()),
        pause("joe", until),
        None,
        pause("joe", PauseEnd::Indefinite),
        pause("joe", PauseEnd::Unreadable("2h".to_owned())),
        None,
    ] {
        history.pause = pause;
        assert_eq!(issued(&mut history, &nothing).len(), 1, "{:?}", history.pause);
    }

    let mut ids: Vec<_> = history
        .journal
        .outbox()
        .iter()
        .map(|entry| entry.message.id())
        .collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 7, "all at the same instant");
    let unreadable = &notices(&history)[5].content;
    let NoticeContent::Paused {
        reason: Some(reason), ..
    } = unreadable
    else {
        panic!("{unreadable:?}");
    };
    assert!(
        reason.contains("whose value \"2h\" is neither true nor"),
        "{reason}"
    );
}

#[test]
fn a_pause_that_ends_by_time_is_not_announced_again_by_a_replica_whose_clock_is_behind() {
    let mut history = history();
    let nothing = DueNotices::default();
    history.pause = pause(
        "jane",
        PauseEnd::Until(history.now + SignedDuration::from_mins(10)),
    );
    assert_eq!(kinds(&issued(&mut history, &nothing)), ["paused"]);

    wait(&mut history, 600);
    assert_eq!(kinds(&issued_by(&mut history, 0, &nothing)), ["resumed"]);
    wait(&mut history, -5);
    assert_eq!(issued_by(&mut history, 1, &nothing), []);
    wait(&mut history, 5);
    assert_eq!(issued(&mut history, &nothing), []);
}

#[test]
fn a_pause_that_ends_while_no_process_runs_was_over_at_its_time() {
    let mut history = history();
    let nothing = DueNotices::default();
    let until = history.now + SignedDuration::from_hours(2);
    history.pause = pause("jane", PauseEnd::Until(until));
    assert_eq!(kinds(&issued(&mut history, &nothing)), ["paused"]);

    wait(&mut history, 60 * 3600);
    let news = issued(&mut history, &nothing);
    assert_eq!(kinds(&news), ["resumed"]);
    assert_eq!(news[0].at, until);
}

#[test]
fn a_pause_that_is_lifted_early_and_requested_again_until_the_same_time_is_announced_again() {
    let mut history = history();
    let nothing = DueNotices::default();
    let until_monday = pause(
        "jane",
        PauseEnd::Until(history.now + SignedDuration::from_hours(48)),
    );
    for (requested, expected) in [
        (until_monday.clone(), "paused"),
        (None, "resumed"),
        (until_monday, "paused"),
        (None, "resumed"),
    ] {
        history.pause = requested;
        assert_eq!(kinds(&issued(&mut history, &nothing)), [expected]);
        wait(&mut history, 3600);
    }
}

#[test]
fn the_pause_that_a_recovery_called_for_is_announced_by_the_message_about_it_and_its_end_by_a_notice() {
    let mut history = history();
    history.recovery = RecoveryPolicy {
        strikes: Some(1),
        timeout: Duration::from_secs(60),
        ..RecoveryPolicy::off()
    };
    let nothing = DueNotices::default();
    assert!(history.take(&HolderStep::of(0, StepKind::Claim)));
    assert!(history.disrupts_watched(candidate(1)));
    let slot = history.journal.round().unwrap().slot;
    let victim = victim(1, slot);
    history.record(recovery_report(&victim, Some(RecoveryVerdict::Unrecovered)));
    let recovery = history
        .journal
        .outbox()
        .iter()
        .find_map(|entry| entry.recovery_report());
    assert!(recovery.unwrap().paused.is_some());
    assert!(history.pause.is_some());

    assert_eq!(issued(&mut history, &nothing), []);
    history.pause = None;
    assert_eq!(kinds(&issued(&mut history, &nothing)), ["resumed"]);
}
