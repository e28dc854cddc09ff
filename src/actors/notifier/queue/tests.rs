//! Promises about what waits for a channel, for how long, and what is replied to.

use std::rc::Rc;
use std::sync::{Arc, Mutex};

use super::*;
use crate::facts::FactListener;
use crate::notify::RoundMessage;
use crate::notify::message::tests::report;

fn words(error: &DeliveryError, made: u32) -> String {
    let tries = TryCount { made, in_doubt: 0 };
    let now = "2027-03-01T09:30:00.6Z".parse().unwrap();
    not_yet("slack", "a report", error, tries, now, Duration::from_secs(60))
}

#[test]
fn a_message_that_waits_is_logged_with_what_comes_next() {
    assert_eq!(
        words(&DeliveryError::transient("Slack answered 500"), 5),
        "cannot deliver a report to slack yet: Slack answered 500; 5 tries so far, tries again at \
         2027-03-01T09:31:01Z"
    );
    assert_eq!(
        words(&DeliveryError::in_doubt("Slack did not answer in time"), 1),
        "a report may have been delivered to slack: Slack did not answer in time; 1 try so far, tries again at \
         2027-03-01T09:31:01Z"
    );
}

/// What became of messages, and how many waited in the end.
#[derive(Default)]
struct QueueFacts {
    handled: Mutex<Vec<MessageResult>>,
    waiting: Mutex<usize>,
}

impl FactListener for QueueFacts {
    fn note(&self, fact: Fact<'_>) {
        match fact {
            Fact::MessageHandled { result, .. } => self.handled.lock().unwrap().push(result),
            Fact::MessagesWaiting { count, .. } => *self.waiting.lock().unwrap() = count,
            _ => panic!("{fact:?}"),
        }
    }
}

/// A queue of the log, and what it publishes.
fn publishing() -> (ChannelQueue, Arc<QueueFacts>) {
    let published = Arc::new(QueueFacts::default());
    let facts = Facts::new([Arc::clone(&published) as Arc<dyn FactListener>]);
    (ChannelQueue::new(Channel::Log, facts), published)
}

/// What follows a series that ended with `result`, and how many messages wait then.
fn after(result: DeliveryResult, in_doubt: u32, stopping: bool) -> (AfterDelivery, usize) {
    let (after, waiting, _) = after_publishing(result, in_doubt, stopping);
    (after, waiting)
}

/// What follows a series, how many messages wait then, and what is published of the message.
fn after_publishing(
    result: DeliveryResult,
    in_doubt: u32,
    stopping: bool,
) -> (AfterDelivery, usize, Vec<MessageResult>) {
    let (mut queue, published) = publishing();
    let message = Rc::new(RoundMessage::of(&report([])).into());
    let message = QueuedMessage {
        tries: TryCount {
            made: in_doubt,
            in_doubt,
        },
        ..QueuedMessage::new(message, MessageRole::Round)
    };
    assert!(queue.push(message).is_none());
    let message = queue.take_next().unwrap();
    let series = SeriesResult {
        result,
        retry: DeliveryRetry::default(),
        now: Timestamp::UNIX_EPOCH,
        stopping,
    };
    let after = queue.note(message, series);
    let waiting = queue.waiting.len();
    assert_eq!(*published.waiting.lock().unwrap(), waiting);
    let handled = published.handled.lock().unwrap().clone();
    (after, waiting, handled)
}

#[test]
fn what_became_of_a_message_is_published_and_a_shutdown_is_no_end_of_one() {
    let unconfirmed = Ok(Delivery::Unconfirmed { why: String::new() });
    let down = || Err(DeliveryError::transient("down"));
    let refused = Err(DeliveryError::permanent("no"));
    let silent = || Err(DeliveryError::in_doubt("no answer"));
    let table = [
        (Ok(Delivery::CONFIRMED), 0, false, Some(MessageResult::Sent)),
        (unconfirmed, 0, false, Some(MessageResult::Sent)),
        (refused, 0, false, Some(MessageResult::Rejected)),
        (down(), 0, false, Some(MessageResult::Retried)),
        (silent(), 5, false, Some(MessageResult::Retried)),
        (silent(), 10, false, Some(MessageResult::Dropped)),
        (down(), 0, true, None),
    ];
    for (result, in_doubt, stopping, expected) in table {
        let case = format!("{result:?}, {in_doubt} in doubt, stopping: {stopping}");
        let (_, _, handled) = after_publishing(result, in_doubt, stopping);
        assert_eq!(handled, Vec::from_iter(expected), "{case}");
    }
}

