//! Laws of windows: each opens once and closes once, by a clock that is right.

use super::*;

#[test]
fn a_window_opens_once_and_closes_once_its_last_round_is_over_with_what_happened() {
    let mut history = history();
    let window = window(history.now);
    let due = due_window(window);
    let opened = issued(&mut history, &due);
    let content = NoticeContent::WindowOpened {
        last: window.last,
        rounds: 5,
    };
    assert_eq!(
        opened,
        [Notice {
            at: window.first,
            content
        }]
    );

    round(&mut history, vec![(1, Outcome::Evicted), (2, budget())]);
    assert!(history.take(&HolderStep::of(1, StepKind::Withhold).after(1)));
    assert_eq!(issued(&mut history, &due), []);

    history.now = window.last;
    assert!(history.take(&HolderStep::of(0, StepKind::Claim)));
    assert_eq!(issued(&mut history, &DueNotices::default()), []);
    wait(&mut history, 61);
    assert_eq!(
        issued(&mut history, &DueNotices::default()),
        [],
        "its last round is running"
    );
    history.close(report(window.last, 1, "why"));

    let closed = issued(&mut history, &DueNotices::default());
    let [
        Notice {
            at,
            content:
                NoticeContent::WindowClosed {
                    first,
                    activity,
                    recovering,
                },
        },
    ] = &closed[..]
    else {
        panic!("{closed:?}");
    };
    assert_eq!((*at, *first, *recovering), (window.last, window.first, 0));
    let counted = (
        activity.rounds,
        activity.withheld,
        activity.disrupted,
        activity.unknown,
    );
    assert_eq!(counted, (2, 1, 1, 1));
    assert_eq!(
        issued(&mut history, &due),
        [],
        "a window that is over does not open again"
    );
}

#[test]
fn windows_of_a_schedule_that_never_sleeps_follow_each_other_and_each_is_announced_once() {
    let mut history = history();
    let today = window(history.now);
    let tomorrow = DayWindow {
        day: today.day.tomorrow().unwrap(),
        first: today.last + SignedDuration::from_secs(30),
        last: today.last + SignedDuration::from_hours(20),
        rounds: 3,
    };
    assert_eq!(
        kinds(&issued(&mut history, &due_window(today))),
        ["window-opened"]
    );
    history.now = today.last - SignedDuration::from_mins(2);
    assert_eq!(
        issued(&mut history, &due_window(tomorrow)),
        [],
        "today is not over"
    );
    history.now = tomorrow.first;
    assert_eq!(
        kinds(&issued(&mut history, &due_window(tomorrow))),
        ["window-closed", "window-opened"]
    );
    assert_eq!(
        issued(&mut history, &due_window(today)),
        [],
        "by a replica whose clock is behind"
    );
}

#[test]
fn a_clock_that_is_wrong_opens_no_window_and_issues_no_digest_but_announces_a_pause() {
    let mut history = history();
    begin_week(&mut history);
    wait(&mut history, 10);
    history.pause = pause("jane", PauseEnd::Indefinite);
    let due = DueNotices {
        window: Some(window(history.now)),
        ..due_digest(history.now, Some(ScopeOwners::default()))
    };
    let journal = history.journal.clone();
    let (_, context) = history.event(&HolderStep::of(0, StepKind::TakeOver));
    let skewed = StepContext {
        skew: Some(SignedDuration::from_hours(1)),
        ..context
    };
    history.journal = journal
        .step(&JournalEvent::Issue(Box::new(due.clone())), &skewed)
        .unwrap();
    assert_eq!(kinds(&notices(&history)), ["paused"]);
    assert_eq!(kinds(&issued(&mut history, &due)), ["window-opened", "digest"]);
}
