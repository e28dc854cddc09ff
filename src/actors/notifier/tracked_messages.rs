//! The messages of the outbox that one incarnation of the Notifier knows, so that it delivers none of them twice.

use std::collections::VecDeque;

use macaque_core::journal::MessageId;

/// How many messages are remembered.
const CAPACITY: usize = 400;

/// The messages of the outbox that were accepted for delivery.
#[derive(Default)]
pub(super) struct TrackedMessages(VecDeque<TrackedMessage>);

/// A message that was accepted for delivery.
struct TrackedMessage {
    id: MessageId,
    /// How many channels have not finished with the message.
    left: usize,
}

impl TrackedMessages {
    /// How many channels have not finished with the message; `None` if it is not known.
    pub(super) fn left(&self, id: &MessageId) -> Option<usize> {
        let known = self.0.iter().find(|tracked| tracked.id == *id);
        known.map(|tracked| tracked.left)
    }

    /// Remembers a message with `left` channels to deliver to. For it one is forgotten that every channel has finished with:
    /// one that still waits comes again from the outbox, and would be delivered twice.
    pub(super) fn add(&mut self, id: MessageId, left: usize) {
        if self.0.len() >= CAPACITY {
            let finished = self.0.iter().position(|tracked| tracked.left == 0);
            self.0.remove(finished.unwrap_or(0));
        }
        self.0.push_back(TrackedMessage { id, left });
    }

    /// Notes that a channel has finished with the message; returns how many have not.
    pub(super) fn finish_one(&mut self, id: &MessageId) -> usize {
        let tracked = self.0.iter_mut().find(|tracked| tracked.id == *id);
        tracked.map_or(0, |tracked| {
            tracked.left = tracked.left.saturating_sub(1);
            tracked.left
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn id(second: i64) -> MessageId {
        MessageId::of_round(Timestamp::from_second(second).unwrap())
    }

    #[test]
    fn what_a_channel_waits_for_is_remembered_however_many_others_are_delivered() {
        let mut tracked = TrackedMessages::default();
        tracked.add(id(0), 2);
        for second in 1..1000 {
            tracked.add(id(second), 1);
            assert_eq!(tracked.finish_one(&id(second)), 0);
        }

        assert_eq!(tracked.left(&id(0)), Some(2));
        assert_eq!(tracked.left(&id(999)), Some(0));
        assert_eq!(tracked.left(&id(1)), None);
        assert_eq!(tracked.0.len(), CAPACITY);
        assert_eq!(tracked.finish_one(&id(0)), 1);
    }

    #[test]
    fn of_messages_that_all_wait_the_oldest_is_forgotten() {
        let mut tracked = TrackedMessages::default();
        for second in 0..1000 {
            tracked.add(id(second), 1);
        }

        assert_eq!(tracked.0.len(), CAPACITY);
        assert_eq!((tracked.left(&id(0)), tracked.left(&id(999))), (None, Some(1)));
    }
}