#[test]
fn a_message_that_a_full_queue_drops_is_published_and_so_is_how_many_wait() {
    let (mut queue, published) = publishing();
    for minutes in 0..=CAPACITY as u64 {
        let _ = queue.push(about_round(minutes, MessageRole::Round));
    }
    assert_eq!(*published.handled.lock().unwrap(), [MessageResult::Dropped]);
    assert_eq!(*published.waiting.lock().unwrap(), CAPACITY);

    assert!(queue.take_next().is_some());
    assert!(queue.push(about_round(500, MessageRole::Round)).is_none());
    assert_eq!(
        *published.waiting.lock().unwrap(),
        CAPACITY + 1,
        "one is being sent"
    );
}

#[test]
fn a_mark_is_no_message_of_its_own() {
    let (mut queue, published) = publishing();
    assert!(queue.push(about_round(1, MessageRole::Edit)).is_none());
    assert_eq!(*published.waiting.lock().unwrap(), 1);
    assert!(queue.take_next().is_none(), "nothing to edit");
    assert_eq!(*published.waiting.lock().unwrap(), 0);
    assert!(published.handled.lock().unwrap().is_empty());
}

#[test]
fn a_message_waits_only_as_long_as_another_try_may_help() {
    let unconfirmed = || {
        Ok(Delivery::Unconfirmed {
            why: "cut".to_owned(),
        })
    };
    let busy = || {
        Err(DeliveryError::transient_until(
            "busy",
            Some(Duration::from_secs(120)),
        ))
    };
    let down = || Err(DeliveryError::transient("down"));
    let refused = || Err(DeliveryError::permanent("no"));
    let silent = || Err(DeliveryError::in_doubt("no answer"));
    let retry = |seconds| (AfterDelivery::Retry(Duration::from_secs(seconds)), 1);
    let finished = (AfterDelivery::Finished { name: None }, 0);
    let undelivered = (AfterDelivery::Undelivered, 0);

    assert_eq!(after(Ok(Delivery::CONFIRMED), 0, false), finished);
    assert_eq!(after(unconfirmed(), 0, false), finished);
    assert_eq!(after(refused(), 0, false), finished);
    assert_eq!(after(down(), 0, false), retry(60));
    assert_eq!(after(busy(), 0, false), retry(120));
    assert_eq!(after(silent(), 5, false), retry(60));
    assert_eq!(after(silent(), 7, false), retry(240));
    assert_eq!(after(silent(), 10, false), finished);

    assert_eq!(after(unconfirmed(), 0, true), finished);
    assert_eq!(after(refused(), 0, true), finished);
    assert_eq!(after(down(), 0, true), undelivered);
    assert_eq!(after(silent(), 5, true), undelivered);
    assert_eq!(after(silent(), 10, true), finished);
}

/// A message about a round some minutes after the first.
fn about_round(minutes: u64, role: MessageRole) -> QueuedMessage {
    let mut round = RoundMessage::of(&report([]));
    round.slot += Duration::from_secs(60 * minutes);
    QueuedMessage::new(Rc::new(round.into()), role)
}

/// A queue whose service gave these rounds their names.
fn named(rounds: u64) -> ChannelQueue {
    let mut queue = ChannelQueue::new(Channel::Log, Facts::default());
    for minutes in 0..rounds {
        queue.note_name(
            &about_round(minutes, MessageRole::Round),
            Some(minutes.to_string()),
        );
    }
    queue
}

#[test]
fn only_a_message_with_a_name_is_edited_and_replied_to() {
    let mut queue = named(2);
    for (minutes, role) in [
        (7, MessageRole::Edit),
        (1, MessageRole::Edit),
        (7, MessageRole::Reply),
    ] {
        assert!(queue.push(about_round(minutes, role)).is_none());
    }

    let edit = queue.take_next().unwrap();
    assert_eq!(
        (edit.role, edit.parent.as_deref()),
        (MessageRole::Edit, Some("1"))
    );
    queue.state = QueueState::Idle;
    let reply = queue.take_next().unwrap();
    assert_eq!((reply.role, reply.parent), (MessageRole::Reply, None));
    assert!(queue.waiting.is_empty());
}

