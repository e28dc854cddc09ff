//! The queue of messages for one channel.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use jiff::{Timestamp, Unit};

use crate::notify::{
    Channel, Delivery, DeliveryError, DeliveryResult, DeliveryRetry, Retryable, RoundMessage, TryCount,
};
use crate::text::count;

/// How many messages may wait for one channel; beyond that the oldest is dropped, with an error in the log.
const CAPACITY: usize = 100;

/// A message to deliver.
#[derive(Clone)]
pub(super) struct QueuedMessage {
    pub(super) message: Rc<RoundMessage>,
    /// Whether the report is in the journal's outbox, so that its delivery must be recorded.
    pub(super) in_outbox: bool,
    /// How often it was sent so far.
    pub(super) tries: TryCount,
}

/// A channel and the messages that wait for it.
pub(super) struct ChannelQueue {
    pub(super) channel: Channel,
    waiting: VecDeque<QueuedMessage>,
    state: QueueState,
    dropped: usize,
}

/// What a queue is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum QueueState {
    Idle,
    Sending,
    /// The last delivery failed, and the queue waits before it tries again.
    BackingOff,
}

/// The result of a series of tries, and what decides what follows.
pub(super) struct SeriesResult {
    pub(super) result: DeliveryResult,
    pub(super) retry: DeliveryRetry,
    pub(super) now: Timestamp,
    /// Whether macaque is stopping, so that no further series can follow.
    pub(super) stopping: bool,
}

/// What to do after a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AfterDelivery {
    /// The message was delivered, or is given up.
    Finished,
    /// The message is first in the queue again; wake the queue after this time.
    Retry(Duration),
    /// The message is undelivered, and there is no time to try again.
    Undelivered,
}

impl ChannelQueue {
    pub(super) fn new(channel: Channel) -> Self {
        Self {
            channel,
            waiting: VecDeque::new(),
            state: QueueState::Idle,
            dropped: 0,
        }
    }

    /// Adds `message`; if the queue is full, drops and returns the oldest one.
    pub(super) fn push(&mut self, message: QueuedMessage) -> Option<QueuedMessage> {
        self.waiting.push_back(message);
        if self.waiting.len() <= CAPACITY {
            return None;
        }

        let oldest = self.waiting.pop_front();
        self.dropped += 1;
        let name = self.channel.name();
        let dropped = self.dropped;
        log::error!(
            channel = name, dropped;
            "{name} queue is full ({CAPACITY}): dropped the oldest message, {dropped} dropped so far"
        );
        oldest
    }

    /// Takes the next message to send, unless the queue is busy.
    pub(super) fn take_next(&mut self) -> Option<QueuedMessage> {
        if self.state != QueueState::Idle {
            return None;
        }
        let message = self.waiting.pop_front()?;
        self.state = QueueState::Sending;
        Some(message)
    }

    /// Notes the result for `message`; a delivery that may work later is retried, unless macaque is stopping.
    pub(super) fn note(&mut self, message: QueuedMessage, series: SeriesResult) -> AfterDelivery {
        self.state = QueueState::Idle;
        let name = self.channel.name();
        let error = match series.result {
            Ok(Delivery::Confirmed) => return AfterDelivery::Finished,
            Ok(Delivery::Unconfirmed { why }) => {
                log::warn!(channel = name; "a report counts as delivered to {name}, in doubt: {why}");
                return AfterDelivery::Finished;
            }
            Err(error) => error,
        };

        let Some(pause) = series.retry.pause_between_series(&error, message.tries) else {
            self.log_dropped(&error, message.tries);
            return AfterDelivery::Finished;
        };
        if series.stopping {
            log::error!(channel = name; "shutting down before {name} confirmed a report: {error}");
            return AfterDelivery::Undelivered;
        }

        log::warn!(channel = name; "{}", not_yet(name, &error, message.tries, series.now, pause));
        self.waiting.push_front(message);
        self.state = QueueState::BackingOff;
        AfterDelivery::Retry(pause)
    }

    /// Logs that a message is not tried again.
    fn log_dropped(&mut self, error: &DeliveryError, tries: TryCount) {
        let name = self.channel.name();
        if error.retryable == Retryable::InDoubt {
            let times = count(tries.in_doubt as usize, "time");
            log::warn!(
                channel = name;
                "sent a report to {name} {times} without a clear answer; it may have been delivered, and is not sent \
                 again: {error}"
            );
            return;
        }

        self.dropped += 1;
        let dropped = self.dropped;
        log::error!(channel = name, dropped; "cannot deliver a report to {name}, dropped it: {error}");
    }

    /// Ends the back-off, if the queue is backing off.
    pub(super) fn wake(&mut self) {
        if self.state == QueueState::BackingOff {
            self.state = QueueState::Idle;
        }
    }

    /// Whether no message waits and none is being sent.
    pub(super) fn is_drained(&self) -> bool {
        self.state == QueueState::Idle && self.waiting.is_empty()
    }
}

/// The words about a message that is tried again after `pause`.
fn not_yet(name: &str, error: &DeliveryError, tries: TryCount, now: Timestamp, pause: Duration) -> String {
    let next = now.saturating_add(pause).unwrap_or(now);
    let next = next.round(Unit::Second).unwrap_or(next);
    let made = match tries.made {
        1 => "1 try".to_owned(),
        made => format!("{made} tries"),
    };

    match error.retryable {
        Retryable::InDoubt => format!(
            "a report may have been delivered to {name}: {error}; {made} so far, tries again at {next}"
        ),
        Retryable::No | Retryable::Yes { .. } => {
            format!("cannot deliver a report to {name} yet: {error}; {made} so far, tries again at {next}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::message::tests::report;

    fn words(error: &DeliveryError, made: u32) -> String {
        let tries = TryCount { made, in_doubt: 0 };
        let now = "2027-03-01T09:30:00.6Z".parse().unwrap();
        not_yet("slack", error, tries, now, Duration::from_secs(60))
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

    /// What follows a series that ended with `result`, and how many messages wait then.
    fn after(result: DeliveryResult, in_doubt: u32, stopping: bool) -> (AfterDelivery, usize) {
        let mut queue = ChannelQueue::new(Channel::Log);
        let message = QueuedMessage {
            message: Rc::new(RoundMessage::of(&report([]))),
            in_outbox: true,
            tries: TryCount {
                made: in_doubt,
                in_doubt,
            },
        };
        assert!(queue.push(message).is_none());
        let message = queue.take_next().unwrap();
        let series = SeriesResult {
            result,
            retry: DeliveryRetry::default(),
            now: Timestamp::UNIX_EPOCH,
            stopping,
        };
        (queue.note(message, series), queue.waiting.len())
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
        let finished = (AfterDelivery::Finished, 0);
        let undelivered = (AfterDelivery::Undelivered, 0);

        assert_eq!(after(Ok(Delivery::Confirmed), 0, false), finished);
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
}