#[test]
fn the_names_of_the_latest_rounds_are_kept() {
    let queue = named(1_000);
    assert_eq!(queue.names.len(), NAMES);
    assert_eq!(queue.names.values().next_back().unwrap(), "999");
}

#[test]
fn a_full_queue_drops_an_edit_before_a_message() {
    let mut queue = named(0);
    for minutes in 0..CAPACITY as u64 {
        let role = if minutes == 5 {
            MessageRole::Edit
        } else {
            MessageRole::Round
        };
        assert!(queue.push(about_round(minutes, role)).is_none());
    }
    assert!(queue.push(about_round(100, MessageRole::Round)).is_none());
    assert!(
        queue
            .waiting
            .iter()
            .all(|message| message.role == MessageRole::Round)
    );

    let dropped = queue.push(about_round(101, MessageRole::Round)).unwrap();
    assert_eq!(dropped.slot(), about_round(0, MessageRole::Round).slot());
}

#[test]
fn a_channel_that_is_gone_is_done_with_every_message_that_waits_or_comes() {
    let mut queue = named(0);
    for minutes in 0..3 {
        assert!(queue.push(about_round(minutes, MessageRole::Round)).is_none());
    }
    let first = queue.take_next().unwrap();
    let gone = SeriesResult {
        result: Err(DeliveryError::channel_gone("answered 410")),
        retry: DeliveryRetry::default(),
        now: Timestamp::UNIX_EPOCH,
        stopping: false,
    };

    let waiting = [1, 2].map(|minutes| about_round(minutes, MessageRole::Round));
    assert_eq!(queue.note(first, gone), AfterDelivery::Off(waiting.into()));
    assert!(queue.is_drained());
    let late = about_round(9, MessageRole::Notice);
    assert_eq!(queue.push(late.clone()), Some(late));
    queue.wake();
    assert!(queue.take_next().is_none());
}

/// Counts what becomes of messages, and keeps the number that waits.
#[derive(Default)]
struct Counts(Mutex<(BTreeMap<&'static str, usize>, usize)>);

impl FactListener for Counts {
    fn note(&self, fact: Fact<'_>) {
        let mut counts = self.0.lock().unwrap();
        match fact {
            Fact::MessageHandled { result, .. } => *counts.0.entry(result.as_str()).or_default() += 1,
            Fact::MessagesWaiting { count, .. } => counts.1 = count,
            _ => {}
        }
    }
}

#[test]
fn a_day_without_its_service_keeps_the_latest_hundred_messages_and_delivers_them_in_order() {
    let counts = Arc::new(Counts::default());
    let facts = Facts::new([Arc::clone(&counts) as Arc<dyn FactListener>]);
    let mut queue = ChannelQueue::new(Channel::Log, facts);
    let series = |minutes: u64, result| SeriesResult {
        result,
        retry: DeliveryRetry::default(),
        now: Timestamp::UNIX_EPOCH + Duration::from_secs(60 * minutes),
        stopping: false,
    };

    let mut dropped = Vec::new();
    for minutes in 0..1440 {
        dropped.extend(queue.push(about_round(minutes, MessageRole::Round)));
        queue.wake();
        let message = queue.take_next().unwrap();
        let down = series(minutes, Err(DeliveryError::transient("down")));
        assert_eq!(
            queue.note(message, down),
            AfterDelivery::Retry(Duration::from_secs(60))
        );
        assert!(queue.waiting.len() <= CAPACITY);
    }
    assert_eq!(dropped.len(), 1440 - CAPACITY);
    assert!(dropped.is_sorted_by_key(QueuedMessage::slot));

    queue.wake();
    let mut delivered = Vec::new();
    while let Some(message) = queue.take_next() {
        delivered.push(message.slot());
        let taken = series(1440, Ok(Delivery::CONFIRMED));
        assert_eq!(queue.note(message, taken), AfterDelivery::Finished { name: None });
    }
    let latest = (1440 - CAPACITY as u64)..1440;
    let latest: Vec<_> = latest
        .map(|minutes| about_round(minutes, MessageRole::Round).slot())
        .collect();
    assert_eq!(delivered, latest);

    let counts = counts.0.lock().unwrap();
    let expected = [
        ("dropped", 1440 - CAPACITY),
        ("retried", 1440),
        ("sent", CAPACITY),
    ];
    assert_eq!(*counts, (expected.into(), 0));
}
